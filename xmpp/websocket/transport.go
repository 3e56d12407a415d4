package websocket

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"stanza.invalid/internal/endpoint"
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
	kind := endpoint.Kind{Name: "a websocket", Scheme: "wss", Clear: "ws", Relation: hostmeta.Websocket}
	all, err := kind.Find(ctx, s, t.URL)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	if len(all) == 0 {
		return nil, ErrNoEndpoint
	}
	return endpoint.First(ctx, all, func(ctx context.Context, u *url.URL) (stream.Transport, error) {
		return wsconn.Dial(ctx, wsconn.Config{URL: u, TLS: s.TLS, Dial: s.Dial})
	})
}
