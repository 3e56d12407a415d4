package stream

import (
	"context"
	"net"
	"slices"
	"sync"
	"time"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// writer coalesces what is sent: while one write is under way, or while the dispatcher
// works on a batch, what is sent gathers for the next. It outlives connections: what
// was not written whole is written again on the next one.
type writer struct {
	s  *Stream     // whose it is
	sm *management // nil without XEP-0198

	mu       sync.Mutex
	cur      *chunk    // guarded by mu: what waits; nil if nothing does
	conn     Transport // guarded by mu: nil while no session is there
	corked   int       // guarded by mu
	lingers  bool      // guarded by mu: the timer runs
	timer    *time.Timer
	flushing bool          // guarded by mu: a flusher exists
	inFlight int           // guarded by mu: bytes that the flusher holds
	handing  int           // guarded by mu: bytes of the write under way
	queued   uint64        // guarded by mu: bytes ever queued
	written  uint64        // guarded by mu: bytes of them written, or replaced by requeue
	looked   uint64        // guarded by mu: written when moves was asked last
	took     time.Duration // guarded by mu: what writes have taken since
	began    time.Time     // guarded by mu: of the write under way
	last     uint64        // guarded by mu: queued behind the footer; 0 while there is none
	changed  chan struct{} // guarded by mu: closed when room appears, writing ends or the writer closes
	closed   bool          // guarded by mu
	longest  int           // guarded by mu: what the peer takes at once; 0 for anything
	ackDue   bool          // guarded by mu: the next write is to say what was handled
	tracked  []*Delivery   // guarded by mu: what waits to be written, without XEP-0198
	when     time.Time     // guarded by mu: of the last write
	half     half          // guarded by mu
}

// chunk is a buffer of elements. Idle writers own none.
type chunk struct {
	b    []byte
	ends []int // where elements end in b
	gone int   // how much of b was written, to the end of an element
}

var chunks = sync.Pool{New: func() any { return &chunk{b: make([]byte, 0, 4<<10)} }}

func (c *chunk) giveBack() {
	if cap(c.b) <= 128<<10 && cap(c.ends) <= 4<<10 {
		c.b, c.ends, c.gone = c.b[:0], c.ends[:0], 0
		chunks.Put(c)
	}
}

func (c *chunk) add(b []byte) {
	c.b = append(c.b, b...)
	c.ends = append(c.ends, len(c.b))
}

// corkTime is how long a corked writer holds back.
const corkTime = time.Millisecond

// corkBytes is what a batch may gather before it is written anyway.
const corkBytes = 32 << 10

// notify wakes whoever waits for a change. The caller holds mu.
func (w *writer) notify() {
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}

// wait waits for the next change. The caller holds mu, which is given up meanwhile.
func (w *writer) wait(ctx context.Context) error {
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	changed := w.changed
	w.mu.Unlock()
	defer w.mu.Lock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return waitError(ctx)
	}
}

// pending returns how many bytes wait for a write. The caller holds mu.
func (w *writer) pending() int {
	if w.cur == nil {
		return 0
	}
	return len(w.cur.b)
}

// mark is what the writer has to know of an element.
type mark struct {
	stanza bool      // it counts (XEP-0198)
	d      *Delivery // who wants to know what becomes of it; nil for nobody
	queued func()    // to call when it has its place; nil for nothing
}

// put queues one element; it waits for room.
func (w *writer) put(ctx context.Context, b []byte, n mark) error {
	if len(b) > w.s.cfg.OutputBytes {
		return ErrStanzaTooLarge
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		if w.closed || w.last > 0 {
			return ErrClosed
		}
		if w.longest > 0 && len(b) > w.longest {
			return ErrStanzaTooLarge
		}
		full := w.sm != nil && n.stanza && w.sm.out.full(len(b))
		if !full && w.pending()+w.inFlight+len(b) <= w.s.cfg.OutputBytes || w.sm != nil && w.sm.out.saving && w.s.runOf(ctx) != nil {
			break
		}
		if full {
			if err := w.waitForAck(ctx); err != nil {
				return err
			}
			continue
		}
		w.start(true)
		if err := w.wait(ctx); err != nil {
			return err
		}
	}
	w.append(b)
	switch {
	case w.sm != nil:
		w.manage(b, n.stanza, n.d)
	case n.d != nil:
		n.d.end = w.queued
		w.tracked = append(w.tracked, n.d)
	}
	if n.queued != nil {
		n.queued()
	}
	w.start(false)
	return nil
}

