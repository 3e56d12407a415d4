package xmpp_test

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/xmpptest"
)

// holding is a connection that takes nothing while it is told not to.
type holding struct {
	net.Conn
	held   *atomic.Bool
	once   sync.Once
	closed chan struct{}
}

func (h *holding) Write(b []byte) (int, error) {
	if h.held.Load() {
		<-h.closed
		return 0, net.ErrClosed
	}
	return h.Conn.Write(b)
}

func (h *holding) Close() error {
	h.once.Do(func() { close(h.closed) })
	return h.Conn.Close()
}

// What was said of the client's state at the end of one session and could not be written goes
// out in the next one. What was said last holds nevertheless.
func TestActiveInOutput(t *testing.T) {
	t.Parallel()
	for _, resumed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			srv := xmpptest.Start(t, xmpptest.Config{NoSASL2: true})
			var held atomic.Bool
			c := connect(t, srv, func(cfg *xmpp.Config) {
				d := cfg.Dialer
				cfg.Dialer = dialFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
					conn, err := d.DialContext(ctx, network, addr)
					return &holding{Conn: conn, held: &held, closed: make(chan struct{})}, err
				})
				cfg.Backoff = stream.Backoff{Min: time.Second, Spread: time.Second}
			})
			synctest.Wait()
			if !resumed {
				srv.RefuseResume(1)
			}
			held.Store(true)
			require.NoError(t, c.SetActive(t.Context(), false))
			synctest.Wait()
			held.Store(false)
			require.True(t, srv.Disconnect(juliet.String()))
			synctest.Wait()
			require.Equal(t, stream.Waiting, c.State())
			require.NoError(t, c.SetActive(t.Context(), true))
			require.NoError(t, srv.WaitOnline(t.Context(), juliet.String()))
			time.Sleep(time.Second)
			require.False(t, srv.Inactive(juliet.String()), "resumed: %t", resumed)
		})
	}
}
