package xmpp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/delay"
	"stanza.invalid/gen/stanzaid"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// disk is where a state outlives a client.
type disk struct {
	mu     sync.Mutex
	b      []byte
	writes int
	broken error
}

func (d *disk) save(v *stream.Suspended) error {
	b, err := json.Marshal(v)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken != nil {
		return d.broken
	}
	d.b, d.writes = b, d.writes+1
	return err
}

// count is how many states were saved.
func (d *disk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.writes
}

func (d *disk) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = err
}

// state is the last that was saved.
func (d *disk) state(t *testing.T) (v *stream.Suspended) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.b != nil {
		require.NoError(t, json.Unmarshal(d.b, &v))
	}
	return v
}

// A client that is killed again and again, at any moment: everything arrives at least once
// both ways, and what was handled before is marked.
func TestSaveKilled(t *testing.T) {
	t.Parallel()
	dice := seeded(t)
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		srv.Account(juliet.Bare().String(), "secret")
		romeo := srv.User("romeo@example.org/orchard")
		var d disk
		var mu sync.Mutex
		got := map[string][]bool{} // how each message was marked, in order
		anew := 0
		live := func() *xmpp.Client {
			cfg := srv.ClientConfig(juliet.String())
			cfg.Backoff = stream.Backoff{Min: time.Millisecond, Max: 10 * time.Millisecond}
			cfg.Management = stream.Management{Resume: d.state(t), Save: d.save, SaveEvery: 20 * time.Millisecond, Resend: true}
			cfg.Trace = &xmpp.Trace{Session: func(_ jid.JID, resumed bool) {
				if !resumed {
					anew++
				}
			}}
			pause := time.Duration(rand.IntN(3)) * time.Millisecond
			cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
				time.Sleep(pause)
				mu.Lock()
				got[body] = append(got[body], stream.Redelivered(ctx))
				mu.Unlock()
				return xmpp.Send(ctx, m.Reply("re: "+body))
			}))
			c, err := xmpp.Dial(t.Context(), juliet, cfg)
			require.NoError(t, err)
			return c
		}
		c := live()
		synctest.Wait() // the session can be resumed
		require.NoError(t, c.Stream().Save(t.Context()))
		n := 0
		for range 50 {
			for range dice.IntN(40) {
				require.NoError(t, romeo.Send(stanza.NewMessage(juliet, strconv.Itoa(n))))
				n++
				if dice.IntN(10) == 0 {
					time.Sleep(time.Duration(dice.IntN(30)) * time.Millisecond)
				}
			}
			if dice.IntN(4) == 0 {
				srv.Disconnect(juliet.String()) // resumed in the same process
				time.Sleep(time.Duration(dice.IntN(50)) * time.Millisecond)
			}
			time.Sleep(time.Duration(dice.IntN(60)) * time.Millisecond)
			c.Abort()
			<-c.Done()
			c = live()
		}
		time.Sleep(5 * time.Second)
		require.NoError(t, c.Close(t.Context()))
		require.Nil(t, d.state(t), "there is nothing left to go on with")
		require.Equal(t, 1, anew, "all other sessions are that one")
		replies := map[string]int{}
		for romeo.Pending() > 0 {
			replies[romeo.ExpectMessage(t).Body.String()]++
		}
		twice, marked := 0, 0
		for i := range n {
			body := strconv.Itoa(i)
			marks := got[body]
			require.NotEmpty(t, marks, "message %d has not arrived", i)
			for _, mark := range marks[1:] {
				require.True(t, mark, "message %d came again without a mark", i)
			}
			for _, mark := range marks {
				if mark {
					marked++
				}
			}
			twice += len(marks) - 1
			require.GreaterOrEqual(t, replies["re: "+body], 1, "the answer to %d has not arrived", i)
		}
		t.Logf("%d messages and answers, 50 kills, %d came again, %d marked, %d states saved", n, twice, marked, d.count())
		require.Positive(t, twice)
	})
}

