package stanza_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

const nsErr = " xmlns='" + stanza.NSErrors + "'"

// Odd spellings of all kinds. Each is written again as it was received.
var oddities = []struct{ name, text string }{
	{"empty message", `<message/>`},
	{"empty presence", `<presence></presence>`},
	{"all attributes", `<message id='1' to='a@b/c' from='d@e/f' type='chat' xml:lang='de'/>`},
	{"empty attributes", `<message id='' to='' from='' type='' xml:lang=''/>`},
	{"empty attributes of presence", `<presence id='' to='' from='' type='' xml:lang=''/>`},
	{"empty attributes of an iq", `<iq id='' to='' from='' type='get' xml:lang=''/>`},
	{"type normal", `<message type='normal'><body>x</body></message>`},
	{"unknown type", `<message type='shout'/>`},
	{"unknown presence type", `<presence type='available'/>`},
	{"addresses not in normal form", `<message to='JULIET@Example.COM/Balcony' from=' a@b '/>`},
	{"blank address", `<presence to='  '/>`},
	{"address only the server understands", "<message from='room@muc.example/\u2764\ufe0f'/>"},
	{"unknown attributes", `<message seen='1' xml:space='preserve' id='7'/>`},
	{"foreign attributes", `<message xmlns:e='urn:e' e:id='1' e:to='x' id='2' to='a@b'/>`},
	{"attributes of two foreign namespaces", `<iq type='result' xmlns:e='urn:e' xmlns:f='urn:f' e:x='1' f:x='2' e:y='3'/>`},
	{"references", `<message id='&lt;&amp;&#39;&quot;&#xA;'><body>&lt;b&gt; &amp;amp; &#x1F600;</body></message>`},
	{"CDATA", `<message><body><![CDATA[<b>&amp;</b>]]></body></message>`},
	{"white space in a body", "<message><body>  a\n\tb  </body></message>"},

	{"several bodies", `<message><body>a</body><body xml:lang='de'>b</body><body>c</body><subject>d</subject><subject>e</subject></message>`},
	{"empty body", `<message><body/><subject></subject></message>`},
	{"body with an empty language", `<message><body xml:lang=''>a</body></message>`},
	{"body with attributes", `<message><body id='1'>a</body><body xml:lang='de' id='2'>b</body></message>`},
	{"body with children", `<message><body>a<b xmlns='urn:b'>c</b>d</body></message>`},
	{"body of another namespace", `<message><body xmlns='urn:evil'>a</body><body>b</body></message>`},
	{"thread", `<message><thread>a</thread></message>`},
	{"thread with a parent", `<message><thread parent='b'>a</thread></message>`},
	{"empty thread", `<message><thread/></message>`},
	{"empty parent", `<message><thread parent=''>a</thread></message>`},
	{"only a parent", `<message><thread parent='b'/></message>`},
	{"thread with attributes", `<message><thread parent='b' x='1'>a</thread></message>`},
	{"several threads", `<message><thread>a</thread><thread>b</thread></message>`},
	{"empty thread before another", `<message><thread/><thread parent='c'>b</thread></message>`},
	{"stray text", `<message>huh<body>a</body>what</message>`},
	{"only stray text", `<message>huh</message>`},
	{"stray text in presence", `<presence>huh</presence>`},
	{"stray text in an iq", `<iq type='get' id='1'>huh<q xmlns='urn:q'/></iq>`},
	{"layout", "<message>\n  <body>a</body>\n  <x xmlns='urn:x'/>\n</message>"},
	{"white space that is no layout", "<message>\u00a0</message>"},

	{"show", `<presence><show>away</show></presence>`},
	{"empty show", `<presence><show/></presence>`},
	{"empty show before another", `<presence><show/><show>dnd</show></presence>`},
	{"two shows", `<presence><show>away</show><show>dnd</show></presence>`},
	{"unknown show", `<presence><show> busy </show></presence>`},
	{"show with attributes", `<presence><show x='1'>away</show></presence>`},
	{"status", `<presence><status/><status xml:lang='cs'>x</status></presence>`},
	{"priority", `<presence><priority>5</priority></presence>`},
	{"priority 0", `<presence><priority>0</priority></presence>`},
	{"priority 0 with attributes", `<presence><priority x='1'>0</priority></presence>`},
	{"priority -0", `<presence><priority>-0</priority></presence>`},
	{"priority +5", `<presence><priority>+5</priority></presence>`},
	{"priority 07", `<presence><priority> 07 </priority></presence>`},
	{"priority with attributes", `<presence><priority x='1'> 5</priority></presence>`},
	{"priority with children", `<presence><priority>5<x xmlns='urn:x'/></priority></presence>`},
	{"lowest priority", `<presence><priority>-128</priority></presence>`},
	{"empty priority", `<presence><priority/></presence>`},
	{"empty priority with attributes", `<presence><priority x='1'/></presence>`},
	{"two priorities", `<presence><priority>0</priority><priority>2</priority></presence>`},

	{"error", `<message type='error'><error type='wait' by='a@b'><gone` + nsErr + `>xmpp:x@y</gone><text` + nsErr + ` xml:lang='en'>t</text><x xmlns='urn:x'/></error></message>`},
	{"error with a code", `<iq type='error' id='1'><error code='404' type='cancel'><conflict` + nsErr + `/></error></iq>`},
	{"error with an empty code", `<iq type='error' id='1'><error code=''/></iq>`},
	{"error without a condition", `<iq type='error' id='1'><error type='cancel'/></iq>`},
	{"error with nothing", `<iq type='error' id='1'><error/></iq>`},
	{"error of no type", `<iq type='error' id='1'><error type=''><conflict` + nsErr + `/></error></iq>`},
	{"error of an unknown type", `<iq type='error' id='1'><error type='sorry'><of-course` + nsErr + `/></error></iq>`},
	{"legacy error", `<iq type='error' id='1'><error code='404'>Not found</error></iq>`},
	{"error with several conditions", `<presence type='error'><error type='cancel'><conflict` + nsErr + `/><gone` + nsErr + `/><conflict` + nsErr + `/></error></presence>`},
	{"error with several texts", `<presence type='error'><error><text` + nsErr + `>a</text><text` + nsErr + ` xml:lang=''>b</text><text` + nsErr + `/></error></presence>`},
	{"condition with attributes", `<presence type='error'><error><gone` + nsErr + ` x='1'>a<y xmlns='urn:y'/></gone></error></presence>`},
	{"error with stray text", `<presence type='error'><error>huh<gone` + nsErr + `/></error></presence>`},
	{"by that is no address", `<presence type='error'><error by='@@'><gone` + nsErr + `/></error></presence>`},
	{"by not in normal form", `<presence type='error'><error by='A@B'><gone` + nsErr + `/></error></presence>`},
	{"two errors", `<message type='error'><error type='wait'/><error type='auth'/></message>`},
	{"error in no error", `<message type='chat'><error type='wait'><gone` + nsErr + `/></error></message>`},
	{"error in a result", `<iq type='result' id='1'><error type='wait'/></iq>`},
	{"error without error", `<iq type='error' id='1'><q xmlns='urn:q'/></iq>`},
	{"payload echoed beside an error", `<iq type='error' id='1'><q xmlns='urn:q'/><error type='wait'/></iq>`},

	{"several payloads", `<iq type='set' id='1'><a xmlns='urn:a'/><b xmlns='urn:b'/><a xmlns='urn:a' x='1'/></iq>`},
	{"payload of no namespace", `<message><x xmlns=''><y/></x></message>`},
	{"payload of the same namespace", `<message><x><y/></x></message>`},
	{"payload with prefixes", `<message xmlns:e='urn:e'><e:x e:y='1'><e:z/></e:x></message>`},
	{"forwarded stanza", `<message><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' type='normal' to=''><body/></message></forwarded></message>`},
	{"mixed content", `<message><html xmlns='urn:h'><p>a<b>c</b>d<b/>e</p></html></message>`},
}

