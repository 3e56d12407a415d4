package typed_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/typed"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// TestRead reads elements and looks at what is said of them.
func TestRead(t *testing.T) {
	t.Parallel()
	table := typed.NewTable()
	for _, tt := range []struct {
		name, xml      string
		types          []string // of the payloads, "" for none
		unknown, stray []string
		invalid        []string // parts of the errors
		written        string   // if it is not the same
	}{
		{
			name: "a message", xml: `<message type='chat'><body>a</body><request xmlns='urn:xmpp:receipts'/><x xmlns='urn:example:x'/></message>`,
			types: []string{"receipts.Request", ""},
		},
		{
			name:  "the type of the IQ says which type the payload has",
			xml:   `<iq type='get' id='1'><query xmlns='http://jabber.org/protocol/muc#admin'><item role='moderator'/></query></iq>`,
			types: []string{"muc.AdminGet"},
		},
		{name: "set", xml: `<iq type='set' id='1'><query xmlns='http://jabber.org/protocol/muc#admin'/></iq>`, types: []string{"muc.AdminSet"}},
		{name: "result", xml: `<iq type='result' id='1'><query xmlns='http://jabber.org/protocol/muc#admin'/></iq>`, types: []string{"muc.AdminQuery"}},
		{name: "alone", xml: `<query xmlns='http://jabber.org/protocol/muc#admin'/>`, types: []string{"muc.AdminQuery"}},
		{
			name:  "an error that repeats the request",
			xml:   `<iq type='error' id='1'><block xmlns='urn:xmpp:blocking'><item jid='a@b'/></block><error type='cancel' code='405'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
			types: []string{"block.Block"},
		},
		{name: "a nonza", xml: `<r xmlns='urn:xmpp:sm:3'/>`, types: []string{"sm.Request"}},
		{name: "no schema", xml: `<nobody xmlns='urn:example:x'><knows/></nobody>`, types: []string{""}},
		{name: "an error in a message of another type", xml: `<message><error type='wait'/></message>`, types: []string{"stanza.Error"}},
		{
			name:    "unknown parts of a payload",
			xml:     `<message><received xmlns='urn:xmpp:receipts' id='1' colour='red' x:y='z' xmlns:x='urn:example:x'><mark/><x:mark/>text</received></message>`,
			types:   []string{"receipts.Received"},
			unknown: []string{"received/@colour", "received/@{urn:example:x}y", "received/mark", "received/{urn:example:x}mark"},
			stray:   []string{"received/text()"},
		},
		{
			name:    "unknown parts of a stanza",
			xml:     `<presence colour='red'><status xml:lang='en' x='1'>a<b/></status></presence>`,
			unknown: []string{"presence/@colour", "presence/status/@x", "presence/status/b"},
		},
		{
			name:    "deep inside",
			xml:     `<x xmlns='jabber:x:data' type='form'><field var='a'/><field var='b' colour='red'><option><value>1</value><hint/></option></field></x>`,
			types:   []string{"form.Form"},
			unknown: []string{"x/field/@colour", "x/field/option/hint"},
		},
		{
			name: "in a forwarded stanza",
			xml: `<message><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' colour='red'>` +
				`<body>a</body><active xmlns='http://jabber.org/protocol/chatstates' x='1'/><x xmlns='urn:example:x'/></message></forwarded></received></message>`,
			types: []string{"carbons.Received"},
			unknown: []string{
				"received/{urn:xmpp:forward:0}forwarded/message/@colour",
				"received/{urn:xmpp:forward:0}forwarded/message/{http://jabber.org/protocol/chatstates}active/@x",
			},
		},
		{
			name: "in open content",
			xml: `<message><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='n'><item id='1'>` +
				`<tune xmlns='http://jabber.org/protocol/tune'><title>a</title><loud/></tune></item></items></event></message>`,
			types:   []string{"pubsub.Event"},
			unknown: []string{"event/items/item/{http://jabber.org/protocol/tune}tune/loud"},
		},
		{
			name:    "every value that is invalid, and the rest nevertheless",
			xml:     `<message><delay xmlns='urn:xmpp:delay' from='@@' stamp='yesterday'/><received xmlns='urn:xmpp:receipts'/></message>`,
			types:   []string{"delay.Delay", "receipts.Received"},
			invalid: []string{`attribute "from" of <delay`, `attribute "stamp" of <delay`, `attribute "id" of <received`},
		},
		{
			name:    "one of many",
			xml:     `<iq type='result' id='1'><query xmlns='jabber:iq:roster'><item jid='@@'/><item jid='a@b' x='1'/><item/></query></iq>`,
			types:   []string{"roster.Roster"},
			invalid: []string{`attribute "jid" of <item`, `attribute "jid" of <item xmlns='jabber:iq:roster'/> is missing`},
			unknown: []string{"query/item/@x"},
		},
		{
			name:    "addresses of a stanza",
			xml:     `<message to='@@' from='@'/>`,
			invalid: []string{`attribute "to" of <message`, `attribute "from" of <message`},
		},
		{
			name:    "an address and the priority of a presence",
			xml:     `<presence to='@'><priority>200</priority></presence>`,
			invalid: []string{`attribute "to" of <presence`, `child <priority/> of <presence`},
		},
		{
			name:    "the priority of a presence",
			xml:     `<presence><priority>high</priority></presence>`,
			invalid: []string{`child <priority/> of <presence`},
		},
		{name: "an IQ of no type", xml: `<iq id='1'/>`, invalid: []string{"type"}},
		{
			name: "in open content, invalid",
			xml: `<iq type='result' id='1'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='n'><item id='1'>` +
				`<data xmlns='urn:xmpp:avatar:data'>!</data></item></items></pubsub></iq>`,
			types:   []string{"pubsub.NodeItems"},
			invalid: []string{"urn:xmpp:avatar:data"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := wire.ParseIn(tt.xml, wire.NewContext(wire.NSClient, ""))
			require.NoError(t, err)
			e := table.Read(r)
			var types, unknown, stray, invalid []string
			for _, p := range e.Payloads {
				name := ""
				if p.Type != nil {
					name = p.Type.Name
					require.Equal(t, p.Type, e.Type(p.Raw))
				}
				types = append(types, name)
			}
			for _, u := range e.Unknown {
				unknown = append(unknown, u.Path)
				require.Same(t, r.Doc(), u.Element.Doc())
			}
			for _, u := range e.Stray {
				stray = append(stray, u.Path)
			}
			for _, i := range e.Invalid {
				invalid = append(invalid, i.Err.Error())
			}
			require.Equal(t, tt.types, types)
			require.ElementsMatch(t, tt.unknown, unknown)
			require.Equal(t, tt.stray, stray)
			require.Len(t, invalid, len(tt.invalid), "%q", invalid)
			for i := range tt.invalid {
				require.Contains(t, invalid[i], tt.invalid[i])
			}
			again, err := wire.Parse(e.XML)
			require.NoError(t, err, e.XML)
			require.True(t, wire.Equal(r, again), e.XML)
		})
	}
}

// TestReadWrites checks that the XML comes from the typed values: what can be spelled in several ways where the schema
// has no place to remember it is in the one form.
func TestReadWrites(t *testing.T) {
	t.Parallel()
	r, err := wire.Parse(`<a:message xmlns:a='jabber:client'  to = "b@c"><b:request xmlns:b='urn:xmpp:receipts'></b:request></a:message>`)
	require.NoError(t, err)
	e := typed.NewTable().Read(r)
	require.Equal(t, `<message xmlns='jabber:client' to='b@c'><request xmlns='urn:xmpp:receipts'/></message>`, e.XML)
	require.True(t, e.Clean())
	require.IsType(t, &stanza.Message{}, e.Value)
}

// TestContent reads stanzas of streams between servers.
func TestContent(t *testing.T) {
	t.Parallel()
	r, err := wire.ParseIn(`<presence to='a@b'/>`, wire.NewContext(wire.NSServer, ""))
	require.NoError(t, err)
	e := typed.NewTable().Read(r)
	require.Equal(t, wire.Name{Space: wire.NSServer, Local: "presence"}, e.Name)
	require.Equal(t, `<presence xmlns='jabber:server' to='a@b'/>`, e.XML)
	require.True(t, e.Clean())
}
