package xmpp

import (
	"context"
	"slices"
	"sync"

	"stanza.invalid/gen/carbons"
	"stanza.invalid/gen/csi"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Restored says that everything that was registered with [Session.Restore] has run for a
// new session.
type Restored struct{}

// restorers make new sessions what the program has made of earlier ones.
type restorers struct {
	mu   sync.Mutex
	list []*restorer        // guarded by mu, in order
	stop context.CancelFunc // guarded by mu: of the run under way
}

type restorer struct {
	order int
	run   func(ctx context.Context) error
}

// Restore registers what makes a new session that of the user: presence that was sent,
// rooms that were joined, subscriptions. It is called, on a goroutine of its own, each
// time a session starts that is not the one before resumed; those of lower order first, one
// after the other. It may call and wait; ctx ends with the session. An error is reported
// as a failure and keeps nothing else from running. What the program sends meanwhile does
// not wait: handlers of [Restored] know that all is as it was.
//
// The client's own presence is of order 0, carbons of -10. The function that Restore
// returns removes it.
func (s *Session) Restore(order int, f func(ctx context.Context) error) (remove func()) {
	r := &restorer{order, f}
	rs := &s.restorers
	rs.mu.Lock()
	defer rs.mu.Unlock()
	i := 0
	for i < len(rs.list) && rs.list[i].order <= order {
		i++
	}
	first := rs.list == nil
	rs.list = slices.Insert(rs.list, i, r)
	if first {
		s.watchSessions()
	}
	return func() {
		rs.mu.Lock()
		defer rs.mu.Unlock()
		rs.list = slices.DeleteFunc(rs.list, func(o *restorer) bool { return o == r })
	}
}

// watchSessions runs the restorers for each new session.
func (s *Session) watchSessions() {
	const site = "Session.Restore"
	rs := &s.restorers
	stream.On(s, func(ctx context.Context, e SessionStarted) error {
		if e.Resumed {
			return nil
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		rs.mu.Lock()
		if rs.stop != nil {
			rs.stop()
		}
		rs.stop = cancel
		list := slices.Clone(rs.list)
		rs.mu.Unlock()
		for _, r := range list {
			if err := r.run(ctx); err != nil {
				if ctx.Err() != nil {
					return nil // the next session does it again
				}
				s.stream.Report(stream.Failure{Err: err, Handler: site})
			}
		}
		return Emit(s, Restored{})
	}, stream.Concurrent(), stream.At(site))
	stream.On(s, func(context.Context, SessionEnded) error {
		rs.mu.Lock()
		defer rs.mu.Unlock()
		if rs.stop != nil {
			rs.stop()
			rs.stop = nil
		}
		return nil
	}, stream.Direct(), stream.At(site))
}

// restoreOwn registers what the configuration asks for in each session.
func (c *Client) restoreOwn() {
	if c.cfg.Carbons {
		c.Restore(-10, func(ctx context.Context) error {
			c.mine.Lock()
			there := c.carbons
			c.mine.Unlock()
			if there {
				return nil
			}
			_, err := Call(ctx, c, jid.JID{}, &carbons.Enable{})
			return err
		})
	}
	c.Restore(0, func(ctx context.Context) error {
		c.mine.Lock()
		p := c.presence
		c.mine.Unlock()
		if p == nil {
			return nil
		}
		return c.stream.Send(ctx, p)
	})
}

// SetPresence sends a presence to all who may see the client, and again in each new session:
// the last one counts. An unavailable one ends that.
func (c *Client) SetPresence(ctx context.Context, p *stanza.Presence) error {
	p = p.Clone()
	p.To, p.From = jid.JID{}, jid.JID{}
	c.mine.Lock()
	c.presence = p
	if p.Type != "" {
		c.presence = nil
	}
	c.mine.Unlock()
	if _, ok := c.stream.Resumable(); !ok && c.State() != stream.Established {
		return nil // there is no session; the next one begins with it
	}
	return c.stream.Send(ctx, p)
}

// SetActive tells the server whether somebody is looking (XEP-0352), so that it may hold
// back what can wait; it is said again in each new connection. A server that does not know
// it is not told.
func (c *Client) SetActive(ctx context.Context, active bool) error {
	c.mine.Lock()
	c.inactive = !active
	able := c.server.ClientState
	c.mine.Unlock()
	if !able || c.State() != stream.Established {
		return nil
	}
	return c.sendActive(ctx, active)
}

func (c *Client) sendActive(ctx context.Context, active bool) error {
	if active {
		return c.stream.SendElement(ctx, &csi.Active{})
	}
	return c.stream.SendElement(ctx, &csi.Inactive{})
}

// sayInactive is for the beginning of connections, which the server takes for active ones.
func (c *Client) sayInactive() {
	stream.On(c, func(ctx context.Context, _ SessionStarted) error {
		c.mine.Lock()
		say := c.inactive && c.server.ClientState && !c.saidInactive
		c.saidInactive = false
		c.mine.Unlock()
		if say {
			return c.sendActive(ctx, false)
		}
		return nil
	}, stream.At("Client.SetActive"))
}
