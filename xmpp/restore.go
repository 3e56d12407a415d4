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
	stop context.CancelFunc // guarded by mu: ends due, and what was made of it
	due  context.Context    // guarded by mu: of the present session, until its turn has come
}

type restorer struct {
	order int
	run   func(ctx context.Context) error
}

// Restore registers what makes a new session that of the user: presence that was sent,
// rooms that were joined, subscriptions. It is called, on a goroutine of its own, each
// time a session starts that is not the one before resumed; those of lower order first, one
// after the other. It may call and wait; ctx ends with the session. An error or a panic is
// reported as a failure and keeps nothing else from running. What the program sends meanwhile,
// and what it has sent while there was no session, does not wait: handlers of [Restored] know
// that all is as it was. A session that has started already is not restored by functions that
// are registered later: register before [Client.Open], or do the first time by hand.
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

// call runs one of them.
func (r *restorer) call(ctx context.Context) error {
	return caught(func() error { return r.run(ctx) })
}

// watchSessions runs the restorers for each new session. Its turn comes in the queue; it may
// be over by then.
func (s *Session) watchSessions() {
	const site = "Session.Restore"
	rs := &s.restorers
	stream.On(s, func(context.Context, SessionStarted) error {
		rs.mu.Lock()
		ctx, list := rs.due, slices.Clone(rs.list)
		rs.due = nil
		rs.mu.Unlock()
		if ctx == nil {
			return nil
		}
		for _, r := range list {
			err := r.call(ctx)
			if ctx.Err() != nil {
				return nil // the next session does it again
			}
			if err != nil {
				s.stream.Report(stream.Failure{Err: err, Handler: site})
			}
		}
		return Emit(s, Restored{})
	}, stream.Concurrent(), stream.At(site))
	stream.On(s, func(ctx context.Context, e SessionStarted) error {
		if e.Resumed {
			return nil
		}
		rs.mu.Lock()
		defer rs.mu.Unlock()
		// the end of the session ends it, that of the stream included: to be listed with the stream's context as well would
		// cost each session a map
		rs.due, rs.stop = context.WithCancel(context.WithoutCancel(ctx))
		return nil
	}, stream.Direct(), stream.At(site))
	stream.On(s, func(context.Context, SessionEnded) error {
		rs.mu.Lock()
		defer rs.mu.Unlock()
		if rs.stop != nil {
			rs.stop()
			rs.stop, rs.due = nil, nil
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
		if p == nil || p.Type != "" {
			return nil
		}
		return c.sendPresence(ctx, p)
	})
}

// sendPresence sends a presence, and if another was set meanwhile, that too: what the server
// hears last is what was set last.
func (c *Client) sendPresence(ctx context.Context, p *stanza.Presence) error {
	for {
		if err := c.stream.Send(ctx, p); err != nil {
			return err
		}
		c.mine.Lock()
		last := c.presence
		c.mine.Unlock()
		if last == p {
			return nil
		}
		p = last
	}
}

// SetPresence sends a presence to all who may see the client (RFC 6121, section 4), and again
// in each new session: the one that was set last counts. An unavailable one ends that. To and
// From do not matter. Without a connection it is said when there is one. It may wait for room
// as Send does, until ctx ends; the presence is that of new sessions nevertheless. Any
// goroutine may call it.
func (c *Client) SetPresence(ctx context.Context, p *stanza.Presence) error {
	p = p.Clone()
	p.To, p.From = jid.JID{}, jid.JID{}
	c.mine.Lock()
	c.presence = p
	c.mine.Unlock()
	if _, ok := c.stream.Resumable(); !ok && c.State() != stream.Established {
		return nil // there is no session; the next one begins with it
	}
	return c.sendPresence(ctx, p)
}

// SetActive tells the server whether somebody is looking (XEP-0352), so that it may hold
// back what can wait; it is said again in each new connection. A server that does not know
// it is not told. A client is active before anything else is said. Any goroutine may call it.
func (c *Client) SetActive(ctx context.Context, active bool) error {
	c.mine.Lock()
	c.inactive = !active
	able := c.server.ClientState
	c.mine.Unlock()
	if !able || c.State() != stream.Established {
		return nil
	}
	c.mine.Lock()
	c.spoke = true
	c.mine.Unlock()
	return c.sendActive(ctx)
}

// sendActive says what holds, until nothing else was set meanwhile.
func (c *Client) sendActive(ctx context.Context) error {
	for {
		c.mine.Lock()
		inactive := c.inactive
		c.mine.Unlock()
		say := stanza.Payload(&csi.Active{})
		if inactive {
			say = &csi.Inactive{}
		}
		if err := c.stream.SendElement(ctx, say); err != nil {
			return err
		}
		c.mine.Lock()
		same := c.inactive == inactive
		c.mine.Unlock()
		if same {
			return nil
		}
	}
}

// sayInactive is for the beginning of connections, which the server takes for active ones.
func (c *Client) sayInactive() {
	stream.On(c, func(ctx context.Context, _ SessionStarted) error {
		c.mine.Lock()
		say := (c.inactive && !c.saidInactive || c.spoke) && c.server.ClientState
		c.saidInactive, c.spoke = false, false
		c.mine.Unlock()
		if say {
			return c.sendActive(ctx)
		}
		return nil
	}, stream.At("Client.SetActive"))
}
