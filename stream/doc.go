// Package stream carries one XML stream (RFC 6120, section 4): it opens,
// negotiates and restarts it, reads and frames what arrives, dispatches stanzas,
// events and scheduled tasks in order through one bounded queue, and coalesces
// what is sent. It knows stanzas but nothing of what they are for; packages xmpp
// and component build on it.
//
// # Goroutines
//
// A [Stream] has one goroutine that connects and reads. Handlers run on a second
// one, the dispatcher, and output is written by a third; both exist only while
// there is work. The reader runs no handlers but [Direct] ones of the stream's own events,
// and those hooks of [Config] that say so. Replies, waiters and collectors get their
// stanzas at the reader, in the order of the wire; all else is queued.
//
// # Back-pressure
//
// The queue is bounded in stanzas and in bytes ([QueueLimits]). At the soft limit the
// reader stops reading, so that TCP slows the peer down, unless what would make room is
// itself waiting for an answer: the handler that runs, or all concurrent ones while
// another is due. At the hard limit the stream fails with [ErrQueueFull]. Output is
// bounded as well: Send waits for room, and reading stops meanwhile. Writes have
// deadlines, so that two peers which both stop reading do not wait for ever.
//
// A handler that blocks holds up all others. Use [Concurrent] for handlers that
// wait, or pass the handler's context to what waits; a warning and a [Stalled] event
// name a handler that blocks for long. The context of a handler that has returned is one
// like any other: goroutines that it left behind hold up nothing.
//
// # End
//
// [Stream.Close] sends what waits, exchanges footers with the peer, and lets handlers
// finish what is queued. [Stream.Abort] does none of this. After either nothing of the
// stream is left: no goroutine, no timer.
package stream
