package gen_test

import (
	"encoding/xml"
	"fmt"
	"math"
	"math/rand/v2"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/internal/sample"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// filler makes values at random.
type filler struct {
	*rand.Rand
	depth int
	// ways are the types that implement the interfaces of choices.
	ways map[reflect.Type][]reflect.Type
}

// ways finds the types that the interfaces of choices have in the examples.
func ways(t *testing.T) map[reflect.Type][]reflect.Type {
	found := map[reflect.Type][]reflect.Type{}
	table := types()
	for _, x := range examples() {
		outermost(parseExample(t, x), x.Stanza != "", func(r wire.Raw) bool {
			for _, e := range of(table, r) {
				if v := e.New(); v.DecodeXML(r) == nil {
					waysIn(reflect.ValueOf(v), found)
				}
			}
			return false
		})
	}
	return found
}

func waysIn(v reflect.Value, found map[reflect.Type][]reflect.Type) {
	switch v.Interface().(type) {
	case *wire.Extra, wire.Raw, stanza.Message, stanza.Presence, stanza.IQ:
		return
	}
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			// what is none of the alternatives can be anything
			typ := v.Elem().Type()
			other := typ.Kind() == reflect.Pointer && strings.HasSuffix(typ.Elem().Name(), "Other")
			if !slices.Contains(found[v.Type()], typ) && !other {
				found[v.Type()] = append(found[v.Type()], typ)
			}
			waysIn(v.Elem(), found)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			waysIn(v.Elem(), found)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				waysIn(v.Field(i), found)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			waysIn(v.Index(i), found)
		}
	}
}

func (f *filler) text() string {
	list := []string{"a", "ä€😀", "<&>'\"", "]]>", " b ", "a\nb\tc\rd", "0", "true"}
	return list[f.IntN(len(list))]
}

// value makes one of the types that are no structs, or that have marshalling of their own.
func (f *filler) value(t reflect.Type) any {
	at := time.Unix(f.Int64N(1<<33), int64(f.IntN(2))*250_000_000).In([]*time.Location{time.UTC, time.FixedZone("", 2*3600)}[f.IntN(2)])
	switch reflect.Zero(t).Interface().(type) {
	case jid.JID:
		return jid.MustParse([]string{"a@example.org", "example.org", "a@example.org/b c"}[f.IntN(3)])
	case stanza.DateTime:
		return stanza.DateTime{Time: at}
	case stanza.Date:
		return stanza.Date{Time: time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)}
	case stanza.TimeOfDay:
		return stanza.TimeOfDay{Time: time.Date(1, 1, 1, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC), IsSet: true, Zoned: f.IntN(2) == 0}
	case stanza.Bytes:
		return stanza.Bytes(f.text())
	case stanza.Hex:
		return stanza.Hex(f.text())
	case stanza.Text:
		return stanza.Text{{Value: f.text()}, {Lang: "de", Value: f.text()}, {Lang: "fr"}}[:1+f.IntN(3)]
	case stanza.Message:
		return *stanza.NewMessage(jid.MustParse("a@example.org"), f.text())
	case stanza.Presence:
		return stanza.Presence{Show: stanza.Away}
	case stanza.IQ:
		return *stanza.NewIQ(stanza.Get, jid.MustParse("example.org"), raw("<ping xmlns='urn:xmpp:ping'/>"))
	case wire.Raw:
		return raw([]string{"<a xmlns='urn:example:any'/>", "<x:a xmlns:x='urn:example:any' x:y='1'><x:b/>c&lt;</x:a>"}[f.IntN(2)])
	}
	return nil
}

func raw(text string) wire.Raw {
	r, err := wire.Parse(text)
	if err != nil {
		panic(err)
	}
	return r
}

