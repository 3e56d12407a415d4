package stanza_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

func TestMessageFields(t *testing.T) {
	t.Parallel()
	m := parse[*stanza.Message](t, `<message id='1' to='juliet@example.com/balcony' from='romeo@example.net/orchard' type='chat' xml:lang='en'>
		<subject>s</subject><body>a</body><body xml:lang='de'>b</body><thread parent='p'>t</thread></message>`)
	require.Equal(t, stanza.Attributes{ID: "1", Type: "chat", Lang: "en", To: juliet, From: romeo}, m.Attributes())
	require.Equal(t, "s", m.Subject.String())
	require.Equal(t, stanza.Text{{Value: "a"}, {Lang: "de", Value: "b"}}, m.Body)
	require.Equal(t, stanza.Thread{ID: "t", Parent: "p"}, m.Thread)
	require.Nil(t, m.Extra)
	require.Nil(t, m.Err)
	require.Zero(t, m.Len())

	for text, want := range map[string]stanza.MessageType{
		`<message/>`: stanza.Normal, `<message type=''/>`: stanza.Normal, `<message type='normal'/>`: stanza.Normal,
		`<message type='groupchat'/>`: stanza.Groupchat, `<message type='headline'/>`: stanza.Headline,
		`<message type='error'/>`: stanza.MessageError, `<message type='x'/>`: "x",
	} {
		require.Equal(t, want, parse[*stanza.Message](t, text).Type, "%s", text)
	}
	require.Equal(t, `<message to='juliet@example.com/balcony' type='chat'><body>hi</body></message>`, encode(t, stanza.NewMessage(juliet, "hi")))
	require.Equal(t, `<message/>`, encode(t, &stanza.Message{}))
	require.Equal(t, `<message/>`, encode(t, &stanza.Message{Type: stanza.Normal}))
	require.Equal(t, `<message xmlns='jabber:client'/>`, (&stanza.Message{}).String())
	// an error condition belongs to errors only
	m = parse[*stanza.Message](t, `<message><error type='wait'/></message>`)
	require.Nil(t, m.Err)
	require.Equal(t, 1, m.Len())
}

func TestPresenceFields(t *testing.T) {
	t.Parallel()
	p := parse[*stanza.Presence](t, `<presence id='1' to='juliet@example.com/balcony' from='romeo@example.net/orchard' xml:lang='en'>
		<show>dnd</show><status>a</status><status xml:lang='de'>b</status><priority>-7</priority></presence>`)
	require.Equal(t, stanza.Attributes{ID: "1", Lang: "en", To: juliet, From: romeo}, p.Attributes())
	require.Equal(t, stanza.DoNotDisturb, p.Show)
	require.Equal(t, stanza.Text{{Value: "a"}, {Lang: "de", Value: "b"}}, p.Status)
	require.EqualValues(t, -7, p.Priority)
	require.Nil(t, p.Extra)
	for text, want := range map[string]int8{
		"": 0, "0": 0, "-0": 0, " 5\n": 5, "+5": 5, "007": 7, "127": 127, "-128": -128,
	} {
		require.Equal(t, want, parse[*stanza.Presence](t, `<presence><priority>`+text+`</priority></presence>`).Priority, "%q", text)
	}
	for _, text := range []string{"128", "-129", "99999999999999999999", "1.0", "0x1", "1_0", "+", "five", "5 5"} {
		s, err := stanza.Parse(`<presence><priority>` + text + `</priority><show>away</show></presence>`)
		require.ErrorContains(t, err, "is no number from -128 to 127", "%q", text)
		require.Equal(t, stanza.Away, s.(*stanza.Presence).Show)
		require.Zero(t, s.(*stanza.Presence).Priority)
	}
	require.Equal(t, `<presence><show>away</show><status>x</status></presence>`, encode(t, stanza.NewPresence(stanza.Away, "x")))
	require.Equal(t, `<presence/>`, encode(t, stanza.NewPresence(stanza.Online, "")))
	require.Equal(t, `<presence xmlns='jabber:client'/>`, (&stanza.Presence{}).String())
}

