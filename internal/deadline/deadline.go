// Package deadline has deadlines as connections have them, for those that are no sockets.
package deadline

import (
	"sync"
	"time"
)

// Deadline is a deadline that can be waited for. At first there is none.
type Deadline struct {
	mu    sync.Mutex
	timer *time.Timer   // guarded by mu
	done  chan struct{} // guarded by mu: closed once it has passed
}

// New returns a deadline that does not pass.
func New() *Deadline { return &Deadline{done: make(chan struct{})} }

// Passed returns a channel that is closed once the deadline has passed, for as long as it is
// not replaced.
func (d *Deadline) Passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done
}

// Set replaces the deadline, for those as well who wait already.
func (d *Deadline) Set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		d.done = make(chan struct{}) // it has passed, or is about to close the old one
	}
	d.timer = nil
	select {
	case <-d.done:
		d.done = make(chan struct{})
	default:
	}
	if t.IsZero() {
		return
	}
	done := d.done
	if left := time.Until(t); left > 0 {
		d.timer = time.AfterFunc(left, func() { close(done) })
		return
	}
	close(done)
}