// fill gives v, and all in it, a value; optional things may stay away.
func (f *filler) fill(v reflect.Value, tag string) {
	if space, local, named := strings.Cut(tag, " "); named && v.Type() == reflect.TypeFor[wire.Raw]() {
		v.Set(reflect.ValueOf(raw("<" + local + " xmlns='" + space + "'>a<b xmlns='urn:example:any'/>c</" + local + ">")))
		return
	}
	if x := f.value(v.Type()); x != nil {
		v.Set(reflect.ValueOf(x))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(f.text())
		if tag == "-" { // it names an element
			v.SetString([]string{"gone", "lost", "new-one", "gaming", "active"}[f.IntN(5)])
		}
	case reflect.Bool:
		v.SetBool(f.IntN(2) == 0)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt([]int64{-1 << (v.Type().Bits() - 1), -5, 0, 1, 1<<(v.Type().Bits()-1) - 1}[f.IntN(5)])
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint([]uint64{0, 1, 3, 200, math.MaxUint64 >> (64 - v.Type().Bits())}[f.IntN(5)])
	case reflect.Float64:
		v.SetFloat([]float64{0, -1.5, 1e-7, 1e22, 43.5081}[f.IntN(5)])
	case reflect.Pointer:
		if f.IntN(3) > 0 && f.depth < 3 {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem(), tag)
		}
	case reflect.Interface:
		if list := f.ways[v.Type()]; len(list) > 0 && f.IntN(8) > 0 && f.depth < 4 {
			typ := list[f.IntN(len(list))]
			if typ.Kind() == reflect.String { // text of mixed content
				v.Set(reflect.ValueOf(f.text()).Convert(typ))
				return
			}
			x := reflect.New(typ.Elem())
			f.fill(x.Elem(), tag)
			v.Set(x)
		}
	case reflect.Slice:
		for range f.IntN(4) {
			if f.depth < 3 {
				x := reflect.New(v.Type().Elem()).Elem()
				f.fill(x, tag)
				if n := v.Len(); n > 0 && isText(x) && isText(v.Index(n-1)) {
					continue // the two would be read as one
				}
				v.Set(reflect.Append(v, x))
			}
		}
	case reflect.Struct:
		f.depth++
		for i := range v.NumField() {
			if s := v.Type().Field(i); s.Name != "Extra" && s.Name != "XMLName" {
				tag := s.Tag.Get("xml")
				if strings.HasSuffix(tag, ",omitempty") && f.IntN(3) == 0 {
					continue
				}
				f.fill(v.Field(i), tag)
			}
		}
		f.depth--
	}
}

// isText reports whether a value is text of mixed content.
func isText(v reflect.Value) bool {
	return v.Kind() == reflect.Interface && !v.IsNil() && v.Elem().Kind() == reflect.String
}

// name gives an element whose name is its value one of the names that it can have.
func (f *filler) name(e entry, v stanza.Decoder) {
	if len(e.Names) < 2 {
		return
	}
	reflect.ValueOf(v).Elem().Field(0).SetString(e.Names[f.IntN(len(e.Names))].Local)
}

// VX13: TestValues fills structs at random, writes them both ways, and reads each text both ways. Values that a schema
// forbids, and children that have to be there but are not, are the codec's to refuse.
func TestValues(t *testing.T) {
	t.Parallel()
	f := &filler{Rand: rand.New(rand.NewPCG(3, 4)), ways: ways(t)}
	require.Len(t, f.ways[reflect.TypeFor[sample.Way]()], 6)
	require.Len(t, f.ways[reflect.TypeFor[sample.Step]()], 4)
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	agreed := map[string]bool{}
	for _, e := range types() {
		for range rounds {
			v := e.New()
			f.fill(reflect.ValueOf(v).Elem(), "")
			f.name(e, v)
			ok, err := both(e, v)
			require.NoError(t, err, "%s.%s", path.Base(e.Package), e.GoName)
			if ok {
				agreed[e.Package+"."+e.GoName] = true
			}
		}
	}
	for _, e := range types() {
		if !agreed[e.Package+"."+e.GoName] {
			t.Logf("no value of %s.%s was valid", path.Base(e.Package), e.GoName)
		}
	}
	require.Greater(t, len(agreed), len(types())*9/10)
}

// both reports whether the value was valid, and what is wrong if the two ways differ about it.
func both(e entry, v stanza.Decoder) (ok bool, err error) {
	fast, err := v.AppendXML(nil, "")
	if err != nil {
		return false, nil
	}
	std, err := xml.Marshal(v)
	if err != nil {
		return false, fmt.Errorf("xml.Marshal: %w", err)
	}
	var elements [2]wire.Raw
	for i, text := range [][]byte{fast, std} {
		if elements[i], err = wire.Parse(string(text)); err != nil {
			return false, fmt.Errorf("%s\nis wrong: %w", text, err)
		}
	}
	if !wire.Equal(elements[0], elements[1]) {
		return false, fmt.Errorf("AppendXML and encoding/xml differ:\n%s\n%s", fast, std)
	}
	first := e.New()
	if first.DecodeXML(elements[0]) != nil {
		return false, nil
	}
	if e.Package == "stanza.invalid/gen/internal/sample" && (e.GoName == "Rules" || e.GoName == "Eternal") {
		v = first // they have required fixed values, which are written although they were left zero
	}
	for _, r := range elements {
		if err := decodeFast(e, r, v); err != nil {
			return false, err
		}
		if err := decodeStd(e, r.String(), v); err != nil {
			return false, err
		}
	}
	return true, agree(e, elements[0])
}
