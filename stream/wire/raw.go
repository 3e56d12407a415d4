package wire

// Raw is one element of a [Doc]: a payload that nobody has decoded, say. It is
// an immutable value that shares the memory of what was received. The zero Raw
// is no element.
type Raw struct {
	d  *Doc
	at uint32
}

// IsZero reports whether r is no element.
func (r Raw) IsZero() bool { return r.d == nil }

// Local returns the local name.
func (r Raw) Local() string {
	off, n := r.d.word(r.at)&offMask, r.d.word(r.at+1)&lenMask
	return r.d.cut(off, n)
}

// Space returns the namespace name; the stream's content namespace reads as
// jabber:client.
func (r Raw) Space() string { return r.d.space(r.d.word(r.at+1) >> nsShift) }

// Name returns the expanded name, or the zero Name of the zero Raw.
func (r Raw) Name() Name {
	if r.d == nil {
		return Name{}
	}
	return Name{Space: r.Space(), Local: r.Local()}
}

// WireName is [Raw.Name]; it makes a Raw a payload like any other.
func (r Raw) WireName() Name { return r.Name() }

// AppendXML appends the element as [AppendRaw] does. The zero Raw is an error.
func (r Raw) AppendXML(b []byte, ns string) ([]byte, error) {
	if r.d == nil {
		return b, &EncodeError{Reason: "a zero Raw is no element"}
	}
	return AppendRaw(b, r, ns), nil
}

// Is reports whether r has this expanded name.
func (r Raw) Is(space, local string) bool {
	return r.d != nil && r.Local() == local && r.d.in(r.d.word(r.at+1)>>nsShift, space)
}

// In reports whether r is an element in this namespace.
func (r Raw) In(space string) bool {
	return r.d != nil && r.d.in(r.d.word(r.at+1)>>nsShift, space)
}

// start returns the offset of the element's '<'.
func (r Raw) start() uint32 {
	off := r.d.word(r.at) - 1
	for r.d.cut(off, 1) != "<" {
		off-- // a prefix
	}
	return off
}

// Source returns the element as it was received. Prefixes in it may be declared
// outside of it; [AppendRaw] declares them.
func (r Raw) Source() string {
	if r.d == nil {
		return ""
	}
	start := r.start()
	return r.d.cut(start, r.d.word(r.at+3)-start)
}

// String returns the element as a self-contained text.
func (r Raw) String() string {
	if r.d == nil {
		return ""
	}
	return text(AppendRaw(nil, r, ""))
}

// Lang returns the element's language: its own xml:lang attribute, if it has one.
func (r Raw) Lang() string {
	for a := r.Attrs(); a.Next(); {
		if a.Name() == "xml:lang" {
			return a.Value()
		}
	}
	return ""
}

// Context returns what the element's document inherits from its stream.
func (r Raw) Context() *Context { return r.d.ctx }

// Attr returns the value of the attribute in no namespace with this name.
func (r Raw) Attr(name string) (value string, ok bool) {
	if r.d != nil {
		for a := r.Attrs(); a.Next(); {
			if a.Name() == name {
				return a.Value(), true
			}
		}
	}
	return "", false
}

// Child returns the first child element with this expanded name, or the zero Raw.
func (r Raw) Child(space, local string) Raw {
	if r.d != nil {
		for c := r.Children(); c.Next(); {
			if c.Local() == local && c.Space() == space {
				return c.Raw()
			}
		}
	}
	return Raw{}
}

// Text returns the character data directly in the element, without that of its
// children.
func (r Raw) Text() string {
	if r.d == nil {
		return ""
	}
	i, end := r.content(), r.d.next(r.at)
	if i == end {
		return ""
	}
	if i+textWords == end && r.d.word(i)&kindText != 0 {
		return r.d.textAt(i)
	}
	return r.joinText(i, end)
}

// joinText collects texts between children.
func (r Raw) joinText(i, end uint32) string {
	var first string
	var b []byte
	n := 0
	for i < end {
		w := r.d.word(i)
		if w&kindText == 0 {
			i = r.d.next(i)
			continue
		}
		s := r.d.textAt(i)
		switch n++; {
		case n == 1:
			first = s
		case n == 2:
			b = append(append(b, first...), s...)
		default:
			b = append(b, s...)
		}
		i += textWords
	}
	if n > 1 {
		return text(b)
	}
	return first
}

// content returns the index of the first child or text.
func (r Raw) content() uint32 {
	return r.at + elemWords + r.d.word(r.at+2)&attrsMask
}

// IsEmpty reports whether the element has neither text nor children.
func (r Raw) IsEmpty() bool { return r.content() == r.d.next(r.at) }

