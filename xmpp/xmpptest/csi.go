package xmpptest

import (
	"slices"

	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// maxHeld is how much is held back from a client.
const maxHeld = 100

// held is a stanza that waits until somebody looks at a client again, or until something
// comes that cannot wait (XEP-0352).
type held struct {
	presence jid.JID // whose presence it is
	bytes    []byte
}

// canWait reports whether a stanza is of no interest while nobody looks: a presence, or that
// somebody is typing.
func canWait(st stanza.Stanza) bool {
	switch st := st.(type) {
	case *stanza.Presence:
		return st.Type == "" || st.Type == stanza.Unavailable
	case *stanza.Message:
		return st.Type != stanza.MessageError && passing(st)
	}
	return false
}

// hold keeps a stanza back; a presence takes the place of an older one. It reports whether
// there was room. The caller holds resource.mu.
func (r *resource) hold(st stanza.Stanza, b []byte) bool {
	h := held{bytes: b}
	if p, ok := st.(*stanza.Presence); ok {
		h.presence = p.From
		r.held = slices.DeleteFunc(r.held, func(o held) bool { return o.presence == p.From })
	}
	if len(r.held) >= maxHeld {
		return false
	}
	r.held = append(r.held, h)
	return true
}

// setInactive notes whether anybody looks at a client. What was held back is for the caller
// to release.
func (s *Server) setInactive(r *resource, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.inactive = on
}

// release sends what was held back.
func (s *Server) release(r *resource) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_ = s.releaseLocked(r)
}

// releaseLocked is release for who holds resource.mu.
func (s *Server) releaseLocked(r *resource) error {
	all := r.held
	r.held = nil
	for _, h := range all {
		if err := s.write(r, h.bytes); err != nil {
			return err
		}
	}
	return nil
}

// Inactive reports whether the client with a full address has said that nobody is looking
// at it (XEP-0352).
func (s *Server) Inactive(addr string) bool {
	return s.hasResource(addr, func(r *resource) bool { return r.inactive })
}

// hasResource reports whether there is a client with a full address that is like that.
func (s *Server) hasResource(addr string, like func(r *resource) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.resource(jid.MustParse(addr))
	return r != nil && like(r)
}
