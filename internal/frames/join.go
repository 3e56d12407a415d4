package frames

import (
	"fmt"
	"io"

	"stanza.invalid/gen/framing"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
)

// Header is what the header of a stream says, as it was received.
type Header struct{ To, From, ID, Version, Lang string }

// AppendHeader appends the header of a stream whose stanzas are in jabber:client.
func AppendHeader(b []byte, h Header) ([]byte, error) {
	b = append(b, "<?xml version='1.0'?><stream:stream xmlns='"+wire.NSClient+"' xmlns:stream='"+wire.NSStream+"'"...)
	b, err := appendAttrs(b, h)
	return append(b, '>'), err
}

// appendAttrs appends those attributes that are there.
func appendAttrs(b []byte, h Header) (_ []byte, err error) {
	for _, a := range []struct{ open, value string }{
		{" to='", h.To}, {" from='", h.From}, {" id='", h.ID}, {" version='", h.Version}, {" xml:lang='", h.Lang},
	} {
		if a.value == "" {
			continue
		}
		if b, err = wire.AppendAttr(b, a.open, a.value); err != nil {
			return b, err
		}
	}
	return b, nil
}

// ReadHeader reads the attributes of a stream header, or of an element that stands for one.
func ReadHeader(r wire.Raw) Header {
	h := Header{Lang: r.Lang()}
	h.To, _ = r.Attr("to")
	h.From, _ = r.Attr("from")
	h.ID, _ = r.Attr("id")
	h.Version, _ = r.Attr("version")
	return h
}

// Footer is the end of a stream.
const Footer = "</stream:stream>"

// AppendElement appends an element that has come alone as a part of a stream. One without
// a namespace is refused: inside of a stream it would have one.
func AppendElement(b []byte, r wire.Raw) ([]byte, error) {
	if r.Space() == "" {
		return b, &stream.Error{Condition: stream.InvalidNamespace, Text: fmt.Sprintf("<%s/> declares no namespace", r.Local()), Sent: true}
	}
	return wire.AppendRaw(b, r, wire.NSClient), nil
}

// ReadOne reads the one element that r holds. f is a bare framer with nothing pending.
func ReadOne(f *wire.Framer, r io.Reader) (wire.Raw, error) {
	var doc wire.Doc
	for first := true; ; {
		space := f.Space()
		n, err := r.Read(space)
		if n > 0 && first {
			first = false
			if space[0] != '<' {
				f.Commit(n)
				return wire.Raw{}, &stream.Error{Condition: stream.BadFormat, Text: "a message that does not begin with <", Sent: true}
			}
		}
		f.Commit(n)
		for {
			k, e := f.Next()
			if e != nil {
				return wire.Raw{}, e
			}
			if k != wire.Element {
				break
			}
			if !doc.IsZero() {
				return wire.Raw{}, &stream.Error{Condition: stream.BadFormat, Text: "more than one element in a message", Sent: true}
			}
			doc = f.Take()
		}
		switch {
		case err == io.EOF && (f.Pending() || doc.IsZero()):
			return wire.Raw{}, &stream.Error{Condition: stream.BadFormat, Text: "a message that is not one element", Sent: true}
		case err == io.EOF:
			return doc.Root(), nil
		case err != nil:
			return wire.Raw{}, err
		}
	}
}

// AppendOpen appends the element that begins a stream on a websocket.
func AppendOpen(b []byte, h Header) ([]byte, error) {
	b = append(b, "<open xmlns='"+framing.NS+"'"...)
	b, err := appendAttrs(b, h)
	return append(b, "/>"...), err
}
