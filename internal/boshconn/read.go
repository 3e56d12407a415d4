package boshconn

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net"
	"os"
	"slices"
	"time"

	"stanza.invalid/gen/httpbind"
	"stanza.invalid/internal/frames"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
)

// Read returns text of the stream.
func (c *Conn) Read(p []byte) (int, error) {
	for len(c.text) == 0 {
		if err := c.more(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.text)
	if c.text = c.text[n:]; len(c.text) == 0 {
		c.text = nil // idle connections have none
	}
	return n, nil
}

// more waits for something to come, and asks for it if nothing is under way.
func (c *Conn) more() error {
	for {
		c.mu.Lock()
		late := c.reads.Passed()
		var due <-chan time.Time
		switch {
		case isClosed(late):
			c.mu.Unlock()
			return os.ErrDeadlineExceeded
		case c.err == net.ErrClosed:
			c.mu.Unlock()
			return c.err
		case c.again:
			c.again = false
			c.header.ID = stream.NewID()
			h := c.header
			c.mu.Unlock()
			var err error
			c.text, err = frames.AppendHeader(nil, h)
			return err
		case len(c.open) > 0 && c.open[0].answer != nil:
			q, l := c.open[0], c.limits
			c.mu.Unlock()
			if err := c.take(q, l); err != nil || len(c.text) > 0 {
				return err
			}
			continue
		case c.err != nil:
			c.mu.Unlock()
			return c.err
		case len(c.open) == 0 && c.terms.sid != "" && !c.over && !c.sending:
			wait := max(c.untilPoll(), lull-time.Since(c.rested))
			if wait <= 0 {
				err := c.launch(kindPoll, &httpbind.Body{}, nil)
				c.mu.Unlock()
				if err != nil {
					return err
				}
				continue
			}
			t := time.NewTimer(wait)
			defer t.Stop()
			due = t.C
		}
		changed := c.change()
		c.mu.Unlock()
		select {
		case <-changed:
		case <-due:
		case <-late:
		}
	}
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// lull is how long the program has to say something to what it has read, in the request that
// asks for more.
const lull = 10 * time.Millisecond

// leastGap is how long there is between two requests that carry nothing and are answered
// with nothing, whatever the server is content with.
const leastGap = time.Second

// untilPoll returns how long it is until the server may be asked whether it has something.
// One that does not hold requests is asked as often as it says (XEP-0124, section 12). The
// caller holds mu.
func (c *Conn) untilPoll() time.Duration {
	if !c.paused.IsZero() {
		if d := time.Until(c.paused); d > 0 {
			return d
		}
	}
	if !c.quiet {
		return 0
	}
	gap := max(c.terms.polling, leastGap)
	if c.terms.inactivity > 0 {
		gap = min(gap, c.terms.inactivity/2)
	}
	return time.Until(c.polled.Add(gap))
}

// mostText is how much text is made of an answer at once.
const mostText = 32 << 10

// take makes text of the oldest answer, or of a part of it.
func (c *Conn) take(q *request, l wire.Limits) error {
	a := q.answer
	if c.cur == nil {
		var src io.Reader = bytes.NewReader(a.text)
		if a.rest != nil {
			src = io.MultiReader(src, a.rest)
		}
		c.cur, c.seen = newParser(src, l), 0
		c.sum = maphash.Hash{}
		c.sum.SetSeed(q.sum.Seed())
		c.ending = nil
		if kind, _ := a.root.Attr("type"); kind == string(httpbind.TypeTerminate) {
			cond, _ := a.root.Attr("condition")
			c.ending = &ending{condition: httpbind.Condition(cond)}
		}
		if _, err := c.cur.root(); err != nil {
			return err
		}
		if err := c.putHeader(); err != nil {
			return err
		}
	}
	for len(c.text) < mostText {
		r, err := c.cur.next()
		switch {
		case err == io.EOF:
			return c.finish(q)
		case err != nil:
			if err = truncated(err, a.whole && a.rest == nil); isFinal(err) {
				return err
			}
			return c.repeat(q, err)
		}
		if err := c.takeElement(q, r); err != nil {
			return err
		}
		if a.rest != nil && len(c.text) > 0 {
			return nil // the next one may take its time
		}
	}
	return nil
}

// putHeader begins the stream, if that has not begun.
func (c *Conn) putHeader() (err error) {
	c.mu.Lock()
	h, headed := c.header, c.headed
	c.headed = true
	c.mu.Unlock()
	if !headed {
		c.text, err = frames.AppendHeader(c.text, h)
	}
	return err
}

// takeElement takes an element of an answer, unless it has been taken before: from an answer
// whose connection was lost, and that now comes again.
func (c *Conn) takeElement(q *request, r wire.Raw) (err error) {
	if q.answer.rest != nil || q.read > 0 {
		_, _ = c.sum.WriteString(r.Source())
	}
	if c.seen++; c.seen <= q.read {
		if c.seen == q.read && c.sum.Sum64() != q.sum.Sum64() {
			return errDiffers
		}
		return nil
	}
	q.read, q.sum = c.seen, c.sum
	if c.ending != nil && !c.ending.note(r) {
		return nil
	}
	if q.gap && !r.Is(wire.NSStream, "error") {
		return nil // who takes it for the next one counts wrong (XEP-0198), and misses those in front of it
	}
	c.text, err = frames.AppendElement(c.text, r)
	return err
}

// finish is for the end of an answer.
func (c *Conn) finish(q *request) (err error) {
	if c.seen < q.read && c.ending == nil {
		return errDiffers
	}
	end := c.ending
	c.cur, c.ending = nil, nil
	c.mu.Lock()
	if q.answer.rest != nil {
		q.answer.rest.Close()
		q.answer.rest = nil
	}
	c.open = c.open[1:]
	if len(c.open) == 0 {
		c.open = nil
	}
	c.quiet, c.rested = c.seen == 0 && q.kind == kindPoll, time.Now()
	c.notify()
	c.mu.Unlock()
	if end == nil && q.kind == kindEnd {
		end = &ending{}
	}
	switch {
	case end != nil:
		why := end.loss()
		if why != nil {
			why = fmt.Errorf("BOSH: %w", why)
		} else if c.text, err = end.append(c.text); err == nil {
			why = io.EOF
		}
		c.fail(cmp.Or(why, err))
		// What came in answer to later requests stands behind a hole, if this one has not got
		// what it asked for. Who reads on there counts wrong (XEP-0198).
		c.mu.Lock()
		c.open = nil
		c.mu.Unlock()
		return err
	case c.seen == 0 && len(c.text) == 0:
		c.text = append(c.text, ' ') // a sign of life
	}
	return nil
}

// repeat sends a request again whose answer has broken off. What was taken of it is known.
func (c *Conn) repeat(q *request, why error) error {
	c.cur, c.ending = nil, nil
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	if q.breaks++; q.breaks > maxRepeats {
		return fmt.Errorf("BOSH: %w", why)
	}
	if q.answer.rest != nil {
		q.answer.rest.Close()
	}
	q.answer, q.failed = nil, true
	go c.exchange(q)
	return nil
}

// answered notes that an answer is coming in.
func (c *Conn) answered(q *request, a *answer) {
	if err := c.note(q, a); err != nil {
		c.fail(fmt.Errorf("BOSH: %w", err))
	}
}

// goodbye is how long requests may still be answered that were sent before one whose answer
// ends the session.
const goodbye = 500 * time.Millisecond

func (c *Conn) note(q *request, a *answer) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		if a.rest != nil {
			_ = a.rest.Close()
		}
		return nil
	}
	a, err := c.judge(q, a)
	if err != nil {
		return err
	}
	if q.answer = a; a.rest == nil {
		q.body = nil
	}
	c.took(q, a)
	if c.stuck != nil && c.awaited() <= 1 {
		c.stuck.Stop()
		c.stuck = nil
	}
	kind, _ := a.root.Attr("type")
	terminate := kind == string(httpbind.TypeTerminate)
	if q.kind == kindCreate && c.terms.sid == "" {
		c.header = newHeader(a.root)
		if err := c.agree(a.root); err != nil && !terminate {
			return err
		}
	}
	switch {
	case terminate || q.kind == kindEnd:
		c.over = true
		if !isClosed(c.ended) {
			close(c.ended)
		}
		time.AfterFunc(goodbye, func() { c.skipTo(q) })
	default:
		c.suspect(q, a.root)
		if c.terms.inactivity > 0 && c.terms.sid != "" && c.awaited() == 0 {
			d := c.terms.inactivity / 2
			if !c.paused.IsZero() {
				d = time.Until(c.paused)
			}
			c.nudge = time.AfterFunc(d, c.keepUp)
		}
	}
	c.notify()
	return nil
}

