package stream

import (
	"context"
	"io"
	"log/slog"
	"time"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Transport is a bidirectional stream of bytes: a net.Conn, a pipe. Deadlines are used
// if it has SetReadDeadline and SetWriteDeadline. One that parses what it reads is told
// the limits in force, by the goroutine that reads, if it has SetLimits(wire.Limits). One that
// mends connections by itself says with Mending() bool whether it is at that: what does not
// come meanwhile is no silence of the peer's.
type Transport = io.ReadWriteCloser

// Config is what a [Stream] needs. Only Dial is required.
type Config struct {
	// Dial makes a transport. It is called for each connection.
	Dial func(ctx context.Context) (Transport, error)
	// Redirect is asked when the peer says see-other-host, and reports whether the next
	// Dial will go there. It may be nil.
	Redirect func(host string) bool
	// Elsewhere is asked when a connection could not be made, or came to nothing while it was
	// negotiated, with why. It reports whether the next Dial will go to another place of the
	// peer's: then it comes at once, as part of the same attempt, a few times at most. It may be
	// nil.
	Elsewhere func(err error) bool
	// Header is what this side's stream header says.
	Header Header
	// Base is where the contexts of handlers get their values from; nil for none.
	Base context.Context
	// StampFrom gives outgoing stanzas without a sender this side's address, as components
	// need it.
	StampFrom bool
	// Opening is called before each stream header is sent, for who wants to change what it
	// says ([Conn.SetFrom]), or to send something right behind it, which it returns: nil for
	// nothing. It may be nil.
	Opening func(ctx context.Context, c *Conn) (stanza.Payload, error)
	// Trusted reports whether it is known who is at the other end of a connection that could
	// not be negotiated. Stream errors from others do not end the stream for good, whatever
	// they say ([IsPermanent]). Nil trusts everybody.
	Trusted func(c *Conn) bool
	// Negotiators are run in order when a connection is made.
	Negotiators []Negotiator
	// Limits bound what a top-level element may cost; before negotiation is over the
	// bytes are limited to 16 KiB at most.
	Limits wire.Limits
	// Queue bounds the event queue.
	Queue QueueLimits
	// OutputBytes is how much may wait to be written (default 1 MiB). A longer stanza
	// is refused.
	OutputBytes int
	// WriteTimeout is how long one write may take before the stream fails (default 30 s).
	WriteTimeout time.Duration
	// SessionTimeout is how long connecting and negotiating may take before it is given
	// up and tried again (default 45 s).
	SessionTimeout time.Duration
	// CloseTimeout is how long an orderly end may take (default 5 s).
	CloseTimeout time.Duration
	// KeepAlive is after how much silence of this side a space is sent (RFC 6120, section
	// 4.6.1); 0 means never.
	KeepAlive time.Duration
	// Idle is after how much silence of the peer it is asked for a sign of life; 0 means
	// never. Without an answer within IdleTimeout (default 30 s) the connection is given up
	// for dead: see [ErrDead]. With stream management so is one whose peer says other things,
	// and does not acknowledge within four times IdleTimeout what it was asked about.
	Idle, IdleTimeout time.Duration
	// Probe sends something that the peer has to answer; nil is a space, which only TCP
	// answers. Where there is stream management, that asks. Probe must not block.
	Probe func()
	// Management turns stream management (XEP-0198) on; nil leaves it off.
	Management *Management
	// StallAfter is after how long a handler is reported to block the queue (default 10 s).
	StallAfter time.Duration
	// Backoff says when to connect again.
	Backoff Backoff
	// Concurrency is how many handlers registered as [Concurrent] may run at once (default 64).
	Concurrency int
	// Logger gets what goes wrong; nil means silence.
	Logger *slog.Logger
	// XML is called with each piece of what goes over a connection, in both directions: stream
	// headers, elements, footers. In what it gets, secrets are masked ([Printer]). Both
	// directions may call it at once, each in its own order and before what is written is
	// written; it must not block. It may be nil.
	XML func(d Direction, text string)
	// Features is called with the features of each stream that is opened. It may be nil.
	Features func(features wire.Raw)
	// Unhandled is called on the dispatcher for a message or presence that no handler
	// took, for an answer that nobody waits for, and for top-level elements that are no
	// stanzas and have no handler. It may be nil.
	Unhandled func(p stanza.Payload)
	// Failed is called for what a handler did not catch: its error, a panic (as a
	// [*PanicError]), a payload that does not fit its type (as a *stanza.DecodeError). It is
	// called for panics of other functions of this configuration, too. It runs where the handler or
	// the function ran: on the dispatcher, on the goroutine of a [Concurrent] handler, or on
	// those that connect, read and write; several may call it at once. It may be nil.
	Failed func(f Failure)
	// Nonza is called by the reader, in the order of the wire, for top-level elements that
	// are no stanzas, and says whether it took them. It must not block. It may be nil.
	Nonza func(r wire.Raw) bool
	// Received is called by the reader for each stanza, in the order of the wire, before
	// anything else sees it: for state that must change in that order, and for counting
	// (XEP-0198). It must neither block nor change the stanza. It may be nil.
	Received func(st stanza.Stanza)
	// Queued is called for each element that is sent, when its place in the output is
	// decided and in that order, with the output locked: it must not block and not send.
	// See [Stream.Requeue]. It may be nil.
	Queued func(p stanza.Payload)

	stream *Stream // whose it is; nil for a Conn by hand
}

// Failure is what went wrong with one stanza, event or task.
type Failure struct {
	// Err says what.
	Err error
	// Handler is where the handler was registered, "" if none is involved.
	Handler string
	// Stanza is what was handled, nil for events and tasks.
	Stanza stanza.Stanza
}

// Header is what a stream header says (RFC 6120, section 4.7).
type Header struct {
	// To is the service that is asked for.
	To jid.JID
	// From is one's own address; clients send it only over TLS.
	From jid.JID
	// Content is the content namespace (default jabber:client).
	Content string
	// Lang is the language of what is sent.
	Lang string
	// Version is the version of XMPP, "1.0" or "" for the protocols from before it.
	Version string
	// ID is the stream's id; only the side that accepts streams sets it.
	ID string
}

// QueueLimits bound the event queue. A zero field means its default.
type QueueLimits struct {
	// SoftStanzas and SoftBytes are where reading stops until handlers catch up
	// (default 1,000 and 2 MiB).
	SoftStanzas, SoftBytes int
	// HardStanzas and HardBytes are where the stream fails (default ten times the soft
	// ones).
	HardStanzas, HardBytes int
}

func or[T int | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

func (c Config) withDefaults() Config {
	q := &c.Queue
	q.SoftStanzas, q.SoftBytes = or(q.SoftStanzas, 1000), or(q.SoftBytes, 2<<20)
	q.HardStanzas, q.HardBytes = or(q.HardStanzas, 10*q.SoftStanzas), or(q.HardBytes, 10*q.SoftBytes)
	c.OutputBytes = or(c.OutputBytes, 1<<20)
	c.WriteTimeout = or(c.WriteTimeout, 30*time.Second)
	c.SessionTimeout = or(c.SessionTimeout, 45*time.Second)
	c.CloseTimeout = or(c.CloseTimeout, 5*time.Second)
	c.IdleTimeout = or(c.IdleTimeout, 30*time.Second)
	c.StallAfter = or(c.StallAfter, 10*time.Second)
	c.Concurrency = or(c.Concurrency, 64)
	if c.Header.Content == "" {
		c.Header.Content = wire.NSClient
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// preSession bounds what a peer may send before negotiation is over (RFC 6120,
// section 13.12).
func preSession(l wire.Limits) wire.Limits {
	if l.Bytes <= 0 || l.Bytes > 16<<10 {
		l.Bytes = 16 << 10
	}
	return l
}
