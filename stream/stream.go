package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// A Stream is a stream of stanzas that outlives its connections: handlers, queue and
// output stay when a connection is lost and another made. Make one with [New], register
// handlers, then call [Stream.Open]. Its methods may be called from any goroutine.
type Stream struct {
	cfg Config // immutable

	// ctx is what handlers get on the dispatcher, freeCtx elsewhere; both end with the
	// stream.
	ctx, freeCtx context.Context
	cancel       context.CancelFunc
	aborted      chan struct{} // closed by Abort
	done         chan struct{} // closed when everything has stopped
	abortOnce    sync.Once

	queue   queue
	out     writer
	waiters waiters
	events  events
	filters filters
	tasks   tasks
	slots   chan struct{}  // held by concurrent handlers
	workers sync.WaitGroup // concurrent handlers

	handlers handlers
	table    atomic.Pointer[table]
	current  atomic.Pointer[registration] // what the dispatcher runs
	found    []*registration              // scratch of the dispatcher

	origin atomic.Pointer[stanza.Origin]
	state  atomic.Int32

	mu      sync.Mutex
	conn    *Conn         // guarded by mu: the session's connection
	opened  bool          // guarded by mu
	closing bool          // guarded by mu
	err     error         // guarded by mu: why the stream ended
	paused  time.Time     // guarded by mu: since when reading is paused
	footer  chan struct{} // guarded by mu: closed when the session's reader ends
	alive   *time.Timer   // guarded by mu
}

// New returns a stream that is not open.
func New(cfg Config) *Stream {
	s := &Stream{cfg: cfg.withDefaults(), aborted: make(chan struct{}), done: make(chan struct{})}
	base := context.Background()
	if s.cfg.Base != nil {
		base = context.WithoutCancel(s.cfg.Base)
	}
	s.freeCtx, s.cancel = context.WithCancel(base)
	s.ctx = context.WithValue(s.freeCtx, onDispatcher{}, s)
	s.queue = queue{
		limits: s.cfg.Queue, every: s.cfg.StallAfter, idle: make(chan struct{}),
		run: s.handleItem, begin: s.beginBatch, end: s.endBatch, stall: s.stalled,
	}
	s.out = writer{max: s.cfg.OutputBytes, timeout: s.cfg.WriteTimeout, linger: time.Millisecond, failed: s.writeFailed}
	s.slots = make(chan struct{}, s.cfg.Concurrency)
	s.table.Store(&table{})
	return s
}

// State returns where the stream stands. [StateChanged] events tell of changes.
func (s *Stream) State() State { return State(s.state.Load()) }

func (s *Stream) setState(to State) {
	if from := State(s.state.Swap(int32(to))); from != to {
		emit(s, StateChanged{From: from, To: to})
	}
}

// Local returns this side's address, the zero JID before the first session.
func (s *Stream) Local() jid.JID {
	if o := s.origin.Load(); o != nil {
		return o.Account
	}
	return jid.JID{}
}

// Remote returns the peer's address, the zero JID before the first session.
func (s *Stream) Remote() jid.JID {
	if o := s.origin.Load(); o != nil {
		return o.Server
	}
	return jid.JID{}
}

// SetOrigin sets by what the sender rules of received payloads are judged. The stream
// sets account and server itself when a session starts.
func (s *Stream) SetOrigin(o *stanza.Origin) { s.origin.Store(o) }

// Peer returns what the peer's stream header said in the present session.
func (s *Stream) Peer() Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == nil {
		return Header{}
	}
	return s.conn.peer
}

// Open connects, negotiates, and returns when the first session has started, or when that
// failed: it tries once. After that the stream connects again by itself, as
// [Config.Backoff] says. ctx bounds this call only.
func (s *Stream) Open(ctx context.Context) error {
	s.mu.Lock()
	if s.opened || s.closing {
		s.mu.Unlock()
		return errors.New("stream: opened before")
	}
	s.opened = true
	s.mu.Unlock()
	first := make(chan error, 1)
	go s.loop(ctx, first)
	return <-first
}

