package typed

import (
	"reflect"
	"slices"
	"strings"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// walk looks for Extra in a generated value that was decoded from r, and puts typed values in the place of what
// stands in its open content.
func (rd *reading) walk(v any, r wire.Raw) {
	rd.structure(reflect.ValueOf(v).Elem(), r)
}

// structure goes through the fields of a struct that was decoded from r.
func (rd *reading) structure(v reflect.Value, r wire.Raw) {
	pairs := pairing{left: children(r)}
	var later []reflect.Value // whose elements only what is left can tell
	var extra *wire.Extra
	leaves := map[string]bool{} // children with a language
	for i := range v.NumField() {
		field, f := v.Type().Field(i), v.Field(i)
		if !field.IsExported() || field.Name == "XMLName" {
			continue
		}
		switch x := f.Interface().(type) {
		case *wire.Extra:
			extra = x
			continue
		case wire.Raw:
			if field.Anonymous { // it has the name of one of several types, but is none of them
				rd.Unknown = append(rd.Unknown, Unknown{Path: strings.Join(rd.path, "/"), Element: rd.original(x)})
			} else {
				f.Set(reflect.ValueOf(rd.open(x, r)))
				pairs.take(x)
			}
			continue
		case []wire.Raw:
			for j := range x {
				pairs.take(x[j])
				x[j] = rd.open(x[j], r)
			}
			continue
		case stanza.Text:
			leaves[localName(field)] = true
			continue
		}
		if field.Anonymous { // a type of another package as one of several
			rd.structure(f, r)
			continue
		}
		name := localName(field)
		if !structs(f, func(e reflect.Value) bool {
			c := pairs.named(e, name)
			if c.IsZero() {
				return false
			}
			rd.child(e, c, r)
			return true
		}) {
			later = append(later, f)
		}
	}
	for _, f := range later {
		structs(f, func(e reflect.Value) bool {
			if c := pairs.next(e); !c.IsZero() {
				rd.child(e, c, r)
			}
			return true
		})
	}
	rd.extra(extra, r, leaves)
}

// child goes on in an element of a field.
func (rd *reading) child(v reflect.Value, r, parent wire.Raw) {
	if s, ok := v.Addr().Interface().(stanza.Stanza); ok {
		again := newStanza(s.WireName())
		rd.stanza(again, r, nil)
		v.Set(reflect.ValueOf(again).Elem())
		return
	}
	defer rd.enter(rd.step(r, parent.Space()))()
	rd.structure(v, r)
}

// open reads an element in open content, and returns what is to stand there.
func (rd *reading) open(r, parent wire.Raw) wire.Raw {
	if r.IsZero() {
		return r
	}
	var v stanza.Decoder
	if s := newStanza(r.Name()); s != nil {
		rd.stanza(s, r, nil)
		v = s
	} else {
		p := rd.payload(r, "", parent.Space())
		if p.Value == nil {
			return r
		}
		if !p.whole {
			rd.nested[r] = p.Value
			return r
		}
		v = p.Value
	}
	b, err := v.AppendXML(nil, "")
	if err != nil {
		rd.Invalid = append(rd.Invalid, Invalid{Err: err, Element: r})
		return r
	}
	again, err := wire.Parse(string(b))
	if err != nil {
		rd.Invalid = append(rd.Invalid, Invalid{Err: err, Element: r})
		return r
	}
	rd.nested[again] = v
	return again
}

// langTexts are the children of stanzas that may have a language.
var langTexts = map[string]bool{"body": true, "subject": true, "status": true, "text": true}

// known reports whether a child that was kept whole has a place for an attribute nevertheless.
func known(leaf wire.Raw, attr string, texts map[string]bool) bool {
	return attr == "xml:lang" && texts[leaf.Local()] || attr == "parent" && leaf.Is(wire.NSClient, "thread")
}

// extra tells what an Extra holds, which belongs to an element r.
func (rd *reading) extra(x *wire.Extra, r wire.Raw, texts map[string]bool) {
	if x == nil {
		return
	}
	for _, a := range x.Attrs {
		rd.unknown(r, a.Name, "@"+attrName(a.Name))
	}
	for _, c := range x.Children {
		rd.unknown(c, wire.Name{}, rd.step(c, r.Space()))
	}
	if x.Text != "" {
		rd.Stray = append(rd.Stray, Unknown{Path: rd.at("text()"), Element: rd.original(r)})
	}
	for leaf := range x.Leaves() {
		leave := rd.enter(rd.step(leaf, r.Space()))
		for a := leaf.Attrs(); a.Next(); {
			if n := a.Expanded(); !known(leaf, a.Name(), texts) {
				rd.unknown(leaf, n, "@"+attrName(n))
			}
		}
		for _, c := range children(leaf) {
			rd.unknown(c, wire.Name{}, rd.step(c, leaf.Space()))
		}
		leave()
	}
}

// attrName is an attribute's name in a path.
func attrName(n wire.Name) string {
	if n.Space == wire.NSXML {
		return "xml:" + n.Local
	}
	return n.String()
}

// localName is the local name that a field's tag gives its element; empty if it gives none.
func localName(f reflect.StructField) string {
	name, options, _ := strings.Cut(f.Tag.Get("xml"), ",")
	if name == "-" || strings.Contains(options, "attr") {
		return ""
	}
	return name[strings.LastIndexByte(name, ' ')+1:]
}

// structs calls visit for each struct in a field. It reports whether all visits said yes.
func structs(f reflect.Value, visit func(reflect.Value) bool) bool {
	switch f.Kind() {
	case reflect.Pointer, reflect.Interface:
		return f.IsNil() || structs(f.Elem(), visit)
	case reflect.Slice:
		all := true
		for i := range f.Len() {
			all = structs(f.Index(i), visit) && all
		}
		return all
	case reflect.Struct:
		if !f.CanAddr() || !generated(f) {
			return true
		}
		return visit(f)
	}
	return true
}

// generated reports whether a struct is an element, rather than a value such as an address or a time.
func generated(f reflect.Value) bool {
	if _, ok := f.Addr().Interface().(stanza.Stanza); ok {
		return true
	}
	if x, ok := f.Type().FieldByName("Extra"); ok && x.Type == reflect.TypeFor[*wire.Extra]() {
		return true
	}
	// what fits none of several types
	x, ok := f.Type().FieldByName("Raw")
	return ok && x.Anonymous
}

// pairing finds the elements that structs were decoded from.
type pairing struct{ left []wire.Raw }

func children(r wire.Raw) (list []wire.Raw) {
	for c := r.Children(); c.Next(); {
		list = append(list, c.Raw())
	}
	return list
}

func (p *pairing) take(r wire.Raw) {
	if i := slices.Index(p.left, r); i >= 0 {
		p.left = slices.Delete(p.left, i, i+1)
	}
}

// named returns the next element for a value whose name is known, by the tag of its field or by itself.
func (p *pairing) named(v reflect.Value, local string) wire.Raw {
	if x := v.FieldByName("Raw"); x.IsValid() && v.NumField() == 1 {
		r := x.Interface().(wire.Raw)
		p.take(r)
		return r
	}
	matches := func(r wire.Raw) bool { return r.Local() == local }
	if d, ok := v.Addr().Interface().(stanza.Decoder); ok {
		name := d.WireName()
		matches = func(r wire.Raw) bool { return r.Name() == name }
		if name.Local == "" {
			matches = func(r wire.Raw) bool { return d.Matches(r.Name()) }
		}
	} else if local == "" {
		return wire.Raw{}
	}
	return p.first(matches)
}

// next returns the first element that is left, for a value that does not know its name.
func (p *pairing) next(reflect.Value) wire.Raw {
	return p.first(func(wire.Raw) bool { return true })
}

func (p *pairing) first(matches func(wire.Raw) bool) wire.Raw {
	if i := slices.IndexFunc(p.left, matches); i >= 0 {
		r := p.left[i]
		p.left = slices.Delete(p.left, i, i+1)
		return r
	}
	return wire.Raw{}
}
