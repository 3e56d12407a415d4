package wire

import (
	"encoding/binary"
	"unsafe"
)

// Where the scanner stands between two calls.
type state uint8

const (
	stStart    state = iota // at the first byte of the stream
	stMisc                  // between top-level elements
	stText                  // in character data that began at tok
	stMarkup                // at a '<'
	stName                  // in the name of a start tag, as far as name says
	stTag                   // in a start tag, between attributes
	stAttr                  // in the name of an attribute, as far as name says
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
	spaced   bool  // white space stands in front of the next attribute
	words    int   // length of the index so far
	depth    int   // number of open elements
	tok      int   // start of the text, value or CDATA section
	name     qname // the name that is being read, or that of a declaration
	blank    int   // white space since the last top-level element
	elements int
	rootName int // length of the stream element's qualified name

	// the default namespace in force: its id, and the depth at which it was
	// declared (0 for the context)
	def, defDepth uint32
	prefixes      int // number of prefixes in scope

	// what is known of the current start tag
	attrs     int    // attributes, declarations included
	attrEnd   uint32 // behind the last attribute that is no declaration, or the element's name
	firstDecl int    // where its declarations begin
	seen      uint64 // a bit for each attribute's length and first byte
	odd       uint64 // not 0: prefixes need to be resolved, or attributes may be twice
}

// qname is where a name stands: prefix (if pre > 0, and a colon) and local part.
type qname struct {
	off, pre, loc int
}

func (q qname) local() int {
	if q.pre > 0 {
		return q.off + q.pre + 1
	}
	return q.off
}

// bind is a prefix in scope, or with n = 0 the default namespace that the
// element which declares another one has to restore.
type bind struct {
	off, n uint32
	id     uint32
	depth  uint32
}

// open is an element whose end has not been seen. The one at the bottom of the
// stack is none, and has depth 0.
type open struct {
	depth   uint32
	el      uint32 // its index
	name, n uint32 // its qualified name
	binds   uint32 // length of binds outside of it
	low     uint32 // the least depth of a binding used in it
}

// The scanner reads and writes without bounds checks. What makes that safe:
//
//   - It is only called with 0 <= p <= w. The byte at w is a NUL that no loop
//     passes, and slack bytes of the buffer follow it, which a word that begins at
//     w or before, or four of them, may cover. [Framer.Next] puts the NUL there.
//   - room makes sure that the index has place for an element and all attributes
//     that it may have, before it begins; and spareWords are left after each text.
//   - The stack is never left at its bottom, and grows where elements begin.

func byteAt(b unsafe.Pointer, i int) byte { return *(*byte)(unsafe.Add(b, i)) }

func wordAt(b unsafe.Pointer, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(b, i))[:])
}

// word returns a word of the index.
func word(t unsafe.Pointer, i int) *uint32 { return (*uint32)(unsafe.Add(t, i*4)) }

// spareWords are for what may follow the attributes of one element before the
// next: an attribute too many, or a text.
const spareWords = 8

// openSize is the distance between two elements on the stack.
const openSize = unsafe.Sizeof(open{})

// The name xmlns and the prefix xml as the low bytes of a word.
const (
	xmlnsWord = 'x' | 'm'<<8 | 'l'<<16 | 'n'<<24 | 's'<<32
	xmlnsMask = 1<<40 - 1
	xmlWord   = 'x' | 'm'<<8 | 'l'<<16 | ':'<<24
	xmlMask   = 1<<32 - 1
)

