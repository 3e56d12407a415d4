package wire

import "unicode/utf8"

// Where the scanner stands between two calls.
type state uint8

const (
	stStart    state = iota // at the first byte of the stream
	stMisc                  // between top-level elements
	stText                  // in character data that began at tok
	stMarkup                // at a '<'
	stName                  // in the name of a start tag, which begins at p
	stTag                   // in a start tag, between attributes
	stAttr                  // in the name of an attribute, which begins at p
	stEquals                // behind it
	stQuote                 // behind the equals sign
	stValue                 // in the value, which began at tok
	stSlash                 // behind the slash of an empty-element tag
	stEnd                   // in the name of an end tag, which begins at p
	stEndSpace              // behind it
	stCData                 // in a CDATA section whose text began at tok
)

// scanner is the state of [Framer.scan]. Offsets count from the start of the
// top-level element.
type scanner struct {
	*scratch
	state    state
	quote    byte
	spaced   bool // white space stands in front of the next attribute
	flags    uint32
	tok      int // start of the text, value or CDATA section
	attr     qname
	blank    int // white space since the last top-level element
	elements int
	rootName int // length of the stream element's qualified name
}

// qname is where a name stands: prefix (if pre > 0, and a colon) and local part.
type qname struct {
	off, pre, loc int
}

func (q qname) len() int {
	if q.pre > 0 {
		return q.pre + 1 + q.loc
	}
	return q.loc
}

func (q qname) local() int {
	if q.pre > 0 {
		return q.off + q.pre + 1
	}
	return q.off
}

// bind is a prefix in scope.
type bind struct {
	off, n uint32
	id     uint32
	depth  uint32
}

// open is an element whose end has not been seen.
type open struct {
	el        uint32 // its index
	name, n   uint32 // its qualified name
	binds     uint32 // length of binds outside of it
	attrs     uint32
	def       uint32 // id of the default namespace in it
	defDepth  uint32 // and the depth at which it was declared, 0 for the context
	low       uint32 // the least depth of a binding used in it
	prefixed  bool   // an attribute has a prefix
	firstDecl uint32 // where its own declarations begin
}

