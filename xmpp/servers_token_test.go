package xmpp_test

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// SASL 2, Bind 2 and tokens, or what there is in place of them.
func tokenRows() []row {
	return []row{
		{name: "FAST", run: tokens},
		{name: "FAST, and a token of no use", run: spoilt},
		{name: "SASL 2 and Bind 2", run: extensibly},
		{name: "a resource of one's own", run: func(t *testing.T, s *tested) {
			addr, err := s.person("localhost", "juliet").WithResource("balcony")
			require.NoError(t, err)
			p := s.join(t, addr, nil)
			require.Equal(t, addr, p.Local())
			require.False(t, inline(p, "<bind "), "Bind 2 would give another")
		}},
		{name: "round trips", run: roundTrips},
	}
}

// withStore logs in with a store and a password.
func (s *tested) withStore(t *testing.T, addr jid.JID, store xmpp.Store, password string) *party {
	t.Helper()
	return s.join(t, addr, func(cfg *xmpp.Config) { cfg.Store, cfg.Password = store, password })
}

// The first login brings a token, with which the second needs no password, until it is forgotten. Where
// there are no tokens the second login needs the password.
func tokens(t *testing.T, s *tested) {
	addr, store := s.person("localhost", "juliet"), xmpp.MemoryStore()
	forgetful := s.config()
	forgetful.Store, forgetful.Password = store, "forgotten"

	first := s.withStore(t, addr, store, password)
	require.Contains(t, first.said(), "logged in "+s.best[1])
	require.NoError(t, first.Close(limited(t)))
	if s.fast == "" {
		_, err := xmpp.Dial(limited(t), addr, forgetful)
		require.ErrorIs(t, err, xmpp.NotAuthorized)
		return
	}
	second := s.withStore(t, addr, store, "forgotten")
	require.Contains(t, second.said(), "logged in "+s.fast)
	require.Less(t, strings.Index(second.said(), "<authenticate"), strings.LastIndex(second.said(), "features"), "sent before it was offered")
	second.says(t, addr.Bare(), "by a token")

	// the session outlives its connection with a token as well
	second.resumable(t)
	full := second.Local()
	second.Reconnect()
	require.True(t, second.comesBack(t))
	require.Equal(t, full, second.Local())
	second.says(t, addr.Bare(), "and again")
	require.NoError(t, second.Close(limited(t)))

	require.NoError(t, xmpp.ForgetToken(limited(t), addr, forgetful))
	_, err := xmpp.Dial(limited(t), addr, forgetful)
	require.ErrorIs(t, err, xmpp.NotAuthorized)
}

// A token that the server does not take is followed by the password, and the next one works. A server
// without tokens leaves none in the store.
func spoilt(t *testing.T, s *tested) {
	addr, store := s.person("localhost", "juliet"), xmpp.MemoryStore()
	require.NoError(t, s.withStore(t, addr, store, password).Close(limited(t)))
	b, err := store.Load(limited(t), addr.Bare())
	require.NoError(t, err)
	if s.fast == "" {
		require.NotContains(t, string(b), "token")
		return
	}
	require.Contains(t, string(b), "secret-token")
	require.NoError(t, store.Save(limited(t), addr.Bare(), []byte(strings.Replace(string(b), "secret-token", "another-token", 1))))
	third := s.withStore(t, addr, store, password)
	require.Contains(t, third.said(), "login failed login failed ("+s.fast+")")
	require.Contains(t, third.said(), "logged in "+s.best[1])
	require.NoError(t, third.Close(limited(t)))
	fourth := s.withStore(t, addr, store, "forgotten")
	require.Contains(t, fourth.said(), "logged in "+s.fast)
}

// A login by SASL 2 brings all that is asked for along with it; one without says it step by step.
func extensibly(t *testing.T, s *tested) {
	p := s.join(t, s.person("localhost", "juliet"), func(cfg *xmpp.Config) { cfg.Tag, cfg.Carbons = "Orchard", true })
	said := p.said()
	require.Equal(t, s.sasl2, strings.Contains(said, "OUT <authenticate xmlns='urn:xmpp:sasl:2'"))
	require.Equal(t, !s.sasl2, strings.Contains(said, "OUT <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"))
	require.Equal(t, s.sasl2, inline(p, "<enable xmlns='urn:xmpp:carbons:2'/>"))
	require.Equal(t, s.inline, inline(p, "<enable xmlns='urn:xmpp:sm:3'"))
	require.Equal(t, s.sasl2, strings.Contains(p.Local().Resource(), "Orchard"))
	p.resumable(t)

	// as if the server had none of it
	p = s.join(t, s.person("localhost", "juliet"), func(cfg *xmpp.Config) { cfg.Auth.NoSASL2 = true })
	require.Contains(t, p.said(), "OUT <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'")
	require.NotContains(t, p.said(), "<authenticate ")
	p.resumable(t)
}

// What a login costs on the wire, from TLS to the session.
func roundTrips(t *testing.T, s *tested) {
	addr, store := s.person("localhost", "juliet"), xmpp.MemoryStore()
	f := &flights{under: &net.Dialer{}}
	for _, want := range s.trips {
		trips := 0
		p := s.join(t, addr, func(cfg *xmpp.Config) {
			cfg.Dialer, cfg.Addr, cfg.DirectTLS, cfg.Store = f, s.direct, true, store
			cfg.Trace = &xmpp.Trace{Session: func(jid.JID, bool) { trips = f.take() }}
			cfg.Presence = &stanza.Presence{}
		})
		require.Equal(t, want, trips)
		require.NoError(t, p.Close(limited(t)))
		f.take()
	}
}
