package snippet

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// node is an element of an example.
type node struct {
	name     model.Name
	attrs    []attr
	children []*node
	// text is the character data right below it.
	text string
	// pieces are texts and children in their order.
	pieces []piece
	// source is the element as the example has it.
	source string
	// inherits says that it uses prefixes, or a default namespace, that are declared outside of it.
	inherits bool
}

// piece is a text or a child.
type piece struct {
	text  string
	child *node
}

// is reports whether the element is what a condition asks for.
func (n *node) is(when *model.When) bool {
	switch {
	case when == nil:
		return true
	case when.Child == nil:
		return n.attr(when.Attr) == when.Value
	}
	return slices.ContainsFunc(n.children, func(c *node) bool { return c.name == when.Child.Name })
}

// attr is an attribute that is no declaration of a namespace.
type attr struct {
	name  model.Name
	value string
}

// attr returns the value of a plain attribute.
func (n *node) attr(local string) string {
	for _, a := range n.attrs {
		if a.name == (model.Name{Local: local}) {
			return a.value
		}
	}
	return ""
}

// walk visits the element and all below it, in the order of their start tags.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, c := range n.children {
		c.walk(visit)
	}
}

// parse reads one element. A stanza without a namespace is in jabber:client, as package check has it.
func parse(text string) (*node, error) {
	d := xml.NewDecoder(strings.NewReader(text))
	var root *node
	var open []*node
	var starts []int64
	for {
		before := d.InputOffset()
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && root != nil:
			return root, nil
		case err != nil:
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			n := &node{name: model.Name{Space: t.Name.Space, Local: t.Name.Local}}
			declares := map[string]bool{}
			for _, a := range t.Attr {
				switch {
				case a.Name.Space == "" && a.Name.Local == "xmlns", a.Name.Space == "xmlns":
					declares[a.Value] = true
				case a.Name.Space == "xml":
					n.attrs = append(n.attrs, attr{model.Name{Space: model.XMLNamespace, Local: a.Name.Local}, a.Value})
				default:
					n.attrs = append(n.attrs, attr{model.Name{Space: a.Name.Space, Local: a.Name.Local}, a.Value})
				}
			}
			n.inherits = !declares[n.name.Space]
			for _, a := range n.attrs {
				if a.name.Space != "" && a.name.Space != model.XMLNamespace && !declares[a.name.Space] {
					n.inherits = true
				}
			}
			if len(open) > 0 {
				parent := open[len(open)-1]
				if n.name.Space == "" {
					n.name.Space = parent.name.Space
				}
				parent.children = append(parent.children, n)
				parent.pieces = append(parent.pieces, piece{child: n})
			} else if root == nil {
				if n.name.Space == "" {
					n.name.Space = model.ClientNamespace
				}
				root = n
			}
			open, starts = append(open, n), append(starts, before)
		case xml.EndElement:
			n := open[len(open)-1]
			n.source = text[starts[len(starts)-1]:d.InputOffset()]
			open, starts = open[:len(open)-1], starts[:len(starts)-1]
		case xml.CharData:
			if len(open) > 0 {
				n := open[len(open)-1]
				n.text += string(t)
				if last := len(n.pieces) - 1; last >= 0 && n.pieces[last].child == nil {
					n.pieces[last].text += string(t)
				} else {
					n.pieces = append(n.pieces, piece{text: string(t)})
				}
			}
		}
	}
}
