package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

func TestE9Failures(t *testing.T) {
	t.Parallel()
	failures := make(chan Failure, 10)
	l, p := open(t, Config{Failed: func(f Failure) {
		failures <- f
		panic("the hook panics, too")
	}})
	fail := func(_ context.Context, s stanza.Stanza) error {
		switch s.Attributes().ID {
		case "condition":
			return fmt.Errorf("wrapped: %w", stanza.ItemNotFound)
		case "stanza":
			return stanza.NewError(stanza.NotAllowed, "no")
		case "decode":
			return &stanza.DecodeError{Element: name("urn:q", "q"), Reason: "is odd"}
		case "secret":
			return errors.New("password is hunter2")
		case "panic":
			panic("oops")
		}
		return nil
	}
	l.HandleIQ(stanza.Get, name("urn:q", "q"), fail)
	l.Handle(MatchKind(KindMessage|KindPresence), fail)
	for _, tt := range []struct{ id, iq, message string }{
		{"condition", "item-not-found", "item-not-found"},
		{"stanza", "not-allowed", "not-allowed"},
		{"decode", "is odd", ""},
		{"secret", "internal-server-error", ""},
		{"panic", "internal-server-error", ""},
	} {
		for _, kind := range []string{"iq", "message"} {
			want := tt.iq
			if kind == "message" {
				want = tt.message
				p.send("<message id='%s' from='%s'/>", tt.id, friend)
			} else {
				p.send("<iq type='get' id='%s' from='%s'><q xmlns='urn:q'/></iq>", tt.id, friend)
			}
			f := <-failures
			require.Contains(t, f.Handler, "stream/failure_test.go:")
			require.Equal(t, tt.id, f.Stanza.Attributes().ID)
			if tt.id == "panic" {
				var e *PanicError
				require.ErrorAs(t, f.Err, &e)
				require.Equal(t, "oops", e.Value)
				require.Contains(t, string(e.Stack), "TestE9Failures")
			}
			if want != "" {
				got := p.next().Source()
				require.Contains(t, got, want)
				require.Contains(t, got, "type='error'")
				require.NotContains(t, got, "hunter2")
			}
		}
	}
	require.NoError(t, l.Send(t.Context(), message("end")))
	p.wantID("message", "end") // no further answer before it
	require.Empty(t, failures)
}

// TestE11 is about handlers that block.
func TestE11Stall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logged lockedBuilder
		l, p := open(t, Config{StallAfter: 10 * time.Second, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
		stalls := make(chan Stalled, 10)
		On(l, func(_ context.Context, e Stalled) error {
			stalls <- e
			return nil
		}, Direct())
		var late recorder
		On(l, func(_ context.Context, e Stalled) error {
			late.add(e.For.String())
			return nil
		})
		l.Handle(MatchKind(KindMessage), func(context.Context, stanza.Stanza) error {
			time.Sleep(45 * time.Second)
			return nil
		}, At("slow.go:1"))
		p.send("<message/><presence/>")
		start := time.Now()
		require.Equal(t, Stalled{Handler: "slow.go:1", For: 10 * time.Second, Queued: 2}, <-stalls)
		require.Equal(t, 10*time.Second, time.Since(start))
		require.Equal(t, 20*time.Second, (<-stalls).For)
		require.Equal(t, 40*time.Second, (<-stalls).For)
		require.Equal(t, 40*time.Second, time.Since(start))
		require.Contains(t, logged.String(), "a handler blocks the queue")
		l.fence(p)
		require.Equal(t, []string{"10s", "20s", "40s"}, late.get())
		// a task, a matcher and a filter are named as well
		l.After(0, func(context.Context) { time.Sleep(30 * time.Second) })
		require.Contains(t, (<-stalls).Handler, "stream/failure_test.go:")
		time.Sleep(time.Minute)
		remove := l.Filter(In, 0, func(s stanza.Stanza) stanza.Stanza {
			time.Sleep(30 * time.Second)
			return s
		})
		p.send("<presence/>")
		require.Contains(t, (<-stalls).Handler, "stream/failure_test.go:")
		remove()
		time.Sleep(time.Minute)
		for range 1000 { // busy is not stalled
			p.send("<presence/>")
			time.Sleep(time.Second)
		}
		require.Empty(t, stalls)
	})
}

