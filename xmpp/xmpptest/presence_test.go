package xmpptest_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/roster"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/xmpptest"
)

// Subscriptions, from the first request to the end: who is asked, who sees whom, and what the rosters say.
func TestSubscriptions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		send := func(s *someone, texts ...string) {
			t.Helper()
			for _, text := range texts {
				require.NoError(t, s.Stream().SendXML(t.Context(), text))
			}
			synctest.Wait()
		}
		enter := func(addr string) *someone {
			t.Helper()
			s := loginAs(t, srv, addr, nil)
			_, err := xmpp.Call(t.Context(), s, jid.JID{}, &roster.Get{})
			require.NoError(t, err)
			send(s, "<presence/>")
			return s
		}
		a := enter("a@example.org/1")
		a.take()
		srv.Account("b@example.org", "secret")

		// a request waits for its answer
		send(a, "<presence to='b@example.org' type='subscribe'><status>it is me</status></presence>")
		require.Equal(t, []string{"push b@example.org nonesubscribe"}, a.take())
		b := enter("b@example.org/1")
		require.Contains(t, b.take(), "a@example.org subscribeit is me")
		require.NoError(t, b.Close(t.Context()))
		b = enter("b@example.org/1")
		require.Contains(t, b.take(), "a@example.org subscribeit is me")
		send(b, "<presence to='a@example.org' type='unsubscribed'/>")
		require.Equal(t, []string{"push b@example.org none", "b@example.org unsubscribed"}, a.take())
		require.NoError(t, b.Close(t.Context()))
		b = enter("b@example.org/1")
		require.NotContains(t, b.take(), "a@example.org subscribeit is me")

		// approved before it is asked for
		send(b, "<presence to='a@example.org' type='subscribed'/>")
		require.Equal(t, []string{"push a@example.org none"}, b.take())
		require.Empty(t, a.take())
		send(a, "<presence to='b@example.org' type='subscribe'/>")
		require.Equal(t, []string{"push b@example.org nonesubscribe", "push b@example.org to", "b@example.org subscribed", "b@example.org/1 "}, a.take())
		require.Equal(t, []string{"push a@example.org from"}, b.take())
		// once more is once too often
		send(a, "<presence to='b@example.org' type='subscribe'/>")
		a.take()
		require.Empty(t, b.take())
		send(a, "<presence to='b@example.org' type='subscribed'/>")
		require.Equal(t, []string{"push b@example.org to"}, a.take())

		// a does not want to see b any more; then b does not want to be seen
		send(a, "<presence to='b@example.org' type='unsubscribe'/>")
		require.Equal(t, []string{"push b@example.org none", "b@example.org/1 unavailable"}, a.take())
		require.Equal(t, []string{"push a@example.org none", "a@example.org unsubscribe"}, b.take())
		srv.RosterItem("a@example.org", roster.Item{JID: b.Local().Bare(), Subscription: roster.SubscriptionTo})
		srv.RosterItem("b@example.org", roster.Item{JID: a.Local().Bare(), Subscription: roster.SubscriptionFrom})
		a.take()
		b.take()
		send(b, "<presence to='a@example.org' type='unsubscribed'/>")
		require.Equal(t, []string{"push b@example.org none", "b@example.org unsubscribed", "b@example.org/1 unavailable"}, a.take())
		b.take()

		// what nobody has asked for changes nothing
		romeo := srv.User("romeo@example.org/orchard")
		require.NoError(t, romeo.SendXML("<presence to='a@example.org' type='subscribed'/>"))
		require.NoError(t, romeo.SendXML("<presence to='a@example.org' type='unsubscribed'/>"))
		require.Empty(t, a.take())

		// who is removed neither sees nor is seen
		for _, pair := range [][2]*someone{{a, b}, {b, a}} {
			srv.RosterItem(pair[0].Local().Bare().String(), roster.Item{JID: pair[1].Local().Bare(), Subscription: roster.SubscriptionBoth})
		}
		a.take()
		b.take()
		_, err := xmpp.Call(t.Context(), a, jid.JID{}, &roster.Set{Items: []roster.Item{{JID: b.Local().Bare(), Subscription: roster.SubscriptionRemove}}})
		require.NoError(t, err)
		require.Equal(t, []string{"b@example.org/1 unavailable", "push b@example.org remove"}, a.take())
		require.Equal(t, []string{"push a@example.org to", "a@example.org unsubscribe", "push a@example.org none", "a@example.org unsubscribed", "a@example.org/1 unavailable"}, b.take())
	})
}

// A certificate with a flaw is none for a client.
func TestBadCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		srv.Account("a@example.org", "secret")
		for flaw, text := range map[xmpptest.Flaw]string{
			xmpptest.OtherName: "not example.org", xmpptest.Expired: "expired", xmpptest.SelfSigned: "unknown authority", xmpptest.NoFlaw: "",
		} {
			srv.BadCertificate("example.org", flaw)
			c, err := xmpp.Dial(t.Context(), jid.MustParse("a@example.org"), srv.ClientConfig("a@example.org"))
			if text == "" {
				require.NoError(t, err)
				require.NoError(t, c.Close(t.Context()))
				continue
			}
			require.ErrorContains(t, err, text)
		}
	})
}

// TLS from the first byte, beside STARTTLS.
func TestDirectAddr(t *testing.T) {
	srv := xmpptest.Start(t, xmpptest.Config{})
	srv.Account("a@example.org", "secret")
	for _, direct := range []bool{false, true} {
		cfg := srv.ClientConfig("a@example.org")
		cfg.Dialer, cfg.Addr, cfg.DirectTLS = nil, srv.Addr(), direct
		if direct {
			cfg.Addr = srv.DirectAddr()
		}
		c, err := xmpp.Dial(t.Context(), jid.MustParse("a@example.org"), cfg)
		require.NoError(t, err)
		_, err = xmpp.Call(t.Context(), c, jid.JID{}, &roster.Get{})
		require.NoError(t, err)
		require.NoError(t, c.Close(t.Context()))
	}
	_, err := xmpp.Dial(t.Context(), jid.MustParse("a@elsewhere.example"), srv.ClientConfig("a@example.org"))
	require.ErrorContains(t, err, "host unknown")
}
