package jid

import "math/bits"

// Addresses are mostly runs of small letters. The functions below look at eight bytes at
// once: a byte of a word that fails a test has its high bit set in the result. Sums may
// carry out of a byte beyond ASCII, but only into bytes behind it, and such a byte fails
// itself.

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

func load64(s string, i int) uint64 {
	_ = s[i+7]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

// skipLetters returns the index of the first byte of s, from i on, that is no small
// letter of ASCII, or the length of s.
func skipLetters(s string, i int) int {
	for i+8 <= len(s) {
		v := load64(s, i)
		small := (v + (0x80-'a')*ones) &^ (v + (0x80-'z'-1)*ones)
		if stops := (^small | v) & highs; stops != 0 {
			return i + bits.TrailingZeros64(stops)>>3
		}
		i += 8
	}
	if left := len(s) - i; left > 0 && len(s) >= 8 {
		// the last eight bytes, without those that are behind us
		v := load64(s, len(s)-8) >> (8 * uint(8-left))
		small := (v + (0x80-'a')*ones) &^ (v + (0x80-'z'-1)*ones)
		return i + bits.TrailingZeros64((^small|v)&highs|1<<63)>>3
	}
	for i < len(s) && s[i]-'a' <= 'z'-'a' {
		i++
	}
	return i
}

// isPrintable reports whether s has only the characters of ASCII from space to tilde.
func isPrintable(s string) bool {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if unprintable(load64(s, i)) != 0 {
			return false
		}
	}
	if i < len(s) && len(s) >= 8 {
		return unprintable(load64(s, len(s)-8)) == 0
	}
	for ; i < len(s); i++ {
		if s[i]-' ' > '~'-' ' {
			return false
		}
	}
	return true
}
