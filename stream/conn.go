package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Conn is one connection while it is negotiated. It belongs to the goroutine that
// negotiates.
type Conn struct {
	cfg       *Config
	transport Transport
	framer    *wire.Framer
	src       source
	sent      bool // a header was sent and no footer
	peer      Header
	features  wire.Raw
	done      map[string]bool // negotiators that have run
	local     jid.JID
	remote    jid.JID
}

// NewConn returns a connection over a transport, for negotiation by hand: a server's side,
// a test. The limits are those before a session starts.
func NewConn(t Transport, cfg Config) *Conn {
	c := cfg.withDefaults()
	return newConn(t, &c)
}

func newConn(t Transport, cfg *Config) *Conn {
	c := &Conn{cfg: cfg, done: map[string]bool{}, framer: wire.NewFramer(preSession(cfg.Limits))}
	c.use(t)
	return c
}

func (c *Conn) use(t Transport) {
	c.transport = t
	c.src = newSource(t)
}

// Transport returns the transport.
func (c *Conn) Transport() Transport { return c.transport }

// Secure replaces the transport, as after STARTTLS, and expects a new stream on it. Bytes
// that came in clear text behind the point of change are an error, and a reason to
// distrust the peer.
func (c *Conn) Secure(t Transport) error {
	if len(c.framer.Buffered()) > 0 {
		return &Error{Condition: PolicyViolation, Text: "data in clear text behind the start of TLS", Sent: true}
	}
	c.use(t)
	return nil
}

// Peer returns what the peer's stream header says.
func (c *Conn) Peer() Header { return c.peer }

// Features returns the stream features, or the zero Raw if none came.
func (c *Conn) Features() wire.Raw { return c.features }

// SetLocal sets this side's address, which negotiation has found.
func (c *Conn) SetLocal(j jid.JID) { c.local = j }

// SetRemote sets the peer's address, which negotiation has verified.
func (c *Conn) SetRemote(j jid.JID) { c.remote = j }

// WriteHeader sends a stream header and makes the next one expected from the peer.
func (c *Conn) WriteHeader(h Header) error {
	b := []byte("<?xml version='1.0'?><stream:stream xmlns='")
	var err error
	if b, err = wire.AppendValue(b, h.Content); err != nil {
		return err
	}
	b = append(b, "' xmlns:stream='"+wire.NSStream+"'"...)
	for _, a := range []struct{ open, value string }{
		{" to='", h.To.String()}, {" from='", h.From.String()}, {" id='", h.ID},
		{" version='", h.Version}, {" xml:lang='", h.Lang},
	} {
		if a.value == "" {
			continue
		}
		if b, err = wire.AppendAttr(b, a.open, a.value); err != nil {
			return err
		}
	}
	c.sent = true
	return c.WriteBytes(append(b, '>'))
}

// Restart forgets the peer's stream header; a new one is expected.
func (c *Conn) Restart() {
	c.framer.Restart()
	c.features = wire.Raw{}
}

// Write sends an element. Its namespace is declared unless it is jabber:client, for which
// the stream header speaks.
func (c *Conn) Write(p stanza.Payload) error {
	b, err := encode(p, wire.NSClient)
	if err != nil {
		return err
	}
	defer giveBack(b)
	return c.WriteBytes(*b)
}

// WriteBytes sends bytes as they are.
func (c *Conn) WriteBytes(b []byte) error {
	if d, ok := c.transport.(interface{ SetWriteDeadline(time.Time) error }); ok {
		_ = d.SetWriteDeadline(time.Now().Add(c.cfg.WriteTimeout))
	}
	_, err := c.transport.Write(b)
	return err
}

// Read returns the next top-level element. A stream error becomes an [*Error], the end of
// the stream [ErrEnded].
func (c *Conn) Read() (wire.Raw, error) {
	k, err := c.next()
	if err != nil {
		return wire.Raw{}, err
	}
	switch k {
	case wire.Header:
		return wire.Raw{}, &Error{Condition: InvalidXML, Text: "a stream header out of order", Sent: true}
	case wire.Footer:
		return wire.Raw{}, ErrEnded
	}
	d := c.framer.Take()
	r := d.Root()
	if r.Is(wire.NSStream, "error") {
		return wire.Raw{}, readError(r)
	}
	return r, nil
}

// ReadHeader returns what the peer's stream header says.
func (c *Conn) ReadHeader() (Header, error) {
	k, err := c.next()
	if err != nil {
		return Header{}, err
	}
	if k != wire.Header {
		return Header{}, &Error{Condition: BadFormat, Text: "no stream header", Sent: true}
	}
	d := c.framer.Take()
	r := d.Root()
	if r.Local() != "stream" || r.Space() != wire.NSStream {
		return Header{}, &Error{Condition: InvalidNamespace, Text: "no stream header", Sent: true}
	}
	h := Header{Content: c.framer.Context().Content(), Lang: c.framer.Context().Lang()}
	h.ID, _ = r.Attr("id")
	h.Version, _ = r.Attr("version")
	for _, a := range []struct {
		name string
		to   *jid.JID
	}{{"to", &h.To}, {"from", &h.From}} {
		if v, ok := r.Attr(a.name); ok && v != "" {
			if *a.to, err = jid.Parse(v); err != nil {
				return h, &Error{Condition: ImproperAddressing, Text: "the stream header's " + a.name + " is no address", Sent: true, Err: err}
			}
		}
	}
	c.peer = h
	return h, nil
}

