package boshconn

import (
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"stanza.invalid/gen/httpbind"
	"stanza.invalid/internal/deadline"
	"stanza.invalid/internal/frames"
	"stanza.invalid/stream/wire"
)

// Session is the server's side of a session, as a connection on which a client opens a stream.
type Session struct {
	srv  *Server
	sid  string
	wait time.Duration // immutable, as all that was agreed on
	hold int
	acks bool

	reads, writes *deadline.Deadline

	writing sync.Mutex
	cutter  frames.Cutter // guarded by writing

	mu      sync.Mutex
	changed chan struct{}      // guarded by mu: closed when anything changes
	in      []byte             // guarded by mu: text for who reads
	out     []byte             // guarded by mu: elements for the next answer
	next    uint64             // guarded by mu: the number of the request to be handled next
	early   map[uint64]*held   // guarded by mu: requests that came before others
	open    []*held            // guarded by mu: those that were handled, in order, and not answered
	kept    map[uint64][]byte  // guarded by mu: the last answers
	done    uint64             // guarded by mu: the highest number that was answered
	doneAt  time.Time          // guarded by mu: when
	key     string             // guarded by mu: what the next key has to hash to; "" without keys
	empty   time.Time          // guarded by mu: when a request came that carried nothing and got nothing
	pause   time.Duration      // guarded by mu: until the next request, in place of the usual
	idle    *time.Timer        // guarded by mu: runs while no request is there
	over    bool               // guarded by mu: the client has ended the stream
	ended   bool               // guarded by mu: the session has ended
	told    bool               // guarded by mu: an answer has said so
	cut     bool               // guarded by mu: without a word
	why     httpbind.Condition // guarded by mu: why it has ended; "" for an orderly end
	failing bool               // guarded by mu: an error of the stream was written
}

// held is a request that waits for its answer.
type held struct {
	q      *incomingRequest
	create bool
	report uint64        // the answer that the client seems to miss; 0 for none
	answer []byte        // guarded by Session.mu: nil until done is closed, and after a cut
	done   chan struct{} // closed when there is an answer
	closed bool          // guarded by Session.mu
}

// requests is how many requests a client may send at once.
const requests = 2

// What may wait in a session.
const (
	mostIn  = 1 << 20
	mostOut = 256 << 10
)

func newSession(s *Server, sid string, q *incomingRequest) *Session {
	ses := &Session{
		srv: s, sid: sid, wait: s.cfg.Wait, hold: 1, acks: q.attrs.Ack != nil, next: q.rid, done: q.rid - 1, key: strings.ToLower(q.attrs.NewKey),
		early: map[uint64]*held{}, kept: map[uint64][]byte{}, reads: deadline.New(), writes: deadline.New(),
	}
	if w := q.attrs.Wait; w != nil {
		ses.wait = min(ses.wait, time.Duration(*w)*time.Second)
	}
	if h := q.attrs.Hold; s.cfg.NoHold || h != nil && *h == 0 || ses.wait == 0 {
		ses.hold = 0
	}
	return ses
}

