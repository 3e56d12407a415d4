package xmpp

import (
	"context"
	"fmt"
	"time"

	"stanza.invalid/gen/ping"
	"stanza.invalid/gen/sm"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// offersManagement reports whether the server has stream management (XEP-0198).
func offersManagement(features wire.Raw) bool { return !features.Child(sm.NS, "sm").IsZero() }

// resume asks for the session of the connection before (XEP-0198, section 5), if there is
// one that the server may have kept. If it has not, binding is next.
func (c *Client) resume(ctx context.Context, conn *stream.Conn) (stream.Outcome, error) {
	q := conn.ResumeRequest()
	if q == nil || !offersManagement(conn.Features()) {
		return stream.Continue, nil
	}
	if err := conn.Write(q); err != nil {
		return 0, err
	}
	r, err := conn.ReadResumption(ctx)
	switch {
	case err != nil:
		return 0, err
	case r.Is(sm.NS, "resumed"):
		answer, err := stanza.Decode[sm.Resumed](r)
		if err != nil {
			return 0, err
		}
		if err := c.takeResumed(conn, answer); err != nil {
			return 0, err
		}
		return stream.Done, nil
	case r.Is(sm.NS, "failed"):
		answer, err := stanza.Decode[sm.Failed](r)
		if err != nil {
			return 0, err
		}
		conn.ResumeFailed(answer)
		return stream.Continue, nil
	}
	return 0, fmt.Errorf("%s in place of the answer", r.Name())
}

// takeResumed goes on with the session, under the address that it has.
func (c *Client) takeResumed(conn *stream.Conn, answer *sm.Resumed) error {
	if err := conn.Resumed(answer); err != nil {
		return err
	}
	c.redirect.arrived()
	c.places.arrived()
	server := c.Server()
	conn.SetPeerLimits(server.MaxBytes, server.Idle)
	conn.SetLocal(c.Local())
	conn.SetRemote(c.addr.DomainJID())
	return nil
}

// probe asks the server for a sign of life where there is no stream management
// (XEP-0199).
func (c *Client) probe() {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), c.cfg.IdleTimeout)
		defer cancel()
		_, _ = c.stream.Request(ctx, stanza.NewIQ(stanza.Get, c.addr.DomainJID(), &ping.Ping{}))
	}()
}

// SendTracked is [Session.Send] for who wants to know what becomes of the stanza: the
// server has acknowledged it (with stream management, XEP-0198), it was written to the network
// (without), or it is lost. That is known within seconds while there is a connection; without
// one, when the session has gone on, has been replaced, or the client is closed.
func (s *Session) SendTracked(ctx context.Context, st stanza.Stanza) (*stream.Delivery, error) {
	return s.stream.SendTracked(ctx, st)
}

// Reconnect makes the connection anew without delay, and an attempt under way as well. It is
// for programs that learn that the network has changed, or that the machine has slept. The
// session goes on if the server has kept it. Before the first session it does nothing. It
// does not wait; any goroutine and any handler may call it.
func (c *Client) Reconnect() {
	c.places.forget()
	c.stream.Reconnect()
}

// defaults of liveness.
const (
	defaultIdle        = 2 * time.Minute
	defaultIdleTimeout = 30 * time.Second
)
