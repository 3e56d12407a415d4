package jid

import (
	"unicode"
	"unicode/utf8"
)

// ParseLenient is [Parse] for an address that a server delivered. It differs for a
// resourcepart only: one that RFC 7622, section 3.4 refuses is taken as it is, if it is
// 1 to 1023 bytes of UTF-8 without control characters and without what XML cannot carry.
//
// Resourceparts are opaque to all but who gave them, and rooms let people have
// nicknames that PRECIS keeps out: emoji built with joiners and variation
// selectors, or characters of a newer Unicode than ours. To refuse such an
// address would be to lose the stanza that it came with. A localpart or
// domainpart decides who somebody is, and is never taken on trust.
//
// An address that Parse takes gives the same JID. Others compare with == byte by
// byte, as the server that made them does. Do not use it for what people type in:
// servers may refuse to route it.
func ParseLenient(s string) (JID, error) {
	if j, ok := parsePlain(s); ok {
		return j, nil
	}
	return parseLenient(s)
}

// parseLenient is ParseLenient for what is not quite plain.
func parseLenient(s string) (JID, error) {
	j, err := parse(s)
	if err == nil {
		return j, nil
	}
	e, ok := err.(*Error)
	if !ok || e.Part != Resourcepart || !isOpaque(e.Input) {
		return JID{}, err
	}
	end := len(s) - len(e.Input) - 1
	if j, err = Parse(s[:end]); err != nil {
		return JID{}, err
	}
	if j.s == s[:end] {
		j.s = s
	} else {
		j.s += s[end:]
	}
	j.slash = uint16(len(j.s) - len(e.Input) - 1)
	return j, nil
}

// isOpaque reports whether s can be a resourcepart although PRECIS refuses it.
func isOpaque(s string) bool {
	if s == "" || len(s) > maxPart || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) || r == 0xFFFE || r == 0xFFFF {
			return false
		}
	}
	return true
}
