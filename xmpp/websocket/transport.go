package websocket

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"stanza.invalid/internal/hostmeta"
	"stanza.invalid/internal/wsconn"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
)

// Transport connects clients over websockets: it is for the field Transport of
// [xmpp.Config]. The zero Transport finds out where.
type Transport struct {
	// URL is where the server takes websockets: wss://example.org/xmpp-websocket. The scheme
	// ws, without TLS, needs Config.InsecureNoTLS. If empty, the domain is asked.
	URL string
}

var _ xmpp.Transport = (*Transport)(nil)

// ErrNoEndpoint is returned for a domain that names no websocket of its server.
var ErrNoEndpoint = errors.New("websocket: the domain names no endpoint for XMPP over websockets")

// Connect opens a websocket. Package xmpp calls it for each connection.
func (t *Transport) Connect(ctx context.Context, s xmpp.Service) (stream.Transport, error) {
	all, err := t.endpoints(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	if len(all) == 0 {
		return nil, ErrNoEndpoint
	}
	var why []error
	for _, u := range all {
		conn, err := wsconn.Dial(ctx, wsconn.Config{URL: u, TLS: s.TLS, Dial: s.Dial})
		if err == nil {
			return conn, nil
		}
		why = append(why, fmt.Errorf("%s: %w", u.Redacted(), err))
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(why...)
}

// endpoints returns where to try, in order.
func (t *Transport) endpoints(ctx context.Context, s xmpp.Service) ([]*url.URL, error) {
	var own *url.URL
	if t.URL != "" {
		var err error
		if own, err = parse(t.URL, s.InsecureNoTLS); err != nil {
			return nil, err
		}
	}
	switch {
	case s.Location != "":
		// not from TLS to clear text (RFC 7395, section 3.6.1)
		u, err := parse(s.Location, own != nil && own.Scheme == "ws")
		return []*url.URL{u}, err
	case own != nil:
		return []*url.URL{own}, nil
	}
	return hostmeta.Lookup(ctx, hostmeta.Config{Domain: s.Domain, TLS: s.TLS, Dial: s.Dial}, hostmeta.Websocket, "wss")
}

// parse checks the URL of an endpoint.
func parse(text string, insecure bool) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is no URL", text)
	case u.Scheme == "ws" && !insecure:
		return nil, fmt.Errorf("%s: %w", u.Redacted(), xmpp.ErrNoTLS)
	case u.Scheme != "wss" && u.Scheme != "ws" || u.Host == "" || u.User != nil:
		return nil, fmt.Errorf("%q is no URL of a websocket", u.Redacted())
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}
