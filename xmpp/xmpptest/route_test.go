package xmpptest_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// What a component sends with the wrong addresses ends its stream.
func TestComponentAddresses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		send string
		want stream.Condition
	}{
		"foreign sender":     {"<message from='romeo@example.org/orchard' to='juliet@example.org'/>", stream.InvalidFrom},
		"superdomain":        {"<message from='example.org' to='juliet@example.org'/>", stream.InvalidFrom},
		"subdomain":          {"<iq type='get' id='1' from='x.echo.example.org' to='juliet@example.org'><q xmlns='x'/></iq>", stream.InvalidFrom},
		"no sender":          {"<presence to='juliet@example.org'/>", stream.ImproperAddressing},
		"malformed sender":   {"<presence from='@' to='juliet@example.org'/>", stream.ImproperAddressing},
		"no recipient":       {"<presence from='echo.example.org'/>", stream.ImproperAddressing},
		"empty recipient":    {"<presence from='echo.example.org' to=''/>", stream.ImproperAddressing},
		"no stanza":          {"<foo from='echo.example.org' to='juliet@example.org'/>", stream.UnsupportedStanzaType},
		"of another stream":  {"<message xmlns='jabber:server' from='echo.example.org' to='juliet@example.org'/>", stream.UnsupportedStanzaType},
		"second header":      {header(wire.NSComponent, "echo.example.org") + "</stream:stream>", stream.RestrictedXML},
		"not well-formed":    {"<message></presence>", stream.NotWellFormed},
		"beyond the limit":   {"<message><body>" + strings.Repeat("x", 300_000), stream.PolicyViolation},
		"not UTF-8":          {"<message><body>\xff</body></message>", stream.NotWellFormed},
		"stream in a stream": {"<stream:stream from='echo.example.org' to='juliet@example.org'/>", stream.UnsupportedStanzaType},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := xmpptest.Start(t, xmpptest.Config{})
			juliet := srv.User("juliet@example.org")
			srv.Component("echo.example.org", "secret")
			c := connect(t, srv)
			bound(t, c, wire.NSComponent, "echo.example.org", "secret")
			go func() { _ = c.Send(tt.send) }()
			c.ExpectStreamError(t, tt.want)
			require.NoError(t, srv.WaitGone(short(t), "echo.example.org"))
			require.Zero(t, juliet.Pending())
		})
	}
}

func TestRouteBetweenUsers(t *testing.T) {
	t.Parallel()
	srv := xmpptest.Start(t, xmpptest.Config{})
	r, j := srv.User(romeo), srv.User("juliet@example.org/balcony")
	j2 := srv.User("juliet@example.org/chamber")
	room := srv.User("rooms.example.org")
	require.Same(t, r, srv.User(romeo))
	require.Equal(t, jid.MustParse(romeo), r.JID())

	// to a full address
	require.NoError(t, r.Send(stanza.NewMessage(j.JID(), "one")))
	m := j.ExpectMessage(t, xmpptest.Mask(`<message from='romeo@example.org/orchard' type='chat'><body>one</body></message>`))
	require.True(t, m.Received())
	require.Zero(t, j2.Pending())

	// to a bare one: to all resources, each with a copy of its own
	require.NoError(t, r.Send(stanza.NewMessage(j.JID().Bare(), "two")))
	a, b := j.ExpectMessage(t), j2.ExpectMessage(t)
	require.NotSame(t, a, b)
	a.Body = stanza.Plain("changed")
	require.Equal(t, "two", b.Body.String())

	// to a service, and from any address of it
	require.NoError(t, r.SendXML(`<presence to='verona@rooms.example.org/romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>`))
	room.ExpectPresence(t, xmpptest.Path(`presence/{http://jabber.org/protocol/muc}x`))
	require.NoError(t, room.SendXML(`<presence from='verona@rooms.example.org/juliet' to='romeo@example.org/orchard'/>`))
	r.ExpectPresence(t, xmpptest.Exactly(`<presence from='verona@rooms.example.org/juliet' to='romeo@example.org/orchard'/>`))

	// presence for everybody is for nobody; what else has no recipient is for the account
	require.NoError(t, j.Send(stanza.NewPresence("", "")))
	require.NoError(t, j.SendXML(`<message><body>note to self</body></message>`))
	j2.Expect(t, xmpptest.Mask(`<message to='juliet@example.org'><body>note to self</body></message>`))
	require.Zero(t, r.Pending())

	// nobody sends in another's name
	forged := stanza.NewMessage(r.JID(), "it is me")
	forged.From = j.JID()
	require.Error(t, r.Send(forged))
	require.Error(t, room.SendXML(`<presence from='juliet@example.org' to='romeo@example.org/orchard'/>`))
	require.Error(t, r.SendXML(`<message`))
	require.Error(t, r.SendXML(`<message/><message/>`))
	require.Error(t, r.SendXML(`<foo/>`))
	require.Error(t, r.Send(stanza.NewMessage(j.JID(), "\x00")))

	require.Panics(t, func() { srv.User("") })
	require.Panics(t, func() { srv.Component("example.org", "secret") })
	require.Panics(t, func() { srv.Component("a@example.org", "secret") })
	srv.Component("echo.example.org", "secret")
	require.Panics(t, func() { srv.User("a@echo.example.org") })
}

