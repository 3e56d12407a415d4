package stream

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// onDispatcher marks the context of handlers that hold up the queue, so that waiting
// for an answer can be told from being busy.
type onDispatcher struct{}

// begin and end surround a batch: what handlers send meanwhile is written together.
func (s *Stream) beginBatch() { s.out.cork() }
func (s *Stream) endBatch()   { s.out.uncork() }

// handleItem runs on the dispatcher.
func (s *Stream) handleItem(it *item) {
	switch it.kind {
	case itemStanza:
		s.handleStanza(it.v.(stanza.Stanza), it.err)
	case itemRaw:
		s.handleRaw(it.v.(wire.Raw))
	case itemEvent:
		s.deliver(it.v, false)
	case itemTask:
		s.guard("scheduled task", nil, func() error { it.v.(task)(s.ctx); return nil })
	}
}

func (s *Stream) handleStanza(st stanza.Stanza, bad error) {
	if bad != nil {
		// the addresses cannot be trusted to be complete; the stanza goes no further
		s.fail(Failure{Err: bad, Stanza: st})
		if from := st.Attributes().From; !from.IsZero() {
			if reply, ok := stanza.Fail(st, bad).(*stanza.IQ); ok {
				s.reply(reply)
			}
		}
		return
	}
	if st = s.filters.run(In, st, s); st == nil {
		return
	}
	t := s.table.Load()
	if q, ok := st.(*stanza.IQ); ok && q.IsRequest() {
		s.handleRequest(t, q)
		return
	}
	if s.waiters.users.Load() > 0 {
		s.waiters.offer(st, true)
	}
	found := t.find(s.found[:0], st)
	for i, r := range found {
		mine := st
		if len(found) > 1 && i < len(found)-1 {
			mine = stanza.Clone(st)
		}
		s.start(r, mine)
	}
	if len(found) == 0 && s.cfg.Unhandled != nil {
		s.guard("Unhandled", st, func() error { s.cfg.Unhandled(st); return nil })
	}
	clear(found)
	s.found = found[:0]
}

// handleRequest gives an IQ request to its handler, or answers that there is none.
func (s *Stream) handleRequest(t *table, q *stanza.IQ) {
	name := q.First()
	if q.Len() == 1 {
		if r := t.requests[requestKey{q.Type, name}]; r != nil {
			s.start(r, q)
			return
		}
	}
	found := t.find(s.found[:0], q)
	for _, r := range found {
		s.start(r, q.Clone())
	}
	handled := len(found) > 0
	clear(found)
	s.found = found[:0]
	switch {
	case handled:
	case q.Len() != 1:
		s.reply(q.Fail(stanza.NewError(stanza.BadRequest, "an IQ request has exactly one payload")))
	case t.spaces[name.Space]:
		s.reply(q.Fail(stanza.NewError(stanza.FeatureNotImplemented, "")))
	default:
		s.reply(q.Fail(stanza.NewError(stanza.ServiceUnavailable, "")))
	}
}

func (s *Stream) handleRaw(r wire.Raw) {
	handled := false
	for _, h := range s.table.Load().nonzas {
		if h.matcher.name.IsZero() || h.matcher.name == r.Name() {
			handled = true
			s.run(h, nil, func(ctx context.Context) error { return h.raw(ctx, r) })
		}
	}
	if !handled && s.cfg.Unhandled != nil {
		s.guard("Unhandled", nil, func() error { s.cfg.Unhandled(r); return nil })
	}
}

// start runs a handler for a stanza, here or on a goroutine of its own.
func (s *Stream) start(r *registration, st stanza.Stanza) {
	if r.concurrent || r.once {
		s.run(r, st, func(ctx context.Context) error { return r.run(ctx, st) })
		return
	}
	// the common case, without a closure
	s.current.Store(r)
	if err := s.call(r, st); err != nil {
		s.failed(r, st, err)
	}
	s.current.Store(nil)
}

// call runs a handler on the dispatcher and turns a panic into an error.
func (s *Stream) call(r *registration, st stanza.Stanza) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return r.run(s.ctx, st)
}

func (s *Stream) run(r *registration, st stanza.Stanza, f func(ctx context.Context) error) {
	if r.once && !s.unregister(r) {
		return
	}
	if !r.concurrent {
		s.current.Store(r)
		if err := safely(func() error { return f(s.ctx) }); err != nil {
			s.failed(r, st, err)
		}
		s.current.Store(nil)
		return
	}
	select {
	case s.slots <- struct{}{}:
	default:
		// all slots are taken: back-pressure, as for a handler that is not concurrent
		s.current.Store(r)
		select {
		case s.slots <- struct{}{}:
			s.current.Store(nil)
		case <-s.aborted:
			s.current.Store(nil)
			return
		}
	}
	s.workers.Add(1)
	go func() {
		defer s.workers.Done()
		defer func() { <-s.slots }()
		if err := safely(func() error { return f(s.freeCtx) }); err != nil {
			s.failed(r, st, err)
		}
	}()
}

// guard runs a piece of the user's code that is no handler.
func (s *Stream) guard(site string, st stanza.Stanza, f func() error) {
	if err := safely(f); err != nil {
		s.fail(Failure{Err: err, Handler: site, Stanza: st})
	}
}

func safely(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return f()
}

// failed reports what a handler did not catch and answers where that is due.
func (s *Stream) failed(r *registration, st stanza.Stanza, err error) {
	s.fail(Failure{Err: err, Handler: r.site, Stanza: st})
	if st == nil {
		return
	}
	switch st.(type) {
	case *stanza.IQ:
	default:
		// chatter is answered only if the handler says how
		var e *stanza.Error
		var c stanza.Condition
		var p *PanicError
		if errors.As(err, &p) || !errors.As(err, &e) && !errors.As(err, &c) {
			return
		}
	}
	if reply := stanza.Fail(st, err); reply != nil {
		s.reply(reply)
	}
}

// fail reports a failure to the hook and the log.
func (s *Stream) fail(f Failure) {
	s.cfg.Logger.Warn("stanza not handled", "error", f.Err, "handler", f.Handler)
	if s.cfg.Failed != nil {
		if err := safely(func() error { s.cfg.Failed(f); return nil }); err != nil {
			s.cfg.Logger.Error("Failed hook panicked", "error", err)
		}
	}
}

// reply sends an answer from the dispatcher. If the output is full it waits: a peer that
// does not read gets no more answers.
func (s *Stream) reply(st stanza.Stanza) {
	if err := s.Send(s.ctx, st); err != nil && !errors.Is(err, ErrClosed) {
		s.cfg.Logger.Warn("answer not sent", "error", err)
	}
}

// stalled is called by the watchdog, with the queue locked.
func (s *Stream) stalled(ticks int) {
	r := s.current.Load()
	if r == nil {
		return
	}
	d := time.Duration(ticks) * s.cfg.StallAfter
	n := int(s.queue.count.Load())
	s.cfg.Logger.Warn("a handler blocks the queue", "handler", r.site, "for", d, "queued", n)
	go s.deliver(Stalled{Handler: r.site, For: d, Queued: n}, true)
}
