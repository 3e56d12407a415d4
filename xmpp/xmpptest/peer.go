package xmpptest

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// A Peer is the server's side of streams, played by a test: every byte that it sends is
// the test's own. It is for malformed input and for answers that no server gives. Whoever
// is tested gets [Peer.Dialer] for its Dialer.
type Peer struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// NewPeer returns a peer. At most 16 connections wait to be accepted.
func NewPeer() *Peer {
	return &Peer{conns: make(chan net.Conn, 16), closed: make(chan struct{})}
}

// Dialer returns a dialer whose connections lead to the peer, in memory.
func (p *Peer) Dialer() *Dialer {
	return &Dialer{connect: func(_ context.Context, nc net.Conn) error {
		select {
		case <-p.closed:
			return net.ErrClosed
		default:
		}
		select {
		case p.conns <- nc:
			return nil
		default:
			return errors.New("xmpptest: too many connections wait for the peer")
		}
	}}
}

// Accept waits for the next connection.
func (p *Peer) Accept(ctx context.Context) (*PeerConn, error) {
	select {
	case nc := <-p.conns:
		return NewPeerConn(nc), nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close refuses further connections and closes those that nobody accepted.
func (p *Peer) Close() {
	p.once.Do(func() { close(p.closed) })
	for {
		select {
		case nc := <-p.conns:
			nc.Close()
		default:
			return
		}
	}
}

// A PeerConn is one connection of a [Peer]. One goroutine may read from it while others
// write.
type PeerConn struct {
	nc net.Conn
	in input
	// Patience is how long reading and writing may take (default 5 s). It is set before
	// the first of them.
	Patience time.Duration
}

// NewPeerConn returns a connection that is played by hand over any other.
func NewPeerConn(nc net.Conn) *PeerConn {
	return &PeerConn{nc: nc, in: input{r: nc, f: wire.NewFramer(wire.Limits{Bytes: 16 << 20})}, Patience: 5 * time.Second}
}

// Write sends bytes as they are.
func (c *PeerConn) Write(b []byte) (int, error) {
	_ = c.nc.SetWriteDeadline(time.Now().Add(c.Patience))
	return c.nc.Write(b)
}

// Send sends text as it is.
func (c *PeerConn) Send(text string) error {
	_, err := io.WriteString(c, text)
	return err
}

// ReadHeader returns the other side's stream header.
func (c *PeerConn) ReadHeader() (wire.Raw, error) { return c.read(wire.Header) }

// Read returns the next top-level element of any kind. At the end of the stream it
// returns io.EOF.
func (c *PeerConn) Read() (wire.Raw, error) { return c.read(wire.Element) }

func (c *PeerConn) read(want wire.Kind) (wire.Raw, error) {
	_ = c.nc.SetReadDeadline(time.Now().Add(c.Patience))
	k, err := c.in.next()
	switch {
	case err != nil:
		return wire.Raw{}, err
	case k == wire.Footer:
		return wire.Raw{}, io.EOF
	case k != want:
		return wire.Raw{}, errors.New("xmpptest: a stream header where an element should be, or the other way round")
	}
	doc := c.in.f.Take()
	return doc.Root(), nil
}

// Receive returns the next stanza. Any other element is an error.
func (c *PeerConn) Receive() (stanza.Stanza, error) {
	r, err := c.Read()
	if err != nil {
		return nil, err
	}
	st, err := parse(r.String())
	if st == nil {
		return nil, fmt.Errorf("xmpptest: %w: %s", err, r)
	}
	return st, nil
}

// Expect returns the next stanza, and fails the test if none comes or if it does not pass
// the checks.
func (c *PeerConn) Expect(t TB, checks ...Check) stanza.Stanza {
	t.Helper()
	st, err := c.Receive()
	if err != nil {
		t.Fatalf("xmpptest: the peer waits for a stanza: %v", err)
		return nil
	}
	Verify(t, st, checks...)
	return st
}

// ExpectStreamError fails the test unless what comes next is a stream error with a
// condition.
func (c *PeerConn) ExpectStreamError(t TB, want stream.Condition) {
	t.Helper()
	r, err := c.Read()
	switch {
	case err != nil:
		t.Fatalf("xmpptest: the peer waits for a stream error: %v", err)
	case !r.Is(wire.NSStream, "error") || r.Child(stream.NSErrors, string(want)).IsZero():
		t.Fatalf("xmpptest: want the stream error %s, got\n  %s", string(want), r)
	}
}

// Open reads the other side's stream header and answers it: with the domain that it asked
// for, its content namespace, and an id.
func (c *PeerConn) Open(id string) (domain jid.JID, err error) {
	h, err := c.ReadHeader()
	if err != nil {
		return domain, err
	}
	to, _ := h.Attr("to")
	if domain, err = jid.Parse(to); err != nil {
		return domain, err
	}
	b := []byte("<?xml version='1.0'?><stream:stream xmlns:stream='" + wire.NSStream + "'")
	for _, a := range [][2]string{{" xmlns='", c.in.f.Context().Content()}, {" from='", domain.String()}, {" id='", id}} {
		if b, err = wire.AppendAttr(b, a[0], a[1]); err != nil {
			return domain, err
		}
	}
	_, err = c.Write(append(b, '>'))
	return domain, err
}

// AcceptComponent plays the server's part of XEP-0114: after it stanzas flow. A component
// that does not know the secret is an error.
func (c *PeerConn) AcceptComponent(secret string) (domain jid.JID, err error) {
	id := stream.NewID()
	if domain, err = c.Open(id); err != nil {
		return domain, err
	}
	r, err := c.Read()
	if err != nil {
		return domain, err
	}
	sum := sha1.Sum([]byte(id + secret))
	if !r.Is(wire.NSClient, "handshake") || r.Text() != hex.EncodeToString(sum[:]) {
		return domain, fmt.Errorf("xmpptest: the component does not know the secret: %s", r)
	}
	return domain, c.Send("<handshake/>")
}

// OpenClient reads a client's stream header and answers it, with features given as text.
// It is called again for each stream on the connection.
func (c *PeerConn) OpenClient(features string) (domain jid.JID, err error) {
	c.in.f.Restart()
	h, err := c.ReadHeader()
	if err != nil {
		return domain, err
	}
	to, _ := h.Attr("to")
	if domain, err = jid.Parse(to); err != nil {
		return domain, err
	}
	b := []byte("<?xml version='1.0'?><stream:stream xmlns='" + wire.NSClient + "' xmlns:stream='" + wire.NSStream + "' version='1.0' id='" + stream.NewID() + "'")
	if b, err = wire.AppendAttr(b, " from='", domain.String()); err != nil {
		return domain, err
	}
	return domain, c.Send(string(b) + "><stream:features>" + features + "</stream:features>")
}

// StartTLS makes the connection one with TLS, as a server's side. What it sends first is
// the first thing in TLS.
func (c *PeerConn) StartTLS(cfg *tls.Config) error {
	t := tls.Server(c.nc, cfg)
	_ = c.nc.SetDeadline(time.Now().Add(c.Patience))
	if err := t.Handshake(); err != nil {
		return err
	}
	_ = c.nc.SetDeadline(time.Time{})
	c.nc, c.in.r = t, t
	c.in.f.Restart()
	return nil
}

// TLS returns the state of the connection's TLS, zero without it.
func (c *PeerConn) TLS() tls.ConnectionState {
	if t, ok := c.nc.(*tls.Conn); ok {
		return t.ConnectionState()
	}
	return tls.ConnectionState{}
}

// Close closes the connection.
func (c *PeerConn) Close() error { return c.nc.Close() }
