package soak

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/websocket"
	"stanza.invalid/xmpp/xmpptest"
)

// VF11: a handler that does not keep up holds up the peer by way of TCP, whatever is between:
// neither memory nor what is under way grows, the session lasts however long that takes, and
// in the end everything arrives in order.
func TestVF11SlowConsumer(t *testing.T) {
	for _, name := range []string{"TCP", "TLS", "websocket"} {
		t.Run(name, func(t *testing.T) {
			srv := xmpptest.Start(t, xmpptest.Config{
				NoTLS: name != "TLS", Mechanisms: []string{"PLAIN"}, Bindings: []string{},
				QueueBytes: 64 << 10, Patience: time.Minute, // the server holds up who sends
				AckEvery:     1 << 20, // or it would keep everything until it is acknowledged
				NoManagement: true,
			})
			srv.Account(juliet.Bare().String(), "secret")
			romeo := srv.User("romeo@example.org/orchard")
			hold := make(chan struct{})
			var got atomic.Int64
			mux := xmpp.NewMux(xmpp.OnAnyMessage(func(_ context.Context, m *stanza.Message) error {
				if n := got.Add(1); m.Subject.String() != "" && m.Subject.String() != number(n) {
					t.Errorf("%s in place of %s", m.Subject, number(n))
				}
				<-hold
				return nil
			}))
			cfg := srv.ClientConfig(juliet.String())
			cfg.Handler, cfg.InsecureNoTLS, cfg.Auth.InsecurePlain = mux, true, true
			cfg.Addr, cfg.Dialer = srv.Addr(), nil
			if name == "websocket" {
				cfg.Addr, cfg.Transport = "", &websocket.Transport{URL: srv.WebsocketURL()}
			}
			cfg.Queue = stream.QueueLimits{SoftStanzas: 100}
			cfg.Idle, cfg.IdleTimeout = 100*time.Millisecond, 100*time.Millisecond // an impatient one
			cfg.KeepAlive = 50 * time.Millisecond
			cfg.Backoff = stream.Backoff{Off: true}
			c, err := xmpp.Dial(t.Context(), juliet, cfg)
			require.NoError(t, err)
			defer c.Abort()

			// a flood, of which nobody knows how long it would be
			var sent atomic.Int64
			stop, stopped := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(stopped)
				body := strings.Repeat("x", 4<<10)
				for {
					select {
					case <-stop:
						return
					default:
					}
					m := stanza.NewMessage(juliet, body)
					m.Subject = stanza.Plain(number(sent.Load() + 1))
					if romeo.Send(m) != nil {
						return
					}
					sent.Add(1)
				}
			}()
			before := measure(t)
			for last := int64(-1); last != sent.Load() || !c.Stream().Paused(); time.Sleep(200 * time.Millisecond) {
				last = sent.Load()
			}
			held := sent.Load()
			require.Less(t, held*4<<10, int64(48<<20), "what sockets hold, and 100 stanzas")
			require.Less(t, measure(t).heap, before.heap+(16<<20))
			require.LessOrEqual(t, c.Stream().Queued(), 200)
			time.Sleep(500 * time.Millisecond) // the silence is this side's: the peer is not given up
			require.Equal(t, held, sent.Load())
			require.Equal(t, stream.Established, c.State())

			close(hold)
			require.Eventually(t, func() bool { return got.Load() > held }, 30*time.Second, 5*time.Millisecond)
			close(stop)
			<-stopped
			require.Eventually(t, func() bool { return got.Load() == sent.Load() }, 30*time.Second, 5*time.Millisecond)
			require.Less(t, measure(t).heap, before.heap+(16<<20))
			require.NoError(t, c.Close(context.Background()))
			t.Logf("%d messages of 4 KiB were under way", held)
		})
	}
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
