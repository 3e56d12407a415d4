package xmpptest

import (
	"stanza.invalid/gen/register"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// register answers who wants to make an account before logging in (XEP-0077, section 3.1).
func (c *conn) register(r wire.Raw) error {
	q := new(stanza.IQ)
	if err := q.DecodeXML(r); err != nil || !q.IsRequest() {
		return &stream.Error{Condition: stream.NotAuthorized}
	}
	return c.write(c.registration(q))
}

func (c *conn) registration(q *stanza.IQ) *stanza.IQ {
	if q.Type == stanza.Get {
		empty := ""
		return q.Result(&register.Registration{Instructions: "Choose a name and a password.", Username: &empty, Password: &empty})
	}
	set, err := stanza.Find[register.Register](q)
	if err != nil || set == nil || set.Username == nil || set.Password == nil {
		return q.Fail(stanza.NotAcceptable)
	}
	addr, err := c.domain.WithLocal(*set.Username)
	if err != nil || addr.Local() == "" || *set.Password == "" {
		return q.Fail(stanza.NotAcceptable)
	}
	c.srv.mu.Lock()
	taken := c.srv.accounts[addr] != nil
	c.srv.mu.Unlock()
	if taken {
		return q.Fail(stanza.Conflict)
	}
	c.srv.Account(addr.String(), *set.Password)
	return q.Result(nil)
}

// changeAccount changes a password, or deletes an account; then it returns nil, since the
// session is over.
func (s *Server) changeAccount(r *resource, q *stanza.IQ) *stanza.IQ {
	if un, err := stanza.Find[register.Unregister](q); err == nil && un != nil {
		s.mu.Lock()
		delete(s.accounts, r.account.addr)
		c := r.conn
		s.mu.Unlock()
		reply := q.Result(nil)
		stanza.SetTo(reply, r.addr)
		s.toResource(r, reply)
		if c != nil {
			c.expel(stream.NotAuthorized)
		}
		return nil
	}
	set, err := stanza.Find[register.Register](q)
	if err != nil || set == nil || set.Username == nil || set.Password == nil || *set.Username != r.account.addr.Local() {
		return q.Fail(stanza.BadRequest)
	}
	s.Account(r.account.addr.String(), *set.Password)
	return q.Result(nil)
}
