package stanza_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

const (
	plainMessage = `<message from='romeo@montague.example/orchard' id='ju2ba41c' to='juliet@capulet.example/balcony' type='chat' xml:lang='en'>` +
		`<body>Neither, fair saint, if either thee dislike.</body></message>`
	richMessage = `<message from='romeo@montague.example/orchard' id='ju2ba41c' to='juliet@capulet.example/balcony' type='chat' xml:lang='en'>` +
		`<body>Neither, fair saint, if either thee dislike.</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>` +
		`<markable xmlns='urn:xmpp:chat-markers:0'/><origin-id xmlns='urn:xmpp:sid:0' id='de305d54-75b4-431b-adb2-eb6b9e546013'/>` +
		`<stanza-id xmlns='urn:xmpp:sid:0' id='28482-98726-73623' by='juliet@capulet.example'/></message>`
	plainPresence = `<presence from='romeo@montague.example/orchard' to='juliet@capulet.example'><show>away</show><status>courting</status><priority>5</priority>` +
		`<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://example.org' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/></presence>`
	plainIQ = `<iq from='capulet.example' id='s2c1' to='juliet@capulet.example/balcony' type='get'><ping xmlns='urn:xmpp:ping'/></iq>`
)

// receiver returns a function that takes a stanza from a stream over and over.
func receiver(t testing.TB, text string) func() stanza.Stanza {
	f := wire.NewBareFramer(wire.Limits{}, wire.NewContext(wire.NSClient, "en"))
	return func() stanza.Stanza {
		f.FeedString(text)
		if k, err := f.Next(); err != nil || k != wire.Element {
			t.Fatal(k, err)
		}
		s, err := stanza.Take(f)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	for _, tt := range []struct {
		name, text string
		most       float64 // the text of the stanza with its index, and the value
	}{
		{"plain message", plainMessage, 2},
		{"message with five payloads", richMessage, 2},
		{"presence", plainPresence, 2},
		{"iq", plainIQ, 2},
		{"two languages", `<message to='a@b'><body>a</body><body xml:lang='de'>b</body></message>`, 3},
		{"six payloads", `<message to='a@b'><a xmlns='a'/><b xmlns='b'/><c xmlns='c'/><d xmlns='d'/><e xmlns='e'/><f xmlns='f'/></message>`, 3},
	} {
		take := receiver(t, tt.text)
		s := take()
		require.LessOrEqual(t, testing.AllocsPerRun(100, func() { s = take() }), tt.most, "%s: receiving", tt.name)

		buf := make([]byte, 0, 4096)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			var err error
			if buf, err = s.AppendXML(buf[:0], wire.NSClient); err != nil {
				t.Fatal(err)
			}
		}), "%s: writing", tt.name)
		require.Zero(t, testing.AllocsPerRun(100, func() { _ = stanza.Has[note](s) }), "%s: looking for what is not there", tt.name)
	}

	m := stanza.NewMessage(juliet, "Wherefore art thou?")
	m.Add(&note{ID: "1", Text: "a"})
	buf := make([]byte, 0, 4096)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		var err error
		if buf, err = m.AppendXML(buf[:0], wire.NSClient); err != nil {
			t.Fatal(err)
		}
	}))
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if n, err := stanza.Find[note](m); n == nil || err != nil {
			t.Fatal(err)
		}
	}))
	r := parse[*stanza.Message](t, `<message>`+n1+`</message>`)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		if n, err := stanza.Find[note](r); n == nil || err != nil {
			t.Fatal(err)
		}
	}), 1.0)

	var x *wire.Extra
	for name, decode := range map[string]func(){
		"time":    func() { _, _ = stanza.DecodeDateTime("2026-11-24T08:30:00.25Z", &x, 0) },
		"date":    func() { _, _ = stanza.DecodeDate("2026-11-24", &x, 0) },
		"clock":   func() { _, _ = stanza.DecodeTimeOfDay("08:30:00", &x, 0) },
		"address": func() { _, _ = stanza.DecodeJID("juliet@example.com/balcony", &x, 0) },
	} {
		require.Zero(t, testing.AllocsPerRun(100, decode), name)
	}
	require.Nil(t, x)
}

func BenchmarkReceive(b *testing.B) {
	for _, bb := range []struct{ name, text string }{{"message", plainMessage}, {"payloads", richMessage}, {"presence", plainPresence}, {"iq", plainIQ}} {
		b.Run(bb.name, func(b *testing.B) {
			take := receiver(b, bb.text)
			b.ReportAllocs()
			b.SetBytes(int64(len(bb.text)))
			for b.Loop() {
				take()
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, bb := range []struct{ name, text string }{{"message", plainMessage}, {"payloads", richMessage}} {
		b.Run(bb.name, func(b *testing.B) {
			r := raw(b, bb.text)
			b.ReportAllocs()
			for b.Loop() {
				var m stanza.Message
				if err := m.DecodeXML(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, bb := range []struct{ name, text string }{{"message", plainMessage}, {"payloads", richMessage}, {"presence", plainPresence}, {"iq", plainIQ}} {
		b.Run(bb.name, func(b *testing.B) {
			s := receiver(b, bb.text)()
			buf := make([]byte, 0, 4096)
			b.ReportAllocs()
			b.SetBytes(int64(len(bb.text)))
			for b.Loop() {
				buf, _ = s.AppendXML(buf[:0], wire.NSClient)
			}
		})
	}
}

func BenchmarkFind(b *testing.B) {
	s := receiver(b, richMessage)()
	stanza.SetID(s, "1")
	s.(*stanza.Message).Add(raw(b, n1))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := stanza.Find[note](s); n == nil || err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDateTime(b *testing.B) {
	var x *wire.Extra
	b.ReportAllocs()
	for b.Loop() {
		if _, reason := stanza.DecodeDateTime("2026-11-24T08:30:00.123Z", &x, 0); reason != "" {
			b.Fatal(reason)
		}
	}
}
