package wire

import "unsafe"

// The index of a Doc is a list of 32-bit words, in document order:
//
//	element    kind | offset of its local name
//	           namespace id | flags | length of the local name
//	           number of words to behind its last descendant | number of words of its attributes
//	           offset behind its end
//	  attribute  distance from the end of the last attribute or of the element's name |
//	             flag | length of the name | length of the value
//	  or, if that does not say it,
//	             kind | offset of its local name
//	             namespace id | flags | length of the local name
//	             length of its value
//	  ...
//	  text     kind | offset
//	           flags | length
//	...
//	declaration  offset of the namespace name, its length with a flag
//
// Declarations of namespaces stand behind the elements; a namespace id is 0 for
// none, 1 for xml, then the context's, then the declarations by number.
const (
	elemWords = 4
	attrWords = 3 // at most
	textWords = 2
	declWords = 2

	kindText = 1 << 31
	kindLong = 1 << 31
	offMask  = 1<<31 - 1

	// an element's third word
	attrsMask = 1<<12 - 1 // 1,000 attributes at most
	nextShift = 12
	maxNext   = 1<<20 - 1

	// an attribute that is one word
	gapShift     = 23
	maxGap       = 1<<8 - 1
	shortEscaped = 1 << 22
	nameShift    = 16
	maxShortName = 1<<6 - 1
	maxShort     = 1<<16 - 1

	lenMask  = 0xFFF
	nsShift  = 16
	maxDecls = 1<<16 - 1

	// flags of elements and long attributes, in the word of the namespace id
	flagInherits = 1 << 12 // element: it or a descendant uses a binding declared outside of it
	flagEscaped  = 1 << 13 // attribute: the value has references or white space to normalise
	flagLong     = 1 << 14 // attribute: it has a prefix, or white space around the equals sign
	flagDecl     = 1 << 15 // attribute, while it is read: a declaration, which does not stay here

	// flags of texts, in the word of the length
	textEscaped = 1 << 31
	textCData   = 1 << 30
	textLen     = 1<<29 - 1

	nsNone = 0
	nsXML  = 1
	nsCtx  = 2 // the first id of the context
)

// Context is what a stream's elements inherit from its header: the namespaces
// bound to prefixes, the default namespace, the content namespace, and the
// language. It is immutable. The nil Context binds nothing.
type Context struct {
	prefixes []string // "" for the default namespace
	spaces   []string // as reported: the content namespace reads as jabber:client
	def      uint16   // namespace id of the default namespace
	content  string
	lang     string
}

// NewContext returns the context of a stream whose header declares the content
// namespace content as default, the prefix stream, and the language lang.
func NewContext(content, lang string) *Context {
	c := &Context{content: content, lang: lang}
	c.bind("", content)
	c.bind("stream", NSStream)
	return c
}

func (c *Context) bind(prefix, space string) {
	if space == c.content && space != "" {
		space = NSClient
	}
	c.prefixes = append(c.prefixes, prefix)
	c.spaces = append(c.spaces, space)
	if prefix == "" && space != "" {
		c.def = uint16(nsCtx + len(c.spaces) - 1)
	}
}

// Content returns the content namespace as the header declares it.
func (c *Context) Content() string {
	if c == nil {
		return ""
	}
	return c.content
}

// Lang returns the language of the stream.
func (c *Context) Lang() string {
	if c == nil {
		return ""
	}
	return c.lang
}

// lookup returns the namespace id of a prefix, or 0.
func (c *Context) lookup(prefix string) uint32 {
	if c != nil {
		for i, p := range c.prefixes {
			if p == prefix && prefix != "" {
				return uint32(nsCtx + i)
			}
		}
	}
	return nsNone
}

func (c *Context) size() int {
	if c == nil {
		return 0
	}
	return len(c.spaces)
}

// defaultID is the namespace id of names without a prefix.
func (c *Context) defaultID() uint32 {
	if c == nil {
		return nsNone
	}
	return uint32(c.def)
}

