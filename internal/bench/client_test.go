package bench

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"time"

	"stanza.invalid/internal/testca"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/bosh"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/websocket"
	"stanza.invalid/xmpp/xmpptest"
)

// The role of a process with many idle clients, the certificate that they trust (without one
// they do without TLS), and by what they connect.
const (
	roleClients = "clients"
	caVar       = "STANZA_BENCH_CA"
	overVar     = "STANZA_BENCH_OVER"
)

const account = "bot@bench.example"

// clientConfig is how the clients of a process connect.
func clientConfig() (xmpp.Config, error) {
	addr := os.Getenv(addrVar)
	cfg := xmpp.Config{
		Password: "bench", Backoff: stream.Backoff{Off: true}, InsecureNoTLS: true,
		Auth: xmpp.AuthPolicy{InsecurePlain: true},
	}
	switch os.Getenv(overVar) {
	case overWebsocket:
		cfg.Transport = &websocket.Transport{URL: addr}
	case overBOSH:
		cfg.Transport = &bosh.Transport{URL: addr}
	default:
		cfg.Addr = addr
	}
	if ca := os.Getenv(caVar); ca != "" {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM([]byte(ca)) {
			return cfg, errors.New("no certificate")
		}
		cfg.TLS, cfg.InsecureNoTLS = &tls.Config{RootCAs: roots}, false
	}
	return cfg, nil
}

// The ways to connect.
const (
	overTCP       = "TCP"
	overWebsocket = "a websocket"
	overBOSH      = "BOSH"
)

// runClients is runIdle for clients.
func runClients() error {
	cfg, err := clientConfig()
	if err != nil {
		return err
	}
	before := inUse()
	sessions := make([]*xmpp.Client, idleSessions)
	for i := range sessions {
		if t, ok := cfg.Transport.(*bosh.Transport); ok {
			cfg.Transport = &bosh.Transport{URL: t.URL} // one for each
		}
		c, err := xmpp.Dial(context.Background(), jid.MustParse(account), cfg)
		if err != nil {
			return err
		}
		sessions[i] = c
	}
	time.Sleep(time.Second)
	after := inUse()
	if name := os.Getenv(profileVar); name != "" {
		if err := writeProfile(name); err != nil {
			return err
		}
	}
	runtime.KeepAlive(sessions)
	return json.NewEncoder(os.Stdout).Encode(result{PerIdle: (after - before) / idleSessions, Peak: peakKiB()})
}

// profileVar names a file for what the heap holds at the end. Run with
// GODEBUG=memprofilerate=1 it says where each byte comes from.
const profileVar = "STANZA_BENCH_PROFILE"

func writeProfile(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(pprof.WriteHeapProfile(f), f.Close())
}

// BenchmarkIdleClients tells what an idle session of a client costs, in heap and stack: with
// TLS and without, and by each way to connect. All but the last log in by SCRAM.
func BenchmarkIdleClients(b *testing.B) {
	fmt.Printf("\n%-48s %18s\n", fmt.Sprintf("idle client, one of %d", idleSessions), "bytes of memory")
	for _, c := range []struct {
		over   string
		secure bool
	}{{overTCP, true}, {overWebsocket, true}, {overBOSH, true}, {overTCP, false}} {
		cfg := xmpptest.Config{NoTLS: !c.secure}
		b.Setenv(caVar, "")
		b.Setenv(overVar, c.over)
		what := "in clear text, over TCP"
		if c.secure {
			ca := testca.New()
			cert := ca.Issue(testca.Leaf{Names: []string{"bench.example", "127.0.0.1"}})
			cfg.Certificate = &cert
			b.Setenv(caVar, string(ca.PEM()))
			what = "with TLS, over " + c.over
		} else {
			cfg.Mechanisms = []string{"PLAIN"}
		}
		srv := xmpptest.Start(b, cfg)
		srv.Account(account, "bench")
		addr := map[string]func() string{overTCP: srv.Addr, overWebsocket: srv.WebsocketURL, overBOSH: srv.BOSHURL}[c.over]()
		fmt.Printf("%-48s %18d\n", what, runRole(b, roleClients, addr).PerIdle)
		srv.Close()
	}
	for b.Loop() {
		// measured in other processes
	}
	b.ReportMetric(0, "ns/op")
}

