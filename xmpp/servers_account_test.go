package xmpp_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/carbons"
	"stanza.invalid/gen/chatstate"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/mam"
	"stanza.invalid/gen/roster"
	"stanza.invalid/gen/stanzaid"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/archive"
	"stanza.invalid/xmpp/contacts"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// What a server keeps for an account, and for its clients.
func accountRows() []row {
	return []row{
		{name: "roster", run: keepsRoster},
		{name: "presence", run: showsPresence},
		{name: "pre-approval", run: approves},
		{name: "carbons", run: copies},
		{name: "CSI", run: holdsBack},
		{name: "archive", run: archives},
		{name: "offline", run: keepsMessages},
		{name: "registration", run: func(t *testing.T, s *tested) {
			registers(t, jid.MustParse("nurse@localhost"), s.config)
		}},
	}
}

// memoryCache is a cache of a roster.
type memoryCache struct {
	mu      sync.Mutex
	version string
	items   []roster.Item
}

func (c *memoryCache) Load(context.Context) (string, []roster.Item, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.version, c.items, nil
}

func (c *memoryCache) Save(_ context.Context, version string, items []roster.Item) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version, c.items = version, items
	return nil
}

// friendly is a client with a roster.
func (s *tested) friendly(t *testing.T, addr jid.JID, cache contacts.Cache) (*party, *contacts.Contacts) {
	t.Helper()
	p := s.party(t, addr, nil)
	friends := contacts.New(p.Client, contacts.Config{Cache: cache})
	xmpp.On(p, func(contacts.Changed) { p.note(func() {}) })
	require.NoError(t, p.Open(limited(t)))
	p.until(t, "its session", func() bool { return p.restored > 0 })
	return p, friends
}

// The roster is fetched, changed, and pushed to all clients of the account; with a cache and its
// version a second login gets nothing that it has.
func keepsRoster(t *testing.T, s *tested) {
	addr, nurse := s.person("localhost", "juliet"), jid.MustParse("nurse@localhost")
	cache := &memoryCache{}
	one, friends := s.friendly(t, addr, cache)
	require.Empty(t, friends.Items())
	two, others := s.friendly(t, addr, nil)
	require.NoError(t, friends.Set(limited(t), roster.Item{JID: nurse, Name: "Angelica", Groups: []string{"house"}}))
	for p, c := range map[*party]*contacts.Contacts{one: friends, two: others} {
		p.until(t, "the nurse", func() bool { item, ok := c.Item(nurse); return ok && item.Name == "Angelica" })
		item, _ := c.Item(nurse)
		require.Equal(t, []string{"house"}, item.Groups)
		require.Equal(t, roster.SubscriptionNone, item.SubscriptionOrDefault())
	}
	require.NoError(t, one.Close(limited(t)))

	third, again := s.friendly(t, addr, cache)
	require.Equal(t, []roster.Item{{JID: nurse, Name: "Angelica", Groups: []string{"house"}, Subscription: roster.SubscriptionNone}}, again.Items())
	for _, line := range third.all() {
		require.False(t, strings.HasPrefix(line, "IN ") && strings.Contains(line, "Angelica"), "it has come again")
	}
	require.NoError(t, again.Remove(limited(t), nurse))
	for p, c := range map[*party]*contacts.Contacts{third: again, two: others} {
		p.until(t, "no nurse", func() bool { _, ok := c.Item(nurse); return !ok })
	}
	if err := again.Remove(limited(t), nurse); s.forgiving {
		require.NoError(t, err)
	} else {
		require.ErrorIs(t, err, stanza.ItemNotFound)
	}
}

