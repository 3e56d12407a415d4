package xmpp_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
)

// account is what a record says: the rules of XEP-0198 replayed on what was on the wire.
type account struct {
	side     *correspondent
	sessions []*bout
	// writes are where and when each message was written.
	writes map[int][]passed
	// got are the messages in the order of the wire, with where and when they came.
	got []passed
	// turns are when sessions began and went on.
	turns []uint64
}

// bout is one session, over any number of connections.
type bout struct {
	began   uint64
	out     []string // the stanzas that were sent
	at      int      // how many of them this connection has seen, or the server acknowledged before it
	acked   uint32   // how many of them the server has acknowledged
	in      uint32   // how many stanzas came
	told    uint32   // how many of them the server was told
	heard   []heard  // what it is known to have heard of that, and since when
	counts  bool     // the server counts what it sends
	over    bool     // the server has refused to resume it, or ended it
	resumed int

	asked, answered bool // of a connection that has resumed the session: whether the server was asked what it has handled, and said it
	mute            int  // how many such connections in a row brought no answer
	ignored         bool // the server has not answered when it was asked to resume the session
}

// passed is a message on the wire.
type passed struct {
	number  int
	at      uint64
	session *bout
	index   uint32 // among the stanzas of the session, from 1; 0 before they are counted
}

type heard struct {
	at uint64
	h  uint32
}

var (
	hAttr     = regexp.MustCompile(`\bh=['"](\d+)['"]`)
	isStanza  = regexp.MustCompile(`^<(message|presence|iq)[ />]`)
	smElement = regexp.MustCompile(`<(enable|enabled|resume|resumed|failed|a|r)(?: [^>]*)? xmlns=['"]urn:xmpp:sm:3['"][^>]*>`)
)

// examine replays a record. What is wrong in it fails the test.
func examine(t *testing.T, v *venue, c *correspondent) *account {
	a := &account{side: c, writes: map[int][]passed{}}
	var now *bout
	var waiting []passed // messages whose handlers have not finished
	latest := -1         // the last message that was sent for the first time
	all := c.all()
	for i, s := range all {
		wrong := func(format string, args ...any) {
			t.Helper()
			var b strings.Builder
			for _, o := range all[max(0, i-20):i] {
				fmt.Fprintf(&b, "%d %d %.200s\n", o.what, o.number, o.text)
			}
			require.Failf(t, fmt.Sprintf(format, args...), "%s\n%s", s.text, b.String())
		}
		stanza := isStanza.MatchString(s.text)
		switch {
		case s.what == handled:
			if len(waiting) == 0 || waiting[0].number != s.number {
				wrong("message %d is handled out of turn", s.number)
			}
			waiting = waiting[1:]
		case s.what == life:
		case stanza && (now == nil || now.over && s.number < 0):
			// binding
		case stanza && s.what == wireOut:
			if s.number >= 0 {
				if len(a.writes[s.number]) == 0 {
					if s.number != latest+1 {
						wrong("message %d is sent behind %d", s.number, latest)
					}
					latest = s.number
				}
			}
			if now.at++; now.at > len(now.out) {
				now.out = append(now.out, s.text)
			} else if now.out[now.at-1] != s.text {
				wrong("stanza %d of the session was %s", now.at, now.out[now.at-1])
			}
			if s.number >= 0 {
				a.writes[s.number] = append(a.writes[s.number], passed{s.number, s.at, now, uint32(now.at)})
			}
		case stanza:
			m := passed{number: s.number, at: s.at, session: now} // before the server counts
			if now.counts {
				now.in++
				m.index = now.in
			}
			if s.number >= 0 {
				waiting, a.got = append(waiting, m), append(a.got, m)
			}
		case s.what == wireIn && now != nil && strings.HasPrefix(s.text, "<stream:error"):
			now.over = true
		default:
			for _, e := range smElement.FindAllStringSubmatch(s.text, -1) {
				h := uint32(0)
				if m := hAttr.FindStringSubmatch(e[0]); m != nil {
					n, err := strconv.ParseUint(m[1], 10, 32)
					require.NoError(t, err)
					h = uint32(n)
				}
				switch out := s.what == wireOut; {
				case e[1] == "enable" && out && strings.HasPrefix(s.text, "<enable"), // of its own
					e[1] == "enabled" && !out && !strings.HasPrefix(s.text, "<enabled"): // or with the login
					if now != nil && now.counts && !now.over {
						// three connections without an answer are what a client gives a session up for
						if now.leave(); now.mute < 3 && !(v.silent && now.ignored) {
							wrong("a new session, and the server has not refused the last one")
						}
					}
					a.turns = append(a.turns, s.at)
					now = &bout{counts: !out, began: s.at}
					a.sessions = append(a.sessions, now)
				case e[1] == "enabled" && !out:
					now.counts = true
				case e[1] == "a" && !out, e[1] == "resumed" && !out:
					if h < now.acked || h > uint32(len(now.out)) || e[1] == "a" && h > uint32(now.at) {
						wrong("the server acknowledges %d, of %d; before it were %d", h, len(now.out), now.acked)
					}
					if e[1] == "a" || h > now.acked {
						now.mute = 0
					}
					now.acked, now.answered = h, true
					if e[1] == "resumed" {
						now.ignored = false
						now.resumed++
						now.heard = append(now.heard, heard{s.at, now.told})
						now.at, now.asked, now.answered = int(h), false, false
						a.turns = append(a.turns, s.at)
					}
				case e[1] == "r" && out:
					now.asked = true
				case e[1] == "failed" && !out:
					if now != nil {
						now.over = true
						if strings.Contains(e[0], " h=") {
							now.acked = h
						}
					}
				case e[1] == "resume" && out:
					if h != now.in {
						wrong("resuming with %d, when %d came", h, now.in)
					}
					now.leave()
					now.told, now.ignored = h, true
				case e[1] == "a" && out:
					if h > now.in || h < now.told {
						wrong("acknowledging %d, when %d came and %d were acknowledged", h, now.in, now.told)
					}
					for _, m := range waiting {
						if m.session == now && m.index > now.told && m.index <= h {
							wrong("acknowledging %d before message %d is handled", h, m.number)
						}
					}
					now.told = h
				}
			}
		}
	}
	require.Empty(t, waiting, "everything is handled")
	return a
}

// leave is when a connection of the session has ended.
func (b *bout) leave() {
	if b.asked && !b.answered {
		b.mute++
	}
	b.asked, b.answered = false, false
}

// judge compares outcomes with what the server has said: acknowledged is what it has
// acknowledged, and lost what it has not.
func (a *account) judge(t *testing.T, outcomes []stream.DeliveryOutcome) {
	require.Len(t, a.writes, len(outcomes))
	for n, o := range outcomes {
		p := a.writes[n][len(a.writes[n])-1]
		want := stream.Lost
		if p.index <= p.session.acked {
			want = stream.Acked
		}
		if o != want {
			require.Equal(t, want.String(), o.String(), "message %d was stanza %d of a session in which %d are acknowledged", n, p.index, p.session.acked)
		}
	}
}
