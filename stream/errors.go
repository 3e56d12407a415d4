package stream

import (
	"errors"
	"fmt"
	"strings"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// NSErrors is the namespace of stream error conditions.
const NSErrors = "urn:ietf:params:xml:ns:xmpp-streams"

// Condition is a defined condition of a stream error (RFC 6120, section 4.9.3). It is
// an error itself, so that errors.Is(err, stream.Conflict) works.
type Condition string

// The defined conditions.
const (
	BadFormat              Condition = "bad-format"               // XML that cannot be processed
	BadNamespacePrefix     Condition = "bad-namespace-prefix"     // an unsupported prefix, or none where one is needed
	Conflict               Condition = "conflict"                 // another stream has taken this one's place
	ConnectionTimeout      Condition = "connection-timeout"       // the peer seems gone
	HostGone               Condition = "host-gone"                // the domain is no longer served
	HostUnknown            Condition = "host-unknown"             // the domain is not served
	ImproperAddressing     Condition = "improper-addressing"      // a stanza lacks an address
	InternalServerError    Condition = "internal-server-error"    // a fault at the server
	InvalidFrom            Condition = "invalid-from"             // a sender that is not the stream's
	InvalidNamespace       Condition = "invalid-namespace"        // a stream or content namespace that is not supported
	InvalidXML             Condition = "invalid-xml"              // XML that does not fit its schema
	NotAuthorized          Condition = "not-authorized"           // data before the stream was authenticated
	NotWellFormed          Condition = "not-well-formed"          // XML that is none
	PolicyViolation        Condition = "policy-violation"         // a breach of local policy, such as a limit
	RemoteConnectionFailed Condition = "remote-connection-failed" // a server behind the server can't be reached
	Reset                  Condition = "reset"                    // the stream must be opened anew
	ResourceConstraint     Condition = "resource-constraint"      // the server lacks resources
	RestrictedXML          Condition = "restricted-xml"           // XML that XMPP forbids
	SeeOtherHost           Condition = "see-other-host"           // go elsewhere, to Error.Host
	SystemShutdown         Condition = "system-shutdown"          // the server goes down
	UndefinedCondition     Condition = "undefined-condition"      // something else
	UnsupportedEncoding    Condition = "unsupported-encoding"     // text that is not UTF-8
	UnsupportedFeature     Condition = "unsupported-feature"      // a mandatory feature is missing
	UnsupportedStanzaType  Condition = "unsupported-stanza-type"  // a top-level element of an unknown name
	UnsupportedVersion     Condition = "unsupported-version"      // a version of XMPP that is not supported
)

// Error returns the condition in words.
func (c Condition) Error() string { return strings.ReplaceAll(string(c), "-", " ") }

// Error is a stream error (RFC 6120, section 4.9). It ends the stream.
type Error struct {
	// Condition says what is wrong.
	Condition Condition
	// Text says more, for people.
	Text string
	// Host is where to go, for SeeOtherHost.
	Host string
	// Details are application-specific conditions.
	Details []wire.Raw
	// Sent says that this side found the error; otherwise the peer did.
	Sent bool
	// Err is the cause, if this side found it.
	Err error
}

// Error returns who found what.
func (e *Error) Error() string {
	s := "stream error from the peer: "
	if e.Sent {
		s = "stream error: "
	}
	s += e.Condition.Error()
	if e.Text != "" {
		s += ": " + e.Text
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Is reports whether target is the error's [Condition].
func (e *Error) Is(target error) bool {
	c, ok := target.(Condition)
	return ok && c == e.Condition
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// readError reads a <stream:error/>.
func readError(r wire.Raw) *Error {
	e := &Error{}
	for c := r.Children(); c.Next(); {
		switch {
		case !c.In(NSErrors):
			e.Details = append(e.Details, c.Raw())
		case c.Local() == "text":
			e.Text = c.Text()
		case e.Condition == "":
			e.Condition = Condition(c.Local())
			if e.Condition == SeeOtherHost {
				e.Host = strings.TrimSpace(c.Text())
			}
		}
	}
	if e.Condition == "" {
		e.Condition = UndefinedCondition
	}
	return e
}

// appendXML appends the error with the prefix that the stream header declares.
func (e *Error) appendXML(b []byte) []byte {
	b = append(b, "<stream:error>"...)
	if wire.ValidName(string(e.Condition)) {
		b = append(append(append(b, '<'), e.Condition...), " xmlns='"+NSErrors+"'/>"...)
	}
	if e.Text != "" {
		b = append(b, "<text xmlns='"+NSErrors+"'>"...)
		b, _ = wire.AppendText(b, wire.CleanText(e.Text))
		b = append(b, "</text>"...)
	}
	for _, d := range e.Details {
		b = wire.AppendRaw(b, d, wire.NSClient)
	}
	return append(b, "</stream:error>"...)
}

// toSend returns the stream error that tells the peer about err, or nil if none is due.
func toSend(err error) *Error {
	var syntax *wire.SyntaxError
	var e *Error
	switch {
	case errors.As(err, &e):
		if e.Sent {
			return e
		}
	case errors.As(err, &syntax):
		return &Error{Condition: Condition(syntax.Condition), Text: syntax.Reason, Sent: true, Err: err}
	case errors.Is(err, ErrQueueFull):
		return &Error{Condition: ResourceConstraint, Sent: true, Err: err}
	}
	return nil
}

var (
	// ErrClosed is returned for what needs a stream that was closed.
	ErrClosed = errors.New("stream: closed")
	// ErrQueueFull ends a stream whose handlers are so slow, and whose peer so eager, that
	// the hard limit of the queue is reached.
	ErrQueueFull = errors.New("stream: the event queue is full")
	// ErrEnded is the end of a stream that the peer closed in an orderly way.
	ErrEnded = errors.New("stream: closed by the peer")
	// ErrTimeout is returned when an answer did not come in time.
	ErrTimeout = errors.New("stream: no answer in time")
	// ErrDisconnected is returned for a request whose stream ended before the answer came.
	ErrDisconnected = errors.New("stream: disconnected")
	// ErrFiltered is returned for a request that an outbound [Filter] dropped.
	ErrFiltered = errors.New("stream: a filter dropped the request")
	// ErrStanzaTooLarge is returned for a stanza that is larger than the limit for output.
	ErrStanzaTooLarge = errors.New("stream: the stanza exceeds the limit")
)

// Permanent marks an error after which connecting again is of no use: wrong
// credentials, an unknown host.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanent{err}
}

type permanent struct{ err error }

func (p *permanent) Error() string { return p.err.Error() }
func (p *permanent) Unwrap() error { return p.err }

// hearsay marks what was perhaps said by somebody else than the peer, such as errors in
// clear text.
type hearsay struct{ err error }

func (h *hearsay) Error() string { return h.err.Error() }
func (h *hearsay) Unwrap() error { return h.err }

// AtOnce marks an error of negotiation after which it helps to make another connection at
// once, as part of the same attempt: the peer has got into a state that it does not leave.
// Nobody gets more than a few.
func AtOnce(err error) error {
	if err == nil {
		return nil
	}
	return &atOnce{err}
}

type atOnce struct{ err error }

func (a *atOnce) Error() string { return a.err.Error() }
func (a *atOnce) Unwrap() error { return a.err }

func isAtOnce(err error) bool {
	var a *atOnce
	return errors.As(err, &a)
}

// severally is why an attempt to connect has failed at several places of the peer's. What
// is said at the last one decides whether to go on.
type severally struct {
	before []error
	last   error
}

// tried returns why an attempt has failed.
func tried(before []error, last error) error {
	if len(before) == 0 {
		return last
	}
	return &severally{before, last}
}

func (e *severally) Error() string {
	s := ""
	for _, err := range e.before {
		s += err.Error() + "; "
	}
	return s + e.last.Error()
}

func (e *severally) Unwrap() []error { return append([]error{e.last}, e.before...) }

// IsPermanent reports whether connecting again after err is of no use.
func IsPermanent(err error) bool {
	if e, ok := err.(*severally); ok {
		err = e.last
	}
	var p *permanent
	if errors.As(err, &p) {
		return true
	}
	var e *Error
	var h *hearsay
	if errors.As(err, &e) && (e.Sent || !errors.As(err, &h)) {
		switch e.Condition {
		case Conflict, HostUnknown, HostGone, InvalidNamespace, NotAuthorized, UnsupportedVersion, UnsupportedFeature:
			return true
		}
	}
	return false
}

// PanicError is what a handler that panicked failed with.
type PanicError struct {
	// Value is what was passed to panic.
	Value any
	// Stack is the stack of the goroutine.
	Stack []byte
}

// Error returns the value.
func (e *PanicError) Error() string { return fmt.Sprintf("handler panicked: %v", e.Value) }

// Unwrap makes the sender of a request see an internal-server-error.
func (e *PanicError) Unwrap() error { return stanza.InternalServerError }
