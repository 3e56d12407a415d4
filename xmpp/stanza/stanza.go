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

// arrival is the memory of a received message or presence: one piece for all that a plain
// one needs.
type arrival[S Message | Presence] struct {
	stanza S
	doc    wire.Doc
	text   [1]LangText
	places [10]uint32
}

// arrivedIQ is the same for an IQ, which has no text and seldom more than one payload.
type arrivedIQ struct {
	stanza IQ
	doc    wire.Doc
	places [2]uint32
}

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
		in := new(arrival[Message])
		f.TakeInto(&in.doc)
		m := &in.stanza
		m.arrived(&in.doc)
		m.places, m.Body = in.places[:0], in.text[:0]
		err := m.DecodeXML(in.doc.Root())
		if len(m.Body) == 0 {
			m.Body = nil
		}
		return m, err
	case "presence":
		in := new(arrival[Presence])
		f.TakeInto(&in.doc)
		p := &in.stanza
		p.arrived(&in.doc)
		p.places, p.Status = in.places[:0], in.text[:0]
		err := p.DecodeXML(in.doc.Root())
		if len(p.Status) == 0 {
			p.Status = nil
		}
		return p, err
	case "iq":
		in := new(arrivedIQ)
		f.TakeInto(&in.doc)
		q := &in.stanza
		q.arrived(&in.doc)
		q.places = in.places[:0]
		return q, q.DecodeXML(in.doc.Root())
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
	s := blank(r.Name())
	if s == nil {
		return nil, ErrNoStanza
	}
	s.payloads().arrived(r.Doc())
	return s, s.DecodeXML(r)
}

// blank returns an empty stanza of a name, or nil if there is none of it.
func blank(n wire.Name) Stanza {
	switch {
	case (*Message)(nil).Matches(n):
		return new(Message)
	case (*Presence)(nil).Matches(n):
		return new(Presence)
	case (*IQ)(nil).Matches(n):
		return new(IQ)
	}
	return nil
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
