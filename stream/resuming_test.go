package stream

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/sm"
	"stanza.invalid/xmpp/stanza"
)

// A session that the peer may just have resumed is not closed because its answer does not
// come: only the connection is. Closing the stream does close it.
func TestResumptionInFlight(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		end    func(l *link) error
		closed bool // the peer is told that the session is over
	}{
		"time is up": {end: func(*link) error { time.Sleep(6 * time.Second); return nil }},
		"reconnect":  {end: func(l *link) error { l.Reconnect(); return nil }},
		"abort":      {end: func(l *link) error { l.Abort(); return nil }},
		"suspend": {end: func(l *link) error {
			saved, err := l.Suspend(context.Background())
			if err == nil && saved.ID != "one" {
				return fmt.Errorf("the session is %q", saved.ID)
			}
			return err
		}},
		"close": {end: func(l *link) error { return l.Close(context.Background()) }, closed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, p := managed(t, Config{SessionTimeout: 5 * time.Second})
				_ = p.end.Close()
				q := l.accept()
				q.want("<resume" + inSM + " previd='one' h='0'/>")
				synctest.Wait()
				ended := make(chan error, 1)
				go func() { ended <- tt.end(l) }()
				_, err := q.rest()
				if tt.closed {
					require.ErrorIs(t, err, ErrEnded)
				} else {
					require.NotErrorIs(t, err, ErrEnded)
				}
				_ = q.end.Close()
				require.NoError(t, <-ended)
				if name != "time is up" && name != "reconnect" {
					<-l.Done()
					return
				}
				r := l.accept()
				r.want("<resume" + inSM + " previd='one' h='0'/>")
			})
		})
	}
}

// A session that has just been resumed, and a stream that is suspended before it knows.
func TestSuspendBehindResumption(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		resumed, suspending := make(chan struct{}), make(chan struct{})
		l := newLink(t, roomy, Config{Management: &Management{}, Backoff: Backoff{Min: time.Millisecond, Spread: time.Millisecond}, Negotiators: []Negotiator{
			managing(), {Name: "unreached", Run: func(context.Context, *Conn) (Outcome, error) { return Done, nil }},
		}})
		run := l.cfg.Negotiators[0].Run
		l.cfg.Negotiators[0].Run = func(ctx context.Context, c *Conn) (Outcome, error) {
			out, err := run(ctx, c)
			if c.resumed {
				close(resumed)
				<-suspending
			}
			return out, err
		}
		p := l.open()
		p.want("<enable" + inSM + " resume='true'/>")
		p.send("<enabled" + inSM + " resume='true' id='one'/>")
		synctest.Wait()
		_ = p.end.Close()
		q := l.accept()
		q.want("<resume" + inSM + " previd='one' h='0'/>")
		q.send("<resumed" + inSM + " previd='one' h='0'/>")
		<-resumed
		done := make(chan error, 1)
		go func() {
			_, err := l.Suspend(context.Background())
			done <- err
		}()
		synctest.Wait()
		close(suspending)
		_, err := q.rest()
		require.NotErrorIs(t, err, ErrEnded, "the session is not to be closed")
		require.NoError(t, <-done)
	})
}

// Handlers that send more than fits while the stream is suspended do not wait for a
// connection that will not come: what they send is a part of what is saved.
func TestSuspendWithFullOutput(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := managed(t, Config{Management: &Management{MaxUnacked: 3}})
		l.Handle(MatchKind(KindMessage), func(ctx context.Context, st stanza.Stanza) error {
			time.Sleep(time.Second)
			for i := range 2 {
				if err := l.Send(ctx, message(fmt.Sprint(st.Attributes().ID, i))); err != nil {
					return err
				}
			}
			return nil
		})
		p.send("<message id='a'/><message id='b'/><message id='c'/>")
		synctest.Wait()
		saved, err := l.Suspend(t.Context())
		require.NoError(t, err)
		require.Len(t, saved.Unacked, 6)
		require.EqualValues(t, 3, saved.Received)
	})
}

