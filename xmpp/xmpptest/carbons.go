package xmpptest

import (
	"slices"

	"stanza.invalid/gen/carbons"
	"stanza.invalid/gen/forward"
	"stanza.invalid/gen/hints"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// setCarbons notes whether a client wants copies of what others of its account send and get
// (XEP-0280).
func (s *Server) setCarbons(r *resource, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.carbons = on
}

// Carbons reports whether the client with a full address gets copies (XEP-0280).
func (s *Server) Carbons(addr string) bool {
	return s.hasResource(addr, func(r *resource) bool { return r.carbons })
}

// copied reports whether a message is to be copied (XEP-0280, section 6.1).
func copied(m *stanza.Message) bool {
	switch m.Type {
	case stanza.Chat, stanza.Normal, "":
	default:
		return false
	}
	for name := range m.Names() {
		switch {
		case name == wire.Name{Space: carbons.NS, Local: "private"}, name == wire.Name{Space: hints.NS, Local: "no-copy"}:
			return false
		case name.Space == carbons.NS: // a copy, or what claims to be one
			return false
		}
	}
	return m.Type == stanza.Chat || m.Body.String() != ""
}

// copySent sends a message that a client has sent to the others of its account.
func (s *Server) copySent(r *resource, m *stanza.Message) {
	// what is for the account itself, they get anyway
	if copied(m) && m.To.Bare() != r.account.addr {
		s.copyTo(r.account, m, []*resource{r}, func(f forward.Forwarded) stanza.Payload { return &carbons.Sent{Forwarded: f} })
	}
}

// copyReceived sends a message that clients of an account have got to the others.
func (s *Server) copyReceived(a *account, m *stanza.Message, got []*resource) {
	if copied(m) {
		if m.From.Bare() == a.addr { // who has sent it knows it
			s.mu.Lock()
			if r := s.resource(m.From); r != nil {
				got = append(slices.Clip(got), r)
			}
			s.mu.Unlock()
		}
		s.copyTo(a, m, got, func(f forward.Forwarded) stanza.Payload { return &carbons.Received{Forwarded: f} })
	}
}

func (s *Server) copyTo(a *account, m *stanza.Message, without []*resource, wrap func(f forward.Forwarded) stanza.Payload) {
	s.mu.Lock()
	to := a.list(func(r *resource) bool { return r.carbons && !slices.Contains(without, r) })
	s.mu.Unlock()
	for _, r := range to {
		c := &stanza.Message{From: a.addr, To: r.addr, Type: m.Type}
		c.Add(wrap(forward.Forwarded{Message: m}))
		s.toResource(r, c)
	}
}
