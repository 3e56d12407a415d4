package boshconn

import (
	"errors"
	"fmt"
	"time"

	"stanza.invalid/gen/httpbind"
	"stanza.invalid/stream/wire"
)

// Requests come to the server over several connections, so that a later one may be there
// first. The server has to wait for the other then (XEP-0124, section 14.2), but ejabberd
// 23.01 answers neither of them any more, and Prosody 0.12 makes no answer to a request that
// was cut once it has had the next. So a request leaves when the server is known to have
// those before it: by an answer; or, since a request that is held gets none, when it has
// had the time to take them.

// What time that is: a few round trips, within bounds.
const (
	trips      = 4
	leastGrace = 100 * time.Millisecond
	mostGrace  = time.Second
)

// grace is how long the server may take to take what was written to it. The caller holds mu.
func (c *Conn) grace() time.Duration { return min(max(trips*c.trip, leastGrace), mostGrace) }

// turn returns in how long it is a request's turn, as far as its predecessors are concerned; ok
// is false while one of them is still to be sent, perhaps again. The caller holds mu.
func (c *Conn) turn(rid uint64) (after time.Duration, ok bool) {
	for _, q := range c.open {
		switch {
		case q.rid >= rid || q.answer != nil || q.taken:
		case q.unsent:
			return 0, false
		default:
			after = max(after, c.grace()-time.Since(q.written))
		}
	}
	return after, true
}

// awaitTurn waits until a request may be sent, and reports false if it is not to be any more.
// The request that ends the session does not wait for others that do not get through.
func (c *Conn) awaitTurn(q *request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.ctx.Err() == nil {
		after, ok := c.turn(q.rid)
		if ok && after <= 0 || !ok && q.kind == kindEnd {
			return true
		}
		var due <-chan time.Time
		if ok {
			due = time.After(after)
		}
		changed := c.change()
		c.mu.Unlock()
		select {
		case <-changed:
		case <-due:
		case <-c.ctx.Done():
		}
		c.mu.Lock()
	}
	return false
}

// mayLaunch returns in how long there may be another request of a kind, as far as that is
// known (XEP-0124, section 11). The caller holds mu.
func (c *Conn) mayLaunch(k kind) (after time.Duration, ok bool) {
	most := c.terms.requests
	if k == kindEnd || k == kindPause {
		most++
	}
	if c.awaited() >= most || k != kindEnd && (c.busy() >= mostBusy || c.full()) {
		return 0, false
	}
	after, ok = c.turn(c.rid + 1)
	return after, ok || k == kindEnd
}

// full reports whether so many answers wait for who reads that there are to be no more. The
// caller holds mu.
func (c *Conn) full() bool {
	kept := 0
	for _, q := range c.open {
		if q.answer != nil {
			kept += len(q.answer.text)
		}
	}
	return len(c.open) >= mostAnswers || kept >= mostKept
}

// sent notes that a request has left.
func (c *Conn) sent(q *request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q.unsent, q.written = false, time.Now()
	q.tries++
	c.notify()
}

// took notes which requests the server has, according to an answer: those up to the one that
// is answered, and if there is nothing to say, the next, which must be why. The caller holds
// mu.
func (c *Conn) took(q *request, a *answer) {
	for _, o := range c.open {
		next := o.rid == q.rid+1 && a.empty && q.kind != kindCreate && time.Since(q.begun) < c.terms.wait-margin/10
		if o.taken || o.rid > q.rid && !next {
			continue
		}
		o.taken = true
		if !o.unsent && (next || o.kind == kindCreate || o.kind == kindRestart) {
			c.trip = max(time.Since(o.written), c.trip*7/8)
		}
	}
}

// errDoubtful ends a session in which something may have got lost.
var errDoubtful = errors.New("a request was cut more than once, and what it was answered with is not known")

// judge looks for what servers without acknowledgements (XEP-0124, section 9) say when a
// request comes again. The caller holds mu.
func (c *Conn) judge(q *request, a *answer) (*answer, error) {
	if c.terms.acks || q.tries < 2 || q.kind == kindCreate {
		return a, nil
	}
	kind, _ := a.root.Attr("type")
	cond, _ := a.root.Attr("condition")
	lost := kind == string(httpbind.TypeTerminate) && httpbind.Condition(cond) == httpbind.ConditionItemNotFound
	switch {
	case lost && q.rid+1 == c.rid && !c.over:
		// Prosody 0.12 has had the next one meanwhile. It keeps the last two answers, so that
		// there was none. If the session is gone the next one will be told so.
		return nothing(), nil
	case a.empty && q.tries > 2 && q.rid == c.rid && c.terms.forgetful:
		// ejabberd 23.01 notes that a request that comes again was answered with nothing, and
		// holds it. When it comes for the third time nothing is what it gets, at once, while what
		// the server says next goes to where it came from the second time.
		return a, errDoubtful
	}
	return a, nil
}

// nothing is an answer without anything in it.
func nothing() *answer {
	const text = "<body xmlns='" + httpbind.NS + "'/>"
	root, _ := wire.Parse(text)
	return &answer{root: root, text: []byte(text), whole: true, empty: true}
}

// stuckAfter is how long the server may hold two requests, where it has to hold one and to answer
// the other (XEP-0124, section 8).
const stuckAfter = 15 * time.Second

// errStuck ends a session whose server does that.
var errStuck = errors.New("the server answers neither of two requests")

// unstick gives up a session that is stuck: what was sent is sent again in the next one, as
// far as there is stream management.
func (c *Conn) unstick() {
	c.mu.Lock()
	c.stuck = nil
	left, n := time.Duration(0), 0
	for _, q := range c.open {
		if q.answer != nil {
			continue
		}
		if n++; n > 2 {
			break
		}
		if left = max(left, stuckAfter-time.Since(q.written)); q.unsent {
			left = stuckAfter
		}
	}
	over := c.err != nil || c.over || n < 2
	if !over && left > 0 {
		c.stuck = time.AfterFunc(left, c.unstick)
	}
	c.mu.Unlock()
	if !over && left <= 0 {
		c.fail(fmt.Errorf("BOSH: %w", errStuck))
	}
}
