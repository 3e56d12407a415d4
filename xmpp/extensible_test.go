package xmpp_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/mechanism"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

var julietBare = juliet.Bare()

// flights is a dialer that counts how often the client has waited for the server: each run
// of writes with a read behind it is a round trip.
type flights struct {
	under xmpp.Dialer

	mu    sync.Mutex
	n     int
	wrote bool
	conns int
}

func (f *flights) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := f.under.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.conns++
	f.mu.Unlock()
	return &flying{Conn: c, f: f}, nil
}

// take returns the round trips so far, without that of TLS, and begins anew.
func (f *flights) take() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.n - f.conns
	f.n, f.conns, f.wrote = 0, 0, false
	return n
}

type flying struct {
	net.Conn
	f *flights
}

func (c *flying) Write(b []byte) (int, error) {
	c.f.mu.Lock()
	c.f.wrote = true
	c.f.mu.Unlock()
	return c.Conn.Write(b)
}

func (c *flying) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.f.mu.Lock()
	if n > 0 && c.f.wrote {
		c.f.wrote = false
		c.f.n++
	}
	c.f.mu.Unlock()
	return n, err
}

// fast dials a client with no resource of its own by direct TLS, and notes what it does.
func dialFast(t *testing.T, srv *xmpptest.Server, r *recorder, change func(cfg *xmpp.Config)) (*xmpp.Client, error) {
	t.Helper()
	cfg := srv.ClientConfig(julietBare.String())
	if r != nil {
		cfg.Trace = r.trace()
		cfg.Trace.XML = func(d stream.Direction, text string) {
			if d == stream.Out {
				r.add("OUT " + text)
			}
		}
	}
	if change != nil {
		change(&cfg)
	}
	return xmpp.Dial(t.Context(), julietBare, cfg)
}

func hangUp(t *testing.T, c *xmpp.Client) {
	t.Helper()
	require.NoError(t, c.Close(context.Background()))
}

// Along with the login comes the session, with stream management and carbons, and in the
// state that it is to have; on the next connection it goes on in the same way.
func TestSASL2Inline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		srv.Account(julietBare.String(), "secret")
		romeo := srv.User("romeo@example.org/orchard")
		var r recorder
		c, err := dialFast(t, srv, &r, func(cfg *xmpp.Config) {
			cfg.Tag, cfg.Carbons = "Orchard", true
			cfg.UserAgent = xmpp.UserAgent{Software: "orchard", Device: "balcony"}
		})
		require.NoError(t, err)
		defer hangUp(t, c)
		require.Equal(t, julietBare, c.Local().Bare())
		require.Regexp(t, "^Orchard/", c.Local().Resource())
		synctest.Wait()
		said := strings.Join(r.all(), "\n")
		require.Contains(t, said, "<user-agent><software>orchard</software><device>balcony</device></user-agent>")
		require.Contains(t, said, "<bind xmlns='urn:xmpp:bind:0'><tag>Orchard</tag><enable xmlns='urn:xmpp:sm:3' resume='true'/><enable xmlns='urn:xmpp:carbons:2'/></bind>")
		require.NotContains(t, said, "<iq", "neither for a resource nor for carbons")
		require.NotContains(t, said, "request-token", "there is nowhere to keep it")
		d, err := c.SendTracked(t.Context(), stanza.NewMessage(romeo.JID(), "one"))
		require.NoError(t, err)
		outcome, err := d.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, stream.Acked, outcome)
		romeo.ExpectMessage(t)

		// the session goes on
		full := c.Local()
		require.NoError(t, c.SetActive(t.Context(), false))
		require.True(t, srv.Disconnect(full.String()))
		require.NoError(t, srv.WaitOnline(t.Context(), full.String()))
		synctest.Wait()
		require.Equal(t, full, c.Local())
		said = strings.Join(r.all(), "\n")
		require.Contains(t, said, "<resume xmlns='urn:xmpp:sm:3'")
		require.True(t, srv.Inactive(full.String()), "it was said again")

		// and where it does not, the next one comes with the same login
		srv.RefuseResume(1)
		r.reset()
		require.True(t, srv.Disconnect(full.String()))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.NotEqual(t, full, c.Local())
		require.True(t, srv.Inactive(c.Local().String()))
		said = strings.Join(r.all(), "\n")
		require.Contains(t, said, "<inactive xmlns='urn:xmpp:csi:0'/></bind>")
		require.Equal(t, 1, strings.Count(said, "<inactive"), "not a second time")
		d, err = c.SendTracked(t.Context(), stanza.NewMessage(romeo.JID(), "two"))
		require.NoError(t, err)
		outcome, err = d.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, stream.Acked, outcome)
	})
}

