package xmpp_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/limits"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// XEP-0478: what the server would not take is not sent, and its patience is not tried.
func TestServerLimits(t *testing.T) {
	t.Parallel()
	for _, classic := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			most, idle := uint32(20_000), uint32(60)
			srv := xmpptest.Start(t, xmpptest.Config{NoSASL2: classic, Announced: &limits.Limits{MaxBytes: &most, IdleSeconds: &idle}})
			romeo := srv.User("romeo@example.org/orchard")
			f := &flights{under: srv.Dialer()}
			c := connect(t, srv, func(cfg *xmpp.Config) { cfg.Dialer, cfg.Idle = f, -1 })
			synctest.Wait()
			require.Equal(t, 20_000, c.Server().MaxBytes)
			require.Equal(t, time.Minute, c.Server().Idle)
			for range 2 {
				require.NoError(t, c.Send(t.Context(), stanza.NewMessage(romeo.JID(), strings.Repeat("x", 19_000))))
				romeo.ExpectMessage(t)
				err := c.Send(t.Context(), stanza.NewMessage(romeo.JID(), strings.Repeat("x", 20_000)))
				require.ErrorIs(t, err, stream.ErrStanzaTooLarge)
				// the limits are those of the session, however often it is resumed
				require.True(t, srv.Disconnect(juliet.String()))
				require.NoError(t, srv.WaitOnline(t.Context(), juliet.String()))
				synctest.Wait()
			}
			f.take()
			time.Sleep(31 * time.Second)
			synctest.Wait()
			f.mu.Lock()
			wrote := f.wrote
			f.mu.Unlock()
			require.True(t, wrote, "something within the time")
		})
	}
	synctest.Test(t, func(t *testing.T) {
		tiny := uint32(1)
		srv := xmpptest.Start(t, xmpptest.Config{Announced: &limits.Limits{MaxBytes: &tiny}})
		romeo := srv.User("romeo@example.org/orchard")
		c := connect(t, srv, nil)
		require.NoError(t, c.Send(t.Context(), stanza.NewMessage(romeo.JID(), strings.Repeat("x", 9_000))), "RFC 6120 allows that much")
		romeo.ExpectMessage(t)
	})
}
