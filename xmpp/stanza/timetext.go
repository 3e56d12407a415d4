package stanza

import (
	"encoding/json"
	"encoding/xml"
)

// MarshalText is AppendText into a new slice.
func (t DateTime) MarshalText() ([]byte, error) { return t.AppendText(nil) }

// MarshalText is AppendText into a new slice.
func (t Date) MarshalText() ([]byte, error) { return t.AppendText(nil) }

// MarshalText is AppendText into a new slice.
func (t TimeOfDay) MarshalText() ([]byte, error) { return t.AppendText(nil) }

// MarshalJSON writes the text of the value, "" if there is none.
func (t DateTime) MarshalJSON() ([]byte, error) { return quoted(t.AppendText) }

// MarshalJSON writes the text of the value, "" if there is none.
func (t Date) MarshalJSON() ([]byte, error) { return quoted(t.AppendText) }

// MarshalJSON writes the text of the value, "" if there is none.
func (t TimeOfDay) MarshalJSON() ([]byte, error) { return quoted(t.AppendText) }

func quoted(f func([]byte) ([]byte, error)) ([]byte, error) {
	b, err := f([]byte{'"'})
	return append(b, '"'), err
}

// UnmarshalText reads what [ParseDateTime] reads, white space around it aside;
// an empty text is the zero value.
func (t *DateTime) UnmarshalText(b []byte) (err error) {
	*t, err = parseTrimmed(string(b), ParseDateTime)
	return err
}

// UnmarshalText reads what [ParseDate] reads, white space around it aside; an
// empty text is the zero value.
func (t *Date) UnmarshalText(b []byte) (err error) {
	*t, err = parseTrimmed(string(b), ParseDate)
	return err
}

// UnmarshalText reads what [ParseTimeOfDay] reads, white space around it aside;
// an empty text is the zero value.
func (t *TimeOfDay) UnmarshalText(b []byte) (err error) {
	*t, err = parseTrimmed(string(b), ParseTimeOfDay)
	return err
}

// UnmarshalJSON reads a string as UnmarshalText does.
func (t *DateTime) UnmarshalJSON(b []byte) error { return unquoted(b, t.UnmarshalText) }

// UnmarshalJSON reads a string as UnmarshalText does.
func (t *Date) UnmarshalJSON(b []byte) error { return unquoted(b, t.UnmarshalText) }

// UnmarshalJSON reads a string as UnmarshalText does.
func (t *TimeOfDay) UnmarshalJSON(b []byte) error { return unquoted(b, t.UnmarshalText) }

func quotedOrNull(null bool, f func([]byte) ([]byte, error)) ([]byte, error) {
	if null {
		return []byte("null"), nil
	}
	return quoted(f)
}

// unquoted gives f what stands in a JSON string; null does nothing, as usual.
func unquoted(b []byte, f func([]byte) error) error {
	var s *string
	if err := json.Unmarshal(b, &s); err != nil || s == nil {
		return err
	}
	return f([]byte(*s))
}

// MarshalXMLAttr leaves the attribute out if there is no value.
func (t DateTime) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	return textAttr(name, t.AppendText)
}

// MarshalXMLAttr leaves the attribute out if there is no value.
func (t Date) MarshalXMLAttr(name xml.Name) (xml.Attr, error) { return textAttr(name, t.AppendText) }

// MarshalXMLAttr leaves the attribute out if there is no value.
func (t TimeOfDay) MarshalXMLAttr(name xml.Name) (xml.Attr, error) {
	return textAttr(name, t.AppendText)
}

func textAttr(name xml.Name, f func([]byte) ([]byte, error)) (xml.Attr, error) {
	b, err := f(nil)
	if err != nil || len(b) == 0 {
		return xml.Attr{}, err
	}
	return xml.Attr{Name: name, Value: string(b)}, nil
}

// MarshalXML leaves the element out if there is no value.
func (t DateTime) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return textElement(e, start, t.AppendText)
}

// MarshalXML leaves the element out if there is no value.
func (t Date) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return textElement(e, start, t.AppendText)
}

// MarshalXML leaves the element out if there is no value.
func (t TimeOfDay) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return textElement(e, start, t.AppendText)
}

func textElement(e *xml.Encoder, start xml.StartElement, f func([]byte) ([]byte, error)) error {
	b, err := f(nil)
	if err != nil || len(b) == 0 {
		return err
	}
	return e.EncodeElement(string(b), start)
}
