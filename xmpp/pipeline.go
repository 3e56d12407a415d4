package xmpp

import (
	"context"
	"errors"
	"strings"

	"stanza.invalid/gen/sasl2"
	"stanza.invalid/internal/mechanism"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp/stanza"
)

// A client that remembers what a server has offered need not wait to be offered it again: it
// sends its login right behind the stream header (the idea of XEP-0509, which works with
// servers that do not know it, too). What was remembered comes from an earlier login, and
// what the server offers now is compared with it before anything else is said.

// opening is called before each stream header; the login that it returns goes with it.
func (c *Client) opening(ctx context.Context, conn *stream.Conn) (stanza.Payload, error) {
	if tlsState(conn) == nil {
		return nil, nil
	}
	conn.SetFrom(c.from())
	l := &c.login
	k := c.loadFor(ctx, conn)
	if k.Flying {
		// the last one was never answered: perhaps because of just this
		k.Flying, k.Offer = false, nil
	}
	if l.ready = nil; k.Offer == nil || c.cfg.Auth.NoSASL2 || c.cfg.Auth.NoPipelining || l.inside == conn {
		return nil, nil
	}
	k.Flying = true
	a := c.tokenAttempt(ctx, conn, k.Offer)
	if a == nil {
		var err error
		if a, err = c.passwordAttempt(ctx, conn, k.Offer); err != nil || !a.canFly() {
			k.Flying = false
			return nil, nil // what is offered now is perhaps better
		}
	}
	if err := c.start(a); err != nil {
		k.Flying = false
		return nil, nil
	}
	c.save(ctx)
	c.trace().authStart(a.m.Name())
	l.ready = a
	return a.request, nil
}

// canFly reports whether the first message of a login says nothing that a server may not
// get which does not offer it any more.
func (a *attempt) canFly() bool {
	switch a.m.Name() {
	case "PLAIN", "OAUTHBEARER":
		return false
	}
	return true
}

// single reports whether the server has all of a login with the first message.
func (a *attempt) single() bool {
	return a.token || a.m.Name() == "EXTERNAL" || a.m.Name() == "ANONYMOUS"
}

// brief reports whether the client has nothing more to say behind the first message, although
// the server may have.
func (a *attempt) brief() bool { return a.token || !strings.HasPrefix(a.m.Name(), "SCRAM-") }

// landed goes on with a login that went out with the stream header, now that it is known
// what the server offers. Without done, another one is to be tried; tokens says that it
// was by a token.
func (c *Client) landed(ctx context.Context, conn *stream.Conn, o *offered) (a *attempt, s *sasl2.Success, done bool, err error) {
	a, c.login.ready = c.login.ready, nil
	same := a.offer.same(o)
	if !same && !a.single() {
		return a, nil, false, c.callBack(ctx, conn, a)
	}
	a.offer = o // to be remembered
	s, err = c.attempt(ctx, conn, a, false)
	var e *AuthError
	if errors.As(err, &e) {
		switch {
		case e.Condition == "":
			if a.token { // the server has proved nothing, and would not the next time
				c.refuseToken(ctx, a, e)
			}
		case errors.Is(e.Err, errMismatch):
			return a, nil, false, nil
		case a.token:
			c.refuseToken(ctx, a, e)
			return a, nil, false, nil
		case !same:
			return a, nil, false, nil
		}
	}
	return a, s, true, err
}

// callBack ends a login that was begun with what a server does not offer any more.
func (c *Client) callBack(ctx context.Context, conn *stream.Conn, a *attempt) error {
	c.trace().authDone(a.m.Name(), errMismatch)
	c.login.kept.Offer, c.login.kept.Flying = nil, false
	c.save(ctx)
	// the answer is on its way already
	for range 2 {
		r, err := conn.Read()
		switch {
		case err != nil:
			return stream.AtOnce(err)
		case r.Is(sasl2.NS, "failure"):
			return nil
		}
		if err := conn.Write(&sasl2.Abort{}); err != nil {
			return err
		}
	}
	return stream.AtOnce(&AuthError{Mechanism: a.m.Name(), Err: mechanism.ErrChallenge})
}
