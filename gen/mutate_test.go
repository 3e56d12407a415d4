package gen_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// node is an element that can be changed.
type node struct {
	name  wire.Name
	attrs []wire.Attr
	kids  []*node
	text  string
}

func treeOf(r wire.Raw) *node {
	n := &node{name: r.Name(), text: r.Text()}
	for a := r.Attrs(); a.Next(); {
		n.attrs = append(n.attrs, wire.Attr{Name: a.Expanded(), Value: a.Value()})
	}
	for c := r.Children(); c.Next(); {
		n.kids = append(n.kids, treeOf(c.Raw()))
	}
	if len(n.kids) > 0 {
		n.text = strings.TrimSpace(n.text)
	}
	return n
}

// all returns the node and all below it.
func (n *node) all() []*node {
	list := []*node{n}
	for _, k := range n.kids {
		list = append(list, k.all()...)
	}
	return list
}

func (n *node) copy() *node {
	c := &node{name: n.name, attrs: append([]wire.Attr(nil), n.attrs...), text: n.text}
	for _, k := range n.kids {
		c.kids = append(c.kids, k.copy())
	}
	return c
}

// write makes XML of the node, in double quotes and with a prefix for every other namespace, which is not how our
// own writer does it.
func (n *node) write(b *strings.Builder, ns string) {
	prefixed := len(n.name.Local)%2 == 1 && n.name.Space != "" && n.name.Space != ns
	name, inside := n.name.Local, n.name.Space
	if prefixed {
		name, inside = "x:"+name, ns
	}
	b.WriteString("<" + name)
	switch {
	case prefixed:
		b.WriteString(` xmlns:x="` + escape(n.name.Space) + `"`)
	case n.name.Space != ns:
		b.WriteString(` xmlns="` + escape(n.name.Space) + `"`)
	}
	for i, a := range n.attrs {
		local := a.Name.Local
		switch a.Name.Space {
		case "":
		case wire.NSXML:
			local = "xml:" + local
		default:
			p := "a" + string(rune('a'+i%26)) + string(rune('a'+i/26%26))
			b.WriteString(" xmlns:" + p + `="` + escape(a.Name.Space) + `"`)
			local = p + ":" + local
		}
		b.WriteString(" " + local + ` = "` + escape(a.Value) + `"`)
	}
	b.WriteString(">")
	b.WriteString(escape(n.text))
	for _, k := range n.kids {
		k.write(b, inside)
	}
	b.WriteString("</" + name + " >")
}

func escape(s string) string {
	return strings.NewReplacer("&", "&#38;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#13;", "\n", "&#10;", "\t", "&#9;").Replace(s)
}

// texts are what values are replaced by.
func texts() []string {
	return []string{
		"", " ", "0", "1", "-1", "5", " 5 ", "+5", "007", "255", "256", "65535", "2147483647", "4294967296", "18446744073709551615",
		"true", "false", " true", "TRUE", "1.5", "-0", ".5", "1e30", "1E-9", "100000000000000000000000", "INF", "-INF", "NaN", "+Inf",
		"a", "ä€😀", "<&>'\"", "a\nb\tc\r", "user@example.org", "USER@Example.ORG/Résumé", "@", "2026-11-24T08:30:00Z",
		"2026-11-24T08:30:00.250+02:00", "2026-11-24", "08:30:00", "08:30:00-05:00", "aGVsbG8=", "aGVs bG8", "aGVsbG9=", "", "c0ffee",
		"C0FFEE", "none", "get", "set", "result", "urn:example:x", "en", "de-CH",
	}
}

// mutate changes something somewhere in the tree.
func (n *node) mutate(pick func(n int) int) {
	nodes := n.all()
	at := nodes[pick(len(nodes))]
	other := nodes[pick(len(nodes))]
	value := texts()[pick(len(texts()))]
	switch pick(12) {
	case 0:
		at.text = value
	case 1, 2:
		if len(at.attrs) > 0 {
			at.attrs[pick(len(at.attrs))].Value = value
		}
	case 3:
		if len(at.attrs) > 0 {
			i := pick(len(at.attrs))
			at.attrs = append(at.attrs[:i:i], at.attrs[i+1:]...)
		}
	case 4:
		if len(at.kids) > 0 {
			i := pick(len(at.kids))
			at.kids = append(at.kids[:i:i], at.kids[i+1:]...)
		}
	case 5:
		if len(at.kids) > 0 {
			at.kids = append(at.kids, at.kids[pick(len(at.kids))].copy())
		}
	case 6:
		at.add(wire.Name{Local: "unknown"}, value)
	case 7:
		if len(at.attrs) > 0 {
			at.add(wire.Name{Space: "urn:example:other", Local: at.attrs[pick(len(at.attrs))].Name.Local}, value)
		}
	case 8:
		at.add(wire.Name{Space: wire.NSXML, Local: "lang"}, value)
	case 9:
		at.kids = append(at.kids, &node{name: wire.Name{Space: []string{"urn:example:other", "", at.name.Space}[pick(3)], Local: "unknown"}, text: value})
	case 10:
		if at != n {
			at.name.Space = other.name.Space
		}
	case 11:
		if other != n {
			at.kids = append(at.kids, other.copy())
		}
	}
}

// add adds an attribute that is not there yet.
func (n *node) add(name wire.Name, value string) {
	for _, a := range n.attrs {
		if a.Name == name {
			return
		}
	}
	n.attrs = append(n.attrs, wire.Attr{Name: name, Value: value})
}

// TestMutations checks what FuzzCodecs does for the examples, changed in ways that elements come in: with values left out
// or spelled in other ways, with children that are repeated, of other namespaces, in the wrong place.
func TestMutations(t *testing.T) {
	t.Parallel()
	table := types()
	rng := rand.New(rand.NewPCG(1, 2))
	list := examples()
	rounds := max(10, 12000/len(list)) // as many in all, however many schemas there are
	if testing.Short() {
		rounds = 5
	}
	accepted, refused := 0, 0
	for _, x := range list {
		outermost(parseExample(t, x), x.Stanza != "", func(r wire.Raw) bool {
			matching := of(table, r)
			for _, e := range matching {
				if !stanza.Fits(e.New(), r) {
					continue
				}
				for range rounds {
					tree := treeOf(r)
					for range 1 + rng.IntN(3) {
						tree.mutate(rng.IntN)
					}
					var b strings.Builder
					tree.write(&b, "")
					changed, err := wire.Parse(b.String())
					require.NoError(t, err, b.String())
					require.NoError(t, agree(e, changed), "%s.%s", e.Package, e.GoName)
					if e.New().DecodeXML(changed) == nil {
						accepted++
					} else {
						refused++
					}
				}
			}
			return len(matching) > 0
		})
	}
	require.Greater(t, accepted, refused)
	require.Positive(t, refused)
}
