package stream

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"stanza.invalid/xmpp/stanza"
)

// Direction is which way a stanza goes.
type Direction uint8

// The directions.
const (
	// In is from the peer.
	In Direction = iota
	// Out is to the peer.
	Out
)

// A Filter sees every stanza of a direction before anybody else. It returns the stanza,
// perhaps changed, another one in its place, or nil to drop it. An outbound stanza is a
// copy of what was sent.
type Filter func(s stanza.Stanza) stanza.Stanza

type filter struct {
	site  string
	order int
	run   Filter
}

type filters struct {
	mu    sync.Mutex // for changes
	lists [2]atomic.Pointer[[]*filter]
}

// Filter adds a filter. Filters run by ascending order, those of the same order as they
// were added: inbound ones on the dispatcher, after the replies and waiters that the
// reader serves; outbound ones in the goroutine that sends. The function it returns
// removes it. A filter that panics drops the stanza.
func (s *Stream) Filter(d Direction, order int, f Filter) (remove func()) {
	added := &filter{site: Site(1), order: order, run: f}
	s.filters.change(d, func(list []*filter) []*filter {
		i := 0
		for i < len(list) && list[i].order <= order {
			i++
		}
		return slices.Insert(list, i, added)
	})
	return func() {
		s.filters.change(d, func(list []*filter) []*filter {
			return slices.DeleteFunc(list, func(o *filter) bool { return o == added })
		})
	}
}

func (fs *filters) change(d Direction, f func([]*filter) []*filter) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	var list []*filter
	if old := fs.lists[d].Load(); old != nil {
		list = slices.Clone(*old)
	}
	list = f(list)
	fs.lists[d].Store(&list)
}

// any reports whether there are filters.
func (fs *filters) any(d Direction) bool {
	chain := fs.lists[d].Load()
	return chain != nil && len(*chain) > 0
}

func (fs *filters) run(d Direction, st stanza.Stanza, s *Stream) stanza.Stanza {
	if !fs.any(d) {
		return st
	}
	chain := fs.lists[d].Load()
	for _, f := range *chain {
		before := st
		failed := true
		call := func() error { st, failed = f.run(st), false; return nil }
		if d == In {
			s.guardAt(&f.site, before, func(context.Context) error { return call() })
		} else {
			s.guard(f.site, before, call)
		}
		if failed {
			return nil
		}
		if st == nil {
			return nil
		}
	}
	list(st).Touch() // it may differ from what was received
	return st
}
