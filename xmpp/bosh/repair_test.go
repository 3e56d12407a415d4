package bosh_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/bosh"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// collect hands over the bodies of the messages that come in.
func collect(cfg *xmpp.Config) <-chan string {
	bodies := make(chan string, 1000)
	cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(_ context.Context, _ *stanza.Message, body string) error {
		bodies <- body
		return nil
	}))
	return bodies
}

// Requests that are lost, and answers that break off, are repaired: without stream management
// nothing is lost, doubled or out of order, and the session goes on.
func TestRepair(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"small": 1, "larger than what is read at once": 40_000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.Start(t, xmpptest.Config{NoManagement: true})
				romeo := srv.User("romeo@example.org/orchard")
				var bodies <-chan string
				c := connect(t, srv, func(cfg *xmpp.Config) {
					bodies = collect(cfg)
					cfg.Backoff = stream.Backoff{Off: true} // one session is all that there is
				})
				pad := strings.Repeat("x", size)
				for i := range 100 {
					switch i % 5 {
					case 0:
						srv.LoseRequests(1 + i%3)
					case 1, 3:
						srv.LoseAnswers(1 + i%4)
					}
					want := fmt.Sprint(i, pad)
					for range 2 { // so that some answers bring more than one
						require.NoError(t, romeo.Send(stanza.NewMessage(juliet, want)))
					}
					require.NoError(t, c.Send(t.Context(), stanza.NewMessage(romeo.JID(), want)))
					require.Equal(t, want, <-bodies)
					require.Equal(t, want, <-bodies)
					require.Equal(t, want, romeo.ExpectMessage(t).Body.String())
				}
				romeo.ExpectNothing(t, time.Minute)
				require.Empty(t, bodies)
				require.Equal(t, stream.Established, c.Stream().State())
			})
		})
	}
}

// Logins are repaired as well.
func TestRepairLogin(t *testing.T) {
	t.Parallel()
	for n := 1; n < 6; n++ {
		for name, lose := range map[string]func(srv *xmpptest.Server, n int){
			"requests": func(srv *xmpptest.Server, n int) { srv.LoseRequests(n) },
			"answers":  func(srv *xmpptest.Server, n int) { srv.LoseAnswers(n) },
		} {
			t.Run(fmt.Sprint(name, " ", n), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := xmpptest.Start(t, xmpptest.Config{})
					c := connect(t, srv, func(cfg *xmpp.Config) { cfg.Auth.NoSASL2 = true })
					cfg := srv.BOSHConfig(juliet.String())
					cfg.Auth.NoSASL2 = true
					cfg.Trace = &xmpp.Trace{AuthStart: func(string) { lose(srv, n) }}
					other, err := xmpp.Dial(t.Context(), juliet.Bare(), cfg)
					require.NoError(t, err)
					require.NoError(t, other.Close(t.Context()))
					require.NoError(t, c.Close(t.Context()))
				})
			})
		}
	}
}

// A network that stays away for longer than the server keeps the session costs the session,
// not the stream: it is resumed.
func TestRepairTooLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		romeo := srv.User("romeo@example.org/orchard")
		var bodies <-chan string
		c := connect(t, srv, func(cfg *xmpp.Config) { bodies = collect(cfg) })
		resumed := make(chan bool, 10)
		stream.On(c.Stream(), func(_ context.Context, e stream.SessionStarted) error {
			resumed <- e.Resumed
			return nil
		})
		require.NoError(t, romeo.Send(stanza.NewMessage(juliet, "before")))
		require.Equal(t, "before", <-bodies)
		time.Sleep(time.Second) // now the session is a managed one
		for len(resumed) > 0 {
			<-resumed
		}
		srv.LoseRequests(1000)
		time.Sleep(2 * time.Minute)
		srv.LoseRequests(-1)
		require.NoError(t, romeo.Send(stanza.NewMessage(juliet, "after")))
		require.Equal(t, "after", <-bodies)
		require.True(t, <-resumed)
	})
}

// Between requests the server is not forgotten, and does not forget; there are no more of them
// than are needed.
func TestIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{BOSH: xmpptest.BOSHOptions{Inactivity: 5 * time.Second}})
		c := connect(t, srv, func(cfg *xmpp.Config) { cfg.Idle = -1 })
		time.Sleep(time.Hour)
		require.Equal(t, stream.Established, c.Stream().State())
		n := srv.BOSHRequests()
		time.Sleep(time.Hour)
		require.InDelta(t, 3600/50, srv.BOSHRequests()-n, 2)
	})
}

