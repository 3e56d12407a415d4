// Package typed reads any element through the types of gen/all: stanzas with what they carry,
// payloads alone, elements of the stream. It says what no schema knows and what does not fit, and
// writes the element again from the typed values.
package typed

import (
	"path"
	"slices"

	"stanza.invalid/gen/all"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// Table finds types by the names of elements. It is not changed by its use.
type Table struct {
	entries map[wire.Name][]all.Entry
}

// NewTable returns the table of all types.
func NewTable() *Table {
	t := &Table{entries: map[wire.Name][]all.Entry{}}
	for _, e := range all.Types() {
		for _, n := range e.Names {
			t.entries[n] = append(t.entries[n], e)
		}
	}
	return t
}

// Type is a Go type of an element.
type Type struct {
	// Name is the type as programs write it: receipts.Request.
	Name string
	// Package is the import path of its package.
	Package string

	make func() stanza.Decoder
}

func typeOf(e all.Entry) *Type {
	return &Type{Name: path.Base(e.Package) + "." + e.GoName, Package: e.Package, make: e.New}
}

// Find returns the type of an element that stands in an IQ of a type, or, where that is empty, elsewhere;
// nil if no schema knows the element. Requests share their name with answers and with each other: in an IQ of type get or
// set an element is the request of that type, and elsewhere the element itself, if the schema has those.
// Of several types that what they hold tells apart, it is the one that fits.
func (t *Table) Find(r wire.Raw, iq stanza.IQType) *Type {
	if (*stanza.Error)(nil).Matches(r.Name()) {
		return &Type{Name: "stanza.Error", make: func() stanza.Decoder { return new(stanza.Error) }}
	}
	entries := t.entries[r.Name()]
	request := func(e all.Entry) bool { return e.IQType != "" && e.IQType == iq }
	own := func(e all.Entry) bool { return e.IQType == "" }
	fits := func(e all.Entry) bool { return stanza.Fits(e.New(), r) }
	decodes := func(e all.Entry) bool { return e.New().DecodeXML(r) == nil }
	order := []func(all.Entry) bool{
		func(e all.Entry) bool { return request(e) && fits(e) },
		func(e all.Entry) bool { return own(e) && fits(e) },
		fits, request, own,
	}
	if iq == stanza.IQError {
		// an error may hold the request that failed
		order = slices.Insert(order, 0,
			func(e all.Entry) bool { return own(e) && fits(e) && decodes(e) },
			func(e all.Entry) bool { return fits(e) && decodes(e) })
	}
	for _, wanted := range order {
		if i := slices.IndexFunc(entries, wanted); i >= 0 {
			return typeOf(entries[i])
		}
	}
	if len(entries) > 0 {
		return typeOf(entries[0])
	}
	return nil
}
