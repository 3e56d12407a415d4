package form

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Kind reads and writes the values of one Go type, for generated code.
type Kind[T any] struct {
	parse  func(s string) (v T, reason string)
	format func(v T) string
	// lines says that several values are the lines of one text.
	lines bool
}

// Text is the kind of strings and of the enums that are strings.
func Text[T ~string]() Kind[T] {
	return Kind[T]{
		parse:  func(s string) (T, string) { return T(s), "" },
		format: func(v T) string { return string(v) },
		lines:  true,
	}
}

// Bool is the kind of yes and no.
func Bool() Kind[bool] {
	return Kind[bool]{
		parse:  func(s string) (bool, string) { var x *wire.Extra; return wire.DecodeBool(s, false, &x, 0) },
		format: strconv.FormatBool,
	}
}

// Int is the kind of signed integers and their enums.
func Int[T ~int8 | ~int16 | ~int32 | ~int64]() Kind[T] {
	bits := reflect.TypeFor[T]().Bits()
	return Kind[T]{
		parse: func(s string) (T, string) {
			var x *wire.Extra
			n, reason := wire.DecodeInt(s, bits, &x, 0)
			return T(n), reason
		},
		format: func(v T) string { return strconv.FormatInt(int64(v), 10) },
	}
}

// Uint is the kind of unsigned integers and their enums.
func Uint[T ~uint8 | ~uint16 | ~uint32 | ~uint64]() Kind[T] {
	bits := reflect.TypeFor[T]().Bits()
	return Kind[T]{
		parse: func(s string) (T, string) {
			var x *wire.Extra
			n, reason := wire.DecodeUint(s, bits, &x, 0)
			return T(n), reason
		},
		format: func(v T) string { return strconv.FormatUint(uint64(v), 10) },
	}
}

// Between is a kind of numbers with bounds, both inclusive.
func Between[T ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64](k Kind[T], lo, hi T) Kind[T] {
	parse := k.parse
	k.parse = func(s string) (T, string) {
		v, reason := parse(s)
		if reason == "" && (v < lo || v > hi) {
			reason = fmt.Sprintf("is not from %d to %d", lo, hi)
		}
		return v, reason
	}
	return k
}

// Float is the kind of the numbers with a fraction.
func Float() Kind[float64] {
	return Kind[float64]{
		parse:  func(s string) (float64, string) { var x *wire.Extra; return wire.DecodeFloat(s, &x, 0) },
		format: func(v float64) string { return string(wire.AppendFloat(nil, v)) },
	}
}

// JID is the kind of addresses.
func JID() Kind[jid.JID] {
	return Kind[jid.JID]{
		parse:  func(s string) (jid.JID, string) { var x *wire.Extra; return stanza.DecodeJID(s, &x, 0) },
		format: jid.JID.String,
	}
}

// appender is a value that writes itself.
type appender interface {
	AppendText(b []byte) ([]byte, error)
}

func written[T appender](v T) string {
	b, _ := v.AppendText(nil) // what could not be written is empty
	return string(b)
}

// DateTime is the kind of moments.
func DateTime() Kind[stanza.DateTime] {
	return Kind[stanza.DateTime]{
		parse:  func(s string) (stanza.DateTime, string) { var x *wire.Extra; return stanza.DecodeDateTime(s, &x, 0) },
		format: written[stanza.DateTime],
	}
}

// Date is the kind of days.
func Date() Kind[stanza.Date] {
	return Kind[stanza.Date]{
		parse:  func(s string) (stanza.Date, string) { var x *wire.Extra; return stanza.DecodeDate(s, &x, 0) },
		format: written[stanza.Date],
	}
}

// TimeOfDay is the kind of times.
func TimeOfDay() Kind[stanza.TimeOfDay] {
	return Kind[stanza.TimeOfDay]{
		parse:  func(s string) (stanza.TimeOfDay, string) { var x *wire.Extra; return stanza.DecodeTimeOfDay(s, &x, 0) },
		format: written[stanza.TimeOfDay],
	}
}

// Bytes is the kind of binary data in base64.
func Bytes() Kind[stanza.Bytes] {
	return Kind[stanza.Bytes]{
		parse:  func(s string) (stanza.Bytes, string) { var x *wire.Extra; return stanza.DecodeBytes(s, &x, 0) },
		format: written[stanza.Bytes],
	}
}

// Hex is the kind of binary data in hexadecimal digits.
func Hex() Kind[stanza.Hex] {
	return Kind[stanza.Hex]{
		parse:  func(s string) (stanza.Hex, string) { var x *wire.Extra; return stanza.DecodeHex(s, &x, 0) },
		format: written[stanza.Hex],
	}
}

// One writes a value that may be absent.
func (k Kind[T]) One(v *T) []string {
	if v == nil {
		return nil
	}
	return []string{k.format(*v)}
}

// Must writes a value of a required field, unless absent says that there is none yet.
func (k Kind[T]) Must(v T, absent bool) []string {
	if absent {
		return nil
	}
	return []string{k.format(v)}
}

// All writes the values of a field that may have several. Nil means absent, an empty list none.
func (k Kind[T]) All(list []T) []string {
	if list == nil {
		return nil
	}
	values := make([]string, len(list))
	for i, v := range list {
		values[i] = k.format(v)
	}
	return values
}

// Or is values, or the default of a field if they are absent in a form that is new.
func Or(values []string, isNew bool, defaults ...string) []string {
	if values == nil && isNew {
		return defaults
	}
	return values
}

func splitLines(s string) []string { return strings.Split(s, "\n") }
