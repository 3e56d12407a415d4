package stream

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// ErrWouldBlock is returned for a wait on the dispatcher that could never end, because
// what it waits for comes through the queue that it holds up. Use [Concurrent].
var ErrWouldBlock = errors.New("stream: waiting here would block the queue for ever")

// pending is a request whose answer has not come.
type pending struct {
	to     jid.JID
	answer chan *stanza.IQ // of capacity 1
}

// waiters are those who get their stanzas at the reader.
type waiters struct {
	calls atomic.Int32 // len(byID)
	lists atomic.Int32 // len(all) of those with compiled matchers
	users atomic.Int32 // len(all) of those with the user's own

	mu   sync.Mutex
	byID map[string]*pending // guarded by mu
	all  []*Collector        // guarded by mu
}

// Request sends an IQ request and waits for the answer, which may be an error IQ. It
// gives the request an id that nobody can predict. Only an answer from whom the
// request went to counts (RFC 6120, section 8.1.2.1). When ctx has no deadline, it
// waits for a minute at most and returns [ErrTimeout] then; on cancellation it
// returns an error that wraps ctx.Err(). When the stream ends, [ErrDisconnected].
func (s *Stream) Request(ctx context.Context, q *stanza.IQ) (*stanza.IQ, error) {
	if !q.IsRequest() {
		return nil, errors.New("stream: only an IQ of type get or set is a request")
	}
	sent := *q
	sent.ID = NewID()
	p := &pending{to: q.To, answer: make(chan *stanza.IQ, 1)}
	w := &s.waiters
	w.mu.Lock()
	if w.byID == nil {
		w.byID = map[string]*pending{}
	}
	w.byID[sent.ID] = p
	w.calls.Store(int32(len(w.byID)))
	w.mu.Unlock()
	defer w.forget(sent.ID)
	if err := s.Send(ctx, &sent); err != nil {
		return nil, err
	}
	defer s.enterWait(ctx)()
	var late <-chan time.Time
	if _, ok := ctx.Deadline(); !ok {
		t := time.NewTimer(time.Minute)
		defer t.Stop()
		late = t.C
	}
	select {
	case a := <-p.answer:
		if a == nil {
			return nil, ErrDisconnected
		}
		return a, nil
	case <-late:
		return nil, ErrTimeout
	case <-ctx.Done():
		return nil, waitError(ctx)
	case <-s.done:
		return nil, ErrClosed
	}
}

// waitError is what a wait ends with when its context does.
func waitError(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.Join(ErrTimeout, ctx.Err())
	}
	return ctx.Err()
}

func (w *waiters) forget(id string) {
	w.mu.Lock()
	delete(w.byID, id)
	w.calls.Store(int32(len(w.byID)))
	w.mu.Unlock()
}

// enterWait tells the queue if the goroutine of ctx holds it up, and makes what was sent
// so far leave. The function it returns ends the wait.
func (s *Stream) enterWait(ctx context.Context) (leave func()) {
	if ctx.Value(onDispatcher{}) != s {
		return func() {}
	}
	s.out.uncork()
	s.queue.enterWait()
	return func() {
		s.queue.leaveWait()
		s.out.cork()
	}
}

// answer gives an IQ result or error to the request that it answers, and reports
// whether there is one. The reader calls it.
func (s *Stream) answer(q *stanza.IQ) bool {
	w := &s.waiters
	if w.calls.Load() == 0 {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.byID[q.ID]
	if p == nil || !s.answers(p.to, q.From) {
		return false
	}
	delete(w.byID, q.ID)
	w.calls.Store(int32(len(w.byID)))
	p.answer <- q
	return true
}

// answers reports whether an answer from an address belongs to a request that went to
// another: they are equal; or the request went to one's own account or server, and the
// answer comes from the account or has no sender, which only one's own server can do.
func (s *Stream) answers(to, from jid.JID) bool {
	if to == from {
		return true
	}
	o := s.origin.Load()
	if o == nil || o.Account.IsZero() {
		return to.IsZero() && from == s.cfg.Header.To
	}
	own := o.Account.Bare()
	switch {
	case to.IsZero() || to == own:
		return from.IsZero() || from == own || to.IsZero() && (from == o.Account || own == o.Server && from == o.Server)
	case to == o.Server:
		return from.IsZero()
	}
	return false
}

// drop ends all waits for answers: the stream that would have brought them is gone.
func (w *waiters) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, p := range w.byID {
		delete(w.byID, id)
		p.answer <- nil
	}
	w.calls.Store(0)
}

// A Collector gathers the stanzas that match, in the order of the wire. It is made by
// [Stream.Collect] and must be stopped.
type Collector struct {
	s         *Stream
	matcher   Matcher
	exclusive bool
	max       int
	one       bool // removed with its first stanza

	mu      sync.Mutex
	stanzas []stanza.Stanza // guarded by mu
	lost    int             // guarded by mu
	more    chan struct{}   // of capacity 1: something was added
}

