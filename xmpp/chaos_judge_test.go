package xmpp_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
)

// account is what a record says: the rules of XEP-0198 replayed on what was on the wire.
type account struct {
	side     *correspondent
	sessions []*bout
	// last is where each message was last sent.
	last map[int]place
	// got are the messages in the order of the wire, with where they came.
	got []arrived
}

// bout is one session, over any number of connections.
type bout struct {
	out     []string // the stanzas that were sent
	at      int      // how many of them this connection has seen, or the server acknowledged before it
	acked   uint32   // how many of them the server has acknowledged
	in      uint32   // how many stanzas came
	told    uint32   // how many of them the server was told
	counts  bool     // the server counts what it sends
	over    bool     // the server has refused to resume it, or ended it
	resumed int
}

type place struct {
	session *bout
	index   uint32 // from 1
}

type arrived struct {
	number int
	place
}

var (
	hAttr     = regexp.MustCompile(`\bh=['"](\d+)['"]`)
	isStanza  = regexp.MustCompile(`^<(message|presence|iq)[ />]`)
	smElement = regexp.MustCompile(`<(enable|enabled|resume|resumed|failed|a|r)(?: [^>]*)? xmlns=['"]urn:xmpp:sm:3['"][^>]*>`)
)

// examine replays a record. What is wrong in it fails the test.
func examine(t *testing.T, c *correspondent) *account {
	a := &account{side: c, last: map[int]place{}}
	var now *bout
	var waiting []arrived // messages whose handlers have not finished
	latest := -1          // the last message that was sent for the first time
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
			if now != nil && strings.HasPrefix(s.text, "session ended: stream error from the peer") {
				now.over = true
			}
		case stanza && s.what == wireOut:
			if now == nil {
				break // binding
			}
			if s.number >= 0 {
				if _, again := a.last[s.number]; !again {
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
				a.last[s.number] = place{now, uint32(now.at)}
			}
		case stanza:
			if now == nil {
				break
			}
			m := arrived{s.number, place{session: now}} // before the server counts
			if now.counts {
				now.in++
				m.index = now.in
			}
			if s.number >= 0 {
				waiting, a.got = append(waiting, m), append(a.got, m)
			}
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
						wrong("a new session, and the server has not refused the last one")
					}
					now = &bout{counts: !out}
					a.sessions = append(a.sessions, now)
				case e[1] == "enabled" && !out:
					now.counts = true
				case e[1] == "a" && !out, e[1] == "resumed" && !out:
					if h < now.acked || h > uint32(len(now.out)) || e[1] == "a" && h > uint32(now.at) {
						wrong("the server acknowledges %d, of %d; before it were %d", h, len(now.out), now.acked)
					}
					now.acked = h
					if e[1] == "resumed" {
						now.resumed++
						now.at = int(h)
					}
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
					now.told = h
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

// judge compares outcomes with what the server has said: acknowledged is what it has
// acknowledged, and lost what it has not.
func (a *account) judge(t *testing.T, outcomes []stream.DeliveryOutcome) {
	require.Len(t, a.last, len(outcomes))
	for n, o := range outcomes {
		p := a.last[n]
		want := stream.Lost
		if p.index <= p.session.acked {
			want = stream.Acked
		}
		if o != want {
			require.Equal(t, want.String(), o.String(), "message %d was stanza %d of a session in which %d are acknowledged", n, p.index, p.session.acked)
		}
	}
}

// compare compares what one side has sent with what the other has got.
func compare(t *testing.T, v *venue, sides []*correspondent, messages int, outcomes [][]stream.DeliveryOutcome, sum *summary) {
	for i, c := range sides {
		from := sides[1-i]
		a := sum.accounts[i]
		times := make([][]place, messages)
		highest := -1
		for _, m := range a.got {
			require.Less(t, m.number, messages)
			times[m.number] = append(times[m.number], m.place)
			if m.number < highest {
				sum.disorder++
			}
			highest = max(highest, m.number)
		}
		for n, all := range times {
			lost := outcomes[1-i][n] == stream.Lost
			if lost {
				sum.lost++
			}
			if len(all) == 0 && !lost {
				// the server has taken it, and told that it could not deliver it
				if !from.sentBack(n) {
					require.Failf(t, "a message is lost", "message %d to side %d\n%s", n, i, c.tail(50))
				}
				sum.bounced++
			}
			for k, p := range all[:max(0, len(all)-1)] {
				// the session ended before the server had, for all that is known, heard of it
				sum.twice++
				if !v.repeats && (p.session == all[k+1].session || p.session == a.sessions[len(a.sessions)-1]) {
					require.Failf(t, "a message came twice", "message %d to side %d, in one session", n, i)
				}
			}
		}
	}
	if v.keeps {
		require.Zero(t, sum.lost+sum.twice+sum.bounced)
	}
	if v.orders {
		require.Zero(t, sum.disorder, "messages came out of order")
	}
}

// summary is what a run was like.
type summary struct {
	venue                          string
	messages, cuts, busy           int
	resumed, anew                  int
	lost, twice, bounced, disorder int
	took                           time.Duration
	accounts                       []*account
}

func (s *summary) add(a *account, c *correspondent) {
	s.accounts = append(s.accounts, a)
	s.anew += len(a.sessions)
	for _, b := range a.sessions {
		s.resumed += b.resumed
	}
}

func (s *summary) String() string {
	return fmt.Sprintf("%s: %d messages each way, %d cuts, %d of them with messages under way, %d before a session was there; sessions: %d resumed, %d new; messages: %d lost, %d twice, %d sent back, %d overtaken by the server's doing; %s",
		s.venue, s.messages, s.cuts, s.busy, s.cuts-s.resumed-(s.anew-len(s.accounts)), s.resumed, s.anew, s.lost, s.twice, s.bounced, s.disorder, s.took.Round(time.Millisecond))
}
