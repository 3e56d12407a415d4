package xmpptest

import (
	"time"

	"stanza.invalid/gen/chatstate"
	"stanza.invalid/gen/delay"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// keepForLater keeps a message for an account that has no client to take it (RFC 6121,
// section 8.5.2.2).
func (s *Server) keepForLater(a *account, m *stanza.Message) error {
	switch m.Type {
	case stanza.Chat, stanza.Normal, "":
	case stanza.Groupchat:
		return stanza.ServiceUnavailable
	default:
		return nil
	}
	if unstored(m) || passing(m) {
		return nil
	}
	m = m.Clone()
	m.Add(&delay.Delay{From: a.addr.DomainJID(), Stamp: stanza.At(time.Now())})
	b, err := m.AppendXML(nil, wire.NSClient)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(a.later) >= s.cfg.Offline {
		return stanza.ServiceUnavailable
	}
	a.later = append(a.later, string(b))
	return nil
}

// passing reports whether a message is of no use later: it says no more than that somebody
// is typing.
func passing(m *stanza.Message) bool {
	if m.Body.String() != "" || m.Subject.String() != "" {
		return false
	}
	states := false
	for name := range m.Names() {
		if name.Space == chatstate.NS {
			states = true
		} else if name.Space != wire.NSClient && name.Space != "urn:xmpp:hints" {
			return false
		}
	}
	return states
}

// handOver gives a client what was kept.
func (s *Server) handOver(r *resource) {
	s.mu.Lock()
	all := r.account.later
	r.account.later = nil
	s.mu.Unlock()
	for _, text := range all {
		if st, err := parse(text); err == nil {
			s.toResource(r, st)
		}
	}
}

// lost finds a place for a message that a session was given and has not acknowledged: with
// the account's other clients, or until one comes; or else its sender hears of it.
func (s *Server) lost(a *account, m *stanza.Message) {
	if m.From == a.addr || m.Type == stanza.MessageError {
		return // the server's own words to the client
	}
	s.mu.Lock()
	_, there := s.accounts[a.addr]
	// those that get copies have it
	others := a.list(func(r *resource) bool { return r.available && r.priority >= 0 })
	s.mu.Unlock()
	for _, r := range others {
		if !r.carbons {
			s.toResource(r, m)
		}
	}
	if len(others) > 0 || there && s.keepForLater(a, m) == nil {
		return
	}
	if reply := m.Fail(stanza.NewError(stanza.RecipientUnavailable, "")); reply != nil {
		s.routeOwn(reply)
	}
}