// trips is a dialer that counts how often a client has waited for its server: a run of
// writes with a read behind it is a round trip.
type trips struct {
	under xmpp.Dialer

	mu    sync.Mutex
	n     int  // guarded by mu
	wrote bool // guarded by mu
}

func (t *trips) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := t.under.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	t.n, t.wrote = -1, false // that of TLS does not count
	t.mu.Unlock()
	return counted{c, t}, nil
}

type counted struct {
	net.Conn
	t *trips
}

func (c counted) Write(b []byte) (int, error) {
	c.t.mu.Lock()
	c.t.wrote = true
	c.t.mu.Unlock()
	return c.Conn.Write(b)
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.t.mu.Lock()
	defer c.t.mu.Unlock()
	if n > 0 && c.t.wrote {
		c.t.n, c.t.wrote = c.t.n+1, false
	}
	return n, err
}

// BenchmarkRoundTrips counts the round trips between TLS and a session: of a first login, of
// one with a token, and of those with what the server has offered remembered.
func BenchmarkRoundTrips(b *testing.B) {
	fmt.Printf("\n%-48s %8s %12s\n", "round trips from TLS to a session", "cold", "remembered")
	waiting := func(cfg *xmpp.Config) { cfg.Auth.NoPipelining = true }
	scram, token, classic := xmpptest.Config{Tokens: []string{}}, xmpptest.Config{}, xmpptest.Config{NoSASL2: true}
	for _, c := range []struct {
		name  string
		cfg   xmpptest.Config
		over  string
		known bool // there is a token from an earlier login
	}{
		{"SASL 2, Bind 2, FAST: a token", token, overTCP, true},
		{"SASL 2, Bind 2, SCRAM-SHA-512-PLUS", scram, overTCP, false},
		{"RFC 6120: SCRAM-SHA-512-PLUS and binding", classic, overTCP, false},
		{"a token, over a websocket, with its upgrade", token, overWebsocket, true},
		{"SCRAM-SHA-512-PLUS, over a websocket", scram, overWebsocket, false},
		{"RFC 6120, over a websocket", classic, overWebsocket, false},
		{"a token, by BOSH", token, overBOSH, true},
		{"SCRAM-SHA-512-PLUS, by BOSH", scram, overBOSH, false},
		{"RFC 6120, by BOSH", classic, overBOSH, false},
	} {
		c.cfg.TLS = c.over == overTCP
		srv := xmpptest.Start(b, c.cfg)
		srv.Account(account, "bench")
		var t *trips
		store := xmpp.MemoryStore()
		counts := map[string]int{}
		for _, login := range []string{"first", "cold", "remembered"} {
			var cfg xmpp.Config
			switch c.over {
			case overWebsocket:
				cfg = srv.WebsocketConfig(account)
			case overBOSH:
				cfg = srv.BOSHConfig(account)
			default:
				cfg = srv.ClientConfig(account)
			}
			if login == "first" && !c.known {
				continue
			}
			t = &trips{under: cfg.Dialer}
			cfg.Dialer, cfg.Store = t, store
			if login != "remembered" {
				waiting(&cfg)
			}
			cfg.Trace = &xmpp.Trace{Session: func(jid.JID, bool) {
				t.mu.Lock()
				defer t.mu.Unlock()
				counts[login] = t.n
			}}
			client, err := xmpp.Dial(context.Background(), jid.MustParse(account), cfg)
			if err != nil {
				b.Fatal(err)
			}
			if err := client.Close(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
		fmt.Printf("%-48s %8d %12d\n", c.name, counts["cold"], counts["remembered"])
		srv.Close()
	}
	for b.Loop() {
		// counted above
	}
	b.ReportMetric(0, "ns/op")
}
