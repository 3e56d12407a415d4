package stream

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"stanza.invalid/gen/sm"
	"stanza.invalid/stream/wire"
)

// How a session is taken to another connection (XEP-0198, section 5).

// maxUnanswered is how many attempts in a row to resume a session may be left without an
// answer. A peer that does not answer at all has the session perhaps, and trips over it each
// time: asking on and on would keep a client away for good.
const maxUnanswered = 2

// Why there is another connection.
var (
	errUnanswered = errors.New("stream: the peer does not say whether the session goes on")
	errMending    = errors.New("stream: the network has failed for too long while the session was to be resumed")
)

// ResumeRequest returns what asks the peer to resume the session of the connection
// before, or nil if there is none that could be. The answer is to be read by
// [Conn.ReadResumption].
func (c *Conn) ResumeRequest() *sm.Resume {
	if c.sm == nil {
		return nil
	}
	c.sm.mu.Lock()
	id := c.sm.id
	c.sm.mu.Unlock()
	if id == "" {
		return nil
	}
	c.resuming = true
	return &sm.Resume{PreviousID: id, Handled: c.sm.in.receivedCount()}
}

// ReadResumption is [Conn.Read] for what the peer says once it has been asked to resume the
// session. That has to come within a third of [Config.SessionTimeout]; if it does not, nothing
// more can be read, and another connection is made at once ([AtOnce]). The session is given up
// when that happens for the second time in a row: the next connection begins a new one. A
// connection that is lost meanwhile, or being mended, does not count.
func (c *Conn) ReadResumption(ctx context.Context) (wire.Raw, error) {
	c.setReadDeadline(time.Now().Add(c.cfg.SessionTimeout / 3))
	defer c.setReadDeadline(time.Time{})
	r, err := c.Read()
	timeout := errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil
	if err == nil || !timeout && !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return r, err
	}
	if c.mending() {
		return r, AtOnce(errMending)
	}
	m := c.sm
	if m.unanswered++; m.unanswered >= maxUnanswered {
		m.s.cfg.Logger.Warn("a session is given up: the peer does not say whether it goes on", "attempts", m.unanswered)
		c.forget()
	}
	return r, AtOnce(errUnanswered)
}

// mending reports whether the transport mends what has broken.
func (c *Conn) mending() bool {
	t, ok := c.transport.(interface{ Mending() bool })
	return ok && t.Mending()
}

// setReadDeadline bounds the reads to come, if the transport can, and as long as negotiation
// is not over time.
func (c *Conn) setReadDeadline(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t, ok := c.transport.(interface{ SetReadDeadline(time.Time) error }); ok && !c.late {
		_ = t.SetReadDeadline(at)
	}
}

// Resumed takes the peer's answer that the session goes on, and makes the negotiation one
// that resumes it: what the peer has not got is sent again.
func (c *Conn) Resumed(r *sm.Resumed) error {
	c.sm.mu.Lock()
	id := c.sm.id
	c.sm.mu.Unlock()
	if r.PreviousID != id {
		c.sm.forget()
		return fmt.Errorf("the peer has resumed another session: %w", ErrCounters)
	}
	more, err := c.cfg.stream.out.advance(r.Handled)
	if err != nil {
		c.sm.forget()
		return err
	}
	c.sm.unanswered = 0
	if more {
		c.sm.deaf = 0
	}
	c.SetResumed()
	return nil
}

// ResumeFailed takes the peer's answer that the session is gone, and with it, perhaps, how
// much of what was sent it has handled.
func (c *Conn) ResumeFailed(f *sm.Failed) {
	c.forget()
	if f.Handled != nil {
		_ = c.cfg.stream.out.acked(*f.Handled) // what does not fit says nothing
	}
}

// forget gives up the session of the connection before.
func (c *Conn) forget() {
	c.sm.forget()
	c.resuming = false
}

// maxDeaf is how many connections in a row may resume a session, get no acknowledgement, and
// end because of that. There are servers in which half a stanza, left by a connection that broke,
// swallows all that comes behind it in the same session.
const maxDeaf = 3

// gotNowhere is told how a connection ended, and reports whether its session is to be given up.
// One that was lost otherwise says nothing about the session.
func (m *management) gotNowhere(c *Conn, err error) bool {
	if !c.resumed || !errors.Is(err, ErrDead) || c.mending() {
		return false
	}
	m.deaf++
	return m.deaf >= maxDeaf
}