// Who wants a certain resource gets it.
func TestSASL2Resource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		srv.Account(julietBare.String(), "secret")
		var r recorder
		c, err := dialFast(t, srv, &r, func(cfg *xmpp.Config) { cfg.Resource, cfg.Tag = "balcony", "x" })
		require.NoError(t, err)
		defer hangUp(t, c)
		require.Equal(t, juliet, c.Local())
		require.Contains(t, strings.Join(r.all(), "\n"), "<authenticate xmlns='urn:xmpp:sasl:2'")
		require.True(t, srv.Disconnect(juliet.String()))
		require.NoError(t, srv.WaitOnline(t.Context(), juliet.String()))
	})
}

// A token takes the place of the password, and is replaced before its time is over. VT8: it
// is good for its own mechanism and account, each use is counted, and no log shows it (VT10).
func TestVT8Tokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{TokenLife: 10 * time.Hour})
		srv.Account(julietBare.String(), "secret")
		store := xmpp.MemoryStore()
		var log safeBuffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.Level(-100)}))
		login := func(password string) (*recorder, error) {
			r := &recorder{}
			c, err := dialFast(t, srv, nil, func(cfg *xmpp.Config) {
				cfg.Store, cfg.Password, cfg.Logger = store, password, logger
				cfg.Trace = r.trace()
				cfg.Trace.XML = xmpp.LogTrace(logger).XML
			})
			if err == nil {
				hangUp(t, c)
			}
			return r, err
		}
		kept := func() (k struct {
			Agent string
			Token *struct {
				User, Mechanism, Secret string
				Count                   uint32
			}
		}) {
			b, err := store.Load(t.Context(), julietBare)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(b, &k))
			return k
		}
		secrets := map[string]bool{}
		by := func(password, mechanism string) {
			t.Helper()
			r, err := login(password)
			require.NoError(t, err)
			require.Contains(t, r.all(), "logged in "+mechanism)
			secrets[kept().Token.Secret] = true
		}
		const scram, token = "SCRAM-SHA-512-PLUS", "HT-SHA-256-EXPR"
		by("secret", scram)
		first := kept()
		require.Equal(t, token, first.Token.Mechanism)
		require.Equal(t, 1, srv.Tokens(julietBare.String()))
		by("forgotten", token)
		by("forgotten", token)
		require.Equal(t, uint32(2), kept().Token.Count)
		require.Equal(t, first.Token.Secret, kept().Token.Secret)

		time.Sleep(6 * time.Hour)
		by("forgotten", token)
		second := kept()
		require.NotEqual(t, first.Token.Secret, second.Token.Secret, "the next one")
		require.Zero(t, second.Token.Count)
		require.Equal(t, first.Agent, second.Agent)
		by("forgotten", token)
		require.Equal(t, 1, srv.Tokens(julietBare.String()), "the old one is of no use any more")

		// too late
		time.Sleep(11 * time.Hour)
		late, err := login("forgotten")
		require.ErrorIs(t, err, xmpp.NotAuthorized)
		require.NotContains(t, strings.Join(late.all(), "\n"), "login "+token, "it is not tried")
		by("secret", scram)
		by("forgotten", token)

		// revoked: the password, on the same connection
		srv.RevokeTokens(julietBare.String())
		r, err := login("secret")
		require.NoError(t, err)
		require.Contains(t, strings.Join(r.all(), "\n"), "login failed")
		require.Contains(t, r.all(), "logged in "+scram)
		require.Equal(t, 1, strings.Count(strings.Join(r.all(), "\n"), "connected memory"))
		by("forgotten", token)

		// forgotten
		cfg := srv.ClientConfig(julietBare.String())
		cfg.Store, cfg.Password = store, "unknown"
		require.NoError(t, xmpp.ForgetToken(t.Context(), julietBare, cfg))
		require.Zero(t, srv.Tokens(julietBare.String()))
		require.Nil(t, kept().Token)
		require.NoError(t, xmpp.ForgetToken(t.Context(), julietBare, cfg), "there is none")
		_, err = login("forgotten")
		require.ErrorIs(t, err, xmpp.NotAuthorized)
		cfg.Store = nil
		require.Error(t, xmpp.ForgetToken(t.Context(), julietBare, cfg))

		// with a binding that does not exist on the next connection
		by("secret", scram)
		r, err = login("secret")
		require.NoError(t, err)
		require.Contains(t, r.all(), "logged in "+token)
		r = &recorder{}
		c, err := dialFast(t, srv, r, func(cfg *xmpp.Config) {
			cfg.Store = store
			cfg.TLS.MaxVersion = tls.VersionTLS12
			cfg.TLS.CipherSuites = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}
		})
		require.NoError(t, err)
		hangUp(t, c)

		require.Contains(t, log.String(), "token=")
		for s := range secrets {
			require.NotContains(t, log.String(), s)
		}
		require.Contains(t, log.String(), `token='***'`)
	})
}

