package xmpp_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/version"
	"stanza.invalid/internal/realserver"
	"stanza.invalid/internal/testproxy"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/websocket"
)

// overWebsocket is onServer for a client that connects by websocket.
func overWebsocket(s *realserver.Server, password string, secure bool) xmpp.Config {
	cfg := onServer(s, password)
	cfg.Addr, cfg.Transport, cfg.InsecureNoTLS = "", &websocket.Transport{URL: s.WebsocketURL(secure)}, !secure
	return cfg
}

// overWeb is what a client can do over a transport of the web, with a real server.
func overWeb(t *testing.T, s *realserver.Server, config func(password string, secure bool) xmpp.Config) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	bodies := make(chan string, 100)
	cfg := config(realserver.RomeoPassword, true)
	cfg.SessionConfig = xmpp.SessionConfig{
		Software: &version.Info{Name: "orchard", Version: "1"},
		Handler: xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
			bodies <- body
			return xmpp.Send(ctx, m.Reply("yes: "+body))
		})),
	}
	romeo := login(t, s, "romeo@localhost/web", cfg)
	cfg = config(realserver.JulietPassword, false)
	cfg.SessionConfig = xmpp.SessionConfig{Handler: xmpp.NewMux(xmpp.OnBody(func(_ context.Context, m *stanza.Message, body string) error {
		bodies <- body
		return nil
	}))}
	juliet := login(t, s, "juliet@localhost/web", cfg)
	for _, c := range []*xmpp.Client{romeo, juliet} {
		require.NoError(t, c.Send(ctx, &stanza.Presence{}))
	}
	long := strings.Repeat("ü<&>", 5_000)
	for _, text := range []string{"is it the lark?", long} {
		require.NoError(t, juliet.Send(ctx, stanza.NewMessage(romeo.Local(), text)))
		require.Equal(t, text, next(t, bodies))
		require.Equal(t, "yes: "+text, next(t, bodies))
	}
	info, err := xmpp.Call(ctx, juliet, romeo.Local(), &version.Query{})
	require.NoError(t, err)
	require.Equal(t, "orchard", info.Name)
	require.NoError(t, juliet.Close(ctx))

	_, err = xmpp.Dial(ctx, jid.MustParse("juliet@localhost"), config("guess", true))
	require.ErrorIs(t, err, xmpp.NotAuthorized)
	cfg = config(realserver.JulietPassword, false)
	cfg.InsecureNoTLS = false
	_, err = xmpp.Dial(ctx, jid.MustParse("juliet@localhost"), cfg)
	require.ErrorIs(t, err, xmpp.ErrNoTLS)
	cfg = config(realserver.JulietPassword, true)
	cfg.TLS = nil
	_, err = xmpp.Dial(ctx, jid.MustParse("juliet@localhost"), cfg)
	require.ErrorContains(t, err, "certificate")
}

func next[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
	}
	return v
}

// resumeWeb cuts the connection of a client, and sees what it sends arrive.
func resumeWeb(t *testing.T, s *realserver.Server, cfg xmpp.Config) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	bodies := make(chan string, 100)
	plain := onServer(s, realserver.RomeoPassword)
	plain.Handler = xmpp.NewMux(xmpp.OnBody(func(_ context.Context, m *stanza.Message, body string) error {
		bodies <- body
		return nil
	}))
	romeo := login(t, s, "romeo@localhost/resume", plain)
	require.NoError(t, romeo.Send(ctx, &stanza.Presence{}))
	proxy, err := testproxy.New(net.JoinHostPort("127.0.0.1", itoa(s.HTTPSPort)))
	require.NoError(t, err)
	defer proxy.Close()
	cfg.Dialer = through{proxy.Addr()}
	cfg.Backoff = stream.Backoff{Min: 10 * time.Millisecond}
	juliet := login(t, s, "juliet@localhost/resume", cfg)
	resumed := make(chan bool, 10)
	first := juliet.Stream().Peer().ID
	stream.On(juliet.Stream(), func(_ context.Context, e stream.SessionStarted) error {
		if e.ID != first {
			resumed <- e.Resumed
		}
		return nil
	})
	for i := range 4 {
		if i > 0 { // before that the session may not be a managed one yet
			proxy.CutTidily()
		}
		text := strings.Repeat("x", i+1)
		d, err := juliet.SendTracked(ctx, stanza.NewMessage(romeo.Local(), text))
		require.NoError(t, err)
		outcome, err := d.Wait(ctx)
		require.NoError(t, err)
		require.Equal(t, stream.Acked, outcome)
		if i > 0 {
			require.True(t, <-resumed)
		}
		require.Equal(t, text, next(t, bodies))
	}
	require.NoError(t, juliet.Close(ctx))
}

// through is a dialer all of whose connections lead to one place.
type through struct{ addr string }

func (d through) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, d.addr)
}

// The client over websockets, against a real Prosody.
func TestProsodyWebsocket(t *testing.T) {
	t.Parallel()
	s := realserver.Prosody(t)
	overWeb(t, s, func(password string, secure bool) xmpp.Config { return overWebsocket(s, password, secure) })
	resumeWeb(t, s, overWebsocket(s, realserver.JulietPassword, true))
}

// The client over websockets, against a real ejabberd.
func TestEJabberdWebsocket(t *testing.T) {
	t.Parallel()
	s := realserver.EJabberd(t)
	overWeb(t, s, func(password string, secure bool) xmpp.Config { return overWebsocket(s, password, secure) })
	resumeWeb(t, s, overWebsocket(s, realserver.JulietPassword, true))
}

func overURL(url string) xmpp.Transport { return &websocket.Transport{URL: url} }
