package xmpp_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/version"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// diary notes what happens to a client's sessions.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) add(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) take() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lines
	d.lines = nil
	return l
}

func (d *diary) watch(c *xmpp.Client) {
	xmpp.On(c, func(e xmpp.SessionStarted) { d.add("started resumed=%t", e.Resumed) })
	xmpp.On(c, func(e xmpp.SessionEnded) { d.add("ended") })
}

// A session outlives its connection: nothing is lost, nothing comes twice, and a request
// that was under way gets its answer.
func TestResumption(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		romeo := srv.User("romeo@example.org/orchard")
		var d diary
		c := connect(t, srv, func(cfg *xmpp.Config) {
			cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(_ context.Context, _ *stanza.Message, body string) error {
				d.add("got %s", body)
				return nil
			}))
		})
		d.watch(c)
		synctest.Wait()
		d.take() // Dial may return before the event
		for i := range 5 {
			asked := make(chan error, 1)
			go func() {
				_, err := xmpp.Call(t.Context(), c, romeo.JID(), &version.Query{})
				asked <- err
			}()
			q := romeo.ExpectIQ(t)
			require.True(t, srv.Disconnect(juliet.String()))
			require.NoError(t, c.Send(t.Context(), stanza.NewMessage(romeo.JID(), fmt.Sprint("away ", i))))
			require.NoError(t, romeo.Send(stanza.NewMessage(juliet, fmt.Sprint("while you were away ", i))))
			require.NoError(t, romeo.Send(q.Result(&version.Info{Name: "n", Version: "1"})))
			require.NoError(t, srv.WaitOnline(t.Context(), juliet.String()))
			require.NoError(t, <-asked)
			m := romeo.ExpectMessage(t)
			require.Equal(t, fmt.Sprint("away ", i), m.Body.String())
			synctest.Wait()
			require.Equal(t, []string{"started resumed=true", fmt.Sprint("got while you were away ", i)}, d.take())
			require.Zero(t, romeo.Pending())
		}
	})
}

// What the server says decides what became of a stanza.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	send := func(t *testing.T, c *xmpp.Client, to *xmpptest.User, body string) *stream.Delivery {
		t.Helper()
		d, err := c.SendTracked(t.Context(), stanza.NewMessage(to.JID(), body))
		require.NoError(t, err)
		return d
	}
	for _, managed := range []bool{true, false} {
		t.Run(fmt.Sprint("managed ", managed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.Start(t, xmpptest.Config{NoManagement: !managed})
				romeo := srv.User("romeo@example.org/orchard")
				c := connect(t, srv, nil)
				synctest.Wait()
				one := send(t, c, romeo, "one")
				outcome, err := one.Wait(t.Context())
				require.NoError(t, err)
				if !managed {
					require.Equal(t, stream.Sent, outcome)
					return
				}
				require.Equal(t, stream.Acked, outcome)

				// the session is gone when the client comes back
				srv.DropAcks(true)
				two := send(t, c, romeo, "two")
				romeo.ExpectMessage(t)
				romeo.ExpectMessage(t)
				require.Equal(t, stream.Undecided, two.Outcome())
				srv.RefuseResume(1)
				srv.Disconnect(juliet.String())
				three := send(t, c, romeo, "three") // nobody has got it yet: it is not lost
				outcome, err = two.Wait(t.Context())
				require.NoError(t, err)
				require.Equal(t, stream.Lost, outcome, "it may have arrived, and did")
				require.Equal(t, "three", romeo.ExpectMessage(t).Body.String())
				srv.DropAcks(false)
				outcome, err = three.Wait(t.Context())
				require.NoError(t, err)
				require.Equal(t, stream.Acked, outcome)

				// at the end
				srv.DropAcks(true)
				four := send(t, c, romeo, "four")
				c.Abort()
				outcome, err = four.Wait(t.Context())
				require.NoError(t, err)
				require.Equal(t, stream.Lost, outcome)
			})
		})
	}
}

