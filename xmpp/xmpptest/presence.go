package xmpptest

import (
	"stanza.invalid/gen/roster"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// announce takes a client's own presence.
func (s *Server) announce(r *resource, p *stanza.Presence) {
	if p.Type != "" && p.Type != stanza.Unavailable {
		return
	}
	s.mu.Lock()
	first := !r.available && p.Type == ""
	was := r.available && r.priority >= 0
	r.available = p.Type == ""
	if r.available {
		r.priority, r.presence = p.Priority, p.Clone()
	}
	takes := r.available && r.priority >= 0
	s.notify()
	s.mu.Unlock()
	s.broadcast(r, p)
	if first {
		s.showContacts(r)
		s.showRequests(r)
	}
	if takes && !was {
		s.handOver(r)
	}
}

// broadcast sends a presence to all who may see it (RFC 6121, section 4.2.2).
func (s *Server) broadcast(r *resource, p *stanza.Presence) {
	s.mu.Lock()
	var to []jid.JID
	for j, item := range r.account.roster {
		if item.Subscription == roster.SubscriptionFrom || item.Subscription == roster.SubscriptionBoth {
			to = append(to, j)
		}
	}
	own := r.account.list(func(o *resource) bool { return o.available || o == r && p.Type == "" })
	s.mu.Unlock()
	for _, o := range own {
		mine := p.Clone()
		mine.To = o.addr
		s.toResource(o, mine)
	}
	for _, j := range to {
		theirs := p.Clone()
		theirs.To = j
		s.routeOwn(theirs)
	}
}

// showContacts sends a client that has come online what its contacts are up to.
func (s *Server) showContacts(r *resource) {
	s.mu.Lock()
	var all []*stanza.Presence
	for j, item := range r.account.roster {
		if item.Subscription != roster.SubscriptionTo && item.Subscription != roster.SubscriptionBoth {
			continue
		}
		if a := s.accounts[j]; a != nil {
			for _, o := range a.list(func(o *resource) bool { return o.available }) {
				all = append(all, o.presence)
			}
		}
	}
	for _, o := range r.account.list(func(o *resource) bool { return o.available && o != r }) {
		all = append(all, o.presence)
	}
	s.mu.Unlock()
	for _, p := range all {
		mine := p.Clone()
		mine.To = r.addr
		s.toResource(r, mine)
	}
}

// sees reports whether who has an item in the roster sees the presence of the contact;
// shows, whether the contact sees theirs.
func sees(i roster.Item) bool {
	return i.Subscription == roster.SubscriptionTo || i.Subscription == roster.SubscriptionBoth
}

func shows(i roster.Item) bool {
	return i.Subscription == roster.SubscriptionFrom || i.Subscription == roster.SubscriptionBoth
}

func subscription(to, from bool) roster.Subscription {
	switch {
	case to && from:
		return roster.SubscriptionBoth
	case to:
		return roster.SubscriptionTo
	case from:
		return roster.SubscriptionFrom
	}
	return roster.SubscriptionNone
}

// change changes an item of a roster, which is a new one if it is not there, and pushes it
// if it is another then. It returns what it was.
func (s *Server) change(a *account, contact jid.JID, f func(i *roster.Item)) (old roster.Item) {
	s.mu.Lock()
	old, known := a.roster[contact]
	if !known {
		old = roster.Item{JID: contact, Subscription: roster.SubscriptionNone}
	}
	item, push := old, func() {}
	f(&item)
	if item.Subscription != old.Subscription || item.Ask != old.Ask || item.Approved != old.Approved {
		push = s.putItem(a, item)
	}
	s.mu.Unlock()
	push()
	return old
}

// subscription handles what a client says about subscriptions (RFC 6121, section 3), to
// another account or to a user, who keeps no roster.
func (s *Server) subscription(r *resource, p *stanza.Presence) {
	a, contact := r.account, p.To.Bare()
	p = p.Clone()
	p.From, p.To = a.addr, contact
	s.mu.Lock()
	_, asked := a.requests[contact]
	delete(a.requests, contact)
	s.mu.Unlock()
	switch p.Type {
	case stanza.Subscribe:
		s.change(a, contact, func(i *roster.Item) {
			if !sees(*i) {
				i.Ask = roster.AskSubscribe
			}
		})
		s.routeOwn(p)
	case stanza.Unsubscribe:
		s.change(a, contact, func(i *roster.Item) { i.Subscription, i.Ask = subscription(false, shows(*i)), "" })
		s.routeOwn(p)
	case stanza.Subscribed:
		// before it is asked for (section 3.4), unless it is a user's who asks nobody here
		early := !asked && s.isAccount(contact)
		old := s.change(a, contact, func(i *roster.Item) {
			if early && !shows(*i) {
				i.Approved = true
				return
			}
			i.Subscription = subscription(sees(*i), true)
		})
		if !early && !shows(old) {
			s.routeOwn(p)
			s.show(a, contact, "")
		}
	case stanza.Unsubscribed:
		old := s.change(a, contact, func(i *roster.Item) { i.Subscription, i.Approved = subscription(sees(*i), false), false })
		if shows(old) || asked {
			s.routeOwn(p)
		}
		if shows(old) {
			s.show(a, contact, stanza.Unavailable)
		}
	}
}

func (s *Server) isAccount(addr jid.JID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accounts[addr] != nil
}

// show sends somebody the presence of an account's clients, or that they are gone.
func (s *Server) show(a *account, to jid.JID, t stanza.PresenceType) {
	s.mu.Lock()
	var all []*stanza.Presence
	for _, r := range a.list(func(r *resource) bool { return r.available }) {
		p := r.presence.Clone()
		if t != "" {
			p = &stanza.Presence{From: r.addr, Type: t}
		}
		p.To = to
		all = append(all, p)
	}
	s.mu.Unlock()
	for _, p := range all {
		s.routeOwn(p)
	}
}

// maxRequests is how many requests wait for one account.
const maxRequests = 1000

// subscribes handles what somebody says to an account about subscriptions (RFC 6121,
// section 3), and reports whether its clients are to see it.
func (s *Server) subscribes(a *account, p *stanza.Presence) bool {
	contact := p.From.Bare()
	switch p.Type {
	case stanza.Subscribe:
		s.mu.Lock()
		item := a.roster[contact]
		s.mu.Unlock()
		if item.Approved || shows(item) {
			s.change(a, contact, func(i *roster.Item) { i.Subscription, i.Approved = subscription(sees(*i), true), false })
			s.routeOwn(&stanza.Presence{From: a.addr, To: contact, Type: stanza.Subscribed})
			s.show(a, contact, "")
			return false
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(a.requests) < maxRequests {
			a.requests[contact.Clone()] = stanza.String(p)
		}
		return true
	case stanza.Subscribed:
		old := s.change(a, contact, func(i *roster.Item) {
			if i.Ask != "" {
				i.Subscription, i.Ask = subscription(true, shows(*i)), ""
			}
		})
		return old.Ask != ""
	case stanza.Unsubscribed:
		old := s.change(a, contact, func(i *roster.Item) { i.Subscription, i.Ask = subscription(false, shows(*i)), "" })
		return sees(old) || old.Ask != ""
	case stanza.Unsubscribe:
		s.mu.Lock()
		delete(a.requests, contact)
		s.mu.Unlock()
		old := s.change(a, contact, func(i *roster.Item) { i.Subscription = subscription(sees(*i), false) })
		if shows(old) {
			s.show(a, contact, stanza.Unavailable)
		}
		return true
	}
	return true
}

// cancel ends the subscriptions of both sides, for a contact that is removed (RFC 6121,
// section 2.5.1).
func (s *Server) cancel(a *account, i roster.Item) {
	if sees(i) || i.Ask != "" {
		s.routeOwn(&stanza.Presence{From: a.addr, To: i.JID, Type: stanza.Unsubscribe})
	}
	if shows(i) {
		s.routeOwn(&stanza.Presence{From: a.addr, To: i.JID, Type: stanza.Unsubscribed})
		s.show(a, i.JID, stanza.Unavailable)
	}
}

// showRequests shows a client what its account is still asked.
func (s *Server) showRequests(r *resource) {
	s.mu.Lock()
	var all []string
	for _, text := range r.account.requests {
		all = append(all, text)
	}
	s.mu.Unlock()
	for _, text := range all {
		if st, err := parse(text); err == nil {
			s.toResource(r, st)
		}
	}
}
