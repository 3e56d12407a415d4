package stanza

import (
	"encoding/xml"
	"slices"
	"strings"

	"stanza.invalid/stream/wire"
)

// Text is text for people, in one language or several: the bodies or subjects of
// a message, the status of a presence (RFC 6120, section 8.1.5). Each entry is
// one element. Nil means that there is none, which differs from an empty one: an
// empty subject clears the subject of a room.
type Text []LangText

// LangText is text in one language.
type LangText struct {
	// Lang is the language tag (BCP 47); empty means that of the stanza.
	Lang string `xml:"http://www.w3.org/XML/1998/namespace lang,attr,omitempty"`
	// Value is the text itself.
	Value string `xml:",chardata"`
}

// Plain returns a text in the language of the stanza.
func Plain(s string) Text { return Text{{Value: s}} }

// String returns the text without a language tag, or else the first one, or "".
func (t Text) String() string {
	for i := range t {
		if t[i].Lang == "" {
			return t[i].Value
		}
	}
	if len(t) > 0 {
		return t[0].Value
	}
	return ""
}

// In returns the text that suits the languages best, the most wanted first: for
// each, an exact match, a text in a shorter form of it, or one in a more specific
// form (RFC 4647, section 3.4); otherwise what String returns.
func (t Text) In(langs ...string) string {
	for _, want := range langs {
		for tag := want; tag != ""; {
			for i := range t {
				if strings.EqualFold(t[i].Lang, tag) {
					return t[i].Value
				}
			}
			cut := strings.LastIndexByte(tag, '-')
			if cut < 0 {
				break
			}
			// a single letter introduces what follows it and goes with it
			if tag = tag[:cut]; len(tag) > 2 && tag[len(tag)-2] == '-' {
				tag = tag[:len(tag)-2]
			}
		}
		for i := range t {
			if l := t[i].Lang; want != "" && len(l) > len(want) && l[len(want)] == '-' && strings.EqualFold(l[:len(want)], want) {
				return t[i].Value
			}
		}
	}
	return t.String()
}

// Tagged returns a copy in which the texts without a language have this one: that of the
// stanza, so that [Text.In] knows it too.
func (t Text) Tagged(lang string) Text {
	c := slices.Clone(t)
	for i := range c {
		if c[i].Lang == "" {
			c[i].Lang = lang
		}
	}
	return c
}

// Set returns t with the text of a language replaced or added. As with append, the
// result takes the place of t.
func (t Text) Set(lang, value string) Text {
	for i := range t {
		if strings.EqualFold(t[i].Lang, lang) {
			t[i].Value = value
			return t
		}
	}
	return append(t, LangText{Lang: lang, Value: value})
}

// DecodeText reads the child at the cursor for generated code.
func DecodeText(c *wire.Cursor, x **wire.Extra, slot wire.Slot) LangText {
	if s, plain := c.Plain(); plain {
		return LangText{Value: s}
	}
	r := c.Raw()
	t := LangText{Value: r.Text()}
	odd := false
	for a := r.Attrs(); a.Next(); {
		if a.Name() == "xml:lang" && a.Value() != "" {
			t.Lang = a.Value()
		} else {
			odd = true
		}
	}
	if odd || r.HasChildren() {
		c.KeepLeaf(x, slot, t.Value)
	}
	return t
}

// AppendText appends one element for each language for generated code: open is
// the start tag ("<body>"), end the end tag.
func AppendText(b []byte, t Text, open, end, ns string, x *wire.Extra, field wire.Slot) ([]byte, error) {
	for i := range t {
		var err error
		mark := len(b)
		start := open
		if t[i].Lang != "" {
			if b, err = wire.AppendAttr(append(b, open[:len(open)-1]...), " xml:lang='", t[i].Lang); err != nil {
				return b, err
			}
			start = ">"
		}
		if b, err = wire.AppendLeaf(b, start, t[i].Value, end); err != nil {
			return b, err
		}
		if x == nil {
			continue
		}
		if kept := x.Kept(wire.SlotAt(field, i)); !kept.IsZero() && kept.Lang() == t[i].Lang {
			b = x.RespellChild(b, mark, wire.SlotAt(field, i), "", ns)
		}
	}
	return b, nil
}

// Flag is an empty element whose presence means true.
type Flag bool

// MarshalXML writes the empty element, or nothing.
func (f Flag) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if !f {
		return nil
	}
	return e.EncodeElement("", start)
}

// UnmarshalXML reads the element's presence.
func (f *Flag) UnmarshalXML(d *xml.Decoder, _ xml.StartElement) error {
	*f = true
	return d.Skip()
}

// Empty is the answer to an IQ request that has no payload.
type Empty struct{}
