package stream

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// item is one entry of the queue.
type item struct {
	v    any   // a stanza, a wire.Raw, an event, or a task
	err  error // what was wrong with the stanza's own attributes
	size int32
	kind itemKind
}

type itemKind uint8

const (
	itemStanza itemKind = iota
	itemRaw
	itemEvent
	itemTask
)

// task is something that runs on the dispatcher.
type task func(ctx context.Context)

// itemOverhead is what an entry costs beside the text of its stanza.
const itemOverhead = 512

// queue is the one queue of a stream. Its dispatcher runs while there is work.
type queue struct {
	limits QueueLimits
	run    func(*item) // handles one entry
	begin  func()      // before a batch
	end    func()      // behind it
	stall  func(ticks int)
	every  time.Duration

	count atomic.Int64 // entries, with those that the dispatcher holds
	bytes atomic.Int64
	step  atomic.Uint64 // counts entries handled; the watchdog looks at it

	mu      sync.Mutex
	pending []item        // guarded by mu
	spare   []item        // guarded by mu
	running bool          // guarded by mu: a dispatcher exists
	closed  bool          // guarded by mu
	blocked int           // guarded by mu: handlers that wait for an answer
	paused  bool          // guarded by mu: the reader waits for room
	room    chan struct{} // made when the reader waits
	idle    chan struct{} // closed when the dispatcher has ended after close
	watch   *time.Timer   // guarded by mu
	seen    uint64        // guarded by mu: step at the last look
	ticks   int           // guarded by mu: looks since then
}

func (q *queue) over(soft bool) bool {
	n, b := int(q.count.Load()), int(q.bytes.Load())
	if soft {
		return n >= q.limits.SoftStanzas || b >= q.limits.SoftBytes
	}
	return n >= q.limits.HardStanzas || b >= q.limits.HardBytes
}

// push adds entries and starts the dispatcher. It fails at the hard limit.
func (q *queue) push(items ...item) error {
	if len(items) == 0 {
		return nil
	}
	size := int64(0)
	for i := range items {
		size += int64(items[i].size) + itemOverhead
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrClosed
	case q.over(false):
		return ErrQueueFull
	}
	q.count.Add(int64(len(items)))
	q.bytes.Add(size)
	q.pending = append(q.pending, items...)
	if !q.running {
		q.running = true
		q.arm()
		go q.dispatch()
	}
	return nil
}

// wait blocks the reader while the queue is over its soft limit and no handler waits
// for an answer. It reports whether it had to.
func (q *queue) wait(ctx context.Context, pause func(bool)) error {
	if !q.over(true) {
		return nil
	}
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
		if q.blocked > 0 || !q.over(true) {
			q.mu.Unlock()
			return nil
		}
		q.paused = true
		q.room = make(chan struct{})
		room := q.room
		q.mu.Unlock()
		if !told {
			told = true
			pause(true)
		}
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// wake lets the reader look again. The caller holds mu.
func (q *queue) wake() {
	if q.paused {
		q.paused = false
		close(q.room)
	}
}

// enterWait says that the running handler waits for an answer; leaveWait that it has
// it. While it waits the reader must not stop.
func (q *queue) enterWait() {
	q.mu.Lock()
	q.blocked++
	q.wake()
	q.mu.Unlock()
}

func (q *queue) leaveWait() {
	q.mu.Lock()
	q.blocked--
	q.mu.Unlock()
}

// dispatch handles batches until there is nothing left.
func (q *queue) dispatch() {
	for {
		q.mu.Lock()
		batch := q.pending
		if len(batch) == 0 {
			q.running = false
			if q.watch != nil {
				q.watch.Stop()
			}
			if q.closed {
				close(q.idle)
			}
			if cap(q.pending) > 64 {
				q.pending, q.spare = nil, nil // an idle stream keeps little
			}
			q.mu.Unlock()
			return
		}
		q.pending = q.spare[:0]
		q.mu.Unlock()
		q.begin()
		for i := range batch {
			it := &batch[i]
			size := int64(it.size) + itemOverhead
			q.run(it)
			*it = item{}
			q.step.Add(1)
			n, b := q.count.Add(-1), q.bytes.Add(-size)
			// room is reported once a good part of it is there
			if int(n) == q.limits.SoftStanzas*3/4 || int(b) <= q.limits.SoftBytes*3/4 && int(b+size) > q.limits.SoftBytes*3/4 {
				q.mu.Lock()
				q.wake()
				q.mu.Unlock()
			}
		}
		q.end()
		q.mu.Lock()
		q.spare = batch[:0]
		if !q.over(true) {
			q.wake()
		}
		q.mu.Unlock()
	}
}

// arm starts the watchdog, which looks whether the dispatcher still moves. The caller
// holds mu.
func (q *queue) arm() {
	q.seen, q.ticks = q.step.Load(), 0
	if q.watch == nil {
		q.watch = time.AfterFunc(q.every, q.look)
	} else {
		q.watch.Reset(q.every)
	}
}

// look is the watchdog.
func (q *queue) look() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.running {
		return
	}
	if now := q.step.Load(); now != q.seen {
		q.seen, q.ticks = now, 0
	} else {
		q.ticks++
		q.stall(q.ticks)
	}
	q.watch.Reset(q.every)
}

// close refuses further entries; those that are queued are still handled. The channel
// is closed when they are.
func (q *queue) close() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		q.wake()
		if !q.running {
			close(q.idle)
		}
	}
	return q.idle
}

func stanzaItem(s stanza.Stanza, err error, size int) item {
	return item{v: s, err: err, size: int32(size), kind: itemStanza}
}

func rawItem(r wire.Raw, size int) item { return item{v: r, size: int32(size), kind: itemRaw} }

// discard drops what is queued and not yet in the dispatcher's hands.
func (q *queue) discard() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, it := range q.pending {
		q.count.Add(-1)
		q.bytes.Add(-int64(it.size) - itemOverhead)
	}
	q.pending = nil
	q.wake()
}
