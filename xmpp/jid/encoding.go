package jid

import (
	"encoding"
	"encoding/xml"
)

var (
	_ encoding.TextAppender    = JID{}
	_ encoding.TextMarshaler   = JID{}
	_ encoding.TextUnmarshaler = (*JID)(nil)
	_ xml.Marshaler            = JID{}
	_ xml.MarshalerAttr        = JID{}
)

// AppendText appends the address to b, nothing for the zero JID. The error is always
// nil. It implements [encoding.TextAppender].
func (j JID) AppendText(b []byte) ([]byte, error) { return append(b, j.s...), nil }

// MarshalText returns the address, empty for the zero JID. The error is always nil.
// It implements [encoding.TextMarshaler], and so gives JSON strings and map keys.
func (j JID) MarshalText() ([]byte, error) { return []byte(j.s), nil }

// UnmarshalText sets j to the address that text holds, as [ParseLenient] does, so that
// every JID can be read back, or to the zero JID if text is empty. It leaves j alone if it
// fails; the error is an *[Error]. It implements [encoding.TextUnmarshaler] and so serves
// encoding/json, encoding/xml and flag.TextVar.
func (j *JID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*j = JID{}
		return nil
	}
	parsed, err := ParseLenient(string(text))
	if err != nil {
		return err
	}
	*j = parsed
	return nil
}

// MarshalXMLAttr returns an attribute with the address. An absent address
// is an absent attribute, with or without omitempty, as encoding/xml takes no
// struct for empty; so there is no need for a *JID, which would need omitempty. It
// implements [xml.MarshalerAttr].
func (j JID) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	if j.IsZero() {
		return xml.Attr{}, nil
	}
	return xml.Attr{Name: name, Value: j.s}, nil
}

// MarshalXML writes an element with the address as its text, and nothing for the
// zero JID. It implements [xml.Marshaler].
func (j JID) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if j.IsZero() {
		return nil
	}
	return e.EncodeElement(j.s, start)
}
