package stanza

import (
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
)

// The Read functions read the value at a decoder for generated code and set v to it. Where a value is required, an
// empty text is none.

// ReadJID reads what [DecodeJID] reads.
func ReadJID(d *wire.Decoder, v *jid.JID, required bool, slot wire.Slot) {
	n, reason := DecodeJID(d.Source(slot), d.Extra(), slot)
	*v = n
	if reason != "" || required && n.IsZero() {
		refuse(d, reason)
	}
}

// ReadDateTime reads what [DecodeDateTime] reads.
func ReadDateTime(d *wire.Decoder, v *DateTime, required bool, slot wire.Slot) {
	n, reason := DecodeDateTime(d.Source(slot), d.Extra(), slot)
	*v = n
	if reason != "" || required && n.IsZero() {
		refuse(d, reason)
	}
}

// ReadDate reads what [DecodeDate] reads.
func ReadDate(d *wire.Decoder, v *Date, required bool, slot wire.Slot) {
	n, reason := DecodeDate(d.Source(slot), d.Extra(), slot)
	*v = n
	if reason != "" || required && n.IsZero() {
		refuse(d, reason)
	}
}

// ReadTimeOfDay reads what [DecodeTimeOfDay] reads.
func ReadTimeOfDay(d *wire.Decoder, v *TimeOfDay, required bool, slot wire.Slot) {
	n, reason := DecodeTimeOfDay(d.Source(slot), d.Extra(), slot)
	*v = n
	if reason != "" || required && n.IsZero() {
		refuse(d, reason)
	}
}

// ReadBytes reads what [DecodeBytes] reads. There is a value even if it has no bytes.
func ReadBytes(d *wire.Decoder, v *Bytes, _ bool, slot wire.Slot) {
	n, reason := DecodeBytes(d.Source(slot), d.Extra(), slot)
	*v = n
	if reason != "" {
		refuse(d, reason)
	}
}

// ReadHex reads what [DecodeHex] reads. There is a value even if it has no bytes.
func ReadHex(d *wire.Decoder, v *Hex, _ bool, slot wire.Slot) {
	n, reason := DecodeHex(d.Source(slot), d.Extra(), slot)
	*v = n
	if reason != "" {
		refuse(d, reason)
	}
}

func refuse(d *wire.Decoder, reason string) {
	if reason == "" {
		reason = "is empty"
	}
	d.Invalid(reason)
}

// ReadText reads the child at the decoder into one more language of v.
func ReadText(d *wire.Decoder, v *Text, slot wire.Slot) {
	*v = append(*v, DecodeText(d.Cursor(), d.Extra(), wire.SlotAt(slot, len(*v))))
}

// WriteText appends one element for each language for generated code: tags are the start tag, so many bytes of
// them, and the end tag.
func WriteText(e *wire.Encoder, v Text, x *wire.Extra, slot wire.Slot, tags string, open int) {
	if len(v) > 0 {
		e.Add(AppendText(e.Buf, v, tags[:open], tags[open:], e.Space, x, slot))
	}
}

// WriteDateTimeAttr appends an attribute for generated code: open is its beginning (" stamp='").
func WriteDateTimeAttr(e *wire.Encoder, x *wire.Extra, slot wire.Slot, open string, v DateTime) {
	mark := e.Put(open)
	b, err := v.AppendText(e.Buf)
	if x != nil {
		b = x.Respell(b, mark, slot)
	}
	e.Add(append(b, '\''), err)
}

// WriteBytes appends text for generated code.
func WriteBytes(e *wire.Encoder, x *wire.Extra, slot wire.Slot, v Bytes) {
	mark := len(e.Buf)
	e.Buf = appendBase64(e.Buf, v)
	if x != nil {
		e.Respell(x, mark, slot)
	}
}

// WriteBytesContent ends an element, which begins at tag and has this text, for generated code.
func WriteBytesContent(e *wire.Encoder, x *wire.Extra, slot wire.Slot, tag int, v Bytes, end string) {
	if x == nil && len(v) > 0 {
		e.Buf = appendBase64(append(e.Buf, '>'), v)
		e.Put(end)
		return
	}
	inner := e.Inside(x, tag)
	WriteBytes(e, x, slot, v)
	e.Close(x, inner, end)
}
