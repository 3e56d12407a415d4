package xmpp

import (
	"context"
	"net"

	"stanza.invalid/stream"
)

// dial makes a connection to the server.
func (c *Client) dial(ctx context.Context) (stream.Transport, error) {
	addr := c.cfg.Addr
	if addr == "" {
		addr = net.JoinHostPort(c.domain, "5222")
	}
	conn, err := c.cfg.Dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if c.cfg.Socket != nil {
		if err := c.cfg.Socket(conn); err != nil {
			conn.Close()
			return nil, err
		}
	}
	if c.cfg.DirectTLS {
		return c.handshake(ctx, conn)
	}
	return conn, nil
}
