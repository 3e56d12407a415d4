package publishing_test

import (
	"cmp"
	"context"
	"crypto/tls"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/bookmarks"
	"stanza.invalid/gen/pubsub"
	"stanza.invalid/internal/realserver"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/discovery"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/publishing"
	"stanza.invalid/xmpp/stanza"
)

func TestProsody(t *testing.T) {
	t.Parallel()
	most, never := "max", pubsub.SendLastNever
	onServer(t, realserver.Prosody(t), pubsub.PublishOptions{MaxItems: &most, SendLast: &never})
}

func TestEJabberd(t *testing.T) {
	t.Parallel()
	onServer(t, realserver.EJabberd(t), pubsub.PublishOptions{})
}

// VS7: on real servers what is private stays so, and own notifications come. ejabberd 23.01
// knows few preconditions, sends the last item again when a node is configured, and does not
// tell of items that were retracted.
func onServer(t *testing.T, s *realserver.Server, options pubsub.PublishOptions) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	login := func(who, password string, prepare func(c *xmpp.Client)) *xmpp.Client {
		c, err := xmpp.NewClient(jid.MustParse(who+"@localhost/publishing"), xmpp.Config{
			Password: password, Addr: s.Addr(), TLS: &tls.Config{RootCAs: s.CA.Pool()}, Presence: &stanza.Presence{},
		})
		require.NoError(t, err)
		if prepare != nil {
			prepare(c)
		}
		require.NoError(t, c.Open(ctx))
		t.Cleanup(func() { _ = c.Close(context.Background()) })
		return c
	}
	cfg := publishing.Config{Node: bookmarks.NS, Private: true, Options: options}
	type change = *publishing.Change[bookmarks.Conference]
	changes := make(chan change, 16)
	var rooms *publishing.Node[bookmarks.Conference, *bookmarks.Conference]
	juliet := login(realserver.Juliet, realserver.JulietPassword, func(c *xmpp.Client) {
		discovery.New(c, discovery.Config{})
		rooms = publishing.New[bookmarks.Conference](c, cfg)
		rooms.OnChange(func(_ context.Context, c change) error {
			changes <- c
			return nil
		})
	})
	romeo := login(realserver.Romeo, realserver.RomeoPassword, nil)
	// next waits for a notification that is the one that is looked for
	next := func(which func(c change) bool) change {
		t.Helper()
		for {
			select {
			case c := <-changes:
				require.Equal(t, juliet.Local().Bare(), c.From)
				if which(c) {
					return c
				}
			case <-ctx.Done():
				t.Fatal("no notification")
				return nil
			}
		}
	}
	published := func(id string) change {
		t.Helper()
		return next(func(c change) bool { return len(c.Items) == 1 && c.Items[0].ID == id })
	}
	const room = "balcony@rooms.example"
	id, err := rooms.Publish(ctx, room, &bookmarks.Conference{Name: "Balcony"})
	require.NoError(t, err)
	require.Equal(t, room, id)
	require.Equal(t, "Balcony", published(room).Items[0].Value.Name)

	// the server keeps it
	foreign := publishing.New[bookmarks.Conference](romeo, publishing.Config{Node: bookmarks.NS, Service: juliet.Local().Bare()})
	_, err = foreign.Items(ctx)
	var e *stanza.Error
	require.ErrorAs(t, err, &e)
	items, err := rooms.Items(ctx)
	require.NoError(t, err)
	require.Len(t, items, 1)
	require.Equal(t, "Balcony", items[0].Value.Name)
	items, err = rooms.Items(ctx, room)
	require.NoError(t, err)
	require.Len(t, items, 1)
	items, err = rooms.Latest(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, room, items[0].ID)

	// somebody opens it: nothing more is published there, whether that was looked at or not
	require.NoError(t, rooms.Configure(ctx, func(cfg *pubsub.NodeConfig) {
		open := pubsub.AccessModelOpen
		cfg.AccessModel = &open
	}))
	_, err = rooms.Publish(ctx, "secret@rooms.example", &bookmarks.Conference{})
	require.ErrorIs(t, err, publishing.ErrPrecondition)
	require.ErrorAs(t, err, &e, "the server has refused it")
	again := publishing.New[bookmarks.Conference](juliet, cfg)
	_, err = again.Publish(ctx, "secret@rooms.example", &bookmarks.Conference{})
	require.ErrorIs(t, err, publishing.ErrPrecondition)
	items, err = foreign.Items(ctx)
	require.NoError(t, err, "it is open")
	require.Len(t, items, 1)
	require.NoError(t, rooms.Configure(ctx, func(cfg *pubsub.NodeConfig) {
		whitelist := pubsub.AccessModelWhitelist
		cfg.AccessModel = &whitelist
		ten := "10"
		cfg.MaxItems = cmp.Or(options.MaxItems, &ten)
	}))
	_, err = again.Publish(ctx, "secret@rooms.example", &bookmarks.Conference{})
	require.NoError(t, err)
	published("secret@rooms.example")

	require.NoError(t, rooms.Retract(ctx, room))
	items, err = rooms.Items(ctx)
	require.NoError(t, err)
	require.Len(t, items, 1)
	require.Equal(t, "secret@rooms.example", items[0].ID)
	if options.MaxItems != nil { // Prosody tells
		next(func(c change) bool { return slices.Equal(c.Retracted, []string{room}) })
	}
	require.NoError(t, rooms.Delete(ctx))
	_, err = rooms.Items(ctx)
	require.ErrorIs(t, err, stanza.ItemNotFound)
}
