package wire

import (
	"math/bits"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// Classes of bytes in names and in white space.
const (
	clsStart  = 1 << iota // may start a name
	clsName               // may stand in a name
	clsSpace              // white space
	clsTagEnd             // may stand behind the name of a start tag
)

// class says what an ASCII byte may be. The colon is in no class: names are
// split at it.
var class = func() (t [256]uint8) {
	for c := 'a'; c <= 'z'; c++ {
		t[c] = clsStart | clsName
		t[c-'a'+'A'] = clsStart | clsName
	}
	t['_'] = clsStart | clsName
	for c := '0'; c <= '9'; c++ {
		t[c] = clsName
	}
	t['-'], t['.'] = clsName, clsName
	for _, c := range " \t\r\n" {
		t[c] = clsSpace | clsTagEnd
	}
	t['>'], t['/'] = clsTagEnd, clsTagEnd
	return t
}()

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// The functions below look at eight bytes at once. In what they return the first
// high bit that is set (the lowest) marks the first byte in question; bits above
// it mean nothing, since what is subtracted or added may carry from there on.
//
// For a byte below 0x80, b-1 has its high bit set if b is 0 and b-0x20 if b is a
// control; all others stop on account of their own.

// longText returns the first index from i on, in steps of 32, where one of the four words has a
// mark of textStops. There must be one.
//
//go:noinline
func longText(b unsafe.Pointer, i int) int {
	two, greater, amp, one, blank := every.two, every.greater, every.amp, every.one, every.blank
	for {
		v, w := wordAt(b, i), wordAt(b, i+8)
		marks := (((v | two) ^ greater) - one) | (((w | two) ^ greater) - one) |
			((v ^ amp) - one) | ((w ^ amp) - one) | (v - blank) | (w - blank) | v | w
		v, w = wordAt(b, i+16), wordAt(b, i+24)
		marks |= (((v | two) ^ greater) - one) | (((w | two) ^ greater) - one) |
			((v ^ amp) - one) | ((w ^ amp) - one) | (v - blank) | (w - blank) | v | w
		if marks&every.high != 0 {
			return i
		}
		i += 32
	}
}

// textStops marks what needs a look in character data: < > & controls and
// everything beyond ASCII.
func textStops(v uint64) uint64 {
	// '<' and '>' differ in one bit only.
	return ((((v | every.two) ^ every.greater) - every.one) | ((v ^ every.amp) - every.one) | (v - every.blank) | v) & every.high
}

// valueStops is the same for an attribute value: it marks <, everything beyond ASCII and all that is less than a
// parenthesis, since one subtraction finds both quotes, & and controls. Spaces are among them: names and addresses, which
// are most of what values hold, have few.
func valueStops(v uint64) uint64 {
	return (((v ^ every.less) - every.one) | (v - every.parenthesis) | v) & every.high
}

// charStops marks controls and everything beyond ASCII.
func charStops(v uint64) uint64 { return ((v - every.blank) | v) & every.high }

// nameStops marks everything but the letters from a to z.
func nameStops(v uint64) uint64 {
	return (^(v + every.toA) | (v + every.toZ) | v) & every.high
}

// every has words of the same byte eight times. They come from memory, since each as part of the
// code would be an instruction of its own, of ten bytes.
var every = struct {
	one, two, high, blank, less, greater, amp, quote, parenthesis, toA, toZ uint64
}{
	ones, 0x02 * ones, highs, 0x20 * ones, '<' * ones, '>' * ones, '&' * ones, '\'' * ones, '(' * ones,
	(0x80 - 'a') * ones, (0x7F - 'z') * ones,
}

// plainTwo and plainThree report whether v, four bytes of which the first is the
// lowest, begins with a character of two or three bytes that needs no closer
// look. Those that do begin with E0, ED and EF: overlong forms, surrogates,
// U+FFFE and U+FFFF are among them.
func plainTwo(v uint32) bool { return v&0xC0E0 == 0x80C0 && v&0x1E != 0 }

func plainThree(v uint32) bool {
	return v&0xC0C0F0 == 0x8080E0 && 1<<(v&0xF)&(1<<0x0|1<<0xD|1<<0xF) == 0
}

// loads is load64 for strings; the compiler makes it one load.
func loads(s string, i int) uint64 {
	_ = s[i+7]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

func firstStop(mask uint64) int { return bits.TrailingZeros64(mask) >> 3 }

// isChar reports whether r is a character of XML 1.0 (production 2).
func isChar(r rune) bool {
	return r >= 0x20 && r < 0xD800 || r == '\t' || r == '\n' || r == '\r' ||
		r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= 0x10FFFF
}

func isNameStart(r rune) bool {
	if r < utf8.RuneSelf {
		return class[r]&clsStart != 0
	}
	return unicode.Is(nameStartTable, r)
}

func isNameChar(r rune) bool {
	if r < utf8.RuneSelf {
		return class[r]&clsName != 0
	}
	return unicode.Is(nameCharTable, r)
}

// ValidName reports whether s is a name without a colon (NCName of Namespaces
// in XML), as element and attribute names on a stream must be.
func ValidName(s string) bool {
	want := uint8(clsStart)
	for i := range len(s) {
		if class[s[i]]&want == 0 {
			return s[i] >= utf8.RuneSelf && validName(s)
		}
		want = clsName
	}
	return s != ""
}

// validName is ValidName for what is not ASCII.
func validName(s string) bool {
	for i, r := range s {
		if r == utf8.RuneError || i == 0 && !isNameStart(r) || i > 0 && !isNameChar(r) {
			return false
		}
	}
	return s != ""
}

// ValidText reports whether s is valid UTF-8 and holds only characters that XML
// can carry. Appending any other text is an [*EncodeError].
func ValidText(s string) bool { return invalidAt(s) < 0 }

// CleanText returns s with each byte that is not valid UTF-8, and each character
// that XML cannot carry, replaced by U+FFFD.
func CleanText(s string) string {
	if ValidText(s) {
		return s
	}
	b := make([]byte, 0, len(s)+8)
	for _, r := range s {
		if !isChar(r) {
			r = utf8.RuneError
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b)
}

// invalidAt returns the index of the first byte that is no XML text, or -1.
func invalidAt(s string) int {
	for i := 0; i < len(s); {
		for i+8 <= len(s) {
			v := loads(s, i)
			if m := charStops(v); m != 0 {
				i += firstStop(m)
				break
			}
			i += 8
		}
		if i >= len(s) {
			break
		}
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			if r, n = utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && n == 1 {
				return i
			}
		}
		if !isChar(r) {
			return i
		}
		i += n
	}
	return -1
}

// isBlank reports whether s is white space only.
func isBlank[T string | []byte](s T) bool {
	for i := range len(s) {
		if class[s[i]]&clsSpace == 0 {
			return false
		}
	}
	return true
}
