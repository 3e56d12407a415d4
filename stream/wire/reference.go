package wire

import (
	"unicode/utf8"
	"unsafe"
)

// maxReference bounds a reference, so that it can be looked at again when its
// end arrives later.
const maxReference = 64

// What reference returns in place of a length.
const (
	refMore       = 0  // the end is not there yet
	refMalformed  = -1 // no reference of XML
	refRestricted = -2 // a reference to an entity that is not predefined
	refTooLong    = -3
)

// reference reads the reference at the start of s and returns its character and
// length, or one of the codes above.
func reference[T string | []byte](s T) (rune, int) {
	if len(s) < 2 {
		return 0, refMore
	}
	if s[1] == '#' {
		return charReference(s)
	}
	for i := 1; i < len(s); i++ {
		if i > maxReference {
			return 0, refTooLong
		}
		c := s[i]
		if c == ';' {
			if i == 1 {
				return 0, refMalformed
			}
			switch string(s[1:i]) {
			case "lt":
				return '<', i + 1
			case "gt":
				return '>', i + 1
			case "amp":
				return '&', i + 1
			case "quot":
				return '"', i + 1
			case "apos":
				return '\'', i + 1
			}
			return 0, refRestricted
		}
		if c < utf8.RuneSelf && (class[c]&clsName == 0 && c != ':' || i == 1 && class[c]&clsStart == 0 && c != ':') {
			return 0, refMalformed
		}
	}
	return 0, refMore
}

func charReference[T string | []byte](s T) (rune, int) {
	i, base := 2, rune(10)
	if len(s) > 2 && s[2] == 'x' {
		i, base = 3, 16
	}
	first := i
	r := rune(0)
	for ; i < len(s); i++ {
		if i > maxReference {
			return 0, refTooLong
		}
		c := s[i]
		var v rune
		switch {
		case c == ';':
			if i == first || !isChar(r) {
				return 0, refMalformed
			}
			return r, i + 1
		case c >= '0' && c <= '9':
			v = rune(c - '0')
		case base == 16 && c >= 'a' && c <= 'f':
			v = rune(c-'a') + 10
		case base == 16 && c >= 'A' && c <= 'F':
			v = rune(c-'A') + 10
		default:
			return 0, refMalformed
		}
		// stays above the last character once it is, so that it can't wrap
		if r = r*base + v; r > utf8.MaxRune {
			r = utf8.MaxRune + 1
		}
	}
	return 0, refMore
}

func appendRune(b []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		return append(b, byte(r))
	}
	return utf8.AppendRune(b, r)
}

// text makes a string of bytes that nobody else holds.
func text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}
