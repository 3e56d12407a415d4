package xmpptest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// ErrInboxFull is returned by [User.Receive] when stanzas for the user were dropped
// because too many were waiting; see [Config].
var ErrInboxFull = errors.New("xmpptest: the user's inbox was full, and stanzas were dropped")

// A User is a user of a [Server], or a whole service, without a client: a test sends and
// receives in the user's name. Nothing is answered for the user. Its methods may be called
// from any goroutine.
type User struct {
	srv  *Server
	addr jid.JID // immutable

	mu      sync.Mutex
	inbox   []stanza.Stanza     // guarded by mu
	dropped bool                // guarded by mu
	pending map[string]*request // guarded by mu, by id
	closed  bool                // guarded by mu
	more    chan struct{}       // of capacity 1: there is something to receive
}

// request is an IQ whose answer is awaited.
type request struct {
	to     jid.JID
	answer chan *stanza.IQ // of capacity 1; closed with the server
}

// JID returns the user's address.
func (u *User) JID() jid.JID { return u.addr }

// Send sends a stanza in the user's name, whose address it gets unless it has a sender;
// one without a recipient is for the user's own account, or, a presence, for nobody. What is delivered is what would
// be read from a connection. It is an error if the stanza cannot be written as XML or
// reads differently, or if the sender is somebody else. What cannot be delivered is no
// error: the user receives the answer to it.
func (u *User) Send(st stanza.Stanza) error {
	st = stanza.Clone(st)
	a := st.Attributes()
	switch {
	case a.From.IsZero():
		stanza.SetFrom(st, u.addr)
	case a.From != u.addr && !(u.isService() && a.From.Domain() == u.addr.Domain()):
		return fmt.Errorf("xmpptest: %s cannot send from %s", u.addr, a.From)
	}
	_, presence := st.(*stanza.Presence)
	broadcast := presence && a.To.IsZero()
	if a.To.IsZero() && !broadcast {
		stanza.SetTo(st, u.addr.Bare())
	}
	if q, ok := st.(*stanza.IQ); ok && q.ID == "" {
		q.ID = stream.NewID()
	}
	st, err := reparse(st)
	if err != nil {
		return err
	}
	u.mu.Lock()
	closed := u.closed
	u.mu.Unlock()
	if closed {
		return ErrClosed
	}
	if hook := u.srv.cfg.OnStanza; hook != nil {
		hook(stream.In, u.addr, st)
	}
	if !broadcast { // nobody is subscribed to anybody here
		u.srv.route(st, nil)
	}
	return nil
}

// SendXML is [User.Send] for a stanza that is given as text, in which a missing namespace
// means jabber:client. The payloads may be whatever is well-formed.
func (u *User) SendXML(text string) error {
	st, err := parse(text)
	if err != nil {
		return err
	}
	return u.Send(st)
}

func (u *User) isService() bool { return u.addr == u.addr.DomainJID() }

// take puts a stanza into the inbox, or gives it to the request that it answers.
func (u *User) take(st stanza.Stanza) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return
	}
	if q, ok := st.(*stanza.IQ); ok && !q.IsRequest() {
		if r := u.pending[q.ID]; r != nil && r.to == q.From {
			delete(u.pending, q.ID)
			r.answer <- q
			return
		}
	}
	if len(u.inbox) >= u.srv.cfg.Inbox {
		u.dropped = true
		return
	}
	u.inbox = append(u.inbox, st)
	u.signal()
}

// signal wakes one who receives. The caller holds mu.
func (u *User) signal() {
	select {
	case u.more <- struct{}{}:
	default:
	}
}

// close ends every wait.
func (u *User) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	for id, r := range u.pending {
		delete(u.pending, id)
		close(r.answer)
	}
	u.signal()
}

// Receive returns the next stanza for the user, in the order of arrival, and waits for
// one. The answers that [User.Request] and [Call] take are not among them. The error is
// that of ctx, [ErrInboxFull] behind the last stanza before the loss, or [ErrClosed] when
// the server is closed and nothing is left.
func (u *User) Receive(ctx context.Context) (stanza.Stanza, error) {
	for {
		if st, err := u.poll(); st != nil || err != nil {
			return st, err
		}
		select {
		case <-u.more:
		case <-ctx.Done():
			// what is there counts, even late
			if st, err := u.poll(); st != nil || err != nil {
				return st, err
			}
			return nil, ctx.Err()
		}
	}
}

// poll returns the next stanza, if there is one.
func (u *User) poll() (stanza.Stanza, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case len(u.inbox) > 0:
		st := u.inbox[0]
		u.inbox[0] = nil
		u.inbox = u.inbox[1:]
		if len(u.inbox) == 0 {
			u.inbox = nil
		}
		u.signal()
		return st, nil
	case u.dropped:
		u.dropped = false
		u.signal()
		return nil, ErrInboxFull
	case u.closed:
		u.signal()
		return nil, ErrClosed
	}
	return nil, nil
}

// Pending returns how many stanzas wait to be received.
func (u *User) Pending() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.inbox)
}

// Drain drops what waits to be received, and returns it.
func (u *User) Drain() []stanza.Stanza {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := u.inbox
	u.inbox = nil
	return all
}

// Request sends an IQ request and waits for its answer, which may be an error IQ. A
// request without an id gets one. Only an answer from whom was asked counts; any other
// goes to the inbox. The error is that of ctx, that of [User.Send], or [ErrClosed].
func (u *User) Request(ctx context.Context, q *stanza.IQ) (*stanza.IQ, error) {
	if !q.IsRequest() {
		return nil, errors.New("xmpptest: only an IQ of type get or set is a request")
	}
	sent := *q
	if sent.ID == "" {
		sent.ID = stream.NewID()
	}
	r := &request{to: sent.To, answer: make(chan *stanza.IQ, 1)}
	if r.to.IsZero() {
		r.to = u.addr.Bare()
	}
	u.mu.Lock()
	if u.pending == nil {
		u.pending = map[string]*request{}
	}
	u.pending[sent.ID] = r
	u.mu.Unlock()
	defer func() {
		u.mu.Lock()
		delete(u.pending, sent.ID)
		u.mu.Unlock()
	}()
	if err := u.Send(&sent); err != nil {
		return nil, err
	}
	select {
	case a, ok := <-r.answer:
		if !ok {
			return nil, ErrClosed
		}
		return a, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Call sends a typed IQ request in the user's name and returns the typed answer, as
// xmpp.Call does for a session: an error reply is a *stanza.Error, an answer that does not
// fit its type a *stanza.DecodeError, one without the payload xmpp.ErrEmptyResult.
func Call[R any](ctx context.Context, u *User, to jid.JID, query stanza.Query[R]) (*R, error) {
	answer, err := u.Request(ctx, stanza.NewIQ(query.IQType(), to, query))
	if err != nil {
		return nil, err
	}
	if answer.Type == stanza.IQError {
		if answer.Err == nil {
			return nil, stanza.NewError(stanza.UndefinedCondition, "")
		}
		return nil, answer.Err
	}
	result := query.NewResult()
	d, ok := any(result).(stanza.Decoder)
	if !ok {
		return result, nil
	}
	for name := range answer.Names() {
		if d.Matches(name) && stanza.Fits(d, answer.Raw(name)) {
			if err := d.DecodeXML(answer.Raw(name)); err != nil {
				return nil, err
			}
			return result, nil
		}
	}
	return nil, xmpp.ErrEmptyResult
}
