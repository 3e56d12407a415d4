package gen_test

import (
	"encoding/xml"
	"path"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// sampled calls use for the outermost elements of all examples, with the first type that each can have.
func sampled(t testing.TB, use func(e entry, r wire.Raw)) {
	table := types()
	for _, x := range examples() {
		outermost(parseExample(t, x), x.Stanza != "", func(r wire.Raw) bool {
			for _, e := range of(table, r) {
				if e.New().DecodeXML(r) == nil {
					use(e, r)
					return true
				}
			}
			return false
		})
	}
}

// TestAllocations allows the codecs what they promise: nothing for appending to a buffer with room, and for decoding
// one allocation for each struct, slice and optional number. Values that keep an odd spelling, or a stanza, have more to
// do, and so has text that is escaped or stands between children.
func TestAllocations(t *testing.T) {
	if testing.CoverMode() != "" {
		t.Skip("coverage counters")
	}
	sampled(t, func(e entry, r wire.Raw) {
		v := e.New()
		require.NoError(t, v.DecodeXML(r))
		if unknown(v, true) != "" {
			return
		}
		if strings.Contains(r.Source(), "&") || e.GoName == "Tree" {
			return
		}
		room := make([]byte, 0, 64<<10)
		require.Zero(t, testing.AllocsPerRun(10, func() {
			if _, err := v.AppendXML(room, ""); err != nil {
				t.Error(err)
			}
		}), "AppendXML of %s.%s %s", path.Base(e.Package), e.GoName, r)
		limit := pieces(reflect.ValueOf(v).Elem())
		require.LessOrEqual(t, testing.AllocsPerRun(10, func() {
			reflect.ValueOf(v).Elem().SetZero()
			if err := v.DecodeXML(r); err != nil {
				t.Error(err)
			}
		}), float64(limit), "DecodeXML of %s.%s %s", path.Base(e.Package), e.GoName, r)
	})
}

// pieces counts what has memory of its own: what pointers point to, slices with something in them, zones of times.
func pieces(v reflect.Value) int {
	n := 0
	switch v.Interface().(type) {
	case wire.Raw, *wire.Extra:
		return 0
	case stanza.Message, stanza.Presence, stanza.IQ:
		return 8
	case stanza.DateTime, stanza.Date, stanza.TimeOfDay:
		return 2
	case stanza.Bytes, stanza.Hex:
		return 2
	}
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			n = pieces(v.Elem())
			if v.Elem().Kind() != reflect.Pointer {
				n++ // text of mixed content
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			n = 1 + pieces(v.Elem())
		}
	case reflect.Slice:
		if v.Len() > 0 {
			n++
		}
		if v.Type() == reflect.TypeFor[stanza.Text]() || v.Type() == reflect.TypeFor[[]wire.Raw]() {
			return n + v.Len()
		}
		for i := range v.Len() {
			n += pieces(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				n += pieces(v.Field(i))
			}
		}
	}
	return n
}

// BenchmarkDecode compares the fast codec with encoding/xml, for the examples of a few packages.
func BenchmarkDecode(b *testing.B) {
	benched(b, func(b *testing.B, e entry, r wire.Raw) {
		source := []byte(r.String())
		b.Run("codec", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(source)))
			for b.Loop() {
				if err := e.New().DecodeXML(r); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("std", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(source)))
			for b.Loop() {
				if err := xml.Unmarshal(source, e.New()); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

// BenchmarkAppend does the same for writing.
func BenchmarkAppend(b *testing.B) {
	benched(b, func(b *testing.B, e entry, r wire.Raw) {
		v := e.New()
		if err := v.DecodeXML(r); err != nil {
			b.Fatal(err)
		}
		room := make([]byte, 0, 64<<10)
		b.Run("codec", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(r.Source())))
			for b.Loop() {
				if _, err := v.AppendXML(room, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("std", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(r.Source())))
			for b.Loop() {
				if _, err := xml.Marshal(v); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

// benched runs a benchmark for the longest example of some types.
func benched(b *testing.B, run func(b *testing.B, e entry, r wire.Raw)) {
	longest := map[string]wire.Raw{}
	var order []entry
	sampled(b, func(e entry, r wire.Raw) {
		switch name := path.Base(e.Package) + "." + e.GoName; name {
		case "muc.User", "disco.Info", "roster.Query", "form.Form", "receipts.Received", "delay.Delay":
			if longest[name].IsZero() {
				order = append(order, e)
			}
			if len(r.Source()) > len(longest[name].Source()) {
				longest[name] = r
			}
		}
	})
	for _, e := range order {
		name := path.Base(e.Package) + "." + e.GoName
		b.Run(name, func(b *testing.B) { run(b, e, longest[name]) })
	}
}
