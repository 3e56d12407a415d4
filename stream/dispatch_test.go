package stream

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// note returns a handler that records the ids of what it gets.
func note(r *recorder, prefix string) Handler {
	return func(_ context.Context, s stanza.Stanza) error {
		r.add(prefix + s.Attributes().ID)
		return nil
	}
}

func TestE1NamesAndLanguage(t *testing.T) {
	t.Parallel()
	var raw, other recorder
	l, p := open(t, Config{Unhandled: func(p stanza.Payload) { other.add(Print(p)) }})
	l.HandleRaw(name("urn:n", "n"), func(_ context.Context, r wire.Raw) error {
		raw.add(r.String())
		return nil
	})
	got := l.Collect(MatchKind(KindMessage))
	p.send("<message id='1'/><message id='2' xml:lang='de'/><n xmlns='urn:n'>x</n><z xmlns='urn:z'/><m:message xmlns:m='jabber:client' id='3'/>")
	l.fence(p)
	var langs []string
	for _, s := range got.Stop() {
		m := s.(*stanza.Message)
		langs = append(langs, m.ID+m.Lang+"/"+m.Language())
	}
	require.Equal(t, []string{"1/en", "2de/en", "3/en"}, langs, "the stream's language is inherited")
	require.Equal(t, []string{"<n xmlns='urn:n'>x</n>"}, raw.get())
	require.Equal(t, []string{"<message id='1'/>", "<message id='2' xml:lang='de'/>", "<z xmlns='urn:z'/>", "<message id='3'/>"}, other.get())
	t.Run("E2 Nonza", func(t *testing.T) {
		var seen, unhandled recorder
		l, p := open(t, Config{
			Nonza: func(r wire.Raw) bool {
				seen.add(r.Local())
				if r.Local() == "b" {
					panic("oops")
				}
				return r.Local() == "a"
			},
			Unhandled: func(p stanza.Payload) { unhandled.add(p.WireName().Local) },
		})
		p.send("<a xmlns='urn:x'/><b xmlns='urn:x'/><c xmlns='urn:x'/>")
		l.fence(p)
		require.Equal(t, []string{"a", "b", "c"}, seen.get())
		require.Equal(t, []string{"b", "c"}, unhandled.get())
	})
}

func TestE3Filters(t *testing.T) {
	t.Parallel()
	for _, d := range []Direction{In, Out} {
		t.Run([]string{"in", "out"}[d], func(t *testing.T) {
			t.Parallel()
			var log, got recorder
			var failures atomic.Int32
			l, p := open(t, Config{Failed: func(f Failure) { failures.Add(1) }})
			l.Handle(MatchKind(KindMessage), note(&got, ""))
			add := func(tag string, order int) func() {
				return l.Filter(d, order, func(s stanza.Stanza) stanza.Stanza {
					if _, ok := s.(*stanza.IQ); ok {
						return s
					}
					log.add(tag)
					switch id := s.Attributes().ID; {
					case id == "drop" && tag == "b":
						return nil
					case id == "panic":
						panic("oops")
					case id == "other":
						return message("another")
					default:
						stanza.SetID(s, id+tag)
						return s
					}
				})
			}
			add("c", 2)
			remove := add("b", 1)
			add("a", 1)
			pass := func(ids ...string) []string {
				for _, id := range ids {
					if d == In {
						p.send("<message id='%s'/>", id)
					} else {
						require.NoError(t, l.Send(t.Context(), message(id)))
					}
				}
				if d == In {
					l.fence(p)
					return got.get()
				}
				require.NoError(t, l.SendElement(t.Context(), message("end")))
				var out []string
				for {
					id, _ := p.next().Attr("id")
					if id == "end" {
						return out
					}
					out = append(out, id)
				}
			}
			require.Equal(t, []string{"1bac", "anotherac"}, pass("1", "drop", "panic", "other"))
			require.Equal(t, "b,a,c,b,b,b,a,c", strings.Join(log.get(), ","))
			require.EqualValues(t, 1, failures.Load())
			remove()
			got.list = nil
			require.Equal(t, []string{"2ac"}, pass("2"))
		})
	}
	t.Run("a request that is dropped", func(t *testing.T) {
		t.Parallel()
		l, _ := open(t, Config{})
		l.Filter(Out, 0, func(stanza.Stanza) stanza.Stanza { return nil })
		_, err := l.Request(t.Context(), stanza.NewIQ(stanza.Get, friend, nil))
		require.ErrorIs(t, err, ErrFiltered)
	})
	t.Run("a request that is redirected", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		l.Filter(Out, 0, func(s stanza.Stanza) stanza.Stanza {
			stanza.SetTo(s, server)
			stanza.SetID(s, "mine")
			return s
		})
		go func() {
			p.wantID("iq", "mine")
			p.send("<iq type='result' id='mine' from='%s'/>", server)
		}()
		_, err := l.Request(t.Context(), stanza.NewIQ(stanza.Get, friend, nil))
		require.NoError(t, err)
	})
	t.Run("what a filter changed is what matchers see", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		l.Filter(In, 0, func(s stanza.Stanza) stanza.Stanza {
			if m, ok := s.(*stanza.Message); ok {
				m.Add(bare("urn:added", "added"))
			}
			return s
		})
		var got recorder
		l.Handle(mustPath(t, "message/{urn:added}added"), note(&got, ""))
		p.send("<message id='1'/>")
		l.fence(p)
		require.Equal(t, []string{"1"}, got.get())
	})
}

