package xmpptest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// How a bot is tested whose network dies: for ten minutes, which take no time in a bubble of
// testing/synctest. What it is sent meanwhile arrives, and what it sends as well.
func Test_network(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{Resumption: time.Hour})
		srv.Account("parrot@example.org", "secret")
		silver := srv.User("silver@example.org/ship")

		cfg := srv.ClientConfig("parrot@example.org")
		cfg.Handler = parrot()
		bot, err := xmpp.Dial(t.Context(), jid.MustParse("parrot@example.org/shoulder"), cfg)
		require.NoError(t, err)
		defer bot.Close(context.Background())
		synctest.Wait() // until nothing more happens: the server has promised to keep the session

		srv.Offline(true)
		require.NoError(t, silver.Send(stanza.NewMessage(bot.Local(), "Pieces of eight")))
		sent, err := bot.SendTracked(t.Context(), stanza.NewMessage(silver.JID(), "Is anyone here?"))
		require.NoError(t, err) // it waits for the network
		time.Sleep(10 * time.Minute)
		require.Equal(t, stream.Undecided, sent.Outcome())

		srv.Offline(false)
		outcome, err := sent.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, stream.Acked, outcome)
		silver.Expect(t, xmpptest.Mask(`<message><body>Is anyone here?</body></message>`))
		silver.Expect(t, xmpptest.Mask(`<message><body>Pieces of eight!</body></message>`))
	})
}
