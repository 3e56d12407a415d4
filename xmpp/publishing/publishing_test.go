package publishing_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"stanza.invalid/component"
	"stanza.invalid/gen/bookmarks"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/pubsub"
	"stanza.invalid/gen/tune"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/publishing"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	juliet  = jid.MustParse("juliet@example.org/balcony")
	service = jid.MustParse("pubsub.example.net")
)

// shop is a service that answers as a test wants.
type shop struct {
	*xmpptest.User
	features  []disco.Feature
	config    func() (*pubsub.NodeConfig, error)
	refuse    error  // of what is published
	node      string // in answers
	answer    string // to a request for items, or a publication
	mu        sync.Mutex
	published []*pubsub.PublishSet // guarded by mu
	did       []string             // guarded by mu: other requests
}

func (s *shop) took() []*pubsub.PublishSet {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.published
	s.published = nil
	return all
}

func (s *shop) serve(ctx context.Context) {
	for {
		st, err := s.Receive(ctx)
		if err != nil {
			return
		}
		if q, ok := st.(*stanza.IQ); ok && q.IsRequest() {
			if err := s.Send(s.reply(q)); err != nil {
				return
			}
		}
	}
}

func (s *shop) reply(q *stanza.IQ) stanza.Stanza {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, _ := stanza.Find[disco.InfoQuery](q); v != nil {
		return q.Result(&disco.Info{Features: s.features})
	}
	if v, _ := stanza.Find[pubsub.PublishSet](q); v != nil {
		if s.refuse != nil {
			return q.Fail(s.refuse)
		}
		s.published = append(s.published, v)
		return s.result(q)
	}
	if v, _ := stanza.Find[pubsub.ConfigurationGet](q); v != nil && q.Type == stanza.Get {
		cfg, err := s.config()
		if err != nil {
			return q.Fail(err)
		}
		return q.Result(&pubsub.Configuration{Configure: pubsub.OwnerConfigure{Node: s.node, Form: cfg.Form()}})
	}
	s.did = append(s.did, q.Raw(q.First()).String())
	return s.result(q)
}

func (s *shop) result(q *stanza.IQ) stanza.Stanza {
	if s.answer == "" {
		return q.Result(nil)
	}
	r, err := wire.Parse(s.answer)
	if err != nil {
		panic(err)
	}
	return q.Result(r)
}

func onStage(t *testing.T) (*xmpp.Client, *shop) {
	t.Helper()
	srv := xmpptest.Start(t, xmpptest.Config{})
	srv.Account(juliet.Bare().String(), "secret")
	c, err := xmpp.Dial(t.Context(), juliet, srv.ClientConfig(juliet.String()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	s := &shop{User: srv.User(service.String()), node: bookmarks.NS}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		s.serve(ctx)
		close(done)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return c, s
}

func configured(model pubsub.AccessModel) func() (*pubsub.NodeConfig, error) {
	return func() (*pubsub.NodeConfig, error) { return &pubsub.NodeConfig{AccessModel: &model}, nil }
}

// VS7: what is private leaves the client only for a node that is private, or will be.
func TestVS7Private(t *testing.T) {
	t.Parallel()
	checks := []disco.Feature{{Var: pubsub.NS + "#publish-options"}}
	missing := func() (*pubsub.NodeConfig, error) { return nil, stanza.ItemNotFound }
	for name, c := range map[string]struct {
		features []disco.Feature
		config   func() (*pubsub.NodeConfig, error)
		node     string
		want     error // nil if it is published
	}{
		"a new node":                {checks, missing, "", nil},
		"a private node":            {checks, configured(pubsub.AccessModelWhitelist), "", nil},
		"no preconditions, new":     {nil, missing, "", publishing.ErrNotPrivate},
		"no preconditions, private": {nil, configured(pubsub.AccessModelWhitelist), "", publishing.ErrNotPrivate},
		"something like it":         {[]disco.Feature{{Var: "publish-options"}}, missing, "", publishing.ErrNotPrivate},
		"open":                      {checks, configured(pubsub.AccessModelOpen), "", publishing.ErrPrecondition},
		"for contacts":              {checks, configured(pubsub.AccessModelPresence), "", publishing.ErrPrecondition},
		"unknown":                   {checks, func() (*pubsub.NodeConfig, error) { return &pubsub.NodeConfig{}, nil }, "", publishing.ErrPrecondition},
		"not told":                  {checks, func() (*pubsub.NodeConfig, error) { return nil, stanza.Forbidden }, "", stanza.Forbidden},
		"told about another one":    {checks, configured(pubsub.AccessModelWhitelist), "urn:other", publishing.ErrAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, s := onStage(t)
				s.features, s.config = c.features, c.config
				if c.node != "" {
					s.node = c.node
				}
				rooms := publishing.New[bookmarks.Conference](client, publishing.Config{Node: bookmarks.NS, Service: service, Private: true})
				for range 2 {
					_, err := rooms.Publish(t.Context(), "balcony@rooms.example", &bookmarks.Conference{Name: "secret"})
					if c.want != nil {
						require.ErrorIs(t, err, c.want)
						require.Empty(t, s.took(), "nothing has left")
						continue
					}
					require.NoError(t, err)
					sent := s.took()
					require.Len(t, sent, 1)
					var options pubsub.PublishOptions
					require.NoError(t, options.DecodeForm(sent[0].Preconditions.Form))
					require.Equal(t, pubsub.AccessModelWhitelist, *options.AccessModel)
					require.True(t, *options.PersistItems)
				}
				if c.want != nil {
					return
				}
				// it was opened meanwhile: the server refuses
				s.refuse = &stanza.Error{Type: stanza.Cancel, Condition: stanza.Conflict}
				why := &pubsub.Error{Condition: pubsub.ErrorConditionPreconditionNotMet}
				s.refuse.(*stanza.Error).Add(why)
				_, err := rooms.Publish(t.Context(), "a", &bookmarks.Conference{})
				require.ErrorIs(t, err, publishing.ErrPrecondition)
				require.ErrorIs(t, err, stanza.Conflict)
				s.refuse = stanza.Forbidden
				_, err = rooms.Publish(t.Context(), "a", &bookmarks.Conference{})
				require.ErrorIs(t, err, stanza.Forbidden)
				require.NotErrorIs(t, err, publishing.ErrPrecondition)
			})
		})
	}
}

