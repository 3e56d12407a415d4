package xmpptest

import (
	"errors"

	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// element returns a stanza as it is on the wire.
func element(st stanza.Stanza) wire.Raw {
	switch st := st.(type) {
	case *stanza.Message:
		return st.Element()
	case *stanza.Presence:
		return st.Element()
	case *stanza.IQ:
		return st.Element()
	}
	return wire.Raw{}
}

// route delivers a stanza, or tells its sender why it cannot be. bad is what is wrong
// with the stanza itself; that is for the recipient to judge, unless it hides the
// recipient.
func (s *Server) route(st stanza.Stanza, bad error) {
	to := st.Attributes().To
	err := error(nil)
	if to.IsZero() && bad != nil {
		err = stanza.NewError(stanza.JIDMalformed, bad.Error())
	} else {
		err = s.deliver(st, to)
	}
	if err == nil {
		return
	}
	// never in answer to an error or an answer: Fail sees to that
	if _, ok := st.(*stanza.Presence); ok {
		return
	}
	reply := stanza.Fail(st, err)
	if reply == nil || reply.Attributes().To.IsZero() {
		return
	}
	reply, perr := reparse(reply)
	if perr != nil {
		return
	}
	_ = s.deliver(reply, reply.Attributes().To)
}

// routeOwn is route for a stanza that the server has made or changed.
func (s *Server) routeOwn(st stanza.Stanza) {
	if st, err := reparse(st); err == nil {
		s.route(st, nil)
	}
}

// reparse returns a stanza as its recipient would read it.
func reparse(st stanza.Stanza) (stanza.Stanza, error) {
	b, err := st.AppendXML(nil, wire.NSClient)
	if err != nil {
		return nil, err
	}
	return parse(string(b))
}

// parse reads text as if it had come from a stream.
func parse(text string) (stanza.Stanza, error) {
	f := wire.NewBareFramer(wire.Limits{Bytes: max(len(text), wire.DefaultBytes)}, wire.NewContext(wire.NSClient, ""))
	f.FeedString(text)
	k, err := f.Next()
	if err != nil {
		return nil, err
	}
	if k != wire.Element {
		return nil, wire.ErrTruncated
	}
	st, err := stanza.Take(f)
	if err != nil {
		return st, err
	}
	if k, err = f.Next(); err == nil && (k != wire.More || f.Pending()) {
		err = errors.New("xmpptest: there is more than one stanza")
	}
	return st, err
}

// deliver hands a stanza to whom it is for.
func (s *Server) deliver(st stanza.Stanza, to jid.JID) error {
	if p, ok := st.(*stanza.Presence); ok {
		switch p.Type {
		case stanza.Subscribe, stanza.Subscribed, stanza.Unsubscribe, stanza.Unsubscribed:
			s.mu.Lock()
			a := s.accounts[to.Bare()]
			s.mu.Unlock()
			if a != nil && !s.subscribes(a, p) {
				return nil
			}
		}
	}
	all, err := s.recipients(st, to)
	if err != nil {
		return err
	}
	if all.component != nil {
		return s.deliverTo(all.component, st)
	}
	m, ok := st.(*stanza.Message)
	if ok && all.account != nil {
		m = s.archiveReceived(all.account, m)
		st = m
		if len(all.users)+len(all.clients) == 0 {
			return s.keepForLater(all.account, m)
		}
		defer s.copyReceived(all.account, m, all.clients)
	}
	for _, u := range all.users {
		if hook := s.cfg.OnStanza; hook != nil {
			hook(stream.Out, u.addr, st)
		}
		u.take(stanza.Clone(st))
	}
	for _, r := range all.clients {
		if hook := s.cfg.OnStanza; hook != nil {
			hook(stream.Out, r.addr, st)
		}
		if err := s.send(r, st, wire.AppendRaw(nil, element(st), wire.NSClient)); err != nil && len(all.clients) == 1 {
			return err
		}
	}
	return nil
}

func (s *Server) deliverTo(c *conn, st stanza.Stanza) error {
	if hook := s.cfg.OnStanza; hook != nil {
		hook(stream.Out, c.domain, st)
	}
	err := c.out.put(wire.AppendRaw(nil, element(st), wire.NSClient))
	if errors.Is(err, errStalled) {
		c.end(err)
	}
	if err != nil {
		return unavailable()
	}
	return nil
}

func unavailable() error {
	e := stanza.NewError(stanza.ServiceUnavailable, "")
	e.Type = stanza.Wait // it may come back
	return e
}

// recipients are who a stanza is for.
type recipients struct {
	component *conn
	users     []*User
	clients   []*resource
	account   *account // of a message to one
}

// recipients returns whom a stanza is for.
func (s *Server) recipients(st stanza.Stanza, to jid.JID) (all recipients, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.components[to.Domain()]; a != nil {
		if a.conn == nil {
			return all, unavailable()
		}
		all.component = a.conn
		return all, nil
	}
	if u := s.users[to]; u != nil {
		all.users = []*User{u}
		return all, nil
	}
	if r := s.resource(to); r != nil {
		all.clients = []*resource{r}
		if _, ok := st.(*stanza.Message); ok {
			all.account = r.account
		}
		return all, nil
	}
	if u := s.users[to.DomainJID()]; u != nil {
		all.users = []*User{u}
		return all, nil
	}
	known := false
	for addr, u := range s.users {
		known = known || addr.Domain() == to.Domain()
		if addr.Bare() == to {
			all.users = append(all.users, u)
		}
	}
	for addr := range s.accounts {
		known = known || addr.Domain() == to.Domain()
	}
	_, iq := st.(*stanza.IQ)
	_, presence := st.(*stanza.Presence)
	a := s.accounts[to.Bare()]
	if !iq && !presence {
		all.account = a
	}
	if a != nil && (to.IsBare() || !iq && !presence) {
		// RFC 6121, sections 8.5.2 and 8.5.3
		all.clients = a.list(func(r *resource) bool { return r.available && (presence || r.priority >= 0) })
	}
	switch {
	case !known:
		return all, stanza.RemoteServerNotFound
	case iq || len(all.users)+len(all.clients) == 0 && all.account == nil:
		// the account itself answers requests (RFC 6121, section 8.5.2), but nothing is known here
		return all, stanza.ServiceUnavailable
	}
	return all, nil
}
