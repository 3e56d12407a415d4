// Package gen_test checks the generated packages: they read and write the examples of their schemas without loss, and
// their fast codecs agree with encoding/xml. That the files are up to date is checked where they are made, by
// TestGenerated of cmd/stanzagen.
package gen_test

import (
	"path"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/all"
	sample "stanza.invalid/gen/internal/all"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

type (
	entry   = all.Entry
	example = all.Example
)

// types returns all types, with those of the sample schema, which has what the others have no use for.
func types() []entry {
	list := all.Types()
	for _, e := range sample.Types() {
		list = append(list, entry(e))
	}
	return list
}

// examples returns the examples of all schemas.
func examples() []example {
	list := all.Examples()
	for _, x := range sample.Examples() {
		list = append(list, example(x))
	}
	return list
}

// TestExamples decodes each example of the schemas through its types. Nothing is unknown, and the same comes out
// again, with the fast codec and with encoding/xml.
func TestExamples(t *testing.T) {
	t.Parallel()
	entries := map[string]entry{}
	for _, e := range types() {
		entries[e.Package+"."+e.GoName] = e
	}
	for _, x := range examples() {
		t.Run(path.Base(x.Package), func(t *testing.T) {
			t.Parallel()
			root := parseExample(t, x)
			if x.Stanza != "" {
				s, err := stanza.Parse(x.XML)
				require.NoError(t, err)
				b, err := s.AppendXML(nil, "")
				require.NoError(t, err)
				again, err := wire.Parse(string(b))
				require.NoError(t, err)
				require.True(t, wire.Equal(root, again), "%s\nbecame\n%s", root, again)
			}
			types := x.Types
			outermost(root, x.Stanza != "", func(r wire.Raw) bool {
				if len(types) == 0 {
					return false
				}
				e := entries[x.Package+"."+types[0]]
				require.NotNil(t, e.New, types[0])
				if !e.New().Matches(r.Name()) {
					return false
				}
				types = types[1:]
				v := e.New()
				require.NoError(t, v.DecodeXML(r), "%s", r)
				require.Empty(t, unknown(v, false), "%s", r)
				b, err := v.AppendXML(nil, "")
				require.NoError(t, err)
				again, err := wire.Parse(string(b))
				require.NoError(t, err)
				require.True(t, wire.Equal(r, again), "%s\nbecame\n%s", r, again)
				require.NoError(t, agree(e, r))
				return true
			})
			require.Empty(t, types, "types that the example should have, but has not:\n%s", root)
		})
	}
}

func parseExample(t testing.TB, x example) wire.Raw {
	var ctx *wire.Context
	if x.Stanza != "" {
		ctx = wire.NewContext(wire.NSClient, "")
	}
	r, err := wire.ParseIn(x.XML, ctx)
	require.NoError(t, err, x.XML)
	return r
}

// outermost calls take for each element, and goes into those that it does not take. The root is left out if it is a
// stanza.
func outermost(r wire.Raw, skip bool, take func(wire.Raw) bool) {
	if !skip && take(r) {
		return
	}
	for c := r.Children(); c.Next(); {
		outermost(c.Raw(), false, take)
	}
}

// TestTypes checks the table of types: names match, and requests know their type of IQ.
func TestTypes(t *testing.T) {
	t.Parallel()
	for _, e := range types() {
		require.NotEmpty(t, e.Names, e.GoName)
		for _, n := range e.Names {
			require.True(t, e.New().Matches(n), "%s %s", e.GoName, n)
			require.False(t, e.New().Matches(wire.Name{Space: n.Space + "x", Local: n.Local}))
			require.False(t, e.New().Matches(wire.Name{Space: n.Space, Local: n.Local + "x"}))
		}
		if len(e.Names) == 1 {
			require.Equal(t, e.Names[0], e.New().WireName())
		}
		q, ok := e.New().(interface{ IQType() stanza.IQType })
		require.Equal(t, e.IQType != "", ok, e.GoName)
		if ok {
			require.Equal(t, e.IQType, q.IQType())
		}
		err := e.New().DecodeXML(wire.Raw{})
		require.ErrorAs(t, err, new(*wire.DecodeError), e.GoName)
	}
}
