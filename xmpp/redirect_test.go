package xmpp

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
)

// B7, VT3: whoever could say see-other-host once, in clear text, does not keep the client
// away from its server: a place that no session comes of is left again.
func TestB7Trap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var tried []string
		c := clientFor(t, "me@example.org", Config{Addr: "start:5222", Dialer: dialerFunc(func(_ context.Context, addr string) (net.Conn, error) {
			tried = append(tried, addr)
			a, b := net.Pipe()
			b.Close()
			return a, nil
		})})
		dial := func() {
			conn, err := c.dial(t.Context())
			require.NoError(t, err)
			conn.Close()
		}
		require.True(t, c.follow("trap.example:1"))
		dial()
		dial()
		dial()
		require.Equal(t, []string{"trap.example:1", "start:5222", "start:5222"}, tried)

		// where there was a session the client comes back to
		tried = nil
		require.True(t, c.follow("good.example:1"))
		dial()
		c.redirect.arrived()
		dial()
		require.Equal(t, []string{"good.example:1", "good.example:1"}, tried)
	})
}

// uriTransport notes where it is to connect to.
type uriTransport struct{ locations []string }

func (u *uriTransport) Connect(_ context.Context, s Service) (stream.Transport, error) {
	u.locations = append(u.locations, s.Location)
	a, b := net.Pipe()
	b.Close()
	return a, nil
}

func TestB7TrapOfTransport(t *testing.T) {
	t.Parallel()
	u := &uriTransport{}
	c := clientFor(t, "me@example.org", Config{Transport: u})
	require.True(t, c.follow("wss://trap.example/"))
	for range 3 {
		conn, err := c.dial(t.Context())
		require.NoError(t, err)
		require.NoError(t, conn.(io.Closer).Close())
	}
	require.Equal(t, []string{"wss://trap.example/", "", ""}, u.locations)
}