// textAt returns the text at an index, with references resolved.
func (d *Doc) textAt(i uint32) string {
	off, n := d.word(i)&offMask, d.word(i+1)
	s := d.cut(off, n&textLen)
	if n&textEscaped != 0 {
		return unescape(s, false)
	}
	if n&textCData != 0 {
		return normalised(s)
	}
	return s
}

// normalised resolves line ends in a CDATA section, where an ampersand is one.
func normalised(s string) string {
	for i := range len(s) {
		if s[i] == '\r' {
			b := append(make([]byte, 0, len(s)), s[:i]...)
			for ; i < len(s); i++ {
				if s[i] != '\r' {
					b = append(b, s[i])
				} else if b = append(b, '\n'); i+1 < len(s) && s[i+1] == '\n' {
					i++
				}
			}
			return text(b)
		}
	}
	return s
}

// hasAttrs reports whether the element has attributes other than declarations.
func (r Raw) hasAttrs() bool { return r.d.word(r.at+2)&attrsMask != 0 }

// Attrs returns a cursor over the attributes, without namespace declarations.
// Call [AttrCursor.Next] before the first.
func (r Raw) Attrs() AttrCursor {
	off, w := r.d.word(r.at), r.d.word(r.at+1)
	i := r.at + elemWords
	return AttrCursor{d: r.d, next: i, end: i + r.d.word(r.at+2)&attrsMask, pos: off + w&lenMask}
}

// AttrCursor walks over the attributes of an element.
type AttrCursor struct {
	d         *Doc
	next, end uint32
	pos       uint32 // behind the current attribute, or else the element's name
	off, n    uint32 // the name as Name returns it
	val, size uint32 // the value as it was received
	w         uint32 // of a long attribute: the word of its namespace id; or flagEscaped
}

// Next moves to the next attribute and reports whether there is one.
func (a *AttrCursor) Next() bool {
	if a.next == a.end {
		return false
	}
	w := a.d.word(a.next)
	if w&(kindLong|shortEscaped) != 0 {
		a.long(w)
		return true
	}
	a.next++
	a.off = a.pos + w>>gapShift
	a.n = w >> nameShift & maxShortName
	a.val = a.off + a.n + uint32(len("='"))
	a.size = w & maxShort
	a.pos = a.val + a.size + 1
	a.w = 0
	return true
}

// long is Next for the other attributes.
func (a *AttrCursor) long(w uint32) {
	if w&kindLong == 0 {
		a.off = a.pos + w>>gapShift&maxGap
		a.n, a.size, a.w = w>>nameShift&maxShortName, w&maxShort, flagEscaped
		a.val = a.off + a.n + uint32(len("='"))
		a.next++
	} else {
		a.off, a.w, a.size = w&offMask, a.d.word(a.next+1), a.d.word(a.next+2)
		a.n = a.w & lenMask
		a.val = valueStart(a.d.Text(), a.off+a.n)
		a.next += attrWords
		switch a.w >> nsShift {
		case nsNone:
		case nsXML:
			a.off, a.n = a.off-uint32(len("xml:")), a.n+uint32(len("xml:"))
		default:
			a.n = 0
		}
	}
	a.pos = a.val + a.size + 1
}

// Name returns the local name of an attribute in no namespace, "xml:lang" for
// the language and the like, and "" for one in any other namespace.
func (a *AttrCursor) Name() string { return a.d.cut(a.off, a.n) }

// Expanded returns the expanded name.
func (a *AttrCursor) Expanded() Name {
	switch id := a.w >> nsShift; id {
	case nsNone:
		return Name{Local: a.Name()}
	case nsXML:
		return Name{Space: NSXML, Local: a.Name()[len("xml:"):]}
	default:
		return Name{Space: a.d.space(id), Local: a.d.cut(a.off, a.w&lenMask)}
	}
}

// Value returns the value, with references resolved.
func (a *AttrCursor) Value() string {
	s := a.d.cut(a.val, a.size)
	if a.w&flagEscaped != 0 {
		s = unescape(s, true)
	}
	return s
}

// Children returns a cursor over the child elements. Call [Cursor.Next] before
// the first.
func (r Raw) Children() Cursor {
	return Cursor{d: r.d, next: r.content(), end: r.d.next(r.at), ns: r.d.word(r.at+1) >> nsShift}
}

// Cursor walks over the child elements of an element.
type Cursor struct {
	d            *Doc
	i, next, end uint32
	ns           uint32
	stray        bool
}

// Next moves to the next child element and reports whether there is one.
func (c *Cursor) Next() bool {
	for c.next < c.end {
		c.i = c.next
		if c.d.word(c.i)&kindText == 0 {
			c.next = c.d.next(c.i)
			return true
		}
		if !c.stray {
			c.text()
		}
		c.next += textWords
	}
	return false
}

