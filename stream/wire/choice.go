package wire

import (
	"encoding/xml"
	"strings"
)

// Rest returns how many children there are from the current one on; slices of
// children with different names are made in one piece with it.
func (c *Cursor) Rest() int {
	n, rest := 1, *c
	rest.stray = true // nobody asks
	for rest.Next() {
		n++
	}
	return n
}

// MissingChoice returns the error for an element r that has none of the children
// of which one has to be there.
func (r Raw) MissingChoice(names ...string) error {
	return &DecodeError{Element: r.Name(), Reason: "has none of <" + strings.Join(names, "/>, <") + "/>"}
}

// StdChild is a child element under a name that its value does not know.
type StdChild struct {
	Space, Local string
	// Value is what encoding/xml writes. In mixed content, that is an xml.CharData for text, which has no name.
	Value any
}

// MarshalXML writes the value under the name, whatever start says.
func (c StdChild) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	if text, ok := c.Value.(xml.CharData); ok {
		return e.EncodeToken(text)
	}
	return e.EncodeElement(c.Value, xml.StartElement{Name: xml.Name{Space: c.Space, Local: c.Local}})
}
