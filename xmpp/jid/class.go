package jid

// What an ASCII character may be in an address that is in normal form.
const (
	// inLocal: allowed in a localpart.
	inLocal = 1 << iota
	// inLabel: allowed anywhere in a label of a host name. The hyphen is not,
	// as it may not stand at the ends.
	inLabel
	// inResource: allowed in a resourcepart.
	inResource
	// isUpper: a capital, which localparts and domainparts map to lower case.
	isUpper
)

// Combinations of these.
const (
	r_ = inResource                     // the space and what RFC 7622, section 3.3.1 keeps out of localparts
	lr = inLocal | inResource           // other punctuation
	al = inLocal | inLabel | inResource // a to z, 0 to 9 and the underscore
	up = isUpper | inResource           // A to Z
)

// classes tells what each byte may be. Bytes that are not here are control
// characters, allowed nowhere, or belong to characters beyond ASCII. It is never written to.
var classes = [256]uint8{
	// space ! " # $ % & ' ( ) * + , - . /
	0x20: r_, lr, r_, lr, lr, lr, r_, r_, lr, lr, lr, lr, lr, lr, lr, r_,
	// 0 to 9 : ; < = > ?
	0x30: al, al, al, al, al, al, al, al, al, al, r_, lr, r_, lr, r_, lr,
	// @ A to O
	0x40: r_, up, up, up, up, up, up, up, up, up, up, up, up, up, up, up,
	// P to Z [ \ ] ^ _
	0x50: up, up, up, up, up, up, up, up, up, up, up, lr, lr, lr, lr, al,
	// ` a to o
	0x60: lr, al, al, al, al, al, al, al, al, al, al, al, al, al, al, al,
	// p to z { | } ~
	0x70: al, al, al, al, al, al, al, al, al, al, al, lr, lr, lr, lr,
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// lowerByte maps A to Z to lower case.
func lowerByte(c byte) byte {
	if classes[c]&isUpper != 0 {
		return c + ('a' - 'A')
	}
	return c
}

// lowerASCII maps A to Z to lower case. It returns s itself if it has none of these.
func lowerASCII(s string) string {
	for i := range len(s) {
		if classes[s[i]]&isUpper == 0 {
			continue
		}
		b := []byte(s)
		for ; i < len(b); i++ {
			b[i] = lowerByte(b[i])
		}
		return string(b)
	}
	return s
}

// isASCII reports whether s has only ASCII characters.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
