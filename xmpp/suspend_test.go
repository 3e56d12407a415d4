package xmpp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// A session outlives its process, if that ends in an orderly way: everything arrives once.
func TestSuspend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{Resumption: time.Minute})
		romeo := srv.User("romeo@example.org/orchard")
		srv.Account(juliet.Bare().String(), "secret")
		var d diary
		dial := func(resume *stream.Suspended) *xmpp.Client {
			cfg := srv.ClientConfig(juliet.String())
			cfg.Management.Resume = resume
			cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
				time.Sleep(10 * time.Millisecond) // the queue is not empty at the end
				d.add("%s", body)
				return xmpp.Send(ctx, m.Reply("re: "+body))
			}))
			c, err := xmpp.NewClient(juliet, cfg)
			require.NoError(t, err)
			d.watch(c)
			require.NoError(t, c.Open(t.Context()))
			return c
		}
		c := dial(nil)
		synctest.Wait()
		require.Equal(t, []string{"started resumed=false"}, d.take())
		n := 0
		for round := range 4 {
			var want []string
			say := func() {
				require.NoError(t, romeo.Send(stanza.NewMessage(juliet, fmt.Sprint(n))))
				want = append(want, fmt.Sprint(n))
				n++
			}
			for range 5 {
				say()
			}
			if round%2 == 1 {
				time.Sleep(20 * time.Millisecond)
			}
			saved, err := c.Suspend(t.Context())
			require.NoError(t, err)
			require.ErrorIs(t, c.Send(t.Context(), stanza.NewMessage(romeo.JID(), "x")), stream.ErrClosed)
			say()
			say()
			b, err := json.Marshal(saved)
			require.NoError(t, err)
			restored := new(stream.Suspended)
			require.NoError(t, json.Unmarshal(b, restored))
			c = dial(restored)
			require.Equal(t, juliet, c.Local())
			time.Sleep(time.Second)
			got := d.take()
			require.NotContains(t, got, "started resumed=false")
			bodies := []string{}
			for _, line := range got {
				if line != "started resumed=true" && line != "ended" {
					bodies = append(bodies, line)
				}
			}
			require.Equal(t, want, bodies)
			for _, body := range want {
				require.Equal(t, "re: "+body, romeo.ExpectMessage(t).Body.String(), "once, in order")
			}
			require.Zero(t, romeo.Pending())
		}
		// too late: what was never written goes out in a new session, the rest is lost
		saved, err := c.Suspend(t.Context())
		require.NoError(t, err)
		saved.Unacked = []string{"<message to='romeo@example.org/orchard'><body>perhaps</body></message>", "<message to='romeo@example.org/orchard'><body>surely</body></message>"}
		saved.Written = 1
		time.Sleep(2 * time.Minute)
		c = dial(saved)
		synctest.Wait()
		require.Equal(t, "surely", romeo.ExpectMessage(t).Body.String())
		require.Zero(t, romeo.Pending())
		require.NoError(t, c.Close(t.Context()))
		_, err = c.Suspend(t.Context())
		require.ErrorIs(t, err, stream.ErrClosed)
		// nonsense is no session
		for _, bad := range []*stream.Suspended{{}, {ID: "x"}, {ID: "x", Local: juliet, Written: 1}, {ID: "x", Local: juliet, Unacked: []string{"<a"}}, {ID: "unknown", Local: juliet}} {
			c = dial(bad)
			synctest.Wait()
			require.NoError(t, c.Close(t.Context()))
		}
	})
}

// A session that the server does not keep cannot be suspended, and goes on.
func TestSuspendNotResumable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{NoManagement: true})
		c := connect(t, srv, nil)
		synctest.Wait()
		_, err := c.Suspend(t.Context())
		require.ErrorIs(t, err, stream.ErrNotResumable)
		require.Equal(t, stream.Established, c.State())
	})
}
