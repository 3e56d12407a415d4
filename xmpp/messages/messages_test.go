package messages_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"stanza.invalid/gen/forward"
	"stanza.invalid/gen/mam"
	"stanza.invalid/gen/muc"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/messages"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	juliet = jid.MustParse("juliet@example.org/balcony")
	origin = &stanza.Origin{Account: juliet, Server: juliet.DomainJID()}
)

// received returns a message as if it had come in juliet's session.
func received(t *testing.T, text string) *stanza.Message {
	t.Helper()
	st, err := stanza.Parse(text)
	require.NoError(t, err)
	st.SetOrigin(origin)
	return st.(*stanza.Message)
}

func forwarded(message string) string {
	return "<forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2026-11-26T08:00:00Z'/>" + message + "</forwarded>"
}

const fromRomeo = "<message xmlns='jabber:client' from='romeo@example.net/x' to='juliet@example.org'><body>hi</body></message>"

// A copy is what the account's own address says, of what was sent by it or to it.
func TestCopyOf(t *testing.T) {
	t.Parallel()
	const toRomeo = "<message xmlns='jabber:client' to='romeo@example.net/x' from='juliet@example.org/other'><body>hi</body></message>"
	for name, c := range map[string]struct {
		text string
		want error // nil for a copy
		none bool
	}{
		"received":             {"<message from='juliet@example.org'><received xmlns='urn:xmpp:carbons:2'>" + forwarded(fromRomeo) + "</received></message>", nil, false},
		"sent":                 {"<message from='juliet@example.org'><sent xmlns='urn:xmpp:carbons:2'>" + forwarded(toRomeo) + "</sent></message>", nil, false},
		"no sender":            {"<message><received xmlns='urn:xmpp:carbons:2'>" + forwarded(fromRomeo) + "</received></message>", nil, false},
		"no copy":              {"<message from='romeo@example.net/x'><body>hi</body></message>", nil, true},
		"VS5 a stranger's":     {"<message from='mallory@example.com/x'><received xmlns='urn:xmpp:carbons:2'>" + forwarded(fromRomeo) + "</received></message>", stanza.ErrSender, false},
		"VS5 another client's": {"<message from='juliet@example.org/other'><received xmlns='urn:xmpp:carbons:2'>" + forwarded(fromRomeo) + "</received></message>", stanza.ErrSender, false},
		"VS5 the server's":     {"<message from='example.org'><received xmlns='urn:xmpp:carbons:2'>" + forwarded(fromRomeo) + "</received></message>", stanza.ErrSender, false},
		"VS8 sent by others":   {"<message from='juliet@example.org'><sent xmlns='urn:xmpp:carbons:2'>" + forwarded(fromRomeo) + "</sent></message>", messages.ErrCopy, false},
		"VS8 got by others":    {"<message from='juliet@example.org'><received xmlns='urn:xmpp:carbons:2'>" + forwarded(toRomeo) + "</received></message>", messages.ErrCopy, false},
		"VS8 both": {"<message from='juliet@example.org'><sent xmlns='urn:xmpp:carbons:2'>" + forwarded(toRomeo) + "</sent><received xmlns='urn:xmpp:carbons:2'>" +
			forwarded(fromRomeo) + "</received></message>", messages.ErrCopy, false},
		"VS8 of nothing": {"<message from='juliet@example.org'><received xmlns='urn:xmpp:carbons:2'>" + forwarded("") + "</received></message>", messages.ErrCopy, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := messages.CopyOf(received(t, c.text))
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
				require.ErrorIs(t, err, stanza.ErrSender)
				require.Nil(t, got)
				return
			}
			require.NoError(t, err)
			if c.none {
				require.Nil(t, got)
				return
			}
			require.Equal(t, name == "sent", got.Sent)
			require.Equal(t, "hi", got.Message.Body.String())
			require.Equal(t, 8, got.Time.Hour())
			require.Same(t, origin, got.Message.Origin())
		})
	}
}

