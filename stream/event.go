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
	options
	typ  reflect.Type
	run  func(ctx context.Context, v any) error
	gone bool // guarded by events.mu
}

type events struct {
	mu     sync.RWMutex
	byType map[reflect.Type][]*eventHandler // guarded by mu; slices are never changed
}

// On registers a handler for events of type T, which any value can be: those of the
// library and one's own. Handlers run on the dispatcher, in the order of registration,
// among stanzas in the order of emission; see [Concurrent], [Once] and [Direct]. The
// function it returns removes the handler.
func On[T any](e Emitter, h func(ctx context.Context, event T) error, opts ...Option) (remove func()) {
	return e.Events().on(&eventHandler{
		options: makeOptions(opts),
		typ:     reflect.TypeFor[T](),
		run:     func(ctx context.Context, v any) error { return h(ctx, v.(T)) },
	})
}

// Emit sends an event to its handlers: to direct ones at once, in the goroutine of the
// caller, to others through the queue. It fails with [ErrQueueFull] at the hard limit of
// the queue, and with [ErrClosed].
func Emit[T any](e Emitter, event T) error {
	s := e.Events()
	s.deliver(event, true)
	if !s.events.queued(reflect.TypeFor[T]()) {
		return nil
	}
	return s.queue.push(item{v: event, kind: itemEvent})
}

func (s *Stream) on(h *eventHandler) func() {
	ev := &s.events
	ev.mu.Lock()
	defer ev.mu.Unlock()
	if ev.byType == nil {
		ev.byType = map[reflect.Type][]*eventHandler{}
	}
	ev.byType[h.typ] = append(slices.Clone(ev.byType[h.typ]), h)
	return func() { s.off(h) }
}

// off removes a handler and reports whether it was there.
func (s *Stream) off(h *eventHandler) bool {
	ev := &s.events
	ev.mu.Lock()
	defer ev.mu.Unlock()
	if h.gone {
		return false
	}
	h.gone = true
	ev.byType[h.typ] = slices.DeleteFunc(slices.Clone(ev.byType[h.typ]), func(o *eventHandler) bool { return o == h })
	return true
}

func (ev *events) handlers(t reflect.Type) []*eventHandler {
	ev.mu.RLock()
	defer ev.mu.RUnlock()
	return ev.byType[t]
}

// queued reports whether a handler for a type needs the queue.
func (ev *events) queued(t reflect.Type) bool {
	return slices.ContainsFunc(ev.handlers(t), func(h *eventHandler) bool { return !h.direct })
}

// emit is Emit for the library's own events, whose loss is only logged.
func emit[T any](s *Stream, event T) {
	if err := Emit(s, event); err != nil {
		s.cfg.Logger.Debug("event not delivered", "event", reflect.TypeFor[T]().String(), "error", err)
	}
}

// deliver runs the handlers for an event that are direct, or those that are not.
func (s *Stream) deliver(v any, direct bool) {
	for _, h := range s.events.handlers(reflect.TypeOf(v)) {
		if h.direct != direct {
			continue
		}
		if h.once && !s.off(h) {
			continue
		}
		r := &registration{options: h.options}
		r.once = false
		switch {
		case direct && !h.concurrent:
			if err := safely(func() error { return h.run(s.freeCtx, v) }); err != nil {
				s.failed(r, nil, err)
			}
		default:
			s.run(r, nil, func(ctx context.Context) error { return h.run(ctx, v) })
		}
	}
}

// WaitEvent waits for the next event of type T for which ok returns true; a nil ok
// takes any. ok runs on the dispatcher. Start it before what causes the event: see
// [ExpectEvent].
func WaitEvent[T any](ctx context.Context, e Emitter, ok func(T) bool) (T, error) {
	w, cancel := ExpectEvent(e, ok)
	defer cancel()
	return w(ctx)
}

// ExpectEvent starts to look out for an event and returns what waits for it, and what
// ends it. An event between the two calls is not missed.
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
		// on the dispatcher itself the event could never come
		if ctx.Value(onDispatcher{}) == s {
			return v, ErrWouldBlock
		}
		select {
		case v = <-got:
			return v, nil
		case <-ctx.Done():
			return v, ctx.Err()
		case <-s.done:
			return v, ErrClosed
		}
	}, remove
}
