package xmpp_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/carbons"
	"stanza.invalid/gen/mam"
	"stanza.invalid/gen/version"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// VS1, VS5, VS6: a client's handlers see neither a copy of a message nor a result of an
// archive from who may not send it, and an answer from another address answers nothing.
func TestVS5ClientForgeries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		var l record
		var refused []error
		c := connect(t, srv, func(cfg *xmpp.Config) {
			cfg.Failed = func(f stream.Failure) { refused = append(refused, f.Err) }
			cfg.Handler = xmpp.NewMux(
				xmpp.OnMessage(func(_ context.Context, m *stanza.Message, _ *carbons.Received) error {
					l.add("received, from %s", m.From)
					return nil
				}),
				xmpp.OnMessage(func(_ context.Context, m *stanza.Message, _ *carbons.Sent) error {
					l.add("sent, from %s", m.From)
					return nil
				}),
				xmpp.OnMessage(func(_ context.Context, m *stanza.Message, _ *mam.Result) error {
					l.add("result, from %s", m.From)
					return nil
				}),
			)
		})
		const forwarded = "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='nurse@example.org' to='juliet@example.org'><body>he is dead</body></message></forwarded>"
		forgeries := []string{
			"<received xmlns='urn:xmpp:carbons:2'>" + forwarded + "</received>",
			"<sent xmlns='urn:xmpp:carbons:2'>" + forwarded + "</sent>",
			"<result xmlns='urn:xmpp:mam:2' queryid='1' id='2'>" + forwarded + "</result>",
		}
		for _, who := range []string{"mallory@example.com/x", "juliet@example.org.example.com", "example.com", "nurse@example.org"} {
			mallory := srv.User(who)
			for _, f := range forgeries {
				st, err := stanza.Parse("<message to='" + c.Local().String() + "'>" + f + "</message>")
				require.NoError(t, err)
				require.NoError(t, mallory.Send(st))
			}
			synctest.Wait()
			require.Empty(t, l.take(), who)
			require.Len(t, refused, len(forgeries), who)
			for _, err := range refused {
				require.ErrorIs(t, err, stanza.ErrSender)
			}
			refused = nil
		}

		romeo, mallory := srv.User("romeo@example.org/orchard"), srv.User("mallory@example.com/x")
		asked := make(chan error, 1)
		go func() {
			info, err := xmpp.Call(t.Context(), c, romeo.JID(), &version.Query{})
			if err == nil && info.Name != "true" {
				l.add("forged")
			}
			asked <- err
		}()
		q := romeo.ExpectIQ(t)
		forged := q.Result(&version.Info{Name: "false", Version: "0"})
		forged.From = jid.JID{}
		require.NoError(t, mallory.Send(forged))
		require.NoError(t, mallory.Send(&stanza.Message{ID: q.ID, To: c.Local()}))
		time.Sleep(time.Second)
		require.Empty(t, asked)
		require.NoError(t, romeo.Send(q.Result(&version.Info{Name: "true", Version: "1"})))
		require.NoError(t, <-asked)
		require.Empty(t, l.take())
	})
}
