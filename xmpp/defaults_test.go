package xmpp_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/examples/custom/tea"
	"stanza.invalid/gen/chatstate"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/muc"
	"stanza.invalid/gen/ping"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/gen/version"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func featuresOf(info *disco.Info) (all []string) {
	for _, f := range info.Features {
		all = append(all, f.Var)
	}
	return all
}

// What is advertised follows from what is handled.
func TestDiscoInfo(t *testing.T) {
	t.Parallel()
	sc := serving(
		xmpp.OnMessage(func(context.Context, *stanza.Message, *receipts.Request) error { return nil }),
		xmpp.OnMessage(func(context.Context, *stanza.Message, *receipts.Received) error { return nil }),
		xmpp.OnMessage(func(context.Context, *stanza.Message, *chatstate.Notification) error { return nil }),
		xmpp.OnPresence(func(context.Context, *stanza.Presence, *muc.User) error { return nil }),
		xmpp.OnIQ(answering[tea.Order, tea.Receipt](nil, nil)),
		xmpp.OnBody(func(context.Context, *stanza.Message, string) error { return nil }),
	)
	sc.Features = []string{"urn:example:more", ping.NS}
	play(t, sc, func(t *testing.T, w *world) {
		info, err := xmpptest.Call(t.Context(), w.romeo, bot, &disco.InfoQuery{})
		require.NoError(t, err)
		require.Equal(t, []string{
			chatstate.NS, disco.NSInfo, disco.NSItems, muc.NS, "urn:example:more", tea.NS, ping.NS, receipts.NS,
		}, featuresOf(info), "sorted, each once, and none that is not served")
		require.Equal(t, w.Features(), featuresOf(info))
		require.Len(t, info.Identities, 1)
		require.Equal(t, "automation/bot", info.Identities[0].Category+"/"+info.Identities[0].Type)

		items, err := xmpptest.Call(t.Context(), w.romeo, bot, &disco.ItemsQuery{})
		require.NoError(t, err)
		require.Empty(t, items.Items)
		_, err = xmpptest.Call(t.Context(), w.romeo, bot, &disco.InfoQuery{Node: "cellar"})
		require.ErrorIs(t, err, stanza.ItemNotFound)
		_, err = xmpptest.Call(t.Context(), w.romeo, bot, &disco.ItemsQuery{Node: "cellar"})
		require.ErrorIs(t, err, stanza.ItemNotFound)
		_, err = xmpptest.Call(t.Context(), w.romeo, bot, &version.Query{})
		require.ErrorIs(t, err, stanza.ServiceUnavailable)
		_, err = xmpptest.Call(t.Context(), w.romeo, bot, &ping.Ping{})
		require.NoError(t, err)
	})
}

func TestIdentitiesAndSoftware(t *testing.T) {
	t.Parallel()
	sc := xmpp.SessionConfig{
		Identities: []disco.Identity{
			{Category: "gateway", Type: "smtp", Name: "Mail", Lang: "en"},
			{Category: "gateway", Type: "smtp", Name: "Post", Lang: "de"},
		},
		Software: &version.Info{Name: "Gate", Version: "2"},
	}
	play(t, sc, func(t *testing.T, w *world) {
		info, err := xmpptest.Call(t.Context(), w.romeo, bot, &disco.InfoQuery{})
		require.NoError(t, err)
		require.Len(t, info.Identities, 2)
		require.Equal(t, "Post", info.Identities[1].Name)
		require.Equal(t, []string{disco.NSInfo, disco.NSItems, version.NS, ping.NS}, featuresOf(info))
		v, err := xmpptest.Call(t.Context(), w.romeo, bot, &version.Query{})
		require.NoError(t, err)
		require.Equal(t, "Gate 2", v.Name+" "+v.Version)
	})
}

// A handler of one's own takes the place of the default.
func TestOwnDefaults(t *testing.T) {
	t.Parallel()
	sc := serving(
		xmpp.OnIQ(answering[disco.InfoQuery](&disco.Info{Identities: []disco.Identity{{Category: "a", Type: "b"}}}, nil)),
		xmpp.OnIQ(answering[version.Query](&version.Info{Name: "own", Version: "1"}, nil)),
	)
	sc.Software = &version.Info{Name: "default", Version: "1"}
	play(t, sc, func(t *testing.T, w *world) {
		info, err := xmpptest.Call(t.Context(), w.romeo, bot, &disco.InfoQuery{})
		require.NoError(t, err)
		require.Equal(t, "a", info.Identities[0].Category)
		v, err := xmpptest.Call(t.Context(), w.romeo, bot, &version.Query{})
		require.NoError(t, err)
		require.Equal(t, "own", v.Name)
	})
}

func TestNoDefaults(t *testing.T) {
	t.Parallel()
	play(t, xmpp.SessionConfig{NoDefaults: true, Software: &version.Info{}}, func(t *testing.T, w *world) {
		require.Empty(t, w.Features())
		for _, q := range []string{
			"<ping xmlns='urn:xmpp:ping'/>", "<query xmlns='jabber:iq:version'/>",
			"<query xmlns='http://jabber.org/protocol/disco#info'/>", "<query xmlns='http://jabber.org/protocol/disco#items'/>",
		} {
			w.says(t, "<iq type='get' id='1'>"+q+"</iq>")
			w.romeo.Expect(t, xmpptest.Failed(stanza.ServiceUnavailable))
		}
	})
}
