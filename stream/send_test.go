package stream

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

func TestX15Send(t *testing.T) {
	t.Parallel()
	t.Run("stanza, element, text, bytes", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		ctx := t.Context()
		require.NoError(t, l.Send(ctx, message("1")))
		require.NoError(t, l.SendElement(ctx, message("2")))
		require.NoError(t, l.SendXML(ctx, "<message id='3'><x xmlns='urn:x'>&#65;</x></message>"))
		require.NoError(t, l.SendBytes(ctx, []byte("<message id='4'/>")))
		require.NoError(t, l.Flush(ctx))
		require.Zero(t, l.Unsent())
		p.wantID("message", "1")
		p.wantID("message", "2")
		p.want("<message id='3'><x xmlns='urn:x'>&#65;</x></message>")
		p.want("<message id='4'/>")
	})
	t.Run("what cannot be written leaves nothing behind", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{OutputBytes: 100})
		ctx := t.Context()
		var encode *wire.EncodeError
		require.ErrorAs(t, l.Send(ctx, &stanza.Message{Body: stanza.Plain("\xff")}), &encode)
		for _, bad := range []string{"", "<a/><b/>", "<a>", "<!-- x --><a/>", "<a>&x;</a>", "<p:a/>"} {
			require.Error(t, l.SendXML(ctx, bad), bad)
		}
		require.ErrorIs(t, l.SendBytes(ctx, make([]byte, 101)), ErrStanzaTooLarge)
		var p1 *PanicError
		require.ErrorAs(t, l.SendElement(ctx, bomb{}), &p1)
		cancelled, cancel := context.WithCancel(ctx)
		cancel()
		require.ErrorIs(t, l.Send(cancelled, message("0")), context.Canceled)
		require.NoError(t, l.Send(ctx, &stanza.Presence{ID: "1"}))
		p.want("<presence id='1'/>")
	})
	t.Run("nothing leaves before the session", func(t *testing.T) {
		t.Parallel()
		go1 := make(chan struct{})
		l := newLink(t, roomy, Config{Negotiators: []Negotiator{{Name: "slow", Run: func(_ context.Context, c *Conn) (Outcome, error) {
			<-go1
			return Done, c.Write(message("negotiation"))
		}}}})
		require.NoError(t, l.Send(t.Context(), message("early")))
		require.Positive(t, l.Unsent())
		opened := make(chan error, 1)
		go func() { opened <- l.Open(context.Background()) }()
		p := l.accept()
		close(go1)
		require.NoError(t, <-opened)
		p.wantID("message", "negotiation")
		p.wantID("message", "early")
	})
	t.Run("the buffer is bounded", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, p := openWith(t, 1000, Config{OutputBytes: 10_000})
			n := 0
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var err error
			for ; err == nil; n++ {
				err = l.Send(ctx, message(fmt.Sprint(n)))
			}
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorIs(t, err, ErrTimeout)
			require.LessOrEqual(t, l.Unsent(), 10_000)
			require.Greater(t, l.Unsent(), 9000)
			for i := range n - 1 {
				p.wantID("message", fmt.Sprint(i))
			}
			require.NoError(t, l.Flush(t.Context()))
		})
	})
	t.Run("a peer that does not read", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, _ := openWith(t, 100, Config{WriteTimeout: 10 * time.Second})
			why := make(chan error, 4)
			On(l, func(_ context.Context, e Disconnected) error {
				why <- e.Err
				return nil
			})
			start := time.Now()
			for i := range 10 {
				require.NoError(t, l.Send(t.Context(), message(fmt.Sprint(i))))
			}
			require.Error(t, <-why)
			require.Equal(t, 10*time.Second, time.Since(start))
		})
	})
	t.Run("order", func(t *testing.T) {
		t.Parallel()
		l, p := openWith(t, 500, Config{OutputBytes: 2000})
		const senders, each = 4, 250
		var wg sync.WaitGroup
		for s := range senders {
			wg.Go(func() {
				for i := range each {
					if err := l.Send(t.Context(), message(fmt.Sprintf("%d-%d", s, i))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		var next [senders]int
		for range senders * each {
			id, _ := p.next().Attr("id")
			var s, i int
			_, err := fmt.Sscanf(id, "%d-%d", &s, &i)
			require.NoError(t, err)
			require.Equal(t, next[s], i)
			next[s]++
		}
		wg.Wait()
	})
	t.Run("the stanza stays as it was", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{StampFrom: true})
		l.Filter(Out, 0, func(s stanza.Stanza) stanza.Stanza {
			stanza.SetID(s, "changed")
			return s
		})
		m := message("1")
		require.NoError(t, l.Send(t.Context(), m))
		require.Equal(t, message("1"), m)
		r := p.next()
		from, _ := r.Attr("from")
		id, _ := r.Attr("id")
		require.Equal(t, me.String()+" changed", from+" "+id)
	})
}

// bomb is a payload that cannot be encoded.
type bomb struct{}

func (bomb) WireName() wire.Name                      { return name("urn:bomb", "bomb") }
func (bomb) AppendXML([]byte, string) ([]byte, error) { panic("boom") }

// TestVF15 breaks the connection at each byte of what is written: what did not leave
// whole is written again, whole and once, on the next connection.
func TestVF15PartialWrites(t *testing.T) {
	t.Parallel()
	var all []byte
	const stanzas = 3
	for i := range stanzas {
		var err error
		all, err = message(fmt.Sprint(i)).AppendXML(all, wire.NSClient)
		require.NoError(t, err)
	}
	one := len(all) / stanzas
	for split := 1; split < len(all); split++ {
		t.Run(fmt.Sprint(split), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLink(t, roomy, Config{})
				opened := make(chan error, 1)
				go func() { opened <- l.Open(context.Background()) }()
				p := <-l.peers
				_, err := p.conn.ReadHeader()
				require.NoError(t, err)
				f := p.end.in // what the stream writes
				f.mu.Lock()
				f.failAt = f.accepted + split
				f.mu.Unlock()
				for i := range stanzas - 1 {
					require.NoError(t, l.Send(t.Context(), message(fmt.Sprint(i))))
				}
				require.NoError(t, p.conn.WriteHeader(Header{Content: wire.NSClient}))
				require.NoError(t, <-opened)
				// one more comes while the write is under way or has failed
				require.NoError(t, l.Send(t.Context(), message(fmt.Sprint(stanzas-1))))
				whole := split / one
				for i := range whole {
					p.wantID("message", fmt.Sprint(i))
				}
				q := l.accept()
				for i := whole; i < stanzas; i++ {
					q.wantID("message", fmt.Sprint(i))
				}
				require.NoError(t, l.Flush(t.Context()))
				require.NoError(t, l.Send(t.Context(), message("last")))
				q.wantID("message", "last")
			})
		})
	}
}

