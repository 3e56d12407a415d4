package xmpp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"stanza.invalid/gen/bind"
	"stanza.invalid/gen/csi"
	"stanza.invalid/gen/limits"
	"stanza.invalid/gen/roster"
	gensession "stanza.invalid/gen/session"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// from is what stream headers say over TLS.
func (c *Client) from() jid.JID {
	if c.cfg.Anonymous {
		return jid.JID{}
	}
	return c.addr.Bare()
}

// bind asks for a resource (RFC 6120, section 7).
func (c *Client) bind(_ context.Context, conn *stream.Conn) (stream.Outcome, error) {
	if conn.Features().Child(bind.NS, "bind").IsZero() {
		return 0, errors.New("the server does not offer it")
	}
	answer, err := ask(conn, stanza.Set, jid.JID{}, &bind.Request{Resource: c.cfg.Resource})
	if err != nil {
		return 0, err
	}
	bound, err := stanza.Find[bind.Bind](answer)
	switch {
	case err != nil:
		return 0, err
	case bound == nil || bound.JID.Resource() == "":
		return 0, errors.New("the server has bound nothing")
	}
	if err := c.setAddress(conn, bound.JID); err != nil {
		return 0, err
	}
	// servers from before RFC 6120 want this as well (RFC 3921, section 3)
	if r := conn.Features().Child(gensession.NS, "session"); !r.IsZero() && r.Child(gensession.NS, "optional").IsZero() {
		if _, err := ask(conn, stanza.Set, jid.JID{}, &gensession.Session{}); err != nil {
			return 0, fmt.Errorf("session: %w", err)
		}
	}
	c.noteFeatures(conn)
	if offersManagement(conn.Features()) {
		conn.Enable()
	}
	return stream.Done, nil
}

// ServerFeatures are what a server offers to sessions.
type ServerFeatures struct {
	// RosterVersions says that the server knows versions of the roster (RFC 6121, section
	// 2.6).
	RosterVersions bool
	// PreApproval says that a subscription can be approved before it is asked for (RFC 6121,
	// section 3.4).
	PreApproval bool
	// ClientState says that the server wants to know whether somebody is looking (XEP-0352).
	ClientState bool
	// MaxBytes is how long a stanza may be, 0 if the server does not say (XEP-0478); Send
	// refuses longer ones.
	MaxBytes int
	// Idle is after how much silence of the client the server hangs up, which the client
	// prevents (XEP-0478).
	Idle time.Duration
}

// Server returns what the server has offered to the session.
func (c *Client) Server() ServerFeatures {
	c.mine.Lock()
	defer c.mine.Unlock()
	return c.server
}

// noteFeatures notes what the server offers to the session that is about to begin.
func (c *Client) noteFeatures(conn *stream.Conn) {
	features := conn.Features()
	has := func(space, local string) bool { return !features.Child(space, local).IsZero() }
	f := ServerFeatures{
		RosterVersions: has(roster.NSVersioning, "ver"), PreApproval: has(roster.NSPreApproval, "sub"), ClientState: has(csi.NS, "csi"),
	}
	if l, err := stanza.Decode[limits.Limits](features.Child(limits.NS, "limits")); err == nil {
		if l.MaxBytes != nil {
			f.MaxBytes = max(int(min(*l.MaxBytes, 1<<30)), leastBytes)
		}
		if l.IdleSeconds != nil {
			f.Idle = time.Duration(*l.IdleSeconds) * time.Second
		}
	}
	conn.SetPeerLimits(f.MaxBytes, f.Idle)
	c.mine.Lock()
	defer c.mine.Unlock()
	c.server = f
	c.carbons, c.saidInactive = false, false
}

// leastBytes is what every server takes (RFC 6120, section 13.12).
const leastBytes = 10_000

// setAddress takes the address that the server has bound: one of the account that the
// client has logged in to, or, after an anonymous login, of its domain.
func (c *Client) setAddress(conn *stream.Conn, bound jid.JID) error {
	if !c.owns(bound) {
		return fmt.Errorf("the server has bound %s", bound)
	}
	c.redirect.arrived()
	c.places.arrived()
	conn.SetLocal(bound.Clone())
	conn.SetRemote(c.addr.DomainJID())
	return nil
}

// ask sends a request while there is no session, and reads the answer.
func ask(conn *stream.Conn, typ stanza.IQType, to jid.JID, p stanza.Payload) (*stanza.IQ, error) {
	q := stanza.NewIQ(typ, to, p)
	q.ID = stream.NewID()
	if err := conn.Write(q); err != nil {
		return nil, err
	}
	r, err := conn.Read()
	if err != nil {
		return nil, err
	}
	if !r.Is(wire.NSClient, "iq") {
		return nil, fmt.Errorf("%s in place of an answer", r.Name())
	}
	answer := new(stanza.IQ)
	switch err := answer.DecodeXML(r); {
	case err != nil:
		return nil, err
	case answer.ID != q.ID || answer.IsRequest():
		return nil, errors.New("an answer to something else")
	case answer.Type == stanza.IQError && answer.Err != nil:
		return nil, answer.Err
	case answer.Type == stanza.IQError:
		return nil, stanza.NewError(stanza.UndefinedCondition, "")
	}
	return answer, nil
}
