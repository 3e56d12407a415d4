package stanza

import "stanza.invalid/stream/wire"

// A Branch is a payload that shares its name with others: what the element holds, an
// attribute or a child, decides which type it is.
type Branch interface {
	// Fits reports whether an element that has the name is of the type. It is called on
	// nil pointers, too.
	Fits(r wire.Raw) bool
}

// Fits reports whether r is an element of the type of d: it has the name and, if the type
// is a [Branch], what makes it that branch. A nil pointer stands for its type.
func Fits(d Decoder, r Raw) bool { return d.Matches(r.Name()) && fits(d, r) }

// fits is [Fits] for an element that has the name.
func fits(d Decoder, r Raw) bool {
	b, ok := d.(Branch)
	return !ok || b.Fits(r)
}