func TestX16CloseWaitsForOutput(t *testing.T) {
	t.Parallel()
	t.Run("close", func(t *testing.T) {
		t.Parallel()
		l, p := openWith(t, 200, Config{})
		const n = 500
		for i := range n {
			require.NoError(t, l.Send(t.Context(), message(fmt.Sprint(i))))
		}
		closed := make(chan error, 1)
		go func() { closed <- l.Close(context.Background()) }()
		got, err := p.rest()
		require.ErrorIs(t, err, ErrEnded)
		require.Equal(t, n, strings.Count(got, "<message"))
		p.send("</stream:stream>")
		require.NoError(t, <-closed)
	})
	t.Run("nothing follows the footer", func(t *testing.T) {
		t.Parallel()
		l, p := openWith(t, 200, Config{})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					if err := l.Send(context.Background(), message("x")); err != nil {
						if !errors.Is(err, ErrClosed) {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		wg.Go(func() {
			_, err := p.rest()
			require.ErrorIs(t, err, ErrEnded) // well-formed until there
			more := make([]byte, 100)
			p.send("</stream:stream>")
			n, _ := p.end.Read(more)
			require.Zero(t, n)
		})
		time.Sleep(time.Millisecond)
		require.NoError(t, l.Close(t.Context()))
		wg.Wait()
	})
	t.Run("abort does not wait", func(t *testing.T) {
		t.Parallel()
		l, _ := openWith(t, 200, Config{})
		for range 500 {
			require.NoError(t, l.Send(t.Context(), message("x")))
		}
		within(t, time.Second, "Abort", func() {
			l.Abort()
			<-l.Done()
		})
		require.ErrorIs(t, l.Flush(t.Context()), ErrClosed)
	})
	t.Run("a peer that does not read", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, _ := openWith(t, 100, Config{CloseTimeout: 3 * time.Second})
			for range 500 {
				require.NoError(t, l.Send(t.Context(), message("x")))
			}
			start := time.Now()
			require.ErrorIs(t, l.Close(t.Context()), ErrTimeout)
			require.Equal(t, 3*time.Second, time.Since(start))
			<-l.Done()
			require.Equal(t, 3*time.Second, time.Since(start))
		})
	})
	t.Run("a peer that does not close", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, p := open(t, Config{CloseTimeout: 3 * time.Second})
			require.NoError(t, l.Send(t.Context(), message("1")))
			start := time.Now()
			closed := make(chan error, 1)
			go func() { closed <- l.Close(context.Background()) }()
			p.wantID("message", "1")
			require.Error(t, <-closed)
			<-l.Done()
			require.Equal(t, 3*time.Second, time.Since(start))
		})
	})
}

