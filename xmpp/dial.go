package xmpp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"stanza.invalid/stream"
)

// ErrNoService is returned for a domain that says, in DNS, that it has no XMPP for
// clients.
var ErrNoService = errors.New("xmpp: the domain says that it has no XMPP service")

// dial makes a connection to the server: where the session can be resumed, where the
// server has sent the client, at Config.Addr, or wherever DNS leads.
func (c *Client) dial(ctx context.Context) (stream.Transport, error) {
	if c.isDeleted() {
		return nil, stream.Permanent(ErrDeleted)
	}
	c.shown.forget()
	if c.cfg.Transport != nil {
		return c.dialTransport(ctx)
	}
	vain := c.redirect.inVain()
	for _, hint := range []string{c.stream.ResumeLocation(), c.redirect.host()} {
		if hint == "" || hint == vain {
			continue
		}
		if t, err := c.dialHint(ctx, hint); err == nil {
			c.redirect.try(hint)
			return t, nil
		} else if ctx.Err() != nil {
			return nil, err
		}
		c.redirect.forget(hint)
	}
	all, err := c.candidates(ctx)
	all = c.places.order(all)
	c.trace().lookup(all, err)
	if err != nil {
		return nil, err
	}
	return c.negotiateWith(ctx, all)
}

// dialHint connects to where the server wants the client to go, which costs a part of the
// time at most.
func (c *Client) dialHint(ctx context.Context, hint string) (stream.Transport, error) {
	host, port, err := splitHostPort(hint, defaultPort)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.SessionTimeout/4)
	defer cancel()
	return c.negotiateWith(ctx, c.places.order(c.addresses(ctx, []candidate{{host: host, port: port, direct: c.cfg.DirectTLS}})))
}

// negotiateWith makes a connection to one of several places, for a session with whom is there.
func (c *Client) negotiateWith(ctx context.Context, all []candidate) (net.Conn, error) {
	conn, at, err := c.race(ctx, all)
	if err != nil {
		return nil, err
	}
	c.places.negotiating(conn, at, all, c.cfg.SessionTimeout/4)
	return conn, nil
}

const defaultPort = 5222

// splitHostPort reads host, host:port or [address]:port.
func splitHostPort(s string, port uint16) (string, uint16, error) {
	if ip := net.ParseIP(trimBrackets(s)); ip != nil {
		return ip.String(), port, nil
	}
	host, p := s, ""
	if strings.Contains(s, ":") {
		var err error
		if host, p, err = net.SplitHostPort(s); err != nil {
			return "", 0, err
		}
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return "", 0, fmt.Errorf("%q is no port", p)
		}
		port = uint16(n)
	}
	if net.ParseIP(host) == nil {
		var err error
		if host, err = asciiDomain(host); err != nil || !isHostname(host) {
			return "", 0, fmt.Errorf("%q is no host", s)
		}
	}
	return host, port, nil
}

// isHostname reports whether s has nothing but what names of hosts consist of.
func isHostname(s string) bool {
	return s != "" && len(s) < 254 && strings.IndexFunc(s, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '.' || r == '_')
	}) < 0
}

// connectTo makes one connection, with TLS if it begins with that.
func (c *Client) connectTo(ctx context.Context, a candidate) (net.Conn, error) {
	conn, err := c.trace().connect(a.String(), func() (net.Conn, error) {
		return c.dialVia(ctx, a.String())
	})
	if err != nil {
		return nil, err
	}
	if c.cfg.Socket != nil {
		if err := c.call("Config.Socket", func() error { return c.cfg.Socket(conn) }); err != nil {
			conn.Close()
			return nil, err
		}
	}
	if a.direct {
		return c.handshake(ctx, conn)
	}
	return conn, nil
}
