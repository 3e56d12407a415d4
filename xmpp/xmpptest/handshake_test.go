package xmpptest_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func TestHandshake(t *testing.T) {
	t.Parallel()
	for _, content := range []string{wire.NSComponent, wire.NSClient} {
		srv := xmpptest.Start(t, xmpptest.Config{})
		srv.Component("echo.example.org", "secret")
		require.False(t, srv.Connected("echo.example.org"))
		c := connect(t, srv)
		bound(t, c, content, "echo.example.org", "secret")
		require.True(t, srv.Connected("echo.example.org"))

		u := srv.User(romeo)
		require.NoError(t, c.Send("<message from='bot@echo.example.org' to='romeo@example.org/orchard' id='1'><body>hi</body></message>"))
		u.Expect(t, xmpptest.Exactly(`<message from='bot@echo.example.org' to='romeo@example.org/orchard' id='1'><body>hi</body></message>`))
		require.NoError(t, c.Send("</stream:stream>"))
		_, err := c.Read()
		require.ErrorIs(t, err, io.EOF)
		require.NoError(t, srv.WaitGone(t.Context(), "echo.example.org"))
	}
}

func TestHandshakeRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		send string // in place of the header
		to   string
		with string // in place of the secret
		want stream.Condition
	}{
		"wrong secret":      {to: "echo.example.org", with: "guess", want: stream.NotAuthorized},
		"unknown host":      {send: header(wire.NSComponent, "other.example.org"), want: stream.HostUnknown},
		"no host":           {send: header(wire.NSComponent, ""), want: stream.HostUnknown},
		"no address":        {send: header(wire.NSComponent, "@"), want: stream.HostUnknown},
		"server stream":     {send: header(wire.NSServer, "echo.example.org"), want: stream.InvalidNamespace},
		"no stream":         {send: "<stream xmlns='jabber:client'>", want: stream.InvalidNamespace},
		"text":              {send: "GET / HTTP/1.1\r\n\r\n", want: stream.NotWellFormed},
		"comment":           {send: "<!-- hi -->", want: stream.RestrictedXML},
		"no handshake":      {send: header(wire.NSComponent, "echo.example.org") + "<message/>", want: stream.NotAuthorized},
		"end, no handshake": {send: header(wire.NSComponent, "echo.example.org") + "</stream:stream>", want: stream.BadFormat},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := xmpptest.Start(t, xmpptest.Config{})
			srv.Component("echo.example.org", "secret")
			c := connect(t, srv)
			if tt.send == "" {
				login(t, c, wire.NSComponent, tt.to, tt.with)
			} else {
				go func() { _ = c.Send(tt.send) }()
				h, err := c.ReadHeader() // comes even if the stream is refused
				require.NoError(t, err)
				id, _ := h.Attr("id")
				require.NotEmpty(t, id)
			}
			c.ExpectStreamError(t, tt.want)
			_, err := c.Read()
			require.ErrorIs(t, err, io.EOF)
			require.False(t, srv.Connected("echo.example.org"))
		})
	}
}

func TestHandshakeConflict(t *testing.T) {
	t.Parallel()
	srv := xmpptest.Start(t, xmpptest.Config{})
	srv.Component("echo.example.org", "secret")
	first, second := connect(t, srv), connect(t, srv)
	bound(t, first, wire.NSComponent, "echo.example.org", "secret")
	login(t, second, wire.NSComponent, "echo.example.org", "secret")
	second.ExpectStreamError(t, stream.Conflict)

	// the first is none the worse for it
	require.NoError(t, srv.User(romeo).Send(stanza.NewMessage(echo, "still there?")))
	first.Expect(t, xmpptest.Mask(`<message><body>still there?</body></message>`))
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	srv := xmpptest.Start(t, xmpptest.Config{})
	srv.Component("echo.example.org", "secret")
	srv.Refuse("echo.example.org", 2)
	for range 2 {
		c := connect(t, srv)
		login(t, c, wire.NSComponent, "echo.example.org", "secret")
		c.ExpectStreamError(t, stream.ResourceConstraint)
	}
	bound(t, connect(t, srv), wire.NSComponent, "echo.example.org", "secret")
	require.Panics(t, func() { srv.Refuse("other.example.org", 1) })
}

