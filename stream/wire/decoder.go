package wire

import (
	"strings"
	"unsafe"
)

// Decoder walks over an element for generated code: over its attributes, then its children. The first error
// stays, and nothing comes behind it: so there is nothing to check after each of its methods, and generated code,
// of which programs have much, is short. Most of the methods are not inlined, for the same reason.
//
// The zero Decoder is ready for Open, OpenIn or Enter.
type Decoder struct {
	attrs AttrCursor
	c     Cursor
	x     *Extra
	err   error
	at    uint32 // the element
	first uint32 // the first piece of text, in mixed content
	from  uint8
	// inside says that the attributes are done, taken that the text has a field.
	inside, taken, isText bool
}

// Where a value comes from.
const (
	fromAttr = iota
	fromChild
	fromText
)

// Open begins with an element that has to have this name.
//
//go:noinline
func (d *Decoder) Open(r Raw, space, local string) {
	if !r.Is(space, local) {
		d.err = r.Unexpected(Name{space, local})
		d.inside = true
		return
	}
	d.enter(r)
}

// OpenIn begins with an element that has to be of this namespace.
//
//go:noinline
func (d *Decoder) OpenIn(r Raw, space string) {
	if !r.In(space) {
		d.err = r.Unexpected(Name{Space: space})
		d.inside = true
		return
	}
	d.enter(r)
}

// Enter begins with an element whose name is known.
//
//go:noinline
func (d *Decoder) Enter(r Raw) { d.enter(r) }

func (d *Decoder) enter(r Raw) {
	d.at = r.at
	// what r.Attrs returns
	a := &d.attrs
	a.d = r.d
	a.next = r.at + elemWords
	a.end = a.next + r.d.word(r.at+2)&attrsMask
	a.pos = r.d.word(r.at) + r.d.word(r.at+1)&lenMask
}

// element is the element itself.
func (d *Decoder) element() Raw { return Raw{d: d.attrs.d, at: d.at} }

// Name returns the local name of the element.
//
//go:noinline
func (d *Decoder) Name() string {
	if d.err != nil {
		return ""
	}
	return d.element().Local()
}

// Attr moves to the next attribute and returns its name, "xml:lang" for the language and the like, or "" if there
// is none. Attributes in other namespaces are kept.
//
//go:noinline
func (d *Decoder) Attr() string {
	// as a.Next does, for attributes as nearly all are
	a := &d.attrs
	if a.next == a.end {
		return ""
	}
	w := a.d.word(a.next)
	if w&(kindLong|shortEscaped) != 0 {
		return d.longAttr()
	}
	a.next++
	a.off = a.pos + w>>gapShift
	a.n = w >> nameShift & maxShortName
	a.val = a.off + a.n + uint32(len("='"))
	a.size = w & maxShort
	a.pos = a.val + a.size + 1
	a.w = 0
	return a.d.cut(a.off, a.n)
}

func (d *Decoder) longAttr() string {
	for d.attrs.Next() {
		if d.attrs.n > 0 {
			return d.attrs.Name()
		}
		d.KeepAttr()
	}
	return ""
}

// AnyAttr moves to the next attribute of any namespace and reports whether there is one.
//
//go:noinline
func (d *Decoder) AnyAttr() bool { return d.attrs.Next() }

// AttrName returns the name of the attribute as Attr does, and "" for one in another namespace.
//
//go:noinline
func (d *Decoder) AttrName() string { return d.attrs.Name() }

// Expanded returns the expanded name of the attribute.
//
//go:noinline
func (d *Decoder) Expanded() Name { return d.attrs.Expanded() }

// KeepAttr keeps the attribute.
//
//go:noinline
func (d *Decoder) KeepAttr() { d.attrs.KeepAttr(&d.x) }

// content goes on with what is in the element; attributes that are left are kept.
func (d *Decoder) content() {
	d.inside, d.from = true, fromChild
	a := &d.attrs
	if a.next != a.end {
		d.keepAttrs()
	}
	if doc := a.d; doc != nil {
		w := doc.word(d.at + 2)
		d.c.d = doc
		d.c.next, d.c.end = d.at+elemWords+w&attrsMask, d.at+w>>nextShift
		d.c.ns = doc.word(d.at+1) >> nsShift
		d.c.stray = d.taken // nobody asks, then
	}
}

func (d *Decoder) keepAttrs() {
	for d.attrs.Next() {
		d.KeepAttr()
	}
}

// Child moves to the next child and returns its local name, or "" if there is none.
//
//go:noinline
func (d *Decoder) Child() string {
	if !d.inside {
		d.content()
	}
	c := &d.c
	for c.next < c.end {
		c.i = c.next
		if w := c.d.word(c.i); w&kindText == 0 {
			c.next = c.d.next(c.i)
			return c.d.cut(w, c.d.word(c.i+1)&lenMask)
		}
		d.pass()
	}
	return ""
}

