package xmpp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"runtime/debug"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp/jid"
)

// A program gives a client functions that are called where it connects: on goroutines of its
// own, where a panic would be the end of the process. It is the end of what the function was to
// do instead, and reported like that of a handler.

// caught runs a piece of the program's code, and returns its panic as an error.
func caught(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &stream.PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return f()
}

// call runs a piece of the program's code, and reports its panic, which is an error.
func (c *Client) call(what string, f func() error) error {
	err := caught(f)
	if p, ok := err.(*stream.PanicError); ok {
		c.stream.Report(stream.Failure{Err: p, Handler: what})
	}
	return err
}

// tell calls a hook that is only told something, of which nothing depends on.
func (c *Client) tell(what string, f func()) {
	_ = c.call(what, func() error { f(); return nil })
}

// guarded returns hooks that report their panics. The stream guards those that it calls.
func (c *Client) guarded(t *Trace) *Trace {
	if t == nil {
		return nil
	}
	g := *t
	if f := t.Lookup; f != nil {
		g.Lookup = func(addrs []string, err error) { c.tell("Trace.Lookup", func() { f(addrs, err) }) }
	}
	if f := t.ConnectStart; f != nil {
		g.ConnectStart = func(addr string) { c.tell("Trace.ConnectStart", func() { f(addr) }) }
	}
	if f := t.ConnectDone; f != nil {
		g.ConnectDone = func(addr string, err error) { c.tell("Trace.ConnectDone", func() { f(addr, err) }) }
	}
	if f := t.TLS; f != nil {
		g.TLS = func(cs tls.ConnectionState, err error) { c.tell("Trace.TLS", func() { f(cs, err) }) }
	}
	if f := t.AuthStart; f != nil {
		g.AuthStart = func(mechanism string) { c.tell("Trace.AuthStart", func() { f(mechanism) }) }
	}
	if f := t.AuthDone; f != nil {
		g.AuthDone = func(mechanism string, err error) { c.tell("Trace.AuthDone", func() { f(mechanism, err) }) }
	}
	if f := t.Session; f != nil {
		g.Session = func(addr jid.JID, resumed bool) { c.tell("Trace.Session", func() { f(addr, resumed) }) }
	}
	return &g
}

// dialVia makes a connection by Config.Dialer.
func (c *Client) dialVia(ctx context.Context, addr string) (conn net.Conn, err error) {
	err = c.call("Config.Dialer", func() (err error) {
		conn, err = c.cfg.dialer().DialContext(ctx, "tcp", addr)
		return err
	})
	return conn, err
}

// loadStored reads Config.Store.
func (c *Client) loadStored(ctx context.Context) (b []byte, err error) {
	err = c.call("Config.Store", func() (err error) {
		b, err = c.cfg.Store.Load(ctx, c.addr.Bare())
		return err
	})
	return b, err
}

// store writes Config.Store; nil removes what is there. Nothing is written for an account
// that was deleted.
func (c *Client) store(ctx context.Context, b []byte) error {
	c.storing.Lock()
	defer c.storing.Unlock()
	if b != nil && c.isDeleted() {
		return nil
	}
	return c.call("Config.Store", func() error { return c.cfg.Store.Save(ctx, c.addr.Bare(), b) })
}

// guardTLS makes the panics of functions in a configuration of TLS errors: they may be called
// on goroutines of net/http. Whom they were to judge is not trusted then.
func (c *Client) guardTLS(t *tls.Config) {
	const what = "Config.TLS"
	if f := t.VerifyPeerCertificate; f != nil {
		t.VerifyPeerCertificate = func(raw [][]byte, chains [][]*x509.Certificate) error {
			return c.call(what, func() error { return f(raw, chains) })
		}
	}
	if f := t.VerifyConnection; f != nil {
		t.VerifyConnection = func(cs tls.ConnectionState) error {
			return c.call(what, func() error { return f(cs) })
		}
	}
	if f := t.GetClientCertificate; f != nil {
		t.GetClientCertificate = func(q *tls.CertificateRequestInfo) (cert *tls.Certificate, err error) {
			err = c.call(what, func() (err error) {
				cert, err = f(q)
				return err
			})
			return cert, err
		}
	}
	if t.ClientSessionCache != nil {
		t.ClientSessionCache = sessionCache{c, t.ClientSessionCache}
	}
}

// sessionCache is a cache of the program's, which the reader calls.
type sessionCache struct {
	c *Client
	tls.ClientSessionCache
}

func (s sessionCache) Get(key string) (cs *tls.ClientSessionState, ok bool) {
	s.c.tell("Config.TLS", func() { cs, ok = s.ClientSessionCache.Get(key) })
	return cs, ok
}

func (s sessionCache) Put(key string, cs *tls.ClientSessionState) {
	s.c.tell("Config.TLS", func() { s.ClientSessionCache.Put(key, cs) })
}
