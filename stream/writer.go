package stream

import (
	"context"
	"sync"
	"time"

	"stanza.invalid/xmpp/stanza"
)

// writer coalesces what is sent: while one write is under way, or while the dispatcher
// works on a batch, what is sent gathers for the next. It outlives connections: what
// was not written whole is written again on the next one.
type writer struct {
	max     int           // bytes that may wait
	timeout time.Duration // of one write
	linger  time.Duration // how long a corked writer holds back
	failed  func(t Transport, err error)

	mu       sync.Mutex
	buf      []byte    // guarded by mu: what waits
	ends     []int     // guarded by mu: where stanzas end in it
	spare    []byte    // guarded by mu
	ends2    []int     // guarded by mu: spare of ends
	conn     Transport // guarded by mu: nil while no session is there
	corked   int       // guarded by mu
	lingers  bool      // guarded by mu: the timer runs
	timer    *time.Timer
	flushing bool          // guarded by mu: a flusher exists
	inFlight int           // guarded by mu: bytes of the write under way
	queued   uint64        // guarded by mu: bytes ever queued
	written  uint64        // guarded by mu: bytes of them written
	changed  chan struct{} // guarded by mu: closed when room appears, writing ends or the writer closes
	closed   bool          // guarded by mu
	last     time.Time     // guarded by mu: of the last write
}

const (
	// corkBytes is what a batch may gather before it is written anyway.
	corkBytes = 32 << 10
	// keptBuffer is the largest buffer that an idle writer keeps.
	keptBuffer = 1 << 10
)

// notify wakes whoever waits for a change. The caller holds mu.
func (w *writer) notify() {
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}

// wait returns a channel that is closed at the next change. The caller holds mu.
func (w *writer) wait() <-chan struct{} {
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	return w.changed
}

// put queues one stanza; it waits for room.
func (w *writer) put(ctx context.Context, b []byte, enter func()) error {
	if len(b) > w.max {
		return ErrStanzaTooLarge
	}
	w.mu.Lock()
	for {
		if w.closed {
			w.mu.Unlock()
			return ErrClosed
		}
		if len(w.buf)+w.inFlight+len(b) <= w.max {
			break
		}
		room := w.wait()
		w.start(true)
		w.mu.Unlock()
		if enter != nil {
			enter()
			enter = nil
		}
		select {
		case <-room:
		case <-ctx.Done():
			return waitError(ctx)
		}
		w.mu.Lock()
	}
	w.buf = append(w.buf, b...)
	w.ends = append(w.ends, len(w.buf))
	w.queued += uint64(len(b))
	w.start(false)
	w.mu.Unlock()
	return nil
}

// start makes a flusher if there is something to write and nothing speaks for holding it
// back. The caller holds mu.
func (w *writer) start(now bool) {
	if w.flushing || w.conn == nil || len(w.buf) == 0 {
		return
	}
	if w.corked > 0 && !now && len(w.buf) < corkBytes {
		if !w.lingers {
			w.lingers = true
			if w.timer == nil {
				w.timer = time.AfterFunc(w.linger, w.lingered)
			} else {
				w.timer.Reset(w.linger)
			}
		}
		return
	}
	w.flushing = true
	go w.flush()
}

// lingered ends the holding back: the handler takes long.
func (w *writer) lingered() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lingers = false
	w.start(true)
}

// cork says that more is likely to come soon; uncork that it is not.
func (w *writer) cork() {
	w.mu.Lock()
	w.corked++
	w.mu.Unlock()
}

func (w *writer) uncork() {
	w.mu.Lock()
	w.corked--
	if w.lingers {
		w.lingers = false
		w.timer.Stop()
	}
	w.start(false)
	w.mu.Unlock()
}

// flush writes until nothing waits.
func (w *writer) flush() {
	w.mu.Lock()
	for len(w.buf) > 0 && w.conn != nil {
		b, ends, conn := w.buf, w.ends, w.conn
		w.buf, w.ends = w.spare[:0], w.ends2[:0]
		w.inFlight = len(b)
		w.mu.Unlock()

		if d, ok := conn.(interface{ SetWriteDeadline(time.Time) error }); ok {
			_ = d.SetWriteDeadline(time.Now().Add(w.timeout))
		}
		n, err := conn.Write(b)

		w.mu.Lock()
		w.inFlight = 0
		w.last = time.Now()
		if err != nil {
			// what did not leave whole comes first next time
			kept := 0
			for _, e := range ends {
				if e <= n {
					kept = e
				}
			}
			w.written += uint64(kept)
			rest := append([]byte(nil), b[kept:]...)
			var restEnds []int
			for _, e := range ends {
				if e > kept {
					restEnds = append(restEnds, e-kept)
				}
			}
			for _, e := range w.ends {
				restEnds = append(restEnds, len(rest)+e)
			}
			w.buf, w.ends = append(rest, w.buf...), restEnds
			if w.conn == conn {
				w.conn = nil
			}
			w.notify()
			w.flushing = false
			w.mu.Unlock()
			w.failed(conn, err)
			return
		}
		w.written += uint64(len(b))
		w.spare, w.ends2 = b[:0], ends[:0]
		w.notify()
	}
	w.flushing = false
	if cap(w.spare) > keptBuffer {
		w.spare, w.ends2 = nil, nil
	}
	if len(w.buf) == 0 && cap(w.buf) > keptBuffer {
		w.buf, w.ends = nil, nil
	}
	w.notify()
	w.mu.Unlock()
}

// open lets what waits go out on a connection.
func (w *writer) open(conn Transport) {
	w.mu.Lock()
	w.conn = conn
	w.last = time.Now()
	w.start(true)
	w.mu.Unlock()
}

// shut holds back what is sent until the next open. It waits for the write under way.
func (w *writer) shut() {
	w.mu.Lock()
	w.conn = nil
	for w.flushing {
		done := w.wait()
		w.mu.Unlock()
		<-done
		w.mu.Lock()
	}
	w.mu.Unlock()
}

// drain waits until what was queued so far has been written.
func (w *writer) drain(ctx context.Context) error {
	w.mu.Lock()
	goal := w.queued
	for w.written < goal {
		if w.closed {
			w.mu.Unlock()
			return ErrClosed
		}
		w.start(true)
		done := w.wait()
		w.mu.Unlock()
		select {
		case <-done:
		case <-ctx.Done():
			return waitError(ctx)
		}
		w.mu.Lock()
	}
	w.mu.Unlock()
	return nil
}

// close refuses everything from here on.
func (w *writer) close() {
	w.mu.Lock()
	w.closed = true
	w.conn = nil
	if w.timer != nil {
		w.timer.Stop()
	}
	w.notify()
	w.mu.Unlock()
}

// idleSince returns when something was last written.
func (w *writer) idleSince() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

// waiting returns how many bytes wait.
func (w *writer) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.buf) + w.inFlight
}

// encoders are scratch buffers for encoding: stanzas are encoded outside of the writer's
// lock, because payloads may be the user's.
var encoders = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

// encode appends a stanza to a scratch buffer; the caller gives it back.
func encode(p stanza.Payload, ns string) (*[]byte, error) {
	b := encoders.Get().(*[]byte)
	err := safely(func() (err error) {
		*b, err = p.AppendXML((*b)[:0], ns)
		return err
	})
	if err != nil {
		giveBack(b)
		return nil, err
	}
	return b, nil
}

func giveBack(b *[]byte) {
	if cap(*b) <= 16<<10 {
		encoders.Put(b)
	}
}
