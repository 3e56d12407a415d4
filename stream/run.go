package stream

import (
	"context"
	"sync/atomic"
)

// run is the context of one run of a handler. It tells whether a goroutine that waits
// holds up the queue, or one of the places for concurrent handlers, so that waiting for
// an answer can be told from being busy. Once the handler has returned it is a context
// like any other: a goroutine that the handler left behind holds up nothing.
type run struct {
	context.Context
	s      *Stream
	again  bool         // the stanza may have been handled before
	waits  atomic.Int32 // waits under way; -1 once the run is over
	free   bool         // of a concurrent handler: it does not hold up the queue
	noSlot atomic.Bool  // of a concurrent handler: it has given up its place
}

type runKey struct{}

// Value returns the run itself for its key.
func (r *run) Value(key any) any {
	if _, ok := key.(runKey); ok {
		return r
	}
	return r.Context.Value(key)
}

// runOf returns the run of a handler of s that ctx comes from and that is not over, or
// nil.
func (s *Stream) runOf(ctx context.Context) *run {
	if r, _ := ctx.Value(runKey{}).(*run); r != nil && r.s == s && r.waits.Load() >= 0 {
		return r
	}
	return nil
}

// holdsQueue reports whether the goroutine of ctx holds up the queue.
func (s *Stream) holdsQueue(ctx context.Context) bool {
	r := s.runOf(ctx)
	return r != nil && !r.free
}

// newRun returns the context for the next handler on the dispatcher. They are made many
// at a time when there is much to do.
func (s *Stream) newRun() *run {
	if len(s.runs) == 0 {
		s.runs = make([]run, min(max(s.queue.left(), 1), 64))
	}
	r := &s.runs[0]
	s.runs = s.runs[1:]
	r.Context, r.s, r.again = s.ctx, s, s.repeated
	return r
}

// enterWait tells the queue if the goroutine of ctx holds it up, and makes what was sent
// so far leave. End the wait with leave; a nil run is one that holds up nothing.
func (s *Stream) enterWait(ctx context.Context) *run {
	r := s.runOf(ctx)
	if r == nil {
		return nil
	}
	q := &s.queue
	q.mu.Lock()
	n := r.waits.Load()
	for n >= 0 && !r.waits.CompareAndSwap(n, n+1) {
		n = r.waits.Load()
	}
	if n == 0 {
		q.block(r, 1)
	}
	q.mu.Unlock()
	switch {
	case n < 0:
		return nil
	case n == 0 && !r.free:
		s.out.uncork()
	}
	return r
}

// leave ends one wait.
func (r *run) leave() {
	if r == nil {
		return
	}
	q := &r.s.queue
	q.mu.Lock()
	n := r.waits.Load()
	for n > 0 && !r.waits.CompareAndSwap(n, n-1) {
		n = r.waits.Load()
	}
	if n == 1 {
		q.block(r, -1)
	}
	q.mu.Unlock()
	if n == 1 && !r.free {
		r.s.out.cork()
	}
}

// end ends the run, and the waits of goroutines that the handler has left behind.
func (r *run) end() {
	if r.waits.Swap(-1) <= 0 {
		return
	}
	q := &r.s.queue
	q.mu.Lock()
	q.block(r, -1)
	q.mu.Unlock()
	if !r.free {
		r.s.out.cork()
	}
}

// giveUpSlot lets another concurrent handler run in place of this one, which is about to
// wait for the end of all.
func (r *run) giveUpSlot() {
	if r.free && r.noSlot.CompareAndSwap(false, true) {
		<-*r.s.slots.Load()
	}
}
