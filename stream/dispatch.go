package stream

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// What handlers send while a batch is handled is written together: the queue corks the
// output before it.
func (s *Stream) endBatch() {
	s.runs = nil
	s.out.uncork()
}

// handleItem runs on the dispatcher.
func (s *Stream) handleItem(it *item) {
	if it == nil {
		s.endRun() // of a handler that did not come back
		if s.sm != nil && s.queue.batch[s.queue.next].kind == itemStanza {
			s.sm.in.done(s.number)
		}
		return
	}
	switch it.kind {
	case itemStanza:
		s.number, s.repeated = it.number, it.again
		s.handleStanza(it.v.(stanza.Stanza), it.err)
		s.repeated = false
		if s.sm != nil {
			s.sm.in.done(it.number)
		}
	case itemRaw:
		s.handleRaw(it.v.(wire.Raw))
	case itemEvent:
		s.handleEvent(it.v.(event))
	case itemTask:
		t := it.v.(task)
		s.guardAt(t.site, nil, func(ctx context.Context) error { t.run(ctx); return nil })
	}
}

func (s *Stream) handleStanza(st stanza.Stanza, bad error) {
	if bad != nil {
		// what it says of its addresses may be wrong; it goes no further
		s.fail(Failure{Err: bad, Stanza: st})
		var e *stanza.DecodeError
		if errors.As(bad, &e) && e.Attr == "from" {
			return // to whom?
		}
		if reply, ok := stanza.Fail(st, bad).(*stanza.IQ); ok {
			s.replyHere(reply)
		}
		return
	}
	if st = s.filters.run(In, st, s); st == nil {
		return
	}
	if s.waiters.users.Load() > 0 && s.waiters.offer(st, true) {
		return
	}
	found := s.find(st)
	request, _ := st.(*stanza.IQ)
	if request != nil && !request.IsRequest() {
		request = nil
	}
	answerer := false
	for _, r := range found {
		answerer = answerer || r.typ != ""
	}
	handled := false
	for i, r := range found {
		mine := st
		if i < len(found)-1 || request != nil && r.watching {
			mine = stanza.Clone(st)
		}
		started := s.start(job{r: &r.listed, run: r.run, st: mine, mute: answerer && r.typ == ""})
		handled = handled || started && !r.watching
	}
	clear(found)
	s.found = found[:0]
	switch {
	case handled:
	case request != nil:
		s.refuse(request)
	default:
		s.unhandled(st, st)
	}
}

// unhandled shows the hook what nobody took.
func (s *Stream) unhandled(p stanza.Payload, st stanza.Stanza) {
	if s.cfg.Unhandled != nil {
		site := "Config.Unhandled"
		s.guardAt(&site, st, func(context.Context) error { s.cfg.Unhandled(p); return nil })
	}
}

// refuse answers a request that no handler took (RFC 6120, section 8.4).
func (s *Stream) refuse(q *stanza.IQ) {
	switch {
	case q.Len() != 1:
		s.replyHere(q.Fail(stanza.NewError(stanza.BadRequest, "an IQ request has exactly one payload")))
	case s.table.Load().knows(q.First().Space):
		s.replyHere(q.Fail(stanza.NewError(stanza.FeatureNotImplemented, "")))
	default:
		s.replyHere(q.Fail(stanza.NewError(stanza.ServiceUnavailable, "")))
	}
}

func (s *Stream) handleRaw(r wire.Raw) {
	handled := false
	for _, h := range s.table.Load().nonzas {
		if h.matcher.name.IsZero() || h.matcher.name == r.Name() {
			started := s.start(job{r: &h.listed, f: func(ctx context.Context) error { return h.raw(ctx, r) }})
			handled = handled || started && !h.watching
		}
	}
	if !handled {
		s.unhandled(r, nil)
	}
}

// job is one run of a handler that is due.
type job struct {
	r    *listed
	st   stanza.Stanza                   // nil if it is about something else
	run  Handler                         // of the stanza
	f    func(ctx context.Context) error // what to call in place of run
	mute bool                            // a failure is not answered: another handler does that
}

// call runs a handler and turns a panic into an error.
func (j *job) call(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	if j.f != nil {
		return j.f(ctx)
	}
	return j.run(ctx, j.st)
}

// start runs a handler, here or on a goroutine of its own, and reports whether it did:
// one that was removed is not run.
func (s *Stream) start(j job) bool {
	r := j.r
	if r.once {
		if !r.remove() {
			return false
		}
	} else if r.gone.Load() {
		return false
	}
	if r.concurrent {
		return s.startConcurrent(j)
	}
	ctx := s.beginRun(&r.site)
	if err := j.call(ctx); err != nil {
		s.failed(ctx, &j, err)
	}
	s.endRun()
	return true
}

