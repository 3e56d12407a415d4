package stream

import (
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// A Printer writes elements as text for people and logs, with the fewest namespace
// declarations. What it writes is to be read where its Default and Prefixes hold; it is
// not what goes over the wire. The zero Printer writes elements as they look between the
// tags of a client's stream.
type Printer struct {
	// Default is the namespace that needs no declaration: jabber:client if empty.
	Default string
	// Prefixes are the prefixes that are known, by namespace; nil stands for "stream" alone,
	// as stream headers declare it (RFC 6120, section 4.8.5).
	Prefixes map[string]string
	// OpenTag writes the start tag only.
	OpenTag bool
	// Masked writes *** in place of secrets: passwords, what is said in SASL, tokens.
	Masked bool
}

// Print returns an element as the zero [Printer] writes it, or else what is wrong with it.
func Print(e stanza.Payload) string {
	s, err := Printer{}.Print(e)
	if err != nil {
		return err.Error()
	}
	return s
}

// Print returns an element as text. An element that cannot be written as XML is a
// *wire.EncodeError.
func (p Printer) Print(e stanza.Payload) (string, error) {
	b, err := encode(e, "")
	if err != nil {
		return "", err
	}
	defer giveBack(b)
	if p.Default == "" {
		p.Default = wire.NSClient
	}
	w := printing{Printer: p, spaces: []string{p.Default}}
	d := xml.NewDecoder(strings.NewReader(string(*b)))
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return string(w.b), nil
		}
		if err != nil {
			return "", err
		}
		if done, err := w.token(t); done || err != nil {
			return string(w.b), err
		}
	}
}

// printing is the state of printing one element.
type printing struct {
	Printer
	b      []byte
	spaces []string // default namespaces in force
	open   bool     // the last start tag has no end yet
	secret int      // how many elements deep in one whose text is secret
	hidden bool     // its text was masked
}

// token prints one token and reports whether that is all.
func (w *printing) token(t xml.Token) (done bool, err error) {
	if end, ok := t.(xml.EndElement); ok {
		w.spaces = w.spaces[:len(w.spaces)-1]
		if w.secret > 0 {
			w.secret--
		}
		if w.open {
			w.b = append(w.b, "/>"...)
		} else {
			w.b = append(append(append(w.b, "</"...), w.qualified(end.Name)...), '>')
		}
		w.open = false
		return false, nil
	}
	if w.open {
		w.b = append(w.b, '>')
		w.open = false
	}
	switch t := t.(type) {
	case xml.StartElement:
		if err := w.start(t); err != nil || !w.OpenTag {
			return false, err
		}
		w.b = append(w.b, '>')
		return true, nil
	case xml.CharData:
		if w.secret > 0 {
			if !w.hidden && len(t) > 0 {
				w.b, w.hidden = append(w.b, masked...), true
			}
			return false, nil
		}
		w.b, err = wire.AppendText(w.b, string(t))
	}
	return false, err
}

func (w *printing) start(t xml.StartElement) (err error) {
	space := w.spaces[len(w.spaces)-1]
	w.b = append(append(w.b, '<'), w.qualified(t.Name)...)
	if w.prefix(t.Name.Space) == "" && t.Name.Space != space {
		space = t.Name.Space
		if w.b, err = wire.AppendAttr(w.b, " xmlns='", space); err != nil {
			return err
		}
	}
	w.spaces = append(w.spaces, space)
	if w.Masked && (w.secret > 0 || isSecret(t)) {
		w.secret++
		w.hidden = false
	}
	own := 0
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		prefix := w.prefix(a.Name.Space)
		switch {
		case a.Name.Space == "":
		case a.Name.Space == wire.NSXML:
			prefix = "xml"
		case prefix == "":
			prefix = "ns" + strconv.Itoa(own)
			own++
			if w.b, err = wire.AppendAttr(w.b, " xmlns:"+prefix+"='", a.Name.Space); err != nil {
				return err
			}
		}
		if prefix != "" {
			prefix += ":"
		}
		if w.Masked && isSecretAttr(a) {
			a.Value = masked
		}
		if w.b, err = wire.AppendAttr(w.b, " "+prefix+a.Name.Local+"='", a.Value); err != nil {
			return err
		}
	}
	w.open = true
	return nil
}

// prefix returns the known prefix for a namespace, "" if there is none.
func (w *printing) prefix(space string) string {
	if w.Prefixes == nil && space == wire.NSStream {
		return "stream"
	}
	return w.Prefixes[space]
}

func (w *printing) qualified(n xml.Name) string {
	if p := w.prefix(n.Space); p != "" {
		return p + ":" + n.Local
	}
	return n.Local
}
