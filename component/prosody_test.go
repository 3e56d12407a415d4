package component_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/component"
	"stanza.invalid/examples/custom/tea"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/ping"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/gen/version"
	"stanza.invalid/internal/realserver"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

var (
	service = jid.MustParse("a.localhost")
	driver  = jid.MustParse("b.localhost")
)

// teaHouse is a service as a program would have it.
func teaHouse() xmpp.SessionConfig {
	var orders atomic.Uint32
	return xmpp.SessionConfig{
		Identities: []disco.Identity{{Category: "component", Type: "generic", Name: "Tea house"}},
		Software:   &version.Info{Name: "Tea house", Version: "1.2"},
		Handler: xmpp.NewMux(
			xmpp.OnIQ(func(_ context.Context, _ *stanza.IQ, o *tea.Order) (*tea.Receipt, error) {
				if !o.Kind.Known() {
					return nil, stanza.NewError(stanza.ItemNotFound, "no "+string(o.Kind)+" tea")
				}
				return &tea.Receipt{Number: orders.Add(1), Ready: stanza.At(time.Date(2026, 11, 24, 16, 30, 0, 0, time.UTC))}, nil
			}),
			xmpp.OnMessage(func(ctx context.Context, m *stanza.Message, _ *receipts.Request) error {
				ack := &stanza.Message{To: m.From, From: m.To, Type: m.Type}
				ack.Add(&receipts.Received{ID: m.ID})
				return xmpp.Send(ctx, ack)
			}),
			xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
				reply := m.Reply(body)
				reply.ID = m.ID
				return xmpp.Send(ctx, reply)
			}),
		),
	}
}

