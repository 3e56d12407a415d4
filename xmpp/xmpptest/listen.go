package xmpptest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"
)

// Addr returns the address, host:port, at which components connect. The first call opens
// a port on 127.0.0.1 that is free; it panics if there is none, or if the server is
// closed. In a bubble of testing/synctest use [Server.Dialer] instead: the clock of a
// bubble stands still while somebody waits for a socket.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		if s.closed {
			panic(ErrClosed.Error())
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(fmt.Sprintf("xmpptest: no port to listen on: %v", err))
		}
		s.listener = l
		s.running.Go(func() {
			for {
				nc, err := l.Accept()
				if err != nil {
					return
				}
				if s.accept(nc) != nil {
					nc.Close()
				}
			}
		})
	}
	return s.listener.Addr().String()
}

// accept serves a connection on a goroutine of its own.
func (s *Server) accept(nc net.Conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	c := newConn(s, nc)
	s.conns[c] = struct{}{}
	s.running.Go(c.serve)
	return nil
}

// Dialer makes connections in memory, whatever address they are to go to. It fits the
// Dialer field of a component's configuration.
type Dialer struct{ connect func(nc net.Conn) error }

// Dialer returns a dialer whose connections lead to the server without a socket.
func (s *Server) Dialer() *Dialer { return &Dialer{connect: s.accept} }

// DialContext connects. It fails once the other side is closed.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ours, theirs := net.Pipe()
	if err := d.connect(theirs); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return ours, nil
}

// TLSConfig returns what a client needs to trust the server: nil if it has no TLS. The
// caller may change it.
func (s *Server) TLSConfig() *tls.Config {
	if s.tls == nil {
		return nil
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.cert.Leaf)
	return &tls.Config{RootCAs: roots, ServerName: "localhost"}
}

// makeCertificate makes a certificate for loopback that lasts for a day. It panics if the
// system has no randomness.
func (s *Server) makeCertificate() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "xmpptest"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	s.cert = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
	s.tls = &tls.Config{Certificates: []tls.Certificate{s.cert}}
}
