package stanza

import (
	"errors"
	"slices"
	"strings"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// NSErrors is the namespace of stanza error conditions.
const NSErrors = "urn:ietf:params:xml:ns:xmpp-stanzas"

// ErrorType says what the sender of a failed stanza may do about it (RFC 6120,
// section 8.3.2).
type ErrorType string

// The error types.
const (
	// Auth asks to try again with credentials.
	Auth ErrorType = "auth"
	// Cancel says that trying again is of no use.
	Cancel ErrorType = "cancel"
	// Continue says that the condition was only a warning.
	Continue ErrorType = "continue"
	// Modify asks to change the data before trying again.
	Modify ErrorType = "modify"
	// Wait asks to try again later.
	Wait ErrorType = "wait"
)

// Condition is a defined condition of a stanza error (RFC 6120, section 8.3.3). It is
// an error itself, so that errors.Is(err, stanza.ItemNotFound) works.
type Condition string

// The defined conditions.
const (
	// BadRequest is for XML that is malformed or cannot be processed.
	BadRequest Condition = "bad-request"
	// Conflict is for a resource or session of the same name or address.
	Conflict Condition = "conflict"
	// FeatureNotImplemented is for a feature that the recipient does not have.
	FeatureNotImplemented Condition = "feature-not-implemented"
	// Forbidden is for a sender without the permission.
	Forbidden Condition = "forbidden"
	// Gone is for a recipient that has moved for good, perhaps to the address in URI.
	Gone Condition = "gone"
	// InternalServerError is for a fault at the recipient.
	InternalServerError Condition = "internal-server-error"
	// ItemNotFound is for an address or item that does not exist.
	ItemNotFound Condition = "item-not-found"
	// JIDMalformed is for an address that is none.
	JIDMalformed Condition = "jid-malformed"
	// NotAcceptable is for a request that does not meet the recipient's criteria.
	NotAcceptable Condition = "not-acceptable"
	// NotAllowed is for an action that nobody may take.
	NotAllowed Condition = "not-allowed"
	// NotAuthorized is for a sender that needs to give credentials first.
	NotAuthorized Condition = "not-authorized"
	// PolicyViolation is for what breaks a local policy.
	PolicyViolation Condition = "policy-violation"
	// RecipientUnavailable is for a recipient that is not there now.
	RecipientUnavailable Condition = "recipient-unavailable"
	// Redirect sends to another address, for now: the one in URI.
	Redirect Condition = "redirect"
	// RegistrationRequired is for a sender that must register first.
	RegistrationRequired Condition = "registration-required"
	// RemoteServerNotFound is for a server that does not exist.
	RemoteServerNotFound Condition = "remote-server-not-found"
	// RemoteServerTimeout is for a server that could not be reached in time.
	RemoteServerTimeout Condition = "remote-server-timeout"
	// ResourceConstraint is for a recipient that lacks the resources.
	ResourceConstraint Condition = "resource-constraint"
	// ServiceUnavailable is for a service that is not offered.
	ServiceUnavailable Condition = "service-unavailable"
	// SubscriptionRequired is for a sender that must subscribe first.
	SubscriptionRequired Condition = "subscription-required"
	// UndefinedCondition is for what no other condition covers; a payload should say more.
	UndefinedCondition Condition = "undefined-condition"
	// UnexpectedRequest is for a request out of order.
	UnexpectedRequest Condition = "unexpected-request"
)

// Error returns the condition in words.
func (c Condition) Error() string { return strings.ReplaceAll(string(c), "-", " ") }

// Known reports whether c is one of the defined conditions.
func (c Condition) Known() bool { return c.Type() != "" }

// Type returns the error type that RFC 6120 recommends for the condition, "" for
// one that it does not define.
func (c Condition) Type() ErrorType {
	switch c {
	case BadRequest, JIDMalformed, NotAcceptable, PolicyViolation, Redirect:
		return Modify
	case Conflict, FeatureNotImplemented, Gone, InternalServerError, ItemNotFound, NotAllowed,
		RemoteServerNotFound, ServiceUnavailable, UndefinedCondition:
		return Cancel
	case Forbidden, NotAuthorized, RegistrationRequired, SubscriptionRequired:
		return Auth
	case RecipientUnavailable, RemoteServerTimeout, ResourceConstraint, UnexpectedRequest:
		return Wait
	}
	return ""
}

// Error is a stanza error (RFC 6120, section 8.3). Its payloads are the
// application-specific conditions.
type Error struct {
	// Type says what the sender may do.
	Type ErrorType
	// By is who found the error, if that is not the recipient. One that is no address is
	// found in Extra.
	By jid.JID
	// Code is the number that errors had before they had conditions (XEP-0086). Servers still send
	// it to old clients; new code has no use for it.
	Code string
	// Condition says what is wrong; empty means UndefinedCondition.
	Condition Condition
	// URI is the new address for Gone and Redirect.
	URI string
	// Text says more, for people.
	Text Text
	// Extra keeps what does not belong.
	Extra *wire.Extra
	Payloads
	// bare says that the error was received without a condition.
	bare bool
}

// NewError returns an error with the type that is usual for the condition. An
// empty text is left out.
func NewError(c Condition, text string) *Error {
	e := &Error{Type: c.Type(), Condition: c}
	if e.Type == "" {
		e.Type = Cancel
	}
	if text != "" {
		e.Text = Plain(text)
	}
	return e
}

// Error returns the condition and the text.
func (e *Error) Error() string {
	s := "stanza error: " + e.condition().Error()
	if t := e.Text.String(); t != "" {
		s += ": " + t
	}
	return s
}

// Is reports whether target is the error's [Condition].
func (e *Error) Is(target error) bool {
	c, ok := target.(Condition)
	return ok && c == e.condition()
}

// condition returns the condition, which may have been left out.
func (e *Error) condition() Condition {
	if e.Condition == "" {
		return UndefinedCondition
	}
	return e.Condition
}

// AsError returns what to tell the sender of a stanza about err: the stanza error
// that err is or wraps, one for the condition that it is or wraps, or else an
// internal-server-error that keeps the details to itself.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) && e != nil {
		return e
	}
	var c Condition
	if errors.As(err, &c) {
		return NewError(c, "")
	}
	var d *DecodeError
	if errors.As(err, &d) {
		return NewError(BadRequest, d.Error())
	}
	return NewError(InternalServerError, "")
}

