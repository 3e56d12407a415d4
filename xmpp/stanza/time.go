package stanza

import (
	"encoding/xml"
	"errors"
	"strings"
	"time"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// DateTime is a moment as XEP-0082 writes it: 2026-11-24T08:30:00Z. The zero
// DateTime means that there is none. Digits beyond nanoseconds are not kept in
// the value.
type DateTime struct{ time.Time }

// At returns the DateTime of t.
func At(t time.Time) DateTime { return DateTime{t} }

// Date is a day as XEP-0082 writes it: 2026-11-24, perhaps with a time zone. The
// zero Date means that there is none.
type Date struct{ time.Time }

// TimeOfDay is a time of an unknown day as XEP-0082 writes it: 08:30:00, perhaps
// with a time zone. IsSet tells midnight from none.
type TimeOfDay struct {
	// Time has the time of day, on the first of January of year 1.
	time.Time
	// IsSet says that there is a time; the zero TimeOfDay has none.
	IsSet bool
	// Zoned says that a time zone was given or is to be written.
	Zoned bool
}

var (
	errDateTime = errors.New("is no date and time as in 2026-11-24T08:30:00Z")
	errDate     = errors.New("is no date as in 2026-11-24")
	errTime     = errors.New("is no time as in 08:30:00")
	errYear     = errors.New("stanza: a year beyond 9999 cannot be written")
)

// ParseDateTime reads a date and time (XEP-0082, section 3.2).
func ParseDateTime(s string) (DateTime, error) {
	y, m, d, rest, ok := cutDate(s)
	if !ok || len(rest) < 9 || rest[0] != 'T' {
		return DateTime{}, errDateTime
	}
	c, rest, ok := cutClock(rest[1:])
	if !ok {
		return DateTime{}, errDateTime
	}
	loc, ok := zone(rest)
	if !ok || rest == "" {
		return DateTime{}, errDateTime
	}
	return DateTime{time.Date(y, m, d, c.hour, c.min, c.sec, c.nsec, loc)}, nil
}

// ParseDate reads a date (XEP-0082, section 3.1).
func ParseDate(s string) (Date, error) {
	y, m, d, rest, ok := cutDate(s)
	loc, zoned := zone(rest)
	if !ok || !zoned {
		return Date{}, errDate
	}
	return Date{time.Date(y, m, d, 0, 0, 0, 0, loc)}, nil
}

// ParseTimeOfDay reads a time of day (XEP-0082, section 3.3).
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	c, rest, ok := cutClock(s)
	loc, zoned := zone(rest)
	if !ok || !zoned {
		return TimeOfDay{}, errTime
	}
	return TimeOfDay{Time: time.Date(1, 1, 1, c.hour, c.min, c.sec, c.nsec, loc), IsSet: true, Zoned: rest != ""}, nil
}

// number reads exactly n digits.
func number(s string, n int) (v int, ok bool) {
	if len(s) < n {
		return 0, false
	}
	for i := range n {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		v = v*10 + int(s[i]-'0')
	}
	return v, true
}

func cutDate(s string) (y int, m time.Month, d int, rest string, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return
	}
	y, ok1 := number(s, 4)
	mm, ok2 := number(s[5:], 2)
	d, ok3 := number(s[8:], 2)
	m = time.Month(mm)
	if !ok1 || !ok2 || !ok3 || y == 0 || m < 1 || m > 12 || d < 1 || d > daysIn(m, y) {
		return
	}
	return y, m, d, s[10:], true
}

func daysIn(m time.Month, y int) int {
	switch m {
	case time.February:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	case time.April, time.June, time.September, time.November:
		return 30
	}
	return 31
}

type clock struct{ hour, min, sec, nsec int }

func cutClock(s string) (c clock, rest string, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return
	}
	var ok1, ok2, ok3 bool
	c.hour, ok1 = number(s, 2)
	c.min, ok2 = number(s[3:], 2)
	c.sec, ok3 = number(s[6:], 2)
	if !ok1 || !ok2 || !ok3 || c.hour > 23 || c.min > 59 || c.sec > 59 {
		return
	}
	s = s[8:]
	if s == "" || s[0] != '.' {
		return c, s, true
	}
	i, scale := 1, 100_000_000
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		c.nsec += int(s[i]-'0') * scale
		scale /= 10
	}
	return c, s[i:], i > 1
}

// zone reads a time zone; none at all is UTC.
func zone(s string) (*time.Location, bool) {
	if s == "" || s == "Z" {
		return time.UTC, true
	}
	if len(s) != 6 || s[0] != '+' && s[0] != '-' || s[3] != ':' {
		return nil, false
	}
	h, ok1 := number(s[1:], 2)
	m, ok2 := number(s[4:], 2)
	if !ok1 || !ok2 || h > 14 || m > 59 {
		return nil, false
	}
	off := h*3600 + m*60
	if off == 0 {
		return time.UTC, true
	}
	if s[0] == '-' {
		off = -off
	}
	return time.FixedZone("", off), true
}

