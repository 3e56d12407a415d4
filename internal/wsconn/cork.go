package wsconn

import (
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"stanza.invalid/internal/webdial"
)

// corked is a connection that gathers what is written to it while it is corked, so that
// many messages leave in one write. What is written while it is not are pongs and their
// like, which come at any time, and have deadlines of their own.
type corked struct {
	net.Conn
	mu   sync.Mutex
	on   bool   // guarded by mu
	buf  []byte // guarded by mu
	flag error  // guarded by mu: why writing failed

	left atomic.Int64 // what may still be read, and one byte; 0 for no limit

	dmu      sync.Mutex
	deadline time.Time // guarded by dmu: of the writes that were gathered
}

// lingerBytes is what a peer may send while this side waits for it to close.
const lingerBytes = 1 << 20

// linger begins to limit what is read.
func (c *corked) linger() { c.left.Store(lingerBytes + 1) }

// Read reads, as long as the peer may send.
func (c *corked) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.left.Load() > 0 && c.left.Add(-int64(n)) <= 1 {
		c.left.Store(1)
		return 0, net.ErrClosed
	}
	return n, err
}

// controlTimeout is how long the write of a pong may take.
const controlTimeout = 5 * time.Second

// SetWriteDeadline bounds the write under way, and those that are gathered.
func (c *corked) SetWriteDeadline(t time.Time) error {
	c.dmu.Lock()
	defer c.dmu.Unlock()
	c.deadline = t
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline is SetReadDeadline and SetWriteDeadline.
func (c *corked) SetDeadline(t time.Time) error {
	_ = c.SetWriteDeadline(t)
	return c.SetReadDeadline(t)
}

// bound sets a deadline for the write to come: that of what was gathered if own is 0.
func (c *corked) bound(own time.Duration) {
	c.dmu.Lock()
	defer c.dmu.Unlock()
	t := c.deadline
	if own > 0 {
		t = time.Now().Add(own)
	}
	_ = c.Conn.SetWriteDeadline(t)
}

// Write writes, or gathers.
func (c *corked) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.flag != nil:
		return 0, c.flag
	case c.on:
		c.buf = append(c.buf, b...)
		return len(b), nil
	}
	c.bound(controlTimeout)
	n, err := c.Conn.Write(b)
	c.flag = err
	return n, err
}

// Close closes the connection.
func (c *corked) Close() error {
	if t, ok := c.Conn.(*tls.Conn); ok {
		return webdial.Close(t)
	}
	return c.Conn.Close()
}

func (c *corked) cork() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on = true
}

// gathered returns how many bytes have been gathered.
func (c *corked) gathered() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.buf)
}

// recordBytes is what a record of TLS takes.
const recordBytes = 16 << 10

// uncork writes what was gathered, and returns how much of it was written. No message of
// those that marks tell apart is in two records, unless it does not fit into one.
func (c *corked) uncork(marks []mark) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.on = false
	b := c.buf
	if c.buf = b[:0]; cap(b) > 16<<10 {
		c.buf = nil
	}
	if c.flag != nil {
		return 0, c.flag
	}
	for n < len(b) && err == nil {
		end := len(b)
		for i := len(marks) - 1; i >= 0 && end-n > recordBytes; i-- {
			if m := marks[i].gathered; m < end && m > n {
				end = m
			}
		}
		c.bound(0)
		var k int
		k, err = c.Conn.Write(b[n:end])
		n += k
	}
	c.flag = err
	return n, err
}
