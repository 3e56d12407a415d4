// Package jid holds XMPP addresses (JIDs) as RFC 7622 defines them, and the
// escaping of their localparts (XEP-0106).
//
// A [JID] is a small comparable value in normal form: two addresses that mean
// the same entity are equal with ==, and a JID may be a map key. The zero value
// means that there is no address. Every other value is made by [Parse] or [New],
// which apply all rules of RFC 7622, so a JID that exists is a valid one, but for
// the resourcepart of an address that was received, see [ParseLenient]:
//
//   - The localpart follows the UsernameCaseMapped profile of PRECIS without the
//     eight characters " & ' / : < > @. Letters are folded to lower case.
//   - The domainpart is a host name, an IPv4 address or an IPv6 address in
//     brackets. Host names follow IDNA2008; A-labels (xn--...) become U-labels,
//     so both spellings of a name are equal. IPv6 addresses take the form of
//     RFC 5952; they have no zone, as a zone means nothing to another host.
//   - The resourcepart follows the OpaqueString profile of PRECIS. It is
//     case-sensitive and may begin or end with a space (erratum 4560). Emoji are
//     allowed, but PRECIS keeps out the joiners and variation selectors
//     that some of them are built with.
//
// Each part is 1 to 1023 bytes long, and a host name keeps the limits of the
// DNS: 63 octets a label and 253 in all, both counted in A-labels.
//
// # Host names
//
// RFC 7622 leaves some room here, and this package takes it in favour of what is
// deployed, as long as no name can be mistaken for another one. Labels of ASCII
// may hold underscores, as the names of many internal hosts do, and may hold
// hyphens in the third and fourth place. A name of four numbers is an IPv4 address
// or an error, since a host name never looks like that (RFC 1123, section 2.1).
// Ideographic full stops separate labels (RFC 5895). One dot at the end of
// the name is dropped.
//
// The strictness of IDNA2008 stays otherwise: symbols, emoji, characters that are
// not assigned, labels that break the Bidi Rule, and A-labels that stand for
// nothing that a U-label may hold are refused.
//
// # Concurrency
//
// All functions and methods may be called from several goroutines at once, apart
// from [JID.UnmarshalText], which writes to its receiver.
package jid
