package xmpptest_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/xmpptest"
)

// A connection that fails while it takes over a session leaves it to the next.
func TestFailedResumption(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{NoSASL2: true})
		srv.Account("juliet@example.org", "secret")
		addr := jid.MustParse("juliet@example.org/balcony")
		first, err := xmpp.Dial(t.Context(), addr, srv.ClientConfig(addr.String()))
		require.NoError(t, err)
		synctest.Wait()
		saved, err := first.Suspend(t.Context())
		require.NoError(t, err)

		wrong := *saved
		wrong.Received += 99
		cfg := srv.ClientConfig(addr.String())
		cfg.Management.Resume = &wrong
		_, err = xmpp.Dial(t.Context(), addr, cfg)
		var e *stream.Error
		require.ErrorAs(t, err, &e)
		require.False(t, e.Sent)

		cfg.Management.Resume = saved
		second, err := xmpp.NewClient(addr, cfg)
		require.NoError(t, err)
		resumed := false
		xmpp.On(second, func(e xmpp.SessionStarted) { resumed = e.Resumed })
		require.NoError(t, second.Open(t.Context()))
		synctest.Wait()
		require.True(t, resumed)
		require.NoError(t, second.Close(t.Context()))
	})
}
