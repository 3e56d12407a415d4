package stream

import (
	"crypto/tls"
	"io"
	"net"

	"stanza.invalid/internal/idle"
	"stanza.invalid/stream/wire"
)

// source reads from a transport into a framer. A session that waits holds no buffer of the
// framer's: a thousand times one that is hardly ever used is what idle sessions would cost.
type source interface {
	fill(f *wire.Framer) (int, error)
}

func newSource(t Transport) source {
	switch c := t.(type) {
	case *net.TCPConn:
		if s := newRawSource(c); s != nil {
			return s
		}
	case *tls.Conn:
		if below, ok := c.NetConn().(*idle.Conn); ok {
			return &secureSource{c, below}
		}
	}
	return &plainSource{r: t}
}

// secureSource waits below TLS: crypto/tls would have to be given a buffer, and its frames
// would be on the stack.
type secureSource struct {
	c     *tls.Conn
	below *idle.Conn
}

func (s *secureSource) fill(f *wire.Framer) (int, error) {
	for {
		n, err := s.read(f)
		if !idle.IsNothing(err) {
			return n, err
		}
		if n > 0 {
			return n, nil // there is nothing behind it: a part of an alert at the most
		}
		if err := s.below.Wait(); err != nil {
			return 0, err
		}
	}
}

// read reads what is there. It must not be inlined: see [Stream.loop].
//
//go:noinline
func (s *secureSource) read(f *wire.Framer) (int, error) {
	s.below.Hold()
	defer s.below.Release()
	n, err := s.c.Read(f.Space())
	f.Commit(n)
	return n, err
}

// plainSource waits with a few bytes in hand. What does not fit into those is read into the
// framer's buffer, as is all else while more is expected.
type plainSource struct {
	r     io.Reader
	full  bool // the last read has filled what it was given
	first [256]byte
}

func (s *plainSource) fill(f *wire.Framer) (n int, err error) {
	if s.full || f.Pending() {
		space := f.Space()
		n, err = s.r.Read(space)
		s.full = n == len(space)
		f.Commit(n)
		return n, err
	}
	n, err = s.r.Read(s.first[:])
	s.full = n == len(s.first)
	f.Feed(s.first[:n])
	return n, err
}
