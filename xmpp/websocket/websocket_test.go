package websocket_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/websocket"
	"stanza.invalid/xmpp/xmpptest"
)

var juliet = jid.MustParse("juliet@example.org/balcony")

func dial(t *testing.T, srv *xmpptest.Server, change func(cfg *xmpp.Config)) (*xmpp.Client, error) {
	t.Helper()
	srv.Account(juliet.Bare().String(), "secret")
	cfg := srv.WebsocketConfig(juliet.String())
	if change != nil {
		change(&cfg)
	}
	c, err := xmpp.Dial(t.Context(), juliet, cfg)
	if err == nil {
		t.Cleanup(func() { _ = c.Close(context.Background()) })
	}
	return c, err
}

func connect(t *testing.T, srv *xmpptest.Server, change func(cfg *xmpp.Config)) *xmpp.Client {
	t.Helper()
	c, err := dial(t, srv, change)
	require.NoError(t, err)
	return c
}

// A bot over a websocket, found by host-meta, is tested in memory like any other.
func TestClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		romeo := srv.User("romeo@example.org/orchard")
		c := connect(t, srv, func(cfg *xmpp.Config) {
			cfg.Auth.RequireChannelBinding = true // to the TLS of the websocket
			cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
				return xmpp.Send(ctx, m.Reply("you said "+body))
			}))
		})
		require.Equal(t, juliet, c.Local())
		for range 3 {
			require.NoError(t, romeo.Send(stanza.NewMessage(juliet, "hello & <goodbye>")))
			romeo.ExpectMessage(t, xmpptest.Exactly(`<message from='juliet@example.org/balcony' to='romeo@example.org/orchard' type='chat'><body>you said hello &amp; &lt;goodbye></body></message>`))
		}
		require.NoError(t, c.Close(t.Context()))
		require.ErrorIs(t, c.Err(), stream.ErrClosed)
		require.False(t, srv.Online(juliet.String()))
	})
}

// A session survives its websocket; what was sent meanwhile arrives, once.
func TestResume(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		romeo := srv.User("romeo@example.org/orchard")
		c := connect(t, srv, nil)
		synctest.Wait() // Dial may return before the server has said that the session can be resumed
		for i := range 5 {
			d, err := c.SendTracked(t.Context(), stanza.NewMessage(romeo.JID(), "one"))
			require.NoError(t, err)
			if i%2 == 0 {
				require.True(t, srv.Disconnect(juliet.String()))
			}
			outcome, err := d.Wait(t.Context())
			require.NoError(t, err)
			require.Equal(t, stream.Acked, outcome)
			romeo.ExpectMessage(t, xmpptest.Mask("<message><body>one</body></message>"))
		}
		romeo.ExpectNothing(t, time.Minute)
	})
}

// No TLS needs to be asked for, by name.
func TestInsecure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{NoTLS: true})
		_, err := dial(t, srv, nil)
		require.ErrorIs(t, err, xmpp.ErrNoTLS)
		connect(t, srv, func(cfg *xmpp.Config) { cfg.InsecureNoTLS = true })
	})
	for _, url := range []string{"http://example.org", "https://example.org", "wss:/x", "wss://user@example.org/", "://", "wss://%zz"} {
		_, err := (&websocket.Transport{URL: url}).Connect(t.Context(), xmpp.Service{InsecureNoTLS: true})
		require.ErrorContains(t, err, "no URL", url)
	}
}

// Real sockets.
func TestLoopback(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		srv := xmpptest.Start(t, xmpptest.Config{NoTLS: plain})
		connect(t, srv, func(cfg *xmpp.Config) {
			cfg.Transport, cfg.Dialer, cfg.InsecureNoTLS = &websocket.Transport{URL: srv.WebsocketURL()}, nil, plain
		})
		require.True(t, srv.Online(juliet.String()))
	}
}

// Keeping alive is a ping of the websocket's, since white space is none of its messages.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{NoManagement: true})
		c := connect(t, srv, func(cfg *xmpp.Config) { cfg.KeepAlive, cfg.Idle = 10*time.Second, -1 })
		time.Sleep(5 * time.Minute)
		require.Equal(t, stream.Established, c.Stream().State())
		require.NoError(t, c.Send(t.Context(), &stanza.Presence{}))
	})
}