// VS7: what is handed on as the own account's comes from its own address, what a service has
// from the service; what others publish is theirs, whatever they write into it.
func TestVS7Notifications(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		peer := xmpptest.NewPeer()
		defer peer.Close()
		own := jid.MustParse("bot.example.org")
		conns := make(chan *xmpptest.PeerConn, 1)
		go func() {
			c, err := peer.Accept(t.Context())
			if err == nil {
				_, err = c.AcceptComponent("secret")
			}
			if err != nil {
				t.Error(err)
			}
			conns <- c
		}()
		c, err := component.New(own, component.Config{
			Addr: "memory", Secret: "secret", Dialer: peer.Dialer(), Backoff: stream.Backoff{Off: true}, Failed: func(stream.Failure) {},
		})
		require.NoError(t, err)
		var mu sync.Mutex
		var seen []string
		note := func(who string) func(context.Context, *publishing.Change[tune.Tune]) error {
			return func(_ context.Context, c *publishing.Change[tune.Tune]) error {
				mu.Lock()
				defer mu.Unlock()
				text := who + " from " + c.From.String()
				for _, i := range c.Items {
					text += fmt.Sprintf(" %s %t %t", i.ID, i.Value != nil, i.Err != nil)
				}
				for _, id := range c.Retracted {
					text += " -" + id
				}
				if c.Purged || c.Deleted {
					text += fmt.Sprint(" ", c.Purged, c.Deleted)
				}
				seen = append(seen, text)
				return nil
			}
		}
		publishing.New[tune.Tune](c, publishing.Config{Node: tune.NS}).OnChange(note("own"))
		publishing.New[tune.Tune](c, publishing.Config{Node: tune.NS, Service: service}).OnChange(note("service"))
		publishing.Follow[tune.Tune](c, tune.NS, note("others"))
		require.Contains(t, c.Features(), tune.NS+"+notify")
		require.NoError(t, c.Open(t.Context()))
		pc := <-conns
		say := func(from, event string) []string {
			t.Helper()
			if from != "" {
				from = " from='" + from + "'"
			}
			require.NoError(t, pc.Send("<message"+from+" to='bot.example.org' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>"+event+"</event></message>"))
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			all := seen
			seen = nil
			return all
		}
		const items = "<items node='http://jabber.org/protocol/tune'><item id='1' publisher='bot.example.org'><tune xmlns='http://jabber.org/protocol/tune'/></item></items>"
		for from, want := range map[string][]string{
			"":                             {"own from bot.example.org 1 true false"},
			"bot.example.org":              {"own from bot.example.org 1 true false"},
			"pubsub.example.net":           {"service from pubsub.example.net 1 true false", "others from pubsub.example.net 1 true false"},
			"romeo@example.net":            {"others from romeo@example.net 1 true false"},
			"example.org":                  {"others from example.org 1 true false"},
			"bot.example.org.evil.example": {"others from bot.example.org.evil.example 1 true false"},
			"x@bot.example.org":            {"others from x@bot.example.org 1 true false"},
			"bot.example.org/x":            nil, // a client has no nodes
			"romeo@example.net/x":          nil,
			"pubsub.example.net/x":         nil,
		} {
			require.ElementsMatch(t, want, say(from, items), from)
		}
		for event, want := range map[string][]string{
			"<items node='urn:other'><item id='1'><tune xmlns='http://jabber.org/protocol/tune'/></item></items>": nil,
			"<items node='http://jabber.org/protocol/tune'><item id='1'/></items>":                                {"own from bot.example.org 1 false false"},
			"<items node='http://jabber.org/protocol/tune'><item id='1'><tune xmlns='urn:other'/></item></items>": {"own from bot.example.org 1 false true"},
			"<items node='http://jabber.org/protocol/tune'><retract id='1'/><retract id='2'/></items>":            {"own from bot.example.org -1 -2"},
			"<purge node='http://jabber.org/protocol/tune'/>":                                                     {"own from bot.example.org true false"},
			"<delete node='http://jabber.org/protocol/tune'/>":                                                    {"own from bot.example.org false true"},
			"<configuration node='http://jabber.org/protocol/tune'/>":                                             nil,
			"": nil,
		} {
			require.ElementsMatch(t, want, say("bot.example.org", event), event)
		}
		c.Abort()
		_ = pc.Close()
		<-c.Done()
	})
}

