package xmpptest_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/ping"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// A network that is down for a while, and one that is dead without a sign: over TCP and over
// websockets, with STARTTLS and with TLS from the first byte.
func TestNetworkFails(t *testing.T) {
	t.Parallel()
	for _, web := range []bool{false, true} {
		for _, direct := range []bool{false, true} {
			t.Run(fmt.Sprint("web ", web, " direct ", direct), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := xmpptest.Start(t, xmpptest.Config{TLS: direct, Resumption: time.Hour})
					srv.Account("a@example.org", "secret")
					romeo := srv.User("romeo@example.org/orchard")
					cfg := srv.ClientConfig("a@example.org")
					if web {
						cfg = srv.WebsocketConfig("a@example.org")
					}
					got := make(chan string, 100)
					cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(_ context.Context, _ *stanza.Message, body string) error {
						got <- body
						return nil
					}))
					c, err := xmpp.Dial(t.Context(), jid.MustParse("a@example.org"), cfg)
					require.NoError(t, err)
					defer c.Close(context.Background())
					synctest.Wait()
					full := c.Local()
					for name, fail := range map[string]func(on bool){"offline": srv.Offline, "swallow": srv.Swallow} {
						fail(true)
						synctest.Wait()
						d, err := c.SendTracked(t.Context(), stanza.NewMessage(romeo.JID(), "out "+name))
						require.NoError(t, err)
						require.NoError(t, romeo.Send(stanza.NewMessage(full, "in "+name)))
						time.Sleep(10 * time.Minute)
						require.NotEqual(t, stream.Established, c.State())
						require.Equal(t, stream.Undecided, d.Outcome())
						fail(false)
						require.NoError(t, srv.WaitOnline(t.Context(), full.String()))
						outcome, err := d.Wait(t.Context())
						require.NoError(t, err)
						require.Equal(t, stream.Acked, outcome)
						romeo.ExpectMessage(t, xmpptest.Mask("<message><body>out "+name+"</body></message>"))
						require.Equal(t, "in "+name, <-got)
						require.Equal(t, full, c.Local())
					}
					require.Zero(t, romeo.Pending())
					require.Empty(t, got)
				})
			})
		}
	}
}

// What the server sends arrives later, in order, and to the last.
func TestDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		romeo := srv.User("romeo@example.org/orchard")
		srv.Delay(100 * time.Millisecond)
		a := loginAs(t, srv, "a@example.org/1", nil)
		begin := time.Now()
		_, err := xmpp.Call(t.Context(), a, jid.MustParse("example.org"), &ping.Ping{})
		require.NoError(t, err)
		require.Equal(t, 100*time.Millisecond, time.Since(begin))
		for i := range 50 {
			require.NoError(t, romeo.Send(stanza.NewMessage(a.Local(), fmt.Sprint(i))))
		}
		synctest.Wait()
		srv.Delay(0)
		require.NoError(t, romeo.Send(stanza.NewMessage(a.Local(), "50")))
		require.Empty(t, a.take())
		time.Sleep(200 * time.Millisecond)
		got := a.take()
		require.Len(t, got, 51)
		for i := range got {
			require.Equal(t, fmt.Sprint("romeo@example.org/orchard says ", i), got[i])
		}
		srv.Delay(3 * time.Second)
		require.True(t, srv.Expel("a@example.org/1", stream.Conflict))
		<-a.Done()
		require.ErrorIs(t, a.Err(), stream.Conflict, "the last words arrive")
	})
}
