package stanza

import (
	"iter"
	"reflect"
	"slices"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// Payloads is the ordered list of what a stanza carries beside its own fields.
// The zero value is empty.
type Payloads struct {
	// what was decoded, as places in doc, as long as more is nil
	places []uint32
	doc    *wire.Doc
	more   *mixture
	origin *Origin

	received bool // the root of doc is the stanza
	touched  bool // it was changed since
	nested   bool // it stood in another element, such as a forwarded stanza
}

// mixture is a list of payloads that did not all come from one document.
type mixture struct {
	// items are received elements; a zero Raw stands for the added payload whose
	// index it carries
	items []Raw
	added []Payload
}

func (p *Payloads) payloads() *Payloads { return p }

// arrived says that the stanza is what doc holds.
func (p *Payloads) arrived(doc *wire.Doc) { p.doc, p.received = doc, true }

// mix returns the list to which anything can be added.
func (p *Payloads) mix() *mixture {
	if p.more == nil {
		m := &mixture{}
		if len(p.places) > 0 {
			m.items = make([]Raw, 0, len(p.places)+1)
			for _, at := range p.places {
				m.items = append(m.items, p.doc.At(at))
			}
		}
		p.more, p.places = m, nil
	}
	return p.more
}

// item returns the payload at a position: as an element, or a zero Raw for an added one.
func (p *Payloads) item(i int) Raw {
	if p.more != nil {
		return p.more.items[i]
	}
	return p.doc.At(p.places[i])
}

// snapshot returns the list as it is, whatever becomes of p.
func (p *Payloads) snapshot() Payloads {
	c := *p
	if c.more != nil {
		m := *c.more
		c.more = &m
	}
	return c
}

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
			m := p.mix()
			m.items = append(m.items, wire.SlotRaw(len(m.added)))
			m.added = append(m.added, v)
		}
	}
}

func (p *Payloads) addRaw(r Raw) {
	if !r.IsZero() {
		m := p.mix()
		m.items = append(m.items, r)
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
	p.Clear()
	for i := range old.Len() {
		switch item := old.item(i); {
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
	p.Clear()
	for i := range old.Len() {
		if item := old.item(i); old.nameOf(item) != name {
			p.keep(&old, item)
		}
	}
	return old.Len() - p.Len()
}

// keep appends an item of another list. The lists share no memory, so that one may
// change payloads while ranging over them.
func (p *Payloads) keep(old *Payloads, item Raw) {
	m := p.mix()
	if item.IsZero() {
		v := old.more.added[item.Slot()]
		item = wire.SlotRaw(len(m.added))
		m.added = append(m.added, v)
	}
	m.items = append(m.items, item)
}

// Clear removes all payloads.
func (p *Payloads) Clear() { p.places, p.more = nil, nil }

// Len returns the number of payloads.
func (p *Payloads) Len() int {
	if p.more != nil {
		return len(p.more.items)
	}
	return len(p.places)
}

// All iterates over the payloads in order, as they are when it begins: a [Raw] for
// each that was received, the value itself for each that was added.
func (p *Payloads) All() iter.Seq[Payload] {
	return func(yield func(Payload) bool) {
		list := p.snapshot()
		for i := range list.Len() {
			item := list.item(i)
			var v Payload = item
			if item.IsZero() {
				v = list.more.added[item.Slot()]
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
		list := p.snapshot()
		for i := range list.Len() {
			if !yield(list.nameOf(list.item(i))) {
				return
			}
		}
	}
}

// First returns the first payload's name, or the zero name if there is none.
func (p *Payloads) First() wire.Name {
	if p.Len() == 0 {
		return wire.Name{}
	}
	return p.nameOf(p.item(0))
}

// Raw returns the first payload of this name as an element, encoding one that was
// added; the zero Raw if there is none.
func (p *Payloads) Raw(name wire.Name) Raw {
	for i := range p.Len() {
		if item := p.item(i); p.nameOf(item) == name {
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
	b, err := p.more.added[item.Slot()].AppendXML(nil, "")
	if err != nil {
		return Raw{}
	}
	r, _ := wire.Parse(string(b))
	return r
}

func (p *Payloads) nameOf(item Raw) wire.Name {
	if item.IsZero() {
		return p.more.added[item.Slot()].WireName()
	}
	return item.Name()
}

// appendAll appends the payloads where ns is the namespace in force.
func (p *Payloads) appendAll(b []byte, ns string) ([]byte, error) {
	if p.more == nil {
		for _, at := range p.places {
			b = wire.AppendRaw(b, p.doc.At(at), ns)
		}
		return b, nil
	}
	for _, item := range p.more.items {
		if !item.IsZero() {
			b = wire.AppendRaw(b, item, ns)
			continue
		}
		var err error
		if b, err = p.more.added[item.Slot()].AppendXML(b, ns); err != nil {
			return b, err
		}
	}
	return b, nil
}

// take keeps the child at the cursor, which was decoded from r, as a payload.
func (p *Payloads) take(r Raw, c *wire.Cursor) {
	if p.more != nil || p.doc != nil && p.doc != r.Doc() {
		p.addRaw(c.Raw())
		return
	}
	p.doc = r.Doc()
	if len(p.places) == cap(p.places) {
		p.places = slices.Grow(p.places, c.Remaining())
	}
	p.places = append(p.places, c.Place())
}

// clone returns a list that can be changed without changing p. The payloads
// themselves are shared: received ones can't change.
func (p *Payloads) clone() Payloads {
	c := *p
	c.places = slices.Clip(c.places)
	if p.more != nil {
		c.more = &mixture{items: slices.Clone(p.more.items), added: slices.Clone(p.more.added)}
	}
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
func (p *Payloads) Received() bool { return p.received }

// Nested reports whether the stanza was received inside of another element, such as a forwarded
// one.
func (p *Payloads) Nested() bool { return p.nested }

// Source returns the stanza as it was received, or "". Prefixes in it may be declared
// outside of it.
func (p *Payloads) Source() string { return p.Element().Source() }

// Element returns the stanza as it was received, or the zero Raw.
func (p *Payloads) Element() Raw {
	if p.touched || !p.received {
		return Raw{}
	}
	return p.doc.Root()
}

// Touch says that the stanza was changed since it was received: Source and Element
// no longer speak for it, and return nothing.
func (p *Payloads) Touch() { p.touched = true }

// Language returns the language of the stream that the stanza came by, which is that
// of a stanza without one of its own (RFC 6120, section 4.7.4).
func (p *Payloads) Language() string {
	if !p.received {
		return ""
	}
	return p.doc.Context().Lang()
}