// Whoever logs out with the configuration of a client takes no session up that the client has
// left to the next one, and does not write over it.
func TestForgetTokenLeavesSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		srv.Account(julietBare.String(), "secret")
		cfg := srv.ClientConfig(julietBare.String())
		cfg.Store = xmpp.MemoryStore()
		var got []string
		cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(_ context.Context, _ *stanza.Message, body string) error {
			got = append(got, body)
			return nil
		}))
		c, err := xmpp.Dial(t.Context(), julietBare, cfg)
		require.NoError(t, err)
		synctest.Wait()
		addr := c.Local()
		saved, err := c.Suspend(t.Context())
		require.NoError(t, err)
		require.NoError(t, srv.User("romeo@example.org/orchard").Send(stanza.NewMessage(addr, "what light")))

		cfg.Management.Resume = saved
		cfg.Management.Save = func(*stream.Suspended) error {
			t.Error("it is not to be replaced")
			return nil
		}
		require.NoError(t, xmpp.ForgetToken(t.Context(), julietBare, cfg))
		require.Empty(t, got)

		cfg.Management.Save = nil
		c, err = xmpp.Dial(t.Context(), julietBare, cfg)
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, addr, c.Local())
		require.Equal(t, []string{"what light"}, got)
		require.NoError(t, c.Close(t.Context()))
	})
}

// A client whose policy wants a binding takes no token without, nor does one whose login is
// bound.
func TestTokenPolicy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const bound, unbound = "SCRAM-SHA-512-PLUS", "SCRAM-SHA-256"
		for _, c := range []struct {
			tokens   []string
			required bool
			first    string
			want     string
		}{
			{[]string{"HT-SHA-256-NONE", "HT-SHA-256-ENDP"}, false, bound, "HT-SHA-256-ENDP"},
			{[]string{"HT-SHA-256-NONE", "HT-SHA-256-ENDP"}, false, unbound, "HT-SHA-256-ENDP"},
			{[]string{"HT-SHA-256-NONE"}, false, unbound, "HT-SHA-256-NONE"},
			{[]string{"HT-SHA-256-NONE"}, false, bound, bound},
			{[]string{"HT-SHA-256-NONE"}, true, bound, bound},
			{[]string{"HT-SHA-256-ENDP"}, true, bound, "HT-SHA-256-ENDP"},
			{[]string{}, false, bound, bound},
		} {
			server := xmpptest.Config{Tokens: c.tokens}
			if c.first == unbound {
				server.Mechanisms, server.Bindings = []string{unbound}, []string{}
			}
			srv := xmpptest.Start(t, server)
			srv.Account(julietBare.String(), "secret")
			store := xmpp.MemoryStore()
			for _, want := range []string{c.first, c.want} {
				var r recorder
				client, err := dialFast(t, srv, &r, func(cfg *xmpp.Config) {
					cfg.Store, cfg.Auth.RequireChannelBinding = store, c.required
				})
				require.NoError(t, err)
				require.Contains(t, r.all(), "logged in "+want)
				hangUp(t, client)
			}
		}
	})
}