// TestX17 plays what XEP-0198 needs of a stream: a request outlives the connection, and
// what the peer has not acknowledged is sent again first, in order, once.
func TestX17Resumption(t *testing.T) {
	t.Parallel()
	for _, resumed := range []bool{true, false} {
		t.Run(fmt.Sprint("resumed ", resumed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var unacked []stanza.Payload
				acked := 0
				received := 0
				var l *link
				connections := 0
				l = newLink(t, roomy, Config{
					Queued: func(p stanza.Payload) { unacked = append(unacked, p) },
					Received: func(stanza.Stanza) {
						received++
					},
					Negotiators: []Negotiator{{Name: "sm", Run: func(_ context.Context, c *Conn) (Outcome, error) {
						c.SetLocal(me)
						c.SetRemote(server)
						if connections++; connections == 1 {
							c.SetResumable()
							return Done, nil
						}
						if !resumed {
							return Done, l.Requeue(func() []stanza.Payload { return nil })
						}
						c.SetResumed()
						return Done, l.Requeue(func() []stanza.Payload { return unacked[acked:] })
					}}},
				})
				var events recorder
				On(l, func(_ context.Context, e SessionStarted) error {
					events.add(fmt.Sprint("started ", e.Resumed))
					return nil
				})
				On(l, func(_ context.Context, e SessionEnded) error {
					events.add("ended")
					return nil
				})
				p := l.open()
				require.NoError(t, l.Send(t.Context(), message("1")))
				require.NoError(t, l.Send(t.Context(), message("2")))
				answered := make(chan error, 1)
				go func() {
					_, err := l.Request(context.Background(), stanza.NewIQ(stanza.Get, friend, bare("urn:q", "q")))
					answered <- err
				}()
				p.wantID("message", "1")
				p.wantID("message", "2")
				id, _ := p.next().Attr("id")
				p.send("<message/>")
				synctest.Wait()
				require.Equal(t, 1, received)
				_ = p.end.Close()
				acked = 1 // the peer has got the first
				synctest.Wait()
				require.NoError(t, l.Send(t.Context(), message("3")))
				q := l.accept()
				synctest.Wait()
				if !resumed {
					require.ErrorIs(t, <-answered, ErrDisconnected)
					require.Equal(t, []string{"started false", "ended", "started false"}, events.get())
					require.NoError(t, l.Send(t.Context(), message("4")))
					q.wantID("message", "4")
					return
				}
				q.wantID("message", "2")
				q.wantID("iq", id)
				q.wantID("message", "3")
				q.send("<iq type='result' id='%s' from='%s'/>", id, friend)
				require.NoError(t, <-answered)
				require.Equal(t, []string{"started false", "started true"}, events.get())
				go q.goodbye()
				require.NoError(t, l.Close(t.Context()))
				require.Equal(t, "ended", events.get()[2])
			})
		})
	}
	t.Run("bad element", func(t *testing.T) {
		t.Parallel()
		l := newLink(t, roomy, Config{})
		require.NoError(t, l.Send(t.Context(), message("1")))
		n := l.Unsent()
		require.Error(t, l.Requeue(func() []stanza.Payload { return []stanza.Payload{&stanza.Message{ID: "\x00"}} }))
		require.Equal(t, n, l.Unsent())
	})
}

