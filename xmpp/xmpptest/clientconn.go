package xmpptest

import (
	"crypto/tls"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"stanza.invalid/gen/bind"
	"stanza.invalid/gen/carbons"
	"stanza.invalid/gen/csi"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/mam"
	"stanza.invalid/gen/ping"
	"stanza.invalid/gen/pipelining"
	"stanza.invalid/gen/register"
	"stanza.invalid/gen/roster"
	gensession "stanza.invalid/gen/session"
	"stanza.invalid/gen/sm"
	"stanza.invalid/gen/stanzaid"
	"stanza.invalid/gen/starttls"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// write sends an element.
func (c *conn) write(p stanza.Payload) error {
	b, err := p.AppendXML(nil, wire.NSClient)
	if err != nil {
		return err
	}
	return c.out.put(b)
}

// element reads the next element.
func (c *conn) element() (wire.Raw, error) {
	k, err := c.in.next()
	switch {
	case err != nil:
		return wire.Raw{}, err
	case k == wire.Footer:
		return wire.Raw{}, errClosedStream
	case k != wire.Element:
		return wire.Raw{}, &stream.Error{Condition: stream.InvalidXML}
	}
	doc := c.in.f.Take()
	return doc.Root(), nil
}

// restart expects a new stream.
func (c *conn) restart() error {
	c.in.f.Restart()
	c.opened = false
	k, err := c.in.next()
	if err != nil {
		return err
	}
	if k != wire.Header {
		return &stream.Error{Condition: stream.BadFormat}
	}
	doc := c.in.f.Take()
	c.noteFrom(doc.Root())
	c.id = stream.NewID()
	c.header(wire.NSClient, c.domain)
	return nil
}

// tlsConn is a connection with TLS, or over it.
type tlsConn interface{ ConnectionState() tls.ConnectionState }

// secured reports whether there is TLS.
func (c *conn) secured() bool {
	_, ok := c.nc.(tlsConn)
	return ok
}

// features sends the stream features.
func (c *conn) features(inner string) error {
	return c.out.put([]byte("<stream:features>" + inner + "</stream:features>"))
}

// negotiateClient is the server's side of RFC 6120, sections 5 to 7.
func (c *conn) negotiateClient() error {
	c.client = true
	if !c.secured() && !c.web && !c.srv.cfg.NoTLS {
		if err := c.secure(); err != nil {
			return err
		}
	}
	if err := c.features(c.loginFeatures()); err != nil {
		return err
	}
	if err := c.login(); err != nil {
		return err
	}
	if c.resource != nil {
		return nil // with the login
	}
	return c.bindClient()
}

// loginFeatures are what clients are offered to log in with.
func (c *conn) loginFeatures() string {
	offer := "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + c.mechanisms() + "</mechanisms>"
	if all := c.announcedBindings(); len(all) > 0 {
		offer += "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>"
		for _, b := range all {
			offer += "<channel-binding type='" + b + "'/>"
		}
		offer += "</sasl-channel-binding>"
	}
	if c.srv.cfg.Registration {
		offer += "<register xmlns='" + register.NSFeature + "'/>"
	}
	if c.offersSASL2() {
		offer += c.authentication()
		offer += "<config-version xmlns='" + pipelining.NS + "' value='" + configVersion(offer) + "'/>"
	}
	return offer
}

// mechanisms are the elements of those of them that can be used over the connection.
func (c *conn) mechanisms() (all string) {
	for _, m := range c.mechanismNames() {
		all += "<mechanism>" + m + "</mechanism>"
	}
	return all
}

func (c *conn) mechanismNames() (all []string) {
	for _, m := range c.srv.cfg.Mechanisms {
		if !strings.HasSuffix(m, "-PLUS") || c.secured() {
			all = append(all, m)
		}
	}
	return all
}

// announcedBindings are the channel bindings that clients are told of; nil for nothing.
func (c *conn) announcedBindings() (all []string) {
	if !c.secured() {
		return nil
	}
	for _, b := range c.srv.cfg.Bindings {
		if !c.shared || b == "tls-server-end-point" {
			all = append(all, b)
		}
	}
	return all
}

// sessionFeatures are what clients are offered that have logged in.
func (c *conn) sessionFeatures() string {
	inner := "<bind xmlns='" + bind.NS + "'/><ver xmlns='" + roster.NSVersioning + "'/><sub xmlns='" + roster.NSPreApproval + "'/><csi xmlns='" + csi.NS + "'/>"
	if !c.srv.cfg.NoManagement {
		inner += "<sm xmlns='" + sm.NS + "'/>"
	}
	if l := c.srv.cfg.Announced; l != nil {
		b, _ := l.AppendXML(nil, wire.NSClient) // numbers
		inner += string(b)
	}
	return inner
}

// secure is STARTTLS.
func (c *conn) secure() error {
	if err := c.features("<starttls xmlns='" + starttls.NS + "'><required/></starttls>"); err != nil {
		return err
	}
	r, err := c.element()
	if err != nil {
		return err
	}
	if !r.Is(starttls.NS, "starttls") {
		return &stream.Error{Condition: stream.PolicyViolation, Text: "TLS first"}
	}
	if len(c.in.f.Buffered()) > 0 {
		return &stream.Error{Condition: stream.PolicyViolation}
	}
	t := tls.Server(c.raw, c.srv.tlsConfig(c.domain.Domain()))
	if err := c.out.upgrade([]byte("<proceed xmlns='"+starttls.NS+"'/>"), t); err != nil {
		return err
	}
	if err := t.Handshake(); err != nil {
		return err
	}
	c.nc = t
	c.in.r = t
	return c.restart()
}

// bindClient waits for the client to bind a resource, or to resume a session.
func (c *conn) bindClient() error {
	for {
		r, err := c.element()
		if err != nil {
			return err
		}
		if q, err := stanza.Decode[sm.Resume](r); err == nil {
			if done, err := c.srv.resume(c, q, c.write); done || err != nil {
				return err
			}
			continue
		}
		st := new(stanza.IQ)
		if err := st.DecodeXML(r); err != nil || st.Type != stanza.Set {
			return &stream.Error{Condition: stream.NotAuthorized}
		}
		q, err := stanza.Find[bind.Request](st)
		if err != nil || q == nil {
			return &stream.Error{Condition: stream.NotAuthorized}
		}
		err = c.srv.bindResource(c, q.Resource, func(r *resource) error {
			return c.write(st.Result(&bind.Bind{JID: r.addr}))
		})
		var e *stanza.Error
		var cond stanza.Condition
		if errors.As(err, &e) || errors.As(err, &cond) {
			if err := c.write(st.Fail(err)); err != nil {
				return err
			}
			continue
		}
		return err
	}
}

// bindResource makes a connection the one of a new session. Who had the resource before
// is expelled. What begin sends comes before all that is sent to the session.
func (s *Server) bindResource(c *conn, want string, begin func(r *resource) error) error {
	if want == "" {
		want = stream.NewID()[:12]
	}
	full, err := c.user.WithResource(want)
	if err != nil {
		return stanza.BadRequest
	}
	for {
		s.mu.Lock()
		old := s.resource(full)
		if old == nil {
			break
		}
		oldConn := old.conn
		s.mu.Unlock()
		if oldConn != nil {
			oldConn.expel(stream.Conflict)
			<-oldConn.gone
		}
		s.endResource(old)
	}
	if s.closed {
		s.mu.Unlock()
		return stanza.ServiceUnavailable
	}
	r := &resource{account: s.accounts[c.user], addr: full, conn: c}
	r.mu.Lock() // nobody else has it yet
	defer r.mu.Unlock()
	r.account.resources[full.Resource()] = r
	c.resource = r
	s.notify()
	s.mu.Unlock()
	return begin(r)
}

// readClient handles what a client sends until its stream ends.
func (c *conn) readClient() (closed bool, err error) {
	_ = c.raw.SetReadDeadline(time.Time{})
	for {
		if d := c.srv.slow(); d > 0 {
			time.Sleep(d)
		}
		k, err := c.in.next()
		switch {
		case err != nil:
			return false, err
		case k == wire.Footer:
			return true, nil
		case k == wire.Header:
			return false, &stream.Error{Condition: stream.InvalidXML}
		}
		st, bad := stanza.Take(c.in.f)
		if st == nil {
			doc := c.in.f.Take()
			if err := c.nonza(doc.Root()); err != nil {
				return err == errPeerError, err
			}
			continue
		}
		if err := c.take(st, bad); err != nil {
			return false, err
		}
	}
}

// take handles a stanza of a client's.
func (c *conn) take(st stanza.Stanza, bad error) error {
	s, r := c.srv, c.resource
	from := st.Attributes().From
	if !from.IsZero() && from != r.addr && from != r.addr.Bare() {
		return &stream.Error{Condition: stream.InvalidFrom, Text: from.String()}
	}
	r.mu.Lock()
	if r.managed != nil {
		r.managed.in++
	}
	r.mu.Unlock()
	stanza.SetFrom(st, r.addr)
	if bad == nil {
		var err error
		if st, err = reparse(st); err != nil {
			return &stream.Error{Condition: stream.InvalidXML}
		}
	}
	if hook := s.cfg.OnStanza; hook != nil {
		hook(stream.In, r.addr, st)
	}
	to := st.Attributes().To
	own := to.IsZero() || to == r.addr.Bare()
	switch st := st.(type) {
	case *stanza.IQ:
		if own || to == r.addr.DomainJID() && !s.hasUser(to) {
			s.answerClient(r, st, own)
			return nil
		}
	case *stanza.Presence:
		if to.IsZero() {
			s.announce(r, st)
			return nil
		}
		switch st.Type {
		case stanza.Subscribe, stanza.Subscribed, stanza.Unsubscribe, stanza.Unsubscribed:
			s.subscription(r, st)
			return nil
		}
	case *stanza.Message:
		if bad != nil {
			break
		}
		if to.IsZero() {
			stanza.SetTo(st, r.addr.Bare())
			if again, err := reparse(st); err == nil {
				st = again.(*stanza.Message)
			}
		}
		s.archiveSent(r.account, st)
		s.copySent(r, st)
		s.route(st, nil)
		return nil
	}
	s.route(st, bad)
	return nil
}

// info is what the account, or the server, says of itself (XEP-0030).
func (s *Server) info(account bool) *disco.Info {
	who := disco.Identity{Category: "server", Type: "im", Name: "xmpptest"}
	features := []string{disco.NSInfo, ping.NS, carbons.NS}
	if account {
		who = disco.Identity{Category: "account", Type: "registered"}
	}
	if s.cfg.Archive >= 0 {
		features = append(features, mam.NS, mam.NS+"#extended", stanzaid.NS)
	}
	if s.cfg.Offline >= 0 {
		features = append(features, "msgoffline")
	}
	if s.cfg.Registration {
		features = append(features, register.NS)
	}
	i := &disco.Info{Identities: []disco.Identity{who}}
	for _, f := range features {
		i.Features = append(i.Features, disco.Feature{Var: f})
	}
	return i
}

// answerClient answers a request to the client's own account or server.
func (s *Server) answerClient(r *resource, q *stanza.IQ, own bool) {
	if !q.IsRequest() {
		return
	}
	var reply *stanza.IQ
	name := q.First()
	switch {
	case own && name.Space == roster.NS && q.Type == stanza.Get:
		get, err := stanza.Find[roster.Get](q)
		if err != nil {
			reply = q.Fail(err)
			break
		}
		s.mu.Lock()
		r.interested = true
		ver := strconv.Itoa(r.account.version)
		full := &roster.Roster{Ver: &ver}
		for _, item := range r.account.roster {
			full.Items = append(full.Items, item)
		}
		s.mu.Unlock()
		slices.SortFunc(full.Items, func(a, b roster.Item) int { return jid.Compare(a.JID, b.JID) })
		if get.Ver != nil && *get.Ver == ver {
			reply = q.Result(nil)
		} else {
			reply = q.Result(full)
		}
	case own && name.Space == roster.NS && q.Type == stanza.Set:
		set, err := stanza.Find[roster.Set](q)
		if err != nil || len(set.Items) != 1 {
			reply = q.Fail(stanza.BadRequest)
			break
		}
		s.mu.Lock()
		item := set.Items[0]
		old, known := r.account.roster[item.JID]
		s.mu.Unlock()
		if item.Subscription != roster.SubscriptionRemove {
			item.Subscription, item.Ask, item.Approved = roster.SubscriptionNone, "", false
			if known {
				item.Subscription, item.Ask, item.Approved = old.Subscription, old.Ask, old.Approved
			}
		} else if !known {
			reply = q.Fail(stanza.ItemNotFound)
			break
		} else {
			s.cancel(r.account, old)
		}
		s.setItem(r.account, item)
		reply = q.Result(nil)
	case name.Space == register.NS && q.Type == stanza.Set && s.cfg.Registration:
		reply = s.changeAccount(r, q)
		if reply == nil {
			return
		}
	case own && name.Space == mam.NS && s.cfg.Archive >= 0:
		reply = s.answerArchive(r, q)
	case name.Space == carbons.NS && q.Type == stanza.Set:
		s.setCarbons(r, name.Local == "enable")
		reply = q.Result(nil)
	case name.Space == disco.NSInfo && q.Type == stanza.Get:
		reply = q.Result(s.info(own))
	case name.Space == ping.NS, name.Space == gensession.NS:
		reply = q.Result(nil)
	default:
		reply = q.Fail(stanza.ServiceUnavailable)
	}
	if reply != nil {
		stanza.SetTo(reply, r.addr)
		s.toResource(r, reply)
	}
}