// errNoSession is what an answer is that should begin a session and does not.
var errNoSession = errors.New("the server begins no session")

// mostRequests is how many requests are sent at once: one that is held, one that is not.
const mostRequests = 2

// agree reads what the server says of the session (XEP-0124, section 7.2). The caller holds mu.
func (c *Conn) agree(root wire.Raw) error {
	sid, _ := root.Attr("sid")
	if sid == "" {
		return &final{errNoSession}
	}
	t := terms{sid: sid, wait: c.asked.Wait, requests: mostRequests}
	if d, ok := seconds(root, "wait"); ok {
		t.wait = min(t.wait, d)
	}
	if n, ok := number(root, "requests", 1<<32); ok {
		t.requests = int(min(max(n, 1), mostRequests))
	}
	t.inactivity, _ = seconds(root, "inactivity")
	t.polling, _ = seconds(root, "polling")
	t.maxPause, _ = seconds(root, "maxpause")
	_, t.acks = number(root, "ack", maxRID)
	ver, _ := root.Attr("ver")
	t.legacy, t.forgetful = ver == "", ver == version && !t.acks
	c.terms = t
	return nil
}

// skipTo gives up the requests in front of one that has ended the session.
func (c *Conn) skipTo(last *request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	gap := false
	c.open = slices.DeleteFunc(c.open, func(q *request) bool {
		given := q.answer == nil && q.rid < last.rid
		gap = gap || given
		q.gap = q.gap || gap
		return given
	})
	c.notify()
}

