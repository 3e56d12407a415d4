package xmpp_test

import (
	"context"
	"crypto/tls"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/version"
	"stanza.invalid/internal/realserver"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// onServer is the configuration of a client of juliet's or romeo's on a real server.
func onServer(s *realserver.Server, password string) xmpp.Config {
	return xmpp.Config{Password: password, Addr: s.Addr(), TLS: &tls.Config{RootCAs: s.CA.Pool()}}
}

// login dials a client that is closed with the test.
func login(t *testing.T, s *realserver.Server, addr string, cfg xmpp.Config) *xmpp.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := xmpp.Dial(ctx, jid.MustParse(addr), cfg)
	require.NoError(t, err, s.Log())
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// The client against a real Prosody.
func TestProsody(t *testing.T) {
	t.Parallel()
	s := realserver.Prosody(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()

	t.Run("two clients", func(t *testing.T) {
		bodies := make(chan string, 16)
		cfg := onServer(s, realserver.RomeoPassword)
		cfg.SessionConfig = xmpp.SessionConfig{
			Software: &version.Info{Name: "orchard", Version: "1"},
			Handler: xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
				bodies <- body
				return xmpp.Send(ctx, m.Reply("yes: "+body))
			})),
		}
		romeo := login(t, s, "romeo@localhost/orchard", cfg)
		require.Equal(t, "romeo@localhost/orchard", romeo.Local().String())
		require.Equal(t, "localhost", romeo.Remote().String())
		require.NoError(t, romeo.Send(ctx, &stanza.Presence{}))

		cfg = onServer(s, realserver.JulietPassword)
		cfg.SessionConfig = xmpp.SessionConfig{Handler: xmpp.NewMux(xmpp.OnBody(func(_ context.Context, m *stanza.Message, body string) error {
			bodies <- body
			return nil
		}))}
		juliet := login(t, s, "juliet@localhost", cfg)
		require.NotEmpty(t, juliet.Local().Resource(), "the server has chosen one")
		require.NoError(t, juliet.Send(ctx, &stanza.Presence{}))
		require.NoError(t, juliet.Send(ctx, stanza.NewMessage(romeo.Local(), "is it the lark?")))
		require.Equal(t, "is it the lark?", <-bodies)
		require.Equal(t, "yes: is it the lark?", <-bodies)
		info, err := xmpp.Call(ctx, juliet, romeo.Local(), &version.Query{})
		require.NoError(t, err)
		require.Equal(t, "orchard", info.Name)
		_, err = xmpp.Call(ctx, juliet, jid.JID{}, &version.Query{})
		require.ErrorIs(t, err, stanza.ServiceUnavailable, "one's own account has none")
		require.NoError(t, juliet.Close(ctx))
	})
	t.Run("logins", func(t *testing.T) {
		for name, addr := range map[string]string{"SHA-1": "juliet@localhost/a", "SHA-256": "juliet@sha256.test/a"} {
			cfg := onServer(s, realserver.JulietPassword)
			cfg.Auth.Mechanisms = []string{"SCRAM-" + name}
			login(t, s, addr, cfg)
		}
		plain := onServer(s, realserver.JulietPassword)
		plain.Auth.Mechanisms = []string{"PLAIN"}
		login(t, s, "juliet@localhost/plain", plain)

		direct := onServer(s, realserver.JulietPassword)
		direct.Addr, direct.DirectTLS = s.DirectAddr(), true
		login(t, s, "juliet@localhost/direct", direct)

		// tls-unique, where it exists
		old := onServer(s, realserver.JulietPassword)
		old.TLS.MaxVersion = tls.VersionTLS12
		old.Auth.RequireChannelBinding = true
		login(t, s, "juliet@localhost/old", old)

		anonymous := onServer(s, "")
		anonymous.Anonymous = true
		c := login(t, s, "anon.localhost", anonymous)
		require.Equal(t, "anon.localhost", c.Local().Domain())
		require.NotEmpty(t, c.Local().Local())
	})
	t.Run("refused", func(t *testing.T) {
		_, err := xmpp.Dial(ctx, jid.MustParse("juliet@localhost"), onServer(s, "guess"))
		require.ErrorIs(t, err, xmpp.NotAuthorized)
		var e *xmpp.AuthError
		require.ErrorAs(t, err, &e)
		require.Equal(t, "SCRAM-SHA-1", e.Mechanism)

		strong := onServer(s, realserver.JulietPassword)
		strong.Auth.Minimum = "SCRAM-SHA-256"
		_, err = xmpp.Dial(ctx, jid.MustParse("juliet@localhost"), strong)
		require.ErrorAs(t, err, &e)
		require.ErrorContains(t, err, "SCRAM-SHA-1: weaker than the minimum")

		bound := onServer(s, realserver.JulietPassword)
		bound.Auth.RequireChannelBinding = true
		_, err = xmpp.Dial(ctx, jid.MustParse("juliet@localhost"), bound)
		require.ErrorAs(t, err, &e, "TLS 1.3: no -PLUS is offered")
	})
	// VT3: only the right certificate for the right name passes.
	t.Run("VT3 certificates", func(t *testing.T) {
		for _, host := range []string{"wronghost.test", "expired.test", "selfsigned.test"} {
			cfg := onServer(s, realserver.JulietPassword)
			_, err := xmpp.Dial(ctx, jid.MustParse("juliet@"+host), cfg)
			var e *tls.CertificateVerificationError
			require.ErrorAs(t, err, &e, host)
			cfg.TLS.ServerName = "other.example" // does not help
			_, err = xmpp.Dial(ctx, jid.MustParse("juliet@"+host), cfg)
			require.ErrorAs(t, err, &e, host)
			cfg.Addr, cfg.DirectTLS = s.DirectAddr(), true
			_, err = xmpp.Dial(ctx, jid.MustParse("juliet@"+host), cfg)
			require.Error(t, err, host)
		}
		cfg := onServer(s, realserver.JulietPassword)
		cfg.TLS = nil // the system's roots do not know the authority
		_, err := xmpp.Dial(ctx, jid.MustParse("juliet@localhost"), cfg)
		var e *tls.CertificateVerificationError
		require.ErrorAs(t, err, &e)
	})
}

