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
	"sync"
	"testing"
	"time"

	"stanza.invalid/internal/testca"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/xmpptest"
)

// The role of a process with many idle clients, and the certificate that they trust; without
// one they do without TLS.
const (
	roleClients = "clients"
	caVar       = "STANZA_BENCH_CA"
)

const account = "bot@bench.example"

// runClients is runIdle for clients.
func runClients() error {
	cfg := xmpp.Config{
		Addr: os.Getenv(addrVar), Password: "bench", Backoff: stream.Backoff{Off: true}, InsecureNoTLS: true,
		Auth: xmpp.AuthPolicy{InsecurePlain: true}, // a thousand logins by SCRAM would take long
	}
	if ca := os.Getenv(caVar); ca != "" {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM([]byte(ca)) {
			return errors.New("no certificate")
		}
		cfg.TLS, cfg.InsecureNoTLS = &tls.Config{RootCAs: roots}, false
	}
	before := inUse()
	sessions := make([]*xmpp.Client, idleSessions)
	for i := range sessions {
		c, err := xmpp.Dial(context.Background(), jid.MustParse(account), cfg)
		if err != nil {
			return err
		}
		sessions[i] = c
	}
	time.Sleep(time.Second)
	after := inUse()
	runtime.KeepAlive(sessions)
	return json.NewEncoder(os.Stdout).Encode(result{PerIdle: (after - before) / idleSessions, Peak: peakKiB()})
}

// BenchmarkIdleClients tells what an idle session of a client costs, with TLS and without.
func BenchmarkIdleClients(b *testing.B) {
	for _, secure := range []bool{true, false} {
		cfg := xmpptest.Config{Mechanisms: []string{"PLAIN"}, Bindings: []string{}, NoTLS: !secure}
		b.Setenv(caVar, "")
		if secure {
			ca := testca.New()
			cert := ca.Issue(testca.Leaf{Names: []string{"bench.example"}})
			cfg.Certificate = &cert
			b.Setenv(caVar, string(ca.PEM()))
		}
		srv := xmpptest.Start(b, cfg)
		srv.Account(account, "bench")
		r := runRole(b, roleClients, srv.Addr())
		what := "in clear text"
		if secure {
			what = "over TLS"
		}
		fmt.Printf("\nidle client %s, one of %d: %d bytes of heap and stack\n", what, idleSessions, r.PerIdle)
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
	n     int
	wrote bool
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
	fmt.Printf("\n%-44s %8s %12s\n", "round trips from TLS to a session", "cold", "remembered")
	for _, c := range []struct {
		name   string
		cfg    xmpptest.Config
		change func(cfg *xmpp.Config)
	}{
		{"SASL 2, Bind 2, SCRAM-SHA-512-PLUS", xmpptest.Config{Tokens: []string{}}, nil},
		{"SASL 2, Bind 2, a token (the first: SCRAM)", xmpptest.Config{}, nil},
		{"the same, waiting for the server's offer", xmpptest.Config{}, func(cfg *xmpp.Config) { cfg.Auth.NoPipelining = true }},
		{"RFC 6120: SCRAM-SHA-512-PLUS and binding", xmpptest.Config{NoSASL2: true}, nil},
	} {
		c.cfg.TLS = true
		srv := xmpptest.Start(b, c.cfg)
		srv.Account(account, "bench")
		t := &trips{under: srv.Dialer()}
		store := xmpp.MemoryStore()
		var counts [2]int
		for i := range counts {
			cfg := srv.ClientConfig(account)
			cfg.Dialer, cfg.Store = t, store
			cfg.Trace = &xmpp.Trace{Session: func(jid.JID, bool) {
				t.mu.Lock()
				defer t.mu.Unlock()
				counts[i] = t.n
			}}
			if c.change != nil {
				c.change(&cfg)
			}
			client, err := xmpp.Dial(context.Background(), jid.MustParse(account), cfg)
			if err != nil {
				b.Fatal(err)
			}
			if err := client.Close(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
		fmt.Printf("%-44s %8d %12d\n", c.name, counts[0], counts[1])
	}
	for b.Loop() {
		// counted above
	}
	b.ReportMetric(0, "ns/op")
}
