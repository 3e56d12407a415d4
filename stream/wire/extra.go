package wire

import (
	"bytes"
	"iter"
)

// Extra keeps what a schema does not name, so that decoding and encoding lose
// nothing: unknown attributes, child elements and text, and the spelling of
// values where encoding would choose another (1 for true, an empty attribute).
// A nil *Extra holds nothing; its methods may be called.
type Extra struct {
	// Attrs are attributes that the schema does not name. One that has the name of
	// a field that is set is not written.
	Attrs []Attr
	// Children are child elements that the schema does not name or not so often.
	// They are written behind the known ones.
	Children []Raw
	// Text is character data, other than white space, where none is expected.
	Text string

	spellings []spelling
}

// Attr is an attribute with its expanded name.
type Attr struct {
	Name  Name
	Value string
}

// spelling is how a field was written where its value alone does not tell.
type spelling struct {
	slot  Slot
	plain string // what the value would be written as, before escaping; "" for nothing at all
	text  string // what was there
	el    Raw    // or the whole child element
}

// Slot identifies a field of a generated struct, and the position in it if it is
// repeated.
type Slot uint32

// SlotAt returns the slot of the element at a position of a repeated field.
func SlotAt(field Slot, pos int) Slot { return field | Slot(pos+1)<<10 }

// IsEmpty reports whether nothing is kept.
func (x *Extra) IsEmpty() bool {
	return x == nil || len(x.Attrs) == 0 && len(x.Children) == 0 && x.Text == "" && len(x.spellings) == 0
}

func made(x **Extra) *Extra {
	if *x == nil {
		*x = new(Extra)
	}
	return *x
}

// KeepAttr keeps the attribute at the cursor.
//
//go:noinline
func (a *AttrCursor) KeepAttr(x **Extra) {
	e := made(x)
	e.Attrs = append(e.Attrs, Attr{Name: a.Expanded(), Value: a.Value()})
}

// Keep keeps the child at the cursor. Like its sisters it is not inlined: that would be for nothing in
// every decoder that there is, since seldom is anything kept.
//
//go:noinline
func (c *Cursor) Keep(x **Extra) {
	e := made(x)
	e.Children = append(e.Children, c.Raw())
}

// KeepText keeps the text of r, in which the schema expects none.
//
//go:noinline
func (r Raw) KeepText(x **Extra) { made(x).Text = r.Text() }

// KeepSpelling remembers that the field was written as text although encoding
// would write plain ("" for nothing at all).
func KeepSpelling(x **Extra, slot Slot, text, plain string) {
	e := made(x)
	for i := range e.spellings {
		if s := &e.spellings[i]; s.slot == slot {
			// the child itself was kept, with its attributes
			s.plain = plain
			return
		}
	}
	e.spellings = append(e.spellings, spelling{slot: slot, plain: plain, text: text})
}

// Optional returns the value of an optional attribute and remembers an empty
// one, which encoding would leave out.
func (a *AttrCursor) Optional(x **Extra, slot Slot) string {
	s := a.Value()
	if s == "" {
		KeepSpelling(x, slot, "", "")
	}
	return s
}

// Leaf returns the text of a child that should have nothing else. If it does
// have attributes or children, the child is kept whole, to be written again as
// long as the field keeps its value.
func (c *Cursor) Leaf(x **Extra, slot Slot) string {
	s, plain := c.Plain()
	if !plain {
		c.KeepLeaf(x, slot, s)
	}
	return s
}

// Plain returns the text of the child, and whether it has nothing else: neither attributes nor
// children.
func (c *Cursor) Plain() (text string, plain bool) {
	d, i := c.d, c.i
	switch d.word(i + 2) {
	case elemWords << nextShift:
		return "", true
	case (elemWords + textWords) << nextShift:
		if off, n := d.word(i+elemWords), d.word(i+elemWords+1); off&kindText != 0 && n <= textLen {
			return d.cut(off&offMask, n), true
		}
	}
	r := c.Raw()
	return r.Text(), !r.hasAttrs() && !r.HasChildren()
}

// OptionalLeaf is Leaf for an optional field: it remembers an empty element,
// which encoding would leave out.
func (c *Cursor) OptionalLeaf(x **Extra, slot Slot) string {
	s := c.Leaf(x, slot)
	if s == "" {
		c.KeepLeaf(x, slot, "")
	}
	return s
}

// KeepLeaf keeps the child at the cursor whole, to be written again as long as
// the field would be written with the text plain.
func (c *Cursor) KeepLeaf(x **Extra, slot Slot, plain string) {
	e := made(x)
	for i := range e.spellings {
		if e.spellings[i].slot == slot {
			return
		}
	}
	e.spellings = append(e.spellings, spelling{slot: slot, plain: plain, el: c.Raw()})
}

// Leaves iterates over the children that were kept whole although they have a field, since they have
// more than it can hold: attributes, say.
func (x *Extra) Leaves() iter.Seq[Raw] {
	return func(yield func(Raw) bool) {
		if x == nil {
			return
		}
		for i := range x.spellings {
			if el := x.spellings[i].el; !el.IsZero() && !yield(el) {
				return
			}
		}
	}
}

