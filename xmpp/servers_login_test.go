package xmpp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/ping"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/bosh"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/websocket"
)

var versions = []uint16{tls.VersionTLS12, tls.VersionTLS13}

// way is a way to connect.
type way struct {
	name string
	// apply makes a client connect so, and returns where.
	apply func(s *tested, cfg *xmpp.Config) (addr string)
	// secure is that there is TLS, own that its certificate is that of the domain.
	secure, own bool
}

func ways() []way {
	return []way{
		{"STARTTLS", func(s *tested, cfg *xmpp.Config) string { return s.addr }, true, true},
		{"direct TLS", func(s *tested, cfg *xmpp.Config) string {
			cfg.Addr, cfg.DirectTLS = s.direct, true
			return s.direct
		}, true, true},
		{"websocket", func(s *tested, cfg *xmpp.Config) string { return viaWebsocket(s, cfg, true) }, true, false},
		{"websocket without TLS", func(s *tested, cfg *xmpp.Config) string { return viaWebsocket(s, cfg, false) }, false, false},
		{"BOSH", func(s *tested, cfg *xmpp.Config) string { return viaBOSH(s, cfg, true) }, true, false},
		{"BOSH without TLS", func(s *tested, cfg *xmpp.Config) string { return viaBOSH(s, cfg, false) }, false, false},
	}
}

func viaWebsocket(s *tested, cfg *xmpp.Config, secure bool) string {
	url := s.websocket(secure)
	cfg.Addr, cfg.Transport, cfg.InsecureNoTLS = "", &websocket.Transport{URL: url}, !secure
	return url
}

func viaBOSH(s *tested, cfg *xmpp.Config, secure bool) string {
	url := s.bosh(secure)
	cfg.Addr, cfg.Transport, cfg.InsecureNoTLS = "", &bosh.Transport{URL: url}, !secure
	return url
}

// Every mechanism logs in where the server has it, or else nothing is tried.
func loginRows() (all []row) {
	for _, m := range []string{
		"SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-512-PLUS",
		"PLAIN", "EXTERNAL", "OAUTHBEARER", "ANONYMOUS",
	} {
		for i, v := range versions {
			all = append(all, row{name: m + "/" + tls.VersionName(v), run: func(t *testing.T, s *tested) {
				host, offered := s.mechanisms[m]
				offered = offered && (i == 0 || !s.unbound || !strings.HasSuffix(m, "-PLUS"))
				logsIn(t, s, m, host, offered, v)
			}})
		}
	}
	for i, v := range versions {
		all = append(all, row{name: "the strongest mechanism/" + tls.VersionName(v), run: func(t *testing.T, s *tested) {
			p := s.join(t, s.person("localhost", "juliet"), func(cfg *xmpp.Config) { cfg.TLS.MaxVersion = v })
			require.Contains(t, p.said(), "logged in "+s.best[i]+"\n")
		}})
	}
	return append(all,
		row{name: "wrong password", run: wrongPassword},
		row{name: "no such account", run: func(t *testing.T, s *tested) {
			_, err := xmpp.Dial(limited(t), jid.MustParse("nobody@localhost"), s.config())
			require.ErrorIs(t, err, xmpp.NotAuthorized)
		}},
		row{name: "no such host", run: func(t *testing.T, s *tested) {
			_, err := xmpp.Dial(limited(t), jid.MustParse("juliet@nowhere.test"), s.config())
			require.ErrorIs(t, err, stream.HostUnknown)
		}},
		row{name: "too weak a mechanism", run: func(t *testing.T, s *tested) {
			cfg := s.config()
			cfg.Auth.Mechanisms, cfg.Auth.Minimum = []string{"SCRAM-SHA-1", "PLAIN"}, "SCRAM-SHA-256"
			_, err := xmpp.Dial(limited(t), s.person("localhost", "juliet"), cfg)
			var e *xmpp.AuthError
			require.ErrorAs(t, err, &e)
			require.Empty(t, e.Mechanism, "nothing was tried")
			require.ErrorContains(t, err, "SCRAM-SHA-1: weaker than the minimum")
		}},
	)
}

