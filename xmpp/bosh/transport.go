package bosh

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"stanza.invalid/internal/boshconn"
	"stanza.invalid/internal/endpoint"
	"stanza.invalid/internal/hostmeta"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
)

// Transport connects clients by BOSH: it is for the field Transport of [xmpp.Config]. The
// zero Transport finds out where.
type Transport struct {
	// URL is where the server takes requests: https://example.org/http-bind. The scheme http,
	// without TLS, needs Config.InsecureNoTLS. If empty, the domain is asked.
	URL string
	// Wait is how long the server may hold a request before it answers with nothing (default
	// 50 s, which is less than the minute after which proxies often give up; whole seconds).
	// A network that is gone without a word is found that much later.
	Wait time.Duration

	mu   sync.Mutex
	last *boshconn.Conn // guarded by mu
}

var _ xmpp.Transport = (*Transport)(nil)

// ErrNoEndpoint is returned for a domain that names no place where its server takes requests.
var ErrNoEndpoint = errors.New("bosh: the domain names no endpoint for XMPP over BOSH")

// Connect makes a connection for a session. Package xmpp calls it for each one.
func (t *Transport) Connect(ctx context.Context, s xmpp.Service) (stream.Transport, error) {
	kind := endpoint.Kind{Name: "BOSH", Scheme: "https", Clear: "http", Relation: hostmeta.BOSH}
	all, err := kind.Find(ctx, s, t.URL)
	if err != nil {
		return nil, fmt.Errorf("bosh: %w", err)
	}
	if len(all) == 0 {
		return nil, ErrNoEndpoint
	}
	return endpoint.First(ctx, all, func(ctx context.Context, u *url.URL) (stream.Transport, error) {
		conn, session, err := boshconn.Dial(ctx, boshconn.Config{URL: u, TLS: s.TLS, Dial: s.Dial, Wait: t.Wait})
		if err != nil {
			return nil, err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.last = session
		return conn, nil
	})
}

// ErrNoPause is returned for a pause that the server does not grant.
var ErrNoPause = errors.New("bosh: the server grants no such pause")

// Pause lets the network rest: the server is asked to wait for up to d, until then no request
// is under way, and what comes for the client waits at the server. Whatever is sent ends the
// pause. It is about the session of the connection that was made last; d is at most what the
// server has said that it grants (XEP-0124, section 10), and at least a second.
func (t *Transport) Pause(d time.Duration) error {
	t.mu.Lock()
	session := t.last
	t.mu.Unlock()
	if session == nil || !session.Pause(d) {
		return ErrNoPause
	}
	return nil
}
