package stream

import (
	"bytes"
	"hash/crc32"
	"time"

	"stanza.invalid/stream/wire"
)

// The marks of what is sent again: XEP-0203 and XEP-0359.
const (
	nsDelay    = "urn:xmpp:delay"
	nsStanzaID = "urn:xmpp:sid:0"
)

// maxTries is how many sessions may end over an element before it is given up: a peer that ends
// the stream because of it would do that for ever.
const maxTries = 5

// half is the element that the last connections have ended in the middle of, if it is one that
// the peer perhaps does not take.
type half struct {
	sum   uint32
	times int
}

// largeBytes is what every peer takes at once (RFC 6120, section 13.12).
const largeBytes = 10_000

// note notes that a connection has ended in the middle of an element.
func (h *half) note(element []byte) {
	if len(element) <= largeBytes {
		return
	}
	if sum := crc32.ChecksumIEEE(element); sum != h.sum {
		*h = half{sum: sum}
	}
	h.times++
}

// deadly reports whether one connection after the other has ended in the middle of an element.
func (h *half) deadly(element []byte) bool {
	return h.times >= maxTries && crc32.ChecksumIEEE(element) == h.sum
}

// resend makes an element one that goes out again in a new session although it may have
// arrived in the last one, and reports whether it is to ([Management.Resend]).
func (u *unacked) resend(e *entry) bool {
	if e.tries++; !u.cfg.Resend || !e.counted || e.tries >= maxTries {
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
