package xmpp_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/testproxy"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// correspondent is one side of a run, with a record of what it has seen.
type correspondent struct {
	*xmpp.Client
	proxy *testproxy.Proxy
	peer  jid.JID
	clock *atomic.Uint64 // of both sides
	begun atomic.Bool    // the session may be cut: it can be resumed

	faults, tells *dice // where connections end, and at which telling places

	mu      sync.Mutex
	record  []seen      // guarded by mu
	handled map[int]int // guarded by mu: how often each message was handled
	highest int         // guarded by mu: of those
	bounced map[int]int // guarded by mu: errors that came for what was sent
}

// seen is one thing that a correspondent saw.
type seen struct {
	what   sight
	at     uint64 // by the clock of both sides: what causes something comes before it
	number int    // of the message; -1 for others
	text   string // what was on the wire; or of an event
}

type sight uint8

const (
	wireIn  sight = iota // a piece from the server
	wireOut              // a piece about to be written
	handled              // the handler of a message has finished
	life                 // something happened to the connection
)

var telling = regexp.MustCompile(`^<(r|a|resume|resumed|enable|enabled)[ /]`)

func newCorrespondent(t *testing.T, v *venue, clock *atomic.Uint64, seed, side uint64, name, peer string) *correspondent {
	t.Helper()
	c := &correspondent{
		peer: jid.MustParse(peer + "@" + v.domain + "/chaos"), clock: clock,
		faults: newDice(seed, 3*side), tells: newDice(seed, 3*side+1),
		handled: map[int]int{}, bounced: map[int]int{},
	}
	if v.dialer != nil {
		c.proxy = testproxy.InMemory(v.dialer)
	} else {
		var err error
		c.proxy, err = testproxy.New(v.addr)
		require.NoError(t, err)
	}
	t.Cleanup(c.proxy.Close)
	c.proxy.Chance(newDice(seed, 3*side+2).roll)
	cfg := v.config(name)
	cfg.Dialer = c.proxy
	cfg.Presence = &stanza.Presence{}
	cfg.Backoff = stream.Backoff{Min: 2 * time.Millisecond, Max: 100 * time.Millisecond, Spread: 2 * time.Millisecond}
	if cfg.SessionTimeout == 0 {
		cfg.SessionTimeout = 20 * time.Second
	}
	cfg.Trace = &xmpp.Trace{XML: c.look}
	cfg.Handler = xmpp.NewMux(
		xmpp.OnBody(func(_ context.Context, m *stanza.Message, body string) error {
			c.note(handled, body, "")
			return nil
		}),
		xmpp.OnError(func(_ context.Context, m stanza.Stanza, _ *stanza.Error) error {
			n, err := strconv.Atoi(m.Attributes().ID)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.bounced[n]++
			return err
		}),
	)
	var err error
	c.Client, err = xmpp.NewClient(jid.MustParse(name+"@"+v.domain+"/chaos"), cfg)
	require.NoError(t, err)
	xmpp.On(c, func(e xmpp.SessionStarted) {
		c.note(life, "", "session started, resumed "+strconv.FormatBool(e.Resumed))
	})
	xmpp.On(c, func(e xmpp.SessionEnded) { c.note(life, "", "session ended: "+errorText(e.Err)) })
	xmpp.On(c, func(e xmpp.Disconnected) { c.note(life, "", "disconnected: "+errorText(e.Err)) })
	return c
}

func errorText(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}

// note adds to the record.
func (c *correspondent) note(what sight, body, text string) {
	n := -1
	if body != "" {
		var err error
		if n, err = strconv.Atoi(body); err != nil {
			n = -1
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.record = append(c.record, seen{what, c.clock.Add(1), n, text})
	if what == handled {
		c.handled[n]++
		c.highest = max(c.highest, n)
	}
}

// look notes what goes over the wire, and now and then cuts it at a telling place: before
// an acknowledgement is written or behind one that came.
func (c *correspondent) look(d stream.Direction, text string) {
	what := wireIn
	if d == stream.Out {
		what = wireOut
	}
	body := ""
	if strings.HasPrefix(text, "<message") && !strings.Contains(text, "type='error'") {
		if _, rest, ok := strings.Cut(text, "<body>"); ok {
			body, _, _ = strings.Cut(rest, "</body>")
		}
	}
	c.note(what, body, text)
	if c.begun.Load() && telling.MatchString(text) && c.tells.roll(60) == 0 {
		c.proxy.Cut(c.tells.roll(2) == 0)
	}
}

// seen returns a copy of the record.
func (c *correspondent) all() []seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]seen(nil), c.record...)
}

// tail is the end of the record, for failures.
func (c *correspondent) tail(n int) string {
	all := c.all()
	var b strings.Builder
	for _, s := range all[max(0, len(all)-n):] {
		b.WriteString([]string{"in      ", "out     ", "handled ", "life    "}[s.what])
		if s.what == handled {
			b.WriteString(strconv.Itoa(s.number))
		}
		b.WriteString(s.text[:min(len(s.text), 200)])
		b.WriteByte('\n')
	}
	return b.String()
}

// around is what was seen about a time, for failures.
func (c *correspondent) around(at uint64, n int) string {
	all := c.all()
	var b strings.Builder
	for i, s := range all {
		if s.at == at {
			for _, o := range all[max(0, i-n):min(len(all), i+n)] {
				fmt.Fprintf(&b, "%8d %s %d %.150s\n", o.at, []string{"in", "out", "handled", "life"}[o.what], o.number, o.text)
			}
		}
	}
	return b.String()
}

// has reports whether a message was handled.
func (c *correspondent) has(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.handled[n] > 0
}

// sentBack reports whether the server has told that it could not deliver a message.
func (c *correspondent) sentBack(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bounced[n] > 0
}

// ahead is how many messages the server may have to keep. It sends all of them again after
// each cut, which takes most of its time if they are many.
const ahead = 300

// keepUp waits until the other side has got near message n, for a second at most: what is
// lost never comes.
func (c *correspondent) keepUp(n int) {
	for range 1000 {
		c.mu.Lock()
		near := c.highest+ahead >= n
		c.mu.Unlock()
		if near {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// send sends the messages, and returns what became of each.
func (c *correspondent) send(ctx context.Context, t *testing.T, messages int, to *correspondent) []stream.DeliveryOutcome {
	var all []*stream.Delivery
	for n := range messages {
		to.keepUp(n)
		m := stanza.NewMessage(c.peer, strconv.Itoa(n))
		m.ID = strconv.Itoa(n)
		d, err := c.SendTracked(ctx, m)
		if err != nil {
			t.Errorf("message %d: %v\n%s", n, err, c.tail(30))
			return nil
		}
		all = append(all, d)
	}
	var outcomes []stream.DeliveryOutcome
	for n, d := range all {
		outcome, err := d.Wait(ctx)
		if err != nil {
			t.Errorf("message %d: %v\n%s", n, err, c.tail(30))
			return nil
		}
		outcomes = append(outcomes, outcome)
	}
	return outcomes
}

// deaths are the ends of sessions, and what was seen in front of them apart from messages.
func (c *correspondent) deaths() string {
	all := c.all()
	var b strings.Builder
	for i, s := range all {
		if s.what == life && strings.HasPrefix(s.text, "session ended") {
			var lines []string
			for _, o := range all[max(0, i-1000) : i+1] {
				if o.number < 0 {
					lines = append(lines, fmt.Sprintf("%d %d %.300s\n", o.at, o.what, o.text))
				}
			}
			b.WriteString(strings.Join(lines[max(0, len(lines)-60):], "") + "\n")
		}
	}
	return b.String()
}
