package xmpp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/ping"
	"stanza.invalid/gen/register"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/bosh"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/websocket"
	"stanza.invalid/xmpp/xmpptest"
)

// Functions of the program's that panic end no process, no goroutine, and nothing in a
// deadlock, wherever they are called. Each panic is reported. One that was only to be told
// something changes nothing; one that something depends on fails, and the client tries again.
func TestVS13PanicInHook(t *testing.T) {
	t.Parallel()
	type hook struct {
		name string // as what it is reported
		set  func(cfg *xmpp.Config, boom func())
		need bool // without it there is no login
	}
	for name, h := range map[string]hook{
		"Lookup":       {"Trace.Lookup", func(cfg *xmpp.Config, boom func()) { cfg.Trace = &xmpp.Trace{Lookup: func([]string, error) { boom() }} }, false},
		"ConnectStart": {"Trace.ConnectStart", func(cfg *xmpp.Config, boom func()) { cfg.Trace = &xmpp.Trace{ConnectStart: func(string) { boom() }} }, false},
		"ConnectDone": {"Trace.ConnectDone", func(cfg *xmpp.Config, boom func()) {
			cfg.Trace = &xmpp.Trace{ConnectDone: func(string, error) { boom() }}
		}, false},
		"TLS": {"Trace.TLS", func(cfg *xmpp.Config, boom func()) {
			cfg.Trace = &xmpp.Trace{TLS: func(tls.ConnectionState, error) { boom() }}
		}, false},
		"Features":  {"Config.Features", func(cfg *xmpp.Config, boom func()) { cfg.Trace = &xmpp.Trace{Features: func(wire.Raw) { boom() }} }, false},
		"AuthStart": {"Trace.AuthStart", func(cfg *xmpp.Config, boom func()) { cfg.Trace = &xmpp.Trace{AuthStart: func(string) { boom() }} }, false},
		"AuthDone":  {"Trace.AuthDone", func(cfg *xmpp.Config, boom func()) { cfg.Trace = &xmpp.Trace{AuthDone: func(string, error) { boom() }} }, false},
		"Session":   {"Trace.Session", func(cfg *xmpp.Config, boom func()) { cfg.Trace = &xmpp.Trace{Session: func(jid.JID, bool) { boom() }} }, false},
		"XML": {"Config.XML", func(cfg *xmpp.Config, boom func()) {
			cfg.Trace = &xmpp.Trace{XML: func(stream.Direction, string) { boom() }}
		}, false},
		"Credentials": {"Config.Credentials", func(cfg *xmpp.Config, boom func()) {
			cfg.Password = ""
			cfg.Credentials = func(context.Context) (xmpp.Credentials, error) {
				boom()
				return xmpp.Credentials{Password: "secret"}, nil
			}
		}, true},
		"Store.Load": {"Config.Store", func(cfg *xmpp.Config, boom func()) { cfg.Store = panicStore{xmpp.MemoryStore(), boom, func() {}} }, false},
		"Store.Save": {"Config.Store", func(cfg *xmpp.Config, boom func()) { cfg.Store = panicStore{xmpp.MemoryStore(), func() {}, boom} }, false},
		"Resolver":   {"Config.Resolver", func(cfg *xmpp.Config, boom func()) { cfg.Addr, cfg.Resolver = "", panicResolver{boom} }, false},
		"Dialer": {"Config.Dialer", func(cfg *xmpp.Config, boom func()) {
			d := cfg.Dialer
			cfg.Dialer = dialFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
				boom()
				return d.DialContext(ctx, network, addr)
			})
		}, true},
		"Socket": {"Config.Socket", func(cfg *xmpp.Config, boom func()) { cfg.Socket = func(net.Conn) error { boom(); return nil } }, true},
		"VerifyConnection": {"Config.TLS", func(cfg *xmpp.Config, boom func()) {
			cfg.TLS.VerifyConnection = func(tls.ConnectionState) error { boom(); return nil }
		}, true},
		"VerifyPeerCertificate": {"Config.TLS", func(cfg *xmpp.Config, boom func()) {
			cfg.TLS.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error { boom(); return nil }
		}, true},
		"GetClientCertificate": {"Config.TLS", func(cfg *xmpp.Config, boom func()) {
			cfg.TLS.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { boom(); return new(tls.Certificate), nil }
		}, true},
	} {
		for _, direct := range []bool{false, true} {
			t.Run(map[bool]string{false: "STARTTLS/", true: "direct TLS/"}[direct]+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := xmpptest.Start(t, xmpptest.Config{TLS: direct, Mechanisms: []string{"EXTERNAL", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"}})
					srv.Account("juliet@example.org", "secret")
					var armed atomic.Bool
					var mu sync.Mutex
					var failures []stream.Failure
					cfg := srv.ClientConfig("juliet@example.org")
					cfg.Idle, cfg.Backoff = -1, stream.Backoff{Min: time.Second, Spread: time.Second}
					if name == "Resolver" {
						cfg.DirectTLS = false
						if direct {
							t.Skip("DNS says so here")
						}
					}
					cfg.Failed = func(f stream.Failure) {
						mu.Lock()
						defer mu.Unlock()
						failures = append(failures, f)
					}
					h.set(&cfg, func() {
						if armed.Load() {
							panic("boom")
						}
					})
					reported := func() {
						t.Helper()
						synctest.Wait()
						mu.Lock()
						defer mu.Unlock()
						require.NotEmpty(t, failures)
						for _, f := range failures {
							var p *stream.PanicError
							require.ErrorAs(t, f.Err, &p)
							require.Equal(t, "boom", p.Value)
							require.NotEmpty(t, p.Stack)
							require.Equal(t, h.name, f.Handler)
						}
						failures = nil
					}
					armed.Store(true)
					c, err := xmpp.Dial(t.Context(), juliet, cfg)
					if h.need {
						require.ErrorContains(t, err, "boom")
						var p *stream.PanicError
						require.ErrorAs(t, err, &p)
						reported()
						armed.Store(false)
						c, err = xmpp.Dial(t.Context(), juliet, cfg)
						require.NoError(t, err)
					} else {
						require.NoError(t, err)
						reported()
					}
					// the same when it comes back by itself
					armed.Store(true)
					synctest.Wait()
					require.True(t, srv.Disconnect(juliet.String()))
					time.Sleep(10 * time.Second)
					require.Equal(t, !h.need, srv.Online(juliet.String()))
					reported()
					armed.Store(false)
					time.Sleep(5 * time.Minute)
					require.True(t, srv.Online(juliet.String()))
					require.NoError(t, c.Close(t.Context()))
				})
			})
		}
	}
}