// next reads until a piece is complete.
func (c *Conn) next() (wire.Kind, error) {
	for {
		k, err := c.framer.Next()
		if err != nil || k != wire.More {
			return k, err
		}
		if err := c.fill(); err != nil {
			return k, err
		}
	}
}

// fill reads once.
func (c *Conn) fill() error {
	n, err := c.src.fill(c.framer)
	if n > 0 {
		return nil
	}
	if err == nil {
		return io.ErrNoProgress
	}
	if errors.Is(err, io.EOF) && c.framer.Pending() {
		return io.ErrUnexpectedEOF
	}
	return err
}

// A Negotiator is one step between a connection and a session: TLS, authentication, the
// handshake of a component.
type Negotiator struct {
	// Name says what it is, for errors.
	Name string
	// Feature is the stream feature that it answers. The zero name is for a step that
	// waits for no feature: it runs when its turn comes.
	Feature wire.Name
	// Required says that a stream without the feature is refused.
	Required bool
	// Run does it.
	Run func(ctx context.Context, c *Conn) (Outcome, error)
}

// Outcome says how negotiation goes on after a step.
type Outcome uint8

const (
	// Continue goes on with the next step under the same features.
	Continue Outcome = iota
	// Restart opens a new stream over the connection; its features count.
	Restart
	// Done ends negotiation.
	Done
)

// negotiate opens the stream and runs the steps.
func (c *Conn) negotiate(ctx context.Context, steps []Negotiator) error {
	stop := context.AfterFunc(ctx, func() {
		// ends a read or write under way; the connection is given up
		if d, ok := c.transport.(interface{ SetDeadline(time.Time) error }); ok {
			_ = d.SetDeadline(time.Unix(1, 0))
		} else {
			_ = c.transport.Close()
		}
	})
	defer stop()
	for round := 0; ; round++ {
		if round > 2*len(steps)+2 {
			return &Error{Condition: PolicyViolation, Text: "negotiation does not end", Sent: true}
		}
		if err := c.WriteHeader(c.cfg.Header); err != nil {
			return err
		}
		if _, err := c.ReadHeader(); err != nil {
			return err
		}
		if c.cfg.Header.Version != "" && c.peer.Version != "" {
			if err := c.readFeatures(); err != nil {
				return err
			}
		}
		again, err := c.steps(ctx, steps)
		if err != nil || !again {
			return err
		}
		c.Restart()
	}
}

func (c *Conn) readFeatures() error {
	r, err := c.Read()
	if err != nil {
		return err
	}
	if !r.Is(wire.NSStream, "features") {
		return &Error{Condition: InvalidXML, Text: "no stream features", Sent: true}
	}
	c.features = r
	return nil
}

func (c *Conn) steps(ctx context.Context, steps []Negotiator) (restart bool, err error) {
	for _, st := range steps {
		if c.done[st.Name] {
			continue
		}
		if !st.Feature.IsZero() && c.features.Child(st.Feature.Space, st.Feature.Local).IsZero() {
			if st.Required {
				return false, fmt.Errorf("%s: %w", st.Name, &Error{Condition: UnsupportedFeature, Text: "the feature is not offered", Sent: true})
			}
			continue
		}
		c.done[st.Name] = true
		out, err := st.Run(ctx, c)
		if err != nil {
			if ctx.Err() != nil {
				err = waitError(ctx)
			}
			return false, fmt.Errorf("%s: %w", st.Name, err)
		}
		switch out {
		case Restart:
			return true, nil
		case Done:
			return false, nil
		}
	}
	return false, nil
}

// finish tells the peer about an error, if one is due, and ends the stream.
func (c *Conn) finish(err error) {
	var b []byte
	if e := toSend(err); e != nil && c.sent {
		b = e.appendXML(b)
	}
	if c.sent {
		b = append(b, "</stream:stream>"...)
		if d, ok := c.transport.(interface{ SetWriteDeadline(time.Time) error }); ok {
			_ = d.SetWriteDeadline(time.Now().Add(min(c.cfg.CloseTimeout, c.cfg.WriteTimeout)))
		}
		_, _ = c.transport.Write(b)
		c.sent = false
	}
	_ = c.transport.Close()
}

// source reads from a transport into a framer.
type source interface {
	fill(f *wire.Framer) (int, error)
}

func newSource(t Transport) source {
	if tcp, ok := t.(*net.TCPConn); ok {
		if s := newRawSource(tcp); s != nil {
			return s
		}
	}
	return plainSource{t}
}

// plainSource reads with a buffer in hand.
type plainSource struct{ r io.Reader }

func (s plainSource) fill(f *wire.Framer) (int, error) {
	n, err := s.r.Read(f.Space())
	f.Commit(n)
	return n, err
}
