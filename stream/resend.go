package stream

import (
	"bytes"
	"time"

	"stanza.invalid/stream/wire"
)

// The marks of what is sent again: XEP-0203 and XEP-0359.
const (
	nsDelay    = "urn:xmpp:delay"
	nsStanzaID = "urn:xmpp:sid:0"
)

// resend makes an element one that goes out again in a new session although it may have
// arrived in the last one, and reports whether it is to ([Management.Resend]).
func (u *unacked) resend(e *entry) bool {
	if !u.cfg.Resend || !e.counted {
		return false
	}
	b := appendMarked(nil, e.b, e.at)
	if b == nil {
		return false
	}
	u.bytes += len(b) - len(e.b)
	e.b = b
	return true
}

// appendMarked appends a message with marks that say that it may have come before. It
// returns nil for other stanzas.
func appendMarked(b, text []byte, sent time.Time) []byte {
	r, err := wire.ParseIn(string(text), wire.NewContext(wire.NSClient, ""))
	if err != nil || !r.Is(wire.NSClient, "message") {
		return nil
	}
	if typ, _ := r.Attr("type"); typ == "error" {
		return nil
	}
	const end = "</message>"
	open, closed := bytes.CutSuffix(text, []byte(end))
	if !closed {
		if open, closed = bytes.CutSuffix(text, []byte("/>")); !closed || !bytes.HasPrefix(text, []byte("<message")) {
			return nil
		}
		open = append(open[:len(open):len(open)], '>')
	}
	b = append(b, open...)
	if r.Child(nsDelay, "delay").IsZero() {
		b = append(b, "<delay xmlns='"+nsDelay+"' stamp='"...)
		b = sent.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
		b = append(b, "'/>"...)
	}
	if id, _ := r.Attr("id"); id != "" && r.Child(nsStanzaID, "origin-id").IsZero() {
		b = append(b, "<origin-id xmlns='"+nsStanzaID+"'"...)
		if b, err = wire.AppendAttr(b, " id='", id); err != nil {
			return nil
		}
		b = append(b, "/>"...)
	}
	return append(b, end...)
}