func TestE4Handlers(t *testing.T) {
	t.Parallel()
	t.Run("H1 all that match, in order, each with a copy", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		var log recorder
		handler := func(tag string) Handler {
			return func(_ context.Context, s stanza.Stanza) error {
				m := s.(*stanza.Message)
				log.add(tag + m.ID + m.Body.String() + fmt.Sprint(m.Len()))
				m.ID, m.Body[0].Value = "changed", "changed"
				m.Remove(name("urn:x", "x"))
				return nil
			}
		}
		l.Handle(MatchKind(KindMessage), handler("a"))
		l.Handle(MatchPayload(KindMessage, name("urn:x", "x")), handler("b"))
		l.Handle(MatchPayload(KindPresence, name("urn:x", "x")), handler("never"))
		l.Handle(MatchKind(AnyStanza), handler("c"), Direct())
		l.Handle(MatchFrom(friend), handler("never"))
		l.Handle(MatchPayload(KindMessage, name("urn:y", "y")), handler("d"))
		p.send("<message id='1'><body>x</body><y xmlns='urn:y'/><x xmlns='urn:x'/><x xmlns='urn:x'/></message>")
		p.send("<message id='2'><body>y</body></message>")
		p.send("<message type='error' id='3'><body>z</body><x xmlns='urn:x'/></message>")
		l.Handle(MatchKind(KindIQ), func(context.Context, stanza.Stanza) error { return nil }, Watching())
		p.send("<message id='4'><body>!</body></message>")
		got := func() int { return len(log.get()) }
		for got() < 8 {
			time.Sleep(time.Millisecond)
		}
		require.Equal(t, []string{"c1x3", "a1x3", "b1x3", "d1x3", "c2y0", "a2y0", "c4!0", "a4!0"}, log.get())
	})
	t.Run("errors are for those who ask", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		var log recorder
		l.Handle(MatchKind(AnyStanza), note(&log, "all "), Watching())
		l.Handle(MatchKind(AnyStanza), note(&log, "errors "), WithErrors(), Watching())
		p.send("<message type='error' id='1'/><presence type='error' id='2'/><iq type='error' id='3'/>")
		l.fence(p)
		require.Equal(t, []string{"errors 1", "errors 2", "errors 3"}, log.get()[:3])
	})
	t.Run("H2 HandleElement", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		var log recorder
		l.HandleElement(mustPath(t, "message/{urn:x}x"), func(_ context.Context, r wire.Raw) error {
			log.add(r.Source())
			return nil
		})
		p.send("<message id='1'/><message  id = '2'><x xmlns='urn:x'/></message >")
		l.fence(p)
		require.Equal(t, []string{"<message  id = '2'><x xmlns='urn:x'/></message >"}, log.get())
	})
	t.Run("remove", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		var log recorder
		var remove func()
		l.Handle(MatchKind(KindMessage), func(context.Context, stanza.Stanza) error {
			remove() // while both are due
			return nil
		})
		remove = l.Handle(MatchKind(KindMessage), note(&log, "removed "))
		l.Handle(MatchKind(KindMessage), note(&log, ""))
		p.send("<message id='1'/><message id='2'/>")
		l.fence(p)
		remove()
		require.Equal(t, []string{"1", "2"}, log.get())
	})
	t.Run("remove while stanzas come", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		go func() {
			for p.conn.WriteBytes([]byte("<message/>")) == nil {
				runtime.Gosched()
			}
		}()
		for range 100 {
			started, behind := make(chan struct{}, 1), make(chan struct{})
			removed := false // of the dispatcher
			remove := l.Handle(MatchKind(KindMessage), func(context.Context, stanza.Stanza) error {
				if removed {
					t.Error("a removed handler was started")
				}
				select {
				case started <- struct{}{}:
				default:
				}
				return nil
			})
			<-started
			remove()
			l.After(0, func(context.Context) { // behind the run that may be under way
				removed = true
				close(behind)
			})
			<-behind
		}
	})
	t.Run("once", func(t *testing.T) {
		t.Parallel()
		for _, opts := range [][]Option{{Once()}, {Once(), Concurrent()}} {
			l, p := open(t, Config{})
			var runs atomic.Int32
			l.Handle(MatchKind(KindMessage), func(context.Context, stanza.Stanza) error {
				runs.Add(1)
				return nil
			}, opts...)
			p.send("%s", strings.Repeat("<message/>", 100))
			l.fence(p)
			go p.goodbye()
			require.NoError(t, l.Close(t.Context()))
			require.EqualValues(t, 1, runs.Load())
		}
	})
	t.Run("once for requests", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		l.HandleIQ(stanza.Get, name("urn:q", "q"), func(ctx context.Context, s stanza.Stanza) error {
			return l.Send(ctx, s.(*stanza.IQ).Result(nil))
		}, Once())
		for _, want := range []string{"result", "error"} {
			p.send("<iq type='get' id='1'><q xmlns='urn:q'/></iq>")
			typ, _ := p.next().Attr("type")
			require.Equal(t, want, typ)
		}
	})
	t.Run("two handlers for a request", func(t *testing.T) {
		t.Parallel()
		l := newLink(t, roomy, Config{})
		nop := func(context.Context, stanza.Stanza) error { return nil }
		remove := l.HandleIQ(stanza.Get, name("urn:q", "q"), nop)
		l.HandleIQ(stanza.Set, name("urn:q", "q"), nop)
		defer func() {
			v := fmt.Sprint(recover())
			require.Equal(t, 2, strings.Count(v, "stream/dispatch_test.go:"), v)
			remove()
			l.HandleIQ(stanza.Get, name("urn:q", "q"), nop)
		}()
		l.HandleIQ(stanza.Get, name("urn:q", "q"), nop)
	})
}

