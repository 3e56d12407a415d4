package stream

import (
	"context"
	"errors"
	"sync"
	"time"
)

// keeper has the state of the session saved as it changes ([Management.Save]).
type keeper struct {
	s     *Stream
	save  func(v *Suspended) error // immutable
	every time.Duration            // immutable

	mu      sync.Mutex
	dirty   bool         // guarded by mu: something has changed since the last state
	busy    bool         // guarded by mu: run is at it
	timer   *time.Timer  // guarded by mu: until run may begin; nil if it need not
	last    time.Time    // guarded by mu: of the last run
	waiting []chan error // guarded by mu: who waits for the next state to be saved
	closed  bool         // guarded by mu
}

// touch says that something has changed. It may be called with any other lock held.
func (k *keeper) touch() {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.dirty = true
	k.plan()
}

// plan makes run begin when it is time. The caller holds mu.
func (k *keeper) plan() {
	switch {
	case k.closed || k.busy:
	case len(k.waiting) > 0:
		if k.timer != nil {
			k.timer.Stop()
			k.timer = nil
		}
		k.begin()
	case k.dirty && k.timer == nil:
		k.timer = time.AfterFunc(max(0, k.every-time.Since(k.last)), func() {
			k.mu.Lock()
			defer k.mu.Unlock()
			if k.timer = nil; !k.closed && !k.busy {
				k.begin()
			}
		})
	}
}

// begin starts run. The caller holds mu.
func (k *keeper) begin() {
	k.busy = true
	k.s.workers.Add(1)
	go k.run()
}

// run has one state saved.
func (k *keeper) run() {
	defer k.s.workers.Done()
	k.mu.Lock()
	waiting := k.waiting
	k.waiting, k.dirty = nil, false
	k.mu.Unlock()
	v, handled := k.s.sm.snapshot()
	err := ErrClosed
	if !k.isClosed() {
		err = safely(func() error { return k.save(v) })
	}
	if err == nil {
		k.s.sm.in.savedTo(handled)
	} else if err != ErrClosed {
		k.s.fail(Failure{Err: err, Handler: "Management.Save"})
	}
	for _, c := range waiting {
		c <- err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.busy, k.last = false, time.Now()
	k.dirty = k.dirty || err != nil
	k.plan()
}

func (k *keeper) isClosed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.closed
}

// close ends the saving. Whoever waits gets no answer.
func (k *keeper) close() {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	if k.timer != nil {
		k.timer.Stop()
		k.timer = nil
	}
}

// final saves the last state, once everything else has stopped: nil for none.
func (k *keeper) final(v *Suspended) error {
	if k == nil {
		return nil
	}
	err := safely(func() error { return k.save(v) })
	if err != nil {
		k.s.fail(Failure{Err: err, Handler: "Management.Save"})
	}
	return err
}

var errNothingSaves = errors.New("stream: there is no Management.Save")

// Save waits until the state of the session was saved by [Management.Save], with all that
// was sent before the call: from then on it does not depend on this process.
func (s *Stream) Save(ctx context.Context) error {
	if s.sm == nil || s.sm.keeper == nil {
		return errNothingSaves
	}
	k := s.sm.keeper
	saved := make(chan error, 1)
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return ErrClosed
	}
	k.waiting = append(k.waiting, saved)
	k.plan()
	k.mu.Unlock()
	select {
	case err := <-saved:
		return err
	case <-ctx.Done():
		return waitError(ctx)
	case <-s.ended.wait():
		select {
		case err := <-saved:
			return err
		default:
			return ErrClosed
		}
	}
}

// snapshot returns the state of the session as it is, and the number of the first stanza
// that was not handled.
func (m *management) snapshot() (v *Suspended, handled uint64) {
	for {
		v = &Suspended{Running: true, At: time.Now(), Local: m.s.Local(), Remote: m.s.Remote()}
		m.mu.Lock()
		v.ID, v.Location = m.id, m.location
		if m.keep > 0 {
			v.Until = time.Now().Add(m.keep)
		}
		m.mu.Unlock()
		// Both counts at once: what a handler has sent is in the queue before its stanza
		// counts as handled.
		w := &m.s.out
		w.mu.Lock()
		handled, v.Received = m.in.handled()
		m.out.save(v, w.written)
		w.mu.Unlock()
		m.mu.Lock()
		same := m.id == v.ID
		m.mu.Unlock()
		if same {
			return v, handled
		}
	}
}

// handled returns the number of the first stanza that was not handled, and the count of
// those before it.
func (r *received) handled() (uint64, uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := max(r.first, r.base)
	return n, uint32(n - r.base)
}

// savedTo says that what was handled before stanza n is a part of a state that was saved:
// the peer may be told.
func (r *received) savedTo(n uint64) {
	r.mu.Lock()
	r.saved = max(r.saved, n)
	due := (r.asked || r.owed) && r.sure() >= r.want && r.tell()
	r.mu.Unlock()
	if due {
		r.answer()
	}
}

// sure is the number of the first stanza about which the peer must not be told yet. The
// caller holds mu.
func (r *received) sure() uint64 {
	if r.keeper == nil {
		return r.first
	}
	return min(r.first, r.saved)
}
