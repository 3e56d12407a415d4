package stream

import (
	"context"
	"iter"
	"slices"
	"sync"

	"stanza.invalid/xmpp/stanza"
)

// A Collector gathers the stanzas that match, in the order of the wire. It is made by
// [Stream.Collect] and must be stopped.
type Collector struct {
	s         *Stream
	site      string
	matcher   Matcher
	exclusive bool
	max       int
	one       bool // removed with its first stanza

	mu      sync.Mutex
	stanzas []stanza.Stanza // guarded by mu
	lost    int             // guarded by mu
	stopped bool            // guarded by mu
	more    chan struct{}   // of capacity 1: something was added
}

// CollectOption says how a [Collector] works.
type CollectOption func(*Collector)

// Exclusive keeps what is collected from all handlers, and from other collectors that
// were made later. A request that is collected so is answered by nobody else.
func Exclusive() CollectOption { return func(c *Collector) { c.exclusive = true } }

// AtMost bounds what a collector holds (default 10,000 stanzas). What comes beyond that is
// left to the handlers and counted by [Collector.Lost].
func AtMost(n int) CollectOption { return func(c *Collector) { c.max = n } }

// Collect begins to gather stanzas that match.
func (s *Stream) Collect(m Matcher, opts ...CollectOption) *Collector {
	c := &Collector{s: s, site: Site(1), matcher: m, max: 10_000, more: make(chan struct{}, 1)}
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
			c.s.guardAt(&c.site, st, func(context.Context) error { match = c.matcher.Match(st); return nil })
		} else {
			match = c.matcher.Match(st)
		}
		if !match {
			continue
		}
		mine := st
		if !c.exclusive {
			mine = stanza.Clone(st)
		}
		if c.put(mine) && c.exclusive {
			return true
		}
	}
	return false
}

func (c *Collector) put(st stanza.Stanza) bool {
	c.mu.Lock()
	switch {
	case c.stopped:
		c.mu.Unlock()
		return false
	case len(c.stanzas) >= c.max:
		c.lost++
		c.mu.Unlock()
		return false
	}
	c.stanzas = append(c.stanzas, st)
	c.stopped = c.one
	c.mu.Unlock()
	if c.one {
		c.s.waiters.remove(c)
	}
	c.signal()
	return true
}

func (c *Collector) signal() {
	select {
	case c.more <- struct{}{}:
	default:
	}
}

// Stop ends the gathering and returns what was gathered and not yet taken.
func (c *Collector) Stop() []stanza.Stanza {
	c.s.waiters.remove(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	rest := c.stanzas
	c.stanzas, c.stopped = nil, true
	return rest
}

// Lost returns how many stanzas matched and found no room.
func (c *Collector) Lost() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lost
}

// Next returns the next stanza and waits for it if need be. The wait ends with an error
// that wraps ctx.Err(), and with [ErrClosed] when the stream has ended and no stanza is
// left. In a handler that holds up the queue a collector with a [MatchFunc] has nothing
// to wait for: [ErrWouldBlock].
func (c *Collector) Next(ctx context.Context) (stanza.Stanza, error) {
	if st := c.take(); st != nil {
		return st, nil
	}
	// those with a matcher of the user's get their stanzas from the dispatcher
	ended := &c.s.ended
	if c.matcher.user {
		if c.s.holdsQueue(ctx) {
			return nil, ErrWouldBlock
		}
		ended = &c.s.queue.idle
	}
	over := ended.wait()
	r := c.s.enterWait(ctx)
	defer r.leave()
	for {
		select {
		case <-c.more:
			if st := c.take(); st != nil {
				return st, nil
			}
		case <-ctx.Done():
			return nil, waitError(ctx)
		case <-over:
			if st := c.take(); st != nil {
				return st, nil
			}
			return nil, ErrClosed
		}
	}
}

// take returns the next stanza, or nil if there is none.
func (c *Collector) take() stanza.Stanza {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.stanzas) == 0 {
		return nil
	}
	st := c.stanzas[0]
	c.stanzas[0] = nil
	if c.stanzas = c.stanzas[1:]; len(c.stanzas) > 0 {
		c.signal() // for another who waits
	}
	return st
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
	c := s.expect(m, opts)
	defer c.Stop()
	return c.Next(ctx)
}

// Expect begins to look out for one stanza, and returns what waits for it, under the
// rules of [Collector.Next], and what ends it.
func (s *Stream) Expect(m Matcher, opts ...CollectOption) (wait func(ctx context.Context) (stanza.Stanza, error), cancel func()) {
	c := s.expect(m, opts)
	return c.Next, func() { c.Stop() }
}

func (s *Stream) expect(m Matcher, opts []CollectOption) *Collector {
	c := &Collector{s: s, site: Site(2), matcher: m, more: make(chan struct{}, 1)}
	for _, o := range opts {
		o(c)
	}
	c.max, c.one = 1, true
	s.waiters.add(c)
	return c
}
