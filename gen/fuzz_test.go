package gen_test

import (
	"slices"
	"strings"
	"testing"

	"stanza.invalid/stream/wire"
)

// FuzzCodecs holds the two ways of reading and writing together, for all generated types. Several may have the name of an
// element; which tells which one it is. The bytes of mutations choose changes to the element.
func FuzzCodecs(f *testing.F) {
	table := types()
	for _, x := range examples() {
		outermost(parseExample(f, x), x.Stanza != "", func(r wire.Raw) bool {
			matching := of(table, r)
			for i := range matching {
				f.Add(r.String(), byte(i), []byte(nil))
			}
			return len(matching) > 0
		})
	}
	f.Fuzz(func(t *testing.T, text string, which byte, mutations []byte) {
		r, err := wire.Parse(text)
		if err != nil {
			return
		}
		if len(mutations) > 0 {
			r = mutated(t, r, mutations)
		}
		matching := of(table, r)
		if len(matching) == 0 {
			return
		}
		e := matching[int(which)%len(matching)]
		if err := agree(e, r); err != nil {
			t.Errorf("%s.%s: %v", e.Package, e.GoName, err)
		}
	})
}

// mutated returns r with changes that the bytes choose.
func mutated(t *testing.T, r wire.Raw, choices []byte) wire.Raw {
	tree := treeOf(r)
	for rounds := 0; len(choices) > 0 && rounds < 16; rounds++ {
		tree.mutate(func(n int) int {
			if len(choices) == 0 {
				return 0
			}
			i := int(choices[0]) % n
			choices = choices[1:]
			return i
		})
	}
	var b strings.Builder
	tree.write(&b, "")
	changed, err := wire.Parse(b.String())
	if err != nil {
		t.Fatalf("%s: %v", &b, err)
	}
	return changed
}

// of returns the types that an element can have.
func of(table []entry, r wire.Raw) []entry {
	var matching []entry
	for _, e := range table {
		if slices.Contains(e.Names, r.Name()) {
			matching = append(matching, e)
		}
	}
	return matching
}
