package contacts_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"stanza.invalid/gen/roster"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/contacts"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	juliet  = jid.MustParse("juliet@example.org")
	nurse   = roster.Item{JID: jid.MustParse("nurse@example.org"), Name: "Nurse", Groups: []string{"Servants"}, Subscription: roster.SubscriptionBoth}
	benvolo = roster.Item{JID: jid.MustParse("benvolio@example.org"), Subscription: roster.SubscriptionTo}
)

// log notes events, and what goes over the network.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) add(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, s)
}

func (l *log) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := strings.Join(l.lines, "\n")
	l.lines = nil
	return s
}

// open connects a client with a roster.
func open(t *testing.T, srv *xmpptest.Server, cfg contacts.Config, l *log) (*xmpp.Client, *contacts.Contacts) {
	t.Helper()
	conf := srv.ClientConfig(juliet.String())
	conf.Trace = &xmpp.Trace{XML: func(_ stream.Direction, text string) {
		if strings.Contains(text, "jabber:iq:roster") {
			l.add(text)
		}
	}}
	c, err := xmpp.NewClient(juliet, conf)
	require.NoError(t, err)
	r := contacts.New(c, cfg)
	xmpp.On(c, func(e contacts.Changed) {
		switch {
		case e.Old == nil:
			l.add("new " + e.New.JID.String())
		case e.New == nil:
			l.add("gone " + e.Old.JID.String())
		default:
			l.add("changed " + e.New.JID.String())
		}
	})
	xmpp.On(c, func(contacts.Loaded) { l.add("loaded") })
	require.NoError(t, c.Open(t.Context()))
	t.Cleanup(func() { require.NoError(t, c.Close(context.Background())) })
	synctest.Wait()
	return c, r
}

func TestContacts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		srv.Account(juliet.String(), "secret")
		srv.RosterItem(juliet.String(), nurse)
		var l log
		c, r := open(t, srv, contacts.Config{}, &l)
		require.Contains(t, l.take(), "new nurse@example.org\nloaded")
		require.Equal(t, "1", r.Version())
		got, ok := r.Item(jid.MustParse("nurse@example.org/kitchen"))
		require.True(t, ok)
		require.Equal(t, []string{"Servants"}, got.Groups)

		srv.RosterItem(juliet.String(), benvolo)
		synctest.Wait()
		require.Contains(t, l.take(), "new benvolio@example.org")
		require.NoError(t, r.Set(t.Context(), roster.Item{JID: benvolo.JID, Name: "Ben"}))
		synctest.Wait()
		require.Contains(t, l.take(), "changed benvolio@example.org")
		got, _ = r.Item(benvolo.JID)
		require.Equal(t, "Ben", got.Name)
		require.NoError(t, r.Remove(t.Context(), nurse.JID))
		synctest.Wait()
		require.Contains(t, l.take(), "gone nurse@example.org")
		require.Len(t, r.Items(), 1)
		require.ErrorIs(t, r.Remove(t.Context(), nurse.JID), stanza.ItemNotFound)

		romeo := srv.User("romeo@example.org")
		for _, s := range []struct {
			say  func(context.Context, jid.JID) error
			want stanza.PresenceType
		}{{r.Subscribe, stanza.Subscribe}, {r.Unsubscribe, stanza.Unsubscribe}, {r.Approve, stanza.Subscribed}, {r.Deny, stanza.Unsubscribed}} {
			require.NoError(t, s.say(t.Context(), romeo.JID()))
			require.Equal(t, s.want, romeo.ExpectPresence(t).Type)
		}

		// a new session: what changed in between is there
		full := c.Local().String()
		srv.RefuseResume(1)
		require.True(t, srv.Disconnect(full))
		srv.RosterItem(juliet.String(), nurse)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Contains(t, l.take(), "new nurse@example.org\n")
	})
}

// With a cache and versions only what has changed goes over the network.
func TestVersions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		srv.Account(juliet.String(), "secret")
		srv.RosterItem(juliet.String(), nurse)
		cache := contacts.FileCache(filepath.Join(t.TempDir(), "roster"))
		var l log
		c, r := open(t, srv, contacts.Config{Cache: cache}, &l)
		said := l.take()
		require.Contains(t, said, "<query xmlns='jabber:iq:roster' ver=''/>")
		require.Contains(t, said, "<group>Servants</group>")
		require.NoError(t, c.Close(t.Context()))
		before := r.Items()

		c, r = open(t, srv, contacts.Config{Cache: cache}, &l)
		said = l.take()
		require.Contains(t, said, "<query xmlns='jabber:iq:roster' ver='1'/>")
		require.NotContains(t, said, "<group>")
		require.Equal(t, before, r.Items())
		srv.RosterItem(juliet.String(), benvolo)
		synctest.Wait()
		require.NoError(t, c.Close(t.Context()))
		version, items, err := cache.Load(t.Context())
		require.NoError(t, err)
		require.Equal(t, "2", version)
		require.Len(t, items, 2)
	})
}

// VS4: what others push is not believed, and not answered as if it were.
func TestVS4ForgedPush(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		srv.Account(juliet.String(), "secret")
		srv.RosterItem(juliet.String(), nurse)
		var l log
		c, r := open(t, srv, contacts.Config{}, &l)
		l.take()
		for i, who := range []string{"mallory@example.com/x", "mallory@example.org/x", "example.com", "juliet@example.org.evil.example"} {
			mallory := srv.User(who)
			q := stanza.NewIQ(stanza.Set, c.Local(), &roster.Set{Items: []roster.Item{{JID: mallory.JID().Bare(), Name: "Nurse", Subscription: roster.SubscriptionBoth}}})
			q.ID = fmt.Sprint("forged", i)
			require.NoError(t, mallory.Send(q))
			answer := mallory.ExpectIQ(t)
			require.Equal(t, stanza.IQError, answer.Type)
			require.Len(t, r.Items(), 1, who)
		}
		require.NotContains(t, l.take(), "new")
	})
}

func TestFileCache(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "roster")
	c := contacts.FileCache(path)
	version, items, err := c.Load(t.Context())
	require.NoError(t, err)
	require.Empty(t, version)
	require.Empty(t, items)
	require.NoError(t, c.Save(t.Context(), "v<1>", []roster.Item{nurse, benvolo}))
	version, items, err = c.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, "v<1>", version)
	require.Equal(t, []roster.Item{nurse, benvolo}, items)
	for _, text := range []string{"", "nonsense", "<query xmlns='jabber:iq:roster'/>", "<query xmlns='urn:other' ver='1'/>", "<query xmlns='jabber:iq:roster' ver='1'><item/></query>"} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		version, _, err = c.Load(t.Context())
		require.NoError(t, err)
		require.Empty(t, version, text)
	}
	require.Error(t, contacts.FileCache(filepath.Join(path, "below", "a", "file")).Save(t.Context(), "1", nil))
}