// VS8: depth is one. What is forwarded inside of a copy, or of what somebody forwards, is no
// copy, no result of an archive, and no message to anybody.
func TestVS8Nested(t *testing.T) {
	t.Parallel()
	inner := "<message xmlns='jabber:client' from='juliet@example.org' to='juliet@example.org/balcony'><received xmlns='urn:xmpp:carbons:2'>" + forwarded(fromRomeo) + "</received>" +
		"<result xmlns='urn:xmpp:mam:2' id='1'>" + forwarded(fromRomeo) + "</result></message>"
	m := received(t, "<message from='juliet@example.org'><received xmlns='urn:xmpp:carbons:2'>"+forwarded(inner)+"</received></message>")
	c, err := messages.CopyOf(m)
	require.NoError(t, err)
	_, err = messages.CopyOf(c.Message)
	require.ErrorIs(t, err, stanza.ErrSender)
	_, err = stanza.Find[mam.Result](c.Message)
	require.ErrorIs(t, err, stanza.ErrSender)

	// forwarded as it is, by anybody
	m = received(t, "<message from='mallory@example.com/x'>"+forwarded(inner)+"</message>")
	f, err := stanza.Find[forward.Forwarded](m)
	require.NoError(t, err)
	require.True(t, f.Message.Nested())
	for _, o := range []*stanza.Origin{nil, origin} {
		f.Message.SetOrigin(o)
		_, err = messages.CopyOf(f.Message)
		require.ErrorIs(t, err, stanza.ErrSender)
	}
	at, delayed := messages.TimeOf(f.Message)
	require.False(t, delayed)
	require.WithinDuration(t, time.Now(), at, time.Minute)
}

// VS8: a client whose handlers are for copies, receipts and bodies, against those who wrap
// what is none of their business.
func TestVS8Handlers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		srv.Account(juliet.Bare().String(), "secret")
		var mu sync.Mutex
		var seen []string
		note := func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, fmt.Sprintf(format, args...))
		}
		take := func() []string {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			all := seen
			seen = nil
			return all
		}
		login := func(resource string, mux *xmpp.Mux) *xmpp.Client {
			cfg := srv.ClientConfig(juliet.Bare().String())
			cfg.Handler, cfg.Carbons, cfg.Presence, cfg.Resource = mux, true, &stanza.Presence{}, resource
			cfg.Failed = func(f stream.Failure) { note("refused: %v", f.Err) }
			c, err := xmpp.Dial(t.Context(), juliet.Bare(), cfg)
			require.NoError(t, err)
			t.Cleanup(func() { _ = c.Close(context.Background()) })
			return c
		}
		login("balcony", xmpp.NewMux(
			messages.OnCopy(func(_ context.Context, c *messages.Copy) error {
				note("copy %t from %s to %s: %s", c.Sent, c.Message.From, c.Message.To, c.Message.Body)
				return nil
			}),
			xmpp.OnBody(func(_ context.Context, m *stanza.Message, body string) error {
				note("from %s: %s", m.From, body)
				return nil
			}),
			xmpp.OnMessage(func(_ context.Context, m *stanza.Message, r *receipts.Received) error {
				note("receipt from %s", m.From)
				return nil
			}),
		))
		other := login("garden", nil)
		synctest.Wait()
		take()
		romeo, mallory := srv.User("romeo@example.net/x"), srv.User("mallory@example.com/x")

		// what the server copies
		require.NoError(t, other.Send(t.Context(), &stanza.Message{To: romeo.JID(), Type: stanza.Chat, Body: stanza.Plain("to romeo")}))
		require.Equal(t, []string{"copy true from juliet@example.org/garden to romeo@example.net/x: to romeo"}, take())
		require.NoError(t, romeo.Send(&stanza.Message{To: other.Local(), Type: stanza.Chat, Body: stanza.Plain("to juliet")}))
		require.Equal(t, []string{"copy false from romeo@example.net/x to juliet@example.org/garden: to juliet"}, take())

		// what others make up
		ack := "<message xmlns='jabber:client' from='romeo@example.net/x' to='juliet@example.org'><received xmlns='urn:xmpp:receipts' id='1'/><body>hi</body></message>"
		for _, text := range []string{
			"<received xmlns='urn:xmpp:carbons:2'>" + forwarded(ack) + "</received>",
			"<sent xmlns='urn:xmpp:carbons:2'>" + forwarded(ack) + "</sent>",
			"<sent xmlns='urn:xmpp:carbons:2'/>",
		} {
			require.NoError(t, mallory.SendXML("<message to='"+juliet.String()+"'>"+text+"</message>"))
			got := take()
			require.Len(t, got, 1)
			require.Contains(t, got[0], "refused")
		}
		require.NoError(t, mallory.SendXML("<message to='"+juliet.String()+"'>"+forwarded(ack)+"</message>"))
		require.Empty(t, take(), "nothing is said but that something was forwarded")
		require.Zero(t, mallory.Pending(), "and nobody is told")
	})
}

