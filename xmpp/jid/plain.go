package jid

import (
	"math/bits"
	"unsafe"
)

// parsePlain parses an address as nearly all are: in normal form, of small letters, digits,
// dots and hyphens, with any printable resource. It is not ok for any other, and for a few
// of that kind, which [parseCanonical] decides.
func parsePlain(s string) (j JID, ok bool) {
	n := len(s)
	if n < 8 || n > maxPart {
		return JID{}, false
	}
	var (
		b    = unsafe.Pointer(unsafe.StringData(s))
		last = wordAt(b, n-8)
		i    = 0
		host = 0
		// whether a dot or hyphen, or the start of a part, is in front of the word
		behind = uint64(0x80)
		v      uint64
	)
	for i < n {
		if i+8 <= n {
			v = wordAt(b, i)
		} else {
			v = last >> (uint(8-(n-i)) * 8 & 63) // zeros behind the end, which are stops
		}
		letter := (v + every.toA) &^ (v + every.toZ)
		digit := (v + every.to0) &^ (v + every.to9)
		mark := (v + every.toHyphen) &^ (v + every.toDot) & every.high
		stops := (^(letter | digit | mark) | v) & every.high
		mark &= stops - 1 // those in front of the first stop, or all
		if mark&(mark<<8|behind) != 0 {
			return JID{}, false // two in a row, or one at the start of a part
		}
		if stops == 0 {
			behind = mark >> 56
			i += 8
			continue
		}
		i += bits.TrailingZeros64(stops) >> 3
		if i == n || byteAt(b, i) == '/' {
			break
		}
		if byteAt(b, i) != '@' || host > 0 || i == 0 {
			return JID{}, false
		}
		j.at = uint16(i)
		i++
		host, behind = i, 0x80
	}
	// a name without a label that is too long, that begins or ends wrongly, or that is a number
	if uint(i-host-1) >= maxLabel || byteAt(b, i-1)-'a' > 'z'-'a' {
		return JID{}, false
	}
	if i < n {
		j.slash = uint16(i)
		if i++; i == n {
			return JID{}, false
		}
		bad := unprintable(last) // what is in front of the resource is printable
		for ; i+8 < n; i += 8 {
			bad |= unprintable(wordAt(b, i))
		}
		if bad != 0 {
			return JID{}, false
		}
	}
	j.s = s
	return j, true
}

// every has words of the same byte eight times: what lifts the first character of a range, and the
// one behind its last, to 0x80. They come from memory, since each as part of the code would be an
// instruction of its own, of ten bytes.
var every = struct {
	high, toA, toZ, to0, to9, toHyphen, toDot uint64
}{
	highs, (0x80 - 'a') * ones, (0x7F - 'z') * ones, (0x80 - '0') * ones, (0x7F - '9') * ones,
	(0x80 - '-') * ones, (0x7F - '.') * ones,
}

// unprintable marks all but the characters of ASCII from space to tilde. A byte beyond ASCII
// marks itself, and may spoil what is said of those behind it.
func unprintable(v uint64) uint64 {
	return (^(v + (0x80-0x20)*ones) | (v + ones) | v) & highs
}

func byteAt(b unsafe.Pointer, i int) byte { return *(*byte)(unsafe.Add(b, i)) }

func wordAt(b unsafe.Pointer, i int) uint64 {
	w := (*[8]byte)(unsafe.Add(b, i))
	return uint64(w[0]) | uint64(w[1])<<8 | uint64(w[2])<<16 | uint64(w[3])<<24 |
		uint64(w[4])<<32 | uint64(w[5])<<40 | uint64(w[6])<<48 | uint64(w[7])<<56
}
