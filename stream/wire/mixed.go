package wire

import (
	"encoding/xml"
	"strings"
)

// Content walks over the text and the child elements of an element whose text has a place among them. It is a
// [Cursor] at each element.
type Content struct {
	Cursor
	isText bool
	first  uint32 // the first piece of the text
}

// Content returns a cursor over text and child elements. Call [Content.Next] before the first.
func (r Raw) Content() Content { return Content{Cursor: r.Children()} }

// Next moves to the next element or text and reports whether there is one. Text ends at an element only.
func (c *Content) Next() bool {
	if c.next >= c.end {
		return false
	}
	c.i = c.next
	if c.isText = c.d.word(c.i)&kindText != 0; !c.isText {
		c.next = c.d.next(c.i)
		return true
	}
	c.first = c.i
	for c.next < c.end && c.d.word(c.next)&kindText != 0 {
		c.next += textWords
	}
	return true
}

// IsText reports whether the cursor is at text.
func (c *Content) IsText() bool { return c.isText }

// Text returns the text that the cursor is at.
func (c *Content) Text() string { return Raw{d: c.d}.joinText(c.first, c.next) }

// Size returns how many elements and texts there are from here on.
func (c *Content) Size() int {
	n, rest := 0, *c
	for rest.Next() {
		n++
	}
	return n
}

// StdStart begins to read an element anew with encoding/xml, for types of mixed content, whose elements and text that
// package would part.
func StdStart(r Raw) (*xml.Decoder, xml.StartElement, error) {
	d := xml.NewDecoder(strings.NewReader(r.String()))
	for {
		token, err := d.Token()
		if err != nil {
			return nil, xml.StartElement{}, err
		}
		if start, ok := token.(xml.StartElement); ok {
			return d, start, nil
		}
	}
}
