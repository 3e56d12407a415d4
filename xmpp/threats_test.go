package xmpp_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/component"
	"stanza.invalid/gen/carbons"
	"stanza.invalid/gen/roster"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// VS9: nothing that is an error, or the answer to something, is ever answered.
func TestVS9NoAnswerToErrors(t *testing.T) {
	t.Parallel()
	refuse := func(context.Context, *stanza.Message) error { return stanza.NotAllowed }
	play(t, serving(
		xmpp.OnAnyMessage(refuse, stream.WithErrors()),
		xmpp.OnAnyPresence(func(context.Context, *stanza.Presence) error { return stanza.NotAllowed }, stream.WithErrors()),
		xmpp.OnError(func(context.Context, stanza.Stanza, *stanza.Error) error { return stanza.NotAllowed }),
		xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
			return xmpp.Send(ctx, m.Reply(body))
		}),
	), func(t *testing.T, w *world) {
		const n = 2500
		const gone = "<error type='cancel'><gone xmlns='" + ns + "'/></error>"
		for i := range n {
			for _, text := range []string{
				"<message type='error' id='%d' to='bot.example.org'><body>hi</body>" + gone + "</message>",
				"<presence type='error' id='%d' to='bot.example.org'>" + gone + "</presence>",
				"<iq type='error' id='%d' to='bot.example.org'><ping xmlns='urn:xmpp:ping'/>" + gone + "</iq>",
				"<iq type='result' id='%d' to='bot.example.org'><ping xmlns='urn:xmpp:ping'/></iq>",
			} {
				require.NoError(t, w.romeo.SendXML(fmt.Sprintf(text, i)))
			}
		}
		synctest.Wait()
		require.Zero(t, w.sent)
		require.Zero(t, w.romeo.Pending())
		require.Len(t, w.took(), 4*n) // two handlers each for messages and presences
		w.says(t, "<message id='x'/>")
		w.romeo.Expect(t, xmpptest.Failed(stanza.NotAllowed)) // it can still speak
	})
}

// VS9: two components that echo, back to back: what bounces between them dies at once.
func TestVS9TwoEchoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var routed atomic.Int32
		srv := xmpptest.Start(t, xmpptest.Config{OnStanza: func(d stream.Direction, _ jid.JID, _ stanza.Stanza) {
			if d == stream.In {
				routed.Add(1)
			}
		}})
		echo := func() *xmpp.Mux {
			return xmpp.NewMux(
				xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error { return xmpp.Send(ctx, m.Reply(body)) }),
				xmpp.OnAnyPresence(func(ctx context.Context, p *stanza.Presence) error { return xmpp.Send(ctx, p.Reply("")) }),
				xmpp.OnIQ(answering[roster.Get, roster.Roster](nil, stanza.ItemNotFound)),
			)
		}
		var all []*component.Component
		for _, name := range []string{"a.example.org", "b.example.org"} {
			srv.Component(name, "secret")
			c, err := component.Dial(t.Context(), jid.MustParse(name), component.Config{
				SessionConfig: xmpp.SessionConfig{Handler: echo()}, Addr: "memory", Secret: "secret", Dialer: srv.Dialer(),
			})
			require.NoError(t, err)
			defer c.Close(context.Background())
			all = append(all, c)
		}
		b := all[1].Local()
		for _, st := range []stanza.Stanza{
			&stanza.Message{To: b, Type: stanza.MessageError, Body: stanza.Plain("hi")},
			&stanza.Message{To: b, Type: stanza.MessageError, Body: stanza.Plain("hi"), Err: stanza.NewError(stanza.Gone, "")},
			&stanza.Presence{To: b, Type: stanza.PresenceError},
			&stanza.IQ{ID: "1", To: b, Type: stanza.Result},
			&stanza.IQ{ID: "1", To: b, Type: stanza.IQError, Err: stanza.NewError(stanza.Gone, "")},
		} {
			routed.Store(0)
			require.NoError(t, all[0].Send(t.Context(), st))
			time.Sleep(time.Minute)
			require.EqualValues(t, 1, routed.Load(), stanza.String(st))
		}
		// a request that fails ends with its error
		routed.Store(0)
		q := stanza.NewIQ(stanza.Get, b, &roster.Get{})
		require.NoError(t, all[0].Send(t.Context(), q))
		time.Sleep(time.Minute)
		require.EqualValues(t, 2, routed.Load())
	})
}