func TestUndeliverable(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		to   string
		want stanza.Condition
	}{
		"unknown user":     {"tybalt@example.org", stanza.ServiceUnavailable},
		"unknown resource": {"juliet@example.org/tomb", stanza.ServiceUnavailable},
		"unknown domain":   {"nobody@nowhere.example", stanza.RemoteServerNotFound},
		"absent component": {"echo.example.org", stanza.ServiceUnavailable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := xmpptest.Start(t, xmpptest.Config{})
			srv.Component("echo.example.org", "secret")
			srv.User("juliet@example.org/balcony")
			r := srv.User(romeo)
			send := func(kind, attrs string) {
				require.NoError(t, r.SendXML(fmt.Sprintf("<%s to='%s' %s><x xmlns='urn:example:x'/></%[1]s>", kind, tt.to, attrs)))
			}
			// no answer to presence, to an error, or to an answer (VS9)
			send("presence", "")
			send("presence", "type='error'")
			send("message", "type='error'")
			send("iq", "type='error' id='1'")
			send("iq", "type='result' id='2'")
			require.Zero(t, r.Pending())
			send("message", "id='3'")
			m := r.ExpectMessage(t, xmpptest.Failed(tt.want))
			require.Equal(t, "3", m.ID)
			require.Equal(t, tt.to, m.From.String())
			send("iq", "type='get' id='4'")
			require.Equal(t, "4", r.ExpectIQ(t, xmpptest.Failed(tt.want)).ID)
		})
	}
}

func TestAccountAnswersNothing(t *testing.T) {
	t.Parallel()
	srv := xmpptest.Start(t, xmpptest.Config{})
	srv.User("juliet@example.org/balcony")
	r := srv.User(romeo)
	for _, to := range []string{"to='juliet@example.org'", ""} {
		require.NoError(t, r.SendXML("<iq type='get' id='1' "+to+"><query xmlns='jabber:iq:roster'/></iq>"))
		r.ExpectIQ(t, xmpptest.Failed(stanza.ServiceUnavailable))
	}
}

// What is wrong with a stanza itself is for its recipient to judge.
func TestRouteUnharmed(t *testing.T) {
	t.Parallel()
	srv := xmpptest.Start(t, xmpptest.Config{})
	srv.Component("echo.example.org", "secret")
	r := srv.User(romeo)
	c := connect(t, srv)
	bound(t, c, wire.NSComponent, "echo.example.org", "secret")
	odd := "<presence from='echo.example.org' to='romeo@example.org/orchard' e:b='2' a='1' xmlns:e='urn:e'>" +
		"<priority>many</priority>&lt;<e:x/><x xmlns='urn:x'><y/></x></presence>"
	require.NoError(t, c.Send(odd))
	got := r.ExpectPresence(t)
	require.Equal(t, odd, got.Source())

	// but for a recipient who has no address
	require.NoError(t, c.Send("<iq type='get' id='7' from='echo.example.org' to='@'><q xmlns='q'/></iq>"))
	c.Expect(t, xmpptest.Failed(stanza.JIDMalformed))
}

func TestOnStanza(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []string
	srv := xmpptest.Start(t, xmpptest.Config{OnStanza: func(d stream.Direction, peer jid.JID, st stanza.Stanza) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, fmt.Sprint(d == stream.In, " ", peer, " ", stanza.String(st)))
	}})
	dial(t, srv, echo, echoBot())
	r := srv.User(romeo)
	require.NoError(t, r.SendXML(`<message to='echo.example.org' id='1'><body>hi</body></message>`))
	r.ExpectMessage(t)
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, seen, 4)
	to := `<message xmlns='jabber:client' to='echo.example.org' from='romeo@example.org/orchard' id='1'><body>hi</body></message>`
	from := `<message xmlns='jabber:client' to='romeo@example.org/orchard' from='echo.example.org'><body>hi</body></message>`
	require.Equal(t, []string{
		"true romeo@example.org/orchard " + to, "false echo.example.org " + to,
		"true echo.example.org " + from, "false romeo@example.org/orchard " + from,
	}, seen)
}

// A component that does not read holds up its senders until the server loses patience,
// and what waits for it stays bounded.
func TestSlowComponent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{QueueBytes: 10_000, Patience: 2 * time.Second})
		srv.Component("echo.example.org", "secret")
		c := connect(t, srv)
		bound(t, c, wire.NSComponent, "echo.example.org", "secret")
		r := srv.User(romeo)
		start := time.Now()
		for range 20 {
			require.NoError(t, r.Send(stanza.NewMessage(echo, strings.Repeat("x", 1000))))
		}
		require.InDelta(t, 2, time.Since(start).Seconds(), 1)
		r.ExpectMessage(t, xmpptest.Failed(stanza.ServiceUnavailable))
		require.NoError(t, srv.WaitGone(t.Context(), "echo.example.org"))
	})
}

func TestInboxIsBounded(t *testing.T) {
	t.Parallel()
	srv := xmpptest.Start(t, xmpptest.Config{Inbox: 3})
	r, j := srv.User(romeo), srv.User("juliet@example.org")
	for i := range 5 {
		require.NoError(t, r.Send(stanza.NewMessage(j.JID(), fmt.Sprint(i))))
	}
	for i := range 3 {
		require.Equal(t, fmt.Sprint(i), j.ExpectMessage(t).Body.String())
	}
	_, err := j.Receive(t.Context())
	require.ErrorIs(t, err, xmpptest.ErrInboxFull)
	require.NoError(t, r.Send(stanza.NewMessage(j.JID(), "again")))
	require.Len(t, j.Drain(), 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = j.Receive(ctx)
	require.ErrorIs(t, err, context.Canceled)
}