// waitForAck waits for the peer to acknowledge something. What it needs for that comes
// through the reader, which therefore must not wait for who waits here. The caller holds
// mu, which is given up meanwhile.
func (w *writer) waitForAck(ctx context.Context) error {
	w.ask()
	w.start(true)
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	changed := w.changed
	w.mu.Unlock()
	defer w.mu.Lock()
	r := w.s.enterWait(ctx)
	defer r.leave()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return waitError(ctx)
	}
}

// settleTracked decides about what was written. The caller holds mu.
func (w *writer) settleTracked() {
	n := 0
	for n < len(w.tracked) && w.tracked[n].end <= w.written {
		w.tracked[n].resolve(Sent)
		n++
	}
	if w.tracked = w.tracked[n:]; len(w.tracked) == 0 {
		w.tracked = nil
	}
}

// append queues one element. The caller holds mu.
func (w *writer) append(b []byte) {
	if w.cur == nil {
		w.cur = chunks.Get().(*chunk)
	}
	w.cur.add(b)
	w.queued += uint64(len(b))
}

// putLast queues the footer and refuses what comes later. It does not wait.
func (w *writer) putLast(b []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.last > 0 {
		return ErrClosed
	}
	if w.sm != nil {
		w.farewell() // with nothing in between
	}
	w.append(b)
	w.last = w.queued
	w.notify() // who waits for room need not wait any longer
	w.start(true)
	return nil
}

// space sends a space if nothing else waits.
func (w *writer) space() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil && w.last == 0 && w.pending()+w.inFlight == 0 {
		w.append([]byte{' '})
		w.start(true)
	}
}

// requeue replaces what waits.
func (w *writer) requeue(f func() []stanza.Payload) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.flushing {
		_ = w.wait(context.Background()) // the flusher ends within its deadline
	}
	next := &chunk{}
	for _, p := range f() {
		b, err := encode(p, wire.NSClient)
		if err != nil {
			return err
		}
		next.add(*b)
		giveBack(b)
	}
	for _, d := range w.tracked {
		d.resolve(Lost) // whoever replaces it may know
	}
	w.tracked = nil
	w.written += uint64(w.pending())
	w.queued += uint64(len(next.b))
	if w.cur = next; len(next.b) == 0 {
		w.cur = nil
	}
	w.notify()
	w.start(true)
	return nil
}

// start makes a flusher if there is something to write and nothing speaks for holding it
// back. The caller holds mu.
func (w *writer) start(now bool) {
	if w.flushing || w.conn == nil || w.cur == nil && !w.ackDue {
		return
	}
	if w.corked > 0 && !now && len(w.cur.b) < corkBytes {
		if !w.lingers {
			w.lingers = true
			w.timer = time.AfterFunc(corkTime, w.lingered)
		}
		return
	}
	w.flushing = true
	go w.flush()
}

// lingered ends the holding back: the handler takes long.
func (w *writer) lingered() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lingers, w.timer = false, nil
	w.start(true)
}

// cork says that more is likely to come soon; uncork that it is not.
func (w *writer) cork() {
	w.mu.Lock()
	w.corked++
	w.mu.Unlock()
}

func (w *writer) uncork() {
	w.mu.Lock()
	w.corked--
	if w.lingers && w.corked <= 0 {
		w.lingers = false
		w.timer.Stop()
		w.timer = nil
	}
	w.start(false)
	w.mu.Unlock()
}

// flush writes until nothing waits.
func (w *writer) flush() {
	w.mu.Lock()
	for (w.cur != nil || w.ackDue) && w.conn != nil {
		if w.ackDue {
			w.appendAck()
		}
		c, conn := w.cur, w.conn
		w.cur = nil
		for c.left() > 0 && w.conn != nil {
			b := c.piece(pieceFor(conn))
			w.inFlight, w.handing, w.began = c.left(), len(b), time.Now()
			w.mu.Unlock()

			if show := w.s.cfg.XML; show != nil {
				showPieces(string(b), func(text string) { show(Out, text) })
			}
			setWriteDeadline(conn, w.s.cfg.WriteTimeout)
			n, err := conn.Write(b)

			w.mu.Lock()
			w.inFlight, w.handing = 0, 0
			w.when = time.Now()
			w.took += w.when.Sub(w.began)
			if err != nil {
				w.keep(c, n)
				w.wrote()
				w.conn = nil
				w.flushing = false
				w.notify()
				w.mu.Unlock()
				w.s.writeFailed(conn, err)
				return
			}
			c.gone += len(b)
			w.written += uint64(len(b))
			w.wrote()
			w.notify()
		}
		if c.left() > 0 {
			w.keep(c, 0)
		} else {
			c.giveBack()
		}
	}
	w.flushing = false
	w.notify()
	w.mu.Unlock()
}

