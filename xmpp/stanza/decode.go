package stanza

import (
	"strings"
	"unsafe"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// The Decode functions read a value for generated code: white space around it is no part
// of it, empty means none, and a spelling that encoding would not reproduce is remembered.

// DecodeDateTime reads a value for generated code; reason is "" or says what is wrong.
func DecodeDateTime(s string, x **wire.Extra, slot wire.Slot) (v DateTime, reason string) {
	v, err := parseTrimmed(s, ParseDateTime)
	if err != nil {
		return v, err.Error()
	}
	if len(s) == len("2026-11-24T08:30:00Z") && s[len(s)-1] == 'Z' && s[11:13] != "24" && !v.IsZero() {
		return v, "" // as nearly all are, and as it would be written
	}
	var buf [maxTime]byte
	b, _ := v.AppendText(buf[:0]) // what was parsed can be written
	keepSpelling(s, b, x, slot)
	return v, ""
}

// DecodeDate reads a value for generated code; reason is "" or says what is wrong.
func DecodeDate(s string, x **wire.Extra, slot wire.Slot) (v Date, reason string) {
	v, err := parseTrimmed(s, ParseDate)
	if err != nil {
		return v, err.Error()
	}
	var buf [maxTime]byte
	b, _ := v.AppendText(buf[:0])
	keepSpelling(s, b, x, slot)
	return v, ""
}

// DecodeTimeOfDay reads a value for generated code; reason is "" or says what is wrong.
func DecodeTimeOfDay(s string, x **wire.Extra, slot wire.Slot) (v TimeOfDay, reason string) {
	v, err := parseTrimmed(s, ParseTimeOfDay)
	if err != nil {
		return v, err.Error()
	}
	var buf [maxTime]byte
	b, _ := v.AppendText(buf[:0])
	keepSpelling(s, b, x, slot)
	return v, ""
}

// maxTime is the length of the longest time, in bytes: 2026-11-24T08:30:00.123456789+01:00.
const maxTime = 35

// keepSpelling remembers s if it would be written as plain, or not at all.
func keepSpelling(s string, plain []byte, x **wire.Extra, slot wire.Slot) {
	if s != string(plain) || s == "" {
		wire.KeepSpelling(x, slot, s, string(plain))
	}
}

// DecodeJID reads a received address for generated code, as [jid.ParseLenient] does; reason is ""
// or says what is wrong. White space around it is no part of it, and an empty one is the zero JID.
func DecodeJID(s string, x **wire.Extra, slot wire.Slot) (v jid.JID, reason string) {
	v, err := jid.ParseLenient(s)
	if t := v.String(); len(t) == len(s) && unsafe.StringData(t) == unsafe.StringData(s) && s != "" {
		return v, "" // as nearly always: it is in normal form
	}
	if err != nil {
		switch t := strings.Trim(s, spaces); {
		case t == "":
			err = nil
		case t != s:
			v, err = jid.ParseLenient(t)
		}
	}
	if err != nil {
		return jid.JID{}, "is no address (" + err.Error() + ")"
	}
	if v.String() != s || s == "" {
		wire.KeepSpelling(x, slot, s, v.String())
	}
	return v, ""
}

const spaces = " \t\r\n"

// parseTrimmed parses a value with white space around it; empty means none.
func parseTrimmed[T any](s string, parse func(string) (T, error)) (v T, err error) {
	if v, err = parse(s); err == nil {
		return v, nil
	}
	t := strings.Trim(s, spaces)
	switch {
	case t == "":
		return v, nil
	case t != s:
		return parse(t)
	}
	return v, err
}
