// Package testca makes certificates for tests.
package testca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// An Authority issues certificates that last for a day.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Leaf says what a certificate is like. Names are DNS names or IP addresses. Services are
// names of services (RFC 4985), Addresses those of XMPP (RFC 6120, section 13.7.1.4); a leaf with these has no
// Names.
type Leaf struct {
	Names      []string
	Services   []string
	Addresses  []string
	NotBefore  time.Time
	NotAfter   time.Time
	SelfSigned bool
	Client     bool // for clients: the name is an account's, as a common name and as RFC 6120 has it
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // the system has no randomness
	}
	return key
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(err)
	}
	return n
}

// New returns a new authority.
func New() *Authority {
	a := &Authority{key: newKey()}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, BasicConstraintsValid: true, IsCA: true,
	}
	a.cert = sign(template, template, a.key, a.key)
	return a
}

func sign(template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return cert
}

// Pool returns the roots of those who trust the authority.
func (a *Authority) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// PEM returns the authority's own certificate.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// Issue makes a certificate.
func (a *Authority) Issue(l Leaf) tls.Certificate {
	key := newKey()
	if l.NotBefore.IsZero() {
		l.NotBefore = time.Now().Add(-time.Hour)
	}
	if l.NotAfter.IsZero() {
		l.NotAfter = time.Now().Add(24 * time.Hour)
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "test"},
		NotBefore: l.NotBefore, NotAfter: l.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if l.Client {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		template.Subject.CommonName = l.Names[0]
		template.ExtraExtensions = []pkix.Extension{otherNames(Leaf{Addresses: l.Names})}
	}
	for _, n := range l.Names {
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else if !l.Client {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	if len(l.Services)+len(l.Addresses) > 0 {
		template.ExtraExtensions = []pkix.Extension{otherNames(l)}
	}
	parent, by := a.cert, a.key
	if l.SelfSigned {
		parent, by = template, key
	}
	leaf := sign(template, parent, key, by)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
}

// otherNames makes the extension for names that have no place in package x509.
func otherNames(l Leaf) pkix.Extension {
	var all []byte
	add := func(id asn1.ObjectIdentifier, text []byte, err error) {
		if err != nil {
			panic(err)
		}
		typ, err := asn1.Marshal(id)
		if err != nil {
			panic(err)
		}
		tagged := func(tag int, b []byte) []byte {
			b, err := asn1.Marshal(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: b})
			if err != nil {
				panic(err)
			}
			return b
		}
		all = append(all, tagged(0, append(typ, tagged(0, text)...))...)
	}
	for _, s := range l.Services {
		b, err := asn1.MarshalWithParams(s, "ia5")
		add(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 7}, b, err)
	}
	for _, s := range l.Addresses {
		b, err := asn1.MarshalWithParams(s, "utf8")
		add(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 5}, b, err)
	}
	value, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: all})
	if err != nil {
		panic(err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: value}
}

// PEMFiles returns a certificate and its key as servers read them from files.
func PEMFiles(c tls.Certificate) (cert, key []byte) {
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
