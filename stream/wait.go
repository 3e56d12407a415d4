package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// ErrWouldBlock is returned for a wait on the dispatcher that could never end, because
// what it waits for comes through the queue that it holds up. Use [Concurrent].
var ErrWouldBlock = errors.New("stream: waiting here would block the queue for ever")

// pending is a request whose answer has not come.
type pending struct {
	to     jid.JID
	answer chan *stanza.IQ // of capacity 1
}

// waiters are those who get their stanzas at the reader.
type waiters struct {
	calls atomic.Int32 // len(byID)
	lists atomic.Int32 // len(all) of those with compiled matchers
	users atomic.Int32 // len(all) of those with the user's own

	mu   sync.Mutex
	byID map[string]*pending // guarded by mu
	all  []*Collector        // guarded by mu
}

// Request sends an IQ request and waits for the answer, which may be an error IQ. It
// gives the request an id that nobody can predict. Only an answer from whom the
// request went to counts (RFC 6120, section 8.1.2.1). When ctx has no deadline, it
// waits for a minute at most. When time is up, it returns an error that is [ErrTimeout];
// on cancellation one that wraps ctx.Err(); when the session ends, [ErrDisconnected];
// when the stream does, that or [ErrClosed].
func (s *Stream) Request(ctx context.Context, q *stanza.IQ) (*stanza.IQ, error) {
	if !q.IsRequest() {
		return nil, errors.New("stream: only an IQ of type get or set is a request")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sent := *q
	sent.ID = NewID()
	out := s.prepare(&sent)
	if out == nil {
		return nil, ErrFiltered
	}
	request, ok := out.(*stanza.IQ)
	if !ok || !request.IsRequest() || request.ID == "" {
		return nil, fmt.Errorf("%w: it made something else of it", ErrFiltered)
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, requestTimeout)
		defer cancel()
	}
	p := &pending{to: request.To, answer: make(chan *stanza.IQ, 1)}
	s.waiters.expect(request.ID, p)
	defer s.waiters.forget(request.ID, p)
	if err := s.SendElement(ctx, request); err != nil {
		return nil, err
	}
	r := s.enterWait(ctx)
	defer r.leave()
	select {
	case a := <-p.answer:
		return answerOf(a)
	case <-ctx.Done():
		return nil, waitError(ctx)
	case <-s.ended.wait():
		select {
		case a := <-p.answer:
			return answerOf(a)
		default:
			return nil, ErrClosed
		}
	}
}

// requestTimeout is for requests without a deadline.
const requestTimeout = time.Minute

func answerOf(a *stanza.IQ) (*stanza.IQ, error) {
	if a == nil {
		return nil, ErrDisconnected
	}
	return a, nil
}

// waitError is what a wait ends with when its context does.
func waitError(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.Join(ErrTimeout, ctx.Err())
	}
	return ctx.Err()
}

func (w *waiters) expect(id string, p *pending) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byID == nil {
		w.byID = map[string]*pending{}
	}
	w.byID[id] = p
	w.calls.Store(int32(len(w.byID)))
}

func (w *waiters) forget(id string, p *pending) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byID[id] == p {
		w.delete(id)
	}
}

// delete forgets a request. The caller holds mu.
func (w *waiters) delete(id string) {
	delete(w.byID, id)
	if len(w.byID) == 0 {
		w.byID = nil // an idle stream keeps little
	}
	w.calls.Store(int32(len(w.byID)))
}

// answer gives an IQ result or error to the request that it answers, and reports
// whether there is one. The reader calls it.
func (s *Stream) answer(q *stanza.IQ) bool {
	w := &s.waiters
	if w.calls.Load() == 0 {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.byID[q.ID]
	if p == nil || !s.answers(p.to, q.From) {
		return false
	}
	w.delete(q.ID)
	p.answer <- q
	return true
}

// answers reports whether an answer from an address belongs to a request that went to
// another (RFC 6120, section 8.1.2.1): they are equal, or one of them is absent and stands
// for whom its absence means. A request without an address goes to one's own account, or
// to the peer if the account is the stream's own domain, as a component's is; an answer
// without a sender can only come from one's own server.
func (s *Stream) answers(to, from jid.JID) bool {
	if to == from {
		return true
	}
	o := s.origin.Load()
	if o == nil || o.Account.IsZero() {
		return to.IsZero() && from == s.cfg.Header.To && !from.IsZero()
	}
	own := o.Account.Bare()
	switch {
	case to.IsZero():
		return from == own || from == o.Account || own.Local() == "" && from == o.Server
	case from.IsZero():
		return to == own || to == o.Server
	}
	return false
}

// drop ends all waits for answers: the stream that would have brought them is gone.
func (w *waiters) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.byID {
		p.answer <- nil
	}
	w.byID = nil
	w.calls.Store(0)
}
