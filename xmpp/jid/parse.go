package jid

import "strings"

// Parse returns the address that s holds, in normal form. The resourcepart begins
// at the first '/', and the localpart ends at the first '@' before that (RFC 7622,
// section 3.2). The error is an *[Error].
//
// If s is in normal form already, which is what other entities send, it is not copied:
// the JID shares its memory. See [JID.Clone].
func Parse(s string) (JID, error) {
	if j, ok := parsePlain(s); ok {
		return j, nil
	}
	return parse(s)
}

// parse is Parse for what is not quite plain.
func parse(s string) (JID, error) {
	if j, ok := parseCanonical(s); ok {
		return j, nil
	}
	if lower, ok := lowerAddress(s); ok {
		if j, ok := parseCanonical(lower); ok {
			return j, nil
		}
	}
	return parseAny(s)
}

// MustParse is like [Parse] but panics if s is not an address. It is meant for
// addresses written in a program.
func MustParse(s string) JID {
	j, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return j
}

// parseCanonical parses an address of ASCII characters that is in normal form. It
// is not ok for any other string, and for a few rare ones of that kind, which parseAny decides.
func parseCanonical(s string) (j JID, ok bool) {
	i := skipLetters(s, 0)
	for i < len(s) && classes[s[i]]&inLocal != 0 {
		i = skipLetters(s, i+1)
	}
	domain := 0
	if i < len(s) && s[i] == '@' {
		if i == 0 || i > maxPart {
			return JID{}, false
		}
		j.at = uint16(i)
		domain = i + 1
	}
	n, ok := scanHost(s[domain:])
	if !ok {
		return JID{}, false
	}
	end := domain + n
	if isDigit(s[end-1]) {
		return JID{}, false // perhaps an IPv4 address
	}
	if end < len(s) {
		resource := s[end+1:]
		if resource == "" || len(resource) > maxPart {
			return JID{}, false
		}
		if !isPrintable(resource) {
			return JID{}, false
		}
		j.slash = uint16(end)
	}
	j.s = s
	return j, true
}

// lowerAddress returns s with the capitals of its localpart and domainpart in lower
// case. It is not ok if there are none, or if these parts are not ASCII.
func lowerAddress(s string) (lower string, ok bool) {
	end := strings.IndexByte(s, '/')
	if end < 0 {
		end = len(s)
	}
	for i := range end {
		if s[i] >= 0x80 {
			return "", false
		}
		ok = ok || classes[s[i]]&isUpper != 0
	}
	if !ok {
		return "", false
	}
	var b strings.Builder
	b.Grow(len(s)) // the one allocation
	for i := range end {
		b.WriteByte(lowerByte(s[i]))
	}
	b.WriteString(s[end:])
	return b.String(), true
}

// parseAny parses any address by all rules.
func parseAny(s string) (JID, error) {
	if s == "" {
		return JID{}, &Error{Address, "", ErrEmpty}
	}
	// The separators are found before any mapping, as some characters
	// become separators by it.
	bare, resourcepart, hasResource := strings.Cut(s, "/")
	localpart, domainpart, hasLocal := strings.Cut(bare, "@")
	if !hasLocal {
		localpart, domainpart = "", bare
	}
	var local, domain, resource string
	var reason Reason
	if hasLocal {
		if local, reason = normalizeLocal(localpart); reason != "" {
			return JID{}, &Error{Localpart, localpart, reason}
		}
	}
	if domain, reason = normalizeDomain(domainpart); reason != "" {
		return JID{}, &Error{Domainpart, domainpart, reason}
	}
	if hasResource {
		if resource, reason = normalizeResource(resourcepart); reason != "" {
			return JID{}, &Error{Resourcepart, resourcepart, reason}
		}
	}
	if local == localpart && domain == domainpart && resource == resourcepart {
		j := JID{s: s}
		j.setOffsets(len(local), len(domain), len(resource))
		return j, nil
	}
	return join(local, domain, resource), nil
}
