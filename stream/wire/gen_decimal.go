package wire

import (
	"math"
	"strconv"
	"strings"
)

// DecodeDecimal reads a decimal number (XML Schema, part 2, section 3.2.3) for generated code. An exponent, which
// decimals have none of, is let pass; infinity and NaN are not.
func DecodeDecimal(s string, x **Extra, slot Slot) (float64, string) {
	t := strings.Trim(s, spaces)
	n, err := strconv.ParseFloat(t, 64)
	if err != nil || strings.ContainsAny(t, "_xXpPiInN") {
		return 0, "is no decimal number"
	}
	var buf [40]byte
	if plain := strconv.AppendFloat(buf[:0], n, 'f', -1, 64); string(plain) != s {
		KeepSpelling(x, slot, s, string(plain))
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
