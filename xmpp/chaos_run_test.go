package xmpp_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/realserver"
	"stanza.invalid/internal/testproxy"
	"stanza.invalid/stream"
)

// chaos is one run.
func chaos(t *testing.T, v *venue, n size) {
	begin := time.Now()
	seed := chaosSeed(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var clock atomic.Uint64
	var enough atomic.Bool // a slow server is left alone in the end
	sides := []*correspondent{
		newCorrespondent(t, v, &clock, seed, 0, realserver.Juliet, realserver.Romeo),
		newCorrespondent(t, v, &clock, seed, 1, realserver.Romeo, realserver.Juliet),
	}
	cuts := func() int { return sides[0].proxy.Cuts() + sides[1].proxy.Cuts() }
	for _, c := range sides {
		require.NoError(t, c.Open(ctx))
		defer func() { _ = c.Close(context.Background()) }()
		// a session that is lost before the server has said so cannot be resumed
		require.Eventually(t, func() bool { _, ok := c.Stream().Resumable(); return ok }, 10*time.Second, time.Millisecond)
	}
	for _, c := range sides {
		c.proxy.Plan(func() testproxy.Fault {
			if enough.Load() {
				return testproxy.Fault{}
			}
			return c.faults.fault()
		})
		c.begun.Store(true)
		c.proxy.Cut(true)
	}
	go func() {
		for ctx.Err() == nil && cuts() < n.cuts*5/4 {
			time.Sleep(5 * time.Millisecond)
		}
		enough.Store(true)
	}()
	outcomes := make([][]stream.DeliveryOutcome, 2)
	var senders sync.WaitGroup
	for i, c := range sides {
		senders.Go(func() { outcomes[i] = c.send(ctx, t, n.messages, sides[1-i]) })
	}
	senders.Wait()
	if t.Failed() {
		for _, c := range sides {
			t.Log(c.deaths(), c.tail(30))
		}
		t.Fatal("after ", cuts(), " cuts")
	}
	settle(ctx, v, sides, outcomes)
	for i := 0; cuts() < n.cuts; i++ {
		// the network was too good: sessions without messages
		c := sides[i%2]
		for c.State() != stream.Established {
			time.Sleep(time.Millisecond)
		}
		c.proxy.Cut(c.tells.roll(2) == 0)
		time.Sleep(time.Millisecond)
	}
	enough.Store(true)
	time.Sleep(200 * time.Millisecond) // what comes twice comes now
	sum := &figures{venue: v.name, messages: n.messages, cuts: cuts(), seed: seed, took: time.Since(begin)}
	defer sum.print(t)
	accounts := []*account{examine(t, v, sides[0]), examine(t, v, sides[1])}
	for i, a := range accounts {
		sum.anew += len(a.sessions) - 1
		for _, b := range a.sessions {
			sum.resumed += b.resumed
		}
		a.judge(t, outcomes[i])
	}
	if v.keeps && sum.anew > 0 {
		for _, c := range sides {
			t.Log(c.deaths())
		}
		require.Zero(t, sum.anew, "sessions were lost")
	}
	for i := range sides {
		compare(t, v, accounts[1-i], accounts[i], outcomes[1-i], sum)
	}
	if v.keeps {
		require.Zero(t, sum.lost+sum.bounced)
		require.True(t, v.repeats || sum.twice == 0)
	}
	require.GreaterOrEqual(t, sum.cuts, n.cuts)
}

// settle waits until all that the server has acknowledged came out on the other side, or
// went back.
func settle(ctx context.Context, v *venue, sides []*correspondent, outcomes [][]stream.DeliveryOutcome) {
	patience := time.Minute
	if v.silent {
		patience = 10 * time.Second // what is missing is lost
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for i, c := range sides {
		for n, o := range outcomes[1-i] {
			for o == stream.Acked && !c.has(n) && !sides[1-i].sentBack(n) {
				time.Sleep(5 * time.Millisecond)
				if ctx.Err() != nil {
					return // what is missing is found out later
				}
			}
		}
	}
}
