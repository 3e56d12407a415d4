package stanzaxml

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

func TestParse(t *testing.T) {
	t.Parallel()
	all, err := Parse("in", `<?xml version='1.0'?>
<!-- a comment -->
<message to='a' xml:lang='de'>
  <x:received xmlns:x='urn:xmpp:receipts' x:id='1' id='2'>a<b/>c</x:received>
</message> some text
<iq xmlns='jabber:client'/><iq xmlns='urn:other'/>`)
	require.NoError(t, err)
	require.Len(t, all, 3)
	m := all[0]
	require.Equal(t, "message", m.StanzaOf())
	require.Equal(t, "iq", all[1].StanzaOf())
	require.Empty(t, all[2].StanzaOf())
	require.Equal(t, "in:3:1", m.Pos.String())
	require.Equal(t, "<iq xmlns='jabber:client'/>", all[1].Source)
	require.Regexp(t, `(?s)^<message to='a'.*</message>$`, m.Source)
	require.Equal(t, []Attr{{model.Name{Local: "to"}, "a"}, {model.Name{Space: model.XMLNamespace, Local: "lang"}, "de"}}, m.Attrs)
	require.False(t, m.HasText())
	r := m.Children[0]
	require.Equal(t, model.Name{Space: "urn:xmpp:receipts", Local: "received"}, r.Name)
	require.Equal(t, "in:4:3", r.Pos.String())
	require.Equal(t, "ac", r.Text)
	require.Same(t, m, r.Parent)
	id, ok := r.Attr("id")
	require.Equal(t, "2", id)
	require.True(t, ok)
	_, ok = r.Attr("nothing")
	require.False(t, ok)
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                   "in:1:1: there is no element",
		"text":                               "there is no element",
		"<a>":                                "not well-formed: unexpected EOF",
		"<a>\n</b>":                          "in:2:5: not well-formed: element <a> closed by </b>",
		"<a b=c/>":                           "not well-formed",
		"<a>&bomb;</a>":                      "not well-formed: invalid character entity &bomb;",
		"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>": "document type declarations are not allowed",
		strings.Repeat("<a>", 300):           "more than 200 elements stand inside each other",
		strings.Repeat("a", MaxSize+1):       "the limit is",
	} {
		_, err := Parse("in", in)
		require.ErrorContains(t, err, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("<message xmlns='jabber:client'><body>a</body></message>")
	f.Fuzz(func(t *testing.T, s string) {
		all, err := Parse("in", s)
		require.Equal(t, err == nil, len(all) > 0)
	})
}
