package xmpp_test

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/realserver"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// SASL 2, Bind 2 and tokens against a real Prosody. Its modules are from 2023: no stream
// management along with the login, and no list of channel bindings.
func TestProsodySASL2(t *testing.T) {
	t.Parallel()
	s := realserver.ProsodySASL2(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	account := jid.MustParse("juliet@localhost")
	dial := func(t *testing.T, store xmpp.Store, password string, change func(cfg *xmpp.Config)) (*xmpp.Client, *recorder) {
		t.Helper()
		r := &recorder{}
		cfg := onServer(s, password)
		cfg.Store, cfg.Trace, cfg.Tag, cfg.Carbons = store, r.trace(), "Orchard", true
		cfg.Management.AckAfter = 50 * time.Millisecond
		cfg.Trace.XML = func(d stream.Direction, text string) {
			if d == stream.Out {
				r.add("OUT " + text)
			}
		}
		if change != nil {
			change(&cfg)
		}
		c, err := xmpp.Dial(ctx, account, cfg)
		require.NoError(t, err, "%s\n%s", strings.Join(r.all(), "\n"), s.Log())
		t.Cleanup(func() { _ = c.Close(context.Background()) })
		return c, r
	}
	acked := func(t *testing.T, c *xmpp.Client) {
		t.Helper()
		d, err := c.SendTracked(ctx, stanza.NewMessage(account, "a note"))
		require.NoError(t, err)
		outcome, err := d.Wait(ctx)
		require.NoError(t, err)
		require.Equal(t, stream.Acked, outcome)
	}
	for _, version := range []uint16{tls.VersionTLS13, tls.VersionTLS12} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			store := xmpp.MemoryStore()
			limit := func(cfg *xmpp.Config) { cfg.TLS.MaxVersion = version }
			first, r := dial(t, store, realserver.JulietPassword, limit)
			said := strings.Join(r.all(), "\n")
			require.Contains(t, said, "logged in SCRAM-SHA-1")
			if version == tls.VersionTLS12 {
				// -PLUS without a list of bindings (XEP-0440): not by SASL 2, but as before it
				require.Contains(t, said, "logged in SCRAM-SHA-1-PLUS")
				acked(t, first)
				return
			}
			require.Contains(t, first.Local().Resource(), "Orchard")
			require.Contains(t, said, "<enable xmlns='urn:xmpp:carbons:2'/></bind>")
			acked(t, first)
			require.NoError(t, first.Close(ctx))

			second, r := dial(t, store, "forgotten", limit)
			said = strings.Join(r.all(), "\n")
			require.Contains(t, said, "logged in HT-SHA-256-EXPR")
			require.Less(t, strings.Index(said, "<authenticate"), strings.LastIndex(said, "features"), "sent before it was offered")
			acked(t, second)

			// the session goes on: the classic way, behind a login with the token
			full := second.Local()
			started := make(chan xmpp.SessionStarted, 4)
			xmpp.On(second, func(e xmpp.SessionStarted) { started <- e })
			second.Reconnect()
			for e := range started {
				if e.ID == "" {
					continue
				}
				if e.Resumed {
					require.Equal(t, full, e.Local)
					break
				}
			}
			acked(t, second)
			require.NoError(t, second.Close(ctx))

			// a token that is of no use: the password, on another connection, since this Prosody takes
			// nothing else on the one that has seen a token
			b, err := store.Load(ctx, account)
			require.NoError(t, err)
			_, rest, _ := strings.Cut(string(b), "secret-token")
			require.NotEmpty(t, rest)
			require.NoError(t, store.Save(ctx, account, []byte(strings.Replace(string(b), "secret-token", "another-token", 1))))
			third, r := dial(t, store, realserver.JulietPassword, limit)
			require.Contains(t, strings.Join(r.all(), "\n"), "login failed")
			acked(t, third)
			require.NoError(t, third.Close(ctx))
			fourth, _ := dial(t, store, "forgotten", limit)
			acked(t, fourth)
			require.NoError(t, fourth.Close(ctx))

			// forgotten
			cfg := onServer(s, "forgotten")
			cfg.Store = store
			require.NoError(t, xmpp.ForgetToken(ctx, account, cfg))
			_, err = xmpp.Dial(ctx, account, cfg)
			require.ErrorIs(t, err, xmpp.NotAuthorized)
		})
	}
	t.Run("wrong password", func(t *testing.T) {
		_, err := xmpp.Dial(ctx, account, onServer(s, "guess"))
		require.ErrorIs(t, err, xmpp.NotAuthorized)
	})
	t.Run("a resource", func(t *testing.T) {
		c := login(t, s, "juliet@localhost/balcony", onServer(s, realserver.JulietPassword))
		require.Equal(t, "balcony", c.Local().Resource())
		acked(t, c)
	})
	t.Run("round trips", func(t *testing.T) {
		f := &flights{under: &net.Dialer{}}
		store, trips := xmpp.MemoryStore(), 0
		for _, want := range []int{3, 1} {
			c, _ := dial(t, store, realserver.JulietPassword, func(cfg *xmpp.Config) {
				cfg.Dialer, cfg.Addr, cfg.DirectTLS = f, s.DirectAddr(), true
				cfg.Trace = &xmpp.Trace{Session: func(jid.JID, bool) { trips = f.take() }}
			})
			require.Equal(t, want, trips)
			require.NoError(t, c.Close(ctx))
			f.take()
		}
	})
}