func TestIQFields(t *testing.T) {
	t.Parallel()
	q := parse[*stanza.IQ](t, `<iq id='1' to='juliet@example.com/balcony' from='romeo@example.net/orchard' type='get' xml:lang='en'>`+n1+`</iq>`)
	require.Equal(t, stanza.Attributes{ID: "1", Type: "get", Lang: "en", To: juliet, From: romeo}, q.Attributes())
	require.Equal(t, nameNote, q.First())
	require.Nil(t, q.Extra)
	for typ, request := range map[stanza.IQType]bool{stanza.Get: true, stanza.Set: true, stanza.Result: false, stanza.IQError: false, "": false} {
		q := stanza.NewIQ(typ, juliet, nil)
		require.Equal(t, request, q.IsRequest())
		require.Equal(t, request, q.Result(nil) != nil, "only requests have results")
		require.Equal(t, request, q.Fail(stanza.Conflict) != nil, "only requests can fail")
		require.Zero(t, q.Len())
	}
	require.Equal(t, `<iq to='juliet@example.com/balcony' type='set'>`+n1+`</iq>`, encode(t, stanza.NewIQ(stanza.Set, juliet, &note{ID: "1", Text: "a"})))
	require.Equal(t, `<iq xmlns='jabber:client' type='get'/>`, stanza.NewIQ(stanza.Get, jid.JID{}, (*note)(nil)).String())
}

func TestReplies(t *testing.T) {
	t.Parallel()
	const addresses = ` to='juliet@example.com/balcony' from='romeo@example.net/orchard'`
	const back = ` to='romeo@example.net/orchard' from='juliet@example.com/balcony'`
	message := func(text string) *stanza.Message { return parse[*stanza.Message](t, text) }
	presence := func(text string) *stanza.Presence { return parse[*stanza.Presence](t, text) }
	iq := func(text string) *stanza.IQ { return parse[*stanza.IQ](t, text) }
	for _, tt := range []struct {
		name, want string
		reply      stanza.Payload
	}{
		{
			"chat", `<message` + back + ` type='chat' xml:lang='en'><body>b</body><thread parent='p'>t</thread></message>`,
			message(`<message id='1'` + addresses + ` type='chat' xml:lang='en'><body>a</body><thread parent='p'>t</thread>` + n1 + `</message>`).Reply("b"),
		},
		{"normal", `<message` + back + `><body>b</body></message>`, message(`<message` + addresses + `/>`).Reply("b")},
		// XEP-0045, section 7.4: to the room, not to the occupant
		{
			"groupchat", `<message to='room@muc.example' from='juliet@example.com/balcony' type='groupchat'><body>b</body></message>`,
			message(`<message to='juliet@example.com/balcony' from='room@muc.example/nick' type='groupchat'/>`).Reply("b"),
		},
		// XEP-0045, section 7.5: a private message in a room goes back to the occupant
		{
			"private message", `<message to='room@muc.example/nick' from='juliet@example.com/balcony' type='chat'><body>b</body></message>`,
			message(`<message to='juliet@example.com/balcony' from='room@muc.example/nick' type='chat'/>`).Reply("b"),
		},
		{"error", `<message` + back + `><body>b</body></message>`, message(`<message` + addresses + ` type='error'/>`).Reply("b")},
		{"presence", `<presence` + back + ` type='subscribed'/>`, presence(`<presence id='1'` + addresses + ` type='subscribe'/>`).Reply(stanza.Subscribed)},
		{"result", `<iq` + back + ` id='1' type='result'/>`, iq(`<iq id='1'` + addresses + ` type='get'>` + n1 + `</iq>`).Result(nil)},
		{"result with nothing", `<iq` + back + ` id='1' type='result'/>`, iq(`<iq id='1'` + addresses + ` type='get'/>`).Result((*note)(nil))},
		{"result with a payload", `<iq` + back + ` id='1' type='result'>` + n1 + `</iq>`, iq(`<iq id='1'` + addresses + ` type='set'/>`).Result(&note{ID: "1", Text: "a"})},
		{"without addresses", `<iq id='1' type='result'/>`, iq(`<iq id='1' type='set'/>`).Result(nil)},
		{
			"failed message", `<message` + back + ` id='1' type='error'><error type='cancel'><conflict` + nsErr + `/></error></message>`,
			message(`<message id='1'` + addresses + ` type='chat'>` + n1 + `</message>`).Fail(stanza.Conflict),
		},
		{
			"failed presence", `<presence` + back + ` id='1' type='error'><error type='cancel'><conflict` + nsErr + `/></error></presence>`,
			presence(`<presence id='1'` + addresses + `/>`).Fail(stanza.Conflict),
		},
		{
			"failed iq", `<iq` + back + ` id='1' type='error'><error type='cancel'><conflict` + nsErr + `/></error></iq>`,
			iq(`<iq id='1'` + addresses + ` type='get'>` + n1 + `</iq>`).Fail(stanza.Conflict),
		},
	} {
		require.Equal(t, tt.want, encode(t, tt.reply), tt.name)
	}
}