// Doc is one element as it was received, with all that is in it. It is
// immutable; everything decoded from it shares its memory.
type Doc struct {
	tape  unsafe.Pointer // the index
	text  unsafe.Pointer // the text, which stands behind it in the same memory
	ctx   *Context
	decls uint32 // index of the first declaration
	size  uint32 // length of the text
}

// Text returns the element as it was received. Prefixes in it may depend on the
// context.
func (d *Doc) Text() string { return d.cut(0, d.size) }

// Root returns the element.
func (d *Doc) Root() Raw { return Raw{d: d} }

// Context returns what the element inherits.
func (d *Doc) Context() *Context { return d.ctx }

// IsZero reports whether d is the zero Doc.
func (d *Doc) IsZero() bool { return d.tape == nil }

// word returns a word of the index. Only the framer makes indices and what points into
// them, so that there is nothing to check.
func (d *Doc) word(i uint32) uint32 {
	return *(*uint32)(unsafe.Add(d.tape, uintptr(i)*4))
}

// cut returns a piece of the text, under the same promise.
func (d *Doc) cut(off, n uint32) string {
	return unsafe.String((*byte)(unsafe.Add(d.text, uintptr(off))), int(n))
}

// next returns the index behind the element at i and all that is in it.
func (d *Doc) next(i uint32) uint32 { return i + d.word(i+2)>>nextShift }

// in reports whether a namespace id stands for a namespace.
func (d *Doc) in(id uint32, space string) bool {
	first := uint32(nsCtx)
	if d.ctx != nil {
		first += uint32(len(d.ctx.spaces))
	}
	if id < first || len(space) == len(NSClient) {
		return d.space(id) == space
	}
	i := d.decls + (id-first)*declWords
	n := d.word(i + 1)
	if n&textEscaped != 0 || n != uint32(len(space)) {
		return n&textEscaped != 0 && d.space(id) == space
	}
	// the content namespace reads as jabber:client
	return d.cut(d.word(i), n) == space && (d.ctx == nil || space != d.ctx.content)
}

// space returns the namespace name for an id.
func (d *Doc) space(id uint32) string {
	switch {
	case id >= nsCtx:
		id -= nsCtx
		if d.ctx != nil {
			n := uint32(len(d.ctx.spaces))
			if id < n {
				return d.ctx.spaces[id]
			}
			id -= n
		}
		i := d.decls + id*declWords
		n := d.word(i + 1)
		s := d.cut(d.word(i), n&textLen)
		if n&textEscaped != 0 {
			s = unescape(s, true)
		}
		if d.ctx != nil && s == d.ctx.content {
			s = NSClient
		}
		return s
	case id == nsXML:
		return NSXML
	}
	return ""
}

// unescape resolves references and normalises line ends, and for an attribute
// value turns white space into spaces (XML 1.0, sections 2.11 and 3.3.3). The
// text was checked before.
func unescape(s string, attr bool) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '&':
			r, n := reference(s[i:])
			b = appendRune(b, r)
			i += n
			continue
		case c == '\r':
			if i+1 < len(s) && s[i+1] == '\n' {
				i++
			}
			if attr {
				b = append(b, ' ')
			} else {
				b = append(b, '\n')
			}
		case attr && (c == '\n' || c == '\t'):
			b = append(b, ' ')
		default:
			j := plainRun(s, i+1)
			b = append(b, s[i:j]...)
			i = j
			continue
		}
		i++
	}
	return text(b)
}

// plainRun returns the index of the next byte, from i on, that unescape has to look at.
func plainRun(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		v := loads(s, i)
		amp := v ^ '&'*ones
		if m := ((amp-ones)&^amp | (v-0x20*ones)&^v) & highs; m != 0 {
			return i + firstStop(m)
		}
	}
	for i < len(s) && s[i] != '&' && s[i] >= 0x20 {
		i++
	}
	return i
}
