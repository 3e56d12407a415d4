package stream

import (
	"context"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// Redelivered reports whether the stanza that a handler got ctx for may have been handled
// before. That is so in two cases, and never without one of them:
//
// A stream goes on with a session whose state was saved while another process was at it
// ([Management.Save]), and that process was killed: what it has handled since is not in
// the state, and comes again. Redelivered are the stanzas that the peer sends before it is
// known to have sent all that it had.
//
// A session was lost, and another has begun: the peer may have kept what it had not heard of
// to be handled, and sends it again as a message for somebody who was away. Redelivered
// are the messages with a delay (XEP-0203).
//
// Some of those were not handled before. A handler for which twice is not as good as once
// compares ids.
func Redelivered(ctx context.Context) bool {
	r, _ := ctx.Value(runKey{}).(*run)
	return r != nil && r.again
}

// copies tells stanzas that may come again. It belongs to the goroutine that reads.
type copies struct {
	resumed bool // all that comes before the peer's next word about what it has handled
	delayed bool // what was kept for a time
}

// again reports whether a stanza may have been handled before.
func (c *copies) again(st stanza.Stanza) bool {
	if c.resumed {
		return true
	}
	if !c.delayed {
		return false
	}
	m, ok := st.(*stanza.Message)
	if !ok {
		return false
	}
	for name := range m.Names() {
		if name == (wire.Name{Space: nsDelay, Local: "delay"}) {
			return true
		}
	}
	return false
}