// panicStore panics.
type panicStore struct {
	xmpp.Store
	load, save func()
}

func (s panicStore) Load(ctx context.Context, account jid.JID) ([]byte, error) {
	s.load()
	return s.Store.Load(ctx, account)
}

func (s panicStore) Save(ctx context.Context, account jid.JID, data []byte) error {
	s.save()
	return s.Store.Save(ctx, account, data)
}

// panicResolver panics.
type panicResolver struct{ boom func() }

func (r panicResolver) LookupSRV(context.Context, string, string, string) (string, []*net.SRV, error) {
	r.boom()
	return "", nil, errors.New("no such host")
}

func (panicResolver) LookupNetIP(context.Context, string, string) (none []netip.Addr, err error) {
	return nil, errors.New("no such host")
}

// panicCache panics.
type panicCache struct{ boom func() }

func (c panicCache) Get(string) (*tls.ClientSessionState, bool) { c.boom(); return nil, false }
func (c panicCache) Put(string, *tls.ClientSessionState)        { c.boom() }

// panicTransport panics.
type panicTransport struct{}

func (panicTransport) Connect(context.Context, xmpp.Service) (stream.Transport, error) {
	panic("boom")
}

// The same of functions that have no place in the table.
func TestVS13PanicElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{Registration: true})
		srv.Account("juliet@example.org", "secret")
		var mu sync.Mutex
		var reported []string
		cfg := srv.ClientConfig("juliet@example.org")
		cfg.Failed = func(f stream.Failure) {
			mu.Lock()
			defer mu.Unlock()
			reported = append(reported, f.Handler)
			panic("the last resort") // is nobody's end, either
		}
		panics := func(err error, where string) {
			t.Helper()
			var p *stream.PanicError
			require.ErrorAs(t, err, &p)
			mu.Lock()
			defer mu.Unlock()
			require.Equal(t, []string{where}, reported)
			reported = nil
		}
		panics(xmpp.Register(t.Context(), jid.MustParse("nurse@example.org"), cfg, func(context.Context, *register.Registration) (*register.Register, error) {
			panic("boom")
		}), "Fill")
		other := cfg
		other.Addr, other.Transport = "", panicTransport{}
		_, err := xmpp.Dial(t.Context(), juliet, other)
		panics(err, "Config.Transport")
		// ForgetToken calls the store itself
		other = cfg
		other.Store = panicStore{xmpp.MemoryStore(), func() { panic("boom") }, func() {}}
		require.NoError(t, xmpp.ForgetToken(t.Context(), juliet, other))
		require.Equal(t, []string{"Config.Store"}, reported)
	})
}

