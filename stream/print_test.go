package stream

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

func TestT1Print(t *testing.T) {
	t.Parallel()
	m := message("1")
	nested, err := wire.Parse("<f xmlns='urn:f'><message xmlns='jabber:client'><body>x</body></message><g/>a<h/>b</f>")
	require.NoError(t, err)
	m.Add(nested)
	foreign, err := wire.Parse("<a xmlns='urn:a' xmlns:p='urn:p' xmlns:q='urn:q' p:x='1' q:x='&lt;' xml:lang='de'><p:b/></a>")
	require.NoError(t, err)
	features, err := wire.Parse("<s:features xmlns:s='" + wire.NSStream + "'><bind xmlns='urn:b'/></s:features>")
	require.NoError(t, err)
	for _, tt := range []struct {
		name string
		p    Printer
		e    stanza.Payload
		want string
	}{
		{"stanza without declaration", Printer{}, message("1"), "<message to='friend@example.net/there' id='1' type='chat'><body>hello</body></message>"},
		{"default namespace", Printer{Default: "urn:other"}, &stanza.Presence{ID: "2"}, "<presence xmlns='jabber:client' id='2'/>"},
		{"open tag", Printer{OpenTag: true}, m, "<message to='friend@example.net/there' id='1' type='chat'>"},
		{"nested", Printer{}, m, "<message to='friend@example.net/there' id='1' type='chat'><body>hello</body><f xmlns='urn:f'><message xmlns='jabber:client'><body>x</body></message><g/>a<h/>b</f></message>"},
		{"foreign attributes", Printer{}, foreign, "<a xmlns='urn:a' xmlns:ns0='urn:p' ns0:x='1' xmlns:ns1='urn:q' ns1:x='&lt;' xml:lang='de'><b xmlns='urn:p'/></a>"},
		{"stream prefix", Printer{}, features, "<stream:features><bind xmlns='urn:b'/></stream:features>"},
		{"known prefixes", Printer{Prefixes: map[string]string{"urn:p": "p", "urn:a": "a"}}, foreign, "<a:a p:x='1' xmlns:ns0='urn:q' ns0:x='&lt;' xml:lang='de'><p:b/></a:a>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.p.Print(tt.e)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
	_, err = Printer{}.Print(&stanza.Message{ID: "\x00"})
	var bad *wire.EncodeError
	require.ErrorAs(t, err, &bad)
	require.Contains(t, Print(&stanza.Message{ID: "\x00"}), "XML")
	require.Equal(t, "<presence/>", Print(&stanza.Presence{}))
}
