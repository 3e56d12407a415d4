package wsconn

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"stanza.invalid/gen/framing"
	"stanza.invalid/internal/frames"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
)

// Subprotocol is the name of XMPP among the subprotocols of websockets.
const Subprotocol = "xmpp"

// Conn is a websocket that looks like a connection of TCP: what is written to it is cut
// into messages, and what is read from it is a stream again. It can be read and written at
// once, by one goroutine each; closing it the second time cuts it off.
type Conn struct {
	ws  *websocket.Conn
	raw *corked

	framer *wire.Framer // of the reader: of the message at hand
	text   []byte       // of the reader: what it has become
	opened bool         // of the reader: a header came in

	writing sync.Mutex
	cutter  frames.Cutter // guarded by writing
	marks   []mark        // guarded by writing
	failing atomic.Bool   // an error of the stream was written
	footer  atomic.Bool   // the stream's end was written
	ended   atomic.Bool   // the stream's end was read
	closing atomic.Bool
	pinging atomic.Bool
}

// mark says where the messages of a piece end.
type mark struct{ end, gathered int }

// secured is a Conn over TLS.
type secured struct {
	*Conn
	state tls.ConnectionState
}

// ConnectionState returns the state of TLS, to which logins can be bound.
func (c *secured) ConnectionState() tls.ConnectionState { return c.state }

func newConn(ws *websocket.Conn, raw *corked, l wire.Limits) *Conn {
	ws.SetReadLimit(-1) // the framer bounds messages as it does on TCP, with an error that tells
	return &Conn{ws: ws, raw: raw, framer: wire.NewBareFramer(l, nil)}
}

// SetLimits replaces the limits for the messages to come. It is for the goroutine that
// reads.
func (c *Conn) SetLimits(l wire.Limits) { c.framer.SetLimits(l) }

// Read returns text of the stream.
func (c *Conn) Read(p []byte) (int, error) {
	for len(c.text) == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.text)
	if c.text = c.text[n:]; len(c.text) == 0 {
		c.text = nil // idle connections have none
	}
	return n, nil
}

// next reads a message.
func (c *Conn) next() error {
	kind, r, err := c.ws.Reader(context.Background())
	if err != nil {
		return readError(err)
	}
	if kind != websocket.MessageText {
		return &stream.Error{Condition: stream.BadFormat, Text: "a message that is no text", Sent: true}
	}
	root, err := frames.ReadOne(c.framer, r)
	if err != nil {
		return readError(err)
	}
	switch {
	case root.Is(framing.NS, "open"):
		c.opened = true
		c.text, err = frames.AppendHeader(nil, frames.ReadHeader(root))
	case root.Is(framing.NS, "close"):
		c.ended.Store(true)
		c.text, err = c.appendEnd(nil, root)
	default:
		c.text, err = frames.AppendElement(nil, root)
	}
	return err
}

// appendEnd appends the end of a stream. Where to go instead is what other transports call
// a stream error. It may come in place of a header.
func (c *Conn) appendEnd(b []byte, root wire.Raw) (_ []byte, err error) {
	if !c.opened {
		h := frames.ReadHeader(root)
		h.Version = "1.0" // or nobody would read on
		if b, err = frames.AppendHeader(b, h); err != nil {
			return b, err
		}
	}
	if uri, ok := root.Attr("see-other-uri"); ok && uri != "" {
		b, err = wire.AppendLeaf(b, "<stream:error><see-other-host xmlns='"+stream.NSErrors+"'>", uri, "</see-other-host></stream:error>")
		if err != nil {
			return b, err
		}
	}
	return append(b, frames.Footer...), nil
}

// readError makes the ends of websockets into those of connections.
func readError(err error) error {
	var end websocket.CloseError
	switch {
	case errors.As(err, &end):
		switch end.Code {
		case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd:
			return io.EOF
		}
		return fmt.Errorf("the peer has closed the websocket: %s %q", end.Code, end.Reason)
	case errors.Is(err, io.EOF):
		return io.EOF
	}
	return err
}

// Write sends the pieces that b completes, each as a message. White space alone, which
// keeps other connections alive, becomes a ping. It returns the length of the pieces that
// were written whole, unless it is all of b.
func (c *Conn) Write(b []byte) (int, error) {
	if len(bytes.TrimSpace(b)) == 0 {
		c.ping()
		return len(b), nil
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	c.marks = c.marks[:0]
	c.raw.cork()
	err := c.cutter.Cut(b, c.send)
	n, failed := c.raw.uncork(c.marks)
	if err == nil && failed == nil {
		return len(b), nil
	}
	whole := 0
	for _, m := range c.marks {
		if m.gathered <= n {
			whole = m.end
		}
	}
	return whole, errors.Join(failed, err)
}

// send sends a piece. The caller holds writing.
func (c *Conn) send(p frames.Piece) error {
	text := p.Text
	switch p.Kind {
	case wire.Header:
		var err error
		if text, err = frames.AppendOpen(nil, frames.ReadHeader(p.Root)); err != nil {
			return err
		}
	case wire.Footer:
		c.footer.Store(true)
		text = []byte("<close xmlns='" + framing.NS + "'/>")
	default:
		if p.Root.Is(wire.NSStream, "error") {
			c.failing.Store(true)
		}
	}
	if err := c.ws.Write(context.Background(), websocket.MessageText, text); err != nil {
		return err
	}
	c.marks = append(c.marks, mark{p.End, c.raw.gathered()})
	return nil
}

// pingTimeout is how long a pong may take before it is not waited for any more.
const pingTimeout = 30 * time.Second

// ping sends a ping, unless the last one is not answered yet. That there is an answer is
// for stream management to find out, or for a ping of XMPP's.
func (c *Conn) ping() {
	if c.pinging.Swap(true) {
		return
	}
	go func() {
		defer c.pinging.Store(false)
		ctx, cancel := context.WithTimeout(context.Background(), pingTimeout)
		defer cancel()
		_ = c.ws.Ping(ctx)
	}()
}

// closeTimeout is how long the closing handshake of the websocket may take.
const closeTimeout = time.Second

// Close closes the websocket: with its handshake if the stream was closed before, else
// without a word. Closing it once more cuts the handshake short.
func (c *Conn) Close() error {
	again := c.closing.Swap(true)
	if !again && c.footer.Load() && (c.ended.Load() || c.failing.Load()) {
		t := time.AfterFunc(closeTimeout, func() { _ = c.raw.Close() })
		defer t.Stop()
		c.raw.linger()
		return c.ws.Close(websocket.StatusNormalClosure, "")
	}
	err := c.raw.Close()
	_ = c.ws.CloseNow()
	return err
}

// RemoteAddr returns where the other side is. There is no LocalAddr: a Conn is no net.Conn,
// over which TLS could be started.
func (c *Conn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

// SetDeadline bounds reads and writes. A websocket does not survive a deadline.
func (c *Conn) SetDeadline(t time.Time) error { return c.raw.SetDeadline(t) }

// SetReadDeadline bounds reads.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.raw.SetReadDeadline(t) }

// SetWriteDeadline bounds writes.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.raw.SetWriteDeadline(t) }