// A payload that its sender may not send does not reach a handler.
func TestSenderRules(t *testing.T) {
	t.Parallel()
	var l record
	play(t, serving(
		xmpp.OnMessage(func(_ context.Context, m *stanza.Message, c *carbons.Received) error {
			l.add("carbon from %s", m.From)
			return nil
		}),
		xmpp.OnAnyMessage(func(_ context.Context, m *stanza.Message) error {
			_, err := stanza.Find[carbons.Received](m)
			c, _ := stanza.FindUnverified[carbons.Received](m)
			l.add("%v %t", err, c != nil)
			return nil
		}),
		xmpp.OnIQ(answering[roster.Set, stanza.Empty](nil, nil)),
	), func(t *testing.T, w *world) {
		const carbon = "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>" +
			"<message xmlns='jabber:client' from='boss@example.org' to='bot.example.org'><body>pay him</body></message></forwarded></received>"
		const push = "<query xmlns='jabber:iq:roster'><item jid='mallory@example.org' subscription='both'/></query>"
		for _, u := range []*xmpptest.User{w.mallory, w.srv.User("example.org"), w.srv.User("x.bot.example.org")} {
			w.by(t, u, "<message>"+carbon+"</message>")
			require.Equal(t, []string{stanza.ErrSender.Error() + " true"}, l.take())
			require.ErrorIs(t, w.failed(t).Err, stanza.ErrSender)
			require.Zero(t, u.Pending())
			w.by(t, u, "<iq type='set' id='1'>"+push+"</iq>")
			u.ExpectIQ(t, xmpptest.Failed(stanza.Forbidden))
			w.took()
		}
		// what comes from the own address is true
		st, err := stanza.Parse("<message to='bot.example.org'>" + carbon + "</message>")
		require.NoError(t, err)
		require.NoError(t, w.Send(t.Context(), st))
		synctest.Wait()
		require.Equal(t, []string{"carbon from bot.example.org", "<nil> true"}, l.take())
		require.Empty(t, w.took())
		_, err = xmpp.Call(t.Context(), w, bot, &roster.Set{Items: []roster.Item{{JID: w.romeo.JID().Bare()}}})
		require.NoError(t, err)
	})
}

// VS14: what a program does not know passes through it unharmed.
func TestVS14UnknownPassesThrough(t *testing.T) {
	t.Parallel()
	play(t, serving(xmpp.OnAnyMessage(func(ctx context.Context, m *stanza.Message) error {
		forward := m.Clone()
		forward.From, forward.To = m.To, m.From
		return xmpp.Send(ctx, forward)
	})), func(t *testing.T, w *world) {
		payloads := []string{
			"<z xmlns='urn:example:one' b='2' a='1' xml:lang='cs'>mixed <i>content</i> &amp; text<i/></z>",
			"<a xmlns='urn:example:one'/>",
			"<p:q xmlns:p='urn:example:two' p:k='v'><r xmlns='urn:example:three'><p:s/></r></p:q>",
			"<a xmlns='urn:example:one' second='true'/>",
			"<no-namespace xmlns=''><deep/></no-namespace>",
		}
		text := ""
		for _, p := range payloads {
			text += p
		}
		w.says(t, "<message id='1' type='chat' xmlns:e='urn:example:e' e:attribute='kept' strange='kept too'>"+
			"<subject xml:lang='de'>Tee</subject><body>tea</body>"+text+"</message>")
		got := w.romeo.ExpectMessage(t, xmpptest.Exactly("<message id='1' type='chat' xmlns:e='urn:example:e' e:attribute='kept' strange='kept too' "+
			"from='bot.example.org' to='romeo@example.org/orchard'><subject xml:lang='de'>Tee</subject><body>tea</body>"+text+"</message>"))
		i := 0
		for p := range got.All() {
			require.Equal(t, payloads[i], p.(stanza.Raw).Source(), "byte for byte, in order")
			i++
		}
		require.Len(t, payloads, i)
	})
}
