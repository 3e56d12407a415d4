package stream

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// item is one entry of the queue.
type item struct {
	v      any    // a stanza, a wire.Raw, an event, or a task
	err    error  // what was wrong with the stanza's own attributes
	number uint64 // of the stanza, for XEP-0198
	size   int32
	kind   itemKind
	again  bool // the stanza may have been handled before
}

type itemKind uint8

const (
	itemStanza itemKind = iota
	itemRaw
	itemEvent
	itemTask
)

// task is something that runs on the dispatcher.
type task struct {
	site *string
	run  func(ctx context.Context)
}

const (
	// itemOverhead is what an entry costs beside the text of its stanza.
	itemOverhead = 512
	// reserve is how many of the stream's own events fit in beyond the hard limit.
	reserve = 1000
)

// queue is the one queue of a stream. Its dispatcher runs while there is work.
type queue struct {
	s *Stream // whose it is

	count atomic.Int64 // entries, with those that the dispatcher holds
	bytes atomic.Int64
	step  atomic.Uint64 // counts entries handled; the watchdog looks at it
	drop  atomic.Bool   // nothing but events is handled any more

	mu      sync.Mutex
	pending []item        // guarded by mu
	spare   []item        // guarded by mu
	running bool          // guarded by mu: a dispatcher exists
	closed  bool          // guarded by mu
	blocked int           // guarded by mu: handlers on the dispatcher that wait for an answer
	free    int           // guarded by mu: concurrent handlers that wait for an answer
	noSlot  bool          // guarded by mu: the dispatcher waits for a place for a concurrent handler
	room    chan struct{} // guarded by mu: closed when the reader may look again; nil if it does not wait
	idle    latch         // closed when the dispatcher has ended after close
	watch   *time.Timer   // guarded by mu
	looking bool          // guarded by mu: the watchdog reports
	fresh   bool          // guarded by mu: the dispatcher has begun since the last look
	seen    uint64        // guarded by mu: step at the last look
	ticks   int           // guarded by mu: looks since then

	// of the dispatcher
	batch []item
	next  int // index in batch of what is being handled
}

func (q *queue) over(soft bool) bool {
	n, b, limits := int(q.count.Load()), int(q.bytes.Load()), &q.s.cfg.Queue
	if soft {
		return n >= limits.SoftStanzas || b >= limits.SoftBytes
	}
	return n >= limits.HardStanzas || b >= limits.HardBytes
}

func cost(it *item) int64 { return int64(it.size) + itemOverhead }

// push adds entries and starts the dispatcher. It fails at the hard limit.
func (q *queue) push(items ...item) error {
	if len(items) == 0 {
		return nil
	}
	size := int64(0)
	for i := range items {
		size += cost(&items[i])
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrClosed
	case q.over(false):
		return ErrQueueFull
	}
	q.add(items, size)
	return nil
}

// pushOwn is push for the stream's own events, which tell of its end and therefore fit in
// beyond the hard limit.
func (q *queue) pushOwn(it item) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrClosed
	case int(q.count.Load()) >= q.s.cfg.Queue.HardStanzas+reserve:
		return ErrQueueFull
	}
	q.add([]item{it}, cost(&it))
	return nil
}

// add adds entries. The caller holds mu.
func (q *queue) add(items []item, size int64) {
	q.count.Add(int64(len(items)))
	q.bytes.Add(size)
	q.pending = append(q.pending, items...)
	if !q.running {
		q.running = true
		q.arm()
		go q.dispatch()
	}
}

// mayRead reports whether the reader may go on although the queue is over its soft limit:
// what would make room waits for something that the reader must bring. The caller holds
// mu.
func (q *queue) mayRead() bool { return q.blocked > 0 || q.noSlot && q.free >= q.s.cfg.Concurrency }

// wait blocks the reader while the queue is over its soft limit, unless handlers wait for
// an answer, the stream stops or the connection is cut. It tells pause if it has to.
func (q *queue) wait(stop, cut <-chan struct{}, pause func(bool)) error {
	told := false
	defer func() {
		if told {
			pause(false)
		}
	}()
	for {
		q.mu.Lock()
		if q.closed {
			q.mu.Unlock()
			return ErrClosed
		}
		if q.mayRead() || !q.over(true) {
			q.mu.Unlock()
			return nil
		}
		room := make(chan struct{})
		q.room = room
		q.mu.Unlock()
		if !told {
			told = true
			pause(true)
		}
		select {
		case <-room:
		case <-stop:
			return ErrClosed
		case <-cut:
			return net.ErrClosed
		}
	}
}

// wake lets the reader look again. The caller holds mu.
func (q *queue) wake() {
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
}

