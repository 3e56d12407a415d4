package xmpp

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"

	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// Trace is a set of hooks that see what a [Client] does to get to a session, and what it
// says and hears then. Each may be nil. They may be called from several goroutines and at
// once; they must not block. One that panics is reported to Config.Failed, and changes nothing. None gets a secret: not a password, nor a token, nor what is
// said in SASL.
type Trace struct {
	// Lookup is called when it is known where the server may be: in the order in which
	// connections are tried, or why there is none to try.
	Lookup func(addrs []string, err error)
	// ConnectStart is called when a connection is tried. Several may be under way.
	ConnectStart func(addr string)
	// ConnectDone is called when it was made, or why it was not.
	ConnectDone func(addr string, err error)
	// TLS is called after each handshake.
	TLS func(state tls.ConnectionState, err error)
	// Features is called with the features of each stream.
	Features func(features wire.Raw)
	// AuthStart is called before a login is tried.
	AuthStart func(mechanism string)
	// AuthDone is called when it has worked, or with why it has not.
	AuthDone func(mechanism string, err error)
	// Session is called when there is a session: a new one, or one that goes on.
	Session func(addr jid.JID, resumed bool)
	// XML is called with each piece of what goes over the connection: stream headers,
	// elements, footers. See stream.Config.
	XML func(d stream.Direction, text string)
}

// LogTrace returns hooks that write to a log, at the level Debug.
func LogTrace(l *slog.Logger) *Trace {
	return &Trace{
		Lookup:       func(addrs []string, err error) { l.Debug("lookup", "addrs", addrs, "error", err) },
		ConnectStart: func(addr string) { l.Debug("connecting", "addr", addr) },
		ConnectDone:  func(addr string, err error) { l.Debug("connected", "addr", addr, "error", err) },
		TLS: func(s tls.ConnectionState, err error) {
			l.Debug("TLS", "version", tls.VersionName(s.Version), "suite", tls.CipherSuiteName(s.CipherSuite), "error", err)
		},
		AuthStart: func(mechanism string) { l.Debug("login", "mechanism", mechanism) },
		AuthDone:  func(mechanism string, err error) { l.Debug("login done", "mechanism", mechanism, "error", err) },
		Session:   func(addr jid.JID, resumed bool) { l.Debug("session", "addr", addr, "resumed", resumed) },
		XML: func(d stream.Direction, text string) {
			way := "in"
			if d == stream.Out {
				way = "out"
			}
			l.Debug("XML", "way", way, "text", text)
		},
	}
}

// trace returns the hooks, none of which has to be there.
func (c *Client) trace() *Trace {
	if c.hooks != nil {
		return c.hooks
	}
	return &Trace{}
}

func (t *Trace) lookup(all []candidate, err error) {
	if t.Lookup == nil {
		return
	}
	var addrs []string
	for _, a := range all {
		addrs = append(addrs, a.String())
	}
	t.Lookup(addrs, err)
}

// connect calls dial between the hooks.
func (t *Trace) connect(addr string, dial func() (net.Conn, error)) (net.Conn, error) {
	if t.ConnectStart != nil {
		t.ConnectStart(addr)
	}
	conn, err := dial()
	if t.ConnectDone != nil {
		t.ConnectDone(addr, err)
	}
	return conn, err
}

// shakeHands makes TLS, and tells.
func (t *Trace) shakeHands(ctx context.Context, conn *tls.Conn) error {
	err := conn.HandshakeContext(ctx)
	if t.TLS != nil {
		t.TLS(conn.ConnectionState(), err)
	}
	return err
}

func (t *Trace) authStart(mechanism string) {
	if t.AuthStart != nil {
		t.AuthStart(mechanism)
	}
}

func (t *Trace) authDone(mechanism string, err error) {
	if t.AuthDone != nil {
		t.AuthDone(mechanism, err)
	}
}

func (t *Trace) session(addr jid.JID, resumed bool) {
	if t.Session != nil {
		t.Session(addr, resumed)
	}
}
