package component_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/component"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/xmpptest"
)

func TestDial(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		server xmpptest.Config
		config func(srv *xmpptest.Server, cfg *component.Config)
	}{
		"memory":           {config: func(srv *xmpptest.Server, cfg *component.Config) { cfg.Dialer = srv.Dialer() }},
		"TCP":              {config: func(srv *xmpptest.Server, cfg *component.Config) { cfg.Addr = srv.Addr() }},
		"client namespace": {config: func(srv *xmpptest.Server, cfg *component.Config) { cfg.Addr, cfg.Namespace = srv.Addr(), wire.NSClient }},
		"TLS": {
			server: xmpptest.Config{TLS: true},
			config: func(srv *xmpptest.Server, cfg *component.Config) { cfg.Addr, cfg.TLS = srv.Addr(), srv.TLSConfig() },
		},
		"TLS in memory": {
			server: xmpptest.Config{TLS: true},
			config: func(srv *xmpptest.Server, cfg *component.Config) { cfg.Dialer, cfg.TLS = srv.Dialer(), srv.TLSConfig() },
		},
		"TLS, host of the address": {
			server: xmpptest.Config{TLS: true},
			config: func(srv *xmpptest.Server, cfg *component.Config) {
				cfg.Addr, cfg.TLS = srv.Addr(), srv.TLSConfig()
				cfg.TLS.ServerName = ""
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(t, tt.server)
			cfg := component.Config{SessionConfig: xmpp.SessionConfig{Handler: echo()}, Addr: "memory:5347", Secret: secret}
			tt.config(srv, &cfg)
			c := dial(t, cfg)
			require.Equal(t, domain, c.Local())
			require.Equal(t, domain, c.Remote())
			require.Equal(t, stream.Established, c.State())
			echoes(t, srv.User(romeo))
			require.NoError(t, c.Err())
			require.NoError(t, c.Close(context.Background()))
			<-c.Done()
			require.ErrorIs(t, c.Err(), stream.ErrClosed)
			require.NoError(t, srv.WaitGone(t.Context(), domain.String()))
		})
	}
}

// A server that the configuration does not trust gets nothing from the component.
func TestTLSVerifies(t *testing.T) {
	t.Parallel()
	srv := start(t, xmpptest.Config{TLS: true})
	for name, change := range map[string]func(*tls.Config){
		"unknown authority": func(c *tls.Config) { c.RootCAs = nil },
		"another name":      func(c *tls.Config) { c.ServerName = "elsewhere.example.org" },
	} {
		cfg := component.Config{Addr: srv.Addr(), Secret: secret, TLS: srv.TLSConfig()}
		change(cfg.TLS)
		_, err := component.Dial(t.Context(), domain, cfg)
		var bad *tls.CertificateVerificationError
		require.ErrorAs(t, err, &bad, name)
		require.False(t, srv.Connected(domain.String()))
	}
	_, err := component.Dial(t.Context(), domain, component.Config{
		Addr: "no port", Secret: secret, Dialer: srv.Dialer(), TLS: &tls.Config{},
	})
	require.ErrorContains(t, err, "missing port")
}

// The secret is wrong for good: nothing is tried again.
func TestWrongSecret(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Config{})
		cfg := inMemory(srv)
		d := &counting{Dialer: cfg.Dialer}
		cfg.Dialer, cfg.Secret = d, "guess"
		c, err := component.New(domain, cfg)
		require.NoError(t, err)
		err = c.Open(t.Context())
		require.ErrorIs(t, err, component.ErrHandshake)
		require.ErrorIs(t, err, stream.NotAuthorized)
		require.True(t, stream.IsPermanent(err))
		<-c.Done()
		require.ErrorIs(t, c.Err(), component.ErrHandshake)
		require.Equal(t, stream.Closed, c.State())
		time.Sleep(time.Hour)
		require.EqualValues(t, 1, d.n.Load())
		require.False(t, srv.Connected(domain.String()))
	})
}

// A secret that stops being right while the component is connected ends it at the next
// connection.
func TestSecretChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Config{})
		c := dial(t, inMemory(srv))
		srv.Component(domain.String(), "another")
		require.True(t, srv.Disconnect(domain.String()))
		<-c.Done()
		require.ErrorIs(t, c.Err(), component.ErrHandshake)
	})
}

func TestRefused(t *testing.T) {
	t.Parallel()
	srv := start(t, xmpptest.Config{})
	cfg := inMemory(srv)

	_, err := component.Dial(t.Context(), jid.MustParse("other.example.org"), cfg)
	require.ErrorIs(t, err, stream.HostUnknown)
	require.True(t, stream.IsPermanent(err))
	require.NotErrorIs(t, err, component.ErrHandshake)

	cfg.Namespace = wire.NSServer
	_, err = component.Dial(t.Context(), domain, cfg)
	require.ErrorIs(t, err, stream.InvalidNamespace)
	cfg.Namespace = ""

	srv.Refuse(domain.String(), 1)
	_, err = component.Dial(t.Context(), domain, cfg)
	require.ErrorIs(t, err, stream.ResourceConstraint)
	require.False(t, stream.IsPermanent(err))

	dial(t, cfg)
	_, err = component.Dial(t.Context(), domain, cfg)
	require.ErrorIs(t, err, stream.Conflict)
	echoes(t, srv.User(romeo)) // the first goes on
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	ok := component.Config{Addr: "localhost:5347", Secret: "x"}
	noAddr, noSecret := ok, ok
	noAddr.Addr, noSecret.Secret = "", ""
	for name, tt := range map[string]struct {
		domain string
		cfg    component.Config
		want   string
	}{
		"user":      {"a@example.org", ok, "no domain"},
		"resource":  {"example.org/a", ok, "no domain"},
		"no addr":   {"example.org", noAddr, "Addr is missing"},
		"no secret": {"example.org", noSecret, "Secret is missing"},
	} {
		_, err := component.New(jid.MustParse(tt.domain), tt.cfg)
		require.ErrorContains(t, err, tt.want, name)
	}
	_, err := component.New(jid.JID{}, ok)
	require.ErrorContains(t, err, "no domain")
}