// bare returns an empty element.
func bare(space, local string) stanza.Payload {
	r, err := wire.Parse("<" + local + " xmlns='" + space + "'/>")
	if err != nil {
		panic(err)
	}
	return r
}

func TestX5Backoff(t *testing.T) {
	t.Parallel()
	b := Backoff{Min: time.Second, Max: 10 * time.Second, Spread: 5 * time.Second}
	for failures, want := range map[int]time.Duration{2: 1, 3: 2, 4: 4, 5: 8, 6: 10, 7: 10, 1000: 10} {
		lo, hi := time.Hour, time.Duration(0)
		for range 2000 {
			d, ok := b.delay(failures)
			require.True(t, ok)
			lo, hi = min(lo, d), max(hi, d)
		}
		require.InDelta(t, float64(want)*1e9, float64(hi), 1e8, "%d failures", failures)
		require.InDelta(t, float64(want)*1e9/2, float64(lo), 1e8, "%d failures", failures)
	}
	for _, tt := range []struct {
		b        Backoff
		failures int
		want     bool
	}{
		{Backoff{Off: true}, 1, false}, {Backoff{Attempts: 3}, 2, true}, {Backoff{Attempts: 3}, 3, false}, {Backoff{}, 1e6, true},
	} {
		_, ok := tt.b.delay(tt.failures)
		require.Equal(t, tt.want, ok)
	}
	for _, b := range []Backoff{{}, {Min: time.Nanosecond}, {Min: 1 << 62, Max: 1<<63 - 1}, {Min: time.Hour, Max: time.Second}, {Spread: 1}} {
		for _, n := range []int{0, 1, 2, 3, 100} {
			d, _ := b.delay(n)
			require.Positive(t, d)
		}
	}
	t.Run("VF10 a thousand clients", func(t *testing.T) {
		t.Parallel()
		seconds := map[time.Duration]int{}
		for range 1000 {
			d, _ := Backoff{}.delay(1)
			require.LessOrEqual(t, d, time.Minute)
			seconds[d/time.Second]++
		}
		for at, n := range seconds {
			require.LessOrEqual(t, n, 50, "in second %d", at)
		}
	})
	t.Run("VF10 sessions that do not last are failures", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, p := open(t, Config{Backoff: Backoff{Min: time.Second, Max: time.Minute}})
			delays := make(chan time.Duration, 16)
			On(l, func(_ context.Context, e Disconnected) error {
				delays <- e.Retry
				return nil
			})
			time.Sleep(time.Hour)
			for i := range 6 {
				_ = p.end.Close()
				d := <-delays
				if i >= 2 {
					want := time.Second << (i - 1)
					require.GreaterOrEqual(t, d, want/2)
					require.LessOrEqual(t, d, want)
				}
				p = l.accept()
			}
			time.Sleep(time.Minute) // this one lasts
			_ = p.end.Close()
			<-delays
			p = l.accept()
			_ = p.end.Close()
			require.LessOrEqual(t, <-delays, time.Second, "counting begins anew")
		})
	})
	t.Run("attempts", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			n := 0
			var l *link
			l = newLink(t, roomy, Config{Backoff: Backoff{Attempts: 4}, Dial: func(context.Context) (Transport, error) {
				if n++; n > 1 {
					return nil, errors.New("down")
				}
				a, b := newPipe(roomy)
				l.peers <- &peer{t: t, end: b, conn: NewConn(b, Config{})}
				return a, nil
			}})
			p := l.open()
			time.Sleep(time.Hour)
			_ = p.end.Close()
			<-l.Done()
			require.ErrorContains(t, l.Err(), "down")
			require.Equal(t, 4, n) // one that worked, three more
		})
	})
}

func TestStampFrom(t *testing.T) {
	t.Parallel()
	l, p := open(t, Config{StampFrom: true, Negotiators: []Negotiator{bound(jid.MustParse("bot.example"), server)}})
	require.NoError(t, l.Send(t.Context(), &stanza.Presence{}))
	p.want("<presence from='bot.example'/>")
	require.NoError(t, l.Send(t.Context(), &stanza.Presence{From: friend}))
	p.want("<presence from='friend@example.net/there'/>")
}
