package stanza

import (
	"errors"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// Stanza is a *[Message], *[Presence] or *[IQ].
type Stanza interface {
	Decoder
	Container
	// Attributes returns the attributes that all stanzas have.
	Attributes() Attributes
	// SetOrigin says in whose session the stanza was received.
	SetOrigin(o *Origin)
	// Origin returns it.
	Origin() *Origin
	// Source returns the stanza as it was received, or "".
	Source() string
}

var (
	_ Stanza = (*Message)(nil)
	_ Stanza = (*Presence)(nil)
	_ Stanza = (*IQ)(nil)
)

// ErrNoStanza is returned for an element that is none of the three stanzas.
var ErrNoStanza = errors.New("stanza: the element is no stanza")

// Take returns the stanza that the framer found last, in memory of its own. For an
// element that is no stanza it returns [ErrNoStanza] and takes nothing. With a
// *[DecodeError] comes the stanza as far as it could be read.
func Take(f *wire.Framer) (Stanza, error) {
	name := f.Peek()
	if name.Space != wire.NSClient {
		return nil, ErrNoStanza
	}
	switch name.Local {
	case "message":
		m := new(Message)
		f.TakeInto(&m.doc)
		return m, m.DecodeXML(m.doc.Root())
	case "presence":
		p := new(Presence)
		f.TakeInto(&p.doc)
		return p, p.DecodeXML(p.doc.Root())
	case "iq":
		q := new(IQ)
		f.TakeInto(&q.doc)
		return q, q.DecodeXML(q.doc.Root())
	}
	return nil, ErrNoStanza
}

// Parse reads a stanza from text, where a missing namespace means jabber:client.
// Errors are those of [wire.Parse] and [Take].
func Parse(text string) (Stanza, error) {
	r, err := wire.ParseIn(text, wire.NewContext(wire.NSClient, ""))
	if err != nil {
		return nil, err
	}
	var s Stanza
	switch n := r.Name(); {
	case n.Space != wire.NSClient:
		return nil, ErrNoStanza
	case n.Local == "message":
		s = new(Message)
	case n.Local == "presence":
		s = new(Presence)
	case n.Local == "iq":
		s = new(IQ)
	default:
		return nil, ErrNoStanza
	}
	return s, s.DecodeXML(r)
}

// String returns an element as text, or what is wrong with it.
func String(p Payload) string {
	b, err := p.AppendXML(nil, "")
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// Fail returns the stanza that tells the sender of s about err, or nil if none is due:
// s is an error or an answer itself.
func Fail(s Stanza, err error) Stanza {
	switch s := s.(type) {
	case *Message:
		if r := s.Fail(err); r != nil {
			return r
		}
	case *Presence:
		if r := s.Fail(err); r != nil {
			return r
		}
	case *IQ:
		if r := s.Fail(err); r != nil {
			return r
		}
	}
	return nil
}

// SetTo changes the address that a stanza goes to.
func SetTo(s Stanza, to jid.JID) {
	switch s := s.(type) {
	case *Message:
		s.To = to
	case *Presence:
		s.To = to
	case *IQ:
		s.To = to
	}
}

// SetFrom changes the address that a stanza comes from.
func SetFrom(s Stanza, from jid.JID) {
	switch s := s.(type) {
	case *Message:
		s.From = from
	case *Presence:
		s.From = from
	case *IQ:
		s.From = from
	}
}

// SetID changes the id of a stanza.
func SetID(s Stanza, id string) {
	switch s := s.(type) {
	case *Message:
		s.ID = id
	case *Presence:
		s.ID = id
	case *IQ:
		s.ID = id
	}
}

// Clone returns a copy of a stanza that can be changed without changing s.
func Clone(s Stanza) Stanza {
	switch s := s.(type) {
	case *Message:
		return s.Clone()
	case *Presence:
		return s.Clone()
	case *IQ:
		return s.Clone()
	}
	return s
}
