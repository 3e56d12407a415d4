package boshconn

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/binary"
	"hash/maphash"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"stanza.invalid/gen/httpbind"
	"stanza.invalid/internal/deadline"
	"stanza.invalid/internal/frames"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// Conn is a client's session of BOSH that looks like a connection of TCP: what is written to
// it is cut into elements, which leave in requests, and what the answers bring is a stream
// again. It can be read and written at once, by one goroutine each.
//
// The server is asked for more when, and only when, somebody waits in Read: a reader that is
// slow leaves the rest to the server.
type Conn struct {
	url    string       // immutable
	asked  Config       // immutable
	http   *http.Client // immutable
	lines  *lines       // immutable
	remote net.Addr     // immutable
	ctx    context.Context
	cancel context.CancelFunc

	reads, writes *deadline.Deadline
	closing       atomic.Bool

	writing sync.Mutex
	cutter  frames.Cutter // guarded by writing
	batch   []byte        // guarded by writing: elements for the next request
	opened  bool          // guarded by writing: the session was asked for

	cur    *parser      // of the reader: the answer that is being read
	ending *ending      // of the reader: how that answer ends the session
	seen   int          // of the reader: how many elements of that answer it has seen
	sum    maphash.Hash // of the reader: of those
	text   []byte       // of the reader: what it is to return

	mu      sync.Mutex
	changed chan struct{} // guarded by mu: closed when anything changes
	limits  wire.Limits   // guarded by mu
	terms   terms         // guarded by mu
	keys    *keys         // guarded by mu: nil over TLS
	rid     uint64        // guarded by mu: that of the last request
	open    []*request    // guarded by mu: in order, those whose answer was not read to its end
	header  frames.Header // guarded by mu: what the stream header from the server says
	headed  bool          // guarded by mu: the reader has had it
	again   bool          // guarded by mu: the reader is to have it again, before all else
	over    bool          // guarded by mu: the end was sent, or came
	ended   chan struct{} // closed when the server knows of the end
	err     error         // guarded by mu: why nothing more will come
	sending bool          // guarded by mu: somebody waits to send a request
	polled  time.Time     // guarded by mu: when a request that carried nothing was last sent
	quiet   bool          // guarded by mu: the last answer that was read carried nothing, nor did its request
	paused  time.Time     // guarded by mu: until when no request is wanted
	nudge   *time.Timer   // guarded by mu: keeps the session from being forgotten
	stuck   *time.Timer   // guarded by mu: runs while the server holds more requests than it should
	trip    time.Duration // guarded by mu: how long it takes to get a request to the server, and to know
	rested  time.Time     // guarded by mu: when the last answer was read to its end
}

// terms are what both sides have agreed on.
type terms struct {
	sid        string        // "" while there is no session
	wait       time.Duration // how long the server may hold a request
	inactivity time.Duration // how long there may be no request; 0 for any time
	polling    time.Duration // how long there has to be between two requests that carry nothing
	maxPause   time.Duration // 0 without pauses
	requests   int           // how many there may be at once
	acks       bool          // the server acknowledges requests
	legacy     bool          // the server is from before version 1.6
	forgetful  bool          // the server has all of version 1.11 but acknowledgements, as ejabberd has
}

// secured is a Conn over TLS.
type secured struct {
	*Conn
	state tls.ConnectionState
}

// ConnectionState returns the state of TLS of the first connection.
func (c *secured) ConnectionState() tls.ConnectionState { return c.state }

// ChannelBindings returns to what logins can be bound: to what all connections of the session
// have in common, the certificate of the server.
func (*secured) ChannelBindings() []string { return []string{"tls-server-end-point"} }

func newConn(cfg Config, l *lines) *Conn {
	c := &Conn{
		url: cfg.URL.String(), asked: cfg, lines: l, remote: l.first.RemoteAddr(), reads: deadline.New(), writes: deadline.New(),
		limits: cfg.Limits, terms: terms{wait: cfg.Wait, requests: 1}, rid: firstRID(), ended: make(chan struct{}),
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.http = l.client(c.ctx)
	if !l.secure {
		c.keys = &keys{}
	}
	return c
}

// maxRID is the highest number of a request (XEP-0124, section 14.1).
const maxRID = 1<<53 - 1

// firstRID returns a number that nobody can guess, with room for as many requests above it.
func firstRID() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // does not fail
	return binary.BigEndian.Uint64(b[:])>>12 + 1
}