func TestExpel(t *testing.T) {
	t.Parallel()
	srv := xmpptest.Start(t, xmpptest.Config{})
	require.False(t, srv.Expel("echo.example.org", stream.Reset))
	require.False(t, srv.Disconnect("echo.example.org"))
	srv.Component("echo.example.org", "secret")
	require.False(t, srv.Disconnect("echo.example.org"))

	c := connect(t, srv)
	bound(t, c, wire.NSComponent, "echo.example.org", "secret")
	go func() {
		c.ExpectStreamError(t, stream.Reset)
		c.Close()
	}()
	require.True(t, srv.Expel("echo.example.org", stream.Reset))
	require.False(t, srv.Connected("echo.example.org"))

	c = connect(t, srv)
	bound(t, c, wire.NSComponent, "echo.example.org", "secret")
	require.True(t, srv.Disconnect("echo.example.org"))
	require.False(t, srv.Connected("echo.example.org"))
	_, err := c.Read()
	require.ErrorIs(t, err, io.EOF)
}

// A connection that says nothing is cut off, and so is one that does not end.
func TestPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{Patience: 3 * time.Second})
		c := connect(t, srv)
		start := time.Now()
		_, err := c.ReadHeader()
		require.NoError(t, err)
		_, err = c.Read()
		require.ErrorIs(t, err, io.EOF)
		require.InDelta(t, 3, time.Since(start).Seconds(), 0.1)
	})
}

func TestTLS(t *testing.T) {
	t.Parallel()
	srv := xmpptest.Start(t, xmpptest.Config{TLS: true})
	srv.Component("echo.example.org", "secret")
	require.Equal(t, srv.Addr(), srv.Addr())
	require.True(t, strings.HasPrefix(srv.Addr(), "127.0.0.1:"))
	require.Nil(t, xmpptest.Start(t, xmpptest.Config{}).TLSConfig())

	nc, err := net.Dial("tcp", srv.Addr())
	require.NoError(t, err)
	c := played(t, nc)
	require.NoError(t, c.Send(header(wire.NSComponent, "echo.example.org")))
	_, err = c.ReadHeader()
	require.Error(t, err, "clear text must get no stream")
}

func TestClose(t *testing.T) {
	t.Parallel()
	srv := xmpptest.NewServer(xmpptest.Config{Patience: 100 * time.Millisecond})
	srv.Component("echo.example.org", "secret")
	c := connect(t, srv)
	bound(t, c, wire.NSComponent, "echo.example.org", "secret")
	connect(t, srv) // one that has said nothing yet
	u := srv.User(romeo)
	require.NoError(t, c.Send("<presence from='echo.example.org' to='romeo@example.org/orchard'/>"))
	require.NoError(t, c.Send("<presence from='echo.example.org' to='romeo@example.org/orchard' type='unavailable'/>"))
	require.Eventually(t, func() bool { return u.Pending() == 2 }, 5*time.Second, time.Millisecond)
	addr := srv.Addr()

	closed := make(chan struct{})
	go func() {
		defer close(closed)
		srv.Close()
	}()
	c.ExpectStreamError(t, stream.SystemShutdown)
	_, err := c.Read()
	require.ErrorIs(t, err, io.EOF)
	c.Close()
	<-closed
	srv.Close()

	_, err = net.Dial("tcp", addr)
	require.Error(t, err)
	_, err = srv.Dialer().DialContext(t.Context(), "tcp", "memory")
	require.ErrorIs(t, err, xmpptest.ErrClosed)
	require.ErrorIs(t, u.Send(stanza.NewMessage(echo, "late")), xmpptest.ErrClosed)
	require.ErrorIs(t, srv.WaitConnected(t.Context(), "echo.example.org"), xmpptest.ErrClosed)
	// what was delivered before is still there
	u.ExpectPresence(t)
	u.ExpectPresence(t)
	_, err = u.Receive(t.Context())
	require.ErrorIs(t, err, xmpptest.ErrClosed)
	never := xmpptest.NewServer(xmpptest.Config{})
	never.Close()
	require.Panics(t, func() { never.Addr() })
}
