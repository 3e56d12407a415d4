package stream

import (
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"stanza.invalid/gen/sm"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Conn is one connection while it is negotiated. It belongs to the goroutine that
// negotiates.
type Conn struct {
	cfg       *Config
	framer    *wire.Framer
	src       source
	sent      bool // a header was sent and no footer
	resumable bool
	resumed   bool
	resuming  bool // the session of the connection before may be this one's
	peer      Header
	features  wire.Raw
	done      map[string]bool // negotiators that have run; made for the first
	sm        *management     // of the stream; nil without XEP-0198
	enable    bool            // the session begins with a request to manage it
	enabled   *sm.Enabled     // the peer manages the session already
	local     jid.JID
	remote    jid.JID
	from      jid.JID       // of the stream headers to come
	batch     []item        // scratch of the reader
	maxSend   int           // what the peer takes at once; 0 for anything
	silence   time.Duration // after how much silence something has to be sent; 0 for never

	mu        sync.Mutex
	transport Transport     // guarded by mu, because abort may come from anywhere
	late      bool          // guarded by mu: negotiation is over time, deadlines stay in the past
	aborted   bool          // guarded by mu: the transport was closed
	cause     error         // guarded by mu: why, if it was this side
	broken    error         // guarded by mu: why writing failed
	cut       chan struct{} // guarded by mu: closed with the transport; made for who waits
}

var zeroRaw wire.Raw

// NewConn returns a connection over a transport, for negotiation by hand: a server's side,
// a test. The limits are those before a session starts; see [Conn.SetLimits].
func NewConn(t Transport, cfg Config) *Conn {
	c := cfg.withDefaults()
	return newConn(t, &c)
}

func newConn(t Transport, cfg *Config) *Conn {
	c := &Conn{cfg: cfg, framer: wire.NewFramer(wire.Limits{}), transport: t, src: newSource(t)}
	c.SetLimits(preSession(cfg.Limits))
	return c
}

// Transport returns the transport.
func (c *Conn) Transport() Transport {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.transport
}

// Secure replaces the transport, as after STARTTLS, and expects a new stream on it. Bytes
// that came in clear text behind the point of change are an error, and a reason to
// distrust the peer (RFC 6120, section 5.4.3.3).
func (c *Conn) Secure(t Transport) error {
	if len(c.framer.Buffered()) > 0 {
		return &Error{Condition: PolicyViolation, Text: "data in clear text behind the start of TLS", Sent: true}
	}
	c.mu.Lock()
	c.transport = t
	aborted := c.aborted
	c.mu.Unlock()
	c.src = newSource(t)
	if aborted {
		_ = t.Close()
		return ErrClosed
	}
	return nil
}

// SetLimits replaces the limits for what is read from here on. A session of a [Stream]
// sets those of its configuration by itself; who negotiates by hand calls it once the
// peer is authenticated.
func (c *Conn) SetLimits(l wire.Limits) {
	c.framer.SetLimits(l)
	if t, ok := c.Transport().(interface{ SetLimits(l wire.Limits) }); ok {
		t.SetLimits(l)
	}
}

// SetPeerLimits says what the peer takes (XEP-0478), for the session to come: how many bytes
// a stanza may have, and after how much silence it closes the connection. Sending more is
// [ErrStanzaTooLarge]; silence is broken in time. Zero means that there is no limit.
func (c *Conn) SetPeerLimits(bytes int, silence time.Duration) {
	c.maxSend, c.silence = bytes, silence/2
}

// SetResumable says that the session which this negotiation starts may outlive its
// connection (XEP-0198): when the connection is lost, requests go on waiting and no
// [SessionEnded] comes until the next negotiation has ended without [Conn.SetResumed].
func (c *Conn) SetResumable() { c.resumable = true }

// SetResumed says that this negotiation has resumed the session of the connection before.
// What was sent and not acknowledged is for the negotiator to send again: see
// [Stream.Requeue]. The session is resumable again.
func (c *Conn) SetResumed() { c.resumable, c.resumed = true, true }

// Peer returns what the peer's stream header says.
func (c *Conn) Peer() Header { return c.peer }

// Features returns the stream features, or the zero Raw if none came.
func (c *Conn) Features() wire.Raw { return c.features }

// SetLocal sets this side's address, which negotiation has found.
func (c *Conn) SetLocal(j jid.JID) { c.local = j }

// SetRemote sets the peer's address, which negotiation has verified.
func (c *Conn) SetRemote(j jid.JID) { c.remote = j }

// SetFrom sets the sender that the stream headers to come name. Clients do that once TLS
// protects it (RFC 6120, section 4.7.1).
func (c *Conn) SetFrom(j jid.JID) { c.from = j }

// WriteHeader sends a stream header and makes the next one expected from the peer.
func (c *Conn) WriteHeader(h Header) error { return c.writeHeader(h, nil) }

// writeHeader sends a stream header with an element behind it, if there is one.
func (c *Conn) writeHeader(h Header, behind stanza.Payload) error {
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
	b = append(b, '>')
	if behind != nil {
		if b, err = behind.AppendXML(b, wire.NSClient); err != nil {
			return err
		}
	}
	c.sent = true
	return c.WriteBytes(b)
}

// Restart forgets the peer's stream header and features; new ones are expected
// (RFC 6120, section 4.3.3).
func (c *Conn) Restart() {
	c.framer.Restart()
	c.features = zeroRaw
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

// WriteBytes sends bytes as they are. It returns when all of them were handed to the
// transport, within [Config.WriteTimeout].
func (c *Conn) WriteBytes(b []byte) error {
	c.showOut(b)
	c.mu.Lock()
	t := c.transport
	if !c.late {
		setWriteDeadline(t, c.cfg.WriteTimeout)
	}
	c.mu.Unlock()
	_, err := t.Write(b)
	return err
}

// setWriteDeadline bounds the writes to come, if the transport can.
func setWriteDeadline(t Transport, d time.Duration) {
	if w, ok := t.(interface{ SetWriteDeadline(time.Time) error }); ok {
		_ = w.SetWriteDeadline(time.Now().Add(d))
	}
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
		c.showMark(footer)
		return wire.Raw{}, ErrEnded
	}
	d := c.framer.Take()
	r := d.Root()
	c.showIn(r)
	if r.Is(wire.NSStream, "error") {
		return wire.Raw{}, readError(r)
	}
	return r, nil
}

// showOut shows what is about to be written.
func (c *Conn) showOut(b []byte) {
	if c.cfg.XML != nil {
		showPieces(string(b), func(piece string) { c.cfg.XML(Out, piece) })
	}
}

// showIn shows an element that was read.
func (c *Conn) showIn(r wire.Raw) {
	if c.cfg.XML == nil {
		return
	}
	if s, err := (Printer{Masked: true}).Print(r); err == nil {
		c.cfg.XML(In, s)
	}
}

// showMark shows a header or a footer that was read.
func (c *Conn) showMark(text string) {
	if c.cfg.XML != nil {
		c.cfg.XML(In, text)
	}
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
	c.showMark(d.Text())
	h := Header{Content: c.framer.Context().Content(), Lang: c.framer.Context().Lang()}
	h.ID, _ = r.Attr("id")
	h.Version, _ = r.Attr("version")
	h.ID, h.Version = strings.Clone(h.ID), strings.Clone(h.Version) // the header as such is not kept
	for _, a := range []struct {
		name string
		to   *jid.JID
	}{{"to", &h.To}, {"from", &h.From}} {
		if v, ok := r.Attr(a.name); ok && v != "" {
			if *a.to, err = jid.Parse(v); err != nil {
				return h, &Error{Condition: ImproperAddressing, Text: "the stream header's " + a.name + " is no address", Sent: true, Err: err}
			}
			*a.to = a.to.Clone()
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
