package gen_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"iter"
	"math"
	"reflect"
	"strings"
	"time"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// agree checks what the fast codec and encoding/xml make of an element that the fast one accepts:
//
//   - whatever it was, it comes out of the fast codec as it went in;
//   - if nothing in it was unknown or spelled in an odd way, encoding/xml decodes the same value;
//   - what the fast codec writes gives the same value with both, and so does what encoding/xml writes.
//
// Elements that the fast codec refuses are no matter here: encoding/xml checks less.
func agree(e entry, r wire.Raw) error {
	fast := e.New()
	if err := fast.DecodeXML(r); err != nil {
		return checkError(err)
	}
	written, err := fast.AppendXML(nil, "")
	if err != nil {
		return fmt.Errorf("AppendXML: %w", err)
	}
	again, err := wire.Parse(string(written))
	if err != nil {
		return fmt.Errorf("%s\nwas written as\n%s\nwhich is wrong: %w", r, written, err)
	}
	if !wire.Equal(r, again) {
		return fmt.Errorf("%s\nbecame\n%s", r, written)
	}
	if unknown(fast, true) != "" || hasLayout(r.Source()) {
		return nil
	}
	if err := decodeStd(e, r.Source(), fast); err != nil {
		return err
	}
	if err := decodeFast(e, again, fast); err != nil {
		return fmt.Errorf("after AppendXML: %w", err)
	}
	if err := decodeStd(e, string(written), fast); err != nil {
		return fmt.Errorf("after AppendXML: %w", err)
	}
	std, err := xml.Marshal(fast)
	if err != nil {
		return fmt.Errorf("xml.Marshal: %w", err)
	}
	parsed, err := wire.Parse(string(std))
	if err != nil {
		return fmt.Errorf("xml.Marshal wrote %s\nwhich is wrong: %w", std, err)
	}
	if err := decodeFast(e, parsed, fast); err != nil {
		return fmt.Errorf("after xml.Marshal: %w", err)
	}
	return nil
}

// checkError wants a DecodeError, or what a stanza inside has to say.
func checkError(err error) error {
	if _, ok := errors.AsType[*wire.DecodeError](err); !ok {
		return fmt.Errorf("error is %T: %w", err, err)
	}
	return nil
}

func decodeFast(e entry, r wire.Raw, want stanza.Decoder) error {
	got := e.New()
	if err := got.DecodeXML(r); err != nil {
		return fmt.Errorf("the codec refuses %s: %w", r, err)
	}
	if d := difference(reflect.ValueOf(want), reflect.ValueOf(got), ""); d != "" {
		return fmt.Errorf("of %s the codec makes another value: %s", r, d)
	}
	return nil
}

func decodeStd(e entry, text string, want stanza.Decoder) error {
	got := e.New()
	if err := xml.Unmarshal([]byte(text), got); err != nil {
		if _, ok := errors.AsType[*xml.SyntaxError](err); ok {
			return nil // its idea of names is that of an older edition of XML
		}
		return fmt.Errorf("encoding/xml refuses %s: %w", text, err)
	}
	if d := difference(reflect.ValueOf(want), reflect.ValueOf(got), ""); d != "" {
		return fmt.Errorf("of %s encoding/xml makes another value: %s", text, d)
	}
	return nil
}

// hasLayout reports whether an attribute value has a tab or a line break in it, which XML turns into a space and
// encoding/xml does not.
func hasLayout(text string) bool {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.RawToken()
		if err != nil {
			return false
		}
		if start, ok := token.(xml.StartElement); ok {
			for _, a := range start.Attr {
				if strings.ContainsAny(a.Value, "\t\r\n") {
					return true
				}
			}
		}
	}
}