// What was handled since the last state was saved is in the one that Suspend makes.
func TestSuspendBehindSave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var states []uint32
		l, p := managed(t, Config{Management: &Management{SaveEvery: time.Hour, Save: func(v *Suspended) error {
			states = append(states, v.Received)
			return nil
		}}})
		time.Sleep(2 * time.Hour)
		p.send("<message id='a'/><message id='b'/>")
		time.Sleep(time.Second) // the next state is for later
		p.send("<message id='c'/>")
		synctest.Wait()
		saved, err := l.Suspend(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 3, saved.Received)
		require.EqualValues(t, 3, states[len(states)-1])
	})
}

// A handler cannot wait for its own end.
func TestSuspendInHandlers(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]Option{nil, {Concurrent()}} {
		synctest.Test(t, func(t *testing.T) {
			l, p := managed(t, Config{})
			got := make(chan error, 1)
			l.Handle(MatchKind(KindMessage), func(ctx context.Context, _ stanza.Stanza) error {
				_, err := l.Suspend(ctx)
				got <- err
				return nil
			}, opts...)
			p.send("<message/>")
			synctest.Wait()
			require.ErrorIs(t, <-got, ErrWouldBlock)
			require.Equal(t, Established, l.State())
		})
	}
}

// A word about the network counts for what is going on, not for a loss hours later; and an
// attempt over the old network is not waited for.
func TestReconnectOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		var l *link
		l = newLink(t, roomy, Config{
			Backoff: Backoff{Min: time.Hour, Spread: time.Hour}, SessionTimeout: time.Minute,
			Dial: func(ctx context.Context) (Transport, error) {
				if down.Load() {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				a, b := newPipe(roomy)
				l.peers <- &peer{t: t, end: b, conn: NewConn(b, Config{})}
				return a, nil
			},
		})
		l.open()
		down.Store(true)
		l.Reconnect()
		time.Sleep(time.Second)
		require.Equal(t, Connecting, l.State())
		for range 3 {
			l.Reconnect() // the network has changed once more: the attempt is begun anew
			time.Sleep(time.Second)
			require.Equal(t, Connecting, l.State())
		}
		down.Store(false)
		begin := time.Now()
		l.Reconnect()
		l.Reconnect()
		q := l.accept()
		synctest.Wait()
		require.Equal(t, Established, l.State())
		require.Zero(t, time.Since(begin))
		time.Sleep(time.Hour)
		_ = q.end.Close()
		synctest.Wait()
		require.Equal(t, Waiting, l.State(), "that was another time")
	})
	// the first attempt belongs to who called Open
	synctest.Test(t, func(t *testing.T) {
		l := newLink(t, roomy, Config{})
		opened := make(chan error, 1)
		go func() { opened <- l.Open(context.Background()) }()
		synctest.Wait()
		l.Reconnect()
		l.accept()
		require.NoError(t, <-opened)
	})
}

// Send that waits for room in what is unacknowledged, on a connection that dies and does not
// come back, ends with its context, or with the stream.
func TestVF6BlockedForEver(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(l *link){
		"close":   func(l *link) { require.NoError(t, l.Close(context.Background())) },
		"abort":   func(l *link) { l.Abort() },
		"suspend": func(l *link) { _, _ = l.Suspend(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, p := managed(t, Config{Management: &Management{MaxUnacked: 2}})
				l.track("1", "2")
				_ = p.end.Close()
				synctest.Wait()
				go func() {
					for q := range l.peers {
						_ = q.end.Close()
					}
				}()
				defer close(l.peers)
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				begin := time.Now()
				require.ErrorIs(t, l.Send(ctx, message("3")), ErrTimeout)
				require.Equal(t, time.Hour, time.Since(begin))
				sent := make(chan error, 1)
				go func() { sent <- l.Send(context.Background(), message("3")) }()
				time.Sleep(time.Hour)
				end(l)
				require.ErrorIs(t, <-sent, ErrClosed)
				<-l.Done()
			})
		})
	}
}

