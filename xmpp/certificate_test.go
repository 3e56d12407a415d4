package xmpp_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/testca"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
)

// VT3: which names of a certificate are good for which domain of an address (RFC 9525): DNS
// names, with a wildcard for one whole label, A-labels for others than ASCII, and addresses
// for addresses.
func TestVT3Names(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			account string
			leaf    testca.Leaf
			good    bool
		}{
			"the name":              {"me@example.org", testca.Leaf{Names: []string{"other.example", "example.org"}}, true},
			"another case":          {"me@example.org", testca.Leaf{Names: []string{"EXAMPLE.Org"}}, true},
			"a wildcard":            {"me@chat.example.org", testca.Leaf{Names: []string{"*.example.org"}}, true},
			"for two labels":        {"me@a.chat.example.org", testca.Leaf{Names: []string{"*.example.org"}}, false},
			"for none":              {"me@example.org", testca.Leaf{Names: []string{"*.example.org"}}, false},
			"for a part of a label": {"me@chat.example.org", testca.Leaf{Names: []string{"c*.example.org"}}, false},
			"not in front":          {"me@chat.example.org", testca.Leaf{Names: []string{"chat.*.org"}}, false},
			"for everything":        {"me@example", testca.Leaf{Names: []string{"*"}}, false},
			"A-labels":              {"me@bücher.example", testca.Leaf{Names: []string{"xn--bcher-kva.example"}}, true},
			"another domain's":      {"me@bücher.example", testca.Leaf{Names: []string{"bucher.example"}}, false},
			"a wildcard, A-labels":  {"me@bücher.example.org", testca.Leaf{Names: []string{"*.example.org"}}, true},
			"an address":            {"me@192.0.2.1", testca.Leaf{Names: []string{"192.0.2.1"}}, true},
			"another address":       {"me@192.0.2.1", testca.Leaf{Names: []string{"192.0.2.2"}}, false},
			"an address of IPv6":    {"me@[2001:db8::1]", testca.Leaf{Names: []string{"2001:db8::1"}}, true},
			"only a common name":    {"test@test", testca.Leaf{}, false},
		} {
			sni := ""
			dialled, _ := against(t, nil, func(v *villain) error {
				if _, err := v.OpenClient(offerTLS); err != nil {
					return err
				}
				if _, err := v.Read(); err != nil {
					return err
				}
				if err := v.Send(proceed); err != nil {
					return err
				}
				if err := v.StartTLS(&tls.Config{Certificates: []tls.Certificate{v.ca.Issue(c.leaf)}}); err != nil {
					return err
				}
				sni = v.TLS().ServerName
				_, err := v.OpenClient("")
				return err
			}, jid.MustParse(c.account))
			if !c.good {
				var e *tls.CertificateVerificationError
				require.ErrorAs(t, dialled, &e, name)
				var host x509.HostnameError
				require.ErrorAs(t, dialled, &host, name)
				continue
			}
			var e *xmpp.AuthError
			require.ErrorAs(t, dialled, &e, "%s: it came as far as the login", name)
			domain := jid.MustParse(c.account).Domain()
			switch domain[0] {
			case '1', '[':
				require.Empty(t, sni, "addresses are no names")
			case 'b':
				require.Regexp(t, "^xn--bcher-kva", sni)
			default:
				require.Equal(t, domain, sni)
			}
		}
	})
}

// X8, VT3: direct TLS says which protocol follows (XEP-0368); a server that wants another is
// left alone.
func TestX8ALPN(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			protos []string
			ok     bool
		}{
			"the same": {[]string{"xmpp-client", "h2"}, true}, "none": {nil, true}, "others": {[]string{"h2"}, false},
		} {
			negotiated := "nothing"
			dialled, _ := against(t, func(cfg *xmpp.Config) { cfg.DirectTLS = true }, func(v *villain) error {
				err := v.StartTLS(&tls.Config{NextProtos: c.protos, Certificates: []tls.Certificate{v.ca.Issue(testca.Leaf{Names: []string{"example.org"}})}})
				if err != nil {
					return err
				}
				negotiated = v.TLS().NegotiatedProtocol
				_, err = v.OpenClient(offerTLS) // which there is no need for any more
				return err
			})
			var e *xmpp.AuthError
			require.Equal(t, c.ok, errors.As(dialled, &e), "%s: %v", name, dialled)
			switch name {
			case "the same":
				require.Equal(t, "xmpp-client", negotiated)
			case "none":
				require.Empty(t, negotiated)
			}
		}
		// STARTTLS says nothing: what follows is known
		dialled, _ := against(t, nil, func(v *villain) error {
			if _, err := v.OpenClient(offerTLS); err != nil {
				return err
			}
			if _, err := v.Read(); err != nil {
				return err
			}
			if err := v.Send(proceed); err != nil {
				return err
			}
			cfg := &tls.Config{Certificates: []tls.Certificate{v.ca.Issue(testca.Leaf{Names: []string{"example.org"}})}}
			cfg.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
				require.Empty(t, hello.SupportedProtos)
				return nil, nil
			}
			if err := v.StartTLS(cfg); err != nil {
				return err
			}
			_, err := v.OpenClient("")
			return err
		})
		var e *xmpp.AuthError
		require.ErrorAs(t, dialled, &e)
	})
}

// EXTERNAL is for who has shown a certificate, which takes a server that has asked for one.
func TestExternalWithoutRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, callback := range []bool{false, true} {
			for _, direct := range []bool{false, true} {
				for ask, want := range map[tls.ClientAuthType]string{tls.NoClientCert: "PLAIN", tls.RequestClientCert: "EXTERNAL"} {
					mine := testca.New().Issue(testca.Leaf{Names: []string{"juliet@example.org"}, Client: true})
					by := ""
					_, scripted := against(t, func(cfg *xmpp.Config) {
						cfg.DirectTLS = direct
						if cfg.TLS.Certificates = []tls.Certificate{mine}; callback {
							cfg.TLS.Certificates = nil
							cfg.TLS.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &mine, nil }
						}
					}, func(v *villain) error {
						if !direct {
							if _, err := v.OpenClient(offerTLS); err != nil {
								return err
							}
							if _, err := v.Read(); err != nil {
								return err
							}
							if err := v.Send(proceed); err != nil {
								return err
							}
						}
						err := v.StartTLS(&tls.Config{ClientAuth: ask, Certificates: []tls.Certificate{v.ca.Issue(testca.Leaf{Names: []string{"example.org"}})}})
						if err != nil {
							return err
						}
						if _, err := v.OpenClient(offerSASL("EXTERNAL", "PLAIN")); err != nil {
							return err
						}
						r, err := v.Read()
						by, _ = r.Attr("mechanism")
						return err
					})
					require.NoError(t, scripted)
					require.Equal(t, want, by)
				}
			}
		}
	})
}