// Two people get to see each other, until one of them does not want to be seen any more.
func showsPresence(t *testing.T, s *tested) {
	juliet, julietFriends := s.friendly(t, s.person("localhost", "juliet"), nil)
	romeo, romeoFriends := s.friendly(t, s.person("localhost", "romeo"), nil)
	pairs := []struct {
		me, you             *party
		mine, yours         *contacts.Contacts
		afterMine, forYours roster.Subscription
	}{
		{juliet, romeo, julietFriends, romeoFriends, roster.SubscriptionTo, roster.SubscriptionFrom},
		{romeo, juliet, romeoFriends, julietFriends, roster.SubscriptionBoth, roster.SubscriptionBoth},
	}
	for _, p := range pairs {
		me, you := p.me.Local().Bare(), p.you.Local().Bare()
		require.NoError(t, p.mine.Subscribe(limited(t), you))
		p.you.gets(t, "<presence", "from='"+me.String()+"'", "type='subscribe'")
		require.NoError(t, p.yours.Approve(limited(t), me))
		p.me.gets(t, "<presence", "from='"+you.String()+"'", "type='subscribed'")
		p.me.gets(t, "<presence", "from='"+p.you.Local().String()+"'")
		for q, c := range map[*party]struct {
			of   *contacts.Contacts
			addr jid.JID
			want roster.Subscription
		}{p.me: {p.mine, you, p.afterMine}, p.you: {p.yours, me, p.forYours}} {
			q.until(t, string(c.want), func() bool {
				item, _ := c.of.Item(c.addr)
				return item.Subscription == c.want && item.Ask == ""
			})
		}
	}
	require.NoError(t, juliet.SetPresence(limited(t), stanza.NewPresence(stanza.DoNotDisturb, "at the ball")))
	romeo.gets(t, "<presence", "from='"+juliet.Local().String()+"'", "at the ball", "<show>dnd</show>")

	// who comes later sees it as well
	late := s.join(t, romeo.Local().Bare(), nil)
	late.gets(t, "<presence", "from='"+juliet.Local().String()+"'", "at the ball")

	require.NoError(t, julietFriends.Deny(limited(t), romeo.Local()))
	romeo.gets(t, "<presence", "from='"+juliet.Local().Bare().String()+"'", "type='unsubscribed'")
	romeo.gets(t, "<presence", "from='"+juliet.Local().String()+"'", "type='unavailable'")
	romeo.until(t, "the end of it", func() bool {
		item, _ := romeoFriends.Item(juliet.Local())
		return item.Subscription == roster.SubscriptionFrom
	})
	require.NoError(t, julietFriends.Unsubscribe(limited(t), romeo.Local()))
	romeo.gets(t, "<presence", "from='"+juliet.Local().Bare().String()+"'", "type='unsubscribe'")
	juliet.until(t, "the end of it", func() bool {
		item, _ := julietFriends.Item(romeo.Local())
		return item.SubscriptionOrDefault() == roster.SubscriptionNone
	})
}

// Who is approved before asking is not asked about; where the server does not do that, it asks.
func approves(t *testing.T, s *tested) {
	juliet, julietFriends := s.friendly(t, s.person("localhost", "juliet"), nil)
	romeo, romeoFriends := s.friendly(t, s.person("localhost", "romeo"), nil)
	require.Equal(t, s.approval, juliet.Server().PreApproval)
	require.NoError(t, julietFriends.Approve(limited(t), romeo.Local()))
	if s.approval {
		juliet.until(t, "the approval", func() bool {
			item, ok := julietFriends.Item(romeo.Local())
			return ok && item.Approved == s.approved
		})
	} else {
		juliet.says(t, juliet.Local().Bare(), "it has been dealt with")
	}
	require.NoError(t, romeoFriends.Subscribe(limited(t), juliet.Local()))
	if !s.approval {
		juliet.gets(t, "type='subscribe'")
		require.Zero(t, romeo.count("type='subscribed'"))
		return
	}
	romeo.gets(t, "<presence", "type='subscribed'")
	romeo.gets(t, "<presence", "from='"+juliet.Local().String()+"'")
	require.Zero(t, juliet.count("type='subscribe'"))
}