func appendNumber(b []byte, v, n int) []byte {
	for range n {
		b = append(b, '0')
	}
	for i := len(b) - 1; n > 0; n-- {
		b[i] = byte('0' + v%10)
		v /= 10
		i--
	}
	return b
}

func appendDate(b []byte, t time.Time) ([]byte, error) {
	y, m, d := t.Date()
	if y < 1 || y > 9999 {
		return b, errYear
	}
	b = append(appendNumber(b, y, 4), '-')
	b = append(appendNumber(b, int(m), 2), '-')
	return appendNumber(b, d, 2), nil
}

func appendClock(b []byte, t time.Time) []byte {
	h, m, s := t.Clock()
	b = append(appendNumber(b, h, 2), ':')
	b = append(appendNumber(b, m, 2), ':')
	b = appendNumber(b, s, 2)
	if n := t.Nanosecond(); n != 0 {
		b = appendNumber(append(b, '.'), n, 9)
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
	}
	return b
}

// appendZone appends the zone, whose seconds, if it has any, cannot be written.
func appendZone(b []byte, t time.Time) []byte {
	_, off := t.Zone()
	if off /= 60; off == 0 {
		return append(b, 'Z')
	}
	sign := byte('+')
	if off < 0 {
		sign, off = '-', -off
	}
	b = append(appendNumber(append(b, sign), off/60, 2), ':')
	return appendNumber(b, off%60, 2)
}

// AppendText appends the value as XEP-0082 has it; nothing for the zero value.
func (t DateTime) AppendText(b []byte) ([]byte, error) {
	if t.IsZero() {
		return b, nil
	}
	b, err := appendDate(b, t.Time)
	if err != nil {
		return b, err
	}
	return appendZone(appendClock(append(b, 'T'), t.Time), t.Time), nil
}

// AppendText appends the value as XEP-0082 has it; nothing for the zero value.
func (t Date) AppendText(b []byte) ([]byte, error) {
	if t.IsZero() {
		return b, nil
	}
	b, err := appendDate(b, t.Time)
	if _, off := t.Zone(); err != nil || off == 0 {
		return b, err
	}
	return appendZone(b, t.Time), nil
}

// AppendText appends the value as XEP-0082 has it; nothing if it is not set.
func (t TimeOfDay) AppendText(b []byte) ([]byte, error) {
	if !t.IsSet {
		return b, nil
	}
	if b = appendClock(b, t.Time); t.Zoned {
		b = appendZone(b, t.Time)
	}
	return b, nil
}

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

func unquoted(b []byte, f func([]byte) error) error {
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return errDateTime
	}
	return f(b[1 : len(b)-1])
}

func parseTrimmed[T any](s string, parse func(string) (T, error)) (v T, err error) {
	if s = strings.Trim(s, " \t\r\n"); s == "" {
		return v, nil
	}
	return parse(s)
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

// textValue is a value type that generated code reads and writes as text.
type textValue interface {
	AppendText([]byte) ([]byte, error)
}

// decodeValue reads a value for generated code: white space around it is no part
// of it, empty means none, and a spelling that encoding would not reproduce is
// remembered.
func decodeValue[T textValue](s string, x **wire.Extra, slot wire.Slot, parse func(string) (T, error)) (v T, reason string) {
	v, err := parseTrimmed(s, parse)
	if err != nil {
		return v, err.Error()
	}
	var buf [48]byte
	if plain, err := v.AppendText(buf[:0]); err == nil && string(plain) != s || s == "" {
		wire.KeepSpelling(x, slot, s, string(plain))
	}
	return v, ""
}

// DecodeDateTime reads a value for generated code; reason is "" or says what is wrong.
func DecodeDateTime(s string, x **wire.Extra, slot wire.Slot) (v DateTime, reason string) {
	return decodeValue(s, x, slot, ParseDateTime)
}

// DecodeDate reads a value for generated code; reason is "" or says what is wrong.
func DecodeDate(s string, x **wire.Extra, slot wire.Slot) (v Date, reason string) {
	return decodeValue(s, x, slot, ParseDate)
}

// DecodeTimeOfDay reads a value for generated code; reason is "" or says what is wrong.
func DecodeTimeOfDay(s string, x **wire.Extra, slot wire.Slot) (v TimeOfDay, reason string) {
	return decodeValue(s, x, slot, ParseTimeOfDay)
}

// DecodeJID reads an address for generated code; reason is "" or says what is
// wrong. An empty one is the zero JID.
func DecodeJID(s string, x **wire.Extra, slot wire.Slot) (v jid.JID, reason string) {
	v, err := jid.Parse(s)
	if err == nil && v.String() == s {
		return v, ""
	}
	if t := strings.Trim(s, " \t\r\n"); t == "" {
		v = jid.JID{}
	} else if v, err = jid.Parse(t); err != nil {
		return v, "is no address (" + err.Error() + ")"
	}
	wire.KeepSpelling(x, slot, s, v.String())
	return v, ""
}
