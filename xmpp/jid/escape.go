package jid

import "strings"

// escapable holds the characters that XEP-0106 escapes, without the backslash.
const escapable = ` "&'/:<>@`

// Escape returns text as it may stand in a localpart, with the space and the eight
// characters that localparts exclude as \20, \22 and so on (XEP-0106, section 3.2). A
// backslash is escaped only where it could be taken for the start of such a
// sequence, whether in lower or upper case, as localparts are folded to lower case.
//
// Text that begins or ends with a space cannot be escaped; the error is then an *[Error] with
// [ErrEdgeSpace]. Escape checks nothing else: [New] does. Localparts only are escaped,
// never domainparts or resourceparts, and a localpart that came from the wire is never to be escaped again.
func Escape(text string) (string, error) {
	if strings.HasPrefix(text, " ") || strings.HasSuffix(text, " ") {
		return "", &Error{Localpart, text, ErrEdgeSpace}
	}
	if !strings.ContainsAny(text, escapable+`\`) {
		return text, nil
	}
	const hex = "0123456789abcdef"
	var b strings.Builder
	b.Grow(len(text) + 8)
	for i := range len(text) {
		c := text[i]
		special := strings.IndexByte(escapable, c) >= 0
		if c == '\\' {
			_, special = unescapeAt(lowerASCII(text[i:min(len(text), i+3)]))
		}
		if special {
			b.WriteByte('\\')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
			continue
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

// Unescape returns a localpart as it is displayed to people, with the escape sequences
// of XEP-0106, section 3.3 as the characters for which they stand. Other backslashes stay as they are.
// The result is for display and for gateways to other systems: it must never be compared, nor
// sent as an address (XEP-0106, section 4.1). It may contain any of the excluded characters.
func Unescape(localpart string) string {
	i := strings.IndexByte(localpart, '\\')
	if i < 0 {
		return localpart
	}
	var b strings.Builder
	b.Grow(len(localpart))
	b.WriteString(localpart[:i])
	for i < len(localpart) {
		if c, ok := unescapeAt(localpart[i:]); ok {
			b.WriteByte(c)
			i += 3
			continue
		}
		b.WriteByte(localpart[i])
		i++
	}
	return b.String()
}

// unescapeAt returns the character of the escape sequence at the start of s.
func unescapeAt(s string) (c byte, ok bool) {
	if len(s) < 3 || s[0] != '\\' {
		return 0, false
	}
	switch s[1:3] {
	case "20":
		return ' ', true
	case "22":
		return '"', true
	case "26":
		return '&', true
	case "27":
		return '\'', true
	case "2f":
		return '/', true
	case "3a":
		return ':', true
	case "3c":
		return '<', true
	case "3e":
		return '>', true
	case "40":
		return '@', true
	case "5c":
		return '\\', true
	}
	return 0, false
}
