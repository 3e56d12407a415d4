package stream

import (
	"math/rand/v2"
	"time"

	"stanza.invalid/xmpp/jid"
)

// State is where a [Stream] stands.
type State int32

// The states.
const (
	// Idle is before the first connection.
	Idle State = iota
	// Connecting is while the transport is made.
	Connecting
	// Negotiating is from the stream header until the session starts.
	Negotiating
	// Established is while stanzas flow.
	Established
	// Waiting is between connections.
	Waiting
	// Closing is while an orderly end is under way.
	Closing
	// Closed is the end.
	Closed
)

// String returns the name of the state.
func (s State) String() string {
	switch s {
	case Idle:
		return "idle"
	case Connecting:
		return "connecting"
	case Negotiating:
		return "negotiating"
	case Established:
		return "established"
	case Waiting:
		return "waiting"
	case Closing:
		return "closing"
	case Closed:
		return "closed"
	}
	return "unknown"
}

// The events that a stream emits; handlers get them through [On].
type (
	// StateChanged says that the stream went from one state to another.
	StateChanged struct{ From, To State }
	// Connected says that the transport is there.
	Connected struct{}
	// SessionStarted says that negotiation is over and stanzas flow.
	SessionStarted struct {
		// Local is this side's address, Remote the peer's.
		Local, Remote jid.JID
		// ID is the stream's id, as the peer gave it.
		ID string
	}
	// SessionEnded says that stanzas no longer flow.
	SessionEnded struct{ Err error }
	// Disconnected says that a connection ended or could not be made.
	Disconnected struct {
		// Err says why.
		Err error
		// Retry is when the next attempt will be made; zero if none will.
		Retry time.Duration
	}
	// Stalled says that a handler has been running for long while others wait.
	Stalled struct {
		// Handler is where it was registered.
		Handler string
		// For is how long it has run, roughly.
		For time.Duration
		// Queued is how much waits behind it.
		Queued int
	}
)

// Backoff says when to connect again. The delay doubles from Min to Max; of each, a
// random part of up to half is taken off, so that many clients do not come back at
// once. The zero Backoff has the defaults.
type Backoff struct {
	// Min is the first delay (default 1 s), Max the longest (default 2 min).
	Min, Max time.Duration
	// Attempts is how many failures in a row end the stream; 0 means any number.
	Attempts int
	// Off turns reconnecting off.
	Off bool
}

// delay returns how long to wait after so many failures in a row, or false if it is
// enough.
func (b Backoff) delay(failures int) (time.Duration, bool) {
	if b.Off || b.Attempts > 0 && failures >= b.Attempts {
		return 0, false
	}
	lo, hi := b.Min, b.Max
	if lo <= 0 {
		lo = time.Second
	}
	if hi <= 0 {
		hi = 2 * time.Minute
	}
	d := lo
	for i := 1; i < failures && d < hi; i++ {
		d *= 2
	}
	d = min(d, hi)
	return d - rand.N(d/2+1), true
}
