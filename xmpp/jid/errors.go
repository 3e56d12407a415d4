package jid

import "strconv"

// Part names the part of an address that an [Error] is about.
type Part string

// The parts of an address (RFC 7622, section 3.1).
const (
	// Address is the address as a whole.
	Address Part = "address"
	// Localpart is what stands before the first '@', such as the name of an account.
	Localpart Part = "localpart"
	// Domainpart is the host name or IP address, the only part that is required.
	Domainpart Part = "domainpart"
	// Resourcepart is what stands after the first '/', such as the name of a connection.
	Resourcepart Part = "resourcepart"
)

// Reason says what is wrong with an address or one of its parts. It is an error,
// so that errors.Is(err, jid.ErrTooLong) asks for the reason of an [Error].
type Reason string

// The reasons for which an address is refused.
const (
	// ErrEmpty means that there is nothing where something has to be: an empty
	// address, no domainpart, or a separator without the part that it announces.
	ErrEmpty Reason = "is empty"
	// ErrTooLong means that a part has more than 1023 bytes after normalisation,
	// or that a host name is over the limits of the DNS: 63 octets in a label,
	// 253 in all, both counted in A-labels.
	ErrTooLong Reason = "is too long"
	// ErrUTF8 means that the bytes are not UTF-8 (RFC 3629).
	ErrUTF8 Reason = "is not valid UTF-8"
	// ErrCharacter means that a code point is not allowed in the part at all, or
	// not in the place where it stands (RFC 7622, sections 3.2 to 3.4).
	ErrCharacter Reason = "contains a character that is not allowed there"
	// ErrBidi means that right-to-left text breaks the Bidi Rule (RFC 5893, section 2).
	ErrBidi Reason = "breaks the Bidi Rule for right-to-left text"
	// ErrLabel means that a label of a host name is empty, has a hyphen in a
	// place where none may be, or is an A-label that stands for no U-label
	// (RFC 5890, section 2.3).
	ErrLabel Reason = "contains a malformed label"
	// ErrIP means that the domainpart has the form of an IP address but is none.
	ErrIP Reason = "is not an IP address"
	// ErrEdgeSpace means that text to be escaped begins or ends with a space
	// (XEP-0106, section 4.1).
	ErrEdgeSpace Reason = "begins or ends with a space"
)

// Error returns the reason in words that continue a sentence about the part.
func (r Reason) Error() string { return string(r) }

// Error tells why a string is not an address. Every error of this package is an
// *Error. On the wire it corresponds to the stanza error jid-malformed (RFC 7622,
// section 4).
type Error struct {
	// Part is the part that is wrong.
	Part Part
	// Input is the text of that part as it was given. It is not safe to display
	// as it is: it may hold anything, also bytes that are not UTF-8.
	Input string
	// Reason says what is wrong.
	Reason Reason
}

// maxErrorInput bounds how many bytes of the input an error message repeats.
const maxErrorInput = 64

// Error returns a message that names the part, its text and the reason. The text is
// quoted, and cut if it is long.
func (e *Error) Error() string {
	switch {
	case e.Input == "":
		return "jid: " + string(e.Part) + " " + string(e.Reason)
	case len(e.Input) > maxErrorInput:
		return "jid: " + string(e.Part) + " " + strconv.Quote(e.Input[:maxErrorInput]) + "... " + string(e.Reason)
	default:
		return "jid: " + string(e.Part) + " " + strconv.Quote(e.Input) + " " + string(e.Reason)
	}
}

// Unwrap returns the Reason, for errors.Is.
func (e *Error) Unwrap() error { return e.Reason }
