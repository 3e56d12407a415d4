package xmpp

import (
	"crypto/tls"
	"crypto/x509"
	"time"
)

// CertificateExpiring says that a certificate of the server is about to be of no use any
// more, in time for somebody to tell who runs it. It comes with each connection.
type CertificateExpiring struct {
	// Certificate is the one that expires first, the server's own or one that it has brought
	// along.
	Certificate *x509.Certificate
	// In is how long it is still good for.
	In time.Duration
}

// expiryWarning is how long before the end of a certificate there is a warning. Certificates
// of ninety days are commonly renewed thirty before.
const expiryWarning = 14 * 24 * time.Hour

// warnOfExpiry tells if the server's certificate will soon be of no use.
func (c *Client) warnOfExpiry(cs *tls.ConnectionState) {
	if len(cs.PeerCertificates) == 0 {
		return
	}
	first := cs.PeerCertificates[0]
	for _, cert := range cs.PeerCertificates {
		if cert.NotAfter.Before(first.NotAfter) {
			first = cert
		}
	}
	in := time.Until(first.NotAfter)
	if in > expiryWarning {
		return
	}
	if c.cfg.Logger != nil {
		c.cfg.Logger.Warn("the server's certificate expires soon", "subject", first.Subject.String(), "at", first.NotAfter)
	}
	_ = Emit(c, CertificateExpiring{Certificate: first, In: in})
}
