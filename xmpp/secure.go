package xmpp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"

	"golang.org/x/net/idna"

	"stanza.invalid/gen/starttls"
	"stanza.invalid/internal/idle"
	"stanza.invalid/stream"
)

var (
	// ErrNoTLS is returned for a server that offers no TLS, or refuses it. Nothing that is
	// worth protecting was sent to it.
	ErrNoTLS = errors.New("xmpp: the server offers no TLS")
	// ErrPin is returned for a server none of whose keys is pinned.
	ErrPin = errors.New("xmpp: the server has none of the pinned keys")
)

// asciiDomain returns a domain as DNS and certificates have it.
func asciiDomain(domain string) (string, error) {
	if ip := net.ParseIP(trimBrackets(domain)); ip != nil {
		return ip.String(), nil
	}
	return idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false)).ToASCII(domain)
}

func trimBrackets(s string) string {
	if len(s) > 1 && s[0] == '[' && s[len(s)-1] == ']' {
		return s[1 : len(s)-1]
	}
	return s
}

// hasCertificate reports whether TLS may give a client certificate.
func (c *Client) hasCertificate() bool {
	t := c.cfg.TLS
	return t != nil && (len(t.Certificates) > 0 || t.GetClientCertificate != nil)
}

// shown notes to which servers TLS has given a client certificate.
type shown struct {
	mu  sync.Mutex
	all map[*tls.Conn]*bool // guarded by mu: since the last time that the client has dialled
}

func (s *shown) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = nil
}

func (s *shown) note(conn *tls.Conn, gave *bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[*tls.Conn]*bool{}
	}
	s.all[conn] = gave
}

// to reports whether a server has got a certificate; known is false if nobody knows.
func (s *shown) to(conn *tls.Conn) (gave, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.all[conn]
	return p != nil && *p, p != nil
}

// gaveCertificate reports whether the server has a certificate to judge a login by.
func (c *Client) gaveCertificate(conn *stream.Conn) bool {
	if t, ok := conn.Transport().(*tls.Conn); ok && !t.ConnectionState().DidResume {
		if gave, known := c.shown.to(t); known {
			return gave
		}
	}
	return c.hasCertificate()
}

// overTLS returns a connection that is to become one of TLS.
func (c *Client) overTLS(plain net.Conn, direct bool) *tls.Conn {
	t := c.tlsConfig(direct)
	if t.Renegotiation == tls.RenegotiateNever { // a handshake in the middle has to wait
		plain = idle.New(plain)
	}
	if !c.hasCertificate() {
		return tls.Client(plain, t)
	}
	choose, all, gave := t.GetClientCertificate, t.Certificates, new(bool)
	t.GetClientCertificate = func(q *tls.CertificateRequestInfo) (cert *tls.Certificate, err error) {
		if choose != nil {
			cert, err = choose(q)
		} else {
			cert = fitting(q, all)
		}
		*gave = err == nil && cert != nil && len(cert.Certificate) > 0
		return cert, err
	}
	conn := tls.Client(plain, t)
	c.shown.note(conn, gave)
	return conn
}

// fitting returns the first certificate that a server takes, or an empty one.
func fitting(q *tls.CertificateRequestInfo, all []tls.Certificate) *tls.Certificate {
	for i := range all {
		if q.SupportsCertificate(&all[i]) == nil {
			return &all[i]
		}
	}
	return new(tls.Certificate)
}

// tlsConfig returns how TLS is made: for the domain of the address, whatever host was
// found for it (RFC 6120, section 13.7.2.1). Certificates are matched by their DNS names;
// the SRVName and XmppAddr names of RFC 6120 are not looked at, as RFC 9525 has it.
func (c *Client) tlsConfig(direct bool) *tls.Config {
	t := &tls.Config{}
	if c.cfg.TLS != nil {
		t = c.cfg.TLS.Clone()
		c.guardTLS(t)
	}
	t.ServerName = c.domain
	t.MinVersion = max(t.MinVersion, tls.VersionTLS12)
	t.DynamicRecordSizingDisabled = true // no stanza is cut in two by records: some servers lose a session then
	if direct {
		t.NextProtos = []string{"xmpp-client"} // XEP-0368, section 2
	} else {
		t.NextProtos = nil
	}
	if len(c.cfg.Pins) > 0 {
		verify := t.VerifyConnection
		t.VerifyConnection = func(cs tls.ConnectionState) error {
			if !pinned(cs, c.cfg.Pins) {
				return ErrPin
			}
			if verify != nil {
				return verify(cs)
			}
			return nil
		}
	}
	return t
}

// pinned reports whether a key of the verified chains is among the pins.
func pinned(cs tls.ConnectionState, pins [][]byte) bool {
	has := func(cert *x509.Certificate) bool {
		sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
		return slices.ContainsFunc(pins, func(p []byte) bool { return bytes.Equal(p, sum[:]) })
	}
	for _, chain := range cs.VerifiedChains {
		if slices.ContainsFunc(chain, has) {
			return true
		}
	}
	// without verification only the server's own key has been proved to be there
	return len(cs.VerifiedChains) == 0 && len(cs.PeerCertificates) > 0 && has(cs.PeerCertificates[0])
}

// tlsState returns the state of the connection's TLS, nil if there is none.
func tlsState(conn *stream.Conn) *tls.ConnectionState {
	t, ok := conn.Transport().(interface{ ConnectionState() tls.ConnectionState })
	if !ok {
		return nil
	}
	cs := t.ConnectionState()
	if !cs.HandshakeComplete {
		return nil
	}
	return &cs
}

// startTLS is RFC 6120, section 5. Nobody gets past it in clear text unless the
// configuration says so.
func (c *Client) startTLS(ctx context.Context, conn *stream.Conn) (stream.Outcome, error) {
	if cs := tlsState(conn); cs != nil {
		c.warnOfExpiry(cs)
		return stream.Continue, nil
	}
	// what is not TCP has TLS below, if at all, whatever it offers (RFC 7395, section 3.9)
	plain, ok := conn.Transport().(net.Conn)
	if !ok || conn.Features().Child(starttls.NS, "starttls").IsZero() {
		if c.cfg.InsecureNoTLS {
			return stream.Continue, nil
		}
		return 0, ErrNoTLS
	}
	if err := conn.Write(&starttls.StartTLS{}); err != nil {
		return 0, err
	}
	r, err := conn.Read()
	switch {
	case err != nil:
		return 0, err
	case r.Is(starttls.NS, "failure"):
		return 0, fmt.Errorf("%w: it refused STARTTLS", ErrNoTLS)
	case !r.Is(starttls.NS, "proceed"):
		return 0, fmt.Errorf("%s in place of the answer to STARTTLS", r.Name())
	}
	t := c.overTLS(plain, false)
	// before the handshake: what came in clear text behind the answer is not TLS
	if err := conn.Secure(t); err != nil {
		return 0, err
	}
	if err := c.trace().shakeHands(ctx, t); err != nil {
		return 0, fmt.Errorf("handshake: %w", err)
	}
	c.warnOfExpiry(tlsState(conn))
	return stream.Restart, nil
}

// handshake makes TLS from the first byte (XEP-0368).
func (c *Client) handshake(ctx context.Context, plain net.Conn) (net.Conn, error) {
	t := c.overTLS(plain, true)
	if err := c.trace().shakeHands(ctx, t); err != nil {
		plain.Close()
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	return t, nil
}
