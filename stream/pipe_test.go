package stream

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// end is one end of a connection in memory: buffered, bounded, with deadlines and half-close,
// like a socket, and unlike net.Pipe.
type end struct {
	in, out *flow
}

// flow is one direction of a connection.
type flow struct {
	mu       sync.Mutex
	cond     *sync.Cond
	buf      []byte
	max      int
	eof      bool // the writer is gone
	gone     bool // the reader is gone
	rd, wd   time.Time
	rt, wt   *time.Timer
	writes   int
	failAt   int // total bytes after which writing fails; 0 for never
	accepted int
	mending  bool
}

// mend makes the other end believe that the network has failed, and is being mended.
func (e *end) mend() {
	e.out.mu.Lock()
	defer e.out.mu.Unlock()
	e.out.mending = true
}

// Mending is of transports that mend.
func (e *end) Mending() bool {
	e.in.mu.Lock()
	defer e.in.mu.Unlock()
	return e.in.mending
}

func newFlow(max int) *flow {
	f := &flow{max: max}
	f.cond = sync.NewCond(&f.mu)
	return f
}

// newPipe returns a connection whose directions hold so many bytes each.
func newPipe(max int) (a, b *end) {
	x, y := newFlow(max), newFlow(max)
	return &end{in: x, out: y}, &end{in: y, out: x}
}

func (f *flow) read(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		switch {
		case f.gone:
			return 0, net.ErrClosed
		case !f.rd.IsZero() && !time.Now().Before(f.rd):
			return 0, os.ErrDeadlineExceeded
		case len(f.buf) > 0:
			n := copy(b, f.buf)
			f.buf = f.buf[n:]
			f.cond.Broadcast()
			return n, nil
		case f.eof:
			return 0, io.EOF
		}
		f.cond.Wait()
	}
}

func (f *flow) write(b []byte) (n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes++
	for {
		switch {
		case f.eof:
			return n, net.ErrClosed
		case f.gone:
			return n, io.ErrClosedPipe
		case !f.wd.IsZero() && !time.Now().Before(f.wd):
			return n, os.ErrDeadlineExceeded
		case len(b) == 0:
			return n, nil
		}
		k := min(len(b), f.max-len(f.buf))
		if f.failAt > 0 {
			k = min(k, f.failAt-f.accepted)
		}
		if k > 0 {
			f.buf = append(f.buf, b[:k]...)
			b, n = b[k:], n+k
			f.accepted += k
			f.cond.Broadcast()
		} else if f.failAt > 0 && f.accepted >= f.failAt {
			return n, io.ErrClosedPipe
		} else {
			f.cond.Wait()
		}
	}
}

func (f *flow) deadline(t time.Time, at *time.Time, timer **time.Timer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*at = t
	if *timer != nil {
		(*timer).Stop()
		*timer = nil
	}
	if !t.IsZero() {
		*timer = time.AfterFunc(time.Until(t), func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.cond.Broadcast()
		})
	}
	f.cond.Broadcast()
}

func (f *flow) end(mark *bool, timers ...**time.Timer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*mark = true
	for _, t := range timers {
		if *t != nil {
			(*t).Stop()
		}
	}
	f.cond.Broadcast()
}

func (e *end) Read(b []byte) (int, error)  { return e.in.read(b) }
func (e *end) Write(b []byte) (int, error) { return e.out.write(b) }

func (e *end) Close() error {
	e.in.end(&e.in.gone, &e.in.rt)
	e.out.end(&e.out.eof, &e.out.wt)
	return nil
}

func (e *end) CloseWrite() error {
	e.out.end(&e.out.eof, &e.out.wt)
	return nil
}

func (e *end) SetReadDeadline(t time.Time) error {
	e.in.deadline(t, &e.in.rd, &e.in.rt)
	return nil
}

func (e *end) SetWriteDeadline(t time.Time) error {
	e.out.deadline(t, &e.out.wd, &e.out.wt)
	return nil
}

func (e *end) SetDeadline(t time.Time) error {
	_ = e.SetReadDeadline(t)
	return e.SetWriteDeadline(t)
}

// plain is an end that can only read, write and close.
type plain struct{ e *end }

func (p plain) Read(b []byte) (int, error)  { return p.e.Read(b) }
func (p plain) Write(b []byte) (int, error) { return p.e.Write(b) }
func (p plain) Close() error                { return p.e.Close() }