// loop connects and reads, again and again.
func (s *Stream) loop(ctx context.Context, first chan error) {
	failures := 0
	for {
		c, err := s.connect(ctx)
		if err == nil {
			failures = 0
			if first != nil {
				first <- nil
				first, ctx = nil, s.freeCtx
			}
			err = s.serve(c)
		}
		s.mu.Lock()
		closing := s.closing
		s.mu.Unlock()
		failures++
		d, again := s.cfg.Backoff.delay(failures)
		again = again && first == nil && !closing && !IsPermanent(err)
		if !again {
			d = 0
		}
		emit(s, Disconnected{Err: err, Retry: d})
		if !again {
			s.stop(err)
			if first != nil {
				first <- err
			}
			return
		}
		s.setState(Waiting)
		s.cfg.Logger.Info("disconnected", "error", err, "retry", d)
		t := time.NewTimer(d)
		select {
		case <-t.C:
		case <-s.freeCtx.Done():
			t.Stop()
		}
	}
}

// connect makes a connection and negotiates a session.
func (s *Stream) connect(ctx context.Context) (*Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.cfg.SessionTimeout, ErrTimeout)
	defer cancel()
	stop := context.AfterFunc(s.freeCtx, cancel)
	defer stop()
	s.setState(Connecting)
	t, err := s.cfg.Dial(ctx)
	if err != nil {
		if ctx.Err() != nil {
			err = errors.Join(waitError(ctx), err)
		}
		return nil, fmt.Errorf("stream: dialling: %w", err)
	}
	emit(s, Connected{})
	s.setState(Negotiating)
	c := newConn(t, &s.cfg)
	if err := c.negotiate(ctx, s.cfg.Negotiators); err != nil {
		if ctx.Err() != nil {
			err = errors.Join(waitError(ctx), err)
		}
		c.finish(err)
		return nil, fmt.Errorf("stream: negotiating: %w", err)
	}
	if ctx.Err() != nil {
		c.finish(nil)
		return nil, waitError(ctx)
	}
	return c, nil
}

// serve runs a session until it ends and returns why.
func (s *Stream) serve(c *Conn) error {
	footer := make(chan struct{})
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		c.finish(nil)
		return ErrClosed
	}
	s.conn, s.footer = c, footer
	s.mu.Unlock()
	o := stanza.Origin{}
	if old := s.origin.Load(); old != nil {
		o = *old
	}
	o.Account, o.Server = c.local, c.remote
	s.origin.Store(&o)
	c.framer.SetLimits(s.cfg.Limits)
	s.setState(Established)
	s.out.open(c.transport)
	emit(s, SessionStarted{Local: c.local, Remote: c.remote, ID: c.peer.ID})
	s.startKeepAlive()

	err := s.read(c)

	s.stopKeepAlive()
	s.mu.Lock()
	s.conn = nil
	closing := s.closing
	s.mu.Unlock()
	close(footer)
	if !closing {
		// a stream error must come behind what was written, not inside of it
		if toSend(err) == nil && !errors.Is(err, ErrEnded) {
			_ = c.transport.Close()
		}
		s.out.shut()
		c.finish(err)
	} else {
		s.out.shut()
		c.finish(nil)
	}
	s.waiters.drop()
	emit(s, SessionEnded{Err: err})
	return err
}

// read is the reader: it frames, decodes, serves those who wait, and queues the rest.
func (s *Stream) read(c *Conn) error {
	var batch []item
	origin := s.origin.Load()
	for {
		k, err := c.framer.Next()
		switch {
		case err != nil:
			return errors.Join(s.push(batch), err)
		case k == wire.More:
			if len(batch) > 0 {
				if err := s.push(batch); err != nil {
					return err
				}
				clear(batch)
				batch = batch[:0]
				if cap(batch) > 64 && !c.framer.Pending() {
					batch = nil
				}
				if err := s.queue.wait(s.freeCtx, s.pause); err != nil {
					return err
				}
			}
			if err := c.fill(); err != nil {
				return err
			}
			continue
		case k == wire.Footer:
			return errors.Join(s.push(batch), ErrEnded)
		case k == wire.Header:
			return &Error{Condition: InvalidXML, Text: "a stream header out of order", Sent: true}
		}
		size := c.framer.Len()
		st, err := stanza.Take(c.framer)
		if st == nil {
			it, err := s.nonza(c, size)
			if err != nil {
				return errors.Join(s.push(batch), err)
			}
			if it.v != nil {
				batch = append(batch, it)
			}
			continue
		}
		st.SetOrigin(origin)
		if err == nil && s.serveWaiting(st) {
			continue
		}
		batch = append(batch, stanzaItem(st, err, size))
	}
}