// A cache of sessions is called by the reader, when the server gives a ticket. It takes a
// socket: on a pipe a ticket and what the client says would wait for each other.
func TestVS13PanicInSessionCache(t *testing.T) {
	t.Parallel()
	srv := xmpptest.Start(t, xmpptest.Config{})
	srv.Account("juliet@example.org", "secret")
	cfg := srv.ClientConfig("juliet@example.org")
	cfg.Addr, cfg.Dialer = srv.Addr(), nil
	cfg.TLS.ClientSessionCache = panicCache{func() { panic("boom") }}
	reported := make(chan stream.Failure, 10)
	cfg.Failed = func(f stream.Failure) { reported <- f }
	c, err := xmpp.Dial(t.Context(), juliet, cfg)
	require.NoError(t, err)
	defer hangUp(t, c)
	for range 2 { // Get and Put
		f := next(t, reported)
		require.Equal(t, "Config.TLS", f.Handler)
	}
	_, err = xmpp.Call(t.Context(), c, c.Remote(), &ping.Ping{})
	require.NoError(t, err)
}

// A handler that calls what reports a panic does not wait for itself.
func TestVS13PanicWhileSending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		romeo := srv.User("romeo@example.org/orchard")
		var there atomic.Pointer[xmpp.Client]
		var sent atomic.Int32
		c := connect(t, srv, func(cfg *xmpp.Config) {
			cfg.Trace = &xmpp.Trace{XML: func(d stream.Direction, text string) {
				if there.Load() != nil && d == stream.Out && sent.Load() < 3 {
					panic(text)
				}
			}}
			cfg.Failed = func(stream.Failure) {
				if sent.Add(1) <= 3 {
					_ = there.Load().Send(context.Background(), stanza.NewMessage(romeo.JID(), "a panic"))
				}
			}
		})
		there.Store(c)
		require.NoError(t, c.Send(t.Context(), stanza.NewMessage(romeo.JID(), "hello")))
		synctest.Wait()
		for _, want := range []string{"hello", "a panic"} {
			st, err := romeo.Receive(t.Context())
			require.NoError(t, err)
			require.Equal(t, want, st.(*stanza.Message).Body.String())
		}
	})
}

// The functions in a configuration of TLS are called by net/http where the way is a websocket or
// BOSH, on goroutines that nobody else guards.
func TestVS13PanicInWebTLS(t *testing.T) {
	t.Parallel()
	srv := xmpptest.Start(t, xmpptest.Config{})
	srv.Account("juliet@example.org", "secret")
	for _, way := range []xmpp.Transport{&websocket.Transport{URL: srv.WebsocketURL()}, &bosh.Transport{URL: srv.BOSHURL()}} {
		cfg := srv.ClientConfig("juliet@example.org")
		cfg.Addr, cfg.Dialer, cfg.Transport, cfg.SessionTimeout = "", nil, way, 5*time.Second
		cfg.TLS.VerifyConnection = func(tls.ConnectionState) error { panic("boom") }
		reported := make(chan stream.Failure, 100)
		cfg.Failed = func(f stream.Failure) { reported <- f }
		_, err := xmpp.Dial(t.Context(), juliet, cfg)
		require.ErrorContains(t, err, "boom")
		require.Equal(t, "Config.TLS", next(t, reported).Handler)
	}
}
