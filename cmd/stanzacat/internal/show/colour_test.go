package show_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzacat/internal/paste"
	"stanza.invalid/cmd/stanzacat/internal/show"
	"stanza.invalid/internal/typed"
	"stanza.invalid/stream/wire"
)

// TestColours checks that colours add to the text and change nothing in it, and that what is unknown and what is
// invalid look different.
func TestColours(t *testing.T) {
	t.Parallel()
	table := typed.NewTable()
	var records []*show.Record
	for i, text := range []string{
		`<message to='a@b' colour='red'><body>a "b" &lt;c&gt;</body><x xmlns='urn:example:x'/><received xmlns='urn:xmpp:receipts' x='1'/></message>`,
		`<presence to='@'><c xmlns='http://jabber.org/protocol/caps'>text</c><html xmlns='http://jabber.org/protocol/xhtml-im'>a<b/>c</html></presence>`,
		`<stream xmlns='http://etherx.jabber.org/streams' to='a'/>`,
	} {
		r, err := wire.ParseIn(text, wire.NewContext(wire.NSClient, ""))
		require.NoError(t, err)
		records = append(records, &show.Record{N: i + 1, Direction: paste.Out, Time: "10:00:00", Element: table.Read(r)})
	}
	records = append(records, &show.Record{N: 9, Line: 5, File: "a.xml", Err: errors.New("--wrong--"), Text: "<a--"}, &show.Record{Kind: paste.Footer, Direction: paste.In})
	records[2].Kind = paste.Header
	escape := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for name, plain := range show.Formats(false) {
		coloured := show.Formats(true)[name]
		for _, rec := range records {
			var a, b strings.Builder
			require.NoError(t, plain(&a, rec))
			require.NoError(t, coloured(&b, rec))
			require.NotContains(t, a.String(), "\x1b")
			require.Equal(t, a.String(), escape.ReplaceAllString(b.String(), ""))
			switch {
			case name == "jsonl": // for programs
				require.Equal(t, a.String(), b.String())
			case rec == records[0]:
				require.Contains(t, b.String(), "\x1b[1;33m", name)
			case rec == records[1], rec == records[3]:
				require.Contains(t, b.String(), "\x1b[1;31m", name)
			}
		}
	}
}
