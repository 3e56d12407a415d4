package stanza

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"strings"

	"stanza.invalid/stream/wire"
)

// Bytes is binary data that is written in base64 (RFC 4648, section 4). Nil
// means that there is none; an empty slice is an empty text.
type Bytes []byte

// Hex is binary data that is written in lower-case hexadecimal digits. Nil means
// that there is none; an empty slice is an empty text.
type Hex []byte

// AppendText appends the data in base64.
func (v Bytes) AppendText(b []byte) ([]byte, error) {
	return appendBase64(b, v), nil
}

// AppendText appends the data in hexadecimal digits.
func (v Hex) AppendText(b []byte) ([]byte, error) { return hex.AppendEncode(b, v), nil }

// MarshalText returns the data in base64.
func (v Bytes) MarshalText() ([]byte, error) { return v.AppendText(nil) }

// MarshalText returns the data in hexadecimal digits.
func (v Hex) MarshalText() ([]byte, error) { return v.AppendText(nil) }

// String returns the data in base64.
func (v Bytes) String() string { return base64.StdEncoding.EncodeToString(v) }

// String returns the data in hexadecimal digits.
func (v Hex) String() string { return hex.EncodeToString(v) }

// UnmarshalText reads base64; white space in it is ignored. It leaves v alone if it
// fails.
func (v *Bytes) UnmarshalText(b []byte) error {
	d, err := base64.StdEncoding.DecodeString(withoutSpace(string(b)))
	if err == nil {
		*v = d
	}
	return err
}

// UnmarshalText reads hexadecimal digits in either case; white space is ignored. It
// leaves v alone if it fails.
func (v *Hex) UnmarshalText(b []byte) error {
	d, err := hex.DecodeString(withoutSpace(string(b)))
	if err == nil {
		*v = d
	}
	return err
}

// MarshalJSON writes a string in base64, or null if there is no data.
func (v Bytes) MarshalJSON() ([]byte, error) { return quotedOrNull(v == nil, v.AppendText) }

// MarshalJSON writes a string of hexadecimal digits, or null if there is no data.
func (v Hex) MarshalJSON() ([]byte, error) { return quotedOrNull(v == nil, v.AppendText) }

// UnmarshalJSON reads a string as UnmarshalText does; null means that there is no data.
func (v *Bytes) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*v = nil
		return nil
	}
	return unquoted(b, v.UnmarshalText)
}

// UnmarshalJSON reads a string as UnmarshalText does; null means that there is no data.
func (v *Hex) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*v = nil
		return nil
	}
	return unquoted(b, v.UnmarshalText)
}

// MarshalXMLAttr leaves the attribute out if there is no data.
func (v Bytes) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	if v == nil {
		return xml.Attr{}, nil
	}
	return xml.Attr{Name: name, Value: v.String()}, nil
}

// MarshalXMLAttr leaves the attribute out if there is no data.
func (v Hex) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	if v == nil {
		return xml.Attr{}, nil
	}
	return xml.Attr{Name: name, Value: v.String()}, nil
}

// MarshalXML leaves the element out if there is no data.
func (v Bytes) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if v == nil {
		return nil
	}
	return e.EncodeElement(v.String(), start)
}

// MarshalXML leaves the element out if there is no data.
func (v Hex) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if v == nil {
		return nil
	}
	return e.EncodeElement(v.String(), start)
}

// UnmarshalXML reads the text of the element.
func (v *Bytes) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var s string
	if err := d.DecodeElement(&s, &start); err != nil {
		return err
	}
	return v.UnmarshalText([]byte(s))
}

// UnmarshalXML reads the text of the element.
func (v *Hex) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var s string
	if err := d.DecodeElement(&s, &start); err != nil {
		return err
	}
	return v.UnmarshalText([]byte(s))
}

func withoutSpace(s string) string {
	if !strings.ContainsAny(s, " \t\r\n") {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, s)
}

// DecodeBytes reads base64 for generated code; reason is "" or says what is wrong.
func DecodeBytes(s string, x **wire.Extra, slot wire.Slot) (v Bytes, reason string) {
	d, canonical, ok := decodeBase64(s)
	if !ok {
		// perhaps it is only white space that disturbs
		canonical = false
		if d, _, ok = decodeBase64(withoutSpace(s)); !ok {
			return nil, "is no base64"
		}
	}
	// bits beyond the last byte should be zero; what has others is kept as it was
	if !canonical {
		wire.KeepSpelling(x, slot, s, base64.StdEncoding.EncodeToString(d))
	}
	return d, ""
}

// DecodeHex reads hexadecimal digits for generated code; reason is "" or says
// what is wrong.
func DecodeHex(s string, x **wire.Extra, slot wire.Slot) (v Hex, reason string) {
	d, err := hex.DecodeString(withoutSpace(s))
	if err != nil {
		return nil, "is no sequence of hexadecimal digits"
	}
	if strings.ContainsAny(s, "ABCDEF \t\r\n") {
		wire.KeepSpelling(x, slot, s, hex.EncodeToString(d))
	}
	return d, ""
}