func (e *Error) clone() *Error {
	if e == nil {
		return nil
	}
	c := *e
	c.Text, c.Extra, c.Payloads = slices.Clone(e.Text), cloneExtra(e.Extra), e.Payloads.clone()
	return &c
}

func (e *Error) sender() (*Origin, jid.JID) { return nil, jid.JID{} }

const (
	slotErrorText wire.Slot = iota
	slotErrorCondition
	slotErrorBy
	slotErrorType
	slotErrorCode
)

// DecodeXML reads an <error/> element. Unknown conditions and types are kept; a
// missing condition is [UndefinedCondition]. It never fails: the news of a failure
// should not be lost for an oddity in it.
func (e *Error) DecodeXML(r wire.Raw) error {
	e.decode(r)
	return nil
}

func (e *Error) decode(r wire.Raw) {
	for a := r.Attrs(); a.Next(); {
		switch a.Name() {
		case "type":
			e.Type = ErrorType(a.Optional(&e.Extra, slotErrorType))
		case "code":
			e.Code = a.Optional(&e.Extra, slotErrorCode)
		case "by":
			var reason string
			if e.By, reason = DecodeJID(a.Value(), &e.Extra, slotErrorBy); reason != "" {
				a.KeepAttr(&e.Extra)
			}
		default:
			a.KeepAttr(&e.Extra)
		}
	}
	c := r.Children()
	for c.Next() {
		switch {
		case !c.In(NSErrors):
			e.take(r, &c)
		case c.Local() == "text":
			e.Text = append(e.Text, DecodeText(&c, &e.Extra, wire.SlotAt(slotErrorText, len(e.Text))))
		case e.Condition == "":
			e.Condition = Condition(c.Local())
			e.URI = c.Leaf(&e.Extra, slotErrorCondition)
		default:
			c.Keep(&e.Extra)
		}
	}
	if c.Stray() {
		r.KeepText(&e.Extra)
	}
	if e.Condition == "" {
		e.Condition, e.bare = UndefinedCondition, true
	}
}

// AppendXML appends the <error/> element where ns is the namespace in force.
func (e *Error) AppendXML(b []byte, ns string) ([]byte, error) {
	tag := len(b)
	b, err := wire.AppendOpen(b, e.WireName(), ns)
	if err == nil {
		b, err = appendOptional(b, " type='", string(e.Type), e.Extra, slotErrorType)
	}
	if err == nil {
		b, err = appendOptional(b, " by='", e.By.String(), e.Extra, slotErrorBy)
	}
	if err == nil {
		b, err = appendOptional(b, " code='", e.Code, e.Extra, slotErrorCode)
	}
	if err == nil {
		b, err = e.Extra.AppendAttrs(b, tag)
	}
	if err != nil {
		return b, err
	}
	b = append(b, '>')
	inner := len(b)
	if b, err = e.appendCondition(b); err != nil {
		return b, err
	}
	if b, err = AppendText(b, e.Text, "<text xmlns='"+NSErrors+"'>", "</text>", wire.NSClient, e.Extra, slotErrorText); err != nil {
		return b, err
	}
	if b, err = e.appendRest(b, nil, e.Extra); err != nil {
		return b, err
	}
	return wire.CloseEmpty(b, inner, "</error>"), nil
}

func (e *Error) appendCondition(b []byte) ([]byte, error) {
	cond := e.condition()
	if e.bare && cond == UndefinedCondition && e.URI == "" {
		return b, nil
	}
	if !cond.valid() {
		return b, &wire.EncodeError{Reason: "no error condition", Value: string(cond)}
	}
	mark := len(b)
	b, err := wire.AppendOpen(b, wire.Name{Space: NSErrors, Local: string(cond)}, wire.NSClient)
	if err != nil {
		return b, err
	}
	b = append(b, '>')
	inner := len(b)
	if b, err = wire.AppendText(b, e.URI); err != nil {
		return b, err
	}
	b = wire.CloseEmpty(b, inner, "</"+string(cond)+">")
	if kept := e.Extra.Kept(slotErrorCondition); !kept.IsZero() && kept.Local() == string(cond) {
		b = e.Extra.RespellChild(b, mark, slotErrorCondition, "", wire.NSClient)
	}
	return b, nil
}

// valid reports whether c can be the name of an element that is read as a condition.
func (c Condition) valid() bool { return c != "text" && wire.ValidName(string(c)) }

// WireName is the name of the element.
func (*Error) WireName() wire.Name { return wire.Name{Space: wire.NSClient, Local: "error"} }

// Matches reports whether an element of this name is a stanza error.
func (*Error) Matches(n wire.Name) bool { return n.Local == "error" && n.Space == wire.NSClient }
