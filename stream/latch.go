package stream

import "sync"

// latch is what closes once. It has a channel only for who waits: with its own each, those of an idle stream would
// be a good part of what it costs.
type latch struct {
	mu     sync.Mutex
	closed bool          // guarded by mu
	ch     chan struct{} // guarded by mu
}

// wait returns a channel that is closed with the latch.
func (l *latch) wait() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ch == nil {
		l.ch = make(chan struct{})
		if l.closed {
			close(l.ch)
		}
	}
	return l.ch
}

// close closes it; a second time is harmless.
func (l *latch) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if l.closed = true; l.ch != nil {
		close(l.ch)
	}
}