func TestE5Unhandled(t *testing.T) {
	t.Parallel()
	var unhandled recorder
	l, p := open(t, Config{Unhandled: func(p stanza.Payload) { unhandled.add(Print(p)) }})
	l.HandleIQ(stanza.Get, name("urn:q", "q"), func(ctx context.Context, s stanza.Stanza) error {
		return l.Send(ctx, s.(*stanza.IQ).Result(nil))
	})
	l.Handle(MatchKind(AnyStanza), func(context.Context, stanza.Stanza) error { return stanza.Gone }, Watching())
	for _, tt := range []struct{ in, want string }{
		{"<q xmlns='urn:q'/>", "result"},
		{"<other xmlns='urn:q'/>", "feature-not-implemented"},
		{"<q xmlns='urn:other'/>", "service-unavailable"},
		{"", "bad-request"},
		{"<q xmlns='urn:q'/><q xmlns='urn:q'/>", "bad-request"},
	} {
		p.send("<iq type='get' id='1' from='%s'>%s</iq>", friend, tt.in)
		r := p.next()
		to, _ := r.Attr("to")
		require.Equal(t, friend.String(), to)
		require.Contains(t, r.Source(), tt.want)
	}
	p.send("<iq type='set' id='2'><q xmlns='urn:q'/></iq>")
	require.Contains(t, p.next().Source(), "feature-not-implemented", "another type of request in the same namespace")
	p.send("<iq type='get' id='3' to='@'><q xmlns='urn:q'/></iq>")
	require.Contains(t, p.next().Source(), "bad-request", "an address that is none")
	p.send("<iq type='get' id='4' from='@'><q xmlns='urn:q'/></iq><message id='5'/><iq type='result' id='6'/>")
	l.fence(p)
	require.Equal(t, []string{"<message id='5'/>", "<iq id='6' type='result'/>"}, unhandled.get())
}

