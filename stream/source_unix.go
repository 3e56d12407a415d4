//go:build unix

package stream

import (
	"io"
	"net"
	"os"
	"syscall"

	"stanza.invalid/stream/wire"
)

// rawSource waits until a socket has something to read before it borrows a buffer, so
// that an idle session owns none.
type rawSource struct {
	raw syscall.RawConn
	f   *wire.Framer
	n   int
	err error
	try func(fd uintptr) bool // made once: a closure for each read would be garbage
}

func newRawSource(c *net.TCPConn) source {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	s := &rawSource{raw: raw}
	s.try = s.read
	return s
}

// read tries once; it returns false to wait for the socket.
func (s *rawSource) read(fd uintptr) bool {
	for {
		n, err := syscall.Read(int(fd), s.f.Space())
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			s.f.Commit(0)
			return false
		}
		s.n, s.err = max(n, 0), nil
		s.f.Commit(s.n)
		if err != nil {
			s.err = os.NewSyscallError("read", err)
		} else if n == 0 {
			s.err = io.EOF
		}
		return true
	}
}

func (s *rawSource) fill(f *wire.Framer) (int, error) {
	s.f, s.n, s.err = f, 0, nil
	if err := s.raw.Read(s.try); err != nil {
		return 0, err
	}
	return s.n, s.err
}
