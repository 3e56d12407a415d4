//go:build unix

package idle

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// Conn is a TCP connection for TLS to run on. Between [Conn.Hold] and [Conn.Release] reading
// from it does not wait: without data it fails with an error that is a timeout, and TLS can
// be read on after one of these. Then it is time for [Conn.Wait], unless TLS has said something
// beside the error: it looks for the end behind what it reads, and that may be there in part.
//
// Hold, Release and Wait are for the goroutine that reads.
type Conn struct {
	net.Conn
	raw syscall.RawConn

	held    bool
	drained bool    // the last read has not filled what it was given: there is no more
	ahead   *buffer // what Wait has read; nil for nothing
	err     error   // why it could not; to be returned behind what is ahead

	// of the read under way, for try and wait, which are made once: a closure for each
	// would be garbage
	b         []byte
	n         int
	tryOnce   func(fd uintptr) bool
	waitUntil func(fd uintptr) bool
}

// buffer is what was read and is still to be given out: b[from:to].
type buffer struct {
	b        [4 << 10]byte
	from, to int
}

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// New returns a *[Conn] for a connection over TCP, and any other as it is.
func New(c net.Conn) net.Conn {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return c
	}
	i := &Conn{Conn: tcp, raw: raw}
	i.tryOnce, i.waitUntil = i.try, i.wait
	return i
}

// Hold says that reading is not to wait from here on.
func (c *Conn) Hold() { c.held = true }

// Release says that it may again.
func (c *Conn) Release() { c.held = false }

// Read gives out what [Conn.Wait] has read, or reads.
func (c *Conn) Read(b []byte) (int, error) {
	if a := c.ahead; a != nil {
		n := copy(b, a.b[a.from:a.to])
		if a.from += n; a.from == a.to {
			c.ahead = nil
			buffers.Put(a)
		}
		return n, nil
	}
	if c.err != nil {
		err := c.err
		c.err = nil
		return 0, err
	}
	if !c.held || len(b) == 0 {
		return c.Conn.Read(b)
	}
	if c.drained {
		return 0, errNothing
	}
	c.b, c.n = b, 0
	err := c.raw.Read(c.tryOnce)
	c.b = nil
	if err == nil {
		err, c.err = c.err, nil
	}
	c.drained = c.n < len(b)
	return c.n, err
}

// try reads into b, or finds that there is nothing to read.
func (c *Conn) try(fd uintptr) bool {
	if !c.read(fd, c.b) {
		c.err = errNothing
	}
	return true
}

// Wait waits until there is something to read, or an error for who reads next. Its own
// error is that the connection is closed here, or that its deadline is over.
func (c *Conn) Wait() error {
	if c.ahead != nil || c.err != nil {
		return nil
	}
	return c.raw.Read(c.waitUntil)
}

// wait borrows a buffer for as long as it takes to see whether there is something to read.
func (c *Conn) wait(fd uintptr) bool {
	a := buffers.Get().(*buffer)
	there := c.read(fd, a.b[:])
	if c.n == 0 {
		buffers.Put(a)
		return there
	}
	a.from, a.to = 0, c.n
	c.ahead, c.drained = a, c.n < len(a.b)
	return true
}

// read reads once. It reports false if there is nothing to read yet.
func (c *Conn) read(fd uintptr, b []byte) bool {
	for {
		n, err := syscall.Read(int(fd), b)
		c.n = max(n, 0)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return false
		case err != nil:
			c.err = &net.OpError{Op: "read", Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError("read", err)}
		case n == 0:
			c.err = io.EOF
		}
		return true
	}
}
