package xmpp

import (
	"context"

	"stanza.invalid/stream"
)

// The events of a session. See package stream.
type (
	// StateChanged says that the stream went from one state to another.
	StateChanged = stream.StateChanged
	// SessionStarted says that stanzas flow.
	SessionStarted = stream.SessionStarted
	// Managed says whether the server manages the session (XEP-0198), and may keep it.
	Managed = stream.Managed
	// SessionEnded says that they no longer do.
	SessionEnded = stream.SessionEnded
	// Disconnected says that a connection ended, or could not be made.
	Disconnected = stream.Disconnected
)

// On registers a handler for events of type T, in the order of the session's queue. T may
// be a type of one's own: see [Emit]. The function it returns removes the handler.
func On[T any](l Link, h func(event T), opts ...stream.Option) (remove func()) {
	return stream.On(l.Session().stream, func(_ context.Context, v T) error {
		h(v)
		return nil
	}, options(stream.Site(1), opts)...)
}

// Emit sends an event to its handlers, through the session's queue.
func Emit[T any](l Link, event T) error { return stream.Emit(l.Session().stream, event) }
