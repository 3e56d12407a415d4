package xmpp_test

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/mechanism"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/xmpptest"
)

// VT8: clients that share a store, one after the other or at once, share its tokens: what
// one has replaced, the other does not bring back, nor take away.
func TestVT8SharedStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{TokenLife: 10 * time.Hour, NoManagement: true})
		srv.Account(julietBare.String(), "secret")
		store := xmpp.MemoryStore()
		dial := func(password string, r *recorder) *xmpp.Client {
			c, err := dialFast(t, srv, r, func(cfg *xmpp.Config) { cfg.Store, cfg.Password, cfg.Idle = store, password, -1 })
			require.NoError(t, err)
			return c
		}
		again := func(c *xmpp.Client) {
			t.Helper()
			c.Reconnect()
			e, err := stream.WaitEvent[xmpp.SessionStarted](t.Context(), c, nil)
			require.NoError(t, err)
			require.False(t, e.Resumed)
		}
		hangUp(t, dial("secret", nil))
		var one, other recorder
		a, b := dial("forgotten", &one), dial("forgotten", &other)
		defer hangUp(t, a)
		defer hangUp(t, b)
		time.Sleep(6 * time.Hour)
		again(a) // gets the next token
		again(a) // and uses it, which is the end of the first
		other.reset()
		again(b)
		require.Contains(t, other.all(), "logged in HT-SHA-256-EXPR")
		require.NotContains(t, strings.Join(other.all(), "\n"), "login failed")
		again(a)
	})
}

// VT4, VT7: a client that was once bound to its channel does not do with less, in this
// process or the next, unless the server proves that it offers no more (XEP-0474).
func TestVT7OnceBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, less := range map[string]xmpptest.Config{
			"no -PLUS":        {Mechanisms: []string{"SCRAM-SHA-512", "PLAIN"}, Bindings: []string{}},
			"no bindings":     {Bindings: []string{}, NoSASL2: true},
			"PLAIN":           {Mechanisms: []string{"PLAIN"}, Bindings: []string{}},
			"no SASL 2":       {Mechanisms: []string{"SCRAM-SHA-512"}, Bindings: []string{}, NoSASL2: true},
			"unbound tokens":  {Mechanisms: []string{"SCRAM-SHA-512"}, Bindings: []string{}, Tokens: []string{"HT-SHA-256-NONE"}},
			"unbound and old": {Mechanisms: []string{"SCRAM-SHA-1"}, Bindings: []string{}, Tokens: []string{}, MaxTLS: 0x303},
		} {
			store := xmpp.MemoryStore()
			dial := func(cfg xmpptest.Config) error {
				srv := xmpptest.Start(t, cfg)
				srv.Account(julietBare.String(), "secret")
				c, err := dialFast(t, srv, nil, func(cfg *xmpp.Config) { cfg.Store = store })
				if err == nil {
					hangUp(t, c)
				}
				return err
			}
			require.NoError(t, dial(less), name)
			require.NoError(t, dial(xmpptest.Config{Tokens: []string{}}), name)
			err := dial(less)
			require.Error(t, err, name)
			var e *xmpp.AuthError
			require.ErrorAs(t, err, &e, name)
			require.ErrorContains(t, err, "an earlier login was ", name)
			require.True(t, e.Condition == "", name)
			require.NoError(t, dial(xmpptest.Config{}), name)
			// who knows why forgets it
			require.NoError(t, store.Save(t.Context(), julietBare, nil))
			require.NoError(t, dial(less), name)
		}
	})
}

// What is once bound stays so in a process without a store as well.
func TestVT7OnceBoundInProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		bound := xmpptest.Start(t, xmpptest.Config{})
		less := xmpptest.Start(t, xmpptest.Config{Mechanisms: []string{"SCRAM-SHA-512"}, Bindings: []string{}})
		less.Account(julietBare.String(), "secret")
		to := bound.Dialer()
		c := connect(t, bound, func(cfg *xmpp.Config) {
			cfg.TLS.InsecureSkipVerify = true // each has an authority of its own
			cfg.Dialer = dialFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
				return to.DialContext(ctx, network, addr)
			})
			cfg.Backoff = stream.Backoff{Attempts: 2, Min: time.Second}
		})
		to = less.Dialer()
		require.True(t, bound.Disconnect(juliet.String()))
		<-c.Done()
		require.ErrorIs(t, c.Err(), mechanism.ErrDowngrade)
		require.ErrorContains(t, c.Err(), "an earlier login was bound")
	})
}

// Files have names that every file system takes, whatever an account is called, and nobody
// reads more than there can be in them.
func TestFileStoreNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := xmpp.FileStore(dir)
	long := jid.MustParse(strings.Repeat("ю", 400) + "@" + strings.Repeat("xn--e1aybc.", 20) + "example")
	other := jid.MustParse(strings.Repeat("ю", 400) + "@" + strings.Repeat("xn--e1aybc.", 19) + "example")
	for _, account := range []jid.JID{long, other, jid.MustParse("con@example.org"), jid.MustParse("[::1]"), jid.MustParse("...@example.org")} {
		require.NoError(t, s.Save(t.Context(), account, []byte(account.String())))
		b, err := s.Load(t.Context(), account)
		require.NoError(t, err)
		require.Equal(t, account.String(), string(b))
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 5)
	for _, f := range files {
		require.LessOrEqual(t, len(f.Name()), 200)
		require.Regexp(t, `^[a-zA-Z0-9%+._~-]+$`, f.Name())
	}
	huge, err := json.Marshal(strings.Repeat("x", 2<<20))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "juliet%40example.org.login"), huge, 0o600))
	_, err = s.Load(t.Context(), julietBare)
	require.ErrorContains(t, err, "too large")
}