// TestE6 sends stanzas, events and tasks through the queue and finds them in order.
func TestE6OneQueue(t *testing.T) {
	t.Parallel()
	l, p := open(t, Config{})
	var log recorder
	hold, held := make(chan struct{}), make(chan struct{})
	l.Handle(MatchKind(KindMessage), func(_ context.Context, s stanza.Stanza) error {
		if s.Attributes().ID == "0" {
			close(held)
			<-hold
		}
		log.add("message " + s.Attributes().ID)
		return nil
	})
	On(l, func(_ context.Context, n int) error {
		log.add(fmt.Sprint("event ", n))
		return nil
	})
	p.send("<message id='0'/>")
	<-held
	var want []string
	queued := func(n int) {
		for l.Queued() < n {
			runtime.Gosched()
		}
	}
	for i := 1; i <= 10; i++ {
		require.NoError(t, Emit(l, i))
		l.After(0, func(context.Context) { log.add(fmt.Sprint("task ", i)) })
		queued(3*i - 0)
		p.send("<message id='%d'/>", i)
		queued(3*i + 1)
		want = append(want, fmt.Sprint("event ", i), fmt.Sprint("task ", i), fmt.Sprint("message ", i))
	}
	close(hold)
	l.fence(p)
	require.Equal(t, append([]string{"message 0"}, want...), log.get())
}

// A request finds its handler among few and among many.
func TestE3Requests(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, fewRequests, fewRequests + 1, 50} {
		var got recorder
		l, p := open(t, Config{})
		ns := func(i int) string { return fmt.Sprintf("urn:x:%d", i) }
		var remove []func()
		for i := range n {
			remove = append(remove, l.HandleIQ(stanza.Get, name(ns(i), "q"), func(ctx context.Context, s stanza.Stanza) error {
				got.add(s.Attributes().ID)
				return l.Send(ctx, s.(*stanza.IQ).Result(nil))
			}))
			require.Panics(t, func() { l.HandleIQ(stanza.Get, name(ns(i), "q"), nil) })
		}
		defer l.HandleBranch(stanza.Get, name(ns(0), "q"), func(r wire.Raw) bool { return !r.Child(ns(0), "special").IsZero() },
			func(ctx context.Context, s stanza.Stanza) error {
				got.add("special")
				return l.Send(ctx, s.(*stanza.IQ).Result(nil))
			})()
		ask := func(typ, id string, i int, local, inner string) string {
			p.send("<iq type='%s' id='%s' from='%s'><%s xmlns='%s'>%s</%s></iq>", typ, id, friend, local, ns(i), inner, local)
			r := p.next()
			if e := r.Child(wire.NSClient, "error"); !e.IsZero() {
				for c := e.Children(); c.Next(); {
					return c.Local()
				}
			}
			return got.get()[len(got.get())-1]
		}
		for i := range n {
			id := fmt.Sprint(i)
			require.Equal(t, id, ask("get", id, i, "q", ""))
			require.Equal(t, "feature-not-implemented", ask("set", "x", i, "q", ""))
			require.Equal(t, "feature-not-implemented", ask("get", "x", i, "other", ""))
		}
		require.Equal(t, "special", ask("get", "y", 0, "q", "<special/>"))
		require.Equal(t, "service-unavailable", ask("get", "x", n, "q", ""))
		remove[0]()
		require.Equal(t, "feature-not-implemented", ask("get", "x", 0, "q", ""))
		require.Equal(t, "special", ask("get", "y", 0, "q", "<special/>"))
	}
}