// What one client sends and gets the other sees as well, unless it is private.
func copies(t *testing.T, s *tested) {
	withCarbons := func(cfg *xmpp.Config) { cfg.Carbons = true }
	addr := s.person("localhost", "juliet")
	one, two := s.join(t, addr, withCarbons), s.join(t, addr, withCarbons)
	plain := s.join(t, addr, nil)
	romeo := s.join(t, s.person("localhost", "romeo"), nil)

	romeo.says(t, one.Local(), "but soft")
	one.gets(t, "<body>but soft</body>")
	got := two.gets(t, "but soft", "<received xmlns='urn:xmpp:carbons:2'")
	m := parsed(t, got)
	require.Equal(t, addr.Bare(), m.From)
	copied, err := stanza.FindUnverified[carbons.Received](m)
	require.NoError(t, err)
	require.Equal(t, romeo.Local(), copied.Forwarded.Message.From)
	require.Equal(t, one.Local(), copied.Forwarded.Message.To)

	one.says(t, romeo.Local(), "what man art thou")
	romeo.gets(t, "what man art thou")
	m = parsed(t, two.gets(t, "what man art thou", "<sent xmlns='urn:xmpp:carbons:2'"))
	sent, err := stanza.FindUnverified[carbons.Sent](m)
	require.NoError(t, err)
	require.Equal(t, one.Local(), sent.Forwarded.Message.From)

	// to all of them: no copies
	romeo.says(t, addr.Bare(), "I take thee at thy word")
	for _, p := range []*party{one, two, plain} {
		p.gets(t, "thy word")
	}
	private := stanza.NewMessage(romeo.Local(), "between us")
	private.Add(&carbons.Private{})
	require.Equal(t, stream.Acked, one.outcome(t, one.tracks(t, private)))
	one.says(t, romeo.Local(), "the end of it")
	two.gets(t, "the end of it")
	require.Zero(t, two.count("between us"))
	for _, p := range []*party{one, two} {
		require.Equal(t, 1, p.count("thy word"))
	}
	require.Equal(t, 1, two.count("but soft"))
	require.Zero(t, one.count("what man art thou"), "its own")
	require.Zero(t, plain.count("urn:xmpp:carbons:2"), "it has not asked for copies")
}

func parsed(t *testing.T, text string) *stanza.Message {
	t.Helper()
	st, err := stanza.Parse(text)
	require.NoError(t, err)
	return st.(*stanza.Message)
}

// While nobody looks at a client, what can wait waits; it is there, in order, before anything that cannot
// wait, and once somebody looks again.
func holdsBack(t *testing.T, s *tested) {
	juliet, julietFriends := s.friendly(t, s.person("localhost", "juliet"), nil)
	romeo, romeoFriends := s.friendly(t, s.person("localhost", "romeo"), nil)
	require.True(t, juliet.Server().ClientState)
	require.NoError(t, julietFriends.Subscribe(limited(t), romeo.Local()))
	romeo.gets(t, "type='subscribe'")
	require.NoError(t, romeoFriends.Approve(limited(t), juliet.Local()))
	juliet.gets(t, "<presence", "from='"+romeo.Local().String()+"'")

	typing := func() *stanza.Message {
		m := &stanza.Message{To: juliet.Local(), Type: stanza.Chat}
		m.Add(&chatstate.Notification{State: chatstate.StateComposing})
		return m
	}
	require.NoError(t, juliet.SetActive(limited(t), false))
	juliet.says(t, juliet.Local().Bare(), "nobody looks") // the server knows by now
	time.Sleep(200 * time.Millisecond)                    // Prosody holds nothing back from who says something
	require.NoError(t, romeo.SetPresence(limited(t), stanza.NewPresence(stanza.Away, "in Mantua")))
	require.Equal(t, stream.Acked, romeo.outcome(t, romeo.tracks(t, typing())))
	time.Sleep(200 * time.Millisecond)
	require.Zero(t, juliet.count("in Mantua"))
	require.Zero(t, juliet.count("composing"))

	romeo.says(t, juliet.Local(), "I come back tonight")
	juliet.gets(t, "tonight")
	require.Equal(t, 1, juliet.count("in Mantua"), "what was held back comes first")

	require.NoError(t, romeo.SetPresence(limited(t), stanza.NewPresence(stanza.Away, "on the road")))
	require.NoError(t, juliet.SetActive(limited(t), true))
	juliet.gets(t, "on the road")
}

// read reads messages of an archive, and returns what was said and the ids.
func read(t *testing.T, p *party, opts ...archive.Option) (bodies, ids []string) {
	t.Helper()
	for m, err := range archive.Query(limited(t), p, opts...) {
		require.NoError(t, err)
		require.NotNil(t, m.Stanza)
		require.WithinDuration(t, time.Now(), m.Time, time.Hour)
		bodies, ids = append(bodies, m.Stanza.Body.String()), append(ids, m.ID)
	}
	return bodies, ids
}

