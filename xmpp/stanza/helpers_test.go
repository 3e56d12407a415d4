package stanza_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

const nsNote = "urn:example:note"

// note is a payload as a generated package would have it: <note id='1'>text</note>.
type note struct {
	XMLName struct{} `xml:"urn:example:note note"`
	ID      string   `xml:"id,attr"`
	Text    string   `xml:",chardata"`
}

func (*note) WireName() wire.Name      { return wire.Name{Space: nsNote, Local: "note"} }
func (*note) Matches(n wire.Name) bool { return n == (*note)(nil).WireName() }
func (*note) IQType() stanza.IQType    { return stanza.Get }
func (n *note) DecodeXML(r wire.Raw) error {
	id, ok := r.Attr("id")
	if !ok {
		return r.MissingAttr("id")
	}
	n.ID, n.Text = id, r.Text()
	return nil
}

func (n *note) AppendXML(b []byte, ns string) ([]byte, error) {
	b, err := wire.AppendOpen(b, n.WireName(), ns)
	if err != nil {
		return b, err
	}
	if b, err = wire.AppendAttr(b, " id='", n.ID); err != nil {
		return b, err
	}
	return wire.AppendLeaf(b, ">", n.Text, "</note>")
}

// copied is another type for elements of the same name, which only one's own account may
// send.
type copied struct{ note }

func (*copied) WireName() wire.Name           { return (*note)(nil).WireName() }
func (*copied) Matches(n wire.Name) bool      { return n == (*note)(nil).WireName() }
func (*copied) SenderRule() stanza.SenderRule { return stanza.FromOwnAccount }

// broken is a payload that cannot be written.
type broken struct{ note }

func (*broken) AppendXML(b []byte, _ string) ([]byte, error) {
	return b, &wire.EncodeError{Reason: "broken"}
}

var (
	_ stanza.Decoder = (*note)(nil)
	_ stanza.Ruled   = (*copied)(nil)
)

var (
	juliet = jid.MustParse("juliet@example.com/balcony")
	romeo  = jid.MustParse("romeo@example.net/orchard")
)

func raw(t testing.TB, text string) wire.Raw {
	t.Helper()
	r, err := wire.ParseIn(text, wire.NewContext(wire.NSClient, ""))
	require.NoError(t, err, "%s", text)
	return r
}

func parse[S stanza.Stanza](t testing.TB, text string) S {
	t.Helper()
	s, err := stanza.Parse(text)
	require.NoError(t, err, "%s", text)
	v, ok := s.(S)
	require.True(t, ok, "%T", s)
	return v
}

func encode(t testing.TB, p stanza.Payload) string {
	t.Helper()
	b, err := p.AppendXML(nil, wire.NSClient)
	require.NoError(t, err)
	return string(b)
}

// requireSame fails unless the stanza is written as what is the same element as text.
func requireSame(t testing.TB, text string, p stanza.Payload) {
	t.Helper()
	out := encode(t, p)
	require.True(t, wire.Equal(raw(t, text), raw(t, out)), "received %s\nwritten  %s", text, out)
}

// example is one line of the collection of published examples.
type example struct {
	ID        string
	Fragments []struct{ Kind, NS, Local, XML string }
}

// examples calls do with each published stanza.
func examples(t *testing.T, do func(id, text string)) {
	t.Helper()
	dir := os.Getenv("XMPP_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	for _, name := range []string{"xeps.jsonl", "rfcs.jsonl"} {
		f, err := os.Open(filepath.Join(dir, "examples", name))
		if err != nil {
			t.Skip("no published examples: ", err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var e example
			require.NoError(t, json.Unmarshal(lines.Bytes(), &e))
			for _, fragment := range e.Fragments {
				if fragment.Kind == "stanza" {
					do(e.ID, fragment.XML)
				}
			}
		}
		require.NoError(t, lines.Err())
	}
}
