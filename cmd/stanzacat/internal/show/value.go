package show

import (
	"reflect"

	"stanza.invalid/internal/typed"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// field is a field of a struct that has something to show.
type field struct {
	name  string
	value reflect.Value
}

// fields returns the fields of a generated struct, or of a stanza, that have a value. Those of an embedded struct
// are its own.
func fields(v reflect.Value, embedded func(reflect.Value) bool) []field {
	var list []field
	for i := range v.NumField() {
		f, x := v.Type().Field(i), v.Field(i)
		switch {
		case !f.IsExported() || f.Name == "XMLName" || f.Type == reflect.TypeFor[stanza.Payloads]():
		case f.Anonymous && f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[wire.Raw]() && embedded(x):
			list = append(list, fields(x, embedded)...)
		case f.Type == reflect.TypeFor[*wire.Extra]():
			if e := x.Interface().(*wire.Extra); e != nil && (len(e.Attrs) > 0 || len(e.Children) > 0 || e.Text != "") {
				list = append(list, field{f.Name, x})
			}
		case !x.IsZero():
			list = append(list, field{f.Name, x})
		}
	}
	return list
}

// payloadsOf returns what a stanza or error carries.
func payloadsOf(v any) []stanza.Payload {
	var list *stanza.Payloads
	switch s := v.(type) {
	case *stanza.Message:
		list = &s.Payloads
	case *stanza.Presence:
		list = &s.Payloads
	case *stanza.IQ:
		list = &s.Payloads
	case *stanza.Error:
		list = &s.Payloads
	default:
		return nil
	}
	var all []stanza.Payload
	for p := range list.All() {
		all = append(all, p)
	}
	return all
}

// shown is the value to show for a payload that may be raw: the typed one, if all or part of it could be read.
func shown(e *typed.Element, v any) any {
	r, ok := v.(wire.Raw)
	if !ok {
		return v
	}
	if x := e.Nested(r); x != nil {
		return x
	}
	for _, p := range e.Payloads {
		if p.Raw == r && p.Value != nil {
			return p.Value
		}
	}
	return v
}

// nameOfType is the name of a type as programs write it.
func nameOfType(v any) string {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.String()
}