// An orderly end tells what the server has got.
func TestCloseAcknowledges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		romeo := srv.User("romeo@example.org/orchard")
		c := connect(t, srv, nil)
		synctest.Wait()
		var all []*stream.Delivery
		for range 3 {
			d, err := c.SendTracked(t.Context(), stanza.NewMessage(romeo.JID(), "x"))
			require.NoError(t, err)
			all = append(all, d)
		}
		require.NoError(t, c.Close(t.Context()))
		for _, d := range all {
			require.Equal(t, stream.Acked, d.Outcome())
		}
	})
}

// VF6: what waits to be acknowledged is bounded; Send waits, also in a handler, for which
// the reader goes on.
func TestVF6Unacked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		romeo := srv.User("romeo@example.org/orchard")
		c := connect(t, srv, func(cfg *xmpp.Config) {
			cfg.Management.MaxUnacked = 10
			cfg.Queue = stream.QueueLimits{SoftStanzas: 4, HardStanzas: 1000}
			cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
				for range 25 {
					if err := xmpp.Send(ctx, m.Reply(body)); err != nil {
						return err
					}
				}
				return nil
			}))
		})
		synctest.Wait()
		for range 8 { // more than the soft limit of the queue
			require.NoError(t, romeo.Send(stanza.NewMessage(juliet, "x")))
		}
		for range 200 {
			romeo.ExpectMessage(t)
		}
		// without a connection
		srv.DropAcks(true)
		for range 10 {
			require.NoError(t, c.Send(t.Context(), stanza.NewMessage(romeo.JID(), "x")))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, c.Send(ctx, stanza.NewMessage(romeo.JID(), "x")), context.DeadlineExceeded)
		srv.DropAcks(false)
		require.NoError(t, c.Send(t.Context(), stanza.NewMessage(romeo.JID(), "x")))
	})
}

// VF9: a connection that is dead without a sign is found, and Send does not claim more
// than it knows.
func TestVF9BlackHole(t *testing.T) {
	t.Parallel()
	for _, managed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			srv := xmpptest.Start(t, xmpptest.Config{NoManagement: !managed})
			hole := &blackHole{Dialer: srv.Dialer()}
			c := connect(t, srv, func(cfg *xmpp.Config) {
				cfg.Dialer = hole
				cfg.Idle, cfg.IdleTimeout = time.Minute, 10*time.Second
				cfg.Backoff = stream.Backoff{Min: time.Second, Spread: time.Second}
			})
			var d diary
			d.watch(c)
			synctest.Wait()
			d.take()
			time.Sleep(time.Hour)
			require.Empty(t, d.take(), "an idle connection that lives stays")
			hole.swallow()
			begin := time.Now()
			e, err := stream.WaitEvent[xmpp.Disconnected](t.Context(), c, nil)
			require.NoError(t, err)
			require.ErrorIs(t, e.Err, stream.ErrDead)
			require.LessOrEqual(t, time.Since(begin), 2*time.Minute+20*time.Second)
			_, err = stream.WaitEvent[xmpp.SessionStarted](t.Context(), c, nil)
			require.NoError(t, err)
			if !managed {
				return
			}
			// with something sent it is found by the acknowledgement that does not come
			hole.swallow()
			begin = time.Now()
			sent, err := c.SendTracked(t.Context(), stanza.NewMessage(juliet, "x"))
			require.NoError(t, err)
			e, err = stream.WaitEvent[xmpp.Disconnected](t.Context(), c, nil)
			require.NoError(t, err)
			require.ErrorIs(t, e.Err, stream.ErrDead)
			require.LessOrEqual(t, time.Since(begin), 20*time.Second)
			require.Equal(t, stream.Undecided, sent.Outcome())
			outcome, err := sent.Wait(t.Context())
			require.NoError(t, err)
			require.Equal(t, stream.Acked, outcome, "resumed, and sent again")
		})
	}
}
