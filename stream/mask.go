package stream

import (
	"encoding/xml"
	"strings"

	"stanza.invalid/stream/wire"
)

// masked is what a secret looks like where people may see it.
const masked = "***"

// isSecret reports whether all text in an element is to be masked: passwords, the data of
// SASL in both of its forms with the tasks of SASL 2, headers with which files are
// uploaded, fields of forms that sound like it.
func isSecret(e xml.StartElement) bool {
	n := e.Name
	switch n.Space {
	case "urn:ietf:params:xml:ns:xmpp-sasl":
		return n.Local == "auth" || n.Local == "challenge" || n.Local == "response" || n.Local == "success"
	case "urn:xmpp:sasl:2":
		switch n.Local {
		case "initial-response", "challenge", "response", "additional-data", "task-data", "next":
			return true
		}
	case "urn:xmpp:http:upload:0":
		return n.Local == "header"
	case "urn:xmpp:scram-upgrade:0":
		return true
	case "jabber:x:data":
		return n.Local == "field" && secretField(e.Attr)
	}
	switch n.Local {
	case "password", "passwd", "secret", "digest", "handshake":
		return true
	}
	return false
}

// secretField reports whether a field of a data form is for something secret.
func secretField(attrs []xml.Attr) bool {
	for _, a := range attrs {
		switch v := strings.ToLower(a.Value); {
		case a.Name.Local == "type" && v == "text-private":
			return true
		case a.Name.Local == "var" && (strings.Contains(v, "password") || strings.Contains(v, "secret") || strings.Contains(v, "token")):
			return true
		}
	}
	return false
}

// isSecretAttr is isSecret for an attribute.
func isSecretAttr(a xml.Attr) bool {
	switch a.Name.Local {
	case "password", "token", "secret", "pwd":
		return true
	}
	return false
}

// The tags around what goes over a stream, for who reads a part of it.
const (
	streamStart = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
	streamName  = "<stream:stream"
)

// showPieces calls show for each piece of what goes over a stream: a header, elements, the
// footer.
func showPieces(text string, show func(piece string)) {
	if i := strings.Index(text, streamName); i >= 0 && (i == 0 || strings.HasPrefix(text, "<?xml")) {
		end := i + tagEnd(text[i:])
		show(text[:end])
		text = text[end:]
	}
	text, closed := strings.CutSuffix(text, footer)
	d := xml.NewDecoder(strings.NewReader(streamStart + text + footer))
	if _, err := d.Token(); err != nil {
		return
	}
	for {
		w := printing{Printer: Printer{Default: wire.NSClient, Masked: true}, spaces: []string{wire.NSClient}}
		if !w.element(d) {
			break
		}
		show(string(w.b))
	}
	if closed {
		show(footer)
	}
}

// tagEnd returns where a tag ends.
func tagEnd(s string) int {
	quote := byte(0)
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return len(s)
}

// element prints the next element, and reports whether there was one.
func (w *printing) element(d *xml.Decoder) bool {
	for depth := 0; ; {
		t, err := d.Token()
		if err != nil {
			return false
		}
		switch t.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		default:
			if depth == 0 {
				continue
			}
		}
		if depth < 0 {
			return false
		}
		if _, err := w.token(t); err != nil {
			return false
		}
		if depth == 0 {
			return true
		}
	}
}
