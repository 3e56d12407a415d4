package xmpptest

import (
	"io"
	"net"
	"os"
	"sync"
	"time"

	"stanza.invalid/internal/deadline"
)

// pipeBytes is how much may be on its way in one direction of a pipe.
const pipeBytes = 64 << 10

// newPipe returns both ends of a connection in memory that, unlike that of net.Pipe, has
// something on its way, as sockets do: whoever closes TLS says so without a listener.
func newPipe() (net.Conn, net.Conn) {
	a, b := newHalf(), newHalf()
	return &pipeEnd{in: a, out: b, reads: deadline.New(), writes: deadline.New()}, &pipeEnd{in: b, out: a, reads: deadline.New(), writes: deadline.New()}
}

// half is one direction.
type half struct {
	mu      sync.Mutex
	buf     []byte        // guarded by mu
	closed  bool          // guarded by mu: by either end
	changed chan struct{} // guarded by mu: closed when anything changes
}

func newHalf() *half { return &half{changed: make(chan struct{})} }

// notify wakes who waits. The caller holds mu.
func (h *half) notify() {
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *half) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.notify()
}

// pipeEnd is one end.
type pipeEnd struct {
	in, out       *half
	reads, writes *deadline.Deadline
	once          sync.Once
	gone          bool // guarded by in.mu: closed at this end
}

// Read returns what the other end has written.
func (p *pipeEnd) Read(b []byte) (int, error) {
	for {
		p.in.mu.Lock()
		n := copy(b, p.in.buf)
		if n > 0 && !p.gone {
			if p.in.buf = p.in.buf[n:]; len(p.in.buf) == 0 {
				p.in.buf = nil
			}
			p.in.notify()
		}
		gone, closed, changed := p.gone, p.in.closed, p.in.changed
		p.in.mu.Unlock()
		switch {
		case gone:
			return 0, net.ErrClosed
		case n > 0 || len(b) == 0:
			return n, nil
		case closed:
			return 0, io.EOF
		}
		select {
		case <-changed:
		case <-p.reads.Passed():
			return 0, os.ErrDeadlineExceeded
		}
	}
}

// Write writes, and waits for room.
func (p *pipeEnd) Write(b []byte) (int, error) {
	for n := 0; ; {
		p.out.mu.Lock()
		if p.out.closed {
			p.out.mu.Unlock()
			return n, io.ErrClosedPipe
		}
		if room := min(pipeBytes-len(p.out.buf), len(b)-n); room > 0 {
			p.out.buf = append(p.out.buf, b[n:n+room]...)
			n += room
			p.out.notify()
		}
		changed := p.out.changed
		p.out.mu.Unlock()
		if n == len(b) {
			return n, nil
		}
		select {
		case <-changed:
		case <-p.writes.Passed():
			return n, os.ErrDeadlineExceeded
		}
	}
}

// Close closes both directions. What the other end has not read yet it still can.
func (p *pipeEnd) Close() error {
	p.once.Do(func() {
		p.in.mu.Lock()
		p.gone = true
		p.in.mu.Unlock()
		p.in.close()
		p.out.close()
		p.reads.Set(time.Time{})
		p.writes.Set(time.Time{})
	})
	return nil
}

// LocalAddr returns no address of use.
func (p *pipeEnd) LocalAddr() net.Addr { return &net.TCPAddr{} }

// RemoteAddr returns no address of use.
func (p *pipeEnd) RemoteAddr() net.Addr { return &net.TCPAddr{} }

// SetDeadline bounds reads and writes.
func (p *pipeEnd) SetDeadline(t time.Time) error {
	p.reads.Set(t)
	p.writes.Set(t)
	return nil
}

// SetReadDeadline bounds reads.
func (p *pipeEnd) SetReadDeadline(t time.Time) error { p.reads.Set(t); return nil }

// SetWriteDeadline bounds writes.
func (p *pipeEnd) SetWriteDeadline(t time.Time) error { p.writes.Set(t); return nil }
