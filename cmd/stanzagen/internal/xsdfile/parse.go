package xsdfile

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"stanza.invalid/cmd/stanzagen/internal/source"
)

// Bounds of what is read. The largest published schema has 37 kilobytes, 900 elements and a depth of 20.
const (
	maxSize     = 1 << 20
	maxDepth    = 100
	maxNodes    = 50_000
	maxAttrs    = 200
	maxPrefixes = 500
)

// Namespaces that schemas speak of without declaring them.
const (
	xsdSpace   = "http://www.w3.org/2001/XMLSchema"
	xmlSpace   = "http://www.w3.org/XML/1998/namespace"
	xmlnsSpace = "http://www.w3.org/2000/xmlns/"
)

// node is an element of the file.
type node struct {
	doc *document
	pos source.Pos
	// space is empty for elements without a namespace, and the prefix itself where that is not declared.
	space, local string
	attrs        []attribute
	scope        *scope
	parent       *node
	children     []*node
	// texts are the pieces of the character data of documentation; its markup is left out.
	texts []string
}

// attribute is an attribute of the file, namespace declarations left out.
type attribute struct {
	pos          source.Pos
	space, local string
	value        string
}

// scope is a namespace declaration with those around it.
type scope struct {
	outer       *scope
	prefix, uri string
}

// lookup returns the namespace of a prefix, the empty one for the default namespace.
func (s *scope) lookup(prefix string) (uri string, declared bool) {
	for ; s != nil; s = s.outer {
		if s.prefix == prefix {
			return s.uri, s.uri != ""
		}
	}
	return "", false
}

// attr returns an attribute of the schema language, which has no namespace.
func (n *node) attr(local string) (attribute, bool) {
	for _, a := range n.attrs {
		if a.space == "" && a.local == local {
			return a, true
		}
	}
	return attribute{}, false
}

// value returns the value of an attribute without white space around it, empty if it was not given.
func (n *node) value(local string) string {
	a, _ := n.attr(local)
	return strings.TrimSpace(a.value)
}

// elements returns the children that belong to the schema language and have one of the names.
func (n *node) elements(names ...string) []*node {
	var found []*node
	for _, c := range n.children {
		for _, name := range names {
			if c.is(name) {
				found = append(found, c)
			}
		}
	}
	return found
}

// is reports whether n is an element of the schema language of that name.
func (n *node) is(name string) bool { return n.space == xsdSpace && n.local == name }

// parser builds the nodes of one file.
type parser struct {
	doc      *document
	text     []byte
	cursor   *cursor
	d        *xml.Decoder
	root     *node
	open     *node
	nodes    int
	depth    int
	prefixes int
	docs     int // how many elements of documentation are open
}

// parse reads the XML of doc. What is wrong with it is reported; it returns nil then.
func (doc *document) parse(data []byte) *node {
	start := source.Pos{File: doc.path, Line: 1, Col: 1}
	if len(data) > maxSize {
		doc.errorf(ruleLimit, start, "schema has %d bytes, the limit is %d", len(data), maxSize).Hintf("split it into several files")
		return nil
	}
	text, ok := utf8Text(doc.path, data, doc.c)
	if !ok {
		return nil
	}
	p := &parser{doc: doc, text: text, cursor: newCursor(doc.path, text), d: xml.NewDecoder(bytes.NewReader(text))}
	p.d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for p.step() {
	}
	if p.d == nil {
		return nil
	}
	if p.root == nil {
		doc.errorf(ruleRoot, start, "schema is empty").Hintf("XML Schemas begin with <xs:schema xmlns:xs='%s' ...>", xsdSpace)
	}
	return p.root
}

// fail reports an error after which parsing makes no sense.
func (p *parser) fail(rule code, pos source.Pos, format string, args ...any) *source.Diagnostic {
	p.d = nil
	return p.doc.errorf(rule, pos, format, args...)
}

// step reads one token. It returns false after the last one.
func (p *parser) step() bool {
	from := int(p.d.InputOffset())
	token, err := p.d.Token()
	switch {
	case err == io.EOF && p.open == nil:
		return false
	case err != nil:
		p.syntaxError(from, err)
		return false
	}
	switch t := token.(type) {
	case xml.StartElement:
		p.start(t, from)
	case xml.EndElement:
		if p.open.local == "documentation" || p.open.local == "appinfo" {
			p.docs--
		}
		p.open = p.open.parent
		p.depth--
	case xml.CharData:
		p.charData(string(t), from)
	case xml.Directive:
		p.fail(ruleDoctype, p.cursor.at(from), "a document type declaration is not allowed in a schema").Hintf("leave <!DOCTYPE ...> out")
	}
	return p.d != nil
}

func (p *parser) charData(text string, from int) {
	if p.docs > 0 {
		for n := p.open; n != nil; n = n.parent {
			if n.is("documentation") {
				n.texts = append(n.texts, text)
				return
			}
		}
		return
	}
	if blank := strings.TrimLeft(text, " \t\r\n"); blank != "" && p.open == nil {
		p.fail(ruleXML, p.cursor.at(from+len(text)-len(blank)), "not XML: text stands outside of the root element").
			Hintf("take it out, or make a comment of it")
	}
}

