package jid

import "strings"

// maxPart is the limit of each part in bytes of UTF-8 (RFC 7622, section 3.1).
const maxPart = 1023

// JID is the address of an XMPP entity in normal form (RFC 7622, section 3). The zero value
// means that there is no address. JIDs are equal, with ==, exactly if their
// addresses are. A JID is immutable and small; pass it by value.
type JID struct {
	// s is the whole address, or empty.
	s string
	// at and slash are the places of the separators in s. Neither can be the
	// first byte, so 0 means that the part is absent. As the offsets follow
	// from s, equal strings make equal structs.
	at, slash uint16
}

// New returns the address of the given parts. An empty localpart or resourcepart
// means that the address has none; the domainpart is required. The error is an *[Error].
func New(localpart, domainpart, resourcepart string) (JID, error) {
	var reason Reason
	local, resource := "", ""
	if localpart != "" {
		if local, reason = normalizeLocal(localpart); reason != "" {
			return JID{}, &Error{Localpart, localpart, reason}
		}
	}
	domain, reason := normalizeDomain(domainpart)
	if reason != "" {
		return JID{}, &Error{Domainpart, domainpart, reason}
	}
	if resourcepart != "" {
		if resource, reason = normalizeResource(resourcepart); reason != "" {
			return JID{}, &Error{Resourcepart, resourcepart, reason}
		}
	}
	return join(local, domain, resource), nil
}

// join makes an address of parts that are in normal form.
func join(local, domain, resource string) JID {
	var j JID
	switch {
	case local == "" && resource == "":
		j.s = domain
	case local == "":
		j.s = domain + "/" + resource
	case resource == "":
		j.s = local + "@" + domain
	default:
		j.s = local + "@" + domain + "/" + resource
	}
	j.setOffsets(len(local), len(domain), len(resource))
	return j
}

// setOffsets sets the places of the separators from the lengths of the parts.
func (j *JID) setOffsets(local, domain, resource int) {
	bare := domain
	if local > 0 {
		j.at = uint16(local)
		bare += local + 1
	}
	if resource > 0 {
		j.slash = uint16(bare)
	}
}

// IsZero reports whether there is no address. It also makes the omitzero option
// of encoding/json leave an absent address out.
func (j JID) IsZero() bool { return j.s == "" }

// IsBare reports whether j has no resourcepart: it is the address of an account,
// a room or a service rather than of a connection or an occupant. It is false for the zero JID.
func (j JID) IsBare() bool { return j.s != "" && j.slash == 0 }

// IsFull reports whether j has a resourcepart.
func (j JID) IsFull() bool { return j.slash != 0 }

// Local returns the localpart in normal form, or "" if there is none. [Unescape] makes
// it fit for display.
func (j JID) Local() string { return j.s[:j.at] }

// Domain returns the domainpart in normal form: a host name in U-labels, an IPv4 address, or an
// IPv6 address in brackets. It is "" only for the zero JID. The DNS and certificates want
// A-labels instead: ToASCII of golang.org/x/net/idna makes them of any host name here.
func (j JID) Domain() string {
	b := j.bare()
	if j.at != 0 {
		return b[j.at+1:]
	}
	return b
}

// Resource returns the resourcepart in normal form, or "" if there is none.
func (j JID) Resource() string {
	if j.slash == 0 {
		return ""
	}
	return j.s[j.slash+1:]
}

// bare returns the text before the resourcepart.
func (j JID) bare() string {
	if j.slash != 0 {
		return j.s[:j.slash]
	}
	return j.s
}

// Bare returns the address without its resourcepart. It shares the text of j.
func (j JID) Bare() JID { return JID{s: j.bare(), at: j.at} }

// DomainJID returns the address of the domain alone: for an account, that of its
// server. It shares the text of j.
func (j JID) DomainJID() JID { return JID{s: j.Domain()} }

// WithLocal returns the address with another localpart, or without one if it is
// empty. The error is an *[Error], also if j is zero.
func (j JID) WithLocal(localpart string) (JID, error) {
	if j.IsZero() {
		return JID{}, &Error{Address, "", ErrEmpty}
	}
	local := ""
	if localpart != "" {
		var reason Reason
		if local, reason = normalizeLocal(localpart); reason != "" {
			return JID{}, &Error{Localpart, localpart, reason}
		}
	}
	if local == j.Local() {
		return j, nil
	}
	return join(local, j.Domain(), j.Resource()), nil
}

// WithDomain returns the address with another domainpart, which must not be empty.
// The error is an *[Error], also if j is zero.
func (j JID) WithDomain(domainpart string) (JID, error) {
	if j.IsZero() {
		return JID{}, &Error{Address, "", ErrEmpty}
	}
	domain, reason := normalizeDomain(domainpart)
	if reason != "" {
		return JID{}, &Error{Domainpart, domainpart, reason}
	}
	if domain == j.Domain() {
		return j, nil
	}
	return join(j.Local(), domain, j.Resource()), nil
}

// WithResource returns the address with another resourcepart, or without one if it
// is empty. The error is an *[Error], also if j is zero.
func (j JID) WithResource(resourcepart string) (JID, error) {
	if j.IsZero() {
		return JID{}, &Error{Address, "", ErrEmpty}
	}
	if resourcepart == "" {
		return j.Bare(), nil
	}
	resource, reason := normalizeResource(resourcepart)
	if reason != "" {
		return JID{}, &Error{Resourcepart, resourcepart, reason}
	}
	if resource == j.Resource() {
		return j, nil
	}
	bare := j.bare()
	return JID{s: bare + "/" + resource, at: j.at, slash: uint16(len(bare))}, nil
}

// Clone returns an equal JID with text of its own. [Parse] and methods such as [JID.Bare]
// share the memory of the string that they were given; a clone lets a long-lived
// address, such as a map key, not keep the whole stanza that it came from.
func (j JID) Clone() JID {
	j.s = strings.Clone(j.s)
	return j
}

// String returns the address, or "" for the zero JID. [ParseLenient] makes an equal JID
// of it, and so does [Parse] if j was not received.
func (j JID) String() string { return j.s }

// Compare orders addresses by domainpart, then localpart, then resourcepart, each
// by its bytes, with absent parts first. It returns -1, 0 or +1, and 0 only if a
// == b. It suits slices.SortFunc; it is an order for programs, not for the eyes of
// the readers of some language.
func Compare(a, b JID) int {
	if c := strings.Compare(a.Domain(), b.Domain()); c != 0 {
		return c
	}
	if c := strings.Compare(a.Local(), b.Local()); c != 0 {
		return c
	}
	return strings.Compare(a.Resource(), b.Resource())
}
