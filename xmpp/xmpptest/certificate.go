package xmpptest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"

	"stanza.invalid/internal/testca"
	"stanza.invalid/xmpp/jid"
)

// Roots returns the roots that the server's certificates come from.
func (s *Server) Roots() *x509.CertPool { return s.authority().Pool() }

func (s *Server) authority() *testca.Authority {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ca == nil {
		s.ca = testca.New()
	}
	return s.ca
}

// ClientCertificate makes a certificate with which a client proves that it is an account's
// (SASL EXTERNAL).
func (s *Server) ClientCertificate(account string) tls.Certificate {
	return s.authority().Issue(testca.Leaf{Names: []string{jid.MustParse(account).Bare().String()}, Client: true})
}

// Flaw is what is wrong with a certificate.
type Flaw uint8

// The flaws for which no client should accept a certificate.
const (
	NoFlaw     Flaw = iota
	OtherName       // it is for another domain
	Expired         // its time is over
	SelfSigned      // nobody vouches for it
)

// BadCertificate makes the server show clients of a domain a certificate with a flaw from
// then on, or a good one again.
func (s *Server) BadCertificate(domain string, flaw Flaw) {
	leaf := testca.Leaf{Names: []string{domain}}
	switch flaw {
	case NoFlaw:
	case OtherName:
		leaf.Names = []string{"other.invalid"}
	case Expired:
		leaf.NotBefore, leaf.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	case SelfSigned:
		leaf.SelfSigned = true
	default:
		panic(fmt.Sprintf("xmpptest: there is no flaw %d", flaw))
	}
	issued := s.authority().Issue(leaf)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.certs[domain] = &issued
}

// certificate returns the server's certificate for a domain.
func (s *Server) certificate(domain string) *tls.Certificate {
	if s.cfg.Certificate != nil {
		return s.cfg.Certificate
	}
	ca := s.authority()
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.certs[domain]
	if c == nil {
		names := []string{domain}
		if domain == "localhost" {
			names = append(names, "127.0.0.1", "::1")
		}
		issued := ca.Issue(testca.Leaf{Names: names})
		c = &issued
		s.certs[domain] = c
	}
	return c
}

// tlsConfig returns how the server makes TLS for a domain.
func (s *Server) tlsConfig(domain string) *tls.Config {
	t := &tls.Config{
		Certificates: []tls.Certificate{*s.certificate(domain)}, MaxVersion: s.cfg.MaxTLS,
		ClientCAs: s.Roots(), NextProtos: []string{"xmpp-client"},
	}
	if s.takesCertificates() {
		t.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return t
}

// directTLS returns how the server makes TLS from the first byte: with the certificate of
// the domain that the client names, or else of loopback.
func (s *Server) directTLS() *tls.Config {
	return &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if domain, err := jid.Parse(hello.ServerName); err == nil && s.hosts(domain) {
			return s.tlsConfig(hello.ServerName), nil
		}
		return &tls.Config{Certificates: []tls.Certificate{*s.certificate("localhost")}}, nil
	}}
}