func TestLossless(t *testing.T) {
	t.Parallel()
	for _, tt := range oddities {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := stanza.Parse(tt.text)
			require.NoError(t, err)
			requireSame(t, tt.text, s)
			requireSame(t, tt.text, stanza.Clone(s))
			// as a stanza in a stanza, and at the top of a text of its own
			b, err := s.AppendXML(nil, "")
			require.NoError(t, err)
			alone, err := wire.Parse(string(b))
			require.NoError(t, err)
			require.True(t, wire.Equal(raw(t, tt.text), alone), "%s", b)
			// once more from what was written
			requireSame(t, tt.text, parse[stanza.Stanza](t, encode(t, s)))
		})
	}
}

// What cannot be read is not lost either.
func TestLosslessErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{`<message to='@' from='a b@c' id='1'><body>x</body></message>`, `attribute "to" of <message xmlns='jabber:client'/> is no address (jid: localpart is empty): "@"`},
		{`<presence from='a@/b'><show>away</show></presence>`, `attribute "from" of <presence xmlns='jabber:client'/> is no address (jid: domainpart is empty): "a@/b"`},
		{`<iq type='get' from='a@b..c'><q xmlns='urn:q'/></iq>`, `attribute "from" of <iq xmlns='jabber:client'/> is no address (jid: domainpart "b..c" contains a malformed label): "a@b..c"`},
		{`<presence><priority>128</priority><status>x</status></presence>`, `child <priority/> of <presence xmlns='jabber:client'/> is no number from -128 to 127: "128"`},
		{`<presence><priority x='1'>1e1</priority></presence>`, `child <priority/> of <presence xmlns='jabber:client'/> is no number from -128 to 127: "1e1"`},
		{`<iq type='ask' id='1'/>`, `attribute "type" of <iq xmlns='jabber:client'/> is none of get, set, result and error: "ask"`},
		{`<iq id='1'/>`, `attribute "type" of <iq xmlns='jabber:client'/> is none of get, set, result and error`},
		{`<iq type='' id='1'/>`, `attribute "type" of <iq xmlns='jabber:client'/> is none of get, set, result and error`},
	} {
		s, err := stanza.Parse(tt.text)
		var bad *stanza.DecodeError
		require.ErrorAs(t, err, &bad, "%s", tt.text)
		require.Equal(t, tt.want, err.Error())
		requireSame(t, tt.text, s)
	}
}

