package main

import (
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
)

// node is an element as encoding/xml sees it: the judge of the codec should not be a part of it.
type node struct {
	name  xml.Name
	attrs []xml.Attr
	// content are the children and texts, in order. A text has no name.
	content []*node
	text    string
	// spaces are the namespaces by prefix.
	spaces map[string]string
}

// infoset returns a text that is the same for elements with the same names, attributes, texts and children. As
// everywhere in XMPP, the order of children with different names does not matter, unless text stands between them,
// nor does white space around children.
func infoset(source string) (string, error) {
	d := xml.NewDecoder(strings.NewReader(source))
	top := &node{spaces: map[string]string{"xml": "http://www.w3.org/XML/1998/namespace"}}
	open := []*node{top}
	for {
		token, err := d.RawToken() // encoding/xml gives an element that is called xmlns no namespace
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		last := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			n := newNode(t, last.spaces)
			last.content = append(last.content, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			last.content = append(last.content, &node{text: string(t)})
		}
	}
	var b strings.Builder
	for _, n := range top.content {
		n.write(&b)
	}
	return b.String(), nil
}

// newNode resolves the prefixes of a start tag.
func newNode(t xml.StartElement, spaces map[string]string) *node {
	n := &node{spaces: maps.Clone(spaces)}
	for _, a := range t.Attr {
		switch {
		case a.Name.Space == "xmlns":
			n.spaces[a.Name.Local] = a.Value
		case isDeclaration(a):
			n.spaces[""] = a.Value
		}
	}
	n.name = xml.Name{Space: n.spaces[t.Name.Space], Local: t.Name.Local}
	for _, a := range t.Attr {
		if isDeclaration(a) {
			continue
		}
		if a.Name.Space != "" {
			a.Name.Space = n.spaces[a.Name.Space]
		}
		n.attrs = append(n.attrs, a)
	}
	return n
}

func isDeclaration(a xml.Attr) bool {
	return a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns"
}

func byName(a, b xml.Name) int {
	return cmp.Or(cmp.Compare(a.Space, b.Space), cmp.Compare(a.Local, b.Local))
}

// write writes n with characters between its parts that no text holds.
func (n *node) write(b *strings.Builder) {
	b.WriteString("\x01" + n.name.Space + "\x02" + n.name.Local)
	slices.SortFunc(n.attrs, func(x, y xml.Attr) int { return byName(x.Name, y.Name) })
	for _, a := range n.attrs {
		b.WriteString("\x03" + a.Name.Space + "\x02" + a.Name.Local + "\x02" + a.Value)
	}
	isText := func(c *node) bool { return c.name.Local == "" }
	isBlank := func(c *node) bool { return isText(c) && strings.Trim(c.text, " \t\r\n") == "" }
	content := slices.DeleteFunc(slices.Clone(n.content), isBlank)
	switch texts := slices.ContainsFunc(content, isText); {
	case !texts:
		slices.SortStableFunc(content, func(x, y *node) int { return byName(x.name, y.name) })
	case !slices.ContainsFunc(content, func(c *node) bool { return !isText(c) }):
		content = n.content // all of the text counts, blanks at its ends included
	}
	for _, c := range content {
		if isText(c) {
			b.WriteString("\x04" + c.text)
			continue
		}
		c.write(b)
	}
	b.WriteByte('\x05')
}
