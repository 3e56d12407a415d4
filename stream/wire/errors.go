package wire

import (
	"fmt"
	"io"
	"strconv"
)

// Condition is a stream error condition of RFC 6120, section 4.9.3, as the XML
// layer can find it.
type Condition string

// The conditions that a [Framer] reports.
const (
	// BadFormat is for text where only elements may stand (section 4.9.3.1).
	BadFormat Condition = "bad-format"
	// NotWellFormed is for what XML or Namespaces in XML forbid (section 4.9.3.13).
	NotWellFormed Condition = "not-well-formed"
	// PolicyViolation is for what exceeds one of the [Limits] (section 4.9.3.14).
	PolicyViolation Condition = "policy-violation"
	// RestrictedXML is for comments, processing instructions, DTDs and entity references (section 4.9.3.18).
	RestrictedXML Condition = "restricted-xml"
	// UnsupportedEncoding is for anything but UTF-8 (section 4.9.3.22).
	UnsupportedEncoding Condition = "unsupported-encoding"
)

// SyntaxError says why bytes are not acceptable on an XMPP stream. It is final:
// a stream is never resynchronised after one.
type SyntaxError struct {
	// Condition is the stream error to send.
	Condition Condition
	// Offset is the position of the offending byte, counted from the start of the input.
	Offset int64
	// Reason says what is wrong, for people.
	Reason string
}

// Error returns the condition, the reason and the offset.
func (e *SyntaxError) Error() string {
	return "xml: " + string(e.Condition) + ": " + e.Reason + " at byte " + strconv.FormatInt(e.Offset, 10)
}

// ErrTruncated is returned by [Parse] when the text ends inside an element, and
// by [Reader] when the input does. It is an [io.ErrUnexpectedEOF].
var ErrTruncated = fmt.Errorf("xml: input ends inside an element: %w", io.ErrUnexpectedEOF)

// DecodeError says which part of an element does not fit its type. It concerns
// one payload, never the stream.
type DecodeError struct {
	// Element is the element that was decoded.
	Element Name
	// Attr is the attribute at fault, Child the child element; both empty if it is the element's own text.
	Attr, Child string
	// Value is the offending text, if there is one (at most 64 bytes of it).
	Value string
	// Reason says what is wrong: "is missing", "is no number"...
	Reason string
	// Err is the cause, if another error is behind it.
	Err error
}

// Error names the attribute or child, the element with its namespace, and the reason.
func (e *DecodeError) Error() string {
	el := fmt.Sprintf("<%s xmlns='%s'/>", e.Element.Local, e.Element.Space)
	var s string
	switch {
	case e.Attr != "":
		s = fmt.Sprintf("attribute %q of %s", e.Attr, el)
	case e.Child != "":
		s = fmt.Sprintf("child <%s/> of %s", e.Child, el)
	default:
		s = el
	}
	s += " " + e.Reason
	if e.Value != "" {
		s += fmt.Sprintf(": %q", e.Value)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }

// EncodeError says why a value cannot be written as XML.
type EncodeError struct {
	// Reason says what is wrong.
	Reason string
	// Value is the offending text (at most 64 bytes of it).
	Value string
}

// Error returns the reason and the quoted text.
func (e *EncodeError) Error() string {
	if e.Value == "" {
		return "xml: " + e.Reason
	}
	return fmt.Sprintf("xml: %s: %q", e.Reason, e.Value)
}

func clip(s string) string {
	if len(s) > 64 {
		return s[:64]
	}
	return s
}
