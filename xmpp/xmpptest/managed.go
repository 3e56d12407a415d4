package xmpptest

import (
	"errors"
	"fmt"
	"time"

	"stanza.invalid/gen/csi"
	"stanza.invalid/gen/sm"
	"stanza.invalid/gen/stanzaerror"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// managed is the server's side of stream management (XEP-0198).
type managed struct {
	id      string   // of a session that can be resumed
	in      uint32   // stanzas taken from the client
	acked   uint32   // stanzas that the client has acknowledged
	unacked [][]byte // what was sent behind them
	every   int      // an acknowledgement is asked for each so many stanzas
}

const askForAck = "<r xmlns='" + sm.NS + "'/>"

// queue keeps a stanza until it is acknowledged, and returns what to send.
func (m *managed) queue(b []byte) []byte {
	m.unacked = append(m.unacked, b)
	if len(m.unacked)%m.every == 0 {
		b = append(b[:len(b):len(b)], askForAck...)
	}
	return b
}

// ack takes an acknowledgement.
func (m *managed) ack(h uint32) error {
	n := h - m.acked // wraps at 2^32
	if uint64(n) > uint64(len(m.unacked)) {
		return &stream.Error{Condition: stream.UndefinedCondition, Text: fmt.Sprintf("h is %d; the last was %d, and %d stanzas were sent since", h, m.acked, len(m.unacked))}
	}
	m.acked = h
	m.unacked = m.unacked[n:]
	return nil
}

// enable starts stream management for a client.
func (s *Server) enable(c *conn, e *sm.Enable) {
	r := c.resource
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = c.write(s.manage(r, e))
}

// manage is enable without the answer, which it returns. The caller holds resource.mu.
func (s *Server) manage(r *resource, e *sm.Enable) stanza.Payload {
	if r.managed != nil {
		return &sm.Failed{Condition: stanzaerror.ConditionUnexpectedRequest}
	}
	r.managed = &managed{every: s.cfg.AckEvery}
	on := &sm.Enabled{}
	if e.Resume {
		r.managed.id = stream.NewID()
		on.Resume, on.ID = true, r.managed.id
		seconds := uint32(s.cfg.Resumption.Seconds())
		on.Max, on.Location = &seconds, s.cfg.Location
	}
	return on
}

// resume gives a client the session that it had (XEP-0198, section 5); answer sends what it
// is told about that.
func (s *Server) resume(c *conn, q *sm.Resume, answer func(p stanza.Payload) error) (bool, error) {
	var r *resource
	s.mu.Lock()
	all := s.accounts[c.user].list(func(*resource) bool { return true })
	refuse, ignore := s.refuseResume > 0, s.ignoreResume > 0
	switch {
	case ignore:
		s.ignoreResume--
	case refuse:
		s.refuseResume--
	}
	s.mu.Unlock()
	if ignore {
		return false, c.ignore()
	}
	for _, o := range all { // its lock comes before the server's
		o.mu.Lock()
		if o.managed != nil && o.managed.id == q.PreviousID && q.PreviousID != "" {
			r = o
		}
		o.mu.Unlock()
	}
	if r == nil || refuse {
		return false, answer(&sm.Failed{Condition: stanzaerror.ConditionItemNotFound})
	}
	s.mu.Lock()
	old := r.conn
	s.mu.Unlock()
	if old != nil {
		// what it has sent counts first
		old.expel(stream.Conflict)
		<-old.gone
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.mu.Lock()
	if r.ended || r.conn != nil || r.managed == nil {
		s.mu.Unlock()
		return false, answer(&sm.Failed{Condition: stanzaerror.ConditionItemNotFound})
	}
	if r.expiry != nil {
		r.expiry.Stop()
	}
	r.conn, c.resource, r.inactive = c, r, false
	s.notify()
	s.mu.Unlock()
	if err := r.managed.ack(q.Handled); err != nil {
		return false, err
	}
	if err := answer(&sm.Resumed{PreviousID: q.PreviousID, Handled: r.managed.in}); err != nil {
		return false, err
	}
	for _, b := range r.managed.unacked {
		if err := c.out.put(b); err != nil {
			return false, err
		}
	}
	if err := s.releaseLocked(r); err != nil { // every stream begins with somebody who looks
		return false, err
	}
	return true, c.out.put([]byte(askForAck))
}

// RefuseResume makes the server refuse the next n attempts to resume a session, as if it
// had forgotten it.
func (s *Server) RefuseResume(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuseResume = n
}

// IgnoreResume makes the server leave the next n attempts to resume a session without an
// answer, as long as the client waits.
func (s *Server) IgnoreResume(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ignoreResume = n
}

// ignore reads on until the client goes.
func (c *conn) ignore() error {
	_ = c.raw.SetReadDeadline(time.Time{})
	for {
		if _, err := c.element(); err != nil {
			return err
		}
	}
}

// nonza handles what a client sends beside stanzas.
func (c *conn) nonza(r wire.Raw) error {
	res := c.resource
	switch {
	case r.Is(wire.NSStream, "error"):
		return errPeerError
	case r.Is(sm.NS, "r"):
		res.mu.Lock()
		defer res.mu.Unlock()
		if res.managed != nil && !c.srv.dropsAcks() {
			return c.write(&sm.Ack{Handled: res.managed.in})
		}
		return nil
	case r.Is(sm.NS, "a"):
		a, err := stanza.Decode[sm.Ack](r)
		if err != nil {
			return &stream.Error{Condition: stream.InvalidXML}
		}
		res.mu.Lock()
		defer res.mu.Unlock()
		if res.managed == nil {
			return nil
		}
		return res.managed.ack(a.Handled)
	case r.Is(sm.NS, "enable"):
		e, err := stanza.Decode[sm.Enable](r)
		if err != nil {
			return &stream.Error{Condition: stream.InvalidXML}
		}
		c.srv.enable(c, e)
		return nil
	case r.Is(csi.NS, "active"), r.Is(csi.NS, "inactive"):
		c.srv.setInactive(res, r.Local() == "inactive")
		if r.Local() == "active" {
			c.srv.release(res)
		}
		return nil
	}
	return &stream.Error{Condition: stream.UnsupportedStanzaType}
}

var errPeerError = errors.New("xmpptest: the client has ended the stream with an error")

// DropAcks makes the server keep silent about what it has handled, or speak again.
func (s *Server) DropAcks(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropAcks = on
}

func (s *Server) dropsAcks() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropAcks
}
