package xmpp_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/xmpptest"
)

// The work that SCRAM asks for is done once by a client, however often it logs in, until its
// password is another.
func TestKeysAreKept(t *testing.T) {
	t.Parallel()
	for _, classic := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			srv := xmpptest.Start(t, xmpptest.Config{NoSASL2: classic, Tokens: []string{}, Registration: true})
			c := connect(t, srv, nil)
			keys := xmpp.KeysOf(c)
			require.Equal(t, 1, keys.Len())
			for range 2 {
				srv.RefuseResume(1)
				srv.Disconnect(juliet.String())
				require.NoError(t, srv.WaitOnline(t.Context(), juliet.String()))
				synctest.Wait()
				require.Same(t, keys, xmpp.KeysOf(c))
				require.Equal(t, 1, keys.Len())
			}
			require.NoError(t, c.ChangePassword(t.Context(), "another secret"))
			require.Zero(t, keys.Len())
			srv.Disconnect(juliet.String())
			require.NoError(t, srv.WaitOnline(t.Context(), juliet.String()))
			synctest.Wait()
			require.Equal(t, 1, keys.Len(), "of the new password")
		})
	}
}
