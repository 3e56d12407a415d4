package stream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"stanza.invalid/xmpp/stanza"
)

// Open connects, negotiates, and returns when the first session has started, or when that
// failed: it tries once, and a stream that could not be opened is closed. After that the
// stream connects again by itself, as [Config.Backoff] says. ctx bounds this call only.
func (s *Stream) Open(ctx context.Context) error {
	s.mu.Lock()
	switch {
	case s.closing:
		s.mu.Unlock()
		return ErrClosed
	case s.opened:
		s.mu.Unlock()
		return errors.New("stream: opened before")
	}
	s.opened = true
	s.mu.Unlock()
	first := make(chan error, 1)
	go s.loop(ctx, first)
	return <-first
}

// attempts is where a stream stands with its connections.
type attempts struct {
	ctx      context.Context // of the attempt
	first    chan error      // whom to tell of the first; nil later
	failures int             // in a row
	last     time.Duration   // the last delay
	start    time.Time       // of the session
}

// loop connects and reads, again and again. It and what it calls down to the read have
// small frames: an idle session sits there, and its stack is most of what it costs.
func (s *Stream) loop(ctx context.Context, first chan error) {
	a := &attempts{ctx: ctx, first: first}
	for {
		c, err := s.connectFollowing(a)
		if err == nil {
			err = s.serve(a, c)
		}
		if !s.again(a, c != nil, err) {
			return
		}
	}
}

// again decides whether to connect again, and waits until it is time to.
func (s *Stream) again(a *attempts, session bool, err error) bool {
	// A session that does not last is no success: a server that ends each one at once is
	// left alone for longer and longer.
	if session && time.Since(a.start) >= a.last {
		a.failures = 0
	}
	a.failures++
	if session {
		s.redirected(err)
	}
	d, again := s.cfg.Backoff.delay(a.failures)
	if s.isClosing() {
		again, err = false, ErrClosed
	}
	if again = again && a.first == nil && !IsPermanent(err); !again {
		d = 0
	}
	emit(s, Disconnected{Err: err, Retry: d})
	if again {
		s.setState(Waiting)
		s.cfg.Logger.Info("disconnected", "error", err, "retry", d)
		t := time.NewTimer(d)
		defer t.Stop()
		s.mu.Lock()
		hurry := s.hurrying()
		s.mu.Unlock()
		select {
		case <-hurry:
			a.failures = 0
			return true
		case <-t.C:
			a.last = d
			return true
		case <-s.hang.wait():
			err = ErrClosed
		}
	}
	s.stop(err)
	if a.first != nil {
		a.first <- err
	}
	return false
}

// maxRedirects is how often a peer may say see-other-host before it counts as an error.
const maxRedirects = 4

// connectFollowing makes a connection, and goes where the peer says, or to another of its
// places; it makes another at once where that helps.
func (s *Stream) connectFollowing(a *attempts) (*Conn, error) {
	var before []error
	for n := 0; ; n++ {
		c, err := s.connect(a)
		switch {
		case err == nil:
			return c, nil
		case s.isClosing() || a.ctx.Err() != nil:
			return nil, tried(before, err)
		case n < maxRedirects && (isAtOnce(err) || s.redirected(err)):
		case !s.elsewhere(err) || n == maxRedirects:
			return nil, tried(before, err)
		default:
			before = append(before, err)
		}
	}
}

// elsewhere reports whether another place of the peer's is to be tried.
func (s *Stream) elsewhere(err error) bool {
	if s.cfg.Elsewhere == nil || errors.Is(err, ErrReconnect) {
		return false
	}
	next := false
	s.guard("Config.Elsewhere", nil, func() error { next = s.cfg.Elsewhere(err); return nil })
	return next
}

// redirected reports whether an error says to go elsewhere, and whether that is done.
func (s *Stream) redirected(err error) bool {
	var e *Error
	if s.cfg.Redirect == nil || !errors.As(err, &e) || e.Sent || e.Condition != SeeOtherHost || e.Host == "" {
		return false
	}
	follow := false
	s.guard("Config.Redirect", nil, func() error { follow = s.cfg.Redirect(e.Host); return nil })
	return follow
}