// serveWaiting gives a stanza to whom it answers and to collectors, and reports whether
// it goes no further.
func (s *Stream) serveWaiting(st stanza.Stanza) bool {
	if q, ok := st.(*stanza.IQ); ok && !q.IsRequest() {
		if s.answer(q) {
			return true
		}
	}
	return s.waiters.lists.Load() > 0 && s.waiters.offer(st, false)
}

// nonza handles a top-level element that is no stanza.
func (s *Stream) nonza(c *Conn, size int) (item, error) {
	d := c.framer.Take()
	r := d.Root()
	switch {
	case r.Is(wire.NSStream, "error"):
		return item{}, readError(r)
	case s.cfg.Nonza != nil && s.cfg.Nonza(r):
		return item{}, nil
	case s.table.Load().takes(r):
	case r.Space() == wire.NSClient || r.Space() == "":
		return item{}, &Error{Condition: UnsupportedStanzaType, Text: r.Local(), Sent: true}
	case r.Local() == "message" || r.Local() == "presence" || r.Local() == "iq":
		return item{}, &Error{Condition: InvalidNamespace, Text: r.Space(), Sent: true}
	}
	return rawItem(r, size), nil
}

// takes reports whether there is a handler for an element that is no stanza.
func (t *table) takes(r wire.Raw) bool {
	for _, h := range t.nonzas {
		if h.matcher.name.IsZero() || h.matcher.name == r.Name() {
			return true
		}
	}
	return false
}

func (s *Stream) push(batch []item) error { return s.queue.push(batch...) }

// pause notes that reading stops or goes on.
func (s *Stream) pause(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused = (time.Time{}); on {
		s.paused = time.Now()
		s.cfg.Logger.Debug("reading is paused: handlers are behind")
	}
}

// Paused reports whether reading is paused because handlers are behind: what measures
// the peer's silence must not count such times.
func (s *Stream) Paused() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.paused.IsZero()
}

// Queued returns how many entries wait in the queue, with those being handled.
func (s *Stream) Queued() int { return int(s.queue.count.Load()) }

// writeFailed ends a connection whose output failed.
func (s *Stream) writeFailed(t Transport, err error) {
	s.cfg.Logger.Info("write failed", "error", err)
	_ = t.Close()
}

// Send sends a stanza. It returns once the bytes are in the output buffer, for which it
// waits if there is no room; before the session starts and between connections they stay
// there. [Stream.Flush] awaits more. An IQ request without an id gets one. A stanza that
// cannot be written as XML is a *wire.EncodeError and leaves nothing behind.
func (s *Stream) Send(ctx context.Context, st stanza.Stanza) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.cfg.StampFrom && st.Attributes().From.IsZero() {
		stanza.SetFrom(st, s.Local())
	}
	if st = s.filters.run(Out, st, s); st == nil {
		return nil
	}
	if q, ok := st.(*stanza.IQ); ok && q.ID == "" && q.IsRequest() {
		q.ID = NewID()
	}
	return s.SendElement(ctx, st)
}

// SendElement is Send for an element of any kind, past the filters.
func (s *Stream) SendElement(ctx context.Context, p stanza.Payload) error {
	b, err := encode(p, wire.NSClient)
	if err != nil {
		return err
	}
	defer giveBack(b)
	return s.SendBytes(ctx, *b)
}

