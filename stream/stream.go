package stream

import (
	"context"
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

	// ctx is what the contexts of handlers derive from; it ends with the stream, or when
	// the stream is aborted.
	ctx    context.Context
	cancel context.CancelFunc
	hang   latch // closed by Close and Abort: no connection is wanted any more
	ended  latch // closed by stop: no connection will come any more
	done   latch // closed when everything has stopped

	queue   queue
	out     writer
	waiters waiters
	events  events
	filters filters
	tasks   tasks
	pulse   liveness
	sm      *management    // nil without XEP-0198
	workers sync.WaitGroup // concurrent handlers

	handlers handlers
	slots    atomic.Pointer[chan struct{}] // held by concurrent handlers; made for the first
	table    atomic.Pointer[table]
	current  atomic.Pointer[string] // where what the dispatcher runs was registered
	found    []*registration        // scratch of the dispatcher
	number   uint64                 // of the dispatcher: the number of the stanza at hand
	repeated bool                   // of the dispatcher: it may have been handled before
	running  *run                   // of the dispatcher: the context of what it runs
	runs     []run                  // of the dispatcher: for the contexts to come

	origin atomic.Pointer[stanza.Origin]
	paused atomic.Bool // reading is paused

	stateMu sync.Mutex // for changes, so that their events come in order
	state   atomic.Int32

	mu         sync.Mutex
	conn       *Conn                   // guarded by mu: the session's connection
	live       *Conn                   // guarded by mu: the connection that is to be cut off on Abort
	cancelDial context.CancelCauseFunc // guarded by mu: ends connecting and negotiating
	hurry      chan struct{}           // guarded by mu, of capacity 1: connect again without delay; made when it is needed
	opened     bool                    // guarded by mu
	closing    bool                    // guarded by mu
	aborted    bool                    // guarded by mu
	begun      bool                    // guarded by mu: there has been a session
	suspended  bool                    // guarded by mu: the last session may be resumed
	saved      *Suspended              // guarded by mu: what Suspend wants to know; nil without it
	err        error                   // guarded by mu: why the stream ended
	reading    chan struct{}           // guarded by mu: closed when the session's reader ends; made by Close
	alive      *time.Timer             // guarded by mu
	aliveEvery time.Duration           // guarded by mu: of the session
}

// New returns a stream that is not open.
func New(cfg Config) *Stream {
	s := &Stream{cfg: cfg.withDefaults()}
	s.guardHooks()
	base := context.Background()
	if s.cfg.Base != nil {
		base = context.WithoutCancel(s.cfg.Base)
	}
	s.ctx, s.cancel = context.WithCancel(base)
	s.queue.s, s.out.s, s.pulse.s = s, s, s
	if s.cfg.Management != nil {
		s.sm = newManagement(s, *s.cfg.Management)
		s.out.sm = s.sm
		s.sm.resumeSaved()
	}
	s.cfg.stream = s
	s.table.Store(&table{})
	return s
}

// guardHooks keeps panics of hooks that are called from many places from ending the process.
func (s *Stream) guardHooks() {
	if show := s.cfg.XML; show != nil {
		s.cfg.XML = func(d Direction, text string) {
			s.guard("Config.XML", nil, func() error { show(d, text); return nil })
		}
	}
	if tell := s.cfg.Features; tell != nil {
		s.cfg.Features = func(features wire.Raw) {
			s.guard("Config.Features", nil, func() error { tell(features); return nil })
		}
	}
	if queued := s.cfg.Queued; queued != nil {
		s.cfg.Queued = func(p stanza.Payload) {
			if err := safely(func() error { queued(p); return nil }); err != nil {
				go s.fail(Failure{Err: err, Handler: "Config.Queued"}) // the output is locked
			}
		}
	}
}

// State returns where the stream stands. [StateChanged] events tell of changes.
func (s *Stream) State() State { return State(s.state.Load()) }

// setState changes the state, unless an end is under way that rules it out.
func (s *Stream) setState(to State) {
	s.stateMu.Lock()
	from := s.State()
	if from == to || from == Closed || from == Closing && to != Closed {
		s.stateMu.Unlock()
		return
	}
	s.state.Store(int32(to))
	change := StateChanged{From: from, To: to}
	enqueue(s, change, true)
	s.stateMu.Unlock()
	deliverDirect(s, change)
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

// Paused reports whether reading is paused because handlers are behind: what measures
// the peer's silence must not count such times.
func (s *Stream) Paused() bool { return s.paused.Load() }

// Queued returns how many entries wait in the queue, with those being handled.
func (s *Stream) Queued() int { return int(s.queue.count.Load()) }

// Unsent returns how many bytes wait to be written.
func (s *Stream) Unsent() int { return s.out.waiting() }

// Done is closed when the stream has ended and everything of it has stopped.
func (s *Stream) Done() <-chan struct{} { return s.done.wait() }

// Err returns why the stream ended, nil while it has not: [ErrClosed] if this side ended
// it.
func (s *Stream) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *Stream) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}
