package xmpptest_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/roster"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// someone is a client that notes what it gets.
type someone struct {
	*xmpp.Client
	mu  sync.Mutex
	got []string
}

func (s *someone) add(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, fmt.Sprintf(format, args...))
}

func (s *someone) take() []string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	return got
}

func loginAs(t *testing.T, srv *xmpptest.Server, addr string, change func(cfg *xmpp.Config)) *someone {
	t.Helper()
	j := jid.MustParse(addr)
	srv.Account(j.Bare().String(), "secret")
	s := &someone{}
	cfg := srv.ClientConfig(addr)
	cfg.Backoff = stream.Backoff{Off: true}
	cfg.Handler = xmpp.NewMux(
		xmpp.OnAnyPresence(func(_ context.Context, p *stanza.Presence) error {
			s.add("%s %s%s", p.From, p.Type, p.Status)
			return nil
		}),
		xmpp.OnBody(func(_ context.Context, m *stanza.Message, body string) error {
			s.add("%s says %s", m.From, body)
			return nil
		}),
		xmpp.OnError(func(_ context.Context, st stanza.Stanza, e *stanza.Error) error {
			s.add("%s: %s", st.Attributes().From, e.Condition.Error())
			return nil
		}),
		xmpp.OnIQ(func(_ context.Context, _ *stanza.IQ, q *roster.Set) (*stanza.Empty, error) {
			s.add("push %s %s%s", q.Items[0].JID, q.Items[0].Subscription, q.Items[0].Ask)
			return nil, nil
		}),
	)
	if change != nil {
		change(&cfg)
	}
	c, err := xmpp.Dial(t.Context(), j, cfg)
	require.NoError(t, err)
	s.Client = c
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	synctest.Wait()
	return s
}

// Roster, subscriptions and presence between the accounts of a server.
func TestAccounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		a := loginAs(t, srv, "a@example.org/1", nil)
		b := loginAs(t, srv, "b@example.org/1", nil)
		send := func(s *someone, texts ...string) {
			t.Helper()
			for _, text := range texts {
				require.NoError(t, s.Stream().SendXML(t.Context(), text))
			}
			synctest.Wait()
		}
		for _, s := range []*someone{a, b} {
			r, err := xmpp.Call(t.Context(), s, jid.JID{}, &roster.Get{})
			require.NoError(t, err)
			require.Empty(t, r.Items)
			send(s, "<presence/>")
			s.take()
		}
		send(a, "<presence to='b@example.org' type='subscribe'/>")
		require.Equal(t, []string{"push b@example.org nonesubscribe"}, a.take())
		require.Equal(t, []string{"a@example.org subscribe"}, b.take())
		send(b, "<presence to='a@example.org' type='subscribed'/>")
		require.Equal(t, []string{"push a@example.org from"}, b.take())
		require.Equal(t, []string{"push b@example.org to", "b@example.org subscribed", "b@example.org/1 "}, a.take())
		send(b, "<presence><status>away</status></presence>")
		require.Equal(t, []string{"b@example.org/1 away"}, a.take())
		b.take()

		r, err := xmpp.Call(t.Context(), a, jid.JID{}, &roster.Get{})
		require.NoError(t, err)
		require.Equal(t, roster.SubscriptionTo, r.Items[0].Subscription)
		_, err = xmpp.Call(t.Context(), a, jid.JID{}, &roster.Get{Ver: r.Ver})
		require.ErrorIs(t, err, xmpp.ErrEmptyResult, "nothing has changed")
		_, err = xmpp.Call(t.Context(), a, jid.JID{}, &roster.Set{Items: []roster.Item{{JID: jid.MustParse("b@example.org"), Name: "B", Subscription: roster.SubscriptionBoth}}})
		require.NoError(t, err)
		require.Equal(t, []string{"push b@example.org to"}, a.take(), "a client cannot give itself a subscription")
		_, err = xmpp.Call(t.Context(), a, jid.JID{}, &roster.Set{Items: []roster.Item{{JID: jid.MustParse("c@example.org"), Subscription: roster.SubscriptionRemove}}})
		require.ErrorIs(t, err, stanza.ItemNotFound)
		srv.RosterItem("a@example.org", roster.Item{JID: jid.MustParse("x@example.net"), Subscription: roster.SubscriptionNone})
		require.Equal(t, []string{"push x@example.net none"}, a.take())

		// to the account, to a session that is gone, to nobody
		send(b, "<message to='a@example.org'><body>hi</body></message>", "<message to='a@example.org/gone' type='chat'><body>there</body></message>")
		require.Equal(t, []string{"b@example.org/1 says hi", "b@example.org/1 says there"}, a.take())
		send(b, "<message to='nobody@example.org'><body>hi</body></message>", "<message to='a@nowhere.example'><body>x</body></message>")
		require.Equal(t, []string{"nobody@example.org: service unavailable", "a@nowhere.example: remote server not found"}, b.take())

		// an end is seen
		require.NoError(t, b.Close(t.Context()))
		require.Equal(t, []string{"b@example.org/1 unavailable"}, a.take())
		require.False(t, srv.Online("b@example.org/1"))
	})
}

