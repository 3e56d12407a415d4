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
	return r.d != nil && r.Local() == local && r.Space() == space
}

// start returns the offset of the element's '<'.
func (r Raw) start() uint32 {
	off := r.d.word(r.at) & offMask
	if pre := r.d.word(r.at+4) >> prefixShift; pre > 0 {
		off -= pre + 1
	}
	return off - 1
}

// Source returns the element as it was received. Prefixes in it may be declared
// outside of it; [AppendRaw] declares them.
func (r Raw) Source() string {
	if r.d == nil {
		return ""
	}
	end := r.d.word(r.at + 2)
	return r.d.text[r.start():end]
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
	i, end := r.content(), r.d.word(r.at+3)
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
			i = r.d.word(i + 3)
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
	return r.at + elemWords + r.d.word(r.at+4)&attrsMask
}

// IsEmpty reports whether the element has neither text nor children.
func (r Raw) IsEmpty() bool { return r.content() == r.d.word(r.at+3) }

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

// Attrs returns a cursor over the attributes, without namespace declarations.
// Call [AttrCursor.Next] before the first.
func (r Raw) Attrs() AttrCursor {
	i := r.at + elemWords
	return AttrCursor{d: r.d, i: i - attrWords, end: i + r.d.word(r.at+4)&attrsMask}
}

// AttrCursor walks over the attributes of an element.
type AttrCursor struct {
	d      *Doc
	i, end uint32
}

// Next moves to the next attribute and reports whether there is one.
func (a *AttrCursor) Next() bool {
	a.i += attrWords
	return a.i < a.end
}

// Name returns the local name of an attribute in no namespace, "xml:lang" for
// the language and the like, and "" for one in any other namespace.
func (a *AttrCursor) Name() string {
	off, w := a.d.word(a.i), a.d.word(a.i+1)
	if w>>nsShift > nsNone {
		return a.prefixed(off, w)
	}
	return a.d.cut(off, w&lenMask)
}

func (a *AttrCursor) prefixed(off, w uint32) string {
	if w>>nsShift == nsXML {
		return a.d.cut(off-4, 4+w&lenMask)
	}
	return ""
}

// Expanded returns the expanded name.
func (a *AttrCursor) Expanded() Name {
	off, w := a.d.word(a.i), a.d.word(a.i+1)
	return Name{Space: a.d.space(w >> nsShift), Local: a.d.cut(off, w&lenMask)}
}

// Value returns the value, with references resolved.
func (a *AttrCursor) Value() string {
	w := a.d.word(a.i + 1)
	off := a.d.word(a.i) + w&lenMask + 2
	if w&(flagGap|flagEscaped) != 0 {
		return a.odd(off-2, w)
	}
	return a.d.cut(off, a.d.word(a.i+2))
}

// odd is Value for one with white space around the equals sign, which begins
// behind off, or with references.
func (a *AttrCursor) odd(off, w uint32) string {
	t := a.d.text
	for t[off] != '\'' && t[off] != '"' {
		off++
	}
	s := t[off+1 : off+1+a.d.word(a.i+2)]
	if w&flagEscaped != 0 {
		s = unescape(s, true)
	}
	return s
}

// Children returns a cursor over the child elements. Call [Cursor.Next] before
// the first.
func (r Raw) Children() Cursor {
	return Cursor{d: r.d, next: r.content(), end: r.d.word(r.at + 3), ns: r.d.word(r.at+1) >> nsShift}
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
			c.next = c.d.word(c.i + 3)
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
func (c *Cursor) In(space string) bool { return c.d.space(c.d.word(c.i+1)>>nsShift) == space }

// Same reports whether the child is in its parent's namespace.
func (c *Cursor) Same() bool {
	ns := c.d.word(c.i+1) >> nsShift
	return ns == c.ns || ns > nsXML && c.ns > nsXML && c.d.space(ns) == c.d.space(c.ns)
}

// Text returns the text of the child, without that of its own children.
func (c *Cursor) Text() string { return c.Raw().Text() }

// Any reports whether there is a child element behind the current one.
func (c Cursor) Any() bool { return c.Next() }

// Remaining returns the number of child elements from the current one on.
func (c *Cursor) Remaining() int {
	n := 0
	for i := c.i; i < c.end; {
		if c.d.word(i)&kindText != 0 {
			i += textWords
			continue
		}
		n++
		i = c.d.word(i + 3)
	}
	return n
}

// Count returns how many of the children from the current one on have its name;
// slices are made in one piece with it.
func (c *Cursor) Count() int {
	local, w := c.Local(), c.d.word(c.i+1)
	n := 0
	for i := c.i; i < c.end; {
		if c.d.word(i)&kindText != 0 {
			i += textWords
			continue
		}
		if v := c.d.word(i + 1); v>>nsShift == w>>nsShift && v&lenMask == w&lenMask {
			off := c.d.word(i) & offMask
			if c.d.cut(off, uint32(len(local))) == local {
				n++
			}
		}
		i = c.d.word(i + 3)
	}
	return n
}

// Parse reads one element that stands alone, which may begin with an XML
// declaration. It may be as long as it is; the other limits are a depth of 1,024,
// 1,000 attributes, and the default for names. Text that ends too early is
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

// SlotRaw returns a zero Raw that carries a number, for lists of elements some of
// which stand elsewhere.
func SlotRaw(n int) Raw { return Raw{at: uint32(n)} }

// Slot returns the number that [SlotRaw] put in.
func (r Raw) Slot() int { return int(r.at) }