// CollectOption says how a [Collector] works.
type CollectOption func(*Collector)

// Exclusive keeps what is collected from all handlers.
func Exclusive() CollectOption { return func(c *Collector) { c.exclusive = true } }

// AtMost bounds what a collector holds (default 10,000 stanzas). What comes beyond that is
// left to the handlers and counted by [Collector.Lost].
func AtMost(n int) CollectOption { return func(c *Collector) { c.max = n } }

// Collect begins to gather stanzas that match.
func (s *Stream) Collect(m Matcher, opts ...CollectOption) *Collector {
	c := &Collector{s: s, matcher: m, max: 10_000, more: make(chan struct{}, 1)}
	for _, o := range opts {
		o(c)
	}
	s.waiters.add(c)
	return c
}

func (w *waiters) add(c *Collector) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(slices.Clone(w.all), c)
	w.count(c, 1)
}

func (w *waiters) count(c *Collector, n int32) {
	if c.matcher.user {
		w.users.Add(n)
	} else {
		w.lists.Add(n)
	}
}

func (w *waiters) remove(c *Collector) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if slices.Contains(w.all, c) {
		w.all = slices.DeleteFunc(slices.Clone(w.all), func(o *Collector) bool { return o == c })
		w.count(c, -1)
	}
}

// offer shows a stanza to the collectors whose matchers are the user's own, or to the
// others, and reports whether one wants it for itself.
func (w *waiters) offer(st stanza.Stanza, users bool) (taken bool) {
	w.mu.Lock()
	all := w.all
	w.mu.Unlock()
	for _, c := range all {
		if c.matcher.user != users {
			continue
		}
		match := false
		if users {
			_ = safely(func() error { match = c.matcher.Match(st); return nil })
		} else {
			match = c.matcher.Match(st)
		}
		if match && c.put(stanza.Clone(st)) && c.exclusive {
			return true
		}
	}
	return false
}

func (c *Collector) put(st stanza.Stanza) bool {
	c.mu.Lock()
	if len(c.stanzas) >= c.max {
		c.lost++
		c.mu.Unlock()
		return false
	}
	c.stanzas = append(c.stanzas, st)
	c.mu.Unlock()
	if c.one {
		c.s.waiters.remove(c)
	}
	select {
	case c.more <- struct{}{}:
	default:
	}
	return true
}

// Stop ends the gathering and returns what was gathered and not yet taken.
func (c *Collector) Stop() []stanza.Stanza {
	c.s.waiters.remove(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	rest := c.stanzas
	c.stanzas = nil
	return rest
}

// Lost returns how many stanzas matched and found no room.
func (c *Collector) Lost() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// Next returns the next stanza and waits for it if need be.
func (c *Collector) Next(ctx context.Context) (stanza.Stanza, error) {
	for {
		c.mu.Lock()
		if len(c.stanzas) > 0 {
			st := c.stanzas[0]
			c.stanzas = c.stanzas[1:]
			c.mu.Unlock()
			return st, nil
		}
		c.mu.Unlock()
		if c.matcher.user && ctx.Value(onDispatcher{}) == c.s {
			return nil, ErrWouldBlock
		}
		if err := c.wait(ctx); err != nil {
			return nil, err
		}
	}
}

func (c *Collector) wait(ctx context.Context) error {
	defer c.s.enterWait(ctx)()
	select {
	case <-c.more:
		return nil
	case <-ctx.Done():
		return waitError(ctx)
	case <-c.s.done:
		return ErrClosed
	}
}

// All iterates over stanzas as they come, until ctx ends.
func (c *Collector) All(ctx context.Context) iter.Seq[stanza.Stanza] {
	return func(yield func(stanza.Stanza) bool) {
		for {
			st, err := c.Next(ctx)
			if err != nil || !yield(st) {
				return
			}
		}
	}
}

// Wait waits for the next stanza that matches. What answers something that is still to be
// sent may come too early for it: use [Stream.Expect] then.
func (s *Stream) Wait(ctx context.Context, m Matcher, opts ...CollectOption) (stanza.Stanza, error) {
	wait, cancel := s.Expect(m, opts...)
	defer cancel()
	return wait(ctx)
}

// Expect begins to look out for one stanza, and returns what waits for it and what ends
// it.
func (s *Stream) Expect(m Matcher, opts ...CollectOption) (wait func(ctx context.Context) (stanza.Stanza, error), cancel func()) {
	c := &Collector{s: s, matcher: m, max: 1, one: true, more: make(chan struct{}, 1)}
	for _, o := range opts {
		o(c)
	}
	c.max = 1
	s.waiters.add(c)
	return c.Next, func() { c.Stop() }
}