// The client against a real ejabberd.
func TestEJabberd(t *testing.T) {
	t.Parallel()
	s := realserver.EJabberd(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()

	// VT7: it offers -PLUS on TLS 1.3 and takes nothing for a binding there; it does not say
	// so, and a login must succeed.
	t.Run("VT7 logins", func(t *testing.T) {
		juliet := login(t, s, "juliet@localhost/best", onServer(s, realserver.JulietPassword))
		require.NoError(t, juliet.Send(ctx, &stanza.Presence{}))
		for _, name := range []string{"SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"} {
			cfg := onServer(s, realserver.JulietPassword)
			cfg.Auth.Mechanisms = []string{name}
			login(t, s, "juliet@localhost/a", cfg)
		}
		for _, name := range []string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512-PLUS"} {
			cfg := onServer(s, realserver.JulietPassword)
			cfg.Auth.Mechanisms = []string{name}
			_, err := xmpp.Dial(ctx, jid.MustParse("juliet@localhost"), cfg)
			var e *xmpp.AuthError
			require.ErrorAs(t, err, &e, "no binding is known to be taken")
			require.Empty(t, e.Mechanism, "nothing was tried")
			cfg.TLS.MaxVersion = tls.VersionTLS12
			login(t, s, "juliet@localhost/b", cfg)
		}
		direct := onServer(s, realserver.JulietPassword)
		direct.Addr, direct.DirectTLS = s.DirectAddr(), true
		login(t, s, "juliet@localhost/direct", direct)
		anonymous := onServer(s, "")
		anonymous.Anonymous = true
		login(t, s, "anon.localhost", anonymous)
		_, err := xmpp.Dial(ctx, jid.MustParse("juliet@localhost"), onServer(s, "guess"))
		require.ErrorIs(t, err, xmpp.NotAuthorized)
	})
}
