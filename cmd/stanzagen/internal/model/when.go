package model

import "stanza.invalid/cmd/stanzagen/internal/source"

// When tells elements of the same name apart.
type When struct {
	// Pos is where the schema says it.
	Pos source.Pos
	// Attr is the name of an attribute, which has no field, and Value its value; or Attr is empty.
	Attr, Value string
	// Child is a child that has to be there. It is a field of the struct and required; or, if it is a flag, one of its own that
	// says nothing more and has the index behind the last; or nil.
	Child *Field
}

// Implied reports whether the child is no field of the struct.
func (w *When) Implied() bool { return w.Child != nil && w.Child.Type.Scalar == Flag }

// Same reports whether two conditions are the same.
func (w *When) Same(o *When) bool {
	switch {
	case w == nil || o == nil:
		return w == o
	case w.Child == nil || o.Child == nil:
		return w.Child == o.Child && w.Attr == o.Attr && w.Value == o.Value
	}
	return w.Child.Name == o.Child.Name
}

// Alike reports whether two conditions look at the same thing, so that only one of them can hold if they differ.
func (w *When) Alike(o *When) bool { return w.Attr == o.Attr && (w.Child == nil) == (o.Child == nil) }

// String says what the condition is, as the end of a sentence.
func (w *When) String() string {
	if w.Child != nil {
		return "there is a child <" + w.Child.Name.Local + "/>"
	}
	return "the attribute " + w.Attr + " is " + w.Value
}
