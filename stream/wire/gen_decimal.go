package wire

import (
	"math"
	"strconv"
)

// DecodeDecimal reads a decimal number (XML Schema, part 2, section 3.2.3) for generated code, as [DecodeFloat]
// does. An exponent, which decimals have none of, is let pass; INF and NaN are not.
func DecodeDecimal(s string, x **Extra, slot Slot) (float64, string) {
	// what DecodeFloat keeps would be compared with its own way of writing
	var own *Extra
	n, reason := DecodeFloat(s, &own, slot)
	if reason != "" || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, "is no decimal number"
	}
	if plain := string(strconv.AppendFloat(nil, n, 'f', -1, 64)); plain != s {
		KeepSpelling(x, slot, s, plain)
	}
	return n, ""
}

// AppendDecimal appends a decimal number, which has no exponent. Infinity and NaN are an [*EncodeError].
func AppendDecimal(b []byte, n float64) ([]byte, error) {
	if math.IsInf(n, 0) || math.IsNaN(n) {
		return b, &EncodeError{Reason: "no decimal number", Value: string(AppendFloat(nil, n))}
	}
	return strconv.AppendFloat(b, n, 'f', -1, 64), nil
}
