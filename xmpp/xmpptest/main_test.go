package xmpptest_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"stanza.invalid/component"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	echo  = jid.MustParse("echo.example.org")
	romeo = "romeo@example.org/orchard"
)

// echoBot answers every body with the same body.
func echoBot() *xmpp.Mux {
	return xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
		return xmpp.Send(ctx, m.Reply(body))
	}))
}

// dial connects a component in memory, which is closed with the test.
func dial(t *testing.T, srv *xmpptest.Server, domain jid.JID, mux *xmpp.Mux) *component.Component {
	t.Helper()
	srv.Component(domain.String(), "secret")
	c, err := component.Dial(t.Context(), domain, component.Config{
		SessionConfig: xmpp.SessionConfig{Handler: mux},
		Addr:          "memory",
		Secret:        "secret",
		Dialer:        srv.Dialer(),
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// connect returns a connection to a server in memory on which the test plays the component.
func connect(t *testing.T, srv *xmpptest.Server) *xmpptest.PeerConn {
	t.Helper()
	nc, err := srv.Dialer().DialContext(t.Context(), "tcp", "memory")
	require.NoError(t, err)
	return played(t, nc)
}

func played(t *testing.T, nc net.Conn) *xmpptest.PeerConn {
	c := xmpptest.NewPeerConn(nc)
	t.Cleanup(func() { c.Close() })
	return c
}

// header is a component's stream header.
func header(content, to string) string {
	return fmt.Sprintf("<?xml version='1.0'?><stream:stream xmlns='%s' xmlns:stream='%s' to='%s'>", content, wire.NSStream, to)
}

// login plays a component's part of XEP-0114.
func login(t *testing.T, c *xmpptest.PeerConn, content, domain, secret string) {
	t.Helper()
	require.NoError(t, c.Send(header(content, domain)))
	h, err := c.ReadHeader()
	require.NoError(t, err)
	id, _ := h.Attr("id")
	require.GreaterOrEqual(t, len(id), 20)
	from, _ := h.Attr("from")
	require.Equal(t, domain, from)
	sum := sha1.Sum([]byte(id + secret))
	require.NoError(t, c.Send("<handshake>"+hex.EncodeToString(sum[:])+"</handshake>"))
}

// bound is login with the server's consent.
func bound(t *testing.T, c *xmpptest.PeerConn, content, domain, secret string) {
	t.Helper()
	login(t, c, content, domain, secret)
	r, err := c.Read()
	require.NoError(t, err)
	require.True(t, r.Is(wire.NSClient, "handshake"), r)
	require.True(t, r.IsEmpty())
}

// failing is a test that records how it failed.
type failing struct{ said string }

func (*failing) Helper()        {}
func (*failing) Cleanup(func()) {}
func (f *failing) Fatalf(format string, args ...any) {
	f.said = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failure runs f and returns what it failed with, "" if it did not.
func failure(f func(t xmpptest.TB)) string {
	t := &failing{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(t)
	}()
	<-done
	return t.said
}

func short(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	t.Cleanup(cancel)
	return ctx
}