// connect makes a connection and negotiates a session.
func (s *Stream) connect(a *attempts) (*Conn, error) {
	ctx, stop := context.WithCancelCause(a.ctx)
	defer stop(nil)
	ctx, cancel := context.WithTimeout(ctx, s.cfg.SessionTimeout)
	defer cancel()
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return nil, ErrClosed
	}
	s.cancelDial = stop
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.cancelDial = nil
		s.mu.Unlock()
	}()
	s.setState(Connecting)
	var t Transport
	err := safely(func() (err error) {
		t, err = s.cfg.Dial(ctx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("stream: dialling: %w", s.connectError(ctx, err))
	}
	emit(s, Connected{})
	s.setState(Negotiating)
	c := newConn(t, &s.cfg)
	c.sm = s.sm
	s.setLive(c)
	err = c.negotiate(ctx, s.cfg.Negotiators)
	if err == nil && ctx.Err() != nil {
		err = ctx.Err() // perhaps too late for the session, in time for the deadlines
	}
	if err != nil {
		s.abandon(c, err)
		if s.cfg.Trusted != nil && !s.cfg.Trusted(c) {
			err = &hearsay{err}
		}
		return nil, fmt.Errorf("stream: negotiating: %w", s.connectError(ctx, err))
	}
	c.done, c.features = nil, zeroRaw
	a.start = time.Now()
	return c, nil
}

// connectError returns why connecting failed: if it was stopped, that.
func (s *Stream) connectError(ctx context.Context, err error) error {
	switch {
	case ctx.Err() == nil:
		return err
	case s.isClosing():
		return errors.Join(ErrClosed, err)
	case errors.Is(context.Cause(ctx), ErrReconnect):
		return errors.Join(ErrReconnect, err)
	}
	return errors.Join(waitError(ctx), err)
}

// abandon ends a connection whose negotiation has come to nothing. If the session of the one
// before may have moved to it, it is not closed: a footer would end that, too, and it may
// still be resumed.
func (s *Stream) abandon(c *Conn, err error) {
	s.mu.Lock()
	wanted := !s.closing || s.saved != nil
	s.mu.Unlock()
	if c.resuming && wanted && toSend(err) == nil {
		c.abort()
	}
	c.finish(err)
	s.setLive(nil)
}

// setLive says which connection Abort is to cut off.
func (s *Stream) setLive(c *Conn) {
	s.mu.Lock()
	s.live = c
	aborted := s.aborted
	s.mu.Unlock()
	if aborted && c != nil {
		c.abort()
	}
}

// serve runs a session until it ends and returns why.
func (s *Stream) serve(a *attempts, c *Conn) error {
	if !s.beginSession(c) {
		return ErrClosed
	}
	if a.first != nil {
		// not before addresses and output are there: who was told may send at once
		a.first <- nil
		a.first, a.ctx = nil, s.ctx
	}
	err := s.read(c)
	return s.endSession(c, err)
}

// beginSession tells everybody that stanzas flow.
func (s *Stream) beginSession(c *Conn) bool {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		s.abandon(c, nil)
		return false
	}
	suspended := s.suspended
	s.conn, s.suspended, s.begun = c, false, true
	select {
	case <-s.hurry: // it has been made
	default:
	}
	s.mu.Unlock()
	if suspended && !c.resumed {
		s.waiters.drop()
		emit(s, SessionEnded{Err: ErrDisconnected})
	}
	o := stanza.Origin{}
	if old := s.origin.Load(); old != nil {
		o = *old
	}
	o.Account, o.Server = c.local, c.remote
	s.origin.Store(&o)
	c.SetLimits(s.cfg.Limits)
	s.setState(Established)
	emit(s, SessionStarted{Local: c.local, Remote: c.remote, ID: c.peer.ID, Resumed: c.resumed})
	if s.sm != nil {
		s.sm.begin(c)
	}
	s.out.open(c.Transport(), c.maxSend)
	s.startKeepAlive(c)
	s.pulse.start()
	return true
}

// endSession ends a session and its connection, and returns why.
func (s *Stream) endSession(c *Conn, err error) error {
	s.stopKeepAlive()
	s.pulse.stop()
	resumable := c.resumable && isLoss(err)
	if resumable && s.sm != nil && s.sm.gotNowhere(c, err) {
		s.cfg.Logger.Warn("a session is given up: the peer resumes it, and acknowledges nothing", "connections", maxDeaf)
		resumable = false
	}
	s.mu.Lock()
	s.conn = nil
	if s.closing {
		err, resumable = closeError(err), false
	}
	s.suspended = resumable
	if s.reading != nil {
		close(s.reading)
		s.reading = nil
	}
	s.mu.Unlock()
	s.hangUpOn(c, err)
	if !resumable && s.sm != nil {
		s.sm.forget()
	}
	if !resumable {
		s.waiters.drop()
		emit(s, SessionEnded{Err: err})
	}
	return err
}

// closeError is what a session ended with once its stream was closed: what the peer did
// wrong still counts.
func closeError(err error) error {
	if toSend(err) != nil {
		return err
	}
	return ErrClosed
}

// isLoss reports whether a session ended without a word from either side.
func isLoss(err error) bool {
	var e *Error
	return !errors.Is(err, ErrEnded) && !errors.As(err, &e) && toSend(err) == nil
}

