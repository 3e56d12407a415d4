package xmpp_test

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

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// renew ends juliet's session and waits until what it was is there again in another.
func renew(t *testing.T, srv *xmpptest.Server, c *xmpp.Client) {
	t.Helper()
	wait, cancel := stream.ExpectEvent[xmpp.Restored](c, nil)
	defer cancel()
	srv.RefuseResume(1)
	require.True(t, srv.Disconnect(juliet.String()))
	_, err := wait(t.Context())
	require.NoError(t, err)
	synctest.Wait()
}

// Whatever one function does that restores something, the others get to run: one that
// fails, one that panics, one that waits for ever, one that sends more than may wait to be
// acknowledged.
func TestRestorersAreIndependent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		romeo := srv.User("romeo@example.org/orchard")
		var mu sync.Mutex
		var failures []string
		c := connect(t, srv, func(cfg *xmpp.Config) {
			cfg.Management.MaxUnacked = 10
			cfg.Failed = func(f stream.Failure) {
				mu.Lock()
				defer mu.Unlock()
				failures = append(failures, f.Handler+": "+f.Err.Error())
			}
		})
		synctest.Wait() // Dial may return before the first session is restored
		const many = 200
		c.Restore(1, func(context.Context) error { return errors.New("the room is gone") })
		c.Restore(2, func(context.Context) error { panic("no room") })
		c.Restore(3, func(ctx context.Context) error {
			for i := range many {
				if err := c.Send(ctx, stanza.NewMessage(romeo.JID(), fmt.Sprint(i))); err != nil {
					return err
				}
			}
			return nil
		})
		renew(t, srv, c)
		for i := range many {
			require.Equal(t, fmt.Sprint(i), romeo.ExpectMessage(t).Body.String())
		}
		mu.Lock()
		require.Equal(t, []string{"Session.Restore: the room is gone", "Session.Restore: handler panicked: no room"}, failures)
		mu.Unlock()

		// one that waits for ever ends with its session, and the next begins anew
		var runs, ended int
		c.Restore(4, func(ctx context.Context) error {
			if runs++; runs == 1 {
				<-ctx.Done()
				ended++
				return ctx.Err()
			}
			return nil
		})
		srv.RefuseResume(1)
		require.True(t, srv.Disconnect(juliet.String()))
		require.NoError(t, srv.WaitOnline(t.Context(), juliet.String()))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 0, ended, "it has the time that it needs")
		// a connection that is lost and a session that goes on is nothing to it
		require.True(t, srv.Disconnect(juliet.String()))
		require.NoError(t, srv.WaitOnline(t.Context(), juliet.String()))
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []int{1, 0}, []int{runs, ended})
		romeo.Drain()
		renew(t, srv, c)
		require.Equal(t, []int{2, 1}, []int{runs, ended})
	})
}

// A session that has ended before it was restored is not restored: nothing is sent on its
// behalf in the next one.
func TestRestoreOfEndedSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		romeo := srv.User("romeo@example.org/orchard")
		busy := make(chan struct{})
		c := connect(t, srv, func(cfg *xmpp.Config) {
			cfg.Backoff = stream.Backoff{Min: time.Second, Spread: time.Second}
			cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(context.Context, *stanza.Message, string) error {
				<-busy // events wait behind it
				return nil
			}))
		})
		synctest.Wait()
		runs := 0
		c.Restore(1, func(ctx context.Context) error {
			runs++
			return c.Send(ctx, stanza.NewMessage(romeo.JID(), "I am here"))
		})
		require.NoError(t, romeo.Send(stanza.NewMessage(juliet, "x")))
		synctest.Wait()
		for range 3 {
			srv.RefuseResume(1)
			require.True(t, srv.Disconnect(juliet.String()))
			require.NoError(t, srv.WaitOnline(t.Context(), juliet.String()))
			time.Sleep(time.Minute)
		}
		close(busy)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, runs)
		require.Equal(t, "I am here", romeo.ExpectMessage(t).Body.String())
		romeo.ExpectNothing(t, time.Minute)
	})
}