// scan goes on where it stopped inside a top-level element and returns what it
// found, or More when it ran out of input or failed. It is one machine of
// labels, so that a complete tag costs no dispatch; state says where to come in
// again. What real stanzas consist of goes straight through: names of lower-case
// letters, attributes with one space in front of them and none inside. Few
// variables live across labels, so that they fit into registers.
func (f *Framer) scan() Kind {
	var (
		b     = unsafe.Pointer(&f.buf[f.base])
		p     = f.p - f.base
		t     = unsafe.Pointer(&f.tape[0])
		n     = f.words
		top   = &f.stack[f.depth]
		tok   = f.tok
		quote = uint64(f.quote) * ones
		c     byte
		m     uint64
		k     int
		ok    bool
	)
	switch f.state {
	case stText:
		goto text
	case stName:
		goto longName
	case stTag:
		goto tag
	case stAttr:
		goto longAttr
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
	}

	// At a '<'.
markup:
	switch byteAt(b, p+1) {
	case '/':
		p += 2
		goto end
	case '!', '?':
		if k = f.declaration(p, top.depth > 0); k == 0 {
			f.state = stMarkup
			goto more
		}
		p += k
		tok = p
		goto cdata
	case 0:
		if p+1 >= f.w-f.base {
			f.state = stMarkup
			goto more
		}
	}
	p++

	// The name of a start tag.
	k = p
name:
	for m = nameStops(wordAt(b, p)); m == 0; m = nameStops(wordAt(b, p)) {
		p += 8
	}
	p += firstStop(m)
	if c = byteAt(b, p); class[c]&clsTagEnd == 0 || uint(p-k-1) >= uint(f.lim.Name) {
		if class[c]&clsName != 0 && p > k {
			p++ // a digit, a hyphen, a capital
			goto name
		}
		f.name = qname{off: k}
		p = k
		goto longName
	}
	f.odd = 0
	*word(t, n) = uint32(k)
	*word(t, n+1) = uint32(p - k)

	// The name ends at p and began at k; its words are set.
element:
	if f.elements++; f.elements > f.lim.Elements || n > f.lastWord || int(top.depth) > f.lastDepth {
		if !f.extend(n, int(top.depth), p) {
			goto more
		}
		t, top = unsafe.Pointer(&f.tape[0]), &f.stack[top.depth]
	}
	// field by field: a literal would be built elsewhere and copied
	{
		depth := top.depth + 1
		top = (*open)(unsafe.Add(unsafe.Pointer(top), openSize))
		top.depth = depth
	}
	top.el = uint32(n)
	top.name, top.n = uint32(k), uint32(p-k)
	top.binds = uint32(len(f.binds))
	f.firstDecl = len(f.decls)
	f.attrs, f.seen = 0, 0
	f.attrEnd = uint32(p)
	n += elemWords

	// Between attributes. f.spaced is false here, but for a tag that was cut off behind white space.
tag:
	switch c = byteAt(b, p); c {
	case '>':
		p++
		tok = p
		goto tagEnd
	case ' ':
		p++
		if c = byteAt(b, p); class[c]&clsStart != 0 {
			goto attr
		}
		f.spaced = true
	}
	for class[c]&clsSpace != 0 {
		f.spaced = true
		p++
		c = byteAt(b, p)
	}
	switch {
	case c == '>':
		f.spaced = false
		p++
		tok = p
		goto tagEnd
	case c == '/':
		f.spaced = false
		p++
		goto slash
	case p >= f.w-f.base:
		f.state = stTag
		goto more
	case !f.spaced:
		f.failAt(NotWellFormed, "no white space in front of an attribute", p)
		goto more
	}

	// The name of an attribute. Its words are set at once, and count when its value
	// is complete.
attr:
	f.spaced = false
	if f.attrs++; f.attrs > f.lim.Attrs {
		f.failAt(PolicyViolation, "more attributes than the limit", p)
		goto more
	}
	k = p
attrName:
	for m = nameStops(wordAt(b, p)); m == 0; m = nameStops(wordAt(b, p)) {
		p += 8
	}
	p += firstStop(m)
	if c = byteAt(b, p); c == '=' && uint(p-k-1) < uint(f.lim.Name) {
		*word(t, n) = uint32(k)
		*word(t, n+1) = uint32(p - k)
		if p-k == 5 && wordAt(b, k)&xmlnsMask == xmlnsWord {
			f.name = qname{off: k, loc: 5}
			*word(t, n+1) = flagDecl
		}
		m = 1 << (attrHash(uint32(p-k), byteAt(b, k)) & 63)
		f.odd |= f.seen & m
		f.seen |= m
		c = byteAt(b, p+1)
		if p++; c == '\'' || c == '"' {
			p++
			quote, tok = uint64(c)*ones, p
			goto value
		}
		goto quote
	}
	if class[c]&clsName != 0 && p > k {
		p++
		goto attrName
	}
	if c == ':' && p-k == 3 && wordAt(b, k)&xmlMask == xmlWord {
		// xml:lang, most likely
		tok = p + 1
		for p++; class[byteAt(b, p)]&clsName != 0; p++ {
		}
		if c = byteAt(b, tok); byteAt(b, p) == '=' && class[c]&clsStart != 0 && p-k <= f.lim.Name {
			*word(t, n) = uint32(tok)
			*word(t, n+1) = uint32(p-tok) | nsXML<<nsShift
			m = 1 << (attrHash(uint32(p-tok), c) & 63)
			f.odd |= f.seen & m
			f.seen |= m
			p++
			goto quote
		}
	}
	f.name = qname{off: k}
	p = k

	// The name of an attribute, character by character.
longAttr:
	p, ok = f.qname(p)
	if !ok {
		f.state = stAttr
		goto more
	}
	f.attrWords(n)

equals:
	for class[byteAt(b, p)]&clsSpace != 0 {
		*word(t, n+1) |= flagLong
		p++
	}
	if p >= f.w-f.base {
		f.state = stEquals
		goto more
	}
	if byteAt(b, p) != '=' {
		f.failAt(NotWellFormed, "an attribute without a value", p)
		goto more
	}
	p++

quote:
	for class[byteAt(b, p)]&clsSpace != 0 {
		*word(t, n+1) |= flagLong
		p++
	}
	if p >= f.w-f.base {
		f.state = stQuote
		goto more
	}
	if c = byteAt(b, p); c != '\'' && c != '"' {
		f.failAt(NotWellFormed, "an attribute value without quotes", p)
		goto more
	}
	p++
	quote, tok = uint64(c)*ones, p

value:
	for m = valueStops(wordAt(b, p)); m == 0; m = valueStops(wordAt(b, p)) {
		p += 8
	}
	p += firstStop(m)
	c = byteAt(b, p)
	if c == byte(quote) {
		gap, w, l := *word(t, n)-f.attrEnd, *word(t, n+1), uint32(p-tok)
		p++
		if w <= maxShortName && gap <= maxGap && l <= maxShort {
			*word(t, n) = gap<<gapShift | w<<nameShift | l
			f.attrEnd = uint32(p)
			n++
			goto tag
		}
		if w&flagDecl != 0 {
			if !f.declare(top.depth, tok, p-1, w&flagEscaped != 0) {
				goto more
			}
			goto tag
		}
		n += f.longAttr(n, w, l)
		f.attrEnd = uint32(p)
		goto tag
	}
	switch {
	case c >= ' ' && c < '(' && c != '&': // a space, the other quote
		p++
	case c == '\n' || c == '\t' || c == '\r':
		*word(t, n+1) |= flagEscaped
		p++
	case c == '<':
		f.failAt(NotWellFormed, "< in an attribute value", p)
		goto more
	case p >= f.w-f.base:
		f.state = stValue
		goto more
	case c == '&':
		if k = f.reference(p); k == 0 {
			f.state = stValue
			goto more
		}
		*word(t, n+1) |= flagEscaped
		p += k
	default:
		if k = f.wide(b, p); k == 0 {
			f.state = stValue
			goto more
		}
		p += k
	}
	goto value

slash:
	if p >= f.w-f.base {
		f.state = stSlash
		goto more
	}
	if byteAt(b, p) != '>' {
		f.failAt(NotWellFormed, "a slash inside a start tag", p)
		goto more
	}
	p++
	tok = 0

	// The start tag is complete; p is behind it. tok is where its content begins, or
	// 0 if it is an empty-element tag.
tagEnd:
	*word(t, int(top.el)+2) = uint32(n-elemWords) - top.el
	if f.odd == 0 {
		*word(t, int(top.el)+1) |= f.def << nsShift
		top.low = f.defDepth
	} else if !f.resolveTag(top, n) {
		goto more
	}
	if f.unopened {
		goto header
	}
	if tok != 0 {
		if byteAt(b, p) == '<' {
			goto markup
		}
		goto newText
	}

	// The element is complete; p is behind it.
pop:
	*word(t, int(top.el)+2) |= (uint32(n) - top.el) << nextShift
	*word(t, int(top.el)+3) = uint32(p)
	if top.low < top.depth {
		*word(t, int(top.el)+1) |= flagInherits
	}
	if len(f.binds) != int(top.binds) {
		f.unbind(int(top.binds))
	}
	{
		low := top.low
		top = (*open)(unsafe.Add(unsafe.Pointer(top), -int(openSize)))
		top.low = min(top.low, low)
	}
	if top.depth > 0 {
		if byteAt(b, p) == '<' {
			goto markup
		}
		tok = p
		goto newText
	}
	if n > maxNext {
		f.failAt(PolicyViolation, "more text between elements than the limit", p)
		goto more
	}
	f.words, f.depth = n, 0
	f.state = stMisc
	f.p = f.base + p
	return Element

	// Character data, which begins at p and tok.
newText:
	*word(t, n+1) = 0

text:
	m = textStops(wordAt(b, p))
	if m == 0 {
		p += 8
		if m = textStops(wordAt(b, p)); m == 0 {
			// a long one: four words at once
			p = longText(b, p+8)
			for m = textStops(wordAt(b, p)); m == 0; m = textStops(wordAt(b, p)) {
				p += 8
			}
		}
	}
	p += firstStop(m)
	if c = byteAt(b, p); c == '<' {
		if p > tok {
			*word(t, n) = kindText | uint32(tok)
			*word(t, n+1) |= uint32(p - tok)
			if n += textWords; n+spareWords > len(f.tape) {
				f.grow(n, int(top.depth))
				t, top = unsafe.Pointer(&f.tape[0]), &f.stack[top.depth]
			}
		}
		goto markup
	}
	switch {
	case c == '\n' || c == '\t':
		p++
	case c == '\r':
		*word(t, n+1) |= textEscaped
		p++
	case c == '>':
		if p-2 >= tok && byteAt(b, p-1) == ']' && byteAt(b, p-2) == ']' {
			f.failAt(NotWellFormed, "]]> in character data", p)
			goto more
		}
		p++
	case p >= f.w-f.base:
		f.state = stText
		goto more
	case c == '&':
		if k = f.reference(p); k == 0 {
			f.state = stText
			goto more
		}
		*word(t, n+1) |= textEscaped
		p += k
	default:
		if k = f.wide(b, p); k == 0 {
			f.state = stText
			goto more
		}
		p += k
	}
	goto text

	// The name of an end tag must be that of the open element.
end:
	k = int(top.n)
	if k <= 8 {
		// the NUL at w is in no name, so that a name which is cut off differs
		ok = (wordAt(b, p)^wordAt(b, int(top.name)))<<((64-8*k)&63) == 0 && top.depth > 0
	} else {
		ok = p+k <= f.w-f.base && string(unsafe.Slice((*byte)(unsafe.Add(b, p)), k)) == string(unsafe.Slice((*byte)(unsafe.Add(b, int(top.name))), k))
	}
	if !ok {
		if top.depth == 0 {
			goto footer
		}
		if f.wrongEnd(int(top.name), k, p) {
			f.state = stEnd
		}
		goto more
	}
	p += k
	if byteAt(b, p) == '>' {
		p++
		goto pop
	}

endSpace:
	for class[byteAt(b, p)]&clsSpace != 0 {
		p++
	}
	if p >= f.w-f.base {
		f.state = stEndSpace
		goto more
	}
	if byteAt(b, p) != '>' {
		f.failAt(NotWellFormed, "an end tag that does not match its start tag", p)
		goto more
	}
	p++
	if top.depth == 0 {
		f.closed = true
		goto footerDone
	}
	goto pop

	// The name of a start tag, character by character.
longName:
	p, ok = f.qname(p)
	if !ok {
		f.state = stName
		goto more
	}
	k = f.name.off
	f.odd = uint64(f.name.pre)
	*word(t, n) = uint32(f.name.local())
	*word(t, n+1) = uint32(f.name.loc)
	goto element

cdata:
	k = f.cdata(p)
	p += k
	if f.state == stCData || f.err != nil {
		goto more
	}
	if p > tok {
		*word(t, n) = kindText | uint32(tok)
		*word(t, n+1) = uint32(p-tok) | textCData
		if n += textWords; n+spareWords > len(f.tape) {
			f.grow(n, int(top.depth))
			t, top = unsafe.Pointer(&f.tape[0]), &f.stack[top.depth]
		}
	}
	p += 3
	tok = p
	goto newText

	// The stream's start tag is complete.
header:
	f.closed = tok == 0
	*word(t, 2) |= uint32(n) << nextShift
	*word(t, 3) = uint32(p)
	f.rootName = int(top.n)
	f.words, f.depth = n, 0
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
	k = min(len(f.root), f.w-f.base-p)
	if string(unsafe.Slice((*byte)(unsafe.Add(b, p)), k)) != f.root[:k] {
		f.failAt(NotWellFormed, "an end tag that does not match the stream's start tag", p)
		goto more
	}
	if k < len(f.root) {
		f.state = stEnd
		goto more
	}
	p += k
	goto endSpace

footerDone:
	f.state = stMisc
	f.p = f.base + p
	return Footer

more:
	f.words, f.depth = n, int(top.depth)
	f.tok, f.quote = tok, byte(quote)
	f.p = f.base + p
	return More
}
