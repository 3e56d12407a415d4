package xmpp_test

import (
	"context"
	"crypto/tls"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/realserver"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/websocket"
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

func overURL(url string) xmpp.Transport { return &websocket.Transport{URL: url} }

// next returns what a channel brings.
func next[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
	}
	return v
}
