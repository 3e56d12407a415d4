package xmpptest

import (
	"sync"
	"time"

	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// resource is a client's session: it may outlive its connection (XEP-0198).
type resource struct {
	account    *account
	addr       jid.JID          // immutable
	conn       *conn            // guarded by Server.mu: nil while it is away
	available  bool             // guarded by Server.mu
	priority   int8             // guarded by Server.mu
	presence   *stanza.Presence // guarded by Server.mu: the last that was available
	interested bool             // guarded by Server.mu: it has asked for the roster
	inactive   bool             // guarded by Server.mu: nobody is looking (XEP-0352)
	carbons    bool             // guarded by Server.mu: it wants copies (XEP-0280)
	expiry     *time.Timer      // guarded by Server.mu: ends a session that is away
	ended      bool             // guarded by Server.mu

	mu      sync.Mutex // the order of what is sent; Server.mu is taken under it, never the other way round
	managed *managed   // guarded by mu: nil without stream management
	held    []held     // guarded by mu: what waits while nobody looks
}

// toResource hands a stanza to a client.
func (s *Server) toResource(r *resource, st stanza.Stanza) {
	b, err := st.AppendXML(nil, wire.NSClient)
	if err != nil {
		return
	}
	if parsed, err := parse(string(b)); err == nil {
		if hook := s.cfg.OnStanza; hook != nil {
			hook(stream.Out, r.addr, parsed)
		}
	}
	_ = s.send(r, st, b)
}

// send sends one stanza to a client, or keeps it for it while it is away; it may be held
// back while nobody looks.
func (s *Server) send(r *resource, st stanza.Stanza, b []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s.mu.Lock()
	inactive, ended := r.inactive, r.ended
	s.mu.Unlock()
	if ended {
		return unavailable()
	}
	if inactive && canWait(st) && r.hold(st, b) {
		return nil
	}
	if err := s.releaseLocked(r); err != nil {
		return err
	}
	return s.write(r, b)
}

// write sends the bytes of one stanza. The caller holds resource.mu.
func (s *Server) write(r *resource, b []byte) error {
	s.mu.Lock()
	c, ended := r.conn, r.ended
	s.mu.Unlock()
	if ended {
		return unavailable()
	}
	if r.managed != nil {
		b = r.managed.queue(b)
	}
	if c == nil {
		return nil
	}
	err := c.out.put(b)
	if err == errStalled {
		c.end(err)
	}
	if err != nil && r.managed == nil {
		return unavailable()
	}
	return nil
}

// leave takes a connection away from its resource. The session ends with it, unless it
// can be resumed and nobody has closed the stream.
func (s *Server) leave(r *resource, c *conn, closed bool) {
	r.mu.Lock()
	resumable := r.managed != nil && r.managed.id != "" && !closed
	r.mu.Unlock()
	s.mu.Lock()
	if r.conn != c || r.ended {
		s.mu.Unlock()
		return
	}
	r.conn = nil
	if resumable && !s.closed {
		r.expiry = time.AfterFunc(s.cfg.Resumption, func() { s.endResource(r) })
	}
	s.notify()
	s.mu.Unlock()
	if !resumable {
		s.endResource(r)
	}
}

// endResource ends a session: its contacts see it go, and what it never got goes back.
func (s *Server) endResource(r *resource) {
	r.mu.Lock()
	s.mu.Lock()
	if r.ended || r.conn != nil { // it is over, or was resumed at the last moment
		s.mu.Unlock()
		r.mu.Unlock()
		return
	}
	var lost [][]byte
	if r.managed != nil {
		lost = r.managed.unacked
		r.managed = nil
	}
	r.ended = true
	if r.expiry != nil {
		r.expiry.Stop()
	}
	if r.account.resources[r.addr.Resource()] == r {
		delete(r.account.resources, r.addr.Resource())
	}
	was, closed := r.available, s.closed
	r.available = false
	s.notify()
	s.mu.Unlock()
	r.mu.Unlock()
	if closed {
		return
	}
	if was {
		s.broadcast(r, &stanza.Presence{From: r.addr, Type: stanza.Unavailable})
	}
	for _, b := range lost {
		st, err := parse(string(b))
		if m, ok := st.(*stanza.Message); ok && err == nil {
			s.lost(r.account, m)
		}
	}
}
