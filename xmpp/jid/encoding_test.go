package jid_test

import (
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp/jid"
)

func TestText(t *testing.T) {
	t.Parallel()
	j := jid.MustParse("romeo@montague.example/orchard")
	text, err := j.MarshalText()
	require.NoError(t, err)
	require.Equal(t, j.String(), string(text))
	text, err = j.AppendText([]byte("to="))
	require.NoError(t, err)
	require.Equal(t, "to="+j.String(), string(text))

	var k jid.JID
	require.NoError(t, k.UnmarshalText([]byte("Romeo@montague.example/orchard")))
	require.True(t, j == k)
	require.ErrorIs(t, k.UnmarshalText([]byte("@")), jid.ErrEmpty)
	require.True(t, j == k, "a failure leaves the value alone")

	buffer := []byte("a@b/c")
	require.NoError(t, k.UnmarshalText(buffer))
	copy(buffer, "xxxxx")
	require.Equal(t, "a@b/c", k.String(), "the text is copied")
	require.NoError(t, k.UnmarshalText(nil))
	require.True(t, k.IsZero())
	require.Equal(t, "<romeo@montague.example/orchard>", fmt.Sprintf("<%v>", j))
}

func TestFlag(t *testing.T) {
	t.Parallel()
	set := flag.NewFlagSet("test", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	var to jid.JID
	set.TextVar(&to, "to", jid.MustParse("example.org"), "the recipient")
	require.NoError(t, set.Parse(nil))
	require.Equal(t, "example.org", to.String())
	require.NoError(t, set.Parse([]string{"-to", "Juliet@capulet.example"}))
	require.Equal(t, "juliet@capulet.example", to.String())
	require.Error(t, set.Parse([]string{"-to", "@"}))
}

func TestJSON(t *testing.T) {
	t.Parallel()
	type document struct {
		To      jid.JID            `json:"to"`
		From    jid.JID            `json:"from,omitzero"`
		Owner   *jid.JID           `json:"owner,omitempty"`
		Members []jid.JID          `json:"members"`
		Nicks   map[jid.JID]string `json:"nicks"`
	}
	owner := jid.MustParse("owner@example.org")
	in := document{
		Owner:   &owner,
		Members: []jid.JID{jid.MustParse("a@b/<c>"), {}},
		Nicks:   map[jid.JID]string{jid.MustParse("é@example.org"): "É"},
	}
	data, err := json.Marshal(in)
	require.NoError(t, err)
	require.JSONEq(t, `{"to":"","owner":"owner@example.org","members":["a@b/<c>",""],"nicks":{"é@example.org":"É"}}`, string(data))
	var out document
	require.NoError(t, json.Unmarshal(data, &out))
	require.Equal(t, in, out)

	require.NoError(t, json.Unmarshal([]byte(`{"nicks":{"Romeo@MONTAGUE.example":"r"}}`), &out))
	require.Contains(t, out.Nicks, jid.MustParse("romeo@montague.example"))
	err = json.Unmarshal([]byte(`{"to":"a b@example.org"}`), &out)
	require.ErrorIs(t, err, jid.ErrCharacter)
}

func TestXML(t *testing.T) {
	t.Parallel()
	type item struct {
		XMLName struct{}  `xml:"urn:example item"`
		JID     jid.JID   `xml:"jid,attr"`
		By      jid.JID   `xml:"by,attr,omitempty"`
		Via     *jid.JID  `xml:"via,attr,omitempty"`
		Owner   jid.JID   `xml:"urn:example owner"`
		Members []jid.JID `xml:"urn:example member"`
	}
	via := jid.MustParse("proxy.example")
	tests := []struct {
		value item
		want  string
	}{
		{item{}, `<item xmlns="urn:example"></item>`},
		{
			item{
				JID: jid.MustParse("a@b/'<&\""), By: jid.MustParse("b.example"), Via: &via,
				Owner:   jid.MustParse("é@example.org"),
				Members: []jid.JID{jid.MustParse("a@b/<"), jid.MustParse("c")},
			},
			`<item xmlns="urn:example" jid="a@b/&#39;&lt;&amp;&#34;" by="b.example" via="proxy.example">` +
				`<owner xmlns="urn:example">é@example.org</owner>` +
				`<member xmlns="urn:example">a@b/&lt;</member><member xmlns="urn:example">c</member></item>`,
		},
	}
	for _, tt := range tests {
		data, err := xml.Marshal(tt.value)
		require.NoError(t, err)
		require.Equal(t, tt.want, string(data))
		var out item
		require.NoError(t, xml.Unmarshal(data, &out))
		require.Equal(t, tt.value, out)
	}

	var text struct {
		XMLName xml.Name `xml:"jid"`
		JID     jid.JID  `xml:",chardata"`
	}
	require.NoError(t, xml.Unmarshal([]byte("<jid>Romeo@montague.example</jid>"), &text))
	require.Equal(t, "romeo@montague.example", text.JID.String())
	data, err := xml.Marshal(text)
	require.NoError(t, err)
	require.Equal(t, "<jid>romeo@montague.example</jid>", string(data))

	var out item
	for _, doc := range []string{
		`<item xmlns="urn:example" jid="@"/>`,
		`<item xmlns="urn:example"><owner>@</owner></item>`,
	} {
		require.ErrorIs(t, xml.Unmarshal([]byte(doc), &out), jid.ErrEmpty)
	}
}
