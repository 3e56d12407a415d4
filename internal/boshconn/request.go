package boshconn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"time"

	"stanza.invalid/gen/httpbind"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
)

// kind is what a request is for.
type kind uint8

const (
	kindPoll    kind = iota // carries nothing
	kindCreate              // begins the session
	kindData                // carries elements
	kindRestart             // begins the stream anew
	kindPause               // asks for patience
	kindEnd                 // ends the session
)

// request is a request, from when it gets its number until its answer was read.
type request struct {
	rid  uint64 // immutable
	kind kind   // immutable
	body []byte // the same each time it is sent (XEP-0124, section 14.3); nil once there is an answer

	answer *answer                 // guarded by Conn.mu: nil until it begins to come in
	begun  time.Time               // guarded by Conn.mu: when it was sent last
	retry  context.CancelCauseFunc // guarded by Conn.mu: gives up the attempt under way
	unsent bool                    // guarded by Conn.mu: it has to be sent, perhaps again, and was not yet
	failed bool                    // guarded by Conn.mu: an attempt has failed, or its answer has broken off

	gap bool // set before the reader gets to it: an answer in front of it was given up

	written time.Time // guarded by Conn.mu: when it had left the last time
	tries   int       // guarded by Conn.mu: how often it has
	taken   bool      // guarded by Conn.mu: the server is known to have it

	read   int          // of the reader: how many elements of the answer it has returned
	sum    maphash.Hash // of the reader: of those
	breaks int          // of the reader: how often the answer has broken off
}

// answer is what has come in of an answer.
type answer struct {
	root  wire.Raw
	text  []byte        // the beginning
	rest  io.ReadCloser // what is still on the network; nil if text is all
	whole bool          // HTTP says that text is all
	empty bool          // there is nothing in it
}

// prefetch is how much of an answer is read before somebody wants it: nearly all answers are
// shorter, so that they need no connection while they wait.
const prefetch = 32 << 10

// exchange sends a request until there is an answer.
func (c *Conn) exchange(q *request) {
	var since time.Time
	for n := 0; ; n++ {
		if !c.awaitTurn(q) {
			return
		}
		a, err := c.attempt(q)
		if err == nil {
			c.answered(q, a)
			return
		}
		if since.IsZero() {
			since = time.Now()
		}
		c.unsend(q)
		c.http.CloseIdleConnections() // they are perhaps no better
		d, ok := c.repair(q, n, since, err)
		if !ok {
			c.fail(fmt.Errorf("BOSH: %w", err))
			return
		}
		select {
		case <-c.ctx.Done():
			return
		case <-time.After(d):
		}
	}
}

const (
	maxRepeats   = 12
	longestPause = 5 * time.Second
	// repairTime is how long requests are repeated at most. Servers forget sessions sooner.
	repairTime = time.Minute
)

// repair reports whether to send a request again after an attempt has failed, and when.
func (c *Conn) repair(q *request, n int, since time.Time, err error) (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	limit := repairTime
	if c.terms.inactivity > 0 {
		limit = min(limit, c.terms.inactivity)
	}
	switch {
	case c.err != nil, isFinal(err), q.kind == kindCreate, n >= maxRepeats:
		return 0, false
	case errors.Is(err, errSilent) && n > 0, time.Since(since) > limit:
		return 0, false
	case n == 0:
		return 0, true // perhaps a connection that was idle for too long
	}
	return min(100*time.Millisecond<<n, longestPause), true
}

// unsend notes that a request has to be sent again.
func (c *Conn) unsend(q *request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q.unsent, q.failed = true, true
	c.notify()
}

// Mending reports whether there are requests that had to be sent again, and have no answer yet.
func (c *Conn) Mending() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.open, func(q *request) bool { return q.failed && q.answer == nil })
}

// margin is how much longer than the server may hold a request an answer may take.
const margin = 10 * time.Second

// progressTime is how long an answer that has begun may stop.
const progressTime = 30 * time.Second

// attempt sends a request and reads the beginning of the answer.
func (c *Conn) attempt(q *request) (_ *answer, err error) {
	ctx, cancel := context.WithCancelCause(c.ctx)
	c.mu.Lock()
	wait := c.terms.wait
	limits, legacy := c.limits, c.terms.legacy
	q.begun, q.retry = time.Now(), cancel
	c.mu.Unlock()
	patience := time.AfterFunc(wait+margin, func() { cancel(errSilent) })
	defer func() {
		if err != nil {
			patience.Stop()
			if why := context.Cause(ctx); errors.Is(why, errSilent) || errors.Is(why, errMissed) {
				err = why
			}
			cancel(nil)
		}
	}()
	seen := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(i httptrace.WroteRequestInfo) {
		if i.Err == nil {
			c.sent(q)
		}
	}})
	r, err := http.NewRequestWithContext(seen, http.MethodPost, c.url, bytes.NewReader(q.body))
	if err != nil {
		return nil, &final{err}
	}
	r.Header.Set("Content-Type", contentType)
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	patience.Stop()
	body := &incoming{r: resp.Body, patience: patience, cancel: cancel}
	if err := checkStatus(resp, legacy); err != nil {
		body.Close()
		return nil, err
	}
	a := &answer{whole: resp.ContentLength >= 0 || len(resp.TransferEncoding) > 0}
	a.text, err = io.ReadAll(io.LimitReader(body, prefetch))
	if err != nil {
		body.Close()
		return nil, err
	}
	if len(a.text) < prefetch {
		body.Close()
	} else {
		a.rest = body
	}
	p := newParser(bytes.NewReader(a.text), limits)
	if a.root, err = p.root(); err != nil {
		body.Close()
		return nil, describe(truncated(err, a.whole || a.rest != nil), resp)
	}
	a.empty = a.rest == nil && p.isEmpty()
	if kind, _ := a.root.Attr("type"); kind == string(httpbind.TypeError) {
		body.Close()
		return nil, errAgain
	}
	if a.rest == nil && !a.whole {
		// the end of the connection is all that tells the end of the answer
		if _, err := rest(p); errors.Is(err, errCut) {
			return nil, io.ErrUnexpectedEOF
		}
	}
	return a, nil
}

// rest reads on to the end.
func rest(p *parser) (n int, err error) {
	for {
		if _, err := p.next(); err != nil {
			return n, err
		}
		n++
	}
}

// describe adds what an answer is called that is none of BOSH.
func describe(err error, a *http.Response) error {
	var e *stream.Error
	var syntax *wire.SyntaxError
	if t := a.Header.Get("Content-Type"); t != "" && (errors.As(err, &e) || errors.As(err, &syntax)) {
		return fmt.Errorf("an answer of the type %.40q: %w", t, err)
	}
	return err
}

// incoming is an answer on the network. It may come as slowly as it is read, but must not stop.
type incoming struct {
	r        io.ReadCloser
	patience *time.Timer
	cancel   context.CancelCauseFunc
}

// Read reads.
func (b *incoming) Read(p []byte) (int, error) {
	b.patience.Reset(progressTime)
	n, err := b.r.Read(p)
	b.patience.Stop()
	return n, err
}

// Close ends the reading. A connection whose answer was read to its end can be used again.
func (b *incoming) Close() error {
	b.patience.Stop()
	err := b.r.Close()
	b.cancel(nil)
	return err
}