// notify wakes who waits. The caller holds mu.
func (c *Conn) notify() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// change returns a channel that is closed at the next change. The caller holds mu.
func (c *Conn) change() <-chan struct{} {
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// SetLimits replaces the limits for the elements to come. It is for the goroutine that reads.
func (c *Conn) SetLimits(l wire.Limits) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limits = l
	if c.cur != nil {
		c.cur.f.SetLimits(l)
	}
}

// Write sends what b completes: its elements in one request, or in a few if they are many. It
// waits until there may be another request. It returns the length of what has gone into
// requests, unless it is all of b. White space alone is not sent: there is always a request
// under way.
func (c *Conn) Write(b []byte) (int, error) {
	if len(bytes.TrimSpace(b)) == 0 {
		return len(b), nil
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	whole, end := 0, 0
	flush := func() error {
		if len(c.batch) > 0 {
			if err := c.send(kindData, &httpbind.Body{}, c.batch); err != nil {
				return err
			}
		}
		whole, c.batch = end, nil
		return nil
	}
	err := c.cutter.Cut(b, func(p frames.Piece) error {
		switch p.Kind {
		case wire.Header:
			if err := flush(); err != nil {
				return err
			}
			end = p.End
			if err := c.begin(frames.ReadHeader(p.Root)); err != nil {
				return err
			}
			whole = end
		case wire.Footer:
			// with all that is left, a stream error perhaps (XEP-0124, section 13)
			end = p.End
			if err := c.send(kindEnd, &httpbind.Body{Type: httpbind.TypeTerminate}, c.batch); err != nil {
				return err
			}
			whole, c.batch = end, nil
		default:
			if len(c.batch) > 0 && len(c.batch)+len(p.Text) > mostBytes {
				if err := flush(); err != nil {
					return err
				}
			}
			c.batch = append(c.batch, p.Text...)
			end = p.End
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		c.batch = nil // who failed to write writes it again, elsewhere
		return whole, err
	}
	return len(b), nil
}

// mostBytes is how much a request carries, unless one element is more.
const mostBytes = 64 << 10

// begin asks for a session when the stream begins, and for a stream when it begins anew.
func (c *Conn) begin(h frames.Header) error {
	attrs := &httpbind.Body{Lang: h.Lang}
	for _, a := range []struct {
		text string
		to   *jid.JID
	}{{h.To, &attrs.To}, {h.From, &attrs.From}} {
		if a.text != "" {
			var err error
			if *a.to, err = jid.ParseLenient(a.text); err != nil {
				return err
			}
		}
	}
	if c.opened {
		attrs.XMPPRestart = true
		return c.send(kindRestart, attrs, nil)
	}
	c.opened = true
	attrs.Ver, attrs.XMPPVersion, attrs.Secure = version, h.Version, c.lines.secure
	wait, hold, ack := uint16(min(c.asked.Wait/time.Second, 1<<15)), uint8(1), uint64(1)
	attrs.Wait, attrs.Hold, attrs.Ack = &wait, &hold, &ack
	return c.send(kindCreate, attrs, nil)
}

// send makes a request once there may be one.
func (c *Conn) send(k kind, attrs *httpbind.Body, payload []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.over:
			return nil // the reader tells, or was told
		case c.err != nil:
			return c.err
		case k == kindCreate:
			return c.launch(k, attrs, payload)
		case c.terms.sid == "" && k == kindEnd && len(c.open) == 0:
			c.over = true
			close(c.ended)
			return nil
		}
		var due <-chan time.Time
		if c.terms.sid != "" {
			after, ok := c.mayLaunch(k)
			if ok && after <= 0 {
				return c.launch(k, attrs, payload)
			}
			if ok {
				due = time.After(after)
			}
		}
		changed := c.change()
		c.sending = true
		c.mu.Unlock()
		late := false
		select {
		case <-changed:
		case <-due:
		case <-c.writes.Passed():
			late = true
		}
		c.mu.Lock()
		if c.sending = false; late {
			c.notify() // the reader may ask instead
			return os.ErrDeadlineExceeded
		}
	}
}

// busy returns how many requests need a connection: those that are not answered, and those
// whose answer waits on the network for who reads. The caller holds mu.
func (c *Conn) busy() (n int) {
	for _, q := range c.open {
		if q.answer == nil || q.answer.rest != nil {
			n++
		}
	}
	return n
}

// launch sends a request. The caller holds mu.
func (c *Conn) launch(k kind, attrs *httpbind.Body, payload []byte) error {
	if c.rid >= maxRID {
		return errNumbers
	}
	rid := c.rid + 1
	attrs.RequestID, attrs.SessionID = &rid, c.terms.sid
	if k != kindCreate {
		if got := c.received(); got < c.rid {
			attrs.Ack = &got
		}
	}
	switch {
	case c.keys == nil:
	case k == kindCreate:
		attrs.NewKey = c.keys.renew()
	default:
		attrs.Key, attrs.NewKey = c.keys.next()
	}
	body, err := appendBody(nil, attrs, payload)
	if err != nil {
		return err
	}
	c.rid = rid
	q := &request{rid: rid, kind: k, body: body, unsent: true}
	c.open = append(c.open, q)
	c.paused = time.Time{}
	if c.nudge != nil {
		c.nudge.Stop()
		c.nudge = nil
	}
	switch k {
	case kindPoll:
		c.polled = time.Now()
	case kindRestart:
		c.again = true
	case kindEnd:
		c.over = true
	}
	if k != kindCreate && k != kindPause && c.stuck == nil && c.awaited() > 1 {
		c.stuck = time.AfterFunc(stuckAfter, c.unstick)
	}
	c.notify()
	go c.exchange(q)
	return nil
}

// received returns the highest number of a request for which, and for all before it, the
// answer is here. The caller holds mu.
func (c *Conn) received() uint64 {
	for _, q := range c.open {
		if q.answer == nil || q.answer.rest != nil {
			return q.rid - 1
		}
	}
	return c.rid
}

// fail ends the session without a word.
func (c *Conn) fail(why error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = why
	}
	for _, t := range []**time.Timer{&c.nudge, &c.stuck} {
		if *t != nil {
			(*t).Stop()
			*t = nil
		}
	}
	for _, q := range c.open {
		if q.answer != nil && q.answer.rest != nil {
			go q.answer.rest.Close() // it may be waited for
		}
	}
	c.notify()
	c.mu.Unlock()
	c.cancel()
	c.lines.drop()
	c.http.CloseIdleConnections()
}

