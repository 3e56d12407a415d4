package discovery_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/caps"
	"stanza.invalid/gen/caps2"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/discovery"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// Own presences announce what the session has handlers for, as it changes.
func TestOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, discovery.Config{Node: "https://orchard.example"}, func(c *xmpp.Config) {
			c.Handler = xmpp.NewMux(xmpp.OnMessage(func(context.Context, *stanza.Message, *receipts.Request) error { return nil }))
		})
		romeo := s.srv.User("romeo@example.net/y")
		var nodes []string
		next := func(p *stanza.Presence) *caps.Capabilities {
			t.Helper()
			p.To = romeo.JID()
			require.NoError(t, s.client.Send(t.Context(), p))
			got := romeo.ExpectPresence(t)
			c := xmpptest.Payload[caps.Capabilities](t, got)
			require.Equal(t, "https://orchard.example", c.Node)
			require.Len(t, xmpptest.Payload[caps2.Caps](t, got).Hashes, 2)
			nodes = append(nodes, c.Node+"#"+c.Ver)
			for _, h := range xmpptest.Payload[caps2.Caps](t, got).Hashes {
				nodes = append(nodes, discovery.NodeOf(h))
			}
			return c
		}
		first := next(&stanza.Presence{})
		ask := func(node string) *disco.Info {
			t.Helper()
			info, err := xmpptest.Call(t.Context(), romeo, juliet, &disco.InfoQuery{Node: node})
			require.NoError(t, err, node)
			return info
		}
		plain := ask("")
		require.Contains(t, plain.Features, disco.Feature{Var: receipts.NS})
		require.Contains(t, plain.Features, disco.Feature{Var: caps.NS})
		require.Equal(t, older(t, plain).Ver, first.Ver)
		for _, n := range nodes {
			require.Equal(t, plain.Features, ask(n).Features)
		}
		require.Equal(t, first.Ver, next(&stanza.Presence{Show: stanza.Away}).Ver)

		xmpp.Handle(s.client, xmpp.Advertise("urn:new"))
		synctest.Wait()
		changed := next(&stanza.Presence{})
		require.NotEqual(t, first.Ver, changed.Ver)
		require.Contains(t, ask(changed.Node+"#"+changed.Ver).Features, disco.Feature{Var: "urn:new"})
		require.NotContains(t, ask(first.Node+"#"+first.Ver).Features, disco.Feature{Var: "urn:new"}, "the last few are still known")
		_, err := xmpptest.Call(t.Context(), romeo, juliet, &disco.InfoQuery{Node: "https://orchard.example#x"})
		require.ErrorIs(t, err, stanza.ItemNotFound)

		// its own, or none
		p := &stanza.Presence{To: romeo.JID()}
		p.Add(&caps.Capabilities{Node: "n", Hash: "sha-1", Ver: "v"})
		require.NoError(t, s.client.Send(t.Context(), p))
		got := romeo.ExpectPresence(t)
		require.Equal(t, "v", xmpptest.Payload[caps.Capabilities](t, got).Ver)
		require.False(t, stanza.Has[caps2.Caps](got))
		for _, typ := range []stanza.PresenceType{stanza.Unavailable, stanza.Subscribe} {
			require.NoError(t, s.client.Send(t.Context(), &stanza.Presence{To: romeo.JID(), Type: typ}))
			require.Zero(t, romeo.ExpectPresence(t).Len())
		}
	})
}

// When there is more to announce, everybody is told once, for as long as the client is there.
func TestOwnChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var sent []string
		s := onStage(t, discovery.Config{}, func(c *xmpp.Config) {
			c.Presence = &stanza.Presence{Status: stanza.Plain("here")}
			c.Trace = &xmpp.Trace{XML: func(d stream.Direction, text string) {
				if d == stream.Out && strings.HasPrefix(text, "<presence") {
					mu.Lock()
					defer mu.Unlock()
					sent = append(sent, text)
				}
			}}
		})
		take := func() []string {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			all := sent
			sent = nil
			return all
		}
		first := take()
		require.Len(t, first, 1)
		require.Contains(t, first[0], caps2.NS)
		xmpp.Handle(s.client, xmpp.Advertise(receipts.NS), xmpp.Advertise(receipts.NS))
		second := take()
		require.Len(t, second, 1)
		require.Contains(t, second[0], "<status>here</status>")
		require.NotEqual(t, first[0], second[0])
		require.Equal(t, 1, strings.Count(second[0], "'"+caps.NS+"'"))
		xmpp.Handle(s.client, xmpp.Advertise(receipts.NS))
		require.Empty(t, take(), "that is nothing new")
		require.NoError(t, s.client.SetPresence(t.Context(), &stanza.Presence{Type: stanza.Unavailable}))
		require.Len(t, take(), 1)
		xmpp.Handle(s.client, xmpp.Advertise("urn:more"))
		require.Empty(t, take(), "nobody is there to be told about")
	})
}

// A program that answers service discovery by itself announces by itself.
func TestOwnAnswers(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(c *xmpp.Config){
		"nobody": func(c *xmpp.Config) { c.NoDefaults = true },
		"the program": func(c *xmpp.Config) {
			c.Handler = xmpp.NewMux(xmpp.OnIQ(func(context.Context, *stanza.IQ, *disco.InfoQuery) (*disco.Info, error) { return able, nil }))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := onStage(t, discovery.Config{}, change)
				require.Nil(t, s.client.Info())
				romeo := s.srv.User("romeo@example.net/y")
				require.NoError(t, s.client.Send(t.Context(), &stanza.Presence{To: romeo.JID()}))
				require.Zero(t, romeo.ExpectPresence(t).Len())
			})
		})
	}
}
