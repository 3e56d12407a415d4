package stream

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
)

// VT10: what people may see of a stream has no secret in it, and all the rest.
func TestVT10Masked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"<message><body>a secret password</body></message>", ""},
		{"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>", "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>***</auth>"},
		{"<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>eA==</challenge>", "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>***</challenge>"},
		{"<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", ""},
		{"<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/><text>no</text></failure>", ""},
		{
			"<authenticate xmlns='urn:xmpp:sasl:2' mechanism='HT-SHA-256-NONE'><initial-response>eA==</initial-response><user-agent id='x'><software>y</software></user-agent><fast xmlns='urn:xmpp:fast:0' count='3'/></authenticate>",
			"<authenticate xmlns='urn:xmpp:sasl:2' mechanism='HT-SHA-256-NONE'><initial-response>***</initial-response><user-agent id='x'><software>y</software></user-agent><fast xmlns='urn:xmpp:fast:0' count='3'/></authenticate>",
		},
		{
			"<success xmlns='urn:xmpp:sasl:2'><additional-data>eA==</additional-data><authorization-identifier>a@b/c</authorization-identifier><token xmlns='urn:xmpp:fast:0' expiry='2027-01-01T00:00:00Z' token='t'/></success>",
			"<success xmlns='urn:xmpp:sasl:2'><additional-data>***</additional-data><authorization-identifier>a@b/c</authorization-identifier><token xmlns='urn:xmpp:fast:0' expiry='2027-01-01T00:00:00Z' token='***'/></success>",
		},
		{
			"<task-data xmlns='urn:xmpp:sasl:2'>x<code xmlns='urn:totp'>1<b>2</b>3</code><c xmlns='urn:d'>4</c></task-data>",
			"<task-data xmlns='urn:xmpp:sasl:2'>***<code xmlns='urn:totp'>***<b>***</b></code><c xmlns='urn:d'>***</c></task-data>",
		},
		{
			"<iq type='set' id='1'><query xmlns='jabber:iq:register'><username>bill</username><password>Calli&amp;ope</password></query></iq>",
			"<iq type='set' id='1'><query xmlns='jabber:iq:register'><username>bill</username><password>***</password></query></iq>",
		},
		{"<iq type='set' id='1'><query xmlns='jabber:iq:auth'><digest>48fc78</digest></query></iq>", "<iq type='set' id='1'><query xmlns='jabber:iq:auth'><digest>***</digest></query></iq>"},
		{"<handshake>aaee83c2</handshake>", "<handshake>***</handshake>"},
		{"<presence to='r@c/n'><x xmlns='http://jabber.org/protocol/muc'><password>p</password></x></presence>", "<presence to='r@c/n'><x xmlns='http://jabber.org/protocol/muc'><password>***</password></x></presence>"},
		{"<message><x xmlns='jabber:x:conference' jid='r@c' password='p'/></message>", "<message><x xmlns='jabber:x:conference' jid='r@c' password='***'/></message>"},
		{
			"<x xmlns='jabber:x:data' type='submit'><field var='a' type='text-private'><value>1</value><value>2</value></field><field var='muc#roomconfig_roomsecret'><value>3</value></field><field var='b'><value>4</value></field></x>",
			"<x xmlns='jabber:x:data' type='submit'><field var='a' type='text-private'><value>***</value><value>***</value></field><field var='muc#roomconfig_roomsecret'><value>***</value></field><field var='b'><value>4</value></field></x>",
		},
		{"<slot xmlns='urn:xmpp:http:upload:0'><put url='u'><header name='Authorization'>Basic eA==</header></put></slot>", "<slot xmlns='urn:xmpp:http:upload:0'><put url='u'><header name='Authorization'>***</header></put></slot>"},
	} {
		if tt.want == "" {
			tt.want = tt.in
		}
		r, err := wire.ParseIn(tt.in, wire.NewContext(wire.NSClient, ""))
		require.NoError(t, err)
		got, err := Printer{Masked: true}.Print(r)
		require.NoError(t, err)
		require.Equal(t, tt.want, got)
		var pieces []string
		showPieces(tt.in+" "+tt.in+footer, func(s string) { pieces = append(pieces, s) })
		require.Equal(t, []string{tt.want, tt.want, footer}, pieces)
		got, err = Printer{}.Print(r)
		require.NoError(t, err)
		require.NotContains(t, got, masked)
	}
}

func TestShowPieces(t *testing.T) {
	t.Parallel()
	header := "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='a>b' version='1.0'>"
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{" ", nil},
		{footer, []string{footer}},
		{header, []string{header}},
		{header + "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>" + footer, []string{header, "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>", footer}},
		{"<a xmlns='urn:a'/> <presence/><b xmlns='urn:b'>" + strings.Repeat("x", 10_000) + "</b>", []string{"<a xmlns='urn:a'/>", "<presence/>", "<b xmlns='urn:b'>" + strings.Repeat("x", 10_000) + "</b>"}},
		{"<presence/><broken", []string{"<presence/>"}},
	} {
		var got []string
		showPieces(tt.in, func(s string) { got = append(got, s) })
		require.Equal(t, tt.want, got, tt.in)
	}
}
