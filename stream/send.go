package stream

import (
	"context"
	"errors"
	"time"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// Send sends a stanza. It returns once the bytes are in the output buffer, for which it
// waits if there is no room; before the session starts and between connections they stay
// there. [Stream.Flush] awaits more. An IQ request without an id gets one. A stanza that
// cannot be written as XML is a *wire.EncodeError and leaves nothing behind. Stanzas that
// one goroutine sends leave in that order.
func (s *Stream) Send(ctx context.Context, st stanza.Stanza) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if st = s.prepare(st); st == nil {
		return nil
	}
	return s.SendElement(ctx, st)
}

// prepare returns what is to be sent in place of a stanza, nil if a filter dropped it.
func (s *Stream) prepare(st stanza.Stanza) stanza.Stanza {
	if q, ok := st.(*stanza.IQ); ok && q.ID == "" && q.IsRequest() {
		q.ID = NewID()
	}
	// what is changed here is a copy: the sender may use the stanza again
	mine := false
	if m, ok := st.(*stanza.Message); ok && m.ID == "" && s.sm != nil && s.sm.cfg.Resend {
		m = m.Clone()
		m.ID = NewID()
		st, mine = m, true
	}
	if s.cfg.StampFrom && st.Attributes().From.IsZero() {
		if !mine {
			st, mine = stanza.Clone(st), true
		}
		stanza.SetFrom(st, s.Local())
	}
	if !s.filters.any(Out) {
		return st
	}
	if !mine {
		st = stanza.Clone(st)
	}
	return s.filters.run(Out, st, s)
}

// SendElement is Send for an element of any kind, past the filters.
func (s *Stream) SendElement(ctx context.Context, p stanza.Payload) error {
	return s.sendElement(ctx, p, nil)
}

func (s *Stream) sendElement(ctx context.Context, p stanza.Payload, d *Delivery) error {
	b, err := encode(p, wire.NSClient)
	if err != nil {
		return err
	}
	defer giveBack(b)
	n := mark{d: d}
	if s.sm != nil {
		n.stanza = isStanza(p)
	}
	if s.cfg.Queued != nil {
		n.queued = func() { s.cfg.Queued(p) }
	}
	return s.out.put(ctx, *b, n)
}

// isStanza reports whether an element is a stanza.
func isStanza(p stanza.Payload) bool {
	if _, ok := p.(stanza.Stanza); ok {
		return true
	}
	n := p.WireName()
	if n.Space != wire.NSClient {
		return false
	}
	switch n.Local {
	case "message", "presence", "iq":
		return true
	}
	return false
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
	return s.out.put(ctx, b, mark{})
}

// Flush waits until all that was sent so far has been handed to the transport.
func (s *Stream) Flush(ctx context.Context) error { return s.out.drain(ctx) }

// Requeue replaces what waits to be written by the elements that f returns, however many
// bytes they have. It is for resuming a session (XEP-0198), from a [Negotiator]: what the
// peer has not acknowledged comes first, and what [Config.Queued] has seen is not sent
// twice. f is called with the output locked, as Queued is, which is not called for these
// elements. If one cannot be written as XML, nothing is changed. With [Config.Management] the
// stream does all of this itself, and Requeue is an error.
func (s *Stream) Requeue(f func() []stanza.Payload) error {
	if s.sm != nil {
		return errManaged
	}
	return s.out.requeue(f)
}

var errManaged = errors.New("stream: Config.Management decides what is sent again")

func (s *Stream) startKeepAlive(c *Conn) {
	every := s.cfg.KeepAlive
	if c.silence > 0 && (every <= 0 || every > c.silence) {
		every = c.silence
	}
	if every <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aliveEvery = every
	s.alive = time.AfterFunc(every, s.keepAlive)
}

// keepAlive sends a space if nothing else was sent for long (RFC 6120, section 4.6.1).
func (s *Stream) keepAlive() {
	s.mu.Lock()
	every := s.aliveEvery
	s.mu.Unlock()
	left := every - time.Since(s.out.idleSince())
	if left <= 0 {
		left = every
		s.out.space()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alive != nil {
		s.alive.Reset(left)
	}
}

func (s *Stream) stopKeepAlive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alive != nil {
		s.alive.Stop()
		s.alive = nil
	}
}
