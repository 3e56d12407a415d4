package stream

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// ErrDead ends a connection whose peer gave no sign of life when it was asked for one, or
// none of what it has got (XEP-0198), however much else it said.
var ErrDead = errors.New("stream: the peer gives no sign of life")

// ErrReconnect ends a connection that this side wanted to make anew; see
// [Stream.Reconnect].
var ErrReconnect = errors.New("stream: the connection is to be made anew")

// liveness finds connections that are dead although nothing has failed: it asks a peer
// that is silent for a sign of life. It counts nothing while reading is paused, because
// then the silence is this side's.
type liveness struct {
	s     *Stream
	reads atomic.Uint32 // counts what came in

	mu      sync.Mutex
	timer   *time.Timer // guarded by mu: nil while there is no session
	seen    uint32      // guarded by mu: reads when the timer was set
	probing bool        // guarded by mu: the peer was asked
	owed    time.Time   // guarded by mu: since when it owes an acknowledgement; zero if it does not
}

// patience is how many times [Config.IdleTimeout] a peer may take for an acknowledgement while
// it says other things.
const patience = 4

// errDeaf is why a connection ended whose peer was not silent.
var errDeaf = fmt.Errorf("the peer acknowledges nothing: %w", ErrDead)

// start begins with a session.
func (l *liveness) start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.probing, l.seen, l.owed = false, l.reads.Load(), time.Time{}
	if l.s.cfg.Idle > 0 {
		l.timer = time.AfterFunc(l.s.cfg.Idle, l.tick)
	}
}

func (l *liveness) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

// expect says that something was sent which the peer has to answer.
func (l *liveness) expect() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timer != nil && !l.probing {
		l.probing, l.seen = true, l.reads.Load()
		l.timer.Reset(l.s.cfg.IdleTimeout)
	}
}

// asked says that the peer was asked for an acknowledgement.
func (l *liveness) asked() {
	l.mu.Lock()
	l.owed = time.Now()
	l.mu.Unlock()
	l.expect()
}

// answered says that it has acknowledged.
func (l *liveness) answered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owed = time.Time{}
	if l.timer != nil && l.probing {
		l.probing = false
		l.timer.Reset(l.s.cfg.Idle)
	}
}

// tick looks whether anything came in.
func (l *liveness) tick() {
	moves := l.s.out.moves()
	l.mu.Lock()
	if l.timer == nil {
		l.mu.Unlock()
		return
	}
	now, paused := l.reads.Load(), l.s.Paused()
	if !l.owed.IsZero() && (paused || moves) {
		l.owed = time.Now() // the acknowledgement, or the question, is perhaps still on this side
	}
	switch {
	case !paused && now != l.seen && !l.owed.IsZero():
		if time.Since(l.owed) >= patience*l.s.cfg.IdleTimeout {
			l.cut(errDeaf)
			return
		}
		l.seen = now
		l.timer.Reset(l.s.cfg.IdleTimeout)
	case paused || now != l.seen:
		l.probing, l.seen = false, now
		l.timer.Reset(l.s.cfg.Idle)
	case !l.probing:
		l.probing = true
		l.timer.Reset(l.s.cfg.IdleTimeout)
		l.mu.Unlock()
		l.s.probe()
		return
	case moves:
		// the network is slow, and the question perhaps still here
		l.timer.Reset(l.s.cfg.IdleTimeout)
	default:
		l.cut(ErrDead)
		return
	}
	l.mu.Unlock()
}

// cut ends the connection. The caller holds mu, which is released.
func (l *liveness) cut(why error) {
	l.timer = nil
	l.mu.Unlock()
	l.s.cutOff(why)
}

// probe asks the peer for a sign of life.
func (s *Stream) probe() {
	if s.sm != nil && s.out.probe() {
		return
	}
	if s.cfg.Probe != nil {
		s.guard("Config.Probe", nil, func() error { s.cfg.Probe(); return nil })
		return
	}
	s.out.space()
}

// probe asks by stream management, and reports whether that was possible.
func (w *writer) probe() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := &w.sm.out
	if !u.confirmed || w.conn == nil || w.last > 0 {
		return false
	}
	if !u.asked {
		w.appendQuestion()
	}
	w.start(true)
	return true
}

// moves reports whether something was written since it was asked last that had to wait for
// room: a peer that is gone makes none. What is written at once, into the system's buffers,
// is no sign of life.
func (w *writer) moves() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	took, moved := w.took, w.written != w.looked
	if w.handing > 0 {
		took += time.Since(w.began)
	}
	w.looked, w.took = w.written, 0
	return moved && took >= slowWrites
}

// slowWrites is how long writes take together, between two looks at the peer, if the
// network is slow.
const slowWrites = time.Second

// cutOff ends the present connection, if there is one, as if the network had.
func (s *Stream) cutOff(why error) bool {
	s.mu.Lock()
	c := s.conn
	s.mu.Unlock()
	if c == nil {
		return false
	}
	c.fail(why)
	return true
}

// Reconnect makes the connection anew without delay, as when the network has changed: the
// present one is cut off, a wait between two is ended, and an attempt to make one is begun
// anew. Before the first session it does nothing: that attempt is [Stream.Open]'s. It does
// not wait for the connection. Any goroutine, and any handler, may call it.
func (s *Stream) Reconnect() {
	s.mu.Lock()
	if !s.begun || s.closing {
		s.mu.Unlock()
		return
	}
	select {
	case s.hurrying() <- struct{}{}:
	default:
	}
	c, cancel := s.conn, s.cancelDial
	s.mu.Unlock()
	if cancel != nil {
		cancel(ErrReconnect)
	}
	if c != nil {
		c.fail(ErrReconnect)
	}
}

// hurrying returns the channel that ends the delay between two connections. The caller holds mu.
func (s *Stream) hurrying() chan struct{} {
	if s.hurry == nil {
		s.hurry = make(chan struct{}, 1)
	}
	return s.hurry
}

// Probe asks the peer for a sign of life now; without an answer in time the connection
// ends, and another is made. It needs [Config.Idle].
func (s *Stream) Probe() {
	s.pulse.expect()
	s.probe()
}
