package stream

import (
	"errors"
	"strings"
	"sync"
	"time"

	"stanza.invalid/gen/sm"
	"stanza.invalid/stream/wire"
)

// Management is how a stream uses stream management (XEP-0198), if the peer has it: both
// sides count the stanzas that they have taken responsibility for, and a session may be
// resumed on another connection. A zero field means its default.
type Management struct {
	// Max is how long the peer is asked to keep a session whose connection was lost; 0
	// leaves it to the peer.
	Max time.Duration
	// AckEvery is after how many stanzas the peer is asked what it has handled (default 10).
	AckEvery int
	// AckAfter is after how long it is asked otherwise (default 3 s).
	AckAfter time.Duration
	// MaxUnacked and MaxUnackedBytes are how much may wait to be acknowledged, on the
	// network or for a connection (default 1,000 stanzas, 1 MiB). Send waits for room.
	MaxUnacked, MaxUnackedBytes int
	// AnswerWithin is how long an answer about what was handled may wait for handlers that
	// are at it (default 1 s).
	AnswerWithin time.Duration
	// Resume is a session to go on with, from [Stream.Suspend] or Save; nil for none. One that makes
	// no sense, or that the peer has not kept, is like none: what was written in it is lost
	// then, as far as the peer does not say otherwise, and what was not goes out in the new
	// session.
	Resume *Suspended
	// Save keeps the state of the session where it outlives the process, in place of the one
	// before, so that another process can go on with the session if this one is killed: as
	// Resume. It is called when the state has changed, by one goroutine at a time, and not
	// again until SaveEvery has passed (default 500 ms) or somebody waits for it
	// ([Stream.Save]). It may take as long as a disk does. At the end it gets what
	// [Stream.Suspend] returns, or nil after [Stream.Close], when there is nothing to go on
	// with. An error is reported ([Config.Failed]), and the next state comes after SaveEvery.
	//
	// The peer is told only of such stanzas as handled that a state which was saved counts
	// as handled. So none is lost by a kill, and those that were handled since come again:
	// see [Redelivered]. What was sent is a part of the next state, until the peer has
	// acknowledged it.
	Save func(v *Suspended) error
	// SaveEvery is how much time passes between states at least.
	SaveEvery time.Duration
	// Resend sends messages again that the peer has not acknowledged when the session is
	// lost: in the next one, with a delay that says when they were sent (XEP-0203), and their
	// id as origin-id (XEP-0359), by which those who get one twice can tell. Messages without
	// an id get one. Without it they are [Lost], and with it those over which five sessions have
	// ended: the peer may end them because of the message.
	Resend bool
}

func (m Management) withDefaults() Management {
	m.AckEvery = or(m.AckEvery, 10)
	m.AckAfter = or(m.AckAfter, 3*time.Second)
	m.MaxUnacked, m.MaxUnackedBytes = or(m.MaxUnacked, 1000), or(m.MaxUnackedBytes, 1<<20)
	m.AnswerWithin = or(m.AnswerWithin, time.Second)
	m.SaveEvery = or(m.SaveEvery, 500*time.Millisecond)
	return m
}

// management is the state of XEP-0198 of a stream.
type management struct {
	s   *Stream
	cfg Management // immutable
	in  received
	out unacked // guarded by writer.mu

	keeper *keeper // nil if nobody saves
	copies copies  // of the goroutine that reads
	began  bool    // of the goroutine that reads: there was a session

	unanswered int // of the goroutine that reads: how many attempts in a row to resume the session
	deaf       int // of the goroutine that reads: see gotNowhere

	mu       sync.Mutex
	id       string        // guarded by mu: what the peer calls the session; "" if it can't be resumed
	location string        // guarded by mu: where the peer wants it to be resumed
	keep     time.Duration // guarded by mu: how long the peer keeps it; 0 if it does not say
}

func newManagement(s *Stream, cfg Management) *management {
	m := &management{s: s, cfg: cfg.withDefaults()}
	m.in.within = m.cfg.AnswerWithin
	m.in.answer = s.out.answerSoon
	m.out.cfg, m.out.s = m.cfg, s
	if m.cfg.Save != nil {
		m.keeper = &keeper{s: s, save: m.cfg.Save, every: m.cfg.SaveEvery}
		m.in.keeper = m.keeper
	}
	return m
}

// resumeSaved takes up the session that the configuration has, if it makes sense.
func (m *management) resumeSaved() {
	v := m.cfg.Resume
	if v == nil {
		return
	}
	if err := m.restore(v); err != nil {
		m.s.cfg.Logger.Warn("a suspended session is not resumed", "error", err)
		m.id, m.location = "", ""
		m.s.suspended = false
	}
}

