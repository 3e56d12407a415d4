package xmpp_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// recorder notes what the hooks are told.
type recorder struct {
	mu    sync.Mutex
	notes []string
}

func (r *recorder) add(s ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, strings.Join(s, " "))
}

func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = nil
}

func (r *recorder) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.notes...)
}

func (r *recorder) trace() *xmpp.Trace {
	return &xmpp.Trace{
		Lookup:       func(addrs []string, err error) { r.add(append([]string{"lookup"}, addrs...)...) },
		ConnectStart: func(addr string) { r.add("connect", addr) },
		ConnectDone: func(addr string, err error) {
			if err != nil {
				r.add("not connected", err.Error())
				return
			}
			r.add("connected", addr)
		},
		TLS: func(s tls.ConnectionState, err error) {
			if err != nil {
				r.add("no TLS", err.Error())
				return
			}
			r.add(tls.VersionName(s.Version))
		},
		Features:  func(f wire.Raw) { r.add("features", f.Local()) },
		AuthStart: func(mechanism string) { r.add("login", mechanism) },
		AuthDone: func(mechanism string, err error) {
			if err != nil {
				r.add("login failed", err.Error())
				return
			}
			r.add("logged in", mechanism)
		},
		Session: func(addr jid.JID, resumed bool) { r.add("session", addr.String()) },
	}
}

func TestTrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		var notes, sent, got recorder
		c := connect(t, srv, func(cfg *xmpp.Config) {
			cfg.Trace = notes.trace()
			cfg.Auth.Mechanisms = []string{"SCRAM-SHA-256"}
			cfg.Trace.XML = func(d stream.Direction, text string) {
				if d == stream.Out {
					sent.add(text)
				} else {
					got.add(text)
				}
			}
		})
		require.NoError(t, c.Send(t.Context(), stanza.NewMessage(juliet, "to myself")))
		synctest.Wait()
		require.Equal(t, []string{
			"lookup memory:5222", "connect memory:5222", "connected memory:5222", "features features", "TLS 1.3", "features features",
			"login SCRAM-SHA-256", "logged in SCRAM-SHA-256", "features features", "session juliet@example.org/balcony",
		}, notes.all())
		require.NoError(t, c.Close(t.Context()))
		out, in := strings.Join(sent.all(), "\n"), strings.Join(got.all(), "\n")
		for _, s := range []string{
			"<?xml version='1.0'?><stream:stream xmlns='jabber:client'", "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "***",
			"<resource>balcony</resource>", "<body>to myself</body>", "<enable xmlns='urn:xmpp:sm:3' resume='true'/>",
		} {
			require.Contains(t, out, s)
		}
		for _, s := range []string{
			"<stream:features>", "<mechanism>SCRAM-SHA-256</mechanism>", "***", "<jid>juliet@example.org/balcony</jid>",
			"<body>to myself</body>", "<enabled xmlns='urn:xmpp:sm:3'",
		} {
			require.Contains(t, in, s)
		}
		require.Equal(t, "</stream:stream>", sent.all()[len(sent.all())-1])
		require.Equal(t, "</stream:stream>", got.all()[len(got.all())-1])
		require.NotContains(t, out+in, "n,,n=juliet")
		require.NotContains(t, out+in, "biws", "the gs2 header of SCRAM in base64")
	})
}

func TestTraceFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		var notes recorder
		_, err := tryConnect(t, srv, func(cfg *xmpp.Config) { cfg.Trace, cfg.Password = notes.trace(), "wrong" })
		require.ErrorIs(t, err, xmpp.NotAuthorized)
		require.Contains(t, strings.Join(notes.all(), "\n"), "login failed login failed (SCRAM-SHA-512-PLUS): not authorized")
		notes.reset()
		_, err = tryConnect(t, srv, func(cfg *xmpp.Config) { cfg.Trace, cfg.TLS = notes.trace(), nil })
		require.Error(t, err)
		require.Contains(t, strings.Join(notes.all(), "\n"), "no TLS")
	})
}

// VT10: a log at the finest level, with all hooks, has no secret in it.
func TestVT10LogTrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var text safeBuffer
		logger := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.Level(-100)}))
		srv := xmpptest.Start(t, xmpptest.Config{Mechanisms: []string{"PLAIN", "SCRAM-SHA-1"}, Bindings: []string{}})
		for _, m := range []string{"PLAIN", "SCRAM-SHA-1"} {
			c, err := tryConnect(t, srv, func(cfg *xmpp.Config) {
				cfg.Logger, cfg.Trace = logger, xmpp.LogTrace(logger)
				cfg.Auth.Mechanisms = []string{m}
			})
			require.NoError(t, err)
			require.NoError(t, c.Close(context.Background()))
		}
		require.Contains(t, text.String(), "mechanism=PLAIN")
		require.Contains(t, text.String(), "<bind xmlns=")
		require.NotContains(t, text.String(), "AGp1bGlldA", "the name and the password in base64")
		require.NotContains(t, text.String(), "secret")
		require.NotContains(t, text.String(), "cj0", "the nonce and the salt in base64")
	})
}
