package stream

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// A Handler handles a stanza that its matcher matched. An error is reported and, where
// an answer is due, becomes an error reply: for an IQ request always, for a message or
// presence if it is a *stanza.Error or a stanza.Condition.
type Handler func(ctx context.Context, s stanza.Stanza) error

// An Option says how a handler runs.
type Option func(*options)

type options struct {
	concurrent, once, direct, errors, watching bool
	site                                       string
}

// Concurrent lets a handler run on a goroutine of its own, so that it may block. At most
// [Config.Concurrency] run at once; further ones wait on the dispatcher. Order is not
// kept, and [Direct] has no effect.
func Concurrent() Option { return func(o *options) { o.concurrent = true } }

// Once removes a handler when it is run for the first time.
func Once() Option { return func(o *options) { o.once = true } }

// Direct lets a handler run before those that are not direct; a handler for an event
// runs in the goroutine that emits it, before Emit returns. The stream's own events come
// from the goroutine that connects and reads: their direct handlers must not wait for
// anything that the stream brings.
func Direct() Option { return func(o *options) { o.direct = true } }

// WithErrors gives a handler messages and presences of type error as well. A bounce
// may echo the payloads of what was sent, so that handlers do not see it unless they
// ask.
func WithErrors() Option { return func(o *options) { o.errors = true } }

// Watching lets a handler look on without taking the stanza: an IQ request that nobody
// else takes is refused, a message or presence counts as unhandled, and an error of the
// handler is reported but not answered.
func Watching() Option { return func(o *options) { o.watching = true } }

// At names where a handler was registered, for reports; without it, it is the caller.
func At(site string) Option { return func(o *options) { o.site = site } }

// listed is what all handlers have, those of events too.
type listed struct {
	options
	gone atomic.Bool // removed
	list lister      // where it is looked up
}

// lister has a list of handlers.
type lister interface{ unlist(e *listed) }

// remove removes a handler and reports whether it was there.
func (e *listed) remove() bool {
	if !e.gone.CompareAndSwap(false, true) {
		return false
	}
	e.list.unlist(e)
	return true
}

// registration is a registered handler.
type registration struct {
	listed
	seq     uint64
	matcher Matcher
	run     Handler
	raw     func(ctx context.Context, r wire.Raw) error // for top-level elements that are no stanzas
	typ     stanza.IQType                               // for IQ requests
}

// table is what dispatch looks handlers up in. It is immutable.
type table struct {
	requests []*registration                // in order
	index    map[requestKey][]*registration // of requests, if they are many
	named    map[wire.Name][]*registration
	kinds    [3][]*registration // without a payload's name: message, presence, IQ
	nonzas   []*registration
}

type requestKey struct {
	typ  stanza.IQType
	name wire.Name
}

// fewRequests are found by looking at each as quickly as by a map, which would be a good part of
// what an idle session costs.
const fewRequests = 8

// candidates returns registrations among which are all those for a request, in order.
func (t *table) candidates(key requestKey) []*registration {
	if t.index != nil {
		return t.index[key]
	}
	return t.requests
}

// request returns the handler of an IQ request, or nil: one that looks at the payload goes
// before one for all of the name.
func (s *Stream) request(t *table, key requestKey, iq *stanza.IQ) *registration {
	var all *registration
	for _, r := range t.candidates(key) {
		switch {
		case r.matcher.name != key.name || r.typ != key.typ:
		case r.matcher.check == nil:
			all = r
		case s.fits(r, iq):
			return r
		}
	}
	return all
}

// general returns the handler of all requests of a name that was not removed, or nil.
func (t *table) general(key requestKey) *registration {
	for _, r := range t.candidates(key) {
		if r.matcher.name == key.name && r.typ == key.typ && r.matcher.check == nil && !r.gone.Load() {
			return r
		}
	}
	return nil
}

// knows reports whether some request of a namespace is handled.
func (t *table) knows(space string) bool {
	return slices.ContainsFunc(t.requests, func(r *registration) bool { return r.matcher.name.Space == space })
}

// handlers are the registered handlers of a stream.
type handlers struct {
	mu   sync.Mutex
	all  []*registration // guarded by mu, in order
	next uint64          // guarded by mu
}

// Site returns the place in the source that is skip calls above its caller, as
// "file.go:12" with the last folder of its path.
func Site(skip int) string {
	_, file, line, ok := runtime.Caller(skip + 1)
	if !ok {
		return "unknown"
	}
	if i := strings.LastIndexByte(file, '/'); i > 0 {
		file = file[strings.LastIndexByte(file[:i], '/')+1:]
	}
	return fmt.Sprintf("%s:%d", file, line)
}

func makeOptions(opts []Option) options {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	if o.site == "" {
		o.site = Site(2)
	}
	return o
}

// Handle registers a handler for stanzas. Those that match a stanza run in the order of
// their registration, each with a copy of its own if there are several; direct ones come
// first. The function it returns removes the handler: when it returns, the handler will
// not be started any more, not even for what is queued; a run that has begun goes on.
//
// A handler that matches an IQ request has taken it, and owes the answer, unless it is
// [Watching] or there is a handler by [Stream.HandleIQ] for the request as well: then
// that one does. An error of the handler becomes the answer.
func (s *Stream) Handle(m Matcher, h Handler, opts ...Option) (remove func()) {
	return s.register(&registration{listed: listed{options: makeOptions(opts)}, matcher: m, run: h})
}