// hangUpOn ends the connection of a session: what is being written is finished if there
// is a reader for it, and the error or the footer comes behind it, not inside of it.
func (s *Stream) hangUpOn(c *Conn, err error) {
	cut := time.AfterFunc(s.cfg.CloseTimeout, c.abort) // a peer that does not read
	defer cut.Stop()
	switch {
	case errors.Is(err, ErrEnded), errors.Is(err, ErrClosed):
		// a connection that is lost makes this fail at once
		ctx, cancel := context.WithTimeout(s.ctx, s.cfg.CloseTimeout)
		s.out.settle(ctx)
		cancel()
	case isLoss(err):
		c.abort()
	}
	if s.out.shut() {
		c.sent = false // the footer is out
	}
	c.finish(err)
	s.setLive(nil)
}

// writeFailed ends a connection whose output failed.
func (s *Stream) writeFailed(t Transport, err error) {
	s.cfg.Logger.Info("write failed", "error", err)
	s.mu.Lock()
	c := s.conn
	s.mu.Unlock()
	if c != nil && c.Transport() == t {
		c.writeFailed(err)
		return
	}
	_ = t.Close()
}

// Close ends the stream in an orderly way: what was sent is written, the stream is closed
// on both sides, and what is queued is handled. ctx and [Config.CloseTimeout] bound it;
// after that it is [Stream.Abort], and Close returns an error. Closing twice is harmless.
// With stream management (XEP-0198) both sides say at the end what they have got; what comes
// from the peer behind that is not handled, because the peer keeps it.
//
// A handler that calls it must be [Concurrent]: for others it does nothing and returns
// [ErrWouldBlock]. Close does not wait for the handler that called it.
func (s *Stream) Close(ctx context.Context) error {
	done := s.done.wait()
	if r := s.runOf(ctx); r != nil {
		if !r.free {
			return ErrWouldBlock
		}
		r.giveUpSlot()
		done = s.queue.idle.wait()
	}
	limit := time.NewTimer(s.cfg.CloseTimeout)
	defer limit.Stop()
	ctx, cancel := context.WithTimeout(ctx, s.cfg.CloseTimeout)
	defer cancel()
	s.mu.Lock()
	first := !s.closing
	s.closing = true
	c, opened := s.conn, s.opened
	reading := make(chan struct{})
	if first && c != nil {
		s.reading = reading
	}
	s.mu.Unlock()
	if !opened {
		s.stop(ErrClosed)
	} else if first {
		if c != nil {
			s.setState(Closing)
			s.sayGoodbye(ctx, reading)
		}
		s.disconnect()
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-s.queue.idle.wait():
		// ctx is perhaps a handler's, and ended with the stream: not a reason to fail
		select {
		case <-done:
			return nil
		case <-limit.C:
		}
	default:
	}
	s.Abort()
	return waitError(ctx)
}

// sayGoodbye sends the footer behind all else and waits for the peer's.
func (s *Stream) sayGoodbye(ctx context.Context, reading <-chan struct{}) {
	if s.out.putLast([]byte(footer)) != nil {
		return
	}
	select {
	case <-reading:
	case <-s.hang.wait():
	case <-ctx.Done():
	}
}

// disconnect ends the connection, or the attempt to make one, and keeps others from being
// made.
func (s *Stream) disconnect() {
	s.hang.close()
	s.mu.Lock()
	c, cancel := s.conn, s.cancelDial
	s.mu.Unlock()
	if cancel != nil {
		cancel(nil)
	}
	if c != nil {
		c.abort() // the peer did not close its side
	}
}

// Abort ends the stream at once: what was not written is lost, stanzas and tasks that are
// queued are not handled any more, and the contexts of handlers are cancelled. It does
// not wait for a handler that runs.
func (s *Stream) Abort() {
	s.mu.Lock()
	s.closing, s.aborted = true, true
	opened, live := s.opened, s.live
	s.mu.Unlock()
	if s.sm != nil {
		s.sm.keeper.close() // what handlers fail with from here on is no part of a state
	}
	s.queue.discard()
	s.cancel()
	s.disconnect()
	if live != nil {
		live.abort()
	}
	if !opened {
		s.stop(ErrClosed)
	}
}

// stop ends everything else once no connection is left.
func (s *Stream) stop(err error) {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	s.closing = true
	s.err = err
	suspended, saved := s.suspended, s.saved
	s.mu.Unlock()
	s.tasks.close()
	var keeper *keeper
	if s.sm != nil {
		s.sm.in.close()
		keeper = s.sm.keeper
		keeper.close() // the last state is from before all is decided
	}
	if saved == nil {
		s.out.close(nil)
	}
	s.waiters.drop()
	s.ended.close()
	if suspended {
		emit(s, SessionEnded{Err: err})
	}
	s.setState(Closed)
	idle := s.queue.close()
	go func() {
		<-idle
		if saved != nil {
			// what the last handlers have sent is a part of the session
			s.workers.Wait()
			s.out.close(saved)
		}
		s.cancel()
		s.workers.Wait()
		s.mu.Lock()
		over := saved == nil && !suspended && !s.aborted
		s.mu.Unlock()
		if over {
			_ = keeper.final(nil) // it was reported
		}
		s.done.close()
	}()
}
