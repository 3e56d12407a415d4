package xmpptest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// A session that was resumed just before its time was up goes on, and is still managed.
func TestResumedAtTheLastMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := Start(t, Config{})
		srv.Account("juliet@example.org", "secret")
		addr := jid.MustParse("juliet@example.org/balcony")
		c, err := xmpp.Dial(t.Context(), addr, srv.ClientConfig(addr.String()))
		require.NoError(t, err)
		synctest.Wait()
		srv.mu.Lock()
		r := srv.resource(addr)
		srv.mu.Unlock()
		srv.endResource(r) // as its timer does
		require.True(t, srv.Online(addr.String()))
		d, err := c.SendTracked(t.Context(), stanza.NewMessage(addr, "still there"))
		require.NoError(t, err)
		time.Sleep(time.Minute)
		require.Equal(t, stream.Acked, d.Outcome())
		require.NoError(t, c.Close(t.Context()))
	})
}
