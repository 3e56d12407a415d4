package stream

import (
	"fmt"
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
		// Resumed says that it is the session of the connection before (XEP-0198).
		Resumed bool
	}
	// Managed says whether the peer manages the session that has started (XEP-0198), if it was
	// asked to. It comes soon after SessionStarted, and not for a session that was resumed.
	Managed struct {
		// On says that it does: what is sent is acknowledged.
		On bool
		// Resumable says that the session may outlive its connection.
		Resumable bool
		// Keep is how long the peer keeps it then; 0 if it does not say.
		Keep time.Duration
	}
	// SessionEnded says that stanzas no longer flow and the session is gone. A session that
	// may be resumed ends when it was not.
	SessionEnded struct{ Err error }
	// Disconnected says that a connection ended or could not be made.
	Disconnected struct {
		// Err says why.
		Err error
		// Retry is when the next attempt will be made; zero if none will.
		Retry time.Duration
	}
	// Stalled says that a handler has been running for long while others wait. It comes
	// at intervals that double; handlers that are not [Direct] get it when it is over.
	Stalled struct {
		// Handler is where it was registered.
		Handler string
		// For is how long it has run, roughly.
		For time.Duration
		// Queued is how much waits behind it.
		Queued int
	}
)

// Backoff says when to connect again. The zero Backoff has the defaults.
//
// The first attempt after a session was lost waits for a random time up to Spread, so
// that the clients of a server that restarts do not come back all at once (RFC 6120,
// section 3.3). Further ones wait for a delay that doubles from Min to Max, less a random
// part of up to half of it. A session that lasted for less than the delay in front of it
// counts as a failure.
type Backoff struct {
	// Min is the first of the doubling delays (default 1 s), Max the longest (default
	// 2 min).
	Min, Max time.Duration
	// Spread is the longest delay of the first attempt (default sixty times Min, at most
	// Max).
	Spread time.Duration
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
	lo := or(b.Min, time.Second)
	hi := max(lo, or(b.Max, 2*time.Minute))
	if failures <= 1 {
		spread := or(b.Spread, hi)
		if b.Spread <= 0 && lo < hi/60 {
			spread = 60 * lo
		}
		return rand.N(spread) + 1, true
	}
	d := lo
	for i := 2; i < failures && d < hi; i++ {
		if d > hi/2 {
			d = hi
		} else {
			d *= 2
		}
	}
	return d - rand.N(d/2+1), true
}

// String says whose stream it is, and its state.
func (s *Stream) String() string { return fmt.Sprintf("stream.Stream(%s, %s)", s.Local(), s.State()) }

// Format prints nothing but String, whatever the verb: what is inside is changed while it would be printed,
// and some of it is secret.
func (s *Stream) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), s.String())
}
