package stream

import (
	"context"
	"fmt"
	"time"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

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
	stop := context.AfterFunc(ctx, c.giveUp)
	defer stop()
	for round := 0; ; round++ {
		if round > 2*len(steps)+2 {
			return &Error{Condition: PolicyViolation, Text: "negotiation does not end", Sent: true}
		}
		if err := c.openStream(ctx); err != nil {
			return err
		}
		h, err := c.ReadHeader()
		if err != nil {
			return err
		}
		if !knownContent(h.Content) && h.Content != c.cfg.Header.Content {
			return &Error{Condition: InvalidNamespace, Text: "the content namespace is none of XMPP's", Sent: true}
		}
		if c.cfg.Header.Version != "" && c.peer.Version != "" {
			if err := c.ReadFeatures(); err != nil {
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

// knownContent reports whether ns may be the content namespace of a stream; "" leaves it
// to each stanza.
func knownContent(ns string) bool {
	switch ns {
	case "", wire.NSClient, wire.NSServer, wire.NSComponent:
		return true
	}
	return false
}

// giveUp ends a read or write under way because negotiation takes too long.
func (c *Conn) giveUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.late = true
	if d, ok := c.transport.(interface{ SetDeadline(time.Time) error }); ok {
		_ = d.SetDeadline(time.Unix(1, 0))
	} else {
		_ = c.transport.Close()
	}
}

// openStream sends a stream header.
func (c *Conn) openStream(ctx context.Context) error {
	var behind stanza.Payload
	if c.cfg.Opening != nil {
		err := safely(func() (err error) {
			behind, err = c.cfg.Opening(ctx, c)
			return err
		})
		if err != nil {
			return err
		}
	}
	own := c.cfg.Header
	if !c.from.IsZero() {
		own.From = c.from
	}
	return c.writeHeader(own, behind)
}

// ReadFeatures reads the features, which end the opening of a stream (RFC 6120, section
// 4.3.2), and come again after a login by SASL 2 (XEP-0388).
func (c *Conn) ReadFeatures() error {
	r, err := c.Read()
	if err != nil {
		return err
	}
	if !r.Is(wire.NSStream, "features") {
		return &Error{Condition: InvalidXML, Text: "no stream features", Sent: true}
	}
	c.features = r
	if c.cfg.Features != nil {
		c.cfg.Features(r)
	}
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
		if c.done == nil {
			c.done = map[string]bool{}
		}
		c.done[st.Name] = true
		var out Outcome
		err := safely(func() (err error) {
			out, err = st.Run(ctx, c)
			return err
		})
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

// footer ends a stream.
const footer = "</stream:stream>"

// Close tells the peer about err, if it is one that the peer should know ([Error]), ends
// the stream, and closes the transport. A nil err is an orderly end. It is for who
// negotiates by hand.
func (c *Conn) Close(err error) { c.finish(err) }

// abort closes the transport without a word. It may be called from any goroutine.
func (c *Conn) abort() {
	c.mu.Lock()
	t := c.transport
	if c.cut != nil && !c.aborted {
		close(c.cut)
	}
	c.aborted = true
	c.mu.Unlock()
	_ = t.Close()
}

// whenCut returns a channel that is closed once the transport was closed by abort.
func (c *Conn) whenCut() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cut == nil {
		c.cut = make(chan struct{})
		if c.aborted {
			close(c.cut)
		}
	}
	return c.cut
}

// fail closes the transport, for a reason that the reader is to give. It may be called
// from any goroutine.
func (c *Conn) fail(why error) {
	c.mu.Lock()
	if c.cause == nil {
		c.cause = why
	}
	c.mu.Unlock()
	c.abort()
}

// writeFailed closes the transport because writing to it failed.
func (c *Conn) writeFailed(err error) {
	c.mu.Lock()
	c.broken = fmt.Errorf("stream: writing: %w", err)
	c.mu.Unlock()
	c.abort()
}

// because returns why reading failed: this side's reason, if it had one. That writing
// failed is none if the peer has said more.
func (c *Conn) because(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.cause != nil:
		return c.cause
	case c.broken != nil && isLoss(err):
		return c.broken
	}
	return err
}

// finish tells the peer about an error, if one is due, and ends the stream.
func (c *Conn) finish(err error) {
	c.mu.Lock()
	t, aborted, late := c.transport, c.aborted, c.late
	c.mu.Unlock()
	told := false
	if c.sent && !aborted {
		var b []byte
		e := toSend(err)
		if e != nil {
			b = e.appendXML(b)
		}
		patience := min(c.cfg.CloseTimeout, c.cfg.WriteTimeout)
		if late {
			patience = min(patience, 500*time.Millisecond)
		}
		setWriteDeadline(t, patience)
		b = append(b, footer...)
		c.showOut(b)
		_, failed := t.Write(b)
		told = e != nil && failed == nil
	}
	c.sent = false
	if told {
		linger(t)
	}
	_ = t.Close()
}

// linger lets a stream error reach the peer. Closing a socket with unread input resets
// the connection, and a reset destroys what the peer has not read yet: the error first
// of all.
func linger(t Transport) {
	d, ok := t.(interface{ SetReadDeadline(time.Time) error })
	if w, half := t.(interface{ CloseWrite() error }); !ok || !half || w.CloseWrite() != nil {
		return
	}
	_ = d.SetReadDeadline(time.Now().Add(lingerTime))
	buf := make([]byte, 4<<10)
	for left := lingerBytes; left > 0; {
		n, err := t.Read(buf)
		if err != nil {
			return
		}
		left -= n
	}
}

// What a peer may send before the connection is closed on it after a stream error.
const (
	lingerTime  = time.Second
	lingerBytes = 1 << 20
)
