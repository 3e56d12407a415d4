package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/component"
	"stanza.invalid/gen/carbons"
	"stanza.invalid/gen/chatstate"
	"stanza.invalid/gen/delay"
	"stanza.invalid/gen/forward"
	"stanza.invalid/gen/omemo"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/gen/roster"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// hostile is one case of testdata/stanzas/hostile.txt.
type hostile struct {
	name, in, answer, failure, seen string
}

func hostileCases(t *testing.T) []hostile {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "stanzas", "hostile.txt"))
	require.NoError(t, err)
	var all []hostile
	var last *string
	for n, line := range strings.Split(string(b), "\n") {
		switch {
		case strings.HasPrefix(line, "#") || line == "":
			last = nil
		case strings.HasPrefix(line, "["):
			all = append(all, hostile{name: strings.Trim(line, "[]")})
		case strings.HasPrefix(line, "< "), strings.HasPrefix(line, "> "), strings.HasPrefix(line, "! "), strings.HasPrefix(line, "~ "):
			h := &all[len(all)-1]
			last = map[byte]*string{'<': &h.in, '>': &h.answer, '!': &h.failure, '~': &h.seen}[line[0]]
			*last = line[2:]
		case last != nil:
			*last += "\n" + line
		default:
			t.Fatalf("hostile.txt:%d: not understood", n+1)
		}
	}
	return all
}

// log gathers what handlers and hooks say.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) add(format string, args ...any) {
	l.mu.Lock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
	l.mu.Unlock()
}

func (l *log) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := strings.Join(l.lines, "\n")
	l.lines = nil
	return s
}

// hostileMux handles enough for every kind of fault.
func hostileMux(seen *log) *xmpp.Mux {
	return xmpp.NewMux(
		xmpp.OnIQ(func(_ context.Context, _ *stanza.IQ, s *roster.Set) (*stanza.Empty, error) {
			for _, it := range s.Items {
				seen.add("roster %s %s", it.JID, it.Subscription)
				switch it.JID.Local() {
				case "panic":
					panic("on purpose")
				case "fail":
					return nil, errors.New("the secret of the house")
				case "forbid":
					return nil, stanza.Forbidden
				}
			}
			return nil, nil
		}),
		xmpp.OnMessage(func(_ context.Context, _ *stanza.Message, r *receipts.Received) error {
			seen.add("received %s", r.ID)
			if r.ID == "panic" {
				panic("on purpose")
			}
			return nil
		}),
		xmpp.OnMessage(func(_ context.Context, _ *stanza.Message, d *delay.Delay) error {
			seen.add("delay %d", d.Stamp.Year())
			return nil
		}),
		xmpp.OnMessage(func(_ context.Context, _ *stanza.Message, e *omemo.Encrypted) error {
			seen.add("encrypted %s", string(e.Payload))
			return nil
		}),
		xmpp.OnMessage(func(_ context.Context, _ *stanza.Message, c *carbons.Received) error {
			seen.add("carbon")
			return nil
		}),
		xmpp.OnMessage(func(_ context.Context, _ *stanza.Message, f *forward.Forwarded) error {
			seen.add("forwarded")
			return nil
		}),
		xmpp.OnMessage(func(_ context.Context, _ *stanza.Message, n *chatstate.Notification) error {
			seen.add("state %s", n.State)
			return nil
		}),
		xmpp.OnBody(func(_ context.Context, _ *stanza.Message, body string) error {
			seen.add("body %q", body)
			return nil
		}),
		xmpp.OnAnyPresence(func(_ context.Context, p *stanza.Presence) error {
			seen.add("presence %s", p.Show)
			return nil
		}),
	)
}

// VX12: TestHostileStanzas gives a component what its schemas do not allow: each fault ends in the
// answer or report that is written down for it, and the stream goes on.
func TestHostileStanzas(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	peer := xmpptest.NewPeer()
	t.Cleanup(peer.Close)
	var seen, failed log
	type dialled struct {
		c   *component.Component
		err error
	}
	done := make(chan dialled, 1)
	go func() {
		c, err := component.Dial(ctx, jid.MustParse("house.example"), component.Config{
			SessionConfig: xmpp.SessionConfig{Handler: hostileMux(&seen)},
			Addr:          "peer:5347", Secret: "s", Dialer: peer.Dialer(),
			Backoff: stream.Backoff{Off: true},
			Failed:  func(f stream.Failure) { failed.add("%v", f.Err) },
		})
		done <- dialled{c, err}
	}()
	conn, err := peer.Accept(ctx)
	require.NoError(t, err)
	_, err = conn.AcceptComponent("s")
	require.NoError(t, err)
	d := <-done
	require.NoError(t, d.err)
	t.Cleanup(d.c.Abort)

	for i, h := range hostileCases(t) {
		in := h.in
		if !strings.Contains(in[:strings.IndexByte(in, '>')], " from=") {
			from := "peer.example/x"
			if strings.Contains(in, "jabber:iq:roster") {
				from = "house.example" // the only one who may push rosters
			}
			i := strings.IndexAny(in, " >/")
			in = in[:i] + " from='" + from + "'" + in[i:]
		}
		if !strings.Contains(in[:strings.IndexByte(in, '>')], " to=") {
			i := strings.IndexByte(in, ' ')
			in = in[:i] + " to='house.example'" + in[i:]
		}
		require.NoError(t, conn.Send(in), h.name)
		fence := fmt.Sprintf("fence%d", i)
		require.NoError(t, conn.Send("<iq type='get' id='"+fence+"' from='peer.example/x' to='house.example'><ping xmlns='urn:xmpp:ping'/></iq>"), h.name)
		var answers []stanza.Stanza
		for {
			s, err := conn.Receive()
			require.NoError(t, err, h.name)
			if s.Attributes().ID == fence {
				require.Equal(t, "result", s.Attributes().Type, h.name)
				break
			}
			answers = append(answers, s)
		}
		if err := h.check(answers, failed.take(), seen.take()); err != nil {
			t.Errorf("%s: %v", h.name, err)
		}
	}
}

// check compares what happened with what should have.
func (h *hostile) check(answers []stanza.Stanza, failures, said string) error {
	got := make([]string, len(answers))
	for i, a := range answers {
		got[i] = stanza.String(a)
	}
	all := fmt.Sprintf("answers %q, failures %q, handlers %q", got, failures, said)
	switch {
	case h.answer == "" && len(answers) > 0:
		return errors.New("an answer where none is due: " + all)
	case h.answer != "" && len(answers) != 1:
		return errors.New("not one answer: " + all)
	case h.failure == "" && failures != "" || !strings.Contains(failures, h.failure):
		return errors.New("another failure: " + all)
	case !strings.Contains(said, h.seen), h.seen == "" && h.failure == "" && h.answer == "" && said != "":
		return errors.New("handlers saw something else: " + all)
	case strings.Contains(strings.Join(got, ""), "secret"):
		return errors.New("an error tells too much: " + all)
	}
	if h.answer == "" {
		return nil
	}
	m, err := stream.MatchMask(h.answer)
	if err == nil && !m.Match(answers[0]) {
		err = errors.New("another answer: " + all)
	}
	return err
}
