package xmpp_test

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

var juliet = jid.MustParse("juliet@example.org/balcony")

// connect dials a client of juliet's that is closed with the test.
func connect(t *testing.T, srv *xmpptest.Server, change func(cfg *xmpp.Config)) *xmpp.Client {
	t.Helper()
	c, err := tryConnect(t, srv, change)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.Background())) })
	return c
}

func tryConnect(t *testing.T, srv *xmpptest.Server, change func(cfg *xmpp.Config)) (*xmpp.Client, error) {
	t.Helper()
	srv.Account(juliet.Bare().String(), "secret")
	cfg := srv.ClientConfig(juliet.String())
	if change != nil {
		change(&cfg)
	}
	return xmpp.Dial(t.Context(), juliet, cfg)
}

// A bot that is a client is tested in memory.
func TestClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		romeo := srv.User("romeo@example.org/orchard")
		c := connect(t, srv, func(cfg *xmpp.Config) {
			cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
				return xmpp.Send(ctx, m.Reply("you said "+body))
			}))
		})
		require.Equal(t, juliet, c.Local())
		require.NoError(t, romeo.Send(stanza.NewMessage(juliet, "hello")))
		romeo.ExpectMessage(t, xmpptest.Exactly(`<message from='juliet@example.org/balcony' to='romeo@example.org/orchard' type='chat'><body>you said hello</body></message>`))
	})
}

// Every mechanism, with the version of TLS that it works with.
func TestMechanisms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		version  uint16
		bindings []string // nil for those of the server
		offered  []string // nil for the one
	}{
		{name: "SCRAM-SHA-1"},
		{name: "SCRAM-SHA-256"},
		{name: "SCRAM-SHA-512"},
		{name: "SCRAM-SHA-1-PLUS"},
		{name: "SCRAM-SHA-256-PLUS"},
		{name: "SCRAM-SHA-512-PLUS"},
		{name: "SCRAM-SHA-512-PLUS", version: tls.VersionTLS12},
		{name: "SCRAM-SHA-256-PLUS", bindings: []string{"tls-server-end-point"}},
		{name: "PLAIN"},
		{name: "OAUTHBEARER"},
		{name: "ANONYMOUS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				offered := []string{c.name}
				if c.bindings == nil && !strings.HasSuffix(c.name, "-PLUS") {
					c.bindings = []string{} // nothing is bound
				}
				srv := xmpptest.Start(t, xmpptest.Config{Mechanisms: offered, MaxTLS: c.version, Bindings: c.bindings})
				if c.name == "ANONYMOUS" {
					srv.Account("somebody@example.org", "x")
					cfg := srv.ClientConfig("somebody@example.org")
					cfg.Password, cfg.Anonymous = "", true
					anonymous, err := xmpp.Dial(t.Context(), jid.MustParse("example.org"), cfg)
					require.NoError(t, err)
					require.NotEmpty(t, anonymous.Local().Local())
					require.NoError(t, anonymous.Close(context.Background()))
					return
				}
				connect(t, srv, func(cfg *xmpp.Config) {
					if c.name == "OAUTHBEARER" {
						cfg.Password = ""
						cfg.Credentials = func(context.Context) (xmpp.Credentials, error) { return xmpp.Credentials{Bearer: "secret"}, nil }
					}
				})
				_, err := tryConnect(t, srv, func(cfg *xmpp.Config) {
					cfg.Password = ""
					cfg.Credentials = func(context.Context) (xmpp.Credentials, error) {
						return xmpp.Credentials{Bearer: "guess", Password: "guess"}, nil
					}
				})
				require.ErrorIs(t, err, xmpp.NotAuthorized)
				require.NotContains(t, err.Error(), "guess")
			})
		})
	}
}
