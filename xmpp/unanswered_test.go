package xmpp_test

import (
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

// road is a way to a server in memory.
type road struct {
	name   string
	config func(srv *xmpptest.Server) xmpp.Config
}

func allRoads() []road {
	over := func(cfg func(srv *xmpptest.Server, addr string) xmpp.Config, change func(cfg *xmpp.Config)) func(srv *xmpptest.Server) xmpp.Config {
		return func(srv *xmpptest.Server) xmpp.Config {
			c := cfg(srv, juliet.String())
			change(&c)
			return c
		}
	}
	same, classic := func(*xmpp.Config) {}, func(cfg *xmpp.Config) { cfg.Auth.NoSASL2 = true }
	return []road{
		{"TLS", over((*xmpptest.Server).ClientConfig, classic)},
		{"TLS, SASL 2", over((*xmpptest.Server).ClientConfig, same)},
		{"TLS, token", over((*xmpptest.Server).ClientConfig, func(cfg *xmpp.Config) { cfg.Store = xmpp.MemoryStore() })},
		{"websocket", over((*xmpptest.Server).WebsocketConfig, classic)},
		{"websocket, SASL 2", over((*xmpptest.Server).WebsocketConfig, same)},
		{"BOSH", over((*xmpptest.Server).BOSHConfig, classic)},
		{"BOSH, SASL 2", over((*xmpptest.Server).BOSHConfig, same)},
	}
}

// A server that does not answer once is asked again, and has the session then; one that does
// not answer twice in a row is not asked a third time: there is a new session, and what the
// old one has left in doubt is lost.
func TestResumptionUnanswered(t *testing.T) {
	t.Parallel()
	for _, r := range allRoads() {
		for ignored := range 3 {
			t.Run(fmt.Sprintf("%s/%d times", r.name, ignored), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := xmpptest.Start(t, xmpptest.Config{})
					romeo := srv.User("romeo@example.org/orchard")
					c := connect(t, srv, func(cfg *xmpp.Config) {
						*cfg = r.config(srv)
						cfg.SessionTimeout = 30 * time.Second
						cfg.Backoff = stream.Backoff{Min: time.Second, Spread: time.Second}
					})
					var d diary
					d.watch(c)
					time.Sleep(time.Second) // Dial may return before the session is managed
					d.take()
					srv.DropAcks(true)
					doubtful, err := c.SendTracked(t.Context(), stanza.NewMessage(romeo.JID(), "in doubt"))
					require.NoError(t, err)
					romeo.ExpectMessage(t, xmpptest.Mask("<message><body>in doubt</body></message>"))
					srv.IgnoreResume(ignored)
					require.True(t, srv.Disconnect(juliet.String()))
					srv.DropAcks(false)
					begin := time.Now()
					e, err := stream.WaitEvent[xmpp.SessionStarted](t.Context(), c, nil)
					require.NoError(t, err)
					require.Equal(t, ignored < 2, e.Resumed)
					require.InDelta(t, float64(ignored)*10, time.Since(begin).Seconds(), 2, "a third of the time for a session each")
					outcome, err := doubtful.Wait(t.Context())
					require.NoError(t, err)
					want, events := stream.Acked, []string{"started resumed=true"}
					if ignored == 2 {
						want, events = stream.Lost, []string{"ended", "started resumed=false"}
					}
					require.Equal(t, want, outcome)
					d2, err := c.SendTracked(t.Context(), stanza.NewMessage(romeo.JID(), "after that"))
					require.NoError(t, err)
					outcome, err = d2.Wait(t.Context())
					require.NoError(t, err)
					require.Equal(t, stream.Acked, outcome)
					romeo.ExpectMessage(t, xmpptest.Mask("<message><body>after that</body></message>"))
					require.Equal(t, events, d.take())
				})
			})
		}
	}
}