// What servers do that do not keep to XEP-0114.
func TestHandshakeOddities(t *testing.T) {
	t.Parallel()
	const open = "<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' "
	tests := map[string]struct {
		send, want string
	}{
		"no id":           {open + "from='echo.example.org'><message/>", "no id"},
		"no id, but why":  {open + "><stream:error><host-gone xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>", "no id: stream error from the peer: host gone"},
		"other answer":    {open + "id='1'><message/>", "in place of the handshake's answer"},
		"other handshake": {open + "id='1'><handshake xmlns='urn:example:other'/>", "in place of the handshake's answer"},
		"end":             {open + "id='1'></stream:stream>", "closed by the peer"},
		"other error":     {open + "id='1'><stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>", "system shutdown"},
		"no header":       {"<handshake/>", "no stream header"},
		"other header":    {"<stream xmlns='jabber:component:accept' id='1'>", "no stream header"},
		"bad address":     {open + "id='1' from='@'>", "from is no address"},
		"no XML":          {"220 smtp.example.org\r\n", "not-well-formed"},
		"too much":        {open + "id='1'><handshake>" + string(make([]byte, 17<<10)), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := xmpptest.NewPeer()
			t.Cleanup(p.Close)
			opened := make(chan error, 1)
			go func() {
				_, err := component.Dial(t.Context(), domain, component.Config{Addr: "memory:5347", Secret: secret, Dialer: p.Dialer()})
				opened <- err
			}()
			pc, err := p.Accept(t.Context())
			require.NoError(t, err)
			defer pc.Close()
			_, err = pc.ReadHeader()
			require.NoError(t, err)
			go func() {
				for { // whatever it says
					if _, err := pc.Read(); err != nil {
						return
					}
				}
			}()
			_ = pc.Send(tt.send)
			err = <-opened
			require.ErrorContains(t, err, tt.want)
			require.NotErrorIs(t, err, component.ErrHandshake)
		})
	}
}

// A server without an address of its own in the stream header is the component's domain.
func TestNoFrom(t *testing.T) {
	t.Parallel()
	p := xmpptest.NewPeer()
	t.Cleanup(p.Close)
	c, err := component.New(domain, component.Config{Addr: "memory:5347", Secret: secret, Dialer: p.Dialer(), Backoff: stream.Backoff{Off: true}})
	require.NoError(t, err)
	opened := make(chan error, 1)
	go func() { opened <- c.Open(context.Background()) }()
	pc, err := p.Accept(t.Context())
	require.NoError(t, err)
	_, err = pc.ReadHeader()
	require.NoError(t, err)
	require.NoError(t, pc.Send("<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' id='é&amp;1'>"))
	r, err := pc.Read()
	require.NoError(t, err)
	require.Equal(t, digest("é&1"+secret), r.Text())
	require.NoError(t, pc.Send("<handshake></handshake>"))
	require.NoError(t, <-opened)
	require.Equal(t, domain, c.Remote())
	require.Error(t, c.Open(t.Context()), "a second time")
	pc.Close()
	<-c.Done()
	require.Error(t, c.Err())
}

func TestSessionTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := xmpptest.NewPeer() // accepts and says nothing
		defer p.Close()
		cfg := component.Config{Addr: "memory:5347", Secret: secret, Dialer: p.Dialer(), SessionTimeout: 7 * time.Second}
		begin := time.Now()
		_, err := component.Dial(t.Context(), domain, cfg)
		require.ErrorIs(t, err, stream.ErrTimeout)
		require.InDelta(t, 7, time.Since(begin).Seconds(), 0.6) // and half a second to say so

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		begin = time.Now()
		_, err = component.Dial(ctx, domain, cfg)
		require.ErrorIs(t, err, context.Canceled)
		require.InDelta(t, 1, time.Since(begin).Seconds(), 0.6)
	})
}

// The socket hook sees every connection before anything is sent on it.
func TestX11Socket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Config{})
		cfg := inMemory(srv)
		var seen []net.Conn
		cfg.Socket = func(c net.Conn) error {
			seen = append(seen, c)
			return nil
		}
		c := dial(t, cfg)
		again, stop := stream.ExpectEvent[xmpp.SessionStarted](c, nil)
		defer stop()
		srv.Disconnect(domain.String())
		_, err := again(t.Context())
		require.NoError(t, err)
		require.Len(t, seen, 2)

		broken := errors.New("no such option")
		cfg.Socket = func(c net.Conn) error {
			seen = append(seen, c)
			return broken
		}
		_, err = component.Dial(t.Context(), domain, cfg)
		require.ErrorIs(t, err, broken)
		_, err = seen[2].Write([]byte("x"))
		require.Error(t, err, "the connection is closed")
	})
}