// SendXML sends an element that is given as text, in which a missing namespace means that
// of the stream. Text that is not one element of restricted XML is an error.
func (s *Stream) SendXML(ctx context.Context, text string) error {
	r, err := wire.ParseIn(text, wire.NewContext(wire.NSClient, ""))
	if err != nil {
		return err
	}
	return s.SendElement(ctx, r)
}

// SendBytes sends bytes as they are. Nothing checks them: a stream that they break ends.
func (s *Stream) SendBytes(ctx context.Context, b []byte) error {
	if ctx.Value(onDispatcher{}) != s {
		return s.out.put(ctx, b, nil)
	}
	leave := func() {}
	defer func() { leave() }()
	return s.out.put(ctx, b, func() { leave = s.enterWait(ctx) })
}

// Flush waits until all that was sent so far has been handed to the transport.
func (s *Stream) Flush(ctx context.Context) error {
	defer s.enterWait(ctx)()
	return s.out.drain(ctx)
}

// Unsent returns how many bytes wait to be written.
func (s *Stream) Unsent() int { return s.out.waiting() }

func (s *Stream) startKeepAlive() {
	if s.cfg.KeepAlive <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alive = time.AfterFunc(s.cfg.KeepAlive, s.keepAlive)
}

// keepAlive sends a space if nothing else was sent for long.
func (s *Stream) keepAlive() {
	s.mu.Lock()
	timer := s.alive
	s.mu.Unlock()
	if timer == nil {
		return
	}
	left := s.cfg.KeepAlive - time.Since(s.out.idleSince())
	if left <= 0 {
		if s.out.waiting() == 0 {
			_ = s.out.put(s.freeCtx, []byte{' '}, nil)
		}
		left = s.cfg.KeepAlive
	}
	timer.Reset(left)
}

func (s *Stream) stopKeepAlive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alive != nil {
		s.alive.Stop()
		s.alive = nil
	}
}

// Close ends the stream in an orderly way: what was sent is written, the stream is closed
// on both sides, and what is queued is handled. ctx and [Config.CloseTimeout] bound it;
// after that it is [Stream.Abort]. Closing twice is harmless. A handler that calls it must
// be [Concurrent].
func (s *Stream) Close(ctx context.Context) error {
	if ctx.Value(onDispatcher{}) == s {
		return ErrWouldBlock
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.CloseTimeout)
	defer cancel()
	s.mu.Lock()
	first := !s.closing
	s.closing = true
	c, footer, opened := s.conn, s.footer, s.opened
	s.mu.Unlock()
	if !opened {
		s.stop(ErrClosed)
		return nil
	}
	if first && c != nil {
		s.setState(Closing)
		_ = s.out.drain(ctx)
		_ = s.out.put(ctx, []byte("</stream:stream>"), nil)
		if s.out.drain(ctx) == nil {
			c.sent = false // the footer is out
			select {
			case <-footer:
			case <-ctx.Done():
			}
		}
	}
	if first {
		s.abort()
	}
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		s.Abort()
		return waitError(ctx)
	}
}

// Abort ends the stream at once: what was not written is lost, what is queued is not
// handled any more. It does not wait for a running handler.
func (s *Stream) Abort() {
	s.mu.Lock()
	s.closing = true
	opened := s.opened
	s.mu.Unlock()
	s.queue.discard()
	s.abort()
	if !opened {
		s.stop(ErrClosed)
	}
}

// abort ends the connection and every wait.
func (s *Stream) abort() {
	s.abortOnce.Do(func() {
		close(s.aborted)
		s.cancel()
	})
	s.mu.Lock()
	c := s.conn
	s.mu.Unlock()
	if c != nil {
		_ = c.transport.Close()
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
	if err == nil {
		s.err = ErrClosed
	}
	s.mu.Unlock()
	s.tasks.cancelAll()
	s.out.close()
	s.waiters.drop()
	s.setState(Closed)
	idle := s.queue.close()
	go func() {
		<-idle
		s.cancel()
		s.workers.Wait()
		close(s.done)
	}()
}

// Done is closed when the stream has ended and everything of it has stopped.
func (s *Stream) Done() <-chan struct{} { return s.done }

// Err returns why the stream ended, nil while it has not.
func (s *Stream) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
