package stanza_test

import (
	"encoding/xml"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// VX13: whatever a program, or somebody through it, puts in a field stays in that field, or is
// refused.
func TestInjection(t *testing.T) {
	t.Parallel()
	nasty := []string{
		"plain", " ", " x ", "'", "\"", "<", ">", "&", "&lt;", "&#0;", "&nbsp;", "]]>", "<![CDATA[x]]>", "<!-- x -->", "<?x?>", "--", "text", "xml", "a b", "a:b", "a=b", "a/",
		"</message><message to='x@y'>", "'/><iq type='set'/><x a='", "' xmlns='urn:evil' x='", "x' from='admin@example.com", "</body><body>", "</text>", "</thread><thread>", "</show><priority>127</priority><show>",
		"\n", "\r", "\r\n", "\t", "a\rb\nc\td", "\u00a0", "\u0085", "\u2028", "\u200d", "\ufeff", "\U0001f600", "e\u0301", "\ue000", "\ufffd", "ab\u00b7",
		"\x00", "\x01", "a\x0bb", "\x1f", "\x7f", "\ufffe", "\uffff", "\xff", "\xc3", "a\xc0\xafb", "\xed\xa0\x80", "\xf4\x90\x80\x80", "x\xe2\x82",
		"http://www.w3.org/2000/xmlns/", "http://www.w3.org/XML/1998/namespace", "jabber:client", "urn:x y",
	}
	type fields struct {
		name string
		put  func(s string) stanza.Stanza
		get  func(s stanza.Stanza) string
	}
	message := func(m *stanza.Message) stanza.Stanza { return m }
	failed := func(e stanza.Error) stanza.Stanza {
		return &stanza.IQ{Type: stanza.IQError, Err: &e}
	}
	extra := func(x wire.Extra) stanza.Stanza { return &stanza.Presence{Extra: &x} }
	body := func(s stanza.Stanza) stanza.LangText { return s.(*stanza.Message).Body[0] }
	errText := func(s stanza.Stanza) stanza.LangText { return s.(*stanza.IQ).Err.Text[0] }
	for _, f := range []fields{
		{"message id", func(s string) stanza.Stanza { return message(&stanza.Message{ID: s}) }, func(s stanza.Stanza) string { return s.(*stanza.Message).ID }},
		{"message type", func(s string) stanza.Stanza { return message(&stanza.Message{Type: stanza.MessageType(s)}) }, func(s stanza.Stanza) string { return string(s.(*stanza.Message).Type) }},
		{"message lang", func(s string) stanza.Stanza { return message(&stanza.Message{Lang: s}) }, func(s stanza.Stanza) string { return s.(*stanza.Message).Lang }},
		{"subject", func(s string) stanza.Stanza { return message(&stanza.Message{Subject: stanza.Plain(s)}) }, func(s stanza.Stanza) string { return s.(*stanza.Message).Subject.String() }},
		{"body", func(s string) stanza.Stanza { return message(stanza.NewMessage(juliet, s)) }, func(s stanza.Stanza) string { return body(s).Value }},
		{"body lang", func(s string) stanza.Stanza { return message(&stanza.Message{Body: stanza.Text{{Lang: s}}}) }, func(s stanza.Stanza) string { return body(s).Lang }},
		{"thread", func(s string) stanza.Stanza { return message(&stanza.Message{Thread: stanza.Thread{ID: s}}) }, func(s stanza.Stanza) string { return s.(*stanza.Message).Thread.ID }},
		{"parent", func(s string) stanza.Stanza { return message(&stanza.Message{Thread: stanza.Thread{Parent: s}}) }, func(s stanza.Stanza) string { return s.(*stanza.Message).Thread.Parent }},
		{"presence id", func(s string) stanza.Stanza { return &stanza.Presence{ID: s} }, func(s stanza.Stanza) string { return s.(*stanza.Presence).ID }},
		{"presence type", func(s string) stanza.Stanza { return &stanza.Presence{Type: stanza.PresenceType(s)} }, func(s stanza.Stanza) string { return string(s.(*stanza.Presence).Type) }},
		{"presence lang", func(s string) stanza.Stanza { return &stanza.Presence{Lang: s} }, func(s stanza.Stanza) string { return s.(*stanza.Presence).Lang }},
		{"show", func(s string) stanza.Stanza { return &stanza.Presence{Show: stanza.Show(s)} }, func(s stanza.Stanza) string { return string(s.(*stanza.Presence).Show) }},
		{"status", func(s string) stanza.Stanza { return stanza.NewPresence("", s) }, func(s stanza.Stanza) string { return s.(*stanza.Presence).Status.String() }},
		{"iq id", func(s string) stanza.Stanza { return &stanza.IQ{Type: stanza.Get, ID: s} }, func(s stanza.Stanza) string { return s.(*stanza.IQ).ID }},
		{"iq type", func(s string) stanza.Stanza { return &stanza.IQ{Type: stanza.IQType(s)} }, func(s stanza.Stanza) string { return string(s.(*stanza.IQ).Type) }},
		{"iq lang", func(s string) stanza.Stanza { return &stanza.IQ{Type: stanza.Get, Lang: s} }, func(s stanza.Stanza) string { return s.(*stanza.IQ).Lang }},
		{"error type", func(s string) stanza.Stanza { return failed(stanza.Error{Type: stanza.ErrorType(s)}) }, func(s stanza.Stanza) string { return string(s.(*stanza.IQ).Err.Type) }},
		{"condition", func(s string) stanza.Stanza { return failed(stanza.Error{Condition: stanza.Condition(s)}) }, func(s stanza.Stanza) string { return string(s.(*stanza.IQ).Err.Condition) }},
		{"uri", func(s string) stanza.Stanza { return failed(stanza.Error{Condition: stanza.Gone, URI: s}) }, func(s stanza.Stanza) string { return s.(*stanza.IQ).Err.URI }},
		{"error text", func(s string) stanza.Stanza { return failed(*stanza.NewError(stanza.Gone, s)) }, func(s stanza.Stanza) string { return errText(s).Value }},
		{"error text lang", func(s string) stanza.Stanza { return failed(stanza.Error{Text: stanza.Text{{Lang: s}}}) }, func(s stanza.Stanza) string { return errText(s).Lang }},
		{"extra text", func(s string) stanza.Stanza { return extra(wire.Extra{Text: "." + s}) }, func(s stanza.Stanza) string { return s.(*stanza.Presence).Extra.Text[1:] }},
		{"extra value", func(s string) stanza.Stanza {
			return extra(wire.Extra{Attrs: []wire.Attr{{Name: wire.Name{Local: "x"}, Value: s}}})
		}, func(s stanza.Stanza) string { return s.(*stanza.Presence).Extra.Attrs[0].Value }},
		{"extra name", func(s string) stanza.Stanza {
			return extra(wire.Extra{Attrs: []wire.Attr{{Name: wire.Name{Local: s}}}})
		}, func(s stanza.Stanza) string { return s.(*stanza.Presence).Extra.Attrs[0].Name.Local }},
		{"extra space", func(s string) stanza.Stanza {
			return extra(wire.Extra{Attrs: []wire.Attr{{Name: wire.Name{Space: s, Local: "x"}}}})
		}, func(s stanza.Stanza) string { return s.(*stanza.Presence).Extra.Attrs[0].Name.Space }},
		{"payload attribute", func(s string) stanza.Stanza { return stanza.NewIQ(stanza.Get, juliet, &note{ID: s}) }, func(s stanza.Stanza) string { n, _ := stanza.Find[note](s); return n.ID }},
		{"payload text", func(s string) stanza.Stanza { return stanza.NewIQ(stanza.Get, juliet, &note{Text: s}) }, func(s stanza.Stanza) string { n, _ := stanza.Find[note](s); return n.Text }},
		{
			"resource", func(s string) stanza.Stanza {
				j, err := jid.ParseLenient("a@b/" + s)
				if err != nil {
					s = ""
				}
				return &stanza.IQ{Type: stanza.Get, To: j, ID: s}
			}, func(s stanza.Stanza) string { return s.(*stanza.IQ).To.Resource() },
		},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			good := 0
			for _, s := range nasty {
				in := f.put(s)
				b, err := in.AppendXML(nil, wire.NSClient)
				if err != nil {
					var e *wire.EncodeError
					require.ErrorAs(t, err, &e, "%q", s)
					continue
				}
				require.True(t, utf8.Valid(b))
				out, err := stanza.Parse(string(b))
				if err != nil {
					require.Equal(t, "iq type", f.name, "%q: %v", s, err)
				}
				require.Equal(t, in.WireName(), out.WireName())
				require.Equal(t, list(in).Len(), list(out).Len(), "%q: %s", s, b)
				if f.name == "resource" {
					s = in.(*stanza.IQ).To.Resource()
				}
				require.Equal(t, s, f.get(out), "%s", b)
				requireSame(t, string(b), out)
				good++

				// encoding/xml may change characters, but not what is where
				if data, err := xml.Marshal(in); err == nil && f.name != "extra space" {
					out, err := stanza.Parse(string(data))
					if f.name != "iq type" {
						require.NoError(t, err, "%q: %s", s, data)
					}
					require.Equal(t, list(in).Len(), list(out).Len(), "%q: %s", s, data)
				}
			}
			require.Greater(t, good, 3)
		})
	}
}