// ErrCounters is an acknowledgement that does not fit what was sent.
var ErrCounters = errors.New("stream: the peer acknowledges what it cannot have got")

// nonza handles what the peer says about the session. The reader calls it.
func (m *management) nonza(c *Conn, r wire.Raw) error {
	switch r.Local() {
	case "r":
		m.in.request()
	case "a":
		var a sm.Ack
		if err := a.DecodeXML(r); err != nil {
			return &Error{Condition: InvalidXML, Text: err.Error(), Sent: true, Err: err}
		}
		if err := m.s.out.acked(a.Handled); err != nil {
			return err
		}
		m.copies.resumed = false // it was asked behind what it sends again
		m.deaf = 0
		m.s.pulse.answered()
	case "enabled":
		var e sm.Enabled
		if err := e.DecodeXML(r); err != nil {
			return &Error{Condition: InvalidXML, Text: err.Error(), Sent: true, Err: err}
		}
		m.enabled(c, &e)
	case "failed":
		if m.s.out.unmanaged() { // nothing else was asked for that could fail
			emit(m.s, Managed{})
		}
	default:
		return &Error{Condition: UnsupportedStanzaType, Text: r.Local(), Sent: true}
	}
	return nil
}

// enabled begins to count what is received.
func (m *management) enabled(c *Conn, e *sm.Enabled) {
	if !m.s.out.managed() {
		return // nobody has asked
	}
	m.in.reset()
	m.mu.Lock()
	m.id, m.location, m.keep = "", "", 0
	if e.Resume {
		m.id, m.location = strings.Clone(e.ID), strings.Clone(e.Location)
		if e.Max != nil {
			m.keep = time.Duration(*e.Max) * time.Second
		}
		c.resumable = m.id != ""
	}
	told := Managed{On: true, Resumable: m.id != "", Keep: m.keep}
	m.mu.Unlock()
	m.keeper.touch()
	emit(m.s, told)
}

// forget is when the session is over for good. It is for the goroutine that reads.
func (m *management) forget() {
	m.unanswered, m.deaf = 0, 0
	m.mu.Lock()
	m.id, m.location, m.keep = "", "", 0
	m.mu.Unlock()
}

// begin is called before the output of a session opens.
func (m *management) begin(c *Conn) {
	lost := m.began
	m.began = true
	if c.resumed {
		m.in.resumed()
		m.s.out.resume(m.copies.resumed)
		return
	}
	m.copies = copies{delayed: lost}
	m.forget()
	first := ""
	if c.enable {
		first = m.enableXML()
	}
	m.s.out.renew(first, c.enable || c.enabled != nil)
	if c.enabled != nil {
		m.enabled(c, c.enabled)
		c.enabled = nil
	}
}

func (m *management) enableRequest() *sm.Enable {
	e := &sm.Enable{Resume: true}
	if m.cfg.Max > 0 {
		seconds := uint32(min((m.cfg.Max-1)/time.Second+1, 1<<31))
		e.Max = &seconds
	}
	return e
}

func (m *management) enableXML() string {
	b, _ := m.enableRequest().AppendXML(nil, wire.NSClient) // numbers and bools
	return string(b)
}

// Managed reports whether the stream uses stream management ([Config.Management]).
func (c *Conn) Managed() bool { return c.sm != nil }

// EnableRequest returns what asks the peer to manage the session that is about to begin,
// for who sends it as a part of something else; the answer goes to [Conn.Enabled].
func (c *Conn) EnableRequest() *sm.Enable { return c.sm.enableRequest() }

// Enabled says that the peer manages the session that is about to begin.
func (c *Conn) Enabled(e *sm.Enabled) { c.enabled = e }

// Enable says that the session is to begin with a request to manage it.
func (c *Conn) Enable() { c.enable = c.sm != nil }

// ResumeLocation returns where the peer wants the session to be resumed, host:port, "" if
// there is no session to resume or the peer does not mind.
func (s *Stream) ResumeLocation() string {
	if s.sm == nil {
		return ""
	}
	s.sm.mu.Lock()
	defer s.sm.mu.Unlock()
	return s.sm.location
}

// Resumable reports whether there is a session which the peer keeps for a connection to
// come, and how long it does, as far as it has said so.
func (s *Stream) Resumable() (keep time.Duration, ok bool) {
	if s.sm == nil {
		return 0, false
	}
	s.sm.mu.Lock()
	defer s.sm.mu.Unlock()
	return s.sm.keep, s.sm.id != ""
}