// text notes text that is more than layout.
func (c *Cursor) text() {
	if s := c.d.textAt(c.i); !isBlank(s) {
		c.stray = true
	}
}

// Stray reports whether text other than white space stood between the children
// passed so far.
func (c *Cursor) Stray() bool { return c.stray }

// Raw returns the child.
func (c *Cursor) Raw() Raw { return Raw{d: c.d, at: c.i} }

// Local returns the child's local name.
func (c *Cursor) Local() string {
	off, n := c.d.word(c.i)&offMask, c.d.word(c.i+1)&lenMask
	return c.d.cut(off, n)
}

// Space returns the child's namespace name.
func (c *Cursor) Space() string { return c.d.space(c.d.word(c.i+1) >> nsShift) }

// In reports whether the child is in this namespace.
func (c *Cursor) In(space string) bool { return c.d.in(c.d.word(c.i+1)>>nsShift, space) }

// Same reports whether the child is in its parent's namespace.
func (c *Cursor) Same() bool {
	return c.d.word(c.i+1)>>nsShift == c.ns || c.same()
}

// same is Same for two that were not declared in one place.
func (c *Cursor) same() bool {
	ns := c.d.word(c.i+1) >> nsShift
	return ns > nsXML && c.ns > nsXML && c.d.in(ns, c.d.space(c.ns))
}

// Text returns the text of the child, without that of its own children.
func (c *Cursor) Text() string { return c.Raw().Text() }

// HasChildren reports whether the element has child elements.
func (r Raw) HasChildren() bool {
	for i, end := r.content(), r.d.next(r.at); i < end; i += textWords {
		if r.d.word(i)&kindText == 0 {
			return true
		}
	}
	return false
}

// Remaining returns the number of child elements from the current one on.
func (c *Cursor) Remaining() int {
	n := 0
	for i := c.i; i < c.end; {
		if c.d.word(i)&kindText != 0 {
			i += textWords
			continue
		}
		n++
		i = c.d.next(i)
	}
	return n
}

// Count returns how many of the children from the current one on may have its name: all that do, and others in its
// namespace with names as long. Slices are made in one piece with it.
func (c *Cursor) Count() int {
	d, w, n := c.d, c.d.word(c.i+1)&^flagInherits, 0
	for i, end := c.i, c.end; i < end; {
		if d.word(i)&kindText != 0 {
			i += textWords
			continue
		}
		// a namespace may be declared in several places
		if v := d.word(i+1) &^ flagInherits; v == w || (v^w)&lenMask == 0 && d.local(i) == d.local(c.i) {
			n++
		}
		i = d.next(i)
	}
	return n
}

// local returns the local name of the element at an index.
func (d *Doc) local(i uint32) string { return d.cut(d.word(i)&offMask, d.word(i+1)&lenMask) }

// Parse reads one element that stands alone, which may begin with an XML
// declaration. It may be as long as it is; the other limits are a depth of 1,024,
// 1,000 attributes, the default for names, and that of the index (see Limits.Elements). Text that ends too early is
// [ErrTruncated], anything else that is wrong a [*SyntaxError].
func Parse(text string) (Raw, error) { return ParseIn(text, nil) }

// ParseIn is Parse for an element that inherits from ctx.
func ParseIn(text string, ctx *Context) (Raw, error) {
	f := NewBareFramer(Limits{Bytes: max(len(text)+1, DefaultBytes), Elements: len(text), Depth: 1 << 10, Attrs: 1000}, ctx)
	defer func() {
		f.base = f.w
		f.release()
	}()
	f.FeedString(text)
	k, err := f.Next()
	if err != nil {
		return Raw{}, err
	}
	if k == More {
		return Raw{}, ErrTruncated
	}
	d := f.Take()
	if k, err = f.Next(); err != nil {
		return Raw{}, err
	}
	if k != More || f.Pending() {
		return Raw{}, &SyntaxError{Condition: NotWellFormed, Offset: f.offset + int64(f.base), Reason: "data behind the element"}
	}
	return d.Root(), nil
}

// Place returns the number of the child in its document, from which [Doc.At] makes it again: a list
// of places takes a quarter of the memory of a list of elements.
func (c *Cursor) Place() uint32 { return c.i }

// At returns the element at a place that [Cursor.Place] returned.
func (d *Doc) At(place uint32) Raw { return Raw{d: d, at: place} }

// Doc returns the document that the element is part of; nil for the zero Raw.
func (r Raw) Doc() *Doc { return r.d }

// SlotRaw returns a zero Raw that carries a number, for lists of elements some of
// which stand elsewhere.
func SlotRaw(n int) Raw { return Raw{at: uint32(n)} }

// Slot returns the number that [SlotRaw] put in.
func (r Raw) Slot() int { return int(r.at) }
