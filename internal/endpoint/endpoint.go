// Package endpoint finds where XMPP is on the web: at a URL that the user gives, where the
// server has sent the client, or where the domain says (XEP-0156).
package endpoint

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"stanza.invalid/internal/hostmeta"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
)

// Kind is a kind of endpoints.
type Kind struct {
	// Name is what an endpoint is called in errors.
	Name string
	// Scheme is that of its URLs, Clear that of those without TLS.
	Scheme, Clear string
	// Relation is that of links to it.
	Relation string
}

// Find returns where to try, in order: nothing if the domain names nothing. own is the URL
// that the user gives, "" for none.
func (k Kind) Find(ctx context.Context, s xmpp.Service, own string) ([]*url.URL, error) {
	var given *url.URL
	if own != "" {
		var err error
		if given, err = k.parse(own, s.InsecureNoTLS); err != nil {
			return nil, err
		}
	}
	switch {
	case s.Location != "":
		// not from TLS to clear text (RFC 7395, section 3.6.1)
		u, err := k.parse(s.Location, given != nil && given.Scheme == k.Clear)
		return []*url.URL{u}, err
	case given != nil:
		return []*url.URL{given}, nil
	}
	return hostmeta.Lookup(ctx, hostmeta.Config{Domain: s.Domain, TLS: s.TLS, Dial: s.Dial}, k.Relation, k.Scheme)
}

// parse checks the URL of an endpoint.
func (k Kind) parse(text string, insecure bool) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the URL of %s is no URL", k.Name) // it may hold a password
	case u.Scheme == k.Clear && !insecure:
		return nil, fmt.Errorf("%s: %w", u.Redacted(), xmpp.ErrNoTLS)
	case u.Scheme != k.Scheme && u.Scheme != k.Clear || u.Host == "" || u.User != nil:
		return nil, fmt.Errorf("%q is no URL of %s", u.Redacted(), k.Name)
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// First returns the first connection that can be made to one of several endpoints, of which
// each takes no more of the time than is its due.
func First(ctx context.Context, all []*url.URL, dial func(ctx context.Context, u *url.URL) (stream.Transport, error)) (stream.Transport, error) {
	var why []error
	for i, u := range all {
		conn, err := within(ctx, len(all)-i, func(ctx context.Context) (stream.Transport, error) { return dial(ctx, u) })
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

// within gives a dial the time that is due to one of n.
func within(ctx context.Context, n int, dial func(ctx context.Context) (stream.Transport, error)) (stream.Transport, error) {
	if d, ok := ctx.Deadline(); ok && n > 1 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(d)/time.Duration(n))
		defer cancel()
	}
	return dial(ctx)
}
