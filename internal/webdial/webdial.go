// Package webdial makes the connections of TLS that HTTP goes over.
package webdial

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"
)

// Func makes a connection of TCP.
type Func func(ctx context.Context, network, addr string) (net.Conn, error)

// TLS makes TLS over a connection to a host, whose name is verified whatever the configuration
// says. It is for HTTP/1.1. The connection is closed if that fails.
func TLS(ctx context.Context, conn net.Conn, cfg *tls.Config, host string) (*tls.Conn, error) {
	if cfg = cfg.Clone(); cfg == nil {
		cfg = &tls.Config{}
	}
	cfg.ServerName = host
	cfg.NextProtos = []string{"http/1.1"}
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	cfg.DynamicRecordSizingDisabled = true // whoever writes whole messages wants them whole in records
	secure := tls.Client(conn, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	return secure, nil
}

// alertTimeout is how long a peer has to take the last words of TLS, for which a peer that
// closes at the same time may not be listening any more.
const alertTimeout = 100 * time.Millisecond

// Close closes a connection without waiting for long.
func Close(conn *tls.Conn) error {
	cut := time.AfterFunc(alertTimeout, func() { conn.NetConn().Close() })
	defer cut.Stop()
	return conn.Close()
}
