package wire

import (
	"math"
	"strconv"
	"strings"
)

// The Decode functions read one value for generated code. They return "" or the
// reason why the text is no such value, and remember a spelling that encoding
// would not reproduce. White space around a value is no part of it (XML Schema,
// part 2, section 4.3.6).

const spaces = " \t\r\n"

// DecodeBool reads true, false, 1 or 0. Of an optional field encoding leaves out
// false.
func DecodeBool(s string, optional bool, x **Extra, slot Slot) (bool, string) {
	if s == "true" {
		return true, ""
	}
	no := "false"
	if optional {
		no = ""
	}
	switch strings.Trim(s, spaces) {
	case "true", "1":
		KeepSpelling(x, slot, s, "true")
		return true, ""
	case "false", "0":
		if s != no {
			KeepSpelling(x, slot, s, no)
		}
		return false, ""
	}
	return false, "is neither true nor false"
}

// DecodeInt reads a signed integer of so many bits.
func DecodeInt(s string, bits int, x **Extra, slot Slot) (int64, string) {
	t := strings.Trim(s, spaces)
	n, err := strconv.ParseInt(t, 10, bits)
	if err != nil || strings.ContainsRune(t, '_') {
		lo := int64(-1) << (bits - 1)
		return 0, "is no number from " + strconv.FormatInt(lo, 10) + " to " + strconv.FormatInt(-(lo+1), 10)
	}
	if len(s) > 1 && (s[0] < '1' || len(t) != len(s)) {
		var buf [24]byte
		if plain := strconv.AppendInt(buf[:0], n, 10); string(plain) != s {
			KeepSpelling(x, slot, s, string(plain))
		}
	}
	return n, ""
}

// DecodeUint reads an unsigned integer of so many bits.
func DecodeUint(s string, bits int, x **Extra, slot Slot) (uint64, string) {
	if n, ok := plainUint(s); ok && n>>bits == 0 {
		return n, "" // as nearly all are, and as it would be written
	}
	t := s
	if s == "" || s[0] < '1' || s[0] > '9' || class[s[len(s)-1]]&clsSpace != 0 {
		// "+5" and "-0" are unsigned integers to XML Schema
		t = strings.TrimPrefix(strings.Trim(s, spaces), "+")
		if u := strings.TrimLeft(t, "-0"); u == "" && len(t) > 1 && t[0] == '-' && strings.Count(t, "-") == 1 {
			t = "0"
		}
	}
	n, err := strconv.ParseUint(t, 10, bits)
	if err != nil {
		return 0, "is no number from 0 to " + strconv.FormatUint(math.MaxUint64>>(64-bits), 10)
	}
	if len(t) != len(s) || len(s) > 1 && s[0] == '0' {
		KeepSpelling(x, slot, s, strconv.FormatUint(n, 10))
	}
	return n, ""
}

// plainUint reads a number of digits that does not begin with 0, unless it is 0, and is not too long to fit.
func plainUint(s string) (n uint64, ok bool) {
	if uint(len(s)-1) >= uint(maxDigits-1) || s[0] == '0' && len(s) > 1 {
		return 0, false
	}
	for i := range len(s) {
		c := uint64(s[i] - '0')
		if c > 9 {
			return 0, false
		}
		n = 10*n + c
	}
	return n, true
}

// DecodeFloat reads a decimal or floating-point number. INF, -INF and NaN are
// numbers to XML Schema.
func DecodeFloat(s string, x **Extra, slot Slot) (float64, string) {
	t := strings.Trim(s, spaces)
	var n float64
	switch t {
	case "INF":
		n = math.Inf(1)
	case "-INF":
		n = math.Inf(-1)
	case "NaN":
		n = math.NaN()
	default:
		var err error
		if n, err = strconv.ParseFloat(t, 64); err != nil || strings.ContainsAny(t, "_xXpPiInN") {
			return 0, "is no number"
		}
	}
	var buf [40]byte
	if plain := AppendFloat(buf[:0], n); string(plain) != s {
		KeepSpelling(x, slot, s, string(plain))
	}
	return n, ""
}

// AppendFloat appends a number as XML Schema writes it.
func AppendFloat(b []byte, n float64) []byte {
	switch {
	case math.IsInf(n, 1):
		return append(b, "INF"...)
	case math.IsInf(n, -1):
		return append(b, "-INF"...)
	}
	if a := math.Abs(n); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(b, n, 'E', -1, 64)
	}
	return strconv.AppendFloat(b, n, 'f', -1, 64)
}

// Invalid returns the error for the attribute at the cursor.
func (a *AttrCursor) Invalid(r Raw, reason string) error {
	name := a.Name()
	if name == "" {
		name = a.Expanded().String()
	}
	return &DecodeError{Element: r.Name(), Attr: name, Value: clip(a.Value()), Reason: reason}
}

// Invalid returns the error for the child at the cursor, a child of r.
func (c *Cursor) Invalid(r Raw, reason string) error {
	return &DecodeError{Element: r.Name(), Child: c.Local(), Value: clip(c.Text()), Reason: reason}
}

// Invalid returns the error for the text of r.
func (r Raw) Invalid(reason string) error {
	return &DecodeError{Element: r.Name(), Value: clip(r.Text()), Reason: reason}
}

// MissingAttr returns the error for a required attribute that r lacks.
func (r Raw) MissingAttr(name string) error {
	return &DecodeError{Element: r.Name(), Attr: name, Reason: "is missing"}
}

// MissingChild returns the error for a required child that r lacks.
func (r Raw) MissingChild(name string) error {
	return &DecodeError{Element: r.Name(), Child: name, Reason: "is missing"}
}

// Unexpected returns the error for an element r where want should be.
func (r Raw) Unexpected(want Name) error {
	return &DecodeError{Element: r.Name(), Reason: "is not " + want.String()}
}

// Ptr returns a pointer to a copy of v, for optional numbers.
func Ptr[T any](v T) *T { return &v }