// find returns what is remembered of a slot.
func (x *Extra) find(slot Slot) *spelling {
	for i := range x.spellings {
		if x.spellings[i].slot == slot {
			return &x.spellings[i]
		}
	}
	return nil
}

// Respell replaces the attribute value in b[mark:] by the one that was received,
// if it still means the same.
func (x *Extra) Respell(b []byte, mark int, slot Slot) []byte {
	if x == nil || len(x.spellings) == 0 {
		return b
	}
	s := x.find(slot)
	if s == nil {
		return b
	}
	plain, err := AppendValue(nil, s.plain)
	if err != nil || !bytes.Equal(plain, b[mark:]) {
		return b
	}
	if b, err = AppendValue(b[:mark], s.text); err != nil {
		return append(b[:mark], plain...)
	}
	return b
}

// RestoreAttr appends an attribute that was received although its field has no
// value to write. open is its beginning (" node='").
func (x *Extra) RestoreAttr(b []byte, slot Slot, open string) []byte {
	if x == nil || len(x.spellings) == 0 {
		return b
	}
	if s := x.find(slot); s != nil && s.plain == "" {
		b, _ = AppendAttr(b, open, s.text)
	}
	return b
}

// RespellChild replaces the child in b[mark:], of which open is the start tag,
// by the one that was received, if the field still has its value. ns is the
// namespace in force.
func (x *Extra) RespellChild(b []byte, mark int, slot Slot, open, ns string) []byte {
	if x == nil || len(x.spellings) == 0 {
		return b
	}
	s := x.find(slot)
	if s == nil {
		return b
	}
	got := b[mark:]
	if len(got) > 0 {
		// the text between the tags; both are known to be there
		if i := bytes.IndexByte(got, '>'); i >= 0 && i+1 < len(got) {
			got = got[i+1 : max(i+1, bytes.LastIndexByte(got, '<'))]
		} else {
			got = nil
		}
	}
	plain, err := AppendText(nil, s.plain)
	if err != nil || !bytes.Equal(plain, got) {
		return b
	}
	if !s.el.IsZero() {
		return AppendRaw(b[:mark], s.el, ns)
	}
	name := open[1:]
	if i := bytes.IndexAny([]byte(name), " >"); i >= 0 {
		name = name[:i]
	}
	b, _ = AppendText(append(b[:mark], open...), s.text)
	return append(append(append(b, "</"...), name...), '>')
}

// AppendAttrs appends the attributes. Those that stand in b[tag:] already, the
// start tag so far, are left out.
func (x *Extra) AppendAttrs(b []byte, tag int) ([]byte, error) {
	if x == nil {
		return b, nil
	}
	var others foreign
	for i, a := range x.Attrs {
		switch {
		case !ValidName(a.Name.Local) || a.Name == Name{Local: "xmlns"}:
			return b, &EncodeError{Reason: "an attribute name that XML does not allow", Value: clip(a.Name.Local)}
		case !validSpace(a.Name.Space) || !ValidText(a.Name.Space):
			return b, badSpace(a.Name.Space)
		case !ValidText(a.Value):
			return b, badText(a.Value)
		}
		switch {
		case contains(x.Attrs[:i], a.Name):
		case a.Name.Space == "" || a.Name.Space == NSXML:
			name := a.Name.Local
			if a.Name.Space == NSXML {
				name = "xml:" + name
			}
			if hasAttr(b[tag:], name) {
				continue
			}
			b = append(append(b, ' '), name...)
			b, _ = AppendAttr(b, "='", a.Value)
		default:
			b = others.append(b, a.Name, a.Value)
		}
	}
	for i := range x.spellings {
		if s := &x.spellings[i]; s.slot == emptyAttr && !hasAttr(b[tag:], s.text) {
			b = append(append(append(b, ' '), s.text...), "=''"...)
		}
	}
	return b, nil
}

// emptyAttr is the slot of all optional attributes that were there, but empty, where encoding would leave them out:
// in place of a spelling stands the name.
const emptyAttr = ^Slot(0)

func contains(attrs []Attr, n Name) bool {
	for i := range attrs {
		if attrs[i].Name == n {
			return true
		}
	}
	return false
}

// hasAttr reports whether a start tag that we wrote has an attribute. Values are
// in single quotes and hold none.
func hasAttr(tag []byte, name string) bool {
	for {
		i := bytes.IndexByte(tag, ' ')
		if i < 0 {
			return false
		}
		tag = tag[i+1:]
		if bytes.HasPrefix(tag, []byte(name)) && len(tag) > len(name) && tag[len(name)] == '=' {
			return true
		}
		if i = bytes.IndexByte(tag, '\''); i < 0 {
			return false
		}
		tag = tag[i+1:]
		if i = bytes.IndexByte(tag, '\''); i < 0 {
			return false
		}
		tag = tag[i+1:]
	}
}

// AppendChildren appends the text and the children where ns is the namespace in
// force.
func (x *Extra) AppendChildren(b []byte, ns string) ([]byte, error) {
	if x == nil {
		return b, nil
	}
	if x.Text != "" {
		var err error
		if b, err = AppendText(b, x.Text); err != nil {
			return b, err
		}
	}
	for _, r := range x.Children {
		b = AppendRaw(b, r, ns)
	}
	return b, nil
}