// unknown says what an Extra somewhere in v holds; empty if nothing. Spellings count if asked for.
func unknown(v any, spellings bool) string {
	var found string
	walk(reflect.ValueOf(v), func(inside any) {
		x, ok := inside.(*wire.Extra)
		if !ok {
			// stanzas keep a second body among the payloads
			for n := range inside.(interface{ Names() iter.Seq[wire.Name] }).Names() {
				if n.Space == wire.NSClient {
					found = "child " + n.Local + " of a stanza"
				}
			}
			return
		}
		switch {
		case len(x.Attrs) > 0:
			found = fmt.Sprintf("attributes %v", x.Attrs)
		case len(x.Children) > 0:
			found = fmt.Sprintf("children %v", x.Children)
		case x.Text != "":
			found = fmt.Sprintf("text %q", x.Text)
		case spellings && !x.IsEmpty():
			found = "spellings"
		}
	})
	return found
}

// walk visits each Extra and each stanza.
func walk(v reflect.Value, visit func(any)) {
	if x, ok := v.Interface().(*wire.Extra); ok {
		if x != nil {
			visit(x)
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			walk(v.Elem(), visit)
		}
	case reflect.Struct:
		switch v.Interface().(type) {
		case stanza.Message, stanza.Presence, stanza.IQ:
			visit(v.Addr().Interface())
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				walk(v.Field(i), visit)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), visit)
		}
	}
}

// difference says how two values differ, leaving out Extra. Nil and empty slices are equal, and so are NaNs.
func difference(a, b reflect.Value, at string) string {
	differ := func() string { return fmt.Sprintf("%s: %#v, %#v", at, a.Interface(), b.Interface()) }
	switch x := a.Interface().(type) {
	case *wire.Extra:
		return ""
	case wire.Raw:
		if !wire.Equal(x, b.Interface().(wire.Raw)) {
			return fmt.Sprintf("%s: %s, %s", at, x, b.Interface())
		}
		return ""
	case time.Time:
		y := b.Interface().(time.Time)
		if !x.Equal(y) || x.String() != y.String() {
			return differ()
		}
		return ""
	case float64:
		if y := b.Float(); x != y && !(math.IsNaN(x) && math.IsNaN(y)) || math.Signbit(x) != math.Signbit(y) && x == 0 {
			return differ()
		}
		return ""
	case *stanza.Message, *stanza.Presence, *stanza.IQ:
		return stanzas(a, b, at)
	case stanza.Message, stanza.Presence, stanza.IQ:
		return stanzas(a.Addr(), b.Addr(), at)
	}
	switch a.Kind() {
	case reflect.Interface:
		if a.IsNil() || b.IsNil() || a.Elem().Type() != b.Elem().Type() {
			if a.IsNil() != b.IsNil() || !a.IsNil() {
				return differ()
			}
			return ""
		}
		return difference(a.Elem(), b.Elem(), at)
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			if a.IsNil() != b.IsNil() {
				return differ()
			}
			return ""
		}
		return difference(a.Elem(), b.Elem(), at)
	case reflect.Struct:
		for i := range a.NumField() {
			f := a.Type().Field(i)
			if !f.IsExported() {
				if !a.Comparable() || !a.Equal(b) {
					return differ()
				}
				continue
			}
			if d := difference(a.Field(i), b.Field(i), at+"."+f.Name); d != "" {
				return d
			}
		}
	case reflect.Slice:
		if a.Len() != b.Len() {
			return differ()
		}
		for i := range a.Len() {
			if d := difference(a.Index(i), b.Index(i), fmt.Sprintf("%s[%d]", at, i)); d != "" {
				return d
			}
		}
	default:
		if !a.Equal(b) {
			return differ()
		}
	}
	return ""
}

// stanzas compares stanzas by what they are written as.
func stanzas(a, b reflect.Value, at string) string {
	if a.IsNil() || b.IsNil() {
		if a.IsNil() != b.IsNil() {
			return at + ": only one has the stanza"
		}
		return ""
	}
	x, y := element(a), element(b)
	if !wire.Equal(x, y) {
		return fmt.Sprintf("%s: %s, %s", at, x, y)
	}
	return ""
}

func element(v reflect.Value) wire.Raw {
	b, err := v.Interface().(stanza.Payload).AppendXML(nil, "")
	if err != nil {
		return wire.Raw{}
	}
	r, err := wire.Parse(string(b))
	if err != nil {
		return wire.Raw{}
	}
	return r
}