// A pause is one request.
func TestPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{BOSH: xmpptest.BOSHOptions{Inactivity: 5 * time.Second}})
		romeo := srv.User("romeo@example.org/orchard")
		var bodies <-chan string
		tr := &bosh.Transport{}
		require.ErrorIs(t, tr.Pause(time.Minute), bosh.ErrNoPause)
		c := connect(t, srv, func(cfg *xmpp.Config) {
			bodies = collect(cfg)
			cfg.Transport = tr
		})
		time.Sleep(time.Second)
		n := srv.BOSHRequests()
		require.ErrorIs(t, tr.Pause(time.Hour), bosh.ErrNoPause, "too long")
		require.NoError(t, tr.Pause(time.Minute))
		time.Sleep(time.Second)
		require.NoError(t, romeo.Send(stanza.NewMessage(juliet, "late")))
		time.Sleep(40 * time.Second)
		require.Equal(t, 1, srv.BOSHRequests()-n)
		require.Empty(t, bodies)
		time.Sleep(10 * time.Second)
		require.Equal(t, "late", <-bodies)

		time.Sleep(10 * time.Second)
		require.NoError(t, tr.Pause(time.Minute))
		time.Sleep(time.Second)
		require.NoError(t, romeo.Send(stanza.NewMessage(juliet, "soon")))
		time.Sleep(time.Second)
		require.Empty(t, bodies)
		require.NoError(t, c.Send(t.Context(), &stanza.Presence{}))
		time.Sleep(time.Second)
		require.Equal(t, "soon", <-bodies)
		time.Sleep(time.Hour)
		require.Equal(t, stream.Established, c.Stream().State())
	})
}

// A server that holds nothing is asked as often as it allows, and no more often.
func TestPolling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{BOSH: xmpptest.BOSHOptions{Polling: 5 * time.Second}, Patience: time.Minute})
		romeo := srv.User("romeo@example.org/orchard")
		c := connect(t, srv, echo)
		for range 3 {
			require.NoError(t, romeo.Send(stanza.NewMessage(juliet, "hello & <goodbye>")))
			time.Sleep(6 * time.Second)
			romeo.ExpectMessage(t, xmpptest.Exactly(echoed))
		}
		n := srv.BOSHRequests()
		time.Sleep(10 * time.Minute)
		require.InDelta(t, 600/5, srv.BOSHRequests()-n, 5)
		require.Equal(t, stream.Established, c.Stream().State())
	})
}

// Who reads slowly leaves the rest to the server, and does not lose the session by it.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		romeo := srv.User("romeo@example.org/orchard")
		gate := make(chan struct{})
		var got []string
		c := connect(t, srv, func(cfg *xmpp.Config) {
			cfg.Queue = stream.QueueLimits{SoftStanzas: 2}
			cfg.Backoff = stream.Backoff{Off: true}
			cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(_ context.Context, _ *stanza.Message, body string) error {
				<-gate
				got = append(got, body[:3])
				return nil
			}))
		})
		pad := strings.Repeat("x", 10_000)
		for i := range 300 {
			require.NoError(t, romeo.Send(stanza.NewMessage(juliet, fmt.Sprintf("%03d%s", i, pad))))
			if i == 20 {
				time.Sleep(time.Minute) // nobody reads; the session goes on
			}
		}
		time.Sleep(time.Second)
		require.Less(t, c.Stream().Queued(), 50, "the rest is at the server")
		close(gate)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, got, 300)
		require.Equal(t, "000", got[0])
		require.Equal(t, "299", got[299])
		require.Equal(t, stream.Established, c.Stream().State())
	})
}

// A server that ends the session says why.
func TestExpelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		c := connect(t, srv, nil)
		require.True(t, srv.Expel(juliet.String(), stream.Conflict))
		<-c.Done()
		require.ErrorIs(t, c.Err(), stream.Conflict)

		c = connect(t, srv, func(cfg *xmpp.Config) { cfg.Backoff = stream.Backoff{Off: true} })
		time.Sleep(time.Second)
		srv.Close()
		<-c.Done()
		require.ErrorIs(t, c.Err(), stream.SystemShutdown)
	})
}