// closeTimeout is how long Close waits for the server to know of the end.
const closeTimeout = time.Second

// Close closes all connections. If the stream was closed before, it waits a moment for the
// server to know; else the server is not told, so that the stream can be resumed.
func (c *Conn) Close() error {
	again := c.closing.Swap(true)
	c.mu.Lock()
	wait := !again && c.over && c.err == nil
	c.mu.Unlock()
	if wait {
		t := time.NewTimer(closeTimeout)
		defer t.Stop()
		select {
		case <-c.ended:
		case <-c.ctx.Done():
		case <-t.C:
		}
	}
	c.fail(net.ErrClosed)
	return nil
}

// Pause asks the server for patience: for so long there will be no request, unless something
// is sent (XEP-0124, section 10). It reports whether the server grants that.
func (c *Conn) Pause(d time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for soon := time.Now().Add(2 * mostGrace); ; {
		after, ok := c.mayLaunch(kindPause)
		if d > c.terms.maxPause || d < time.Second || c.over || c.err != nil || !ok || time.Now().After(soon) {
			return false
		}
		if after <= 0 {
			break
		}
		c.mu.Unlock()
		time.Sleep(after)
		c.mu.Lock()
	}
	n := uint16(min(d/time.Second, 1<<16-1))
	if c.launch(kindPause, &httpbind.Body{Pause: &n}, nil) != nil {
		return false
	}
	c.paused = time.Now().Add(d * 3 / 4) // the next one may take its time
	return true
}

// RemoteAddr returns where the other side is. There is no LocalAddr: a Conn is no net.Conn,
// over which TLS could be started.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline bounds reads and writes.
func (c *Conn) SetDeadline(t time.Time) error {
	c.reads.Set(t)
	c.writes.Set(t)
	return nil
}

// SetReadDeadline bounds reads.
func (c *Conn) SetReadDeadline(t time.Time) error { c.reads.Set(t); return nil }

// SetWriteDeadline bounds writes.
func (c *Conn) SetWriteDeadline(t time.Time) error { c.writes.Set(t); return nil }

var _ io.ReadWriteCloser = (*Conn)(nil)

// newHeader returns what the stream header says of a session that begins.
func newHeader(root wire.Raw) frames.Header {
	h := frames.ReadHeader(root)
	// that of the server may be the session's, which is a secret
	h.ID, h.To = stream.NewID(), ""
	h.Version, _ = rootAttr(root, httpbind.NSXMPP, "version")
	if h.Version == "" {
		h.Version = "1.0"
	}
	return h
}

// rootAttr returns an attribute of a namespace.
func rootAttr(r wire.Raw, space, local string) (string, bool) {
	for a := r.Attrs(); a.Next(); {
		if n := a.Expanded(); n.Space == space && n.Local == local {
			return a.Value(), true
		}
	}
	return "", false
}