// block counts a handler that begins or ends to wait for an answer. While it waits the
// reader must not stop. The caller holds mu.
func (q *queue) block(r *run, n int) {
	if r.free {
		q.free += n
	} else {
		q.blocked += n
	}
	if n > 0 && q.mayRead() {
		q.wake()
	}
}

// waitSlot says that the dispatcher begins or ends to wait for a place for a concurrent
// handler.
func (q *queue) waitSlot(on bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.noSlot = on; q.mayRead() {
		q.wake()
	}
}

// left returns how many entries the dispatcher has at hand. The dispatcher calls it.
func (q *queue) left() int { return len(q.batch) - q.next }

// dispatch handles batches until there is nothing left.
func (q *queue) dispatch() {
	back := false
	defer func() {
		if !back {
			// the handler has ended the goroutine (runtime.Goexit, as a failed test does):
			// go on behind it on another
			q.s.handleItem(nil)
			q.handled()
			go q.dispatch()
		}
	}()
	for q.nextBatch() {
		for q.next < len(q.batch) {
			if it := &q.batch[q.next]; it.kind == itemEvent || !q.drop.Load() {
				q.s.handleItem(it)
			}
			q.handled()
		}
		q.s.endBatch()
	}
	back = true
}

// nextBatch takes what waits, and reports whether there is anything; if not the
// dispatcher has ended.
func (q *queue) nextBatch() bool {
	if q.next < len(q.batch) {
		return true // left by another goroutine
	}
	q.mu.Lock()
	q.spare, q.batch, q.next = q.batch[:0], nil, 0
	if len(q.pending) > 0 {
		q.batch, q.pending, q.spare = q.pending, q.spare, nil
		q.mu.Unlock()
		q.s.out.cork() // takes a lock of its own
		return true
	}
	defer q.mu.Unlock()
	q.running = false
	q.settle()
	// an idle stream keeps little
	if q.pending == nil {
		q.pending = q.spare
	}
	if q.spare = nil; cap(q.pending) > 16 {
		q.pending = nil
	}
	return false
}

// handled counts the entry at hand as handled and wakes the reader once a good part of
// the queue is free.
func (q *queue) handled() {
	it := &q.batch[q.next]
	size := cost(it)
	*it = item{}
	q.next++
	q.step.Add(1)
	n, b := int(q.count.Add(-1)), int(q.bytes.Add(-size))
	mark := q.s.cfg.Queue.SoftBytes * 3 / 4
	if n == q.s.cfg.Queue.SoftStanzas*3/4 || b <= mark && b+int(size) > mark {
		q.mu.Lock()
		q.wake()
		q.mu.Unlock()
	}
}

// settle says that everything has ended, once that is so. The caller holds mu.
func (q *queue) settle() {
	if !q.closed || q.running || q.looking {
		return
	}
	if q.watch != nil {
		q.watch.Stop()
		q.watch = nil
	}
	q.idle.close()
}

// arm starts the watchdog, which looks whether the dispatcher still moves. It outlasts
// the dispatcher, which may soon begin again. The caller holds mu.
func (q *queue) arm() {
	if q.fresh = q.watch != nil; !q.fresh {
		q.seen, q.ticks = q.step.Load(), 0
		q.watch = time.AfterFunc(q.s.cfg.StallAfter, q.look)
	}
}

// look is the watchdog. It reports at intervals that double.
func (q *queue) look() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.running {
		q.watch = nil
		return
	}
	if now := q.step.Load(); q.fresh || now != q.seen {
		q.seen, q.ticks, q.fresh = now, 0, false
	} else if q.ticks++; q.ticks&(q.ticks-1) == 0 {
		ticks := q.ticks
		q.looking = true
		q.mu.Unlock()
		q.s.stalled(ticks) // may push
		q.mu.Lock()
		q.looking = false
		if !q.running && q.closed {
			q.settle()
			return
		}
	}
	q.watch.Reset(q.s.cfg.StallAfter)
}

// close refuses further entries; those that are queued are still handled. The channel
// is closed when they are.
func (q *queue) close() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		q.wake()
		q.settle()
	}
	return q.idle.wait()
}

// discard drops what is queued, except for events, and what will be.
func (q *queue) discard() {
	q.drop.Store(true)
	q.mu.Lock()
	defer q.mu.Unlock()
	var kept []item
	for i := range q.pending {
		if it := &q.pending[i]; it.kind == itemEvent {
			kept = append(kept, *it)
		} else {
			q.count.Add(-1)
			q.bytes.Add(-cost(it))
		}
	}
	q.pending = kept
	q.wake()
}

func stanzaItem(s stanza.Stanza, err error, size int) item {
	return item{v: s, err: err, size: int32(size), kind: itemStanza}
}

func rawItem(r wire.Raw, size int) item { return item{v: r, size: int32(size), kind: itemRaw} }
