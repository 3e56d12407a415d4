package xmpp_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
)

// compare compares what was on the wire on both sides: what from has sent, with what the
// server has brought to to. What examine has found of either side stands: each writes what
// it has to send in order, and writes again just what the server's count leaves out; it counts
// what comes, tells the server just that, and hands it to its handlers once, in the order in
// which it came. So a message that comes twice or out of order is the server's doing. Each is
// accounted for nevertheless: whatever has no cause on the wire fails the test.
func compare(t *testing.T, v *venue, from, to *account, outcomes []stream.DeliveryOutcome, sum *figures) {
	t.Helper()
	came := make([][]passed, len(outcomes))
	highest := -1
	for _, m := range to.got {
		require.Less(t, m.number, len(outcomes))
		if m.number < highest && len(came[m.number]) == 0 {
			sum.overtaken++
			w := from.writes[m.number][0]
			if !v.orders && to.turned(w.at, m.at) {
				// it was under way when the session went on elsewhere
			} else {
				require.Failf(t, "messages came out of order", "message %d behind %d\n%s%s", m.number, highest, history(m.number, from, to), history(highest, from, to))
			}
		}
		came[m.number] = append(came[m.number], m)
		highest = max(highest, m.number)
	}
	for n, all := range came {
		lost := outcomes[n] == stream.Lost
		if lost {
			sum.lost++
		}
		if len(all) == 0 && !lost {
			// the server has taken it, and told that it could not deliver it
			switch {
			case from.side.sentBack(n):
				sum.bounced++
			case v.silent && to.began(from.writes[n][0].at):
				sum.dropped++ // with the receiver's session
			default:
				require.Failf(t, "a message is lost", "message %d\n%s", n, history(n, from, to))
			}
		}
		for k, p := range all[:max(0, len(all)-1)] {
			sum.twice++
			next := all[k+1]
			written := 0
			for _, w := range from.writes[n] {
				if w.at < next.at {
					written++
				}
			}
			switch {
			case v.repeats && written >= k+2:
				// the server has taken it, and not counted it when the sender's session went on
			case p.session != next.session && !v.keeps && !p.session.knew(p.index, next.at):
				// the session ended before the server had heard that it has arrived
			default:
				require.Failf(t, "a message came twice", "message %d\n%s", n, history(n, from, to))
			}
		}
	}
}

// began reports whether a new session began after a time.
func (a *account) began(after uint64) bool {
	return a.sessions[len(a.sessions)-1].began > after
}

// turned reports whether a session began or went on within a time.
func (a *account) turned(begin, end uint64) bool {
	for _, at := range a.turns {
		if begin < at && at < end {
			return true
		}
	}
	return false
}

// knew reports whether the server had heard before a time that a stanza has arrived: it has
// answered when it was told so.
func (b *bout) knew(index uint32, at uint64) bool {
	for _, told := range b.heard {
		if told.at < at && told.h >= index {
			return true
		}
	}
	return false
}

// history is where a message was, for failures.
func history(n int, from, to *account) string {
	s := ""
	say := func(what string, all []passed, a *account) {
		for _, m := range all {
			for i, b := range a.sessions {
				if b == m.session {
					s += fmt.Sprintf("%8d %s, stanza %d of session %d\n", m.at, what, m.index, i)
				}
			}
		}
	}
	say("written", from.writes[n], from)
	var came []passed
	for _, m := range to.got {
		if m.number == n {
			came = append(came, m)
		}
	}
	say("came", came, to)
	for _, m := range came {
		s += "around it, at the receiver:\n" + to.side.around(m.at, 12)
	}
	return s + fmt.Sprintf("sessions of the sender began or went on at %d\nof the receiver at %d\n", from.turns, to.turns)
}