// notify wakes who waits. The caller holds mu.
func (s *Session) notify() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// change returns a channel that is closed at the next change. The caller holds mu.
func (s *Session) change() <-chan struct{} {
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

// serve handles a request, and returns the answer once there is one.
func (s *Session) serve(q *incomingRequest) []byte {
	s.mu.Lock()
	h := &held{q: q, create: q.attrs.SessionID == "", done: make(chan struct{})}
	if b, refused := s.admit(h); refused {
		s.mu.Unlock()
		return b
	}
	s.decide()
	s.mu.Unlock()
	t := time.NewTimer(s.wait)
	defer t.Stop()
	select {
	case <-h.done:
	case <-t.C:
		s.mu.Lock()
		s.answerUpTo(h)
		s.mu.Unlock()
		<-h.done
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return h.answer
}

// admit gives a request its place. It returns an answer if it gets none. The caller holds mu.
func (s *Session) admit(h *held) (_ []byte, refused bool) {
	q := h.q
	if b, ok := s.kept[q.rid]; ok {
		return b, true // the answer was lost (XEP-0124, section 14.3)
	}
	for i, o := range s.open {
		if o.q.rid == q.rid {
			s.replace(o)
			h.create, h.report = o.create, o.report
			s.open[i] = h
			return nil, false
		}
	}
	if o := s.early[q.rid]; o != nil {
		s.replace(o)
		s.early[q.rid] = h
		return nil, false
	}
	switch {
	case s.told:
		return refusal(httpbind.ConditionItemNotFound), true
	case q.rid < s.next, q.rid >= s.next+requests+1:
		s.end(httpbind.ConditionItemNotFound)
		return refusal(httpbind.ConditionItemNotFound), true
	case len(s.open)+len(s.early) >= requests && q.attrs.Pause == nil && q.attrs.Type != httpbind.TypeTerminate:
		s.end(httpbind.ConditionPolicyViolation)
		return refusal(httpbind.ConditionPolicyViolation), true
	}
	s.early[q.rid] = h
	for h := s.early[s.next]; h != nil; h = s.early[s.next] {
		delete(s.early, s.next)
		s.next++
		s.open = append(s.open, h)
		if !s.ended {
			s.handle(h)
		}
	}
	return nil, false
}

// replace answers a request that has come a second time. The caller holds mu.
func (s *Session) replace(old *held) {
	old.answer, _ = appendBody(nil, &httpbind.Body{Type: httpbind.TypeError}, nil)
	old.closed = true
	close(old.done)
}

// reportAfter is after how long an answer that the client does not acknowledge seems lost.
const reportAfter = time.Second

// handle takes what a request brings, in order. The caller holds mu.
func (s *Session) handle(h *held) {
	q := h.q
	if s.idle != nil {
		s.idle.Stop()
		s.idle = nil
	}
	s.pause = 0
	if s.key != "" && !h.create {
		if hashKey(strings.ToLower(q.attrs.Key)) != s.key {
			s.end(httpbind.ConditionItemNotFound)
			return
		}
		s.key = strings.ToLower(q.attrs.Key)
		if q.attrs.NewKey != "" {
			s.key = strings.ToLower(q.attrs.NewKey)
		}
	}
	ack := q.rid - 1
	if a := q.attrs.Ack; a != nil && !h.create {
		ack = *a
	}
	if s.acks && ack < s.done && !h.create && time.Since(s.doneAt) > reportAfter {
		h.report = ack + 1
	}
	nothing := len(q.elements) == 0 && q.attrs.Type == "" && q.attrs.Pause == nil && !q.attrs.XMPPRestart && !h.create
	if nothing && s.srv.cfg.Polling > 0 && !s.empty.IsZero() && time.Since(s.empty) < s.srv.cfg.Polling && s.hold == 0 {
		s.end(httpbind.ConditionPolicyViolation)
		return
	}
	s.empty = time.Time{}
	if nothing {
		s.empty = time.Now()
	}
	if h.create || q.attrs.XMPPRestart {
		s.in, _ = frames.AppendHeader(s.in, frames.Header{To: q.attrs.To.String(), From: q.attrs.From.String(), Version: q.attrs.XMPPVersion, Lang: q.attrs.Lang})
	}
	for _, r := range q.elements {
		s.in, _ = frames.AppendElement(s.in, r)
	}
	if p := q.attrs.Pause; p != nil {
		d := time.Duration(*p) * time.Second
		if d > s.srv.cfg.MaxPause {
			s.end(httpbind.ConditionPolicyViolation)
			return
		}
		s.pause = d
	}
	if q.attrs.Type == httpbind.TypeTerminate && !s.over {
		s.in = append(s.in, frames.Footer...)
		s.over = true
		s.end("")
	}
	if len(s.in) > mostIn {
		s.end(httpbind.ConditionPolicyViolation)
	}
	s.notify()
}

// decide answers what is to be answered. The caller holds mu.
func (s *Session) decide() {
	for len(s.open) > 0 {
		h := s.open[0]
		switch {
		case s.ended, len(s.out) > 0, len(s.open) > s.hold, s.pause > 0, h.report > 0 && !h.create:
			s.answer(h)
			continue
		}
		break
	}
	if len(s.open) == 0 && s.idle == nil && !s.ended {
		d := s.srv.cfg.Inactivity
		if s.pause > 0 {
			d = s.pause
		}
		s.idle = time.AfterFunc(d, s.expire)
	}
}

// answerUpTo answers a request, and those before it. The caller holds mu.
func (s *Session) answerUpTo(h *held) {
	for !h.closed && len(s.open) > 0 {
		s.answer(s.open[0])
	}
	s.decide()
}

// answer answers the oldest request. The caller holds mu.
func (s *Session) answer(h *held) {
	attrs := &httpbind.Body{}
	if h.create {
		s.describe(attrs, h.q)
	}
	if got := s.next - 1; s.acks && !h.create && got != h.q.rid {
		attrs.Ack = &got
	}
	if h.report > 0 && s.kept[h.report] != nil {
		ms := uint64(time.Since(s.doneAt) / time.Millisecond)
		attrs.Report, attrs.Time = &h.report, &ms
	}
	payload := s.out
	if s.pause > 0 {
		payload = nil
	} else {
		s.out = nil
	}
	if s.ended && !s.told {
		s.told = true
		attrs.Type, attrs.Condition = httpbind.TypeTerminate, s.why
		if s.failing && s.why == "" {
			attrs.Condition = httpbind.ConditionRemoteStreamError
		}
	}
	if len(payload) > 0 {
		s.empty = time.Time{}
	}
	b, err := appendBody(nil, attrs, payload)
	if err != nil {
		b = refusal(httpbind.ConditionInternalServerError)
	}
	if h.answer = b; s.cut {
		h.answer = nil
	}
	s.open = s.open[1:]
	s.done, s.doneAt = h.q.rid, time.Now()
	if s.pause == 0 && !s.cut {
		s.kept[h.q.rid] = b
		for rid := range s.kept {
			if rid+requests+1 <= h.q.rid {
				delete(s.kept, rid)
			}
		}
	}
	h.closed = true
	close(h.done)
	s.notify()
}

// describe says what the session is like. The caller holds mu.
func (s *Session) describe(b *httpbind.Body, q *incomingRequest) {
	cfg := s.srv.cfg
	secs := func(d time.Duration) *uint16 {
		n := uint16(d / time.Second)
		return &n
	}
	n, hold := uint8(requests), uint8(s.hold)
	b.SessionID, b.Wait, b.Requests, b.Hold, b.Ver, b.From = s.sid, secs(s.wait), &n, &hold, version, q.attrs.To
	b.Inactivity = secs(cfg.Inactivity)
	b.XMPPVersion, b.XMPPRestartLogic = "1.0", true
	if cfg.Polling > 0 {
		b.Polling = secs(cfg.Polling)
	}
	if cfg.MaxPause > 0 {
		b.MaxPause = secs(cfg.MaxPause)
	}
	if s.acks {
		b.Ack = &q.rid
	}
}

// end ends the session. Who misses the last answers can still ask for them. The caller holds
// mu.
func (s *Session) end(why httpbind.Condition) {
	if s.ended {
		return
	}
	s.ended, s.why = true, why
	if s.idle != nil {
		s.idle.Stop()
	}
	s.idle = time.AfterFunc(s.srv.cfg.Inactivity, func() { s.srv.forget(s.sid) })
	for _, h := range s.early {
		h.closed, h.answer = true, refusal(httpbind.ConditionItemNotFound)
		close(h.done)
	}
	clear(s.early)
	s.notify()
}

// expire ends a session whose client has gone.
func (s *Session) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) > 0 || s.ended {
		return
	}
	s.cut = true
	s.end("")
	s.srv.forget(s.sid)
}

