package xmpptest

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
)

// Addr returns the address, host:port, at which components connect. The first call opens
// a port on 127.0.0.1 that is free; it panics if there is none, or if the server is
// closed. In a bubble of testing/synctest use [Server.Dialer] instead: the clock of a
// bubble stands still while somebody waits for a socket.
func (s *Server) Addr() string {
	return s.listen(&s.listener, s.cfg.TLS)
}

// DirectAddr is [Server.Addr] for clients that begin with TLS, whether or not
// Config.TLS makes all of them do so.
func (s *Server) DirectAddr() string { return s.listen(&s.direct, true) }

// listen opens a port, unless it is open.
func (s *Server) listen(l *net.Listener, direct bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *l == nil {
		if s.closed {
			panic(ErrClosed.Error())
		}
		port, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(fmt.Sprintf("xmpptest: no port to listen on: %v", err))
		}
		*l = port
		s.running.Go(func() {
			for {
				nc, err := port.Accept()
				if err != nil {
					return
				}
				if s.accept(nc, direct) != nil {
					nc.Close()
				}
			}
		})
	}
	return (*l).Addr().String()
}

// accept serves a connection on a goroutine of its own; direct is that it begins with TLS.
func (s *Server) accept(nc net.Conn, direct bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.network.down():
		return errOffline
	}
	c := newConn(s, s.newRoad(nc), direct)
	s.conns[c] = struct{}{}
	s.running.Go(c.serve)
	return nil
}

// Dialer makes connections in memory, whatever address they are to go to. It fits the
// Dialer field of a component's configuration.
type Dialer struct {
	connect func(ctx context.Context, nc net.Conn) error
	pipe    func() (ours, theirs net.Conn) // nil for net.Pipe
}

// Dialer returns a dialer whose connections lead to the server without a socket.
func (s *Server) Dialer() *Dialer {
	return &Dialer{connect: func(_ context.Context, nc net.Conn) error { return s.accept(nc, s.cfg.TLS) }}
}

// DialContext connects. It fails once the other side is closed.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	pipe := d.pipe
	if pipe == nil {
		pipe = net.Pipe
	}
	ours, theirs := pipe()
	if err := d.connect(ctx, theirs); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return ours, nil
}

// TLSConfig returns what a client needs to trust the server: nil if it has no TLS. The
// caller may change it.
func (s *Server) TLSConfig() *tls.Config {
	if !s.cfg.TLS {
		return nil
	}
	return &tls.Config{RootCAs: s.Roots(), ServerName: "localhost"}
}
