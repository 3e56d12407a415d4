package gen_test

import (
	"slices"
	"strings"
	"testing"

	"stanza.invalid/gen/all"
	"stanza.invalid/stream/wire"
)

// sortStable sorts attributes.
func sortStable(s []string) { slices.Sort(s) }

// sortByName sorts children by name and keeps the order of those of the same name.
func sortByName(s []string) {
	name := func(s string) string { n, _, _ := strings.Cut(s, "<"); return n }
	slices.SortStableFunc(s, func(a, b string) int { return strings.Compare(name(a), name(b)) })
}

// FuzzCodecs holds the two ways of reading and writing together, for all generated types. Several may have the name of an
// element; which tells which one it is.
func FuzzCodecs(f *testing.F) {
	types := all.Types()
	for _, x := range all.Examples() {
		outermost(parseExample(f, x), x.Stanza != "", func(r wire.Raw) bool {
			matching := of(types, r)
			for i := range matching {
				f.Add(r.String(), byte(i))
			}
			return len(matching) > 0
		})
	}
	f.Fuzz(func(t *testing.T, text string, which byte) {
		r, err := wire.Parse(text)
		if err != nil {
			return
		}
		matching := of(types, r)
		if len(matching) == 0 {
			return
		}
		e := matching[int(which)%len(matching)]
		if err := agree(e, r); err != nil {
			t.Errorf("%s.%s: %v", e.Package, e.GoName, err)
		}
	})
}

// of returns the types that an element can have.
func of(types []all.Entry, r wire.Raw) []all.Entry {
	var matching []all.Entry
	for _, e := range types {
		if slices.Contains(e.Names, r.Name()) {
			matching = append(matching, e)
		}
	}
	return matching
}