// Own is Child for the children in the namespace of the element; others are kept.
//
//go:noinline
func (d *Decoder) Own() string {
	if !d.inside {
		d.content()
	}
	c := &d.c
	for c.next < c.end {
		c.i = c.next
		if w := c.d.word(c.i); w&kindText == 0 {
			c.next = c.d.next(c.i)
			if n := c.d.word(c.i + 1); n>>nsShift == c.ns || c.same() {
				return c.d.cut(w, n&lenMask)
			}
			d.Keep()
			continue
		}
		d.pass()
	}
	return ""
}

// pass goes on behind a text.
func (d *Decoder) pass() {
	if !d.c.stray {
		d.c.text()
	}
	d.c.next += textWords
}

// Part moves to the next child or text of mixed content, and reports whether there is one.
//
//go:noinline
func (d *Decoder) Part() bool {
	if !d.inside {
		d.content()
		d.taken = true
	}
	c := Content{Cursor: d.c}
	more := c.Next()
	d.c, d.isText, d.first = c.Cursor, c.isText, c.first
	return more
}

// Parts returns how many children and texts there are.
//
//go:noinline
func (d *Decoder) Parts() int {
	if d.attrs.d == nil {
		return 0
	}
	c := d.element().Content()
	return c.Size()
}

// IsText reports whether the part is text.
func (d *Decoder) IsText() bool { return d.isText }

// PartText returns the text of the part.
//
//go:noinline
func (d *Decoder) PartText() string { return Raw{d: d.c.d}.joinText(d.first, d.c.next) }

// Same reports whether the child is in the namespace of the element.
//
//go:noinline
func (d *Decoder) Same() bool { return d.c.Same() }

// In reports whether the child is in this namespace.
//
//go:noinline
func (d *Decoder) In(space string) bool { return d.c.In(space) }

// Raw returns the child.
func (d *Decoder) Raw() Raw { return d.c.Raw() }

// Local returns the child's local name.
//
//go:noinline
func (d *Decoder) Local() string { return d.c.Local() }

// Count is [Cursor.Count].
//
//go:noinline
func (d *Decoder) Count() int { return d.c.Count() }

// Rest is [Cursor.Rest].
//
//go:noinline
func (d *Decoder) Rest() int { return d.c.Rest() }

// Keep keeps the child.
//
//go:noinline
func (d *Decoder) Keep() { d.c.Keep(&d.x) }

// KeepBare is [Cursor.KeepBare].
//
//go:noinline
func (d *Decoder) KeepBare(slot Slot) { d.c.KeepBare(&d.x, slot) }

// Cursor returns the cursor that is at the child.
func (d *Decoder) Cursor() *Cursor { return &d.c }

// Extra returns what is kept so far.
func (d *Decoder) Extra() **Extra { return &d.x }

// Text returns the text of the element.
//
//go:noinline
func (d *Decoder) Text() string {
	d.taken, d.from = true, fromText
	if d.err != nil {
		return ""
	}
	return d.element().Text()
}

// HasText reports whether the element has text. Values that are read next come from it.
//
//go:noinline
func (d *Decoder) HasText() bool {
	d.taken, d.from = true, fromText
	if d.err != nil {
		return false
	}
	r := d.element()
	for i, end := r.content(), r.d.next(r.at); i < end; {
		if r.d.word(i)&kindText == 0 {
			i = r.d.next(i)
			continue
		}
		if r.d.word(i+1)&textLen > 0 {
			return true
		}
		i += textWords
	}
	return false
}

// Source returns the text of a value: that of the attribute or the child, or of the element itself.
//
//go:noinline
func (d *Decoder) Source(slot Slot) string {
	switch d.from {
	case fromAttr:
		if a := &d.attrs; a.w&flagEscaped == 0 {
			return a.d.cut(a.val, a.size)
		}
		return d.attrs.Value()
	case fromChild:
		s, plain := d.c.Plain()
		if !plain {
			d.c.KeepLeaf(&d.x, slot, s)
		}
		return s
	}
	return d.element().Text()
}

// Value returns the value of the attribute.
//
//go:noinline
func (d *Decoder) Value() string { return d.attrs.Value() }

// String sets p to the value of the attribute.
//
//go:noinline
func (d *Decoder) String(p *string) {
	if a := &d.attrs; a.w&flagEscaped == 0 {
		*p = a.d.cut(a.val, a.size)
	} else {
		*p = a.Value()
	}
}

// Optional sets p to the value of an optional attribute. That an empty one, which encoding would leave out, was there
// is remembered.
//
//go:noinline
func (d *Decoder) Optional(p *string) {
	a := &d.attrs
	if a.size == 0 {
		x := made(&d.x)
		x.spellings = append(x.spellings, spelling{slot: emptyAttr, text: a.Name()})
		return
	}
	d.String(p)
}

// OptionalSpelled is Optional for an attribute that has a namespace.
//
//go:noinline
func (d *Decoder) OptionalSpelled(p *string, slot Slot) { *p = d.attrs.Optional(&d.x, slot) }

// Leaf sets p to the text of the child.
//
//go:noinline
func (d *Decoder) Leaf(p *string, slot Slot) {
	s, plain := d.c.Plain()
	if !plain {
		d.c.KeepLeaf(&d.x, slot, s)
	}
	*p = s
}

