package xmpp

import (
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"stanza.invalid/stream"
)

const (
	// setbackTime is for how long a place where nothing came of a connection stands behind
	// the others.
	setbackTime = 5 * time.Minute
	// maxSetbacks is how many such places are remembered; the oldest are forgotten first.
	maxSetbacks = 2 * maxAddresses
)

// targets remembers at which of the server's places nothing came of a connection lately, so
// that others come first the next time: those of the same priority, and of a lower one, in
// the order of RFC 2782.
type targets struct {
	mu       sync.Mutex
	setbacks []setback   // guarded by mu: the oldest first, each place once
	at       candidate   // guarded by mu: where the connection that is being negotiated goes; zero for nowhere
	list     []candidate // guarded by mu: among which that place was
	hurry    *time.Timer // guarded by mu: gives a place up that says nothing; nil if there is no other
}

type setback struct {
	candidate
	when time.Time
}

// order puts places where there was a setback behind the others, the latest of them last: in
// turn, each is tried again.
func (p *targets) order(all []candidate) []candidate {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgetOld()
	if len(p.setbacks) == 0 {
		return all
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b candidate) int { return p.when(a).Compare(p.when(b)) })
	return all
}

// forgetOld forgets what was too long ago. The caller holds mu.
func (p *targets) forgetOld() {
	p.setbacks = slices.DeleteFunc(p.setbacks, func(s setback) bool { return time.Since(s.when) >= setbackTime })
}

// when returns when there was a setback at a place, the zero time for never. The caller
// holds mu.
func (p *targets) when(c candidate) time.Time {
	for _, s := range p.setbacks {
		if s.candidate == c {
			return s.when
		}
	}
	return time.Time{}
}

// setback notes that nothing has come of a connection.
func (p *targets) setback(c candidate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note(c)
}

// note is setback for who holds mu.
func (p *targets) note(c candidate) {
	p.forgetOld()
	p.setbacks = slices.DeleteFunc(p.setbacks, func(s setback) bool { return s.candidate == c })
	if len(p.setbacks) >= maxSetbacks {
		p.setbacks = slices.Delete(p.setbacks, 0, 1)
	}
	p.setbacks = append(p.setbacks, setback{c, time.Now()})
}

// negotiating notes where a new connection goes, and among which places that was chosen. If
// there are others it has the given time to get to a login.
func (p *targets) negotiating(conn net.Conn, at candidate, list []candidate, limit time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopHurry()
	p.at, p.list = at, list
	if !p.others() {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(limit, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.hurry == timer {
			_ = conn.SetDeadline(time.Unix(1, 0))
		}
	})
	p.hurry = timer
}

// others reports whether there are places besides where the connection goes without a
// setback. The caller holds mu.
func (p *targets) others() bool {
	p.forgetOld()
	return slices.ContainsFunc(p.list, func(c candidate) bool { return c != p.at && p.when(c).IsZero() })
}

// stopHurry gives the connection all the time that there is. The caller holds mu.
func (p *targets) stopHurry() {
	if p.hurry != nil {
		p.hurry.Stop()
		p.hurry = nil
	}
}

// reached notes that the server is there: where else there is to go does not matter to this
// connection any more.
func (p *targets) reached() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopHurry()
	p.list = nil
}

// arrived notes that there is a session.
func (p *targets) arrived() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopHurry()
	p.setbacks = slices.DeleteFunc(p.setbacks, func(s setback) bool { return s.candidate == p.at })
	p.at, p.list = candidate{}, nil
}

// failed notes that nothing came of the connection that was being negotiated, and reports
// whether there is another place to go to at once.
func (p *targets) failed() (more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopHurry()
	if p.at == (candidate{}) {
		return false
	}
	p.note(p.at)
	more = p.others()
	p.at, p.list = candidate{}, nil
	return more
}

// forget forgets all setbacks: they were another network's.
func (p *targets) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.setbacks = nil
}

// elsewhere is asked when nothing has come of an attempt to get to a session.
func (c *Client) elsewhere(err error) bool {
	var e *stream.Error
	if errors.As(err, &e) && e.Condition == stream.SeeOtherHost {
		return false // it is not the place's fault
	}
	return c.places.failed()
}