// Who binds a resource that is taken takes it; who pretends to be somebody else goes.
func TestClientSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		one := loginAs(t, srv, "a@example.org/1", nil)
		two := loginAs(t, srv, "a@example.org/1", nil)
		<-one.Done()
		require.ErrorIs(t, one.Err(), stream.Conflict)
		require.NoError(t, two.Stream().SendXML(t.Context(), "<message from='b@example.org' to='a@example.org'/>"))
		<-two.Done()
		require.ErrorIs(t, two.Err(), stream.InvalidFrom)
		three := loginAs(t, srv, "a@example.org/1", nil)
		require.True(t, srv.Expel("a@example.org/1", stream.PolicyViolation))
		<-three.Done()
		require.ErrorIs(t, three.Err(), stream.PolicyViolation)
		four := loginAs(t, srv, "a@example.org/1", nil)
		srv.Close()
		<-four.Done()
		require.ErrorIs(t, four.Err(), stream.SystemShutdown)
	})
}

// A session that nobody comes back for ends, and what it did not get waits for the next one, or goes back.
func TestClientNeverComesBack(t *testing.T) {
	for _, offline := range []int{0, -1} {
		synctest.Test(t, func(t *testing.T) {
			srv := xmpptest.Start(t, xmpptest.Config{Resumption: time.Minute, Offline: offline})
			romeo := srv.User("romeo@example.org/orchard")
			a := loginAs(t, srv, "a@example.org/1", nil)
			require.True(t, srv.Disconnect("a@example.org/1"))
			<-a.Done()
			m := stanza.NewMessage(jid.MustParse("a@example.org/1"), "are you there?")
			require.NoError(t, romeo.Send(m))
			romeo.ExpectNothing(t, 50*time.Second)
			time.Sleep(20 * time.Second)
			if offline < 0 {
				romeo.ExpectMessage(t, xmpptest.Failed(stanza.RecipientUnavailable))
				return
			}
			romeo.ExpectNothing(t, time.Minute)
			again := loginAs(t, srv, "a@example.org/2", nil)
			require.NoError(t, again.SetPresence(t.Context(), &stanza.Presence{}))
			require.Contains(t, again.take(), "romeo@example.org/orchard says are you there?")
		})
	}
}

// Clients that show a certificate.
func TestExternal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{Mechanisms: []string{"EXTERNAL"}, Bindings: []string{}})
		srv.Account("a@example.org", "secret")
		cert := srv.ClientCertificate("a@example.org")
		a := loginAs(t, srv, "a@example.org/1", func(cfg *xmpp.Config) {
			cfg.Password = ""
			cfg.TLS.Certificates = []tls.Certificate{cert}
		})
		require.Equal(t, "a@example.org/1", a.Local().String())
		cfg := srv.ClientConfig("a@example.org")
		_, err := xmpp.Dial(t.Context(), jid.MustParse("a@example.org"), cfg)
		var e *xmpp.AuthError
		require.ErrorAs(t, err, &e, "without a certificate there is no way in")
		other := srv.ClientCertificate("b@example.org")
		cfg.TLS.Certificates = []tls.Certificate{other}
		_, err = xmpp.Dial(t.Context(), jid.MustParse("a@example.org"), cfg)
		require.ErrorIs(t, err, xmpp.NotAuthorized)
	})
}

// What the server makes of direct TLS, of no TLS, and of slowness.
func TestClientTransports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{TLS: true})
		loginAs(t, srv, "a@example.org/1", nil)
		plain := xmpptest.Start(t, xmpptest.Config{NoTLS: true})
		plain.Account("a@example.org", "secret")
		_, err := xmpp.Dial(t.Context(), jid.MustParse("a@example.org"), plain.ClientConfig("a@example.org"))
		require.ErrorIs(t, err, xmpp.ErrNoTLS)
		a := loginAs(t, plain, "a@example.org/1", func(cfg *xmpp.Config) { cfg.InsecureNoTLS = true })
		plain.SlowReads(time.Second)
		romeo := plain.User("romeo@example.org/orchard")
		begin := time.Now()
		for range 3 {
			require.NoError(t, a.Send(t.Context(), stanza.NewMessage(romeo.JID(), "x")))
		}
		for range 3 {
			romeo.ExpectMessage(t)
		}
		require.GreaterOrEqual(t, time.Since(begin), 2*time.Second)
	})
}