// awaited returns how many requests the server has not answered. The caller holds mu.
func (c *Conn) awaited() (n int) {
	for _, q := range c.open {
		if q.answer == nil {
			n++
		}
	}
	return n
}

// lateAfter is how long a request, or an answer, is on its way before it is taken for lost.
const lateAfter = 2 * time.Second

// suspect finds out which requests, or whose answers, the server thinks are lost (XEP-0124,
// section 9), and repeats them. The caller holds mu.
func (c *Conn) suspect(q *request, root wire.Raw) {
	ack := q.rid
	if n, ok := number(root, "ack", maxRID); ok {
		ack = n
	}
	report, reported := number(root, "report", maxRID)
	age, _ := number(root, "time", 1<<40)
	for _, o := range c.open {
		if o.answer != nil || o.retry == nil || time.Since(o.begun) < lateAfter {
			continue
		}
		missed := c.terms.acks && o.rid > ack
		lost := reported && o.rid == report && age >= uint64(lateAfter/time.Millisecond)
		if missed || lost {
			o.retry(errMissed)
		}
	}
}

// What may wait for a reader, before the server is not asked for more.
const (
	mostAnswers = 16
	mostKept    = 256 << 10
)

// keepUp sends a request before the session is forgotten, although the reader has no use for
// it yet.
func (c *Conn) keepUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nudge = nil
	if c.err == nil && !c.over && c.awaited() == 0 && c.busy() < mostBusy && !c.full() {
		_ = c.launch(kindPoll, &httpbind.Body{}, nil)
	}
}