// HandleElement is Handle for handlers that want the stanza as an element: as it was
// received, or as it would be sent if a filter has changed it.
func (s *Stream) HandleElement(m Matcher, h func(ctx context.Context, r wire.Raw) error, opts ...Option) (remove func()) {
	return s.register(&registration{listed: listed{options: makeOptions(opts)}, matcher: m, run: func(ctx context.Context, st stanza.Stanza) error {
		return h(ctx, element(st))
	}})
}

// HandleIQ registers the handler for IQ requests of a type with a payload of a name. The
// handler sends the answer; if it fails, the stream does. Two handlers for the same
// request are a programming error: it panics and names both places.
func (s *Stream) HandleIQ(typ stanza.IQType, name wire.Name, h Handler, opts ...Option) (remove func()) {
	return s.register(&registration{listed: listed{options: makeOptions(opts)}, matcher: Matcher{kinds: KindIQ, name: name}, run: h, typ: typ})
}

// HandleRaw registers a handler for top-level elements that are no stanzas, by name, or
// for all of them if the name is zero.
func (s *Stream) HandleRaw(name wire.Name, h func(ctx context.Context, r wire.Raw) error, opts ...Option) (remove func()) {
	return s.register(&registration{listed: listed{options: makeOptions(opts)}, matcher: Matcher{kinds: KindNonza, name: name}, raw: h})
}

func (s *Stream) register(r *registration) func() {
	h := &s.handlers
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.typ != "" && r.matcher.check == nil {
		if old := s.table.Load().general(requestKey{r.typ, r.matcher.name}); old != nil {
			panic(fmt.Sprintf("stream: %s registers a second handler for iq %s %s; the first is at %s", r.site, r.typ, r.matcher.name, old.site))
		}
	}
	h.next++
	r.seq = h.next
	r.list = s
	h.all = append(h.all, r)
	s.rebuild()
	return func() { r.remove() }
}

func (s *Stream) unlist(e *listed) {
	h := &s.handlers
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = slices.DeleteFunc(h.all, func(o *registration) bool { return &o.listed == e })
	s.rebuild()
}

// rebuild makes the table anew. The caller holds mu.
func (s *Stream) rebuild() {
	t := &table{}
	for _, r := range s.handlers.all {
		m := r.matcher
		switch {
		case r.raw != nil:
			t.nonzas = append(t.nonzas, r)
		case r.typ != "":
			t.requests = append(t.requests, r)
		case !m.name.IsZero():
			if t.named == nil {
				t.named = map[wire.Name][]*registration{}
			}
			t.named[m.name] = append(t.named[m.name], r)
		default:
			for i := range t.kinds {
				if m.kinds&(1<<i) != 0 {
					t.kinds[i] = append(t.kinds[i], r)
				}
			}
		}
	}
	if len(t.requests) > fewRequests {
		t.index = map[requestKey][]*registration{}
		for _, r := range t.requests {
			key := requestKey{r.typ, r.matcher.name}
			t.index[key] = append(t.index[key], r)
		}
	}
	s.table.Store(t)
}

// find returns the handlers for a stanza, in the order in which they are to run. The
// dispatcher owns the slice.
func (s *Stream) find(st stanza.Stanza) []*registration {
	t := s.table.Load()
	kind, isError := kindOf(st), false
	found, i := s.found[:0], 0
	var ps *stanza.Payloads
	switch st := st.(type) {
	case *stanza.Message:
		ps, isError = &st.Payloads, st.Type == stanza.MessageError
	case *stanza.Presence:
		i, ps, isError = 1, &st.Payloads, st.Type == stanza.PresenceError
	case *stanza.IQ:
		i, ps, isError = 2, &st.Payloads, st.Type == stanza.IQError
		if len(t.requests) > 0 && st.IsRequest() && ps.Len() == 1 {
			if r := s.request(t, requestKey{st.Type, ps.First()}, st); r != nil {
				found = append(found, r)
			}
		}
	}
	add := func(r *registration) {
		if (!isError || r.errors) && s.fits(r, st) && !slices.Contains(found, r) {
			found = append(found, r)
		}
	}
	if len(t.named) > 0 {
		for n := range ps.Names() {
			for _, r := range t.named[n] {
				if r.matcher.kinds&kind != 0 {
					add(r)
				}
			}
		}
	}
	mixed := len(found) > 0
	for _, r := range t.kinds[i] {
		add(r)
	}
	if len(found) > 1 && (mixed || slices.ContainsFunc(found, func(r *registration) bool { return r.direct })) {
		slices.SortFunc(found, func(a, b *registration) int {
			if a.direct != b.direct {
				if a.direct {
					return -1
				}
				return 1
			}
			return cmp.Compare(a.seq, b.seq)
		})
	}
	return found
}

// fits runs what a matcher checks beside kind and name.
func (s *Stream) fits(r *registration, st stanza.Stanza) (ok bool) {
	switch m := &r.matcher; {
	case m.check == nil:
		return true
	case m.user:
		s.guardAt(&r.site, st, func(context.Context) error { ok = m.check(st); return nil })
		return ok
	default:
		return m.check(st)
	}
}
