package typed

import (
	"errors"
	"slices"
	"strings"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// Element is one element of the top level as its types see it.
type Element struct {
	// Raw is the element as it was received.
	Raw wire.Raw
	// Name is its name on the wire: the content namespace of the stream is as it was there.
	Name wire.Name
	// Value is a *stanza.Message, *stanza.Presence or *stanza.IQ with typed payloads, a generated type, or a
	// wire.Raw where no schema knows the element or it does not fit its type.
	Value stanza.Payload
	// Payloads are what a stanza carries, or the element itself if it is none.
	Payloads []Payload
	// Unknown are the elements and attributes that no schema knows, as far as they stand in something that one does.
	Unknown []Unknown
	// Stray is text where no schema has any.
	Stray []Unknown
	// Invalid are the parts that do not fit their types.
	Invalid []Invalid
	// XML is the element, written from its value. It declares what it needs.
	XML string

	// types are those of the payloads and of everything in open content, by the element as it was received.
	types map[wire.Raw]*Type
	// nested are the values of what stands in open content, by the element that stands there in Value.
	nested map[wire.Raw]stanza.Decoder
}

// Payload is one payload, at the top of a stanza.
type Payload struct {
	// Raw is the payload as it was received.
	Raw wire.Raw
	// Type is its type; nil if no schema knows it.
	Type *Type
	// Value is the typed value: of what does fit, if not all does. It is nil if nothing can be made of it.
	Value stanza.Decoder

	whole bool // all of it fits
}

// Unknown is a part that no schema knows.
type Unknown struct {
	// Path leads to it from the payload: received/forwarded/{urn:example}mark, request/@colour, x/text().
	Path string
	// Element is the element, or the one that has the attribute or text; zero if that cannot be told.
	Element wire.Raw
	// Attr is the name of the attribute; empty for elements and text.
	Attr wire.Name
}

// Invalid is a part that does not fit its type.
type Invalid struct {
	// Err says what it is.
	Err error
	// Element is where; zero if that cannot be told.
	Element wire.Raw
	// Attr is the attribute at fault, if it is one and there.
	Attr string
}

// Type returns the type of an element in Raw, nil if it has none of its own.
func (e *Element) Type(r wire.Raw) *Type { return e.types[r] }

// Nested returns the typed value of an element in the open content of Value, nil if it has none.
func (e *Element) Nested(r wire.Raw) stanza.Decoder { return e.nested[r] }

// Clean reports whether a schema knows everything and everything fits.
func (e *Element) Clean() bool {
	for _, p := range e.Payloads {
		if p.Type == nil {
			return false
		}
	}
	return len(e.Unknown) == 0 && len(e.Stray) == 0 && len(e.Invalid) == 0
}

// reading is the work on one element.
type reading struct {
	*Table
	*Element
	path []string
	// origins are the elements that those in mended ones were.
	origins map[wire.Raw]wire.Raw
}

// original returns an element as it was received.
func (rd *reading) original(r wire.Raw) wire.Raw {
	if o, ok := rd.origins[r]; ok {
		return o
	}
	return r
}

// Read returns what the types make of an element of the top level.
func (t *Table) Read(r wire.Raw) *Element {
	e := &Element{Raw: r, Name: r.Name(), types: map[wire.Raw]*Type{}, nested: map[wire.Raw]stanza.Decoder{}}
	content := r.Context().Content()
	if e.Name.Space == wire.NSClient && content != "" {
		e.Name.Space = content
	}
	rd := &reading{Table: t, Element: e, origins: map[wire.Raw]wire.Raw{}}
	s := newStanza(r.Name())
	if s == nil {
		p := rd.payload(r, "", "")
		e.Payloads = []Payload{p}
		e.Value = r
		if p.whole {
			e.Value = p.Value
		}
	} else {
		rd.stanza(s, r, &e.Payloads)
		e.Value = s
	}
	b, err := e.Value.AppendXML(nil, "")
	if err != nil {
		// what was read can be written: it is a fault of the codec
		e.Invalid = append(e.Invalid, Invalid{Err: err})
		b = wire.AppendRaw(nil, r, "")
	}
	e.XML = string(b)
	if e.Name.Space != r.Space() {
		e.XML = strings.Replace(e.XML, "xmlns='"+wire.NSClient+"'", "xmlns='"+e.Name.Space+"'", 1)
	}
	return e
}

// newStanza returns an empty stanza, nil if it is not the name of one.
func newStanza(n wire.Name) stanza.Stanza {
	for _, s := range []stanza.Stanza{new(stanza.Message), new(stanza.Presence), new(stanza.IQ)} {
		if s.Matches(n) {
			return s
		}
	}
	return nil
}

// stanza decodes r into s, puts typed values in the place of the payloads, and looks for what is unknown. The payloads
// are added to list, if there is one.
func (rd *reading) stanza(s stanza.Stanza, r wire.Raw, list *[]Payload) {
	defer rd.enter(r.Local())()
	err := s.DecodeXML(r)
	if err != nil {
		rd.invalid(r, err)
	}
	var payloads *stanza.Payloads
	var fault *stanza.Error
	var extra *wire.Extra
	var iq stanza.IQType
	switch s := s.(type) {
	case *stanza.Message:
		payloads, fault, extra = &s.Payloads, s.Err, s.Extra
	case *stanza.Presence:
		payloads, fault, extra = &s.Payloads, s.Err, s.Extra
	case *stanza.IQ:
		payloads, fault, extra, iq = &s.Payloads, s.Err, s.Extra, s.Type
	}
	rd.extra(rd.addresses(extra, r, err, "to", "from"), r, langTexts)
	top := len(rd.path) == 1
	if top {
		rd.path = nil // paths begin at the payload
	}
	rd.payloads(payloads, iq, list)
	if fault == nil {
		return
	}
	at := r.Child(wire.NSClient, "error")
	defer rd.enter("error")()
	rd.extra(rd.addresses(fault.Extra, at, nil, "by"), at, langTexts)
	rd.payloads(&fault.Payloads, "", nil)
}

// addresses notes the addresses of a stanza or an error that are none, which its Extra keeps. The one that err is about is
// noted already. It returns what else is in x.
func (rd *reading) addresses(x *wire.Extra, r wire.Raw, err error, names ...string) *wire.Extra {
	if x == nil {
		return nil
	}
	first, _ := errors.AsType[*wire.DecodeError](err)
	rest := *x
	rest.Attrs = nil
	for _, a := range x.Attrs {
		switch {
		case a.Name.Space != "" || !slices.Contains(names, a.Name.Local):
			rest.Attrs = append(rest.Attrs, a)
		case first == nil || first.Attr != a.Name.Local:
			_, why := stanza.DecodeJID(a.Value, new(*wire.Extra), 0)
			rd.invalid(r, &wire.DecodeError{Element: r.Name(), Attr: a.Name.Local, Value: a.Value, Reason: why})
		}
	}
	return &rest
}

func (rd *reading) payloads(p *stanza.Payloads, iq stanza.IQType, list *[]Payload) {
	var next []stanza.Payload
	for item := range p.All() {
		r := item.(wire.Raw)
		if r.Is(wire.NSClient, "priority") && len(rd.path) == 0 && rd.Raw.Is(wire.NSClient, "presence") {
			rd.priority(r)
			next = append(next, r)
			continue
		}
		v := rd.payload(r, iq, wire.NSClient)
		if list != nil {
			*list = append(*list, v)
		}
		if v.whole {
			next = append(next, v.Value)
		} else {
			next = append(next, r)
		}
	}
	p.Clear()
	p.Add(next...)
}

// priority notes the priority of a presence that is none, unless it was noted.
func (rd *reading) priority(r wire.Raw) {
	for _, i := range rd.Invalid {
		if i.Element == r {
			return
		}
	}
	rd.Invalid = append(rd.Invalid, Invalid{
		Err:     &wire.DecodeError{Element: rd.Raw.Name(), Child: "priority", Value: r.Text(), Reason: "is no number from -128 to 127"},
		Element: r,
	})
}

// payload reads an element that stands for itself; around is the namespace of the one that it stands in.
func (rd *reading) payload(r wire.Raw, iq stanza.IQType, around string) Payload {
	p := Payload{Raw: r, Type: rd.Find(r, iq)}
	if p.Type == nil {
		return p
	}
	rd.types[rd.original(r)] = p.Type
	p.Value = p.Type.make()
	err := p.Value.DecodeXML(r)
	p.whole = err == nil
	at := r
	if err != nil {
		p.Value, at = rd.mend(p.Type, r, p.Value, err)
	}
	if p.Value != nil {
		defer rd.enter(rd.step(r, around))()
		rd.walk(p.Value, at)
	}
	return p
}

// enter goes a step down; what it returns goes back up.
func (rd *reading) enter(step string) (leave func()) {
	before := rd.path
	rd.path = append(rd.path[:len(rd.path):len(rd.path)], step)
	return func() { rd.path = before }
}

// step is the name of an element in a path: with its namespace where it is not a payload and differs from
// that of the element around it.
func (rd *reading) step(r wire.Raw, around string) string {
	if len(rd.path) > 0 && r.Space() != around {
		return r.Name().String()
	}
	return r.Local()
}

func (rd *reading) unknown(r wire.Raw, attr wire.Name, step string) {
	rd.Unknown = append(rd.Unknown, Unknown{Path: rd.at(step), Element: rd.original(r), Attr: attr})
}

// at is the path to a step down from here.
func (rd *reading) at(step string) string {
	return strings.Join(append(rd.path[:len(rd.path):len(rd.path)], step), "/")
}
