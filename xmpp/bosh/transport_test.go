package bosh_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/bosh"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

var juliet = jid.MustParse("juliet@example.org/balcony")

func dial(t *testing.T, srv *xmpptest.Server, change func(cfg *xmpp.Config)) (*xmpp.Client, error) {
	t.Helper()
	srv.Account(juliet.Bare().String(), "secret")
	cfg := srv.BOSHConfig(juliet.String())
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

// echo answers what it gets.
func echo(cfg *xmpp.Config) {
	cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
		return xmpp.Send(ctx, m.Reply("you said "+body))
	}))
}

const echoed = `<message from='juliet@example.org/balcony' to='romeo@example.org/orchard' type='chat'><body>you said hello &amp; &lt;goodbye></body></message>`

// A bot that connects by BOSH, found by host-meta, is tested in memory like any other.
func TestClient(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(cfg *xmpp.Config){
		"SASL 2":  func(*xmpp.Config) {},
		"classic": func(cfg *xmpp.Config) { cfg.Auth.NoSASL2 = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.Start(t, xmpptest.Config{})
				romeo := srv.User("romeo@example.org/orchard")
				c := connect(t, srv, func(cfg *xmpp.Config) {
					cfg.Auth.RequireChannelBinding = true // to the certificate
					echo(cfg)
					change(cfg)
				})
				require.Equal(t, juliet, c.Local())
				for range 3 {
					require.NoError(t, romeo.Send(stanza.NewMessage(juliet, "hello & <goodbye>")))
					romeo.ExpectMessage(t, xmpptest.Exactly(echoed))
					time.Sleep(10 * time.Minute)
				}
				require.NoError(t, c.Close(t.Context()))
				require.ErrorIs(t, c.Err(), stream.ErrClosed)
				synctest.Wait()
				require.False(t, srv.Online(juliet.String()))
			})
		})
	}
}

// A session survives; what was sent meanwhile arrives, once.
func TestResume(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		romeo := srv.User("romeo@example.org/orchard")
		c := connect(t, srv, nil)
		time.Sleep(time.Second) // now the session is a managed one
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
	for _, url := range []string{"wss://example.org", "ws://example.org", "https:/x", "https://user@example.org/", "://", "https://%zz"} {
		_, err := (&bosh.Transport{URL: url}).Connect(t.Context(), xmpp.Service{InsecureNoTLS: true})
		require.ErrorContains(t, err, "no URL", url)
	}
}

// Real sockets.
func TestLoopback(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		srv := xmpptest.Start(t, xmpptest.Config{NoTLS: plain})
		connect(t, srv, func(cfg *xmpp.Config) {
			cfg.Transport, cfg.Dialer, cfg.InsecureNoTLS = &bosh.Transport{URL: srv.BOSHURL()}, nil, plain
		})
		require.True(t, srv.Online(juliet.String()))
	}
}
