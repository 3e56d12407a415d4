package xmpp

import (
	"context"
	"errors"
	"fmt"

	"stanza.invalid/gen/bind"
	"stanza.invalid/gen/csi"
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
	answer, err := ask(conn, &bind.Request{Resource: c.cfg.Resource})
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
		if _, err := ask(conn, &gensession.Session{}); err != nil {
			return 0, fmt.Errorf("session: %w", err)
		}
	}
	c.noteFeatures(conn.Features())
	if offersManagement(conn.Features()) {
		conn.Enable()
	}
	return stream.Done, nil
}

// noteFeatures notes what the server offers to sessions.
func (c *Client) noteFeatures(features wire.Raw) {
	c.mine.Lock()
	defer c.mine.Unlock()
	c.csi = !features.Child(csi.NS, "csi").IsZero()
	c.carbons, c.saidInactive = false, false
}

// setAddress takes the address that the server has bound: one of the account that the
// client has logged in to, or, after an anonymous login, of its domain.
func (c *Client) setAddress(conn *stream.Conn, bound jid.JID) error {
	ours := bound.Bare() == c.addr.Bare()
	if c.cfg.Anonymous || c.cfg.Credentials != nil {
		ours = bound.Domain() == c.addr.Domain() // the credentials may be another account's
	}
	if !ours {
		return fmt.Errorf("the server has bound %s", bound)
	}
	conn.SetLocal(bound.Clone())
	conn.SetRemote(c.addr.DomainJID())
	return nil
}

// ask sends a request while there is no session, and reads the answer.
func ask(conn *stream.Conn, p stanza.Payload) (*stanza.IQ, error) {
	q := stanza.NewIQ(stanza.Set, jid.JID{}, p)
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
