package xmpp

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"

	"stanza.invalid/stream"
)

// A Transport makes connections by other means than TCP. Packages xmpp/websocket and xmpp/bosh
// have one each.
type Transport interface {
	// Connect makes a connection to a server, over which a stream is opened as it would be
	// over TCP. If the connection has a method ConnectionState that returns a
	// tls.ConnectionState, it is protected by TLS, and logins may be bound to it; one that
	// consists of several also has a method ChannelBindings, which returns the names of the
	// channel bindings that hold for all of them. One goroutine of a client calls it, again for
	// each connection; ctx bounds it, and not the connection.
	Connect(ctx context.Context, s Service) (stream.Transport, error)
}

// Service is what a [Transport] connects to, and how.
type Service struct {
	// Domain is the domain of the client's address, as DNS has it.
	Domain string
	// Location is where the server has sent the client, a URI; "" if it has not. Nothing
	// less safe than what the client was to use in the first place may be followed.
	Location string
	// TLS is how TLS is made: the configuration of the client, with pins. Who connects to
	// another host than Domain, because the user or the domain itself said so, sets
	// ServerName to that.
	TLS *tls.Config
	// InsecureNoTLS is that of the client's configuration.
	InsecureNoTLS bool
	// Dial makes a connection of TCP as the configuration says, with its proxy and resolver.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// dialTransport makes a connection by Config.Transport: where the server has sent the
// client, or where the transport itself knows.
func (c *Client) dialTransport(ctx context.Context) (stream.Transport, error) {
	s := Service{Domain: c.domain, TLS: c.tlsConfig(false), InsecureNoTLS: c.cfg.InsecureNoTLS, Dial: c.dialAddr}
	c.redirect.inVain()
	if hint := c.redirect.host(); hint != "" {
		s.Location = hint
		hinted, cancel := context.WithTimeout(ctx, c.cfg.SessionTimeout/4)
		defer cancel()
		t, err := c.connectBy(hinted, s)
		if err == nil {
			c.redirect.try(hint)
			return t, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
		c.redirect.forget(hint)
		s.Location = ""
	}
	return c.connectBy(ctx, s)
}

// connectBy makes a connection by Config.Transport.
func (c *Client) connectBy(ctx context.Context, s Service) (t stream.Transport, err error) {
	err = c.call("Config.Transport", func() (err error) {
		t, err = c.cfg.Transport.Connect(ctx, s)
		return err
	})
	return t, err
}

// dialAddr makes a connection of TCP to a host that a transport names.
func (c *Client) dialAddr(ctx context.Context, _, addr string) (net.Conn, error) {
	host, port, err := splitHostPort(addr, 0)
	if err != nil {
		return nil, err
	}
	conn, _, err := c.race(ctx, c.places.order(c.addresses(ctx, []candidate{{host: host, port: port}})))
	return conn, err
}

// follow takes a redirection, and reports whether it is one.
func (c *Client) follow(to string) bool {
	if c.cfg.Transport == nil {
		return c.redirect.follow(to)
	}
	u, err := url.Parse(to)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || len(to) > maxURI {
		return false
	}
	c.redirect.set(to)
	return true
}

// maxURI is how long the URI of a redirection may be.
const maxURI = 2048
