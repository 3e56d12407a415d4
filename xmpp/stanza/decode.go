package stanza

import (
	"strings"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

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

// DecodeJID reads a received address for generated code, as [jid.ParseLenient] does; reason is ""
// or says what is wrong. White space around it is no part of it, and an empty one is the zero JID.
func DecodeJID(s string, x **wire.Extra, slot wire.Slot) (v jid.JID, reason string) {
	v, err := jid.ParseLenient(s)
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
	if s = strings.Trim(s, spaces); s == "" {
		return v, nil
	}
	return parse(s)
}