// A slow network is not a dead one: time to answer begins when the question has left, and
// what is being written is a sign of life.
func TestSlowIsNotDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const perSecond = 20_000
		l := newLink(t, perSecond, Config{
			Management: &Management{AckEvery: 10}, Negotiators: []Negotiator{managing()},
			Idle: 5 * time.Second, IdleTimeout: 4 * time.Second, WriteTimeout: 5 * time.Second,
		})
		p := l.open()
		p.want("<enable" + inSM + " resume='true'/>")
		p.send("<enabled" + inSM + " resume='true' id='one'/>")
		synctest.Wait()
		var disconnected atomic.Bool
		On(l, func(context.Context, Disconnected) error { disconnected.Store(true); return nil }, Direct())
		var all []*Delivery
		big := message("x")
		for len(big.Body.String()) < 500 {
			big.Body = stanza.Plain(big.Body.String() + "and so on ")
		}
		for range 900 { // half a minute's worth
			d, err := l.SendTracked(t.Context(), big)
			require.NoError(t, err)
			all = append(all, d)
		}
		got := 0
		for got < len(all) {
			r, err := p.conn.Read()
			require.NoError(t, err, "after %d", got)
			if r.Local() == "message" {
				got++
				time.Sleep(time.Duration(len(r.Source())) * time.Second / perSecond)
			}
		}
		p.send("<a"+inSM+" h='%d'/>", got)
		synctest.Wait()
		require.False(t, disconnected.Load())
		require.Equal(t, Acked, all[899].Outcome())
		// and a dead one is dead, even while something is sent now and then
		go p.drain()
		for range 20 {
			require.NoError(t, l.Send(t.Context(), message("y")))
			time.Sleep(time.Second)
		}
		require.True(t, disconnected.Load())
	})
}

// VF3: also where it is not known how much was sent, because the process that knew was killed,
// a count goes forward only: one that goes backwards acknowledges nothing.
func TestVF3BackwardsAfterKill(t *testing.T) {
	t.Parallel()
	config := func() Config {
		return Config{Management: &Management{Resend: true, Resume: &Suspended{
			ID: "one", Local: me, Remote: server, Running: true, Acked: 5, Received: 7,
			Unacked: []string{"<message id='6'/>", "<message id='7'/>"}, Written: 2,
		}}, Negotiators: []Negotiator{managing()}}
	}
	synctest.Test(t, func(t *testing.T) {
		for h, want := range map[uint32][]string{4: {"6", "7"}, 5: {"6", "7"}, 6: {"7"}, 7: {}, 9: {}} {
			l := newLink(t, roomy, config())
			opened := make(chan error, 1)
			go func() { opened <- l.Open(context.Background()) }()
			p := l.accept()
			p.want("<resume" + inSM + " previd='one' h='7'/>")
			p.send("<failed"+inSM+" h='%d'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>", h)
			p.want("<enable" + inSM + " resume='true'/>")
			require.NoError(t, <-opened)
			require.NoError(t, l.Send(t.Context(), message("new")))
			require.Equal(t, append(want, "new"), p.ids(len(want)+1), h)
			l.Abort()
		}
		l := newLink(t, roomy, config())
		opened := make(chan error, 1)
		go func() { opened <- l.Open(context.Background()) }()
		p := l.accept()
		p.want("<resume" + inSM + " previd='one' h='7'/>")
		p.send("<resumed" + inSM + " previd='one' h='4'/>")
		_, _ = p.rest()
		require.ErrorIs(t, <-opened, ErrCounters)
	})
}

// How long the peer is asked to keep a session is never nothing.
func TestManagementMax(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]uint32{time.Millisecond: 1, time.Second: 1, 1500 * time.Millisecond: 2, time.Hour: 3600, 1<<63 - 1: 1 << 31} {
		m := &management{cfg: Management{Max: d}}
		require.Equal(t, &sm.Enable{Resume: true, Max: &want}, m.enableRequest(), d)
	}
}
