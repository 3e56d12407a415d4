package show

import (
	"bytes"
	"encoding"
	"encoding/json"
	"io"
	"reflect"
	"strings"

	"stanza.invalid/cmd/stanzacat/internal/paste"
	"stanza.invalid/internal/typed"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// object is a JSON object that keeps its order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := encode(&b, m.name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := encode(&b, m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// json writes a record as an object with the typed value.
func (c colours) json(w io.Writer, r *Record) error {
	if r.Kind == paste.Footer {
		return nil
	}
	o := object{{"n", r.N}}
	if r.Direction != paste.Unknown {
		o = append(o, member{"direction", string(r.Direction)})
	}
	if r.Time != "" {
		o = append(o, member{"time", r.Time})
	}
	if r.Err != nil {
		o = append(o, member{"error", r.Err.Error()})
		if r.File != "" {
			o = append(o, member{"file", r.File})
		}
		if r.Line > 0 {
			o = append(o, member{"line", r.Line})
		}
	} else {
		l := lineOf(r)
		v := shown(r.Element, r.Element.Value)
		o = append(o, member{"name", l.Name})
		if _, raw := v.(wire.Raw); raw {
			o = append(o, member{"type", nil}, member{"xml", l.XML})
		} else {
			o = append(o, member{"type", nameOfType(v)}, member{"value", jsonValue(r.Element, reflect.ValueOf(v))})
		}
		o = append(o, member{"unknown", l.Unknown}, member{"invalid", l.Invalid})
	}
	var line, b bytes.Buffer
	if err := encode(&line, o); err != nil {
		return err
	}
	if err := json.Indent(&b, line.Bytes(), "", "  "); err != nil {
		return err
	}
	_, err := io.WriteString(w, c.jsonTokens(b.String()))
	return err
}

// jsonValue returns what encoding/json writes as the value.
func jsonValue(e *typed.Element, v reflect.Value) any {
	switch x := v.Interface().(type) {
	case stanza.Text:
		if len(x) == 1 && x[0].Lang == "" {
			return x[0].Value
		}
		list := []object{}
		for _, t := range x {
			list = append(list, object{{"lang", t.Lang}, {"value", t.Value}})
		}
		return list
	case wire.Raw:
		if v := shown(e, x); v != any(x) {
			return object{{"type", nameOfType(v)}, {"value", jsonValue(e, reflect.ValueOf(v))}}
		}
		return x.String()
	case wire.Extra:
		return jsonExtra(e, &x)
	case json.Marshaler, encoding.TextMarshaler:
		return x
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		if _, ok := v.Interface().(stanza.Stanza); ok {
			return jsonStruct(e, v)
		}
		if _, ok := v.Interface().(*stanza.Error); ok {
			return jsonStruct(e, v)
		}
		return jsonValue(e, v.Elem())
	case reflect.Interface:
		x := v.Elem()
		return object{{"type", nameOfType(x.Interface())}, {"value", jsonValue(e, x)}}
	case reflect.Struct:
		if v.CanAddr() {
			return jsonStruct(e, v.Addr())
		}
		p := reflect.New(v.Type())
		p.Elem().Set(v)
		return jsonStruct(e, p)
	case reflect.Slice:
		list := []any{}
		for i := range v.Len() {
			list = append(list, jsonValue(e, v.Index(i)))
		}
		return list
	}
	return v.Interface()
}

// jsonStruct returns the fields of the struct that p points to, and what it carries if it is a stanza or an error.
func jsonStruct(e *typed.Element, p reflect.Value) object {
	o := object{}
	for _, f := range fields(p.Elem(), func(reflect.Value) bool { return true }) {
		o = append(o, member{f.name, jsonValue(e, f.value)})
	}
	if payloads := payloadsOf(p.Interface()); len(payloads) > 0 {
		list := []any{}
		for _, x := range payloads {
			v := shown(e, x)
			if r, raw := v.(wire.Raw); raw {
				list = append(list, object{{"type", nil}, {"xml", r.String()}})
			} else {
				list = append(list, object{{"type", nameOfType(v)}, {"value", jsonValue(e, reflect.ValueOf(v))}})
			}
		}
		o = append(o, member{"Payloads", list})
	}
	return o
}

func jsonExtra(e *typed.Element, x *wire.Extra) object {
	o := object{}
	if len(x.Attrs) > 0 {
		attrs := object{}
		for _, a := range x.Attrs {
			attrs = append(attrs, member{attrName(a.Name), a.Value})
		}
		o = append(o, member{"Attrs", attrs})
	}
	if len(x.Children) > 0 {
		o = append(o, member{"Children", jsonValue(e, reflect.ValueOf(x.Children))})
	}
	if x.Text != "" {
		o = append(o, member{"Text", x.Text})
	}
	return o
}

// jsonTokens colours indented JSON.
func (c colours) jsonTokens(s string) string {
	if c.off == "" {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		if s[0] != '"' {
			n := strings.IndexByte(s, '"')
			if n < 0 {
				n = len(s)
			}
			b.WriteString(s[:n])
			s = s[n:]
			continue
		}
		n := 1
		for s[n] != '"' {
			if s[n] == '\\' {
				n++
			}
			n++
		}
		n++
		colour := c.value
		if strings.HasPrefix(s[n:], ":") {
			colour = c.attr
			if name := s[:n]; name == `"unknown"` && !strings.HasPrefix(s[n:], ": []") {
				colour = c.unknown
			} else if name == `"error"` || name == `"invalid"` && !strings.HasPrefix(s[n:], ": []") {
				colour = c.invalid
			}
		}
		b.WriteString(c.paint(colour, s[:n]))
		s = s[n:]
	}
	return b.String()
}