func TestLosslessExamples(t *testing.T) {
	t.Parallel()
	n := 0
	examples(t, func(id, text string) {
		s, err := stanza.Parse(text)
		if s == nil {
			return // no stanza of jabber:client
		}
		n++
		requireSame(t, text, s)
		var bad *stanza.DecodeError
		if err != nil {
			require.ErrorAs(t, err, &bad, "%s: %s", id, text)
		}
	})
	require.Greater(t, n, 1000)
}

// VS14: what a router does not know goes through byte by byte.
func TestForwardedByteExact(t *testing.T) {
	t.Parallel()
	payloads := []string{
		`<x xmlns='urn:x'/>`,
		`<x xmlns="urn:x"  a = "1"   b='2' ></x >`,
		`<x xmlns='urn:x' xml:lang='de'>a<y>b<![CDATA[c<d>]]></y> &#101; &amp; <z xmlns=''/>&#x1F600;</x>`,
		`<p:x xmlns:p='urn:p' p:a='&#9;'><p:y xmlns='urn:q'><q/></p:y></p:x>`,
		"<x xmlns='urn:x'>\n  <y/>\r\n  <z/>\t</x>",
		`<message xmlns='jabber:client' type='normal'><body xml:lang=''>x</body></message>`,
	}
	text := `<message to='a@b' from='c@d/e' type='chat'>` + strings.Join(payloads, "\n") + `</message>`
	m := parse[*stanza.Message](t, text)
	require.Equal(t, len(payloads), m.Len())
	stanza.SetTo(m, juliet)
	stanza.SetID(m, "new")
	out := encode(t, m)
	require.Equal(t, `<message to='juliet@example.com/balcony' from='c@d/e' id='new' type='chat'>`+strings.Join(payloads, "")+`</message>`, out)
	require.Equal(t, out, encode(t, m.Clone()))
	require.Equal(t, out, encode(t, parse[*stanza.Message](t, out)))
}