// How often a client waits for the server between TLS and its session.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		server      xmpptest.Config
		change      func(cfg *xmpp.Config)
		cold, token int // the first login, and one that remembers
	}{
		{"SASL 2", xmpptest.Config{}, nil, 3, 1},
		{"SASL 2 without pipelining", xmpptest.Config{}, func(cfg *xmpp.Config) { cfg.Auth.NoPipelining = true }, 3, 2},
		{"SASL 2 without tokens", xmpptest.Config{Tokens: []string{}}, nil, 3, 2},
		{"classic", xmpptest.Config{NoSASL2: true}, nil, 5, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c.server.TLS = true
				srv := xmpptest.Start(t, c.server)
				srv.Account(julietBare.String(), "secret")
				f := &flights{under: srv.Dialer()}
				store, trips := xmpp.MemoryStore(), 0
				for _, want := range []int{c.cold, c.token, c.token} {
					client, err := dialFast(t, srv, nil, func(cfg *xmpp.Config) {
						cfg.Store, cfg.Dialer = store, f
						cfg.Trace = &xmpp.Trace{Session: func(jid.JID, bool) { trips = f.take() }}
						if c.change != nil {
							c.change(cfg)
						}
					})
					require.NoError(t, err)
					require.Equal(t, want, trips)
					hangUp(t, client)
					f.take()
				}
			})
		})
	}
}

// What a server offers now is compared with what is remembered: a server that has changed
// gets another login, and a client loses nothing by having been wrong.
func TestPipeliningChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := xmpp.MemoryStore()
		var servers []*xmpptest.Server
		at := func(cfg xmpptest.Config, want string) {
			t.Helper()
			srv := xmpptest.Start(t, cfg)
			srv.Account(julietBare.String(), "secret")
			servers = append(servers, srv)
			var r recorder
			c, err := dialFast(t, srv, &r, func(cfg *xmpp.Config) { cfg.Store = store })
			require.NoError(t, err)
			defer hangUp(t, c)
			require.Contains(t, r.all(), "logged in "+want)
			// what it has learnt holds for the next time
			var next recorder
			again, err := dialFast(t, srv, &next, func(cfg *xmpp.Config) { cfg.Store = store })
			require.NoError(t, err)
			require.NotContains(t, strings.Join(next.all(), "\n"), "login failed")
			hangUp(t, again)
		}
		none := []string{}
		at(xmpptest.Config{Tokens: none}, "SCRAM-SHA-512-PLUS")
		at(xmpptest.Config{Tokens: none, Mechanisms: []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}}, "SCRAM-SHA-256-PLUS")
		at(xmpptest.Config{Tokens: none}, "SCRAM-SHA-512-PLUS")
		at(xmpptest.Config{NoSASL2: true}, "SCRAM-SHA-512-PLUS")
		at(xmpptest.Config{}, "SCRAM-SHA-512-PLUS")
		at(xmpptest.Config{Tokens: none, NoManagement: true}, "SCRAM-SHA-512-PLUS")
		at(xmpptest.Config{}, "SCRAM-SHA-512-PLUS") // another server: it does not know the token
		require.Len(t, servers, 7)
	})
}