// The peer is told of no more than is saved; an error of Save is reported and made good.
func TestSaveFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{AckEvery: 1})
		srv.Account(juliet.Bare().String(), "secret")
		romeo := srv.User("romeo@example.org/orchard")
		var d disk
		var acks []string
		var mu sync.Mutex
		var failures []stream.Failure
		cfg := srv.ClientConfig(juliet.String())
		cfg.Management.Save = d.save
		cfg.Trace = &xmpp.Trace{XML: func(dir stream.Direction, text string) {
			if dir == stream.Out && strings.HasPrefix(text, "<a ") {
				mu.Lock()
				defer mu.Unlock()
				acks = append(acks, text)
			}
		}}
		cfg.Failed = func(f stream.Failure) {
			mu.Lock()
			defer mu.Unlock()
			failures = append(failures, f)
		}
		c, err := xmpp.Dial(t.Context(), juliet, cfg)
		require.NoError(t, err)
		synctest.Wait() // the session can be resumed
		require.NoError(t, c.Stream().Save(t.Context()))
		full := errors.New("the disk is full")
		d.fail(full)
		require.ErrorIs(t, c.Stream().Save(t.Context()), full)
		require.NoError(t, romeo.Send(stanza.NewMessage(juliet, "x")))
		time.Sleep(10 * time.Second)
		mu.Lock()
		require.NotEmpty(t, failures)
		require.LessOrEqual(t, len(failures), 25, "twice a second")
		require.ErrorIs(t, failures[0].Err, full)
		for _, a := range acks {
			require.Contains(t, a, " h='0'")
		}
		mu.Unlock()
		d.fail(nil)
		time.Sleep(2 * time.Second)
		require.EqualValues(t, 1, d.state(t).Received)
		mu.Lock()
		require.Contains(t, acks[len(acks)-1], " h='1'", "%v", acks)
		mu.Unlock()

		// what was sent is saved once Save has returned
		srv.DropAcks(true)
		require.NoError(t, c.Send(t.Context(), stanza.NewMessage(romeo.JID(), "kept")))
		require.NoError(t, c.Stream().Save(t.Context()))
		require.Contains(t, fmt.Sprint(d.state(t).Unacked), "kept")
		require.True(t, d.state(t).Running)
		var server xmpp.ServerFeatures
		require.NoError(t, json.Unmarshal(d.state(t).Peer, &server))
		require.Equal(t, c.Server(), server, "the next process knows it")
		require.True(t, server.ClientState)
		// and no more than it takes
		writes := d.count()
		srv.DropAcks(false)
		for range 1000 {
			require.NoError(t, c.Send(t.Context(), stanza.NewMessage(romeo.JID(), "x")))
			time.Sleep(5 * time.Millisecond)
		}
		require.LessOrEqual(t, d.count()-writes, 15, "each half second")
		final, err := c.Suspend(t.Context())
		require.NoError(t, err)
		require.Equal(t, final.Received, d.state(t).Received)
		require.False(t, d.state(t).Running)
		require.ErrorIs(t, c.Stream().Save(t.Context()), stream.ErrClosed)

		none, err := xmpp.Dial(t.Context(), jid.MustParse("juliet@example.org/other"), srv.ClientConfig(juliet.String()))
		require.NoError(t, err)
		require.Error(t, none.Stream().Save(t.Context()))
		require.NoError(t, none.Close(t.Context()))
	})
}

// VF8: a session that is lost: what may have arrived goes out again, if that is wanted, and
// says so.
func TestVF8Resend(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprint("restart ", restart), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.Start(t, xmpptest.Config{})
				srv.Account(juliet.Bare().String(), "secret")
				romeo := srv.User("romeo@example.org/orchard")
				var d disk
				dial := func() *xmpp.Client {
					cfg := srv.ClientConfig(juliet.String())
					cfg.Management = stream.Management{Resume: d.state(t), Save: d.save, Resend: true}
					cfg.Backoff = stream.Backoff{Min: time.Second, Spread: time.Second}
					c, err := xmpp.Dial(t.Context(), juliet, cfg)
					require.NoError(t, err)
					synctest.Wait()
					return c
				}
				c := dial()
				srv.DropAcks(true)
				sent := time.Now()
				m := stanza.NewMessage(romeo.JID(), "with an id")
				m.ID = "one"
				first, err := c.SendTracked(t.Context(), m)
				require.NoError(t, err)
				other := stanza.NewMessage(romeo.JID(), "without")
				_, err = c.SendTracked(t.Context(), other)
				require.NoError(t, err)
				require.Empty(t, other.ID, "what the program has stays as it is")
				question, err := c.SendTracked(t.Context(), stanza.NewIQ(stanza.Get, romeo.JID(), &stanzaid.OriginID{ID: "x"}))
				require.NoError(t, err)
				require.NoError(t, c.Stream().Save(t.Context()))
				a, b := romeo.ExpectMessage(t), romeo.ExpectMessage(t)
				require.NotEmpty(t, b.ID)
				romeo.ExpectIQ(t)
				time.Sleep(10 * time.Second)
				srv.RefuseResume(1)
				if restart {
					c.Abort()
					<-c.Done()
					srv.DropAcks(false)
					c = dial()
				} else {
					srv.Disconnect(juliet.String())
					srv.DropAcks(false)
				}
				for _, before := range []*stanza.Message{a, b} {
					again := romeo.ExpectMessage(t)
					require.Equal(t, before.ID, again.ID)
					require.Equal(t, before.Body.String(), again.Body.String())
					late, err := stanza.Find[delay.Delay](again)
					require.NoError(t, err)
					require.NotNil(t, late)
					require.WithinDuration(t, sent, late.Stamp.Time, time.Second)
					id, err := stanza.Find[stanzaid.OriginID](again)
					require.NoError(t, err)
					require.Equal(t, before.ID, id.ID)
				}
				if !restart {
					outcome, err := first.Wait(t.Context())
					require.NoError(t, err)
					require.Equal(t, stream.Acked, outcome)
				}
				outcome, err := question.Wait(t.Context())
				require.NoError(t, err)
				require.Equal(t, stream.Lost, outcome, "requests are not for later")
				romeo.ExpectNothing(t, time.Minute)
				require.NoError(t, c.Close(t.Context()))
			})
		})
	}
}
