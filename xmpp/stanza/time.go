package stanza

import (
	"errors"
	"time"
)

// DateTime is a moment as XEP-0082 writes it: 2026-11-24T08:30:00Z. The zero
// DateTime means that there is none. Digits beyond nanoseconds are not kept in
// the value. Compare moments with Equal, as == takes zones into account.
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

// ParseDateTime reads a date and time (XEP-0082, section 3.2) of the years 1 to 9999. The
// zone is required. Leap seconds have no form in XML Schema and are refused.
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
	t := time.Date(y, m, d, c.hour, c.min, c.sec, c.nsec, loc)
	if t.Year() > 9999 {
		return DateTime{}, errDateTime
	}
	return DateTime{t}, nil
}

// ParseDate reads a date (XEP-0082, section 3.1) of the years 1 to 9999, with or without a zone.
func ParseDate(s string) (Date, error) {
	y, m, d, rest, ok := cutDate(s)
	loc, zoned := zone(rest)
	if !ok || !zoned {
		return Date{}, errDate
	}
	return Date{time.Date(y, m, d, 0, 0, 0, 0, loc)}, nil
}

// ParseTimeOfDay reads a time of day (XEP-0082, section 3.3), with or without a zone.
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	c, rest, ok := cutClock(s)
	loc, zoned := zone(rest)
	if !ok || !zoned {
		return TimeOfDay{}, errTime
	}
	return TimeOfDay{Time: time.Date(1, 1, 1, c.hour%24, c.min, c.sec, c.nsec, loc), IsSet: true, Zoned: rest != ""}, nil
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

// clock is a time of day. An hour of 24 is the midnight that ends a day, as XML Schema
// has it (part 2, section 3.2.7.1).
type clock struct{ hour, min, sec, nsec int }

func cutClock(s string) (c clock, rest string, ok bool) {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' {
		return
	}
	var ok1, ok2, ok3 bool
	c.hour, ok1 = number(s, 2)
	c.min, ok2 = number(s[3:], 2)
	c.sec, ok3 = number(s[6:], 2)
	if !ok1 || !ok2 || !ok3 || c.hour > 24 || c.min > 59 || c.sec > 59 {
		return
	}
	whole := c.min == 0 && c.sec == 0
	s = s[8:]
	if s != "" && s[0] == '.' {
		i, scale := 1, 100_000_000
		for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			c.nsec += int(s[i]-'0') * scale
			scale /= 10
			whole = whole && s[i] == '0'
		}
		if i == 1 {
			return
		}
		s = s[i:]
	}
	return c, s, c.hour < 24 || whole
}

// maxZone is the largest offset from UTC, in seconds (XML Schema, part 2, section 3.2.7.3).
const maxZone = 14 * 3600

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
	off := h*3600 + m*60
	if !ok1 || !ok2 || m > 59 || off > maxZone {
		return nil, false
	}
	if off == 0 {
		return time.UTC, true
	}
	if s[0] == '-' {
		off = -off
	}
	return time.FixedZone("", off), true
}

// appendTwo appends a number of two digits.
func appendTwo(b []byte, v int) []byte { return append(b, byte('0'+v/10), byte('0'+v%10)) }

func appendDate(b []byte, t time.Time) ([]byte, error) {
	y, m, d := t.Date()
	if y < 1 || y > 9999 {
		return b, errYear
	}
	b = append(appendTwo(appendTwo(b, y/100), y%100), '-')
	b = append(appendTwo(b, int(m)), '-')
	return appendTwo(b, d), nil
}

func appendClock(b []byte, t time.Time) []byte {
	h, m, s := t.Clock()
	b = append(appendTwo(b, h), ':')
	b = append(appendTwo(b, m), ':')
	b = appendTwo(b, s)
	if n := t.Nanosecond(); n != 0 {
		b = append(b, '.')
		for scale := 100_000_000; n > 0; scale /= 10 {
			b = append(b, byte('0'+n/scale))
			n %= scale
		}
	}
	return b
}

// appendZone appends the zone.
func appendZone(b []byte, t time.Time) []byte {
	_, off := t.Zone()
	if off /= 60; off == 0 {
		return append(b, 'Z')
	}
	sign := byte('+')
	if off < 0 {
		sign, off = '-', -off
	}
	return appendTwo(append(appendTwo(append(b, sign), off/60), ':'), off%60)
}

// hasZone reports whether the zone can be written: not beyond 14 hours, and in whole
// minutes, which those of former times often were not.
func hasZone(t time.Time) bool {
	_, off := t.Zone()
	return off%60 == 0 && off >= -maxZone && off <= maxZone
}

// inZone returns the same moment in a zone that can be written.
func inZone(t time.Time) time.Time {
	if hasZone(t) {
		return t
	}
	return t.UTC()
}

// AppendText appends the value as XEP-0082 has it; nothing for the zero value. A zone that
// has no form there becomes UTC. A year before 1 or after 9999 is an error.
func (t DateTime) AppendText(b []byte) ([]byte, error) {
	if t.IsZero() {
		return b, nil
	}
	u := inZone(t.Time)
	b, err := appendDate(b, u)
	if err != nil {
		return b, err
	}
	return appendZone(appendClock(append(b, 'T'), u), u), nil
}

// AppendText appends the value as XEP-0082 has it; nothing for the zero value. UTC, and a zone
// that has no form there, is left out. A year before 1 or after 9999 is an error.
func (t Date) AppendText(b []byte) ([]byte, error) {
	if t.IsZero() {
		return b, nil
	}
	b, err := appendDate(b, t.Time)
	if _, off := t.Zone(); err != nil || off == 0 || !hasZone(t.Time) {
		return b, err
	}
	return appendZone(b, t.Time), nil
}

// AppendText appends the value as XEP-0082 has it; nothing if it is not set. A zone that has no
// form there becomes UTC.
func (t TimeOfDay) AppendText(b []byte) ([]byte, error) {
	if !t.IsSet {
		return b, nil
	}
	if !t.Zoned {
		return appendClock(b, t.Time), nil
	}
	u := inZone(t.Time)
	return appendZone(appendClock(b, u), u), nil
}

// IsZero reports whether there is no time. Midnight is one.
func (t TimeOfDay) IsZero() bool { return !t.IsSet }

// String returns the value as XEP-0082 has it, "" for the zero value.
func (t DateTime) String() string { return textOf(t.AppendText, t.Time) }

// String returns the value as XEP-0082 has it, "" for the zero value.
func (t Date) String() string { return textOf(t.AppendText, t.Time) }

// String returns the value as XEP-0082 has it, "" if it is not set.
func (t TimeOfDay) String() string { return textOf(t.AppendText, t.Time) }

func textOf(appendText func([]byte) ([]byte, error), t time.Time) string {
	b, err := appendText(nil)
	if err != nil {
		return t.String() // a year that XEP-0082 has no form for
	}
	return string(b)
}
