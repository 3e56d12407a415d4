package xmpp_test

import (
	"context"
	"net"
	"sync"

	"stanza.invalid/xmpp"
)

// blackHole dials connections that can be made to swallow everything.
type blackHole struct {
	xmpp.Dialer
	mu    sync.Mutex
	conns []*swallower
}

func (b *blackHole) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := b.Dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	s := &swallower{Conn: c}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conns = append(b.conns, s)
	return s, nil
}

// swallow makes the present connections dead.
func (b *blackHole) swallow() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.conns {
		c.mu.Lock()
		c.dead = true
		c.mu.Unlock()
	}
	b.conns = nil
}

// swallower is a connection that may be dead.
type swallower struct {
	net.Conn
	mu   sync.Mutex
	dead bool
}

func (s *swallower) isDead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead
}

func (s *swallower) Write(b []byte) (int, error) {
	if s.isDead() {
		return len(b), nil
	}
	return s.Conn.Write(b)
}

func (s *swallower) Read(b []byte) (int, error) {
	for {
		n, err := s.Conn.Read(b)
		if err != nil || !s.isDead() {
			return n, err
		}
	}
}
