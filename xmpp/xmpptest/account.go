package xmpptest

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"strconv"

	"stanza.invalid/gen/roster"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// account is what the server knows of one account.
type account struct {
	addr      jid.JID
	password  string                  // immutable
	roster    map[jid.JID]roster.Item // guarded by Server.mu
	version   int                     // guarded by Server.mu: of the roster
	resources map[string]*resource    // guarded by Server.mu
	tokens    map[string]*slots       // guarded by Server.mu: by the id of the client
	upgraded  map[string][]byte       // guarded by Server.mu: salted passwords that clients gave, by task
	requests  map[jid.JID]string      // guarded by Server.mu: subscription requests that wait for an answer, as XML
	archive   archive                 // guarded by Server.mu
	later     []string                // guarded by Server.mu: messages that wait for a client, as XML
}

// Account adds an account that clients can log in to. Calling it again for the same
// address changes the password, and ends the tokens. The domain may have users as well. It panics if addr is
// no account's address, or one of a component's domain.
func (s *Server) Account(addr, password string) {
	j := jid.MustParse(addr)
	if j.Local() == "" || !j.IsBare() {
		panic(fmt.Sprintf("xmpptest: %q is no account", addr))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.components[j.Domain()] != nil {
		panic(fmt.Sprintf("xmpptest: the account %s has the domain of a component", j))
	}
	a := s.accounts[j]
	if a == nil {
		a = &account{addr: j, roster: map[jid.JID]roster.Item{}, resources: map[string]*resource{}, requests: map[jid.JID]string{}}
	} else {
		old := *a
		a = &old
		for _, r := range a.resources {
			r.account = a
		}
	}
	a.password, a.tokens, a.upgraded = password, map[string]*slots{}, map[string][]byte{}
	s.accounts[j] = a
}

// ClientConfig returns how a client of an account connects, over memory, so that it works
// in a bubble of testing/synctest too. The caller may change it: Addr and Dialer lead to
// the server, TLS trusts it, Password is the account's.
func (s *Server) ClientConfig(addr string) xmpp.Config {
	j := jid.MustParse(addr).Bare()
	s.mu.Lock()
	a := s.accounts[j]
	s.mu.Unlock()
	if a == nil {
		panic(fmt.Sprintf("xmpptest: there is no account %s", j))
	}
	cfg := xmpp.Config{Password: a.password, Addr: "memory:5222", Dialer: s.Dialer(), TLS: &tls.Config{RootCAs: s.Roots()}}
	cfg.DirectTLS = s.cfg.TLS
	return cfg
}

// RosterItem puts a contact into an account's roster, or changes it, and tells clients that
// have asked for the roster. It panics if there is no such account.
func (s *Server) RosterItem(account string, item roster.Item) {
	s.setItem(s.mustAccount(account), item)
}

// mustAccount returns an account, and panics if there is none.
func (s *Server) mustAccount(addr string) *account {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[jid.MustParse(addr)]
	if a == nil {
		panic(fmt.Sprintf("xmpptest: there is no account %s", addr))
	}
	return a
}

// setItem changes an item and pushes it (RFC 6121, section 2.1.6).
func (s *Server) setItem(a *account, item roster.Item) {
	s.mu.Lock()
	push := s.putItem(a, item)
	s.mu.Unlock()
	push()
}

// putItem is setItem for who holds mu, and calls push without it.
func (s *Server) putItem(a *account, item roster.Item) (push func()) {
	a.version++
	ver := strconv.Itoa(a.version)
	if item.Subscription == roster.SubscriptionRemove {
		delete(a.roster, item.JID)
	} else {
		a.roster[item.JID] = item
	}
	to := a.list(func(r *resource) bool { return r.interested })
	return func() {
		for _, r := range to {
			q := stanza.NewIQ(stanza.Set, r.addr, &roster.Set{Ver: &ver, Items: []roster.Item{item}})
			q.ID = fmt.Sprintf("push%s", ver)
			s.toResource(r, q)
		}
	}
}

// list returns the resources that ok accepts, in order. The caller holds Server.mu.
func (a *account) list(ok func(r *resource) bool) []*resource {
	var all []*resource
	for _, r := range a.resources {
		if ok(r) {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(x, y *resource) int { return jid.Compare(x.addr, y.addr) })
	return all
}

// Online reports whether a client is connected with a full address.
func (s *Server) Online(addr string) bool {
	return s.hasResource(addr, func(r *resource) bool { return r.conn != nil })
}

// WaitOnline waits until a client is connected with a full address.
func (s *Server) WaitOnline(ctx context.Context, addr string) error {
	j := jid.MustParse(addr)
	return s.waitFor(ctx, func() bool {
		r := s.resource(j)
		return r != nil && r.conn != nil
	})
}

// resource returns who has a full address, nil if nobody. The caller holds mu.
func (s *Server) resource(full jid.JID) *resource {
	if a := s.accounts[full.Bare()]; a != nil {
		return a.resources[full.Resource()]
	}
	return nil
}