type lockedBuilder struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuilder) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuilder) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestVS13 and TestX18: nothing that user code does ends the process or the stream.
func TestVS13Panics(t *testing.T) {
	t.Parallel()
	var failed recorder // X18
	l, p := open(t, Config{
		Failed:    func(f Failure) { failed.add(f.Err.Error()) },
		Unhandled: func(stanza.Payload) { panic("unhandled") },
		Received:  func(stanza.Stanza) { panic("received") },
		XML:       func(Direction, string) { panic("XML") },
		Features:  func(wire.Raw) { panic("features") },
	})
	defer l.HandleBranch(stanza.Get, name("urn:q", "q"), func(wire.Raw) bool { panic("branch") }, nil)()
	l.cfg.Features(wire.Raw{}) // as a connection does that has some
	remove := l.Handle(MatchFunc(func(stanza.Stanza) bool { panic("matcher") }), nil)
	p.send("<message/>")
	l.fence(p)
	remove()
	c := l.Collect(MatchFunc(func(stanza.Stanza) bool { panic("collector") }))
	p.send("<message/>")
	l.fence(p)
	c.Stop()
	On(l, func(context.Context, int) error { panic("event") })
	On(l, func(context.Context, int) error { panic("direct event") }, Direct())
	On(l, func(context.Context, int) error { panic("concurrent event") }, Concurrent())
	require.NoError(t, Emit(l, 1))
	l.After(0, func(context.Context) { panic("task") })
	l.Handle(MatchKind(KindPresence), func(context.Context, stanza.Stanza) error { panic("concurrent") }, Concurrent())
	l.Handle(MatchID("exit"), func(context.Context, stanza.Stanza) error {
		runtime.Goexit()
		return nil
	})
	p.send("<presence/><message id='exit'/><message id='exit'/><iq type='get' id='1'><q xmlns='urn:q'/></iq>")
	for _, want := range []string{"XML", "features", "unhandled", "received", "branch", "matcher", "collector", "event", "direct event", "concurrent event", "task", "concurrent"} {
		for !strings.Contains(strings.Join(failed.get(), "\n")+"\n", "handler panicked: "+want+"\n") {
			time.Sleep(time.Millisecond)
		}
	}
	l.fence(p)
	require.Equal(t, Established, l.State())
	go p.goodbye()
	require.NoError(t, l.Close(t.Context()))
}

// TestVS9 answers no error and no answer, whatever handlers return.
func TestVS9ErrorLoops(t *testing.T) {
	t.Parallel()
	t.Run("ten thousand errors", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		fail := func(context.Context, stanza.Stanza) error { return stanza.NewError(stanza.NotAllowed, "no") }
		l.Handle(MatchKind(AnyStanza), fail, WithErrors(), Watching())
		l.Handle(MatchKind(KindMessage|KindPresence), fail, WithErrors())
		go func() {
			for i := range 10_000 {
				body := "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
				switch i % 6 {
				case 0:
					p.send("<message type='error' from='%s'>%s</message>", friend, body)
				case 1:
					p.send("<presence type='error' from='%s'>%s</presence>", friend, body)
				case 2:
					p.send("<iq type='error' id='x' from='%s'>%s</iq>", friend, body)
				case 3:
					p.send("<iq type='result' id='x' from='%s'/>", friend)
				case 4:
					p.send("<message type='error' to='@' from='%s'/>", friend)
				case 5:
					p.send("<iq type='bogus' id='x' from='%s'/>", friend)
				}
			}
			p.send("<iq type='get' id='end'><q xmlns='urn:q'/></iq>")
		}()
		p.wantID("iq", "end") // and nothing before it
	})
	t.Run("back to back", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var ends [2]*end
			ends[0], ends[1] = newPipe(roomy)
			var streams [2]*Stream
			var heard [2]atomic.Int32
			for i := range streams {
				streams[i] = New(Config{
					Dial:   func(context.Context) (Transport, error) { return ends[i], nil },
					Header: Header{To: server, Content: wire.NSComponent}, Negotiators: []Negotiator{bound(server, server)},
					Backoff: Backoff{Off: true},
				})
				streams[i].Handle(MatchKind(AnyStanza), func(context.Context, stanza.Stanza) error {
					heard[i].Add(1)
					return stanza.BadRequest
				}, WithErrors())
			}
			opened := make(chan error, 2)
			for _, s := range streams {
				go func() { opened <- s.Open(context.Background()) }()
			}
			require.NoError(t, errors.Join(<-opened, <-opened))
			for _, s := range streams {
				for _, st := range []stanza.Stanza{
					message("1"), &stanza.Presence{ID: "2"}, stanza.NewIQ(stanza.Get, friend, bare("urn:q", "q")),
					&stanza.IQ{ID: "3", Type: stanza.Result}, &stanza.Message{ID: "4", Type: stanza.MessageError},
				} {
					require.NoError(t, s.Send(t.Context(), st))
				}
			}
			time.Sleep(time.Minute)
			before := heard[0].Load() + heard[1].Load()
			require.Equal(t, int32(2*(3*2+2)), before, "each request and its error, once")
			time.Sleep(time.Hour)
			require.Equal(t, before, heard[0].Load()+heard[1].Load())
			closed := make(chan error, 2)
			for _, s := range streams {
				go func() { closed <- s.Close(context.Background()) }()
			}
			require.NoError(t, errors.Join(<-closed, <-closed))
		})
	})
}