// VS8: a delay is believed from the own server and account, and from a room about its own.
func TestVS8Delay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from, typ, delays string
		want              string // of the day in question, or none
	}{
		"own server":       {"romeo@example.net/x", "chat", "example.org 1", "1"},
		"own account":      {"romeo@example.net/x", "chat", "juliet@example.org 2", "2"},
		"a room":           {"room@rooms.example/nick", "groupchat", "room@rooms.example 3", "3"},
		"both":             {"room@rooms.example/nick", "groupchat", "example.org 4 room@rooms.example 3", "3"},
		"the sender":       {"romeo@example.net/x", "chat", "romeo@example.net/x 1", ""},
		"his account":      {"romeo@example.net/x", "chat", "romeo@example.net 1", ""},
		"his server":       {"romeo@example.net/x", "chat", "example.net 1", ""},
		"another room":     {"room@rooms.example/nick", "groupchat", "other@rooms.example 1", ""},
		"an occupant":      {"room@rooms.example/nick", "groupchat", "room@rooms.example/nick 1", ""},
		"no room":          {"room@rooms.example/nick", "chat", "room@rooms.example 1", ""},
		"own resource":     {"romeo@example.net/x", "chat", "juliet@example.org/balcony 1", ""},
		"among the others": {"romeo@example.net/x", "chat", "example.net 1 example.org 2", "2"},
		"nobody":           {"romeo@example.net/x", "chat", "", ""},
	} {
		text := "<message from='" + c.from + "' type='" + c.typ + "'>"
		var from string
		var day int
		for rest := c.delays; rest != ""; {
			n, err := fmt.Sscanf(rest, "%s %d", &from, &day)
			require.NoError(t, err)
			require.Equal(t, 2, n)
			text += fmt.Sprintf("<delay xmlns='urn:xmpp:delay' from='%s' stamp='2024-02-0%dT00:00:00Z'/>", from, day)
			rest = rest[min(len(rest), len(fmt.Sprintf("%s %d ", from, day))):]
		}
		at, delayed := messages.TimeOf(received(t, text+"</message>"))
		require.Equal(t, c.want != "", delayed, name)
		if delayed {
			require.Equal(t, c.want, fmt.Sprint(at.Day()), name)
		} else {
			require.WithinDuration(t, time.Now(), at, time.Minute, name)
		}
	}
	m := received(t, "<message from='romeo@example.net/x'><delay xmlns='urn:xmpp:delay' from='example.org' stamp='9999-12-31T23:59:59Z'/></message>")
	at, delayed := messages.TimeOf(m)
	require.True(t, delayed)
	require.WithinDuration(t, time.Now(), at, time.Minute, "nothing comes from the future")
	m.SetOrigin(nil)
	_, delayed = messages.TimeOf(m)
	require.False(t, delayed, "no session, no server")
	p, err := stanza.Parse("<presence from='romeo@example.net/x'><delay xmlns='urn:xmpp:delay' from='example.org' stamp='2024-02-01T00:00:00Z'/></presence>")
	require.NoError(t, err)
	p.SetOrigin(origin)
	_, delayed = messages.TimeOf(p)
	require.True(t, delayed)
}

