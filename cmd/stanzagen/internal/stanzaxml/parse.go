// Package stanzaxml reads pieces of XML that people paste: stanzas, payloads, several of them one after the other. It keeps
// their form and places, and knows nothing of schemas.
package stanzaxml

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// Bounds of what is read.
const (
	// MaxSize is the greatest number of bytes.
	MaxSize  = 4 << 20
	maxDepth = 200
)

// Attr is an attribute.
type Attr struct {
	// Name is its expanded name.
	Name model.Name
	// Value is its value.
	Value string
}

// Element is an element with what is in it.
type Element struct {
	// Name is its expanded name.
	Name model.Name
	// Pos is where it begins.
	Pos source.Pos
	// Attrs are its attributes, without the declarations of namespaces.
	Attrs []Attr
	// Children are the elements in it.
	Children []*Element
	// Text is its character data, all pieces together.
	Text string
	// Parent is the element around it, nil at the top.
	Parent *Element
	// Source is the text that it was read from; set for elements at the top only.
	Source string

	start int64
	text  strings.Builder
}

// Attr returns the value of an attribute without a namespace, and whether it is there.
func (e *Element) Attr(local string) (string, bool) {
	for _, a := range e.Attrs {
		if a.Name == (model.Name{Local: local}) {
			return a.Value, true
		}
	}
	return "", false
}

// HasText reports whether the character data is more than white space between elements.
func (e *Element) HasText() bool {
	return strings.TrimSpace(e.Text) != ""
}

// StanzaOf returns message, presence or iq for a stanza of a client, server or component stream, also without namespace,
// else nothing.
func (e *Element) StanzaOf() string {
	switch e.Name.Space {
	case "", "jabber:client", "jabber:server", "jabber:component:accept":
		if slices.Contains([]string{"message", "presence", "iq"}, e.Name.Local) {
			return e.Name.Local
		}
	}
	return ""
}

// Parse reads all elements of a text. Comments, processing instructions and an XML declaration are skipped, since what people paste comes
// from specs and logs; text between the elements as well. A stream header that is never closed becomes the parent of
// nothing: what follows it is read as if it stood alone.
func Parse(file, text string) ([]*Element, error) {
	if len(text) > MaxSize {
		return nil, &Error{source.Pos{File: file}, fmt.Sprintf("input has %d bytes, the limit is %d", len(text), MaxSize)}
	}
	d := xml.NewDecoder(strings.NewReader(text))
	var all []*Element
	var open *Element
	depth := 0
	fail := func(format string, args ...any) ([]*Element, error) {
		line, col := d.InputPos()
		return nil, &Error{source.Pos{File: file, Line: line, Col: col}, fmt.Sprintf(format, args...)}
	}
	for {
		line, col := d.InputPos()
		start := d.InputOffset()
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if s, ok := errors.AsType[*xml.SyntaxError](err); ok {
				return fail("not well-formed: %s", s.Msg)
			}
			return fail("not well-formed: %v", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return fail("more than %d elements stand inside each other", maxDepth)
			}
			e := &Element{Name: model.Name{Space: t.Name.Space, Local: t.Name.Local}, Pos: source.Pos{File: file, Line: line, Col: col}, Parent: open, start: start}
			for _, a := range t.Attr {
				if a.Name.Space == "xmlns" || a.Name == (xml.Name{Local: "xmlns"}) {
					continue
				}
				e.Attrs = append(e.Attrs, Attr{model.Name{Space: attrSpace(a.Name.Space), Local: a.Name.Local}, a.Value})
			}
			if open == nil {
				all = append(all, e)
			} else {
				open.Children = append(open.Children, e)
			}
			open = e
		case xml.EndElement:
			depth--
			open.Text = open.text.String()
			if open.Parent == nil {
				open.Source = text[open.start:d.InputOffset()]
			}
			open = open.Parent
		case xml.CharData:
			if open != nil {
				open.text.Write(t)
			}
		case xml.Directive:
			return fail("document type declarations are not allowed")
		}
	}
	if len(all) == 0 {
		return fail("there is no element")
	}
	return all, nil
}

// attrSpace is the namespace of an attribute's prefix; xml stands for itself in encoding/xml.
func attrSpace(space string) string {
	if space == "xml" {
		return model.XMLNamespace
	}
	return space
}

// Error is what is wrong with the XML, and where.
type Error struct {
	// Pos is the place.
	Pos source.Pos
	// Msg is the rest.
	Msg string
}

// Error writes e as a diagnostic.
func (e *Error) Error() string { return e.Pos.String() + ": " + e.Msg }
