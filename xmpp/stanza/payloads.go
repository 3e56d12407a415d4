package stanza

import (
	"iter"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// Payloads is the ordered list of what a stanza carries beside its own fields.
// The zero value is empty.
type Payloads struct {
	// items are received elements; a zero Raw stands for the added payload whose
	// index it carries
	items  []Raw
	added  []Payload
	origin *Origin
	doc    wire.Doc // of a received stanza: what items point into
}

func (p *Payloads) payloads() *Payloads { return p }

// Add appends payloads, such as pointers to generated types. Nil ones are left
// out.
func (p *Payloads) Add(payloads ...Payload) {
	for _, v := range payloads {
		if v == nil {
			continue
		}
		if r, ok := v.(Raw); ok {
			if !r.IsZero() {
				p.items = append(p.items, r)
			}
			continue
		}
		p.items = append(p.items, wire.SlotRaw(len(p.added)))
		p.added = append(p.added, v)
	}
}

// Replace puts a payload in the place of the first of the same name, and removes
// others of that name; without one it is Add.
func (p *Payloads) Replace(v Payload) {
	name, done := v.WireName(), false
	kept := p.items[:0:0]
	for _, item := range p.items {
		if p.nameOf(item) != name {
			kept = append(kept, item)
			continue
		}
		if !done {
			done = true
			if r, ok := v.(Raw); ok {
				kept = append(kept, r)
			} else {
				kept = append(kept, wire.SlotRaw(len(p.added)))
				p.added = append(p.added, v)
			}
		}
	}
	p.items = kept
	if !done {
		p.Add(v)
	}
}

// Remove removes all payloads of this name and returns how many there were.
func (p *Payloads) Remove(name wire.Name) int {
	kept := p.items[:0:0]
	for _, item := range p.items {
		if p.nameOf(item) != name {
			kept = append(kept, item)
		}
	}
	n := len(p.items) - len(kept)
	p.items = kept
	return n
}

// Clear removes all payloads.
func (p *Payloads) Clear() { p.items, p.added = nil, nil }

// Len returns the number of payloads.
func (p *Payloads) Len() int { return len(p.items) }

// All iterates over the payloads in order: a [Raw] for each that was received,
// the value itself for each that was added.
func (p *Payloads) All() iter.Seq[Payload] {
	return func(yield func(Payload) bool) {
		for _, item := range p.items {
			if !yield(p.at(item)) {
				return
			}
		}
	}
}

// Names iterates over the names of the payloads in order, without decoding any.
func (p *Payloads) Names() iter.Seq[wire.Name] {
	return func(yield func(wire.Name) bool) {
		for _, item := range p.items {
			if !yield(p.nameOf(item)) {
				return
			}
		}
	}
}

// First returns the first payload's name, or the zero name if there is none.
func (p *Payloads) First() wire.Name {
	if len(p.items) == 0 {
		return wire.Name{}
	}
	return p.nameOf(p.items[0])
}

// Raw returns the first payload of this name as an element, encoding one that was
// added; the zero Raw if there is none.
func (p *Payloads) Raw(name wire.Name) Raw {
	for _, item := range p.items {
		if p.nameOf(item) != name {
			continue
		}
		if !item.IsZero() {
			return item
		}
		if b, err := p.added[item.Slot()].AppendXML(nil, ""); err == nil {
			if r, err := wire.Parse(string(b)); err == nil {
				return r
			}
		}
	}
	return Raw{}
}

func (p *Payloads) at(item Raw) Payload {
	if item.IsZero() {
		return p.added[item.Slot()]
	}
	return item
}

func (p *Payloads) nameOf(item Raw) wire.Name {
	if item.IsZero() {
		return p.added[item.Slot()].WireName()
	}
	return item.Name()
}

// appendAll appends the payloads where ns is the namespace in force.
func (p *Payloads) appendAll(b []byte, ns string) ([]byte, error) {
	for _, item := range p.items {
		if !item.IsZero() {
			b = wire.AppendRaw(b, item, ns)
			continue
		}
		var err error
		if b, err = p.added[item.Slot()].AppendXML(b, ns); err != nil {
			return b, err
		}
	}
	return b, nil
}

// Received reports whether the stanza came from a stream or was parsed.
func (p *Payloads) Received() bool { return !p.doc.IsZero() }

// Source returns the stanza as it was received, or "".
func (p *Payloads) Source() string { return p.doc.Text() }

// SetOrigin says in whose session the stanza was received. The stream does it.
func (p *Payloads) SetOrigin(o *Origin) { p.origin = o }

// Origin returns in whose session the stanza was received; nil for others.
func (p *Payloads) Origin() *Origin { return p.origin }

// clone returns a list that can be changed without changing p. The payloads
// themselves are shared: received ones can't change.
func (p *Payloads) clone() Payloads {
	c := *p
	c.items = append([]Raw(nil), p.items...)
	c.added = append([]Payload(nil), p.added...)
	return c
}

// Attributes are what all stanzas have in common.
type Attributes struct {
	// ID, Type and Lang are the attributes of these names.
	ID, Type, Lang string
	// To and From are the addresses, zero if absent.
	To, From jid.JID
}

// Element returns the stanza as it was received, or the zero Raw.
func (p *Payloads) Element() Raw {
	if p.doc.IsZero() {
		return Raw{}
	}
	return p.doc.Root()
}

// Touch says that the stanza was changed since it was received: Source and Element
// no longer speak for it.
func (p *Payloads) Touch() { p.doc = wire.Doc{} }

// Language returns the language of the stream that the stanza came by, which is that
// of a stanza without one of its own (RFC 6120, section 4.7.4).
func (p *Payloads) Language() string { return p.doc.Context().Lang() }