// What two people have said to each other is in the archives of both, page by page, either way, and under the
// ids that the messages had when they came.
func archives(t *testing.T, s *tested) {
	juliet := s.join(t, s.person("localhost", "juliet"), nil)
	romeo := s.join(t, s.person("localhost", "romeo"), nil)
	nurse := s.join(t, s.person("localhost", "nurse"), nil)
	info, err := xmpp.Call(limited(t), juliet, juliet.Local().Bare(), &disco.InfoQuery{})
	require.NoError(t, err)
	has := func(feature string) bool {
		return slices.ContainsFunc(info.Features, func(f disco.Feature) bool { return f.Var == feature })
	}
	require.True(t, has(mam.NS))
	require.Equal(t, s.extended, has(mam.NS+"#extended"))
	nurse.says(t, juliet.Local(), "anon, madam")
	juliet.gets(t, "anon, madam")
	lines := []string{"one", "two", "three", "four", "five"}
	for i, line := range lines {
		from, to := juliet, romeo
		if i%2 == 1 {
			from, to = romeo, juliet
		}
		from.says(t, to.Local(), line)
		to.gets(t, "<body>"+line+"</body>")
	}
	for _, pair := range [][2]*party{{juliet, romeo}, {romeo, juliet}} {
		me, with := pair[0], archive.With(pair[1].Local().Bare())
		two := archive.PageSize(2)
		got, ids := read(t, me, with, two)
		require.Equal(t, lines, got)
		got, _ = read(t, me, with, two, archive.Backward())
		require.Equal(t, []string{"five", "four", "three", "two", "one"}, got)
		got, _ = read(t, me, with, two, archive.Backward(), archive.Limit(3))
		require.Equal(t, []string{"five", "four", "three"}, got)
		got, _ = read(t, me, with, two, archive.After(ids[1]))
		require.Equal(t, lines[2:], got)
		if s.extended {
			got, _ = read(t, me, with, two, archive.After(ids[0]), archive.Before(ids[4]))
			require.Equal(t, lines[1:4], got)
			got, _ = read(t, me, archive.IDs(ids[4], ids[1]))
			require.ElementsMatch(t, []string{"two", "five"}, got)
		}
		got, _ = read(t, me, with, archive.Since(time.Now().Add(time.Hour)))
		require.Empty(t, got)
		got, _ = read(t, me, with, archive.Until(time.Now().Add(time.Hour)))
		require.Equal(t, lines, got)
		if me == juliet {
			for i := range lines {
				if i%2 == 1 {
					m := parsed(t, me.gets(t, "<body>"+lines[i]+"</body>"))
					id, err := stanza.Find[stanzaid.ID](m)
					require.NoError(t, err)
					require.Equal(t, ids[i], id.ID)
				}
			}
		}
	}
	got, _ := read(t, juliet)
	require.Equal(t, append([]string{"anon, madam"}, lines...), got)
	meta, err := archive.Metadata(limited(t), juliet, jid.JID{})
	if s.extended {
		require.NoError(t, err)
		require.NotNil(t, meta.Start)
	} else {
		require.Error(t, err)
	}
	// an archive is its owner's: ejabberd shows the nurse her own, the others none
	for m, err := range archive.Query(limited(t), nurse, archive.In(juliet.Local().Bare()), archive.AnyAuthor()) {
		if err == nil {
			require.Equal(t, "anon, madam", m.Stanza.Body.String())
		}
	}
}

// What is said to an account without clients waits for one.
func keepsMessages(t *testing.T, s *tested) {
	juliet := s.join(t, s.person("localhost", "juliet"), nil)
	romeo := s.person("localhost", "romeo")
	before := time.Now().Add(-2 * time.Second)
	juliet.says(t, romeo.Bare(), "wherefore art thou")
	juliet.says(t, romeo.Bare(), "deny thy father")
	p := s.join(t, romeo, nil)
	for _, text := range []string{"wherefore art thou", "deny thy father"} {
		got := p.gets(t, text)
		require.Contains(t, got, "<delay ")
		_, stamp, _ := strings.Cut(got, "stamp='")
		stamp, _, _ = strings.Cut(stamp, "'")
		when, err := stanza.ParseDateTime(stamp)
		require.NoError(t, err)
		require.WithinRange(t, when.Time, before, time.Now().Add(time.Second))
	}
	again := s.join(t, romeo, nil)
	again.says(t, again.Local(), "to myself")
	again.gets(t, "to myself")
	require.Zero(t, again.count("wherefore"), "it has come")
	juliet.says(t, jid.MustParse("nobody@localhost"), "to nobody")
	juliet.gets(t, "type='error'", "<service-unavailable ")
}