// Requests and answers are about the node, and items are what they should be.
func TestItems(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, s := onStage(t)
		rooms := publishing.New[bookmarks.Conference](client, publishing.Config{Node: bookmarks.NS, Service: service})
		id, err := rooms.Publish(t.Context(), "given", &bookmarks.Conference{Name: "Balcony"})
		require.NoError(t, err)
		require.Equal(t, "given", id, "the answer may be empty")
		sent := s.took()
		require.Nil(t, sent[0].Preconditions)
		require.Equal(t, bookmarks.NS, sent[0].Publish.Node)
		const pubsubNS = "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
		s.answer = pubsubNS + "<publish node='urn:xmpp:bookmarks:1'><item id='chosen'/></publish></pubsub>"
		id, err = rooms.Publish(t.Context(), "", &bookmarks.Conference{})
		require.NoError(t, err)
		require.Equal(t, "chosen", id)
		s.answer = pubsubNS + "<publish node='urn:other'><item id='chosen'/></publish></pubsub>"
		_, err = rooms.Publish(t.Context(), "", &bookmarks.Conference{})
		require.ErrorIs(t, err, publishing.ErrAnswer)

		s.answer = pubsubNS + "<items node='urn:xmpp:bookmarks:1'><item id='1' publisher='juliet@example.org'><conference xmlns='urn:xmpp:bookmarks:1' name='a'/></item>" +
			"<item id='2'/><item id='3'><conference xmlns='urn:evil' name='b'/></item><item id='4'><conference xmlns='urn:xmpp:bookmarks:1' autojoin='perhaps'/></item></items></pubsub>"
		items, err := rooms.Items(t.Context(), "1", "2")
		require.NoError(t, err)
		require.Len(t, items, 4)
		require.Equal(t, "a", items[0].Value.Name)
		require.Equal(t, juliet.Bare(), items[0].Publisher)
		require.Nil(t, items[1].Value)
		require.NoError(t, items[1].Err)
		for _, i := range items[2:] {
			require.Nil(t, i.Value, i.ID)
			require.Error(t, i.Err, i.ID)
		}
		_, err = rooms.Latest(t.Context(), 3)
		require.NoError(t, err)
		s.answer = pubsubNS + "<items node='urn:other'/></pubsub>"
		_, err = rooms.Items(t.Context())
		require.ErrorIs(t, err, publishing.ErrAnswer)

		s.answer = ""
		require.NoError(t, rooms.Retract(t.Context(), "1"))
		require.NoError(t, rooms.Delete(t.Context()))
		s.config = configured(pubsub.AccessModelOpen)
		require.NoError(t, rooms.Configure(t.Context(), func(cfg *pubsub.NodeConfig) {
			require.Equal(t, pubsub.AccessModelOpen, *cfg.AccessModel)
			*cfg.AccessModel = pubsub.AccessModelWhitelist
		}))
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		require.Len(t, s.did, 6)
		require.Equal(t, pubsubNS+"<items node='urn:xmpp:bookmarks:1'><item id='1'/><item id='2'/></items></pubsub>", s.did[0])
		require.Equal(t, pubsubNS+"<items node='urn:xmpp:bookmarks:1' max_items='3'/></pubsub>", s.did[1])
		require.Equal(t, pubsubNS+"<retract node='urn:xmpp:bookmarks:1' notify='true'><item id='1'/></retract></pubsub>", s.did[3])
		require.Contains(t, s.did[4], "<delete node='urn:xmpp:bookmarks:1'/>")
		require.Contains(t, s.did[5], "<value>whitelist</value>")
	})
}
