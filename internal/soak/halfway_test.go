package soak

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/xmpptest"
)

// frayed is a connection that breaks after so many bytes of both directions, in the middle of
// a write if need be.
type frayed struct {
	net.Conn
	left *atomic.Int64
	went *atomic.Int64
}

func (c *frayed) take(n int) (int, bool) {
	after := c.left.Add(-int64(n))
	if after >= 0 {
		c.went.Add(int64(n))
		return n, true
	}
	c.Conn.Close()
	return max(n+int(after), 0), false
}

func (c *frayed) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		return n, err
	}
	if n, ok := c.take(n); !ok {
		return n, net.ErrClosed
	}
	return n, nil
}

func (c *frayed) Write(b []byte) (int, error) {
	if c.left.Load() < int64(len(b)) {
		n, _ := c.Conn.Write(b[:max(c.left.Load(), 0)])
		c.take(len(b))
		return n, net.ErrClosed
	}
	n, err := c.Conn.Write(b)
	c.take(n)
	return n, err
}

// VX10: handshakes that are dropped half way, at every byte from the first to that of the
// session, leave nothing behind on either side, and log nobody in.
func TestVX10Halfway(t *testing.T) {
	for name, c := range map[string]struct {
		n   int
		cfg xmpptest.Config
	}{
		"RFC 6120":     {6000, xmpptest.Config{NoTLS: true, Mechanisms: []string{"PLAIN"}, NoManagement: true}},
		"SCRAM":        {500, xmpptest.Config{NoTLS: true, Mechanisms: []string{"SCRAM-SHA-1"}, NoManagement: true}},
		"STARTTLS":     {1500, xmpptest.Config{Mechanisms: []string{"PLAIN"}, Bindings: []string{}, NoSASL2: true, NoManagement: true}},
		"TLS, SASL 2":  {1500, xmpptest.Config{TLS: true, Mechanisms: []string{"PLAIN"}, Bindings: []string{}, Tokens: []string{}, NoManagement: true}},
		"registration": {500, xmpptest.Config{NoTLS: true, Mechanisms: []string{"PLAIN"}, Registration: true, NoManagement: true}},
	} {
		t.Run(name, func(t *testing.T) {
			c.cfg.Patience = 200 * time.Millisecond
			srv := xmpptest.Start(t, c.cfg)
			srv.Account(juliet.Bare().String(), "secret")
			try := func(after int64) (went int64, err error) {
				var left, passed atomic.Int64
				left.Store(after)
				var under net.Dialer
				cfg := srv.ClientConfig(juliet.String())
				cfg.Addr = srv.Addr()
				cfg.InsecureNoTLS, cfg.Auth.InsecurePlain, cfg.Backoff = c.cfg.NoTLS, true, stream.Backoff{Off: true}
				cfg.Dialer = dialFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
					conn, err := under.DialContext(ctx, network, addr)
					if err != nil {
						return nil, err
					}
					_ = conn.(*net.TCPConn).SetLinger(0) // or there would be no ports left
					return &frayed{conn, &left, &passed}, nil
				})
				if c.cfg.Registration {
					return passed.Load(), xmpp.Register(context.Background(), juliet.Bare(), cfg, nil)
				}
				client, err := xmpp.Dial(context.Background(), juliet.Bare(), cfg)
				went = passed.Load()
				if err == nil {
					client.Abort()
					<-client.Done()
				}
				return went, err
			}
			const whole = 1 << 30
			need, err := try(whole)
			if !c.cfg.Registration {
				require.NoError(t, err)
			} else {
				need = 1200
			}
			var in atomic.Int64
			flat(t, times(c.n), 300*time.Millisecond, func(i int) {
				// of resources and the like a byte more or less is normal
				if _, err := try(int64(i) % (need - 40)); err == nil {
					in.Add(1)
				}
			})
			require.Zero(t, in.Load(), "half a handshake is enough")
		})
	}
}

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

func (f dialFunc) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return f(ctx, network, addr)
}