// VT4: PLAIN is over once there was something better (XEP-0474, section 6), also for a
// process to come.
func TestVT4NoPlainAfterSCRAM(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := xmpp.MemoryStore()
		dial := func(mechanisms ...string) error {
			srv := xmpptest.Start(t, xmpptest.Config{Mechanisms: mechanisms, Bindings: []string{}, Tokens: []string{}})
			srv.Account(julietBare.String(), "secret")
			c, err := dialFast(t, srv, nil, func(cfg *xmpp.Config) { cfg.Store = store })
			if err == nil {
				hangUp(t, c)
			}
			return err
		}
		require.NoError(t, dial("PLAIN"))
		require.NoError(t, dial("SCRAM-SHA-1", "PLAIN"))
		err := dial("PLAIN")
		require.ErrorIs(t, err, mechanism.ErrNone)
		require.ErrorContains(t, err, "something better")
		require.NoError(t, dial("SCRAM-SHA-1"))
	})
}

// XEP-0480: a server gets the salted password of a mechanism to come, if it has proved that
// it knows that of the old one.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{Mechanisms: []string{"SCRAM-SHA-1", "PLAIN"}, Bindings: []string{}, Upgrades: []string{"UPGR-SCRAM-SHA-512", "UPGR-SCRAM-SHA-256", "UPGR-UNKNOWN"}})
		srv.Account(julietBare.String(), "secret")
		c, err := dialFast(t, srv, nil, func(cfg *xmpp.Config) { cfg.Auth.Mechanisms = []string{"PLAIN"} })
		require.NoError(t, err)
		hangUp(t, c)
		require.False(t, srv.Upgraded(julietBare.String(), "UPGR-SCRAM-SHA-512"), "the server has proved nothing")
		c, err = dialFast(t, srv, nil, nil)
		require.NoError(t, err)
		hangUp(t, c)
		require.True(t, srv.Upgraded(julietBare.String(), "UPGR-SCRAM-SHA-512"))
		require.True(t, srv.Upgraded(julietBare.String(), "UPGR-SCRAM-SHA-256"))
		require.False(t, srv.Upgraded(julietBare.String(), "UPGR-UNKNOWN"))
	})
}

func TestFileStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/a/b"
	s := xmpp.FileStore(dir)
	odd := jid.MustParse(`a/b@example.org`)
	for _, account := range []jid.JID{julietBare, jid.MustParse("o..%25@xn--e1aybc.example"), odd} {
		b, err := s.Load(t.Context(), account)
		require.NoError(t, err)
		require.Nil(t, b)
		require.NoError(t, s.Save(t.Context(), account, nil))
		require.NoError(t, s.Save(t.Context(), account, []byte("one")))
		require.NoError(t, s.Save(t.Context(), account, []byte(account.String())))
		b, err = s.Load(t.Context(), account)
		require.NoError(t, err)
		require.Equal(t, account.String(), string(b))
	}
	require.NoError(t, s.Save(t.Context(), julietBare, nil))
	b, err := s.Load(t.Context(), julietBare)
	require.NoError(t, err)
	require.Nil(t, b)
	checkPrivate(t, dir)
}

// A store that fails costs time, and nothing else.
func TestBadStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		srv.Account(julietBare.String(), "secret")
		var log safeBuffer
		for _, s := range []xmpp.Store{badStore{nil, errors.New("the disk is full")}, badStore{[]byte("{nonsense"), nil}} {
			c, err := dialFast(t, srv, nil, func(cfg *xmpp.Config) {
				cfg.Store, cfg.Logger = s, slog.New(slog.NewTextHandler(&log, nil))
			})
			require.NoError(t, err)
			hangUp(t, c)
		}
		require.Contains(t, log.String(), "the disk is full")
		require.Contains(t, log.String(), "invalid character")
	})
}

type badStore struct {
	data []byte
	err  error
}

func (s badStore) Load(context.Context, jid.JID) ([]byte, error) { return s.data, s.err }
func (s badStore) Save(context.Context, jid.JID, []byte) error   { return s.err }
func (s badStore) String() string                                { return fmt.Sprint(s.err) }