// VS8: a receipt or marker counts from whom the message went to.
func TestVS8Confirms(t *testing.T) {
	t.Parallel()
	const receipt, displayed = "<received xmlns='urn:xmpp:receipts' id='%s'/>", "<displayed xmlns='urn:xmpp:chat-markers:0' id='%s'/>"
	to := func(addr string, typ stanza.MessageType) *stanza.Message {
		return &stanza.Message{ID: "m1", To: jid.MustParse(addr), Type: typ}
	}
	chat, full := to("romeo@example.net", stanza.Chat), to("romeo@example.net/x", stanza.Chat)
	private := to("room@rooms.example/romeo", stanza.Chat)
	private.Add(&muc.User{})
	group := to("room@rooms.example", stanza.Groupchat)
	reflected := received(t, "<message id='m1' from='room@rooms.example/juliet' type='groupchat'><stanza-id xmlns='urn:xmpp:sid:0' by='room@rooms.example' id='s1'/>"+
		"<stanza-id xmlns='urn:xmpp:sid:0' by='example.net' id='m1'/></message>")
	for _, c := range []struct {
		name       string
		sent       *stanza.Message
		from, typ  string
		id         string
		ack, shown messages.Confirmation // of a receipt, and of a marker
	}{
		{"the recipient", chat, "romeo@example.net/x", "chat", "m1", messages.Delivered, messages.Displayed},
		{"another client of his", full, "romeo@example.net/y", "chat", "m1", messages.Delivered, messages.Displayed},
		{"normal", chat, "romeo@example.net/x", "normal", "m1", messages.Delivered, messages.Displayed},
		{"somebody else", chat, "mallory@example.com/x", "chat", "m1", 0, 0},
		{"his server", chat, "example.net", "chat", "m1", 0, 0},
		{"one who looks like him", chat, "romeo@example.net.example.com/x", "chat", "m1", 0, 0},
		{"nobody", chat, "", "chat", "m1", 0, 0},
		{"another message", chat, "romeo@example.net/x", "chat", "m2", 0, 0},
		{"no id", &stanza.Message{To: chat.To}, "romeo@example.net/x", "chat", "", 0, 0},
		{"a bounce", chat, "romeo@example.net/x", "error", "m1", 0, 0},
		{"in a room", chat, "romeo@example.net/x", "groupchat", "m1", 0, 0},
		{"an occupant", private, "room@rooms.example/romeo", "chat", "m1", messages.Delivered, messages.Displayed},
		{"another occupant", private, "room@rooms.example/mallory", "chat", "m1", 0, 0},
		{"the room", private, "room@rooms.example", "chat", "m1", 0, 0},
		{"one of the room", group, "room@rooms.example/romeo", "groupchat", "m1", 0, messages.Displayed},
		{"one of another room", group, "other@rooms.example/romeo", "groupchat", "m1", 0, 0},
		{"the room itself", group, "room@rooms.example", "groupchat", "m1", 0, 0},
		{"one of the room in private", group, "room@rooms.example/romeo", "chat", "m1", 0, 0},
		{"by the room's id", reflected, "room@rooms.example/romeo", "groupchat", "s1", 0, messages.Displayed},
		{"by an id that anybody could choose", reflected, "room@rooms.example/romeo", "groupchat", "m1", 0, 0},
	} {
		from := ""
		if c.from != "" {
			from = " from='" + c.from + "'"
		}
		m := received(t, "<message type='"+c.typ+"'"+from+">"+fmt.Sprintf(receipt, c.id)+"</message>")
		require.Equal(t, c.ack, messages.Confirms(m, c.sent), "%s: a receipt", c.name)
		m = received(t, "<message type='"+c.typ+"'"+from+">"+fmt.Sprintf(displayed, c.id)+"</message>")
		require.Equal(t, c.shown, messages.Confirms(m, c.sent), "%s: a marker", c.name)
		require.Equal(t, messages.Unconfirmed, messages.Confirms(received(t, "<message type='"+c.typ+"'"+from+"><body>m1</body></message>"), c.sent))
	}
	// copies of confirmations count like those themselves
	m := received(t, "<message from='juliet@example.org'><received xmlns='urn:xmpp:carbons:2'>"+forwarded(
		"<message xmlns='jabber:client' from='romeo@example.net/x' to='juliet@example.org/other'>"+fmt.Sprintf(receipt, "m1")+"</message>")+"</received></message>")
	require.Equal(t, messages.Unconfirmed, messages.Confirms(m, chat))
	c, err := messages.CopyOf(m)
	require.NoError(t, err)
	require.Equal(t, messages.Delivered, messages.Confirms(c.Message, chat))
}
