package xmpptest

import (
	"errors"
	"net"
	"sync"
	"time"
)

// output is what waits to be written to one connection. A goroutine of its own writes it,
// so that a component that does not read holds up nobody until the bound is reached.
type output struct {
	max      int
	patience time.Duration

	mu     sync.Mutex
	nc     net.Conn      // guarded by mu
	empty  chan struct{} // guarded by mu: closed once all is written; nil if nobody waits
	busy   bool          // guarded by mu: a write is under way
	hurry  time.Duration // guarded by mu: how long the last write may take
	buf    []byte        // guarded by mu
	closed bool          // guarded by mu: nothing more is taken
	wake   chan struct{} // of capacity 1
	room   chan struct{} // guarded by mu: closed when room appears; nil if nobody waits
	done   chan struct{} // closed when the writer has ended
}

var errStalled = errors.New("xmpptest: the component does not read")

func newOutput(nc net.Conn, max int, patience time.Duration) *output {
	return &output{nc: nc, max: max, patience: patience, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// put queues bytes whole, waiting for room. What is larger than the bound may wait alone.
func (o *output) put(b []byte) error {
	o.mu.Lock()
	var late <-chan time.Time
	for !o.closed && len(o.buf) > 0 && len(o.buf)+len(b) > o.max {
		if o.room == nil {
			o.room = make(chan struct{})
		}
		room := o.room
		o.mu.Unlock()
		if late == nil {
			t := time.NewTimer(o.patience)
			defer t.Stop()
			late = t.C
		}
		select {
		case <-room:
		case <-late:
			return errStalled
		}
		o.mu.Lock()
	}
	defer o.mu.Unlock()
	if o.closed {
		return net.ErrClosed
	}
	o.buf = append(o.buf, b...)
	o.signal()
	return nil
}

// end queues the last bytes, for which hurry is the time; the writer ends behind them.
func (o *output) end(last []byte, hurry time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.closed, o.hurry = true, hurry
	o.buf = append(o.buf, last...)
	_ = o.nc.SetWriteDeadline(time.Now().Add(hurry)) // for the write under way
	o.release()
	o.signal()
}

// signal wakes the writer. The caller holds mu.
func (o *output) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// release wakes whoever waits for room. The caller holds mu.
func (o *output) release() {
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
}

// upgrade writes last and what waits, and goes on with another connection.
func (o *output) upgrade(last []byte, nc net.Conn) error {
	if err := o.put(last); err != nil {
		return err
	}
	o.mu.Lock()
	for !o.closed && (o.busy || len(o.buf) > 0) {
		if o.empty == nil {
			o.empty = make(chan struct{})
		}
		empty := o.empty
		o.mu.Unlock()
		<-empty
		o.mu.Lock()
	}
	defer o.mu.Unlock()
	if o.closed {
		return net.ErrClosed
	}
	o.nc = nc
	return nil
}

// settled wakes whoever waits until all is written. The caller holds mu.
func (o *output) settled() {
	if o.empty != nil {
		close(o.empty)
		o.empty = nil
	}
}

// run is the writer.
func (o *output) run() {
	defer close(o.done)
	var b []byte
	for range o.wake {
		o.mu.Lock()
		b, o.buf = o.buf, b[:0]
		last, patience, nc := o.closed, o.patience, o.nc
		o.busy = len(b) > 0
		if last {
			patience = o.hurry
		}
		o.release()
		o.mu.Unlock()
		if len(b) > 0 {
			_ = nc.SetWriteDeadline(time.Now().Add(patience))
			if _, err := nc.Write(b); err != nil {
				o.fail()
				return
			}
		}
		o.mu.Lock()
		o.busy = false
		if len(o.buf) == 0 {
			o.settled()
		}
		o.mu.Unlock()
		if last {
			return
		}
	}
}

// fail ends the output after a write that failed. The reader of the connection notices.
func (o *output) fail() {
	o.mu.Lock()
	o.closed = true
	o.buf = nil
	o.release()
	o.settled()
	nc := o.nc
	o.mu.Unlock()
	nc.Close()
}