// OptionalLeaf sets p to the text of the child, unless there was one before, whose field is not zero or which is
// remembered as an empty one: then the child is kept.
//
//go:noinline
func (d *Decoder) OptionalLeaf(p *string, slot Slot) {
	if *p != "" || d.x != nil && d.x.find(slot) != nil {
		d.Keep()
		return
	}
	s, plain := d.c.Plain()
	if !plain {
		d.c.KeepLeaf(&d.x, slot, s)
	}
	if s == "" {
		d.c.KeepLeaf(&d.x, slot, "")
	}
	*p = s
}

// Strings appends the text of the child to p.
//
//go:noinline
func (d *Decoder) Strings(p *[]string, slot Slot) {
	if *p == nil {
		*p = make([]string, 0, d.c.Count())
	}
	s, plain := d.c.Plain()
	if !plain {
		d.c.KeepLeaf(&d.x, SlotAt(slot, len(*p)), s)
	}
	*p = append(*p, s)
}

// LeafText returns the text of the child.
//
//go:noinline
func (d *Decoder) LeafText(slot Slot) string { return d.c.Leaf(&d.x, slot) }

// Flag sets p because the child is there, and keeps a second one.
//
//go:noinline
func (d *Decoder) Flag(p *bool, slot Slot) {
	if *p {
		d.Keep()
		return
	}
	*p = true
	d.c.KeepBare(&d.x, slot)
}

// Bool reads a value as [DecodeBool] does.
//
//go:noinline
func (d *Decoder) Bool(optional bool, slot Slot) bool {
	v, reason := DecodeBool(d.Source(slot), optional, &d.x, slot)
	if reason != "" {
		d.Invalid(reason)
	}
	return v
}

// Int reads a value as [DecodeInt] does.
//
//go:noinline
func (d *Decoder) Int(bits int, slot Slot) int64 {
	n, reason := DecodeInt(d.Source(slot), bits, &d.x, slot)
	if reason != "" {
		d.Invalid(reason)
	}
	return n
}

// Uint reads a value as [DecodeUint] does.
//
//go:noinline
func (d *Decoder) Uint(bits int, slot Slot) uint64 {
	n, reason := DecodeUint(d.Source(slot), bits, &d.x, slot)
	if reason != "" {
		d.Invalid(reason)
	}
	return n
}

// ReadUint reads an optional value as [DecodeUint] does.
func ReadUint[T ~uint8 | ~uint16 | ~uint32 | ~uint64](d *Decoder, p **T, slot Slot) {
	n := T(d.Uint(int(unsafe.Sizeof(T(0)))*8, slot))
	*p = &n
}

// Float reads a value as [DecodeFloat] does.
//
//go:noinline
func (d *Decoder) Float(slot Slot) float64 {
	n, reason := DecodeFloat(d.Source(slot), &d.x, slot)
	if reason != "" {
		d.Invalid(reason)
	}
	return n
}

// Decimal reads a value as [DecodeDecimal] does.
//
//go:noinline
func (d *Decoder) Decimal(slot Slot) float64 {
	n, reason := DecodeDecimal(d.Source(slot), &d.x, slot)
	if reason != "" {
		d.Invalid(reason)
	}
	return n
}

// Invalid says that the value which was read last is none for its field.
//
//go:noinline
func (d *Decoder) Invalid(reason string) {
	if d.err != nil {
		return
	}
	r := d.element()
	switch d.from {
	case fromAttr:
		d.fail(d.attrs.Invalid(r, reason))
	case fromChild:
		d.fail(d.c.Invalid(r, reason))
	default:
		d.fail(r.Invalid(reason))
	}
}

// MissingAttr says that a required attribute is not there.
//
//go:noinline
func (d *Decoder) MissingAttr(name string) {
	if d.err == nil {
		d.fail(d.element().MissingAttr(name))
	}
}

// MissingChild says that a required child is not there.
//
//go:noinline
func (d *Decoder) MissingChild(name string) {
	if d.err == nil {
		d.fail(d.element().MissingChild(name))
	}
}

// MissingChoice says that there is none of the children, named with spaces between them, of which one has to be there.
//
//go:noinline
func (d *Decoder) MissingChoice(names string) {
	if d.err == nil {
		d.fail(d.element().MissingChoice(strings.Fields(names)...))
	}
}

// fail ends the walk.
func (d *Decoder) fail(err error) {
	d.err = err
	d.inside = true
	d.attrs.next = d.attrs.end
	d.c.next = d.c.end
}

// End returns the error, or keeps what has no field and gives it to x.
//
//go:noinline
func (d *Decoder) End(x **Extra) error {
	if d.err != nil {
		return d.err
	}
	if !d.inside {
		// nearly all elements without children have nothing else, or only the text that was taken
		n := d.at + d.attrs.d.word(d.at+2)>>nextShift - d.attrs.next
		if d.x == nil && (n == 0 || n == textWords && d.taken && d.attrs.next == d.attrs.end) {
			return nil
		}
		d.content()
	}
	if d.c.next < d.c.end {
		for d.c.Next() {
			d.Keep()
		}
	}
	if d.c.stray && !d.taken {
		d.element().KeepText(&d.x)
	}
	if d.x != nil {
		*x = d.x
	}
	return nil
}
