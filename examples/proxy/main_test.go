package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"

	"stanza.invalid/xmpp/xmpptest"
)

// throughProxy is a proxy, in memory, that leads to the server.
type throughProxy struct{ d *xmpptest.Dialer }

func (p throughProxy) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	server, err := p.d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	go func() {
		defer server.Close()
		defer theirs.Close()
		r := bufio.NewReader(theirs)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if strings.TrimSpace(line) == "" {
				break
			}
		}
		if _, err := io.WriteString(theirs, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(theirs, server)
			theirs.Close()
		}()
		_, _ = io.Copy(server, r)
	}()
	return ours, nil
}

func Example_run() {
	srv := xmpptest.NewServer(xmpptest.Config{})
	defer srv.Close()
	srv.Account("me@example.org", "secret")
	cfg := srv.ClientConfig("me@example.org")
	cfg.Dialer = throughProxy{srv.Dialer()}
	if err := run(context.Background(), []string{"me@example.org/here", "http://proxy.example:3128"}, cfg); err != nil {
		panic(err)
	}
	// Output: logged in as me@example.org/here
}

func TestArguments(t *testing.T) {
	srv := xmpptest.Start(t, xmpptest.Config{})
	srv.Account("me@example.org", "secret")
	for _, args := range [][]string{{}, {"me@example.org", "ftp://x"}, {"@", "http://x"}} {
		if err := run(t.Context(), args, srv.ClientConfig("me@example.org")); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
