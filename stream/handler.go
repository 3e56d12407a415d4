package stream

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

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
	concurrent, once, direct, errors bool
	site                             string
}

// Concurrent lets a handler run on a goroutine of its own, so that it may block. At most
// [Config.Concurrency] run at once; further ones wait on the dispatcher. Order is not
// kept.
func Concurrent() Option { return func(o *options) { o.concurrent = true } }

// Once removes a handler when it is run for the first time.
func Once() Option { return func(o *options) { o.once = true } }

// Direct lets a handler run before those that are not direct; a handler for an event
// runs in the goroutine that emits it, before Emit returns.
func Direct() Option { return func(o *options) { o.direct = true } }

// WithErrors gives a handler messages and presences of type error as well. A bounce
// may echo the payloads of what was sent, so that handlers do not see it unless they
// ask.
func WithErrors() Option { return func(o *options) { o.errors = true } }

// At names where a handler was registered, for reports; without it, it is the caller.
func At(site string) Option { return func(o *options) { o.site = site } }

// registration is a registered handler.
type registration struct {
	options
	seq     uint64
	matcher Matcher
	run     Handler
	raw     func(ctx context.Context, r wire.Raw) error // for top-level elements that are no stanzas
	typ     stanza.IQType                               // for IQ requests
	gone    bool                                        // guarded by handlers.mu
}

// table is what dispatch looks handlers up in. It is immutable.
type table struct {
	requests map[requestKey]*registration
	spaces   map[string]bool // namespaces of which some request is handled
	named    map[wire.Name][]*registration
	kinds    [3][]*registration // without a payload's name: message, presence, IQ
	nonzas   []*registration
}

type requestKey struct {
	typ  stanza.IQType
	name wire.Name
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
// not be started any more. Requests that are to be answered are for [Stream.HandleIQ].
func (s *Stream) Handle(m Matcher, h Handler, opts ...Option) (remove func()) {
	return s.register(&registration{options: makeOptions(opts), matcher: m, run: h})
}

// HandleIQ registers the handler for IQ requests of a type with a payload of a name. The
// handler sends the answer; if it fails, the stream does. Two handlers for the same
// request are a programming error: it panics and names both places.
func (s *Stream) HandleIQ(typ stanza.IQType, name wire.Name, h Handler, opts ...Option) (remove func()) {
	return s.register(&registration{options: makeOptions(opts), matcher: Matcher{kinds: KindIQ, name: name}, run: h, typ: typ})
}

// HandleRaw registers a handler for top-level elements that are no stanzas, by name, or
// for all of them if the name is zero.
func (s *Stream) HandleRaw(name wire.Name, h func(ctx context.Context, r wire.Raw) error, opts ...Option) (remove func()) {
	return s.register(&registration{options: makeOptions(opts), matcher: Matcher{kinds: KindNonza, name: name}, raw: h})
}

func (s *Stream) register(r *registration) func() {
	h := &s.handlers
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.typ != "" {
		if old := s.table.Load().requests[requestKey{r.typ, r.matcher.name}]; old != nil {
			panic(fmt.Sprintf("stream: %s registers a second handler for iq %s %s; the first is at %s", r.site, r.typ, r.matcher.name, old.site))
		}
	}
	h.next++
	r.seq = h.next
	h.all = append(h.all, r)
	s.rebuild()
	return func() { s.unregister(r) }
}

func (s *Stream) unregister(r *registration) bool {
	h := &s.handlers
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.gone {
		return false
	}
	r.gone = true
	h.all = slices.DeleteFunc(slices.Clone(h.all), func(o *registration) bool { return o == r })
	s.rebuild()
	return true
}

// rebuild makes the table anew. The caller holds mu.
func (s *Stream) rebuild() {
	t := &table{requests: map[requestKey]*registration{}, spaces: map[string]bool{}, named: map[wire.Name][]*registration{}}
	for _, r := range s.handlers.all {
		m := r.matcher
		switch {
		case r.raw != nil:
			t.nonzas = append(t.nonzas, r)
		case r.typ != "":
			t.requests[requestKey{r.typ, m.name}] = r
			t.spaces[m.name.Space] = true
		case !m.name.IsZero():
			t.named[m.name] = append(t.named[m.name], r)
		default:
			for i := range t.kinds {
				if m.kinds&(1<<i) != 0 {
					t.kinds[i] = append(t.kinds[i], r)
				}
			}
		}
	}
	s.table.Store(t)
}

// find appends the handlers for a stanza, in the order in which they are to run.
func (t *table) find(found []*registration, s stanza.Stanza) []*registration {
	kind, isError := kindOf(s), false
	i := 0
	var ps *stanza.Payloads
	switch s := s.(type) {
	case *stanza.Message:
		ps, isError = &s.Payloads, s.Type == stanza.MessageError
	case *stanza.Presence:
		i, ps, isError = 1, &s.Payloads, s.Type == stanza.PresenceError
	case *stanza.IQ:
		i, ps, isError = 2, &s.Payloads, s.Type == stanza.IQError
	}
	add := func(r *registration) {
		if (!isError || r.errors) && (r.matcher.check == nil || r.matcher.check(s)) && !slices.Contains(found, r) {
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
	named := len(found)
	for _, r := range t.kinds[i] {
		add(r)
	}
	if len(found) > 1 && (named > 0 || slices.ContainsFunc(found, func(r *registration) bool { return r.direct })) {
		slices.SortStableFunc(found, func(a, b *registration) int {
			switch {
			case a.direct != b.direct && a.direct:
				return -1
			case a.direct != b.direct:
				return 1
			case a.seq < b.seq:
				return -1
			}
			return 1
		})
	}
	return found
}
