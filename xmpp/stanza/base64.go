package stanza

import (
	"encoding/binary"
	"unsafe"
)

// Base64 as in RFC 4648, section 4, with tables that take three or four characters in a
// few loads: keys and photos are most of what some stanzas carry.

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// base64Bad has a bit that no valid character sets.
const base64Bad = 1 << 24

// base64Values has, for each of the four places in a group, what a character adds to the
// 24 bits of the group.
var base64Values = func() (t [4][256]uint32) {
	for place := range t {
		for c := range t[place] {
			t[place][c] = base64Bad
		}
		for v, c := range []byte(base64Alphabet) {
			t[place][c] = uint32(v) << (18 - 6*place)
		}
	}
	return t
}()

// base64Pairs has the two characters for each 12 bits, the first one in the low byte.
var base64Pairs = func() (t [1 << 12]uint16) {
	for i := range t {
		t[i] = uint16(base64Alphabet[i>>6]) | uint16(base64Alphabet[i&63])<<8
	}
	return t
}()

// appendBase64 appends b in base64.
func appendBase64(dst, b []byte) []byte {
	n := (len(b) + 2) / 3 * 4
	if cap(dst)-len(dst) < n {
		dst = append(dst, make([]byte, n)...)[:len(dst)]
	}
	out := dst[len(dst) : len(dst)+n]
	// six bytes make eight characters; of the eight bytes that are loaded the last two do not count
	if groups := (len(b) - 2) / 6; groups > 0 {
		// nothing is checked in this loop: there is room for all of it
		from, to := unsafe.Pointer(unsafe.SliceData(b)), unsafe.Pointer(unsafe.SliceData(out))
		t := &base64Pairs
		for k := range groups {
			v := binary.BigEndian.Uint64((*[8]byte)(unsafe.Add(from, 6*k))[:])
			binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(to, 8*k))[:], uint64(t[v>>52])|uint64(t[v>>40&0xFFF])<<16|
				uint64(t[v>>28&0xFFF])<<32|uint64(t[v>>16&0xFFF])<<48)
		}
		b, out = b[6*groups:], out[8*groups:]
	}
	for len(b) >= 3 && len(out) >= 4 {
		v := uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
		binary.LittleEndian.PutUint32(out, uint32(base64Pairs[v>>12])|uint32(base64Pairs[v&0xFFF])<<16)
		b, out = b[3:], out[4:]
	}
	switch len(b) {
	case 1:
		binary.LittleEndian.PutUint16(out, base64Pairs[uint32(b[0])<<4])
		out[2], out[3] = '=', '='
	case 2:
		v := uint32(b[0])<<16 | uint32(b[1])<<8
		binary.LittleEndian.PutUint32(out, uint32(base64Pairs[v>>12])|uint32(base64Pairs[v&0xFFF])<<16)
		out[3] = '='
	}
	return dst[:len(dst)+n]
}

// decodeBase64 decodes s, which has no white space in it. It is canonical if encoding
// would give s again: the bits beyond the last byte are zero.
func decodeBase64(s string) (b []byte, canonical, ok bool) {
	if len(s)%4 != 0 {
		return nil, false, false
	}
	if s == "" {
		return []byte{}, true, true
	}
	pad := 0
	if s[len(s)-1] == '=' {
		pad++
		if s[len(s)-2] == '=' {
			pad++
		}
	}
	out := make([]byte, len(s)/4*3)
	bad, i := uint32(0), 0
	whole := len(s)
	if pad > 0 {
		whole -= 4
	}
	// characters that are none set a bit that is looked at once, behind the loop
	in := s[:whole]
	t := &base64Values
	// eight characters make six bytes of one store; the two behind them are overwritten
	if groups := min(len(in)/8, (len(out)-2)/6); groups > 0 {
		// nothing is checked in this loop: there is room for all of it
		from, to := unsafe.Pointer(unsafe.StringData(in)), unsafe.Pointer(unsafe.SliceData(out))
		for k := range groups {
			c := (*[8]byte)(unsafe.Add(from, 8*k))
			hi := t[0][c[0]] | t[1][c[1]] | t[2][c[2]] | t[3][c[3]]
			lo := t[0][c[4]] | t[1][c[5]] | t[2][c[6]] | t[3][c[7]]
			bad |= hi | lo
			binary.BigEndian.PutUint64((*[8]byte)(unsafe.Add(to, 6*k))[:], uint64(hi)<<40|uint64(lo)<<16)
		}
		i, in = groups*6, in[groups*8:]
	}
	for ; len(in) >= 4 && i+3 <= len(out); i += 3 {
		v := t[0][in[0]] | t[1][in[1]] | t[2][in[2]] | t[3][in[3]]
		bad |= v
		o := out[i : i+3 : i+3]
		o[0], o[1], o[2] = byte(v>>16), byte(v>>8), byte(v)
		in = in[4:]
	}
	canonical = true
	if pad > 0 {
		last := s[whole:]
		v := base64Values[0][last[0]] | base64Values[1][last[1]]
		if pad == 1 {
			v |= base64Values[2][last[2]]
		}
		bad |= v
		out[i] = byte(v >> 16)
		if pad == 1 {
			out[i+1] = byte(v >> 8)
		}
		canonical = v<<(8*uint32(3-pad))&0xFFFFFF == 0
	}
	if bad&base64Bad != 0 {
		return nil, false, false
	}
	return out[:len(out)-pad], canonical, true
}