// received counts the stanzas that came in, and those of them that were handled: the
// handlers of these and of all before them have finished.
type received struct {
	within time.Duration // immutable
	answer func()        // immutable: sends what was handled, soon
	keeper *keeper       // immutable: nil if nobody saves

	mu    sync.Mutex
	base  uint64 // guarded by mu: the number of the session's first stanza
	next  uint64 // guarded by mu: the number of the next
	first uint64 // guarded by mu: the number of the first that is not handled
	saved uint64 // guarded by mu: the number of the first that no saved state counts
	skip  uint64 // guarded by mu: how many will come that are in the queue already

	offered  uint64 // guarded by mu: the number of the first that the peer is asked for
	offering bool   // guarded by mu: it was, and has not answered

	open   []uint16 // guarded by mu: what is still to finish of first, first+1...
	said   uint32   // guarded by mu: the last count that the peer was told
	asked  bool     // guarded by mu: the peer wants to know
	owed   bool     // guarded by mu: it was told, but not all yet
	want   uint64   // guarded by mu: once all before are handled
	parted bool     // guarded by mu: the peer was told the last count
	timer  *time.Timer
	closed bool // guarded by mu
}

// take numbers a stanza, unless it comes too late to be acknowledged.
func (r *received) take() (n uint64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.parted {
		return 0, false
	}
	if r.skip > 0 {
		r.skip--
		return 0, false
	}
	n = r.next
	r.next++
	r.open = append(r.open, 1)
	return n, true
}

// hold says that one more handler is at a stanza.
func (r *received) hold(n uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[n-r.first]++
}

// done says that one has finished.
func (r *received) done(n uint64) {
	if r.finish(n) {
		r.answer()
	}
}

// finish is done without the answer, of which it reports whether it is due.
func (r *received) finish(n uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[n-r.first]--
	i := 0
	for i < len(r.open) && r.open[i] == 0 {
		i++
	}
	if i > 0 {
		r.first += uint64(i)
		if i == len(r.open) {
			r.open = r.open[:0]
			if cap(r.open) > 64 {
				r.open = nil
			}
		} else {
			r.open = r.open[i:]
		}
	}
	if i > 0 {
		r.keeper.touch()
	}
	return (r.asked || r.owed) && r.sure() >= r.want && r.tell()
}

// request is the peer's question.
func (r *received) request() {
	if r.askedFor() {
		r.answer()
	}
}

// askedFor is request without the answer, of which it reports whether it is due.
func (r *received) askedFor() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.sure() == r.next:
		return r.tell()
	case !r.asked:
		// soon, but not before the handlers had a chance
		r.asked, r.want = true, r.next
		if r.timer == nil {
			r.timer = time.AfterFunc(r.within, r.late)
		} else {
			r.timer.Reset(r.within)
		}
	}
	return false
}

// late is when the handlers had their chance. The peer learns of the rest when they have
// finished.
func (r *received) late() {
	r.mu.Lock()
	due := r.asked && r.tell()
	r.owed = due && int32(uint32(r.want-r.base)-r.said) > 0
	r.mu.Unlock()
	if due {
		r.answer()
	}
}

// tell says that the answer is due, unless there is no one to tell. The caller holds mu,
// and answers without it: the writer's lock, under which count takes mu, comes first.
func (r *received) tell() bool {
	r.quiet()
	return !r.closed
}

// reset begins a session.
func (r *received) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.base, r.said, r.skip = r.next, 0, 0
	r.saved, r.offering = r.next, false
	r.quiet()
}

// resumed begins the next connection of a session, in which the peer was told what was
// received.
func (r *received) resumed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.next
	if r.offering {
		n = r.offered
	}
	r.said, r.skip, r.offering = uint32(n-r.base), r.next-n, false
	r.quiet()
}

// quiet forgets the peer's question. The caller holds mu.
func (r *received) quiet() {
	r.asked, r.owed = false, false
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
}

// receivedCount is for resuming: what waits in the queue is safe there.
func (r *received) receivedCount() uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.offered, r.offering = r.kept(), true
	return uint32(r.offered - r.base)
}

// kept is the number of the first stanza that is not safe: those before are in the queue,
// or, where a state is saved because the queue is not, in that. The others will come again.
// The caller holds mu.
func (r *received) kept() uint64 {
	if r.keeper == nil {
		return r.next
	}
	return max(r.sure(), r.base)
}

// count returns what to tell the peer.
func (r *received) count() uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.say(max(r.sure(), r.base))
}

// part returns what to tell the peer at the end: all that was received will be handled, and
// nothing that comes later is taken.
func (r *received) part() uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parted = true
	return r.say(r.next)
}

// say returns the count of the stanzas before the one with number n, but never less than
// what was said before. The caller holds mu.
func (r *received) say(n uint64) uint32 {
	if h := uint32(n - r.base); int32(h-r.said) > 0 {
		r.said = h
	}
	return r.said
}

// close stops the timer.
func (r *received) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.quiet()
}