// scan goes on where it stopped and returns what it found, or More when it ran
// out of input or failed. It is one machine of labels, so that a complete tag
// costs no dispatch; state says where to come in again.
func (f *Framer) scan() Kind {
	var (
		s     = f.scratch
		buf   = f.buf[f.base:]
		w     = f.w - f.base
		p     = f.p - f.base
		tape  = s.tape
		c     byte
		name  qname
		code  int
		top   *open
		quote uint64
		tok   = f.tok
		flags = f.flags
		at    = f.attr
	)
	switch f.state {
	case stText:
		goto text
	case stMarkup:
		goto markup
	case stName:
		goto name
	case stTag:
		goto tag
	case stAttr:
		goto attr
	case stEquals:
		goto equals
	case stQuote:
		goto quote
	case stValue:
		goto value
	case stSlash:
		goto slash
	case stEnd:
		goto end
	case stEndSpace:
		goto endSpace
	case stCData:
		goto cdata
	case stStart:
		n, ok := f.start(buf[:w])
		if !ok {
			goto more
		}
		p = n
		f.state = stMisc
	}

	// Between top-level elements.
	for class[buf[p]]&clsSpace != 0 {
		p++
	}
	if p >= w {
		f.state = stMisc
		goto more
	}
	if c = buf[p]; c != '<' {
		f.outside(c, p)
		goto more
	}
	if f.closed {
		f.failAt(NotWellFormed, "data behind the end of the stream", p)
		goto more
	}
	// offsets count from here
	f.blank = 0
	f.base += p
	buf, w, p = buf[p:], w-p, 0
	tape, s.decls, s.binds, s.stack = tape[:0], s.decls[:0], s.binds[:0], s.stack[:0]
	f.elements = 0
	goto markup

	// Character data. The fast loop looks at eight bytes at once.
text:
	for p < w {
		for {
			m := textStops(load64(buf, p))
			if m != 0 {
				p += firstStop(m)
				break
			}
			if p += 8; p >= w {
				break
			}
		}
		if p >= w {
			break
		}
		switch c = buf[p]; {
		case c == '<':
			if p > tok {
				tape = append(tape, kindText|uint32(tok), uint32(p-tok)|flags)
			}
			goto markup
		case c == '\n' || c == '\t':
			p++
		case c == '\r':
			flags |= textEscaped
			p++
		case c == '>':
			if p-2 >= tok && buf[p-1] == ']' && buf[p-2] == ']' {
				f.failAt(NotWellFormed, "]]> in character data", p)
				goto more
			}
			p++
		case c == '&':
			if _, code = reference(buf[p:w]); code <= 0 {
				f.badReference(code, p)
				f.state = stText
				goto more
			}
			flags |= textEscaped
			p += code
		default:
			if code = f.char(buf, p, w); code <= 0 {
				f.state = stText
				goto more
			}
			p += code
		}
	}
	p = w
	f.state = stText
	goto more

	// At a '<'.
markup:
	if p+1 >= w {
		f.state = stMarkup
		goto more
	}
	switch c = buf[p+1]; c {
	case '/':
		p += 2
		goto end
	case '!', '?':
		if code = f.declaration(buf[p:w], len(s.stack) > 0, p); code <= 0 {
			f.state = stMarkup
			goto more
		}
		p += code
		tok = p
		goto cdata
	}
	p++

	// The name of a start tag.
name:
	name = qname{off: p}
	for class[buf[p]]&clsName != 0 {
		p++
	}
	if name.loc = p - name.off; class[buf[name.off]]&clsStart == 0 || class[buf[p]]&clsTagEnd == 0 || name.loc > f.lim.Name {
		if name, code = f.qname(buf, name.off, w); code <= 0 {
			p = name.off
			f.state = stName
			goto more
		}
		p = name.off + code
	}
	if f.elements++; f.elements > f.lim.Elements || len(tape) > f.maxIndex {
		f.failAt(PolicyViolation, "more elements and attributes than the limit", p)
		goto more
	}
	if len(s.stack) >= f.lim.Depth {
		f.failAt(PolicyViolation, "elements nested deeper than the limit", p)
		goto more
	}
	{
		n := len(s.stack)
		if n < cap(s.stack) {
			s.stack = s.stack[:n+1]
		} else {
			s.stack = append(s.stack, open{})
		}
		top = &s.stack[n]
		// field by field: a literal would be built elsewhere and copied
		top.el = uint32(len(tape))
		top.name, top.n = uint32(name.off), uint32(p-name.off)
		top.binds, top.attrs, top.prefixed = uint32(len(s.binds)), 0, false
		top.firstDecl = uint32(len(s.decls))
		if n > 0 {
			outer := &s.stack[n-1]
			top.def, top.defDepth = outer.def, outer.defDepth
		} else {
			top.def, top.defDepth = f.ctx.defaultID(), 0
		}
		tape = append(tape, uint32(name.local()), uint32(name.loc), 0, 0, uint32(name.pre)<<prefixShift)
	}

	// Between attributes.
tag:
	for class[buf[p]]&clsSpace != 0 {
		f.spaced = true
		p++
	}
	if p >= w {
		f.state = stTag
		goto more
	}
	switch c = buf[p]; c {
	case '>':
		p++
		f.spaced = false
		if !f.finishTag(buf, tape, p) {
			goto more
		}
		if len(s.stack) == 1 && !f.bare && !f.opened {
			goto header
		}
		tok, flags = p, 0
		if c = buf[p]; c == '<' && p < w {
			goto markup
		}
		goto text
	case '/':
		p++
		goto slash
	}
	if !f.spaced {
		f.failAt(NotWellFormed, "no white space in front of an attribute", p)
		goto more
	}
	f.spaced = false

attr:
	at = qname{off: p}
	for class[buf[p]]&clsName != 0 {
		p++
	}
	flags = 0
	if at.loc = p - at.off; buf[p] == '=' && class[buf[at.off]]&clsStart != 0 && at.loc <= f.lim.Name {
		p++
		goto quote
	}
	if at, code = f.qname(buf, at.off, w); code <= 0 {
		p = at.off
		f.state = stAttr
		goto more
	}
	if p = at.off + code; buf[p] == '=' {
		p++
		goto quote
	}
	if p < w {
		flags = flagGap
	}

equals:
	for class[buf[p]]&clsSpace != 0 {
		flags = flagGap
		p++
	}
	if p >= w {
		f.state = stEquals
		goto more
	}
	if buf[p] != '=' {
		f.failAt(NotWellFormed, "an attribute without a value", p)
		goto more
	}
	p++

quote:
	for class[buf[p]]&clsSpace != 0 {
		flags = flagGap
		p++
	}
	if p >= w {
		f.state = stQuote
		goto more
	}
	if f.quote = buf[p]; f.quote != '\'' && f.quote != '"' {
		f.failAt(NotWellFormed, "an attribute value without quotes", p)
		goto more
	}
	p++
	tok = p

value:
	quote = uint64(f.quote) * ones
	for p < w {
		for {
			m := valueStops(load64(buf, p), quote)
			if m != 0 {
				p += firstStop(m)
				break
			}
			if p += 8; p >= w {
				break
			}
		}
		if p >= w {
			break
		}
		switch c = buf[p]; {
		case c == f.quote:
			top = &s.stack[len(s.stack)-1]
			if top.attrs++; int(top.attrs) > f.lim.Attrs {
				f.failAt(PolicyViolation, "more attributes than the limit", p)
				goto more
			}
			if a := at; a.pre == 0 && (a.loc != 5 || string(buf[a.off:a.off+5]) != "xmlns") {
				tape = append(tape, uint32(a.off), uint32(a.loc)|flags, uint32(p-tok))
				tape[top.el+4]++
			} else if a.pre == 0 || a.pre == 5 && string(buf[a.off:a.off+5]) == "xmlns" {
				f.tok, f.flags, f.attr = tok, flags, at
				if !f.declare(buf, p) {
					goto more
				}
			} else {
				top.prefixed = true
				tape = append(tape, uint32(a.local()), uint32(a.loc)|flags, uint32(p-tok))
				tape[top.el+4]++
			}
			p++
			goto tag
		case c == '\n' || c == '\t' || c == '\r':
			flags |= flagEscaped
			p++
		case c == '<':
			f.failAt(NotWellFormed, "< in an attribute value", p)
			goto more
		case c == '&':
			if _, code = reference(buf[p:w]); code <= 0 {
				f.badReference(code, p)
				f.state = stValue
				goto more
			}
			flags |= flagEscaped
			p += code
		default:
			if code = f.char(buf, p, w); code <= 0 {
				f.state = stValue
				goto more
			}
			p += code
		}
	}
	p = w
	f.state = stValue
	goto more

	// Behind the slash of an empty-element tag.
slash:
	if p >= w {
		f.state = stSlash
		goto more
	}
	if buf[p] != '>' {
		f.failAt(NotWellFormed, "a slash inside a tag", p)
		goto more
	}
	p++
	f.spaced = false
	if !f.finishTag(buf, tape, p) {
		goto more
	}
	if len(s.stack) == 1 && !f.bare && !f.opened {
		f.closed = true
		goto header
	}
	goto pop

	// The name of an end tag must be that of the open element.
end:
	if len(s.stack) == 0 {
		goto footer
	}
	top = &s.stack[len(s.stack)-1]
	{
		n := int(top.n)
		if p+n > w {
			if string(buf[p:w]) != string(buf[top.name:int(top.name)+w-p]) {
				f.failAt(NotWellFormed, "an end tag that does not match its start tag", p)
			}
			f.state = stEnd
			goto more
		}
		if string(buf[p:p+n]) != string(buf[top.name:int(top.name)+n]) {
			f.failAt(NotWellFormed, "an end tag that does not match its start tag", p)
			goto more
		}
		p += n
	}

endSpace:
	for class[buf[p]]&clsSpace != 0 {
		p++
	}
	if p >= w {
		f.state = stEndSpace
		goto more
	}
	if buf[p] != '>' {
		f.failAt(NotWellFormed, "an end tag that does not match its start tag", p)
		goto more
	}
	p++
	if len(s.stack) == 0 {
		f.closed = true
		goto footerDone
	}

	// The element is complete; p is behind it.
pop:
	{
		n := len(s.stack) - 1
		o := &s.stack[n]
		tape[o.el+2] = uint32(p)
		tape[o.el+3] = uint32(len(tape))
		if o.low < uint32(n+1) {
			tape[o.el+1] |= flagInherits
		}
		s.binds = s.binds[:o.binds]
		if n > 0 {
			s.stack[n-1].low = min(s.stack[n-1].low, o.low)
		}
		s.stack = s.stack[:n]
		if n > 0 {
			tok, flags = p, 0
			if c = buf[p]; c == '<' && p < w {
				goto markup
			}
			goto text
		}
	}
	if p > f.lim.Bytes {
		f.failAt(PolicyViolation, "an element longer than the limit", p)
		goto more
	}
	s.tape = tape
	f.state = stMisc
	f.p = f.base + p
	return Element

	// The stream's start tag is complete.
header:
	tape[2], tape[3] = uint32(p), uint32(len(tape))
	f.rootName = int(s.stack[0].n)
	s.tape = tape
	f.p = f.base + p
	f.state = stMisc
	f.kind, f.end = Header, f.p
	f.open()
	return Header

	// The stream's end tag, which has no start tag among the elements.
footer:
	if f.bare || !f.opened {
		f.failAt(NotWellFormed, "an end tag without a start tag", p)
		goto more
	}
	{
		n := min(len(f.root), w-p)
		if string(buf[p:p+n]) != f.root[:n] {
			f.failAt(NotWellFormed, "an end tag that does not match the stream's start tag", p)
			goto more
		}
		if n < len(f.root) {
			f.state = stEnd
			goto more
		}
		p += n
		goto endSpace
	}

footerDone:
	f.state = stMisc
	f.p = f.base + p
	return Footer

cdata:
	for ; p < w; p++ {
		c = buf[p]
		if c == ']' {
			if p+2 >= w && (p+1 >= w || buf[p+1] == ']') {
				f.state = stCData
				goto more
			}
			if buf[p+1] == ']' && buf[p+2] == '>' {
				break
			}
			continue
		}
		if c >= 0x20 && c < utf8.RuneSelf || c == '\n' || c == '\t' {
			continue
		}
		if c == '\r' {
			continue
		}
		if code = f.char(buf, p, w); code <= 0 {
			f.state = stCData
			goto more
		}
		p += code - 1
	}
	if p >= w {
		p = w
		f.state = stCData
		goto more
	}
	if p > tok {
		tape = append(tape, kindText|uint32(tok), uint32(p-tok)|textCData)
	}
	p += 3
	tok, flags = p, 0
	goto text

more:
	s.tape = tape
	f.tok, f.flags, f.attr = tok, flags, at
	f.p = f.base + p
	return More
}