// beginRun says what the dispatcher runs from here on.
func (s *Stream) beginRun(site *string) *run {
	s.running = s.newRun()
	s.current.Store(site)
	return s.running
}

func (s *Stream) endRun() {
	s.current.Store(nil)
	if s.running != nil {
		s.running.end()
		s.running = nil
	}
}

// startConcurrent runs a handler on a goroutine of its own once there is a place for it.
func (s *Stream) startConcurrent(j job) bool {
	slots := s.slots.Load()
	if slots == nil {
		c := make(chan struct{}, s.cfg.Concurrency)
		slots = &c
		s.slots.Store(slots)
	}
	select {
	case *slots <- struct{}{}:
	default:
		// all places are taken: back-pressure, as for a handler that is not concurrent
		s.current.Store(&j.r.site)
		s.queue.waitSlot(true)
		select {
		case *slots <- struct{}{}:
		case <-s.ctx.Done():
			slots = nil
		}
		s.queue.waitSlot(false)
		s.current.Store(nil)
		if slots == nil || !j.r.once && j.r.gone.Load() {
			if slots != nil {
				<-*slots
			}
			return false
		}
	}
	s.workers.Add(1)
	number, again := s.number, s.repeated
	counted := s.sm != nil && j.st != nil
	if counted {
		s.sm.in.hold(number)
	}
	go func() {
		if counted {
			defer s.sm.in.done(number)
		}
		r := &run{Context: s.ctx, s: s, free: true, again: again}
		defer func() {
			r.end()
			if r.noSlot.CompareAndSwap(false, true) {
				<-*slots
			}
			s.workers.Done()
		}()
		if err := j.call(r); err != nil {
			s.failed(r, &j, err)
		}
	}()
	return true
}

// guard runs a piece of the user's code that is no handler.
func (s *Stream) guard(site string, st stanza.Stanza, f func() error) {
	if err := safely(f); err != nil {
		s.fail(Failure{Err: err, Handler: site, Stanza: st})
	}
}

// guardAt is guard on the dispatcher, for code that may take long.
func (s *Stream) guardAt(site *string, st stanza.Stanza, f func(ctx context.Context) error) {
	ctx := s.beginRun(site)
	s.guard(*site, st, func() error { return f(ctx) })
	s.endRun()
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
func (s *Stream) failed(ctx context.Context, j *job, err error) {
	s.fail(Failure{Err: err, Handler: j.r.site, Stanza: j.st})
	if j.st == nil || j.mute || j.r.watching {
		return
	}
	if _, ok := j.st.(*stanza.IQ); !ok {
		// chatter is answered only if the handler says how
		var e *stanza.Error
		var c stanza.Condition
		var p *PanicError
		if errors.As(err, &p) || !errors.As(err, &e) && !errors.As(err, &c) {
			return
		}
	}
	if reply := stanza.Fail(j.st, err); reply != nil {
		s.reply(ctx, reply)
	}
}

// Report tells [Config.Failed] and the log of a failure. It is for packages that run code
// of the user's which is no handler.
func (s *Stream) Report(f Failure) { s.fail(f) }

// fail reports a failure to the hook and the log.
func (s *Stream) fail(f Failure) {
	what := "stanza not handled"
	if f.Stanza == nil {
		what = "failed"
	}
	s.cfg.Logger.Warn(what, "error", f.Err, "handler", f.Handler)
	if s.cfg.Failed != nil {
		if err := safely(func() error { s.cfg.Failed(f); return nil }); err != nil {
			s.cfg.Logger.Error("Failed hook panicked", "error", err)
		}
	}
}

// reply sends an answer that a handler owes. If the output is full it waits: a peer that
// does not read gets no more answers, and sends no more in the end.
func (s *Stream) reply(ctx context.Context, st stanza.Stanza) {
	if err := s.Send(ctx, st); err != nil && !errors.Is(err, ErrClosed) {
		s.cfg.Logger.Warn("answer not sent", "error", err)
	}
}

// replyHere is reply on the dispatcher when no handler runs.
func (s *Stream) replyHere(st stanza.Stanza) {
	site := "the answer to a stanza without a handler"
	ctx := s.beginRun(&site)
	s.reply(ctx, st)
	s.endRun()
}

// stalled is called by the watchdog.
func (s *Stream) stalled(ticks int) {
	site := s.current.Load()
	if site == nil {
		return
	}
	d := time.Duration(ticks) * s.cfg.StallAfter
	n := s.Queued()
	s.cfg.Logger.Warn("a handler blocks the queue", "handler", *site, "for", d, "queued", n)
	emit(s, Stalled{Handler: *site, For: d, Queued: n})
}
