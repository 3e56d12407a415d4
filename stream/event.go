package stream

import (
	"context"
	"reflect"
	"slices"
	"sync"
)

// An Emitter has events: a [Stream], or what is built on one.
type Emitter interface {
	// Events returns the stream whose queue the events go through.
	Events() *Stream
}

// Events returns s.
func (s *Stream) Events() *Stream { return s }

// eventHandler is a registered handler for events of one type.
type eventHandler struct {
	listed
	run func(ctx context.Context, v any) error
}

type events struct {
	mu     sync.RWMutex
	byType []eventType // guarded by mu; types are few, and stay
}

// eventType is a type of events that had a handler.
type eventType struct {
	typ  reflect.Type
	list []*eventHandler // is never changed
}

// of returns the entry of a type, nil if it had no handler. The caller holds mu.
func (ev *events) of(t reflect.Type) *eventType {
	for i := range ev.byType {
		if ev.byType[i].typ == t {
			return &ev.byType[i]
		}
	}
	return nil
}

// event is an event in the queue, with the type under which it was emitted.
type event struct {
	typ reflect.Type
	v   any
}

// On registers a handler for events of type T, which any type can be: those of the
// library and one's own. An event is of the type with which [Emit] was called. Handlers
// run on the dispatcher, in the order of registration, among stanzas in the order of
// emission; see [Concurrent], [Once] and [Direct]. Each gets a copy of the event, as far
// as assignment makes one. The function it returns removes the handler, as with
// [Stream.Handle].
func On[T any](e Emitter, h func(ctx context.Context, event T) error, opts ...Option) (remove func()) {
	return e.Events().on(reflect.TypeFor[T](), makeOptions(opts), func(ctx context.Context, v any) error {
		t, _ := v.(T) // a nil interface is one
		return h(ctx, t)
	})
}

// Emit gives an event to its handlers: to direct ones before it returns, run by the
// caller, to others through the queue. It fails with [ErrQueueFull] at the hard limit of
// the queue, and with [ErrClosed]; the direct handlers have run then.
func Emit[T any](e Emitter, event T) error {
	s := e.Events()
	deliverDirect(s, event)
	return enqueue(s, event, false)
}

func (s *Stream) on(typ reflect.Type, o options, run func(ctx context.Context, v any) error) func() {
	if o.concurrent {
		o.direct = false // waiting for a place is for the dispatcher
	}
	ev := &s.events
	h := &eventHandler{listed: listed{options: o, list: ev}, run: run}
	ev.mu.Lock()
	defer ev.mu.Unlock()
	e := ev.of(typ)
	if e == nil {
		ev.byType = append(ev.byType, eventType{typ: typ})
		e = &ev.byType[len(ev.byType)-1]
	}
	e.list = append(slices.Clip(e.list), h)
	return func() { h.remove() }
}

func (ev *events) unlist(e *listed) {
	ev.mu.Lock()
	defer ev.mu.Unlock()
	for i := range ev.byType {
		t := &ev.byType[i]
		if k := slices.IndexFunc(t.list, func(h *eventHandler) bool { return &h.listed == e }); k >= 0 {
			t.list = slices.Delete(slices.Clone(t.list), k, k+1)
		}
	}
}

func (ev *events) handlers(t reflect.Type) []*eventHandler {
	ev.mu.RLock()
	defer ev.mu.RUnlock()
	if e := ev.of(t); e != nil {
		return e.list
	}
	return nil
}

// enqueue queues an event if any handler is to get it so. own is for the events of the
// stream itself.
func enqueue[T any](s *Stream, v T, own bool) error {
	typ := reflect.TypeFor[T]()
	if !slices.ContainsFunc(s.events.handlers(typ), func(h *eventHandler) bool { return !h.direct }) {
		return nil
	}
	it := item{v: event{typ, v}, kind: itemEvent}
	if own {
		return s.queue.pushOwn(it)
	}
	return s.queue.push(it)
}

// emit is Emit for the stream's own events, which are lost only when the stream is closed.
func emit[T any](s *Stream, event T) {
	deliverDirect(s, event)
	_ = enqueue(s, event, true)
}

// handleEvent runs the handlers for an event on the dispatcher.
func (s *Stream) handleEvent(e event) {
	for _, h := range s.events.handlers(e.typ) {
		if !h.direct {
			s.start(job{r: &h.listed, f: func(ctx context.Context) error { return h.run(ctx, e.v) }})
		}
	}
}

// deliverDirect runs the direct handlers for an event.
func deliverDirect[T any](s *Stream, v T) {
	for _, h := range s.events.handlers(reflect.TypeFor[T]()) {
		if !h.direct || h.gone.Load() || h.once && !h.remove() {
			continue
		}
		j := job{r: &h.listed, f: func(ctx context.Context) error { return h.run(ctx, v) }}
		if err := j.call(s.ctx); err != nil {
			s.failed(s.ctx, &j, err)
		}
	}
}

// WaitEvent waits for the next event of type T for which ok returns true; a nil ok
// takes any. ok runs on the dispatcher. It is too late for an event that is caused before
// it: see [ExpectEvent].
func WaitEvent[T any](ctx context.Context, e Emitter, ok func(T) bool) (T, error) {
	w, cancel := ExpectEvent(e, ok)
	defer cancel()
	return w(ctx)
}

// ExpectEvent starts to look out for an event and returns what waits for it, and what
// ends it. An event between the two calls is not missed. The wait ends with an error
// that wraps ctx.Err(), with [ErrClosed] when the stream's last event has been handled,
// and with [ErrWouldBlock] in a handler that holds up the queue.
func ExpectEvent[T any](e Emitter, ok func(T) bool) (wait func(ctx context.Context) (T, error), cancel func()) {
	s := e.Events()
	got := make(chan T, 1)
	remove := On(e, func(_ context.Context, v T) error {
		if ok == nil || ok(v) {
			select {
			case got <- v:
			default:
			}
		}
		return nil
	}, At("WaitEvent"))
	return func(ctx context.Context) (v T, err error) {
		defer remove()
		if s.holdsQueue(ctx) {
			return v, ErrWouldBlock
		}
		select {
		case v = <-got:
			return v, nil
		case <-ctx.Done():
			return v, waitError(ctx)
		case <-s.queue.idle.wait():
			select {
			case v = <-got:
				return v, nil
			default:
				return v, ErrClosed
			}
		}
	}, remove
}
