package stanza

import (
	"errors"
	"reflect"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// GeneratedVersion1 is what generated code of this version refers to. If it is
// missing, run stanzagen again: the code was made by another version.
const GeneratedVersion1 = true

// Raw is an element as it was received. See [wire.Raw].
type Raw = wire.Raw

// DecodeError says what in a payload does not fit its type. See [wire.DecodeError].
type DecodeError = wire.DecodeError

// A Payload is an element that a stanza can carry: a [Raw], or a pointer to a
// generated type.
type Payload interface {
	// WireName is the name of the element.
	WireName() wire.Name
	// AppendXML appends the element where ns is the default namespace in force.
	AppendXML(b []byte, ns string) ([]byte, error)
}

// A Decoder is a payload that can be read: a pointer to a generated type. A nil pointer
// stands for the type: its WireName is the name that all values have, without a local
// name if that is their value.
type Decoder interface {
	Payload
	// Matches reports whether an element of this name is one of the type. It is called on
	// nil pointers, too.
	Matches(n wire.Name) bool
	// DecodeXML reads the element into the value, which should be zero. An element
	// that does not fit is a *DecodeError.
	DecodeXML(r wire.Raw) error
}

// PayloadOf constrains P to be a pointer to the generated type T.
type PayloadOf[T any] interface {
	*T
	Decoder
}

// A Query is the payload of an IQ request, which knows its type of answer.
type Query[R any] interface {
	Payload
	// IQType is get or set.
	IQType() IQType
	// NewResult returns a new, empty answer.
	NewResult() *R
}

// QueryOf constrains P to be a pointer to the generated request type T, whose
// answer is R.
type QueryOf[T, R any] interface {
	*T
	Decoder
	Query[R]
}

// Featured is a payload that makes an entity which handles it advertise features
// (XEP-0030).
type Featured interface {
	// Features returns the features; the slice must not be changed.
	Features() []string
}

// Ruled is a payload that only some senders may send.
type Ruled interface {
	// SenderRule says who. It is called on nil pointers, too.
	SenderRule() SenderRule
}

// SenderRule says who may legitimately send a payload.
type SenderRule uint8

const (
	// FromAny lets everybody send it.
	FromAny SenderRule = iota
	// FromOwnAccount is for one's own account: no sender, or one's own bare address.
	FromOwnAccount
	// FromAccountOrServer also lets one's own server send it.
	FromAccountOrServer
	// FromServer is for one's own server only.
	FromServer
	// FromQueried is for whom a query is under way with.
	FromQueried
	// FromRoom is for a room that one has joined, or its occupants.
	FromRoom
)

// Origin is the account in whose session a stanza was received. Sender rules are
// judged by it. The nil Origin, that of a stanza which came from no session,
// allows everything. It is safe for concurrent use if its functions are.
type Origin struct {
	// Account is one's own address.
	Account jid.JID
	// Server is the address of one's own server.
	Server jid.JID
	// Queried reports whether a query to this address is under way. Nil means never.
	Queried func(from jid.JID) bool
	// Joined reports whether one is in the room with this bare address. Nil means never.
	Joined func(room jid.JID) bool
}

// Allows reports whether a payload with this rule may come from this address.
func (o *Origin) Allows(rule SenderRule, from jid.JID) bool {
	if o == nil || rule == FromAny {
		return true
	}
	account := from.IsZero() || from == o.Account.Bare() && !o.Account.IsZero()
	server := from == o.Server && !o.Server.IsZero()
	switch rule {
	case FromOwnAccount:
		return account
	case FromAccountOrServer:
		return account || server
	case FromServer:
		return from.IsZero() || server
	case FromQueried:
		return o.Queried != nil && o.Queried(from)
	case FromRoom:
		return o.Joined != nil && o.Joined(from.Bare())
	}
	return false
}

// ErrSender is returned by [Find] for a payload that its sender may not send.
var ErrSender = errors.New("stanza: the sender may not send this payload")

// A Container is what holds payloads: a stanza or an [Error].
type Container interface {
	payloads() *Payloads
	sender() (*Origin, jid.JID)
}

// Find returns the first payload of type T, or nil if there is none: a new value
// for one that was received, the value itself for one that was added. One that
// does not fit T is a [*DecodeError]; one that came from somebody who may not
// send it is [ErrSender], and [FindUnverified] shows it. In a stanza that was
// received inside of another, such as a forwarded one, nobody may send what has a rule:
// there are no copies of copies.
func Find[T any, P PayloadOf[T]](c Container) (*T, error) {
	v, r := lookup(c.payloads(), P(nil))
	if v != nil || r.IsZero() {
		p, _ := v.(P)
		return p, nil
	}
	if !allowed(c, P(nil)) {
		return nil, ErrSender
	}
	return decode[T, P](r)
}

// FindUnverified is Find without regard to who sent it. What it returns may be
// forged.
func FindUnverified[T any, P PayloadOf[T]](c Container) (*T, error) {
	v, r := lookup(c.payloads(), P(nil))
	if v != nil || r.IsZero() {
		p, _ := v.(P)
		return p, nil
	}
	return decode[T, P](r)
}

// FindAll returns all payloads of type T, under the rules of [Find]. The error is
// the first that was met; the values are those that could be read.
func FindAll[T any, P PayloadOf[T]](c Container) ([]*T, error) {
	var all []*T
	var first error
	ps := c.payloads()
	for i := range ps.Len() {
		added, r := match(ps, ps.item(i), P(nil))
		p, _ := added.(P)
		v := (*T)(p)
		if !r.IsZero() {
			err := ErrSender
			if allowed(c, P(nil)) {
				v, err = decode[T, P](r)
			}
			if err != nil && first == nil {
				first = err
			}
		}
		if v != nil {
			all = append(all, v)
		}
	}
	return all, first
}

// Has reports whether there is a payload with the name of T, whoever sent it and
// whether it fits or not.
func Has[T any, P PayloadOf[T]](c Container) bool {
	v, r := lookup(c.payloads(), P(nil))
	return v != nil || !r.IsZero()
}

// allowed reports whether who sent c may send payloads like p.
func allowed(c Container, p Decoder) bool {
	ruled, ok := p.(Ruled)
	if !ok {
		return true
	}
	rule := ruled.SenderRule()
	if c.payloads().nested {
		return rule == FromAny // who wrote it may have put any sender on it
	}
	o, from := c.sender()
	return o.Allows(rule, from)
}

func decode[T any, P PayloadOf[T]](r Raw) (*T, error) {
	v := new(T)
	if err := P(v).DecodeXML(r); err != nil {
		return nil, err
	}
	return v, nil
}

// Decode reads an element as a T. Sender rules play no part in it.
func Decode[T any, P PayloadOf[T]](r Raw) (*T, error) {
	if r.IsZero() {
		return nil, errors.New("stanza: a zero Raw is no element")
	}
	if !P(nil).Matches(r.Name()) {
		return nil, &DecodeError{Element: r.Name(), Reason: "is of another type"}
	}
	return decode[T, P](r)
}

// What follows is not generic: each type that a program uses would have a copy of it.

// lookup returns the first payload of a type, for which a nil pointer stands, as it was added or
// received.
func lookup(ps *Payloads, typ Decoder) (Payload, Raw) {
	want := typ.WireName()
	if ps.more == nil && want.Local != "" {
		for _, at := range ps.places {
			if r := ps.doc.At(at); r.Is(want.Space, want.Local) && fits(typ, r) {
				return nil, r
			}
		}
		return nil, Raw{}
	}
	for i := range ps.Len() {
		item := ps.item(i)
		if want.Local != "" && !item.IsZero() {
			if item.Is(want.Space, want.Local) && fits(typ, item) {
				return nil, item
			}
			continue
		}
		if v, r := match(ps, item, typ); v != nil || !r.IsZero() {
			return v, r
		}
	}
	return nil, Raw{}
}

// match returns an item as it was added if it was added as one of the type, or else as an element if
// it has the name of one.
func match(ps *Payloads, item Raw, typ Decoder) (Payload, Raw) {
	if item.IsZero() {
		if v := ps.more.added[item.Slot()]; reflect.TypeOf(v) == reflect.TypeOf(typ) {
			return v, Raw{}
		}
	}
	if typ.Matches(ps.nameOf(item)) {
		if r := ps.element(item); fits(typ, r) {
			return nil, r
		}
	}
	return nil, Raw{}
}
