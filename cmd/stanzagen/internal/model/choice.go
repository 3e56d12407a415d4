package model

import "stanza.invalid/cmd/stanzagen/internal/source"

// Choice is a choice between children: an interface in Go, which the types of all of them implement.
type Choice struct {
	// Pos is where the schema declares it.
	Pos source.Pos
	// Package is the package that declares it.
	Package *Package
	// Parent is the struct that it was declared for. Requests share the choices of their payload.
	Parent *Element
	// GoName is the name of the interface.
	GoName string
	// Doc is the text of the comment; it starts with GoName.
	Doc string
	// Text is the name of a type for text: the choice is what an element of mixed content holds, text and elements in their order.
	// Empty otherwise.
	Text string
	// Other is the name of a type for elements that have the name of an alternative, but not what its condition asks for;
	// in mixed content, for all that are no alternatives. Empty if there are none. They stand in the choice so that the order of all is kept.
	Other string
	// Alternatives are in the order of the schema. Each has kind FieldChild, a struct for a type, and a GoName: that of the
	// struct, or, if the struct is another package's, of a type that embeds it. Doc is set for the latter.
	Alternatives []*Field
}

// Open returns the first alternative of each name that not all elements of that name can be.
func (c *Choice) Open() []*Field {
	var open []*Field
	for i, a := range c.Alternatives {
		conditional := true
		for n, b := range c.Alternatives {
			if b.Name == a.Name {
				conditional = conditional && b.Type.Element.When != nil && n >= i
			}
		}
		if conditional {
			open = append(open, a)
		}
	}
	return open
}

// Wraps reports whether an alternative has a Go type that embeds the struct of another package.
func (c *Choice) Wraps(alternative *Field) bool {
	return alternative.Type.Element.Package != c.Package
}
