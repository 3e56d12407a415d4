package xmpptest_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// What can wait waits while nobody looks, and comes in order before what cannot; the latest
// presence of somebody is enough.
func TestInactive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		romeo := srv.User("romeo@example.org/orchard")
		a := loginAs(t, srv, "a@example.org/1", func(cfg *xmpp.Config) { cfg.Backoff = stream.Backoff{} })
		all := a.Stream().Collect(stream.MatchAny(stream.MatchKind(stream.KindMessage), stream.MatchKind(stream.KindPresence)))
		defer all.Stop()
		got := func() (n int, last string) {
			synctest.Wait()
			list := all.Stop()
			all = a.Stream().Collect(stream.MatchAny(stream.MatchKind(stream.KindMessage), stream.MatchKind(stream.KindPresence)))
			for _, st := range list {
				last += stanza.String(st)
			}
			return len(list), last
		}
		say := func(format string, args ...any) {
			t.Helper()
			require.NoError(t, romeo.SendXML(fmt.Sprintf(format, args...)))
			synctest.Wait()
		}
		noise := func() {
			say("<presence to='a@example.org/1'><status>first</status></presence>")
			say("<message to='a@example.org/1' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>")
			say("<presence to='a@example.org/1'><status>second</status></presence>")
		}
		require.NoError(t, a.SetActive(t.Context(), false))
		synctest.Wait()
		require.True(t, srv.Inactive("a@example.org/1"))
		noise()
		n, _ := got()
		require.Zero(t, n)
		say("<message to='a@example.org/1'><body>look</body></message>")
		n, text := got()
		require.Equal(t, 3, n)
		require.Regexp(t, "composing.*second.*look", text)
		require.NotContains(t, text, "first")

		noise()
		require.NoError(t, a.SetActive(t.Context(), true))
		n, text = got()
		require.Equal(t, 2, n)
		require.Regexp(t, "composing.*second", text)
		noise()
		n, _ = got()
		require.Equal(t, 3, n, "somebody looks")

		// it is bounded
		require.NoError(t, a.SetActive(t.Context(), false))
		synctest.Wait()
		for i := range 101 {
			say("<message to='a@example.org/1' type='chat' id='%d'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>", i)
		}
		n, _ = got()
		require.Equal(t, 101, n)

		// a subscription request does not wait, and nothing is lost with a connection
		say("<presence to='a@example.org' type='subscribe'/>")
		noise()
		require.True(t, srv.Disconnect("a@example.org/1"))
		require.NoError(t, srv.WaitOnline(t.Context(), "a@example.org/1"))
		_, text = got()
		require.Regexp(t, "composing.*second", text)
		require.True(t, srv.Inactive("a@example.org/1"), "the client has said so again")
	})
}
