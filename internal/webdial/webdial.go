// Package webdial makes the connections of TLS that HTTP goes over.
package webdial

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
)

// Func makes a connection of TCP.
type Func func(ctx context.Context, network, addr string) (net.Conn, error)

// TLS makes a connection with TLS to a host, whose name is verified whatever the
// configuration says. It speaks HTTP/1.1.
func TLS(ctx context.Context, dial Func, cfg *tls.Config, network, addr, host string) (*tls.Conn, error) {
	conn, err := dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if cfg = cfg.Clone(); cfg == nil {
		cfg = &tls.Config{}
	}
	cfg.ServerName = host
	cfg.NextProtos = []string{"http/1.1"}
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	secure := tls.Client(conn, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("TLS handshake: %w", err)
	}
	return secure, nil
}