// Read returns text of the stream.
func (s *Session) Read(p []byte) (int, error) {
	for {
		s.mu.Lock()
		late := s.reads.Passed()
		if isClosed(late) {
			s.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		}
		if n := copy(p, s.in); n > 0 && !s.cut {
			if s.in = s.in[n:]; len(s.in) == 0 {
				s.in = nil
			}
			s.mu.Unlock()
			return n, nil
		}
		if s.ended {
			s.mu.Unlock()
			return 0, io.EOF
		}
		changed := s.change()
		s.mu.Unlock()
		select {
		case <-changed:
		case <-late:
		}
	}
}

// Write sends the elements that b completes.
func (s *Session) Write(b []byte) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	err := s.cutter.Cut(b, func(p frames.Piece) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		for len(s.out) > mostOut && !s.ended {
			if s.decide(); len(s.out) == 0 {
				break // a request had waited for it
			}
			changed := s.change()
			s.mu.Unlock()
			late := false
			select {
			case <-changed:
			case <-s.writes.Passed():
				late = true
			}
			s.mu.Lock()
			if late {
				return os.ErrDeadlineExceeded
			}
		}
		switch {
		case s.cut:
			return io.ErrClosedPipe
		case p.Kind == wire.Header:
		case p.Kind == wire.Footer:
			s.end("")
		default:
			s.failing = s.failing || p.Root.Is(wire.NSStream, "error")
			s.out = append(s.out, p.Text...)
		}
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.decide()
	if err != nil {
		return 0, err
	}
	return len(b), nil
}

// Close ends the session, without a word if the stream was not closed.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.cut = true
		s.end("")
		s.srv.forget(s.sid)
	}
	s.decide()
	return nil
}

// LocalAddr returns something, as every net.Conn does.
func (*Session) LocalAddr() net.Addr { return &net.TCPAddr{} }

// RemoteAddr returns no address of use: the requests of a session come from anywhere.
func (*Session) RemoteAddr() net.Addr { return &net.TCPAddr{} }

// SetDeadline bounds reads and writes.
func (s *Session) SetDeadline(t time.Time) error {
	s.reads.Set(t)
	s.writes.Set(t)
	return nil
}

// SetReadDeadline bounds reads.
func (s *Session) SetReadDeadline(t time.Time) error { s.reads.Set(t); return nil }

// SetWriteDeadline bounds writes.
func (s *Session) SetWriteDeadline(t time.Time) error { s.writes.Set(t); return nil }

var _ net.Conn = (*Session)(nil)