func (p *parser) start(t xml.StartElement, from int) {
	pos := p.cursor.at(from)
	p.nodes++
	p.depth++
	switch {
	case p.open == nil && p.root != nil:
		p.fail(ruleXML, pos, "not XML: a second root element").Hintf("the first is in line %d", p.root.pos.Line)
		return
	case p.depth > maxDepth:
		p.fail(ruleLimit, pos, "elements are nested more than %d deep", maxDepth).Hintf("give inner types a name and refer to them")
		return
	case p.nodes > maxNodes:
		p.fail(ruleLimit, pos, "schema has more than %d elements", maxNodes).Hintf("split it into several files")
		return
	case len(t.Attr) > maxAttrs:
		p.fail(ruleLimit, pos, "element has more than %d attributes", maxAttrs).Hintf("no element of XML Schema needs as many")
		return
	}
	n := &node{doc: p.doc, pos: pos, space: t.Name.Space, local: t.Name.Local, parent: p.open}
	if p.open != nil {
		n.scope = p.open.scope
	}
	values := attrOffsets(p.text[from:p.d.InputOffset()])
	for i, a := range t.Attr {
		at := attribute{pos: pos, space: a.Name.Space, local: a.Name.Local, value: a.Value}
		if i < len(values) {
			at.pos = p.cursor.at(from + values[i])
		}
		if at.space == "xmlns" || at.space == "" && at.local == "xmlns" {
			p.declare(n, at)
			continue
		}
		n.attrs = append(n.attrs, at)
	}
	if p.d == nil || !p.unique(n, t.Attr) {
		return
	}
	if p.open == nil {
		p.root = n
	} else {
		p.open.children = append(p.open.children, n)
	}
	p.open = n
	if n.local == "documentation" || n.local == "appinfo" {
		p.docs++
	}
}

// declare adds a namespace declaration to the scope of n.
func (p *parser) declare(n *node, a attribute) {
	prefix := a.local
	if a.space == "" {
		prefix = ""
	}
	if p.prefixes++; p.prefixes > maxPrefixes {
		p.fail(ruleLimit, a.pos, "schema has more than %d namespace declarations", maxPrefixes).
			Hintf("declare each prefix once, in the root element")
		return
	}
	n.scope = &scope{n.scope, prefix, a.value}
}

// unique refuses attributes that stand twice, which encoding/xml lets pass.
func (p *parser) unique(n *node, attrs []xml.Attr) bool {
	seen := make(map[xml.Name]bool, len(attrs))
	for _, a := range attrs {
		if seen[a.Name] {
			p.fail(ruleXML, n.pos, "not XML: attribute %q stands twice in <%s>", a.Name.Local, n.local).Hintf("take one of them out")
			return false
		}
		seen[a.Name] = true
	}
	return true
}

// syntaxError reports what encoding/xml says, at the place where it noticed.
func (p *parser) syntaxError(from int, err error) {
	var syntax *xml.SyntaxError
	message := err.Error()
	if errors.As(err, &syntax) {
		message = syntax.Msg
	}
	at := int(p.d.InputOffset())
	endTag := bytes.HasPrefix(p.text[min(from, len(p.text)):], []byte("</"))
	if endTag {
		at = from // and not the place behind it
	}
	open := p.open
	d := p.fail(ruleXML, p.cursor.at(at), "not XML: %s", message)
	switch {
	case open != nil && (endTag || at == len(p.text)):
		d.Hintf("<%s> is still open; it begins at %d:%d", open.local, open.pos.Line, open.pos.Col)
	case strings.Contains(message, "entity"):
		d.Hintf("there are &lt; &gt; &amp; &apos; &quot; and numbers as in &#233;, and no others")
	case strings.Contains(message, "attribute"):
		d.Hintf("attributes are written name='value'")
	default:
		d.Hintf("all before this place is well-formed")
	}
}

// attrOffsets returns where the values of the attributes of a start tag begin. The tag is known to be well-formed.
func attrOffsets(tag []byte) []int {
	var offsets []int
	for i := 0; i < len(tag); i++ {
		quote := tag[i]
		if quote != '"' && quote != '\'' {
			continue
		}
		offsets = append(offsets, i+1)
		i += 1 + bytes.IndexByte(tag[i+1:], quote)
	}
	return offsets
}

// cursor turns offsets into positions. They have to be asked for in ascending order, so that the text is walked once.
type cursor struct {
	text   []byte
	offset int
	pos    source.Pos
}

func newCursor(path string, text []byte) *cursor {
	return &cursor{text: text, pos: source.Pos{File: path, Line: 1, Col: 1}}
}

// at returns the position of an offset. Columns count characters.
func (c *cursor) at(offset int) source.Pos {
	for c.offset < min(offset, len(c.text)) {
		if c.text[c.offset] == '\n' {
			c.offset++
			c.pos.Line++
			c.pos.Col = 1
			continue
		}
		_, n := utf8.DecodeRune(c.text[c.offset:])
		c.offset += n
		c.pos.Col++
	}
	return c.pos
}