func through(t *testing.T, p *realserver.Server, addr jid.JID, sc xmpp.SessionConfig) *component.Component {
	t.Helper()
	c, err := component.Dial(t.Context(), addr, component.Config{
		SessionConfig: sc, Addr: p.Addr(), Secret: secret,
		Backoff: stream.Backoff{Min: 50 * time.Millisecond, Max: 200 * time.Millisecond, Spread: 50 * time.Millisecond},
	})
	require.NoError(t, err, p.Log())
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// Everything that a component needs, from one component to another through Prosody.
func TestProsody(t *testing.T) {
	t.Parallel()
	p := realserver.ProsodyComponents(t, secret)
	a := through(t, p, service, teaHouse())
	b := through(t, p, driver, xmpp.SessionConfig{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()

	// sent sends a message and returns the answer that m matches
	sent := func(t *testing.T, msg *stanza.Message, path string) stanza.Stanza {
		t.Helper()
		m, err := stream.MatchPath(path)
		require.NoError(t, err)
		wait, stop := b.Stream().Expect(m)
		defer stop()
		require.NoError(t, b.Send(ctx, msg))
		got, err := wait(ctx)
		require.NoError(t, err)
		return got
	}

	t.Run("disco", func(t *testing.T) {
		info, err := xmpp.Call(ctx, b, service, &disco.InfoQuery{})
		require.NoError(t, err)
		require.Len(t, info.Identities, 1)
		require.Equal(t, "Tea house", info.Identities[0].Name)
		var features []string
		for _, f := range info.Features {
			features = append(features, f.Var)
		}
		require.Equal(t, a.Features(), features)
		require.Subset(t, features, []string{disco.NSInfo, disco.NSItems, ping.NS, receipts.NS, tea.NS, version.NS})
		_, err = xmpp.Call(ctx, b, service, &disco.InfoQuery{Node: "kitchen"})
		require.ErrorIs(t, err, stanza.ItemNotFound)
		items, err := xmpp.Call(ctx, b, service, &disco.ItemsQuery{})
		require.NoError(t, err)
		require.Empty(t, items.Items)
	})
	t.Run("ping", func(t *testing.T) {
		_, err := xmpp.Call(ctx, b, service, &ping.Ping{})
		require.NoError(t, err)
		_, err = xmpp.Call(ctx, b, jid.MustParse("localhost"), &ping.Ping{})
		require.NoError(t, err, "the server itself")
	})
	t.Run("version", func(t *testing.T) {
		info, err := xmpp.Call(ctx, b, service, &version.Query{})
		require.NoError(t, err)
		require.Equal(t, "Tea house 1.2", info.Name+" "+info.Version)
	})
	t.Run("custom request", func(t *testing.T) {
		receipt, err := xmpp.Call(ctx, b, service, &tea.Order{Kind: tea.KindOolong, Note: `2 < 3 & "no sugar" ☕`})
		require.NoError(t, err)
		require.EqualValues(t, 1, receipt.Number)
		require.Equal(t, 2026, receipt.Ready.Year())
		_, err = xmpp.Call(ctx, b, service, &tea.Order{Kind: "mint"})
		require.ErrorIs(t, err, stanza.ItemNotFound)
		require.ErrorContains(t, err, "no mint tea")
	})
	t.Run("malformed request", func(t *testing.T) {
		raw, err := wire.Parse("<order xmlns='" + tea.NS + "' kind='green' cups='many'/>")
		require.NoError(t, err)
		reply, err := b.Stream().Request(ctx, stanza.NewIQ(stanza.Set, service, raw))
		require.NoError(t, err)
		xmpptest.Verify(t, reply, xmpptest.Failed(stanza.BadRequest))
		require.Contains(t, reply.Err.Text.String(), `attribute "cups" of <order xmlns='urn:example:tea'/>`)
	})
	t.Run("unknown request", func(t *testing.T) {
		for text, want := range map[string]stanza.Condition{
			"<what xmlns='urn:example:unknown'/>":  stanza.ServiceUnavailable,
			"<refund xmlns='urn:example:tea'/>":    stanza.FeatureNotImplemented,
			"<query xmlns='jabber:iq:version'/>":   stanza.FeatureNotImplemented, // there is no set
			"<order xmlns='urn:example:tea:two'/>": stanza.ServiceUnavailable,
		} {
			raw, err := wire.Parse(text)
			require.NoError(t, err)
			reply, err := b.Stream().Request(ctx, stanza.NewIQ(stanza.Set, service, raw))
			require.NoError(t, err)
			xmpptest.Verify(t, reply, xmpptest.Failed(want))
		}
	})
	t.Run("echo and receipt", func(t *testing.T) {
		m := stanza.NewMessage(service, "What's in a name?")
		m.ID = "m1"
		m.Add(&receipts.Request{})
		ack, stop := b.Stream().Expect(stream.MatchPayload(stream.KindMessage, wire.Name{Space: receipts.NS, Local: "received"}))
		defer stop()
		got := sent(t, m, "message/body")
		xmpptest.Verify(t, got, xmpptest.Mask(`<message from='a.localhost' to='b.localhost' type='chat'><body>What's in a name?</body></message>`))
		st, err := ack(ctx)
		require.NoError(t, err)
		require.Equal(t, "m1", xmpptest.Payload[receipts.Received](t, st).ID)
	})
	t.Run("large message", func(t *testing.T) {
		body := strings.Repeat("Ω ≤ 4 & <tags/> ]]> ", 4_000) // 170 kB with its escapes
		m := sent(t, stanza.NewMessage(service, body), "message/body").(*stanza.Message)
		require.Equal(t, body, m.Body.String())
	})
	t.Run("many messages", func(t *testing.T) {
		const n = 2000
		all := b.Stream().Collect(stream.MatchFrom(service))
		defer all.Stop()
		for i := range n {
			m := stanza.NewMessage(service, fmt.Sprintf("message %d", i))
			m.ID = fmt.Sprint(i)
			require.NoError(t, b.Send(ctx, m))
		}
		for i := range n {
			st, err := all.Next(ctx)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint(i), st.Attributes().ID, "in order, none lost")
			require.Equal(t, fmt.Sprintf("message %d", i), st.(*stanza.Message).Body.String())
		}
	})
	t.Run("undeliverable", func(t *testing.T) {
		_, err := xmpp.Call(ctx, b, jid.MustParse("nobody@localhost"), &version.Query{})
		require.ErrorIs(t, err, stanza.ServiceUnavailable)
	})
	t.Run("restart", func(t *testing.T) {
		ended, stop := stream.ExpectEvent[xmpp.Disconnected](a, nil)
		defer stop()
		started, stop2 := stream.ExpectEvent[xmpp.SessionStarted](a, nil)
		defer stop2()
		p.Stop()
		e, err := ended(ctx)
		require.NoError(t, err)
		require.Positive(t, e.Retry)
		// while nobody is there it waits
		require.NoError(t, b.Send(ctx, stanza.NewMessage(driver, "to myself")))
		back, stop3 := b.Stream().Expect(stream.MatchFrom(driver))
		defer stop3()
		p.Start()
		_, err = started(ctx)
		require.NoError(t, err)
		st, err := back(ctx)
		require.NoError(t, err)
		require.Equal(t, "to myself", st.(*stanza.Message).Body.String())
		info, err := xmpp.Call(ctx, b, service, &version.Query{})
		require.NoError(t, err)
		require.Equal(t, "Tea house", info.Name)
	})
	t.Run("foreign sender", func(t *testing.T) {
		ended, stop := stream.ExpectEvent[xmpp.SessionEnded](b, nil)
		defer stop()
		started, stop2 := stream.ExpectEvent[xmpp.SessionStarted](b, nil)
		defer stop2()
		m := stanza.NewMessage(service, "in another's name")
		m.From = jid.MustParse("juliet@localhost")
		require.NoError(t, b.Send(ctx, m))
		e, err := ended(ctx)
		require.NoError(t, err)
		require.ErrorIs(t, e.Err, stream.InvalidFrom)
		_, err = started(ctx)
		require.NoError(t, err)
	})
	t.Run("refused", func(t *testing.T) {
		_, err := component.Dial(ctx, service, component.Config{Addr: p.Addr(), Secret: "guess"})
		require.ErrorIs(t, err, component.ErrHandshake)
		_, err = component.Dial(ctx, jid.MustParse("c.localhost"), component.Config{Addr: p.Addr(), Secret: secret})
		require.ErrorIs(t, err, stream.HostUnknown)
		_, err = component.Dial(ctx, service, component.Config{Addr: p.Addr(), Secret: secret})
		require.ErrorIs(t, err, stream.Conflict)
		_, err = xmpp.Call(ctx, b, service, &ping.Ping{})
		require.NoError(t, err)
	})
}