func logsIn(t *testing.T, s *tested, m, host string, offered bool, version uint16) {
	r := &recorder{}
	cfg := s.config()
	cfg.TLS.MaxVersion, cfg.Auth.Mechanisms, cfg.Trace = version, []string{m}, r.trace()
	addr := jid.MustParse("somebody@localhost")
	switch {
	case m == "ANONYMOUS":
		cfg.Password, cfg.Anonymous = "", true
		addr = jid.MustParse(host)
	case m == "EXTERNAL" && offered:
		addr = jid.MustParse("juliet@" + host)
		if host == "localhost" {
			addr = s.person(host, "juliet")
		}
		cfg.TLS.Certificates = []tls.Certificate{s.certificate(addr.String())}
	case m == "OAUTHBEARER" && offered && host != "localhost":
		addr = jid.MustParse("juliet@" + host) // who brings the token
	case offered:
		addr = s.person(host, "juliet")
	}
	if m == "OAUTHBEARER" {
		cfg.Password = ""
		cfg.Credentials = func(context.Context) (xmpp.Credentials, error) { return xmpp.Credentials{Bearer: s.bearer}, nil }
		if offered {
			wrong := cfg
			wrong.Trace = nil
			wrong.Credentials = func(context.Context) (xmpp.Credentials, error) { return xmpp.Credentials{Bearer: "guess"}, nil }
			_, err := xmpp.Dial(limited(t), addr, wrong)
			require.ErrorIs(t, err, xmpp.NotAuthorized)
		}
	}
	if !offered {
		_, err := xmpp.Dial(limited(t), addr, cfg)
		var e *xmpp.AuthError
		require.ErrorAs(t, err, &e)
		require.Empty(t, e.Mechanism, "nothing was tried")
		require.NotContains(t, strings.Join(r.all(), "\n"), "login "+m)
		return
	}
	c := s.dial(t, addr, cfg)
	require.Contains(t, r.all(), "logged in "+m)
	require.Equal(t, host, c.Local().Domain())
	require.NotEmpty(t, c.Local().Local())
	_, err := xmpp.Call(limited(t), c, c.Remote(), &ping.Ping{})
	require.NoError(t, err)
}

// A wrong password is NotAuthorized by every mechanism that has one, and is not tried again.
func wrongPassword(t *testing.T, s *tested) {
	for _, m := range []string{"SCRAM-SHA-1", "PLAIN"} {
		addr := s.person("localhost", "juliet")
		cfg := s.config()
		dials := 0
		cfg.Dialer = dialFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
			dials++
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		})
		cfg.Password, cfg.Auth.Mechanisms = "guess", []string{m}
		c, err := xmpp.NewClient(addr, cfg)
		require.NoError(t, err)
		err = c.Open(limited(t))
		require.ErrorIs(t, err, xmpp.NotAuthorized)
		var e *xmpp.AuthError
		require.ErrorAs(t, err, &e)
		require.Equal(t, m, e.Mechanism)
		require.NotContains(t, err.Error(), "guess")
		<-c.Done()
		require.Equal(t, 1, dials)
	}
}

// Every way to connect leads to a session in which messages and requests go both ways; a bad certificate
// leads nowhere.
func tlsRows() (all []row) {
	for _, way := range ways() {
		all = append(all, row{name: "session/" + way.name, run: func(t *testing.T, s *tested) {
			bothWays(t, s, func(cfg *xmpp.Config) { way.apply(s, cfg) })
		}})
		switch {
		case way.secure:
			all = append(all, row{name: "certificate of an unknown authority/" + way.name, run: func(t *testing.T, s *tested) {
				cfg := s.config()
				way.apply(s, &cfg)
				cfg.TLS = nil // the system's roots
				untrusted(t, s.person("localhost", "juliet"), cfg)
			}})
		default:
			all = append(all, row{name: "TLS is wanted/" + way.name, run: func(t *testing.T, s *tested) {
				cfg := s.config()
				way.apply(s, &cfg)
				cfg.InsecureNoTLS = false
				_, err := xmpp.Dial(limited(t), s.person("localhost", "juliet"), cfg)
				require.ErrorIs(t, err, xmpp.ErrNoTLS)
			}})
		}
		if !way.own {
			continue
		}
		for _, bad := range []struct {
			host, what string
			is         func(err error) bool
		}{
			{"wronghost.test", "for another name", func(err error) bool { var e x509.HostnameError; return errors.As(err, &e) }},
			{"expired.test", "expired", func(err error) bool {
				var e x509.CertificateInvalidError
				return errors.As(err, &e) && e.Reason == x509.Expired
			}},
			{"selfsigned.test", "self-signed", func(err error) bool { var e x509.UnknownAuthorityError; return errors.As(err, &e) }},
		} {
			all = append(all, row{name: "certificate " + bad.what + "/" + way.name, run: func(t *testing.T, s *tested) {
				for _, name := range []string{"", "other.example"} { // of no help
					cfg := s.config()
					way.apply(s, &cfg)
					cfg.TLS.ServerName = name
					err := untrusted(t, jid.MustParse("somebody@"+bad.host), cfg)
					require.True(t, bad.is(err), "%v", err)
				}
			}})
		}
	}
	return all
}

// untrusted dials a server that the client must not trust; nothing is said to it.
func untrusted(t *testing.T, addr jid.JID, cfg xmpp.Config) error {
	t.Helper()
	r := &recorder{}
	cfg.Trace = r.trace()
	_, err := xmpp.Dial(limited(t), addr, cfg)
	var e *tls.CertificateVerificationError
	require.ErrorAs(t, err, &e)
	require.NotContains(t, strings.Join(r.all(), "\n"), "login")
	return err
}