// pieceBytes is how much goes out in one write, which has the write timeout for itself: a
// network is slow before it is dead. recordBytes is how much of it over TLS: what a record
// takes. A peer gets all of a record or nothing, so that no element is cut in two, unless it
// does not fit.
const (
	pieceBytes  = 64 << 10
	recordBytes = 16 << 10
)

// pieceFor returns how much goes out in one write.
func pieceFor(conn Transport) int {
	if _, ok := conn.(*net.TCPConn); ok {
		return pieceBytes
	}
	return recordBytes
}

// piece returns what to write next: whole elements, at most n bytes of them, or the first.
func (c *chunk) piece(n int) []byte {
	if c.left() <= n {
		return c.b[c.gone:]
	}
	i, _ := slices.BinarySearch(c.ends, c.gone+n+1)
	end := c.ends[i]
	if i > 0 && c.ends[i-1] > c.gone {
		end = c.ends[i-1]
	}
	return c.b[c.gone:end]
}

// left returns how many bytes are still to be written.
func (c *chunk) left() int { return len(c.b) - c.gone }

// wrote decides about what needs no more than having been written. The caller holds mu.
func (w *writer) wrote() {
	if len(w.tracked) > 0 {
		w.settleTracked()
	}
	if w.sm != nil {
		w.sm.out.prune(w.written)
		w.noteQuestion()
	}
}

// keep puts back what did not leave whole when n more bytes of c did: it comes first next
// time. The caller holds mu.
func (w *writer) keep(c *chunk, n int) {
	kept := c.gone
	rest := &chunk{}
	for _, e := range c.ends {
		if e <= c.gone+n {
			kept = max(kept, e)
			continue
		}
		if len(rest.b) == 0 && c.gone+n > kept {
			w.half.note(c.b[kept:e])
			if w.sm == nil && w.half.deadly(c.b[kept:e]) {
				kept = e
				w.giveUp(w.written + uint64(kept-c.gone))
				continue
			}
		}
		rest.add(c.b[kept+len(rest.b) : e])
	}
	w.written += uint64(kept - c.gone)
	if next := w.cur; next != nil {
		start := 0
		for _, e := range next.ends {
			rest.add(next.b[start:e])
			start = e
		}
		next.giveBack()
	}
	if w.cur = rest; len(rest.b) == 0 {
		w.cur = nil
	}
	c.giveBack()
}

// giveUp decides about the element that ends there: it is not written any more. The caller holds
// mu.
func (w *writer) giveUp(end uint64) {
	w.tracked = slices.DeleteFunc(w.tracked, func(d *Delivery) bool {
		if d.end != end {
			return false
		}
		d.resolve(Lost)
		return true
	})
}

// open lets what waits go out on a connection; longest is what the peer takes at once.
func (w *writer) open(conn Transport, longest int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn, w.longest = conn, longest
	w.when = time.Now()
	w.start(true)
}

// shut holds back what is sent until the next open. It waits for the write under way, and
// reports whether the footer is out.
func (w *writer) shut() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn = nil
	for w.flushing {
		_ = w.wait(context.Background())
	}
	return w.last > 0 && w.written >= w.last
}

// settle waits until what waits has been written, or cannot be.
func (w *writer) settle(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for goal := w.queued; w.written < goal && w.conn != nil; {
		w.start(true)
		if w.wait(ctx) != nil {
			return
		}
	}
}

// drain waits until what was queued so far has been written.
func (w *writer) drain(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for goal := w.queued; w.written < goal; {
		if w.closed {
			return ErrClosed
		}
		w.start(true)
		if err := w.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// close refuses everything from here on, and keeps what is left if somebody wants it.
func (w *writer) close(saved *Suspended) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.conn = nil
	if w.timer != nil {
		w.timer.Stop()
	}
	for _, d := range w.tracked {
		d.resolve(Lost)
	}
	w.tracked = nil
	if w.sm != nil {
		w.closeManaged(saved)
	}
	w.notify()
}

// idleSince returns when something was last written.
func (w *writer) idleSince() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.when
}

// waiting returns how many bytes wait.
func (w *writer) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pending() + w.inFlight
}

// encoders are scratch buffers for encoding: stanzas are encoded outside of the writer's
// lock, because payloads may be the user's.
var encoders = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

// encode appends a stanza to a scratch buffer; the caller gives it back.
func encode(p stanza.Payload, ns string) (*[]byte, error) {
	b := encoders.Get().(*[]byte)
	err := safely(func() (err error) {
		*b, err = p.AppendXML((*b)[:0], ns)
		return err
	})
	if err != nil {
		giveBack(b)
		return nil, err
	}
	return b, nil
}

func giveBack(b *[]byte) {
	if cap(*b) <= 16<<10 {
		encoders.Put(b)
	}
}
