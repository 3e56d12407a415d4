package soak

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/testca"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/websocket"
	"stanza.invalid/xmpp/xmpptest"
)

// The test runs itself for clients that have a process of their own: these say where the server
// is, whether over a websocket, and what certificate it has.
const (
	addrVar = "STANZA_SOAK_ADDR"
	webVar  = "STANZA_SOAK_WEB"
	caVar   = "STANZA_SOAK_CA"
)

const idleClients = 300

// holdIdle prints what an idle client costs, in heap and stack.
func holdIdle() error {
	cfg := xmpp.Config{
		Password: "secret", Backoff: stream.Backoff{Off: true}, InsecureNoTLS: true,
		Auth: xmpp.AuthPolicy{InsecurePlain: true}, Addr: os.Getenv(addrVar),
	}
	if url := os.Getenv(webVar); url != "" {
		cfg.Addr, cfg.Transport = "", &websocket.Transport{URL: url}
	}
	if ca := os.Getenv(caVar); ca != "" {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM([]byte(ca)) {
			return errors.New("no certificate")
		}
		cfg.TLS, cfg.InsecureNoTLS = &tls.Config{RootCAs: roots}, false
	}
	inUse := func() int {
		for range 4 { // stacks shrink by half with each
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc + m.StackInuse)
	}
	// what has done its work ends at some time
	settle := func() {
		for n := 0; n != runtime.NumGoroutine(); time.Sleep(300 * time.Millisecond) {
			n = runtime.NumGoroutine()
		}
	}
	var all []*xmpp.Client
	before := 0
	for i := range 2 * idleClients {
		if i == idleClients {
			settle()
			before = inUse()
		}
		c, err := xmpp.Dial(context.Background(), juliet.Bare(), cfg)
		if err != nil {
			return err
		}
		all = append(all, c)
	}
	settle()
	fmt.Println((inUse() - before) / idleClients)
	runtime.KeepAlive(all)
	return nil
}

// An idle client costs what the documentation of package xmpp says that it costs.
func TestIdleClientBytes(t *testing.T) {
	if raceEnabled || testing.Short() {
		t.Skip("memory is another under the race detector, and numbers need numbers")
	}
	for name, c := range map[string]struct {
		secure, web bool
		most        int
	}{
		"clear text":          {false, false, 15 << 10},
		"TLS":                 {true, false, 24 << 10},
		"TLS and a websocket": {true, true, 44 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			ca := testca.New()
			cert := ca.Issue(testca.Leaf{Names: []string{"example.org", "127.0.0.1"}})
			srv := xmpptest.Start(t, xmpptest.Config{NoTLS: !c.secure, Certificate: &cert, Mechanisms: []string{"PLAIN"}, Bindings: []string{}})
			srv.Account(juliet.Bare().String(), "secret")
			cmd := exec.Command(os.Args[0])
			cmd.Env, cmd.Stderr = append(os.Environ(), addrVar+"="+srv.Addr()), os.Stderr
			if c.secure {
				cmd.Env = append(cmd.Env, caVar+"="+string(ca.PEM()))
			}
			if c.web {
				cmd.Env = append(cmd.Env, webVar+"="+srv.WebsocketURL())
			}
			out, err := cmd.Output()
			require.NoError(t, err)
			per, err := strconv.Atoi(strings.TrimSpace(string(out)))
			require.NoError(t, err)
			t.Logf("%d bytes", per)
			require.Less(t, per, c.most)
		})
	}
}
