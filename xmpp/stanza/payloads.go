package stanza

import (
	"iter"
	"reflect"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// Payloads is the ordered list of what a stanza carries beside its own fields.
// The zero value is empty.
type Payloads struct {
	// items are received elements; a zero Raw stands for the added payload whose
	// index it carries
	items   []Raw
	added   []Payload
	origin  *Origin
	root    Raw  // the stanza as it was received
	touched bool // it was changed since
}

func (p *Payloads) payloads() *Payloads { return p }

// Add appends payloads, such as pointers to generated types. Nil ones are left
// out, also nil pointers.
func (p *Payloads) Add(payloads ...Payload) {
	for _, v := range payloads {
		if isNil(v) {
			continue
		}
		switch r := v.(type) {
		case *Raw:
			p.addRaw(*r)
		case Raw:
			p.addRaw(r)
		default:
			p.items = append(p.items, wire.SlotRaw(len(p.added)))
			p.added = append(p.added, v)
		}
	}
}

func (p *Payloads) addRaw(r Raw) {
	if !r.IsZero() {
		p.items = append(p.items, r)
	}
}

func isNil(v Payload) bool {
	if v == nil {
		return true
	}
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

// Replace puts a payload in the place of the first of the same name, and removes
// others of that name; without one it is Add.
func (p *Payloads) Replace(v Payload) {
	if isNil(v) {
		return
	}
	name, old, done := v.WireName(), *p, false
	p.items, p.added = nil, nil
	for _, item := range old.items {
		switch {
		case old.nameOf(item) != name:
			p.keep(&old, item)
		case !done:
			done = true
			p.Add(v)
		}
	}
	if !done {
		p.Add(v)
	}
}

// Remove removes all payloads of this name and returns how many there were.
func (p *Payloads) Remove(name wire.Name) int {
	old := *p
	p.items, p.added = nil, nil
	for _, item := range old.items {
		if old.nameOf(item) != name {
			p.keep(&old, item)
		}
	}
	return len(old.items) - len(p.items)
}

// keep appends an item of another list. The lists share no memory, so that one may
// change payloads while ranging over them.
func (p *Payloads) keep(old *Payloads, item Raw) {
	if item.IsZero() {
		v := old.added[item.Slot()]
		item = wire.SlotRaw(len(p.added))
		p.added = append(p.added, v)
	}
	p.items = append(p.items, item)
}

// Clear removes all payloads.
func (p *Payloads) Clear() { p.items, p.added = nil, nil }

// Len returns the number of payloads.
func (p *Payloads) Len() int { return len(p.items) }

// All iterates over the payloads in order, as they are when it begins: a [Raw] for
// each that was received, the value itself for each that was added.
func (p *Payloads) All() iter.Seq[Payload] {
	return func(yield func(Payload) bool) {
		list := *p
		for _, item := range list.items {
			var v Payload = item
			if item.IsZero() {
				v = list.added[item.Slot()]
			}
			if !yield(v) {
				return
			}
		}
	}
}

// Names iterates over the names of the payloads in order, as they are when it
// begins, without decoding any.
func (p *Payloads) Names() iter.Seq[wire.Name] {
	return func(yield func(wire.Name) bool) {
		list := *p
		for _, item := range list.items {
			if !yield(list.nameOf(item)) {
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
		if p.nameOf(item) == name {
			if r := p.element(item); !r.IsZero() {
				return r
			}
		}
	}
	return Raw{}
}

// element returns an item as an element; the zero Raw for an added one that cannot be
// written.
func (p *Payloads) element(item Raw) Raw {
	if !item.IsZero() {
		return item
	}
	b, err := p.added[item.Slot()].AppendXML(nil, "")
	if err != nil {
		return Raw{}
	}
	r, _ := wire.Parse(string(b))
	return r
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

// take keeps the child at the cursor as a payload.
func (p *Payloads) take(c *wire.Cursor) {
	if len(p.items) == 0 {
		if n := c.Remaining(); n > cap(p.items) {
			p.items = make([]Raw, 0, n)
		}
	}
	p.items = append(p.items, c.Raw())
}

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

// SetOrigin says in whose session the stanza was received. The stream does it.
func (p *Payloads) SetOrigin(o *Origin) { p.origin = o }

// Origin returns in whose session the stanza was received; nil for others.
func (p *Payloads) Origin() *Origin { return p.origin }

// Received reports whether the stanza came from a stream or was parsed, rather than
// composed.
func (p *Payloads) Received() bool { return !p.root.IsZero() }

// Source returns the stanza as it was received, or "". Prefixes in it may be declared
// outside of it.
func (p *Payloads) Source() string { return p.Element().Source() }

// Element returns the stanza as it was received, or the zero Raw.
func (p *Payloads) Element() Raw {
	if p.touched {
		return Raw{}
	}
	return p.root
}

// Touch says that the stanza was changed since it was received: Source and Element
// no longer speak for it, and return nothing.
func (p *Payloads) Touch() { p.touched = true }

// Language returns the language of the stream that the stanza came by, which is that
// of a stanza without one of its own (RFC 6120, section 4.7.4).
func (p *Payloads) Language() string {
	if p.root.IsZero() {
		return ""
	}
	return p.root.Context().Lang()
}