// A program that changes a field wins over what is kept of the old one.
func TestChangesWin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text, want string
		change           func(s stanza.Stanza)
	}{
		{
			"language of a body", `<message><body x='1' xml:lang='en'>a</body></message>`, `<message><body xml:lang='de'>a</body></message>`,
			func(s stanza.Stanza) { s.(*stanza.Message).Body[0].Lang = "de" },
		},
		{
			"language of a body without", `<message><body xml:lang=''>a</body></message>`, `<message><body xml:lang='de'>a</body></message>`,
			func(s stanza.Stanza) { s.(*stanza.Message).Body[0].Lang = "de" },
		},
		{
			"body", `<message><body x='1'>a</body></message>`, `<message><body>b</body></message>`,
			func(s stanza.Stanza) { s.(*stanza.Message).Body[0].Value = "b" },
		},
		{
			"no body", `<message><body x='1'>a</body></message>`, `<message/>`,
			func(s stanza.Stanza) { s.(*stanza.Message).Body = nil },
		},
		{
			"parent of a thread", `<message><thread x='1' parent='p'>a</thread></message>`, `<message><thread parent='q'>a</thread></message>`,
			func(s stanza.Stanza) { s.(*stanza.Message).Thread.Parent = "q" },
		},
		{
			"new thread", `<message><thread/></message>`, `<message><thread>a</thread></message>`,
			func(s stanza.Stanza) { s.(*stanza.Message).Thread.ID = "a" },
		},
		{
			"type", `<message type='normal' id=''/>`, `<message type='chat' id='1'/>`,
			func(s stanza.Stanza) { s.(*stanza.Message).Type = stanza.Chat; stanza.SetID(s, "1") },
		},
		{
			"addresses", `<message to='' from='A@B' xml:lang=''/>`, `<message to='juliet@example.com/balcony' xml:lang='de'/>`,
			func(s stanza.Stanza) {
				m := s.(*stanza.Message)
				m.To, m.From, m.Lang = juliet, m.To, "de"
			},
		},
		{
			"condition", `<iq type='error'><error><gone` + nsErr + ` x='1'/></error></iq>`, `<iq type='error'><error><conflict` + nsErr + `/></error></iq>`,
			func(s stanza.Stanza) { s.(*stanza.IQ).Err.Condition = stanza.Conflict },
		},
		{
			"condition where there was none", `<iq type='error'><error/></iq>`, `<iq type='error'><error type='auth'><conflict` + nsErr + `/></error></iq>`,
			func(s stanza.Stanza) {
				e := s.(*stanza.IQ).Err
				e.Condition, e.Type = stanza.Conflict, stanza.Auth
			},
		},
		{
			"by", `<iq type='error'><error by='@@'><gone` + nsErr + `/></error></iq>`, `<iq type='error'><error by='example.com'><gone` + nsErr + `/></error></iq>`,
			func(s stanza.Stanza) { s.(*stanza.IQ).Err.By = juliet.DomainJID() },
		},
		{
			"show and priority", `<presence><show x='1'/><priority>+5</priority></presence>`, `<presence><show>xa</show><priority>6</priority></presence>`,
			func(s stanza.Stanza) {
				p := s.(*stanza.Presence)
				p.Show, p.Priority = stanza.ExtendedAway, 6
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := parse[stanza.Stanza](t, tt.text)
			tt.change(s)
			requireSame(t, tt.want, s)
		})
	}
}