// VS9: errors and results are never answered with errors (RFC 6120, sections 8.2.3 and 8.3.1).
func TestNoErrorLoops(t *testing.T) {
	t.Parallel()
	silent := []string{
		`<message type='error' from='a@b' to='c@d'/>`, `<message type='error'><error type='wait'/></message>`,
		`<presence type='error' from='a@b'/>`, `<iq type='error' id='1' from='a@b'/>`, `<iq type='result' id='1' from='a@b'/>`,
	}
	for range 2000 {
		for _, text := range silent {
			require.Nil(t, stanza.Fail(parse[stanza.Stanza](t, text), stanza.BadRequest), "%s", text)
		}
	}
	// two entities that fail at whatever they get fall silent after one error
	for _, text := range []string{`<message from='a@b' to='c@d'/>`, `<presence from='a@b'/>`, `<iq type='get' from='a@b'/>`, `<iq type='set'/>`} {
		answer := stanza.Fail(parse[stanza.Stanza](t, text), errors.New("no"))
		require.NotNil(t, answer, "%s", text)
		require.Nil(t, stanza.Fail(parse[stanza.Stanza](t, encode(t, answer)), errors.New("no")))
		require.Nil(t, stanza.Fail(answer, errors.New("no")))
	}
	// nor is an iq without a proper type
	s, err := stanza.Parse(`<iq type='ask' from='a@b'/>`)
	require.Error(t, err)
	require.Nil(t, stanza.Fail(s, err))
	require.Nil(t, stanza.Fail(nil, err))
}

func TestGenericSetters(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`<message/>`, `<presence/>`, `<iq type='get'/>`} {
		s := parse[stanza.Stanza](t, text)
		stanza.SetTo(s, juliet)
		stanza.SetFrom(s, romeo)
		stanza.SetID(s, "7")
		a := s.Attributes()
		require.Equal(t, juliet, a.To)
		require.Equal(t, romeo, a.From)
		require.Equal(t, "7", a.ID)
		requireSame(t, encode(t, s), stanza.Clone(s))
		require.True(t, s.Matches(s.WireName()))
		require.False(t, s.Matches(wire.Name{Space: wire.NSServer, Local: s.WireName().Local}))
	}
	require.Nil(t, stanza.Clone(nil))
}

func TestNoStanza(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`<message xmlns='urn:x'/>`, `<query/>`, `<error/>`, `<message xmlns=''/>`, `<r xmlns='urn:xmpp:sm:3'/>`} {
		_, err := stanza.Parse(text)
		require.ErrorIs(t, err, stanza.ErrNoStanza, "%s", text)
		f := wire.NewBareFramer(wire.Limits{}, wire.NewContext(wire.NSClient, ""))
		f.FeedString(text)
		_, err = f.Next()
		require.NoError(t, err)
		s, err := stanza.Take(f)
		require.ErrorIs(t, err, stanza.ErrNoStanza)
		require.Nil(t, s)
		d := f.Take()
		require.False(t, d.IsZero(), "it is still there")
	}
	for _, text := range []string{``, `<message>`, `<message/><message/>`, `message`} {
		_, err := stanza.Parse(text)
		require.Error(t, err)
	}
}

// The content namespace of the stream reads as jabber:client on streams of all kinds.
func TestContentNamespaces(t *testing.T) {
	t.Parallel()
	for _, ns := range []string{wire.NSClient, wire.NSServer, wire.NSComponent} {
		f := wire.NewBareFramer(wire.Limits{}, wire.NewContext(ns, ""))
		f.FeedString(`<message xmlns='` + ns + `' type='error'><body>a</body><error type='wait'><gone` + nsErr + `/></error></message>`)
		_, err := f.Next()
		require.NoError(t, err)
		s, err := stanza.Take(f)
		require.NoError(t, err)
		m := s.(*stanza.Message)
		require.Equal(t, "a", m.Body.String())
		require.Equal(t, stanza.Gone, m.Err.Condition)
		require.Equal(t, `<message type='error'><body>a</body><error type='wait'><gone`+nsErr+`/></error></message>`, encode(t, m))
	}
}