// presences notes what juliet says of herself.
func presences(d *diary) xmpptest.Config {
	return xmpptest.Config{OnStanza: func(dir stream.Direction, peer jid.JID, st stanza.Stanza) {
		if p, ok := st.(*stanza.Presence); ok && dir == stream.In && peer == juliet {
			d.add("%s", strings.TrimSpace(string(p.Type)+" "+p.Status.String()))
		}
	}}
}

func status(text string) *stanza.Presence { return &stanza.Presence{Status: stanza.Plain(text)} }

// The presence that was set last is the one that counts, also when others are on their way.
func TestPresenceLastCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d diary
		srv := xmpptest.Start(t, presences(&d))
		c := connect(t, srv, nil)
		synctest.Wait()
		// somebody is faster, between the choice of a presence and its sending
		faster := ""
		c.Stream().Filter(stream.Out, 0, func(st stanza.Stanza) stanza.Stanza {
			if p, ok := st.(*stanza.Presence); ok && faster != "" && p.Status.String() != faster {
				next := faster
				faster = ""
				require.NoError(t, c.SetPresence(t.Context(), status(next)))
			}
			return st
		})
		faster = "second"
		require.NoError(t, c.SetPresence(t.Context(), status("first")))
		synctest.Wait()
		require.Equal(t, []string{"second", "first", "second"}, d.take())
		faster = "third"
		renew(t, srv, c)
		require.Equal(t, []string{"third", "second", "third"}, d.take())
	})
}

// A presence that is set while there is no connection: the last one is what the server
// hears, whether the session goes on or another begins.
func TestPresenceOffline(t *testing.T) {
	t.Parallel()
	for _, resumed := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var d diary
			srv := xmpptest.Start(t, presences(&d))
			c := connect(t, srv, func(cfg *xmpp.Config) { cfg.Presence = status("initial") })
			synctest.Wait()
			require.Equal(t, []string{"initial"}, d.take())
			back := func() []string {
				require.NoError(t, srv.WaitOnline(t.Context(), juliet.String()))
				time.Sleep(time.Second)
				return d.take()
			}
			if !resumed {
				srv.RefuseResume(1)
			}
			srv.Disconnect(juliet.String())
			require.NoError(t, c.SetPresence(t.Context(), status("one")))
			require.NoError(t, c.SetPresence(t.Context(), status("two")))
			said := back()
			require.Equal(t, "two", said[len(said)-1])
			if !resumed {
				srv.RefuseResume(1)
			}
			srv.Disconnect(juliet.String())
			require.NoError(t, c.SetPresence(t.Context(), &stanza.Presence{Type: stanza.Unavailable}))
			said = back()
			for _, s := range said {
				require.Equal(t, "unavailable", s)
			}
			renew(t, srv, c)
			require.Empty(t, d.take(), "nothing is restored")
		})
	}
}

// Whether somebody is looking is told to the server with each connection, also if it has
// changed while there was none.
func TestActiveOffline(t *testing.T) {
	t.Parallel()
	for _, sasl2 := range []bool{true, false} {
		for _, resumed := range []bool{true, false} {
			t.Run(fmt.Sprint("sasl2 ", sasl2, " resumed ", resumed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := xmpptest.Start(t, xmpptest.Config{NoSASL2: !sasl2})
					c := connect(t, srv, nil)
					synctest.Wait()
					require.False(t, srv.Inactive(juliet.String()))
					for i := range 6 {
						active := i%3 == 1
						if !resumed {
							srv.RefuseResume(1)
						}
						srv.Disconnect(juliet.String())
						require.NoError(t, c.SetActive(t.Context(), !active))
						require.NoError(t, c.SetActive(t.Context(), active))
						require.NoError(t, srv.WaitOnline(t.Context(), juliet.String()))
						time.Sleep(time.Second)
						require.Equal(t, !active, srv.Inactive(juliet.String()), "round %d", i)
					}
				})
			})
		}
	}
}

// Two clients of one program that want the same resource do not fight for it for ever: the
// one that is thrown out stays out.
func TestConflictEndsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		one := connect(t, srv, nil)
		two := connect(t, srv, nil)
		<-one.Done()
		require.ErrorIs(t, one.Err(), stream.Conflict)
		time.Sleep(24 * time.Hour)
		require.Equal(t, stream.Established, two.State())
		require.NoError(t, two.Err())
	})
}
