package wire

import (
	"encoding/xml"
	"slices"
	"strings"
)

// UnmarshalXML reads the element with encoding/xml, for types that are decoded
// that way.
func (r *Raw) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var b []byte
	b, err := appendToken(b, d, start, "")
	if err != nil {
		return err
	}
	*r, err = Parse(string(b))
	return err
}

// appendToken appends the element that start begins.
func appendToken(b []byte, d *xml.Decoder, start xml.StartElement, ns string) ([]byte, error) {
	tag := len(b)
	b, err := AppendOpen(b, Name{start.Name.Space, start.Name.Local}, ns)
	if err != nil {
		return b, err
	}
	x := Extra{}
	for _, a := range start.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		x.Attrs = append(x.Attrs, Attr{Name: Name{a.Name.Space, a.Name.Local}, Value: a.Value})
	}
	if b, err = x.AppendAttrs(b, tag); err != nil {
		return b, err
	}
	b = append(b, '>')
	mark := len(b)
	for {
		t, err := d.Token()
		if err != nil {
			return b, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			b, err = appendToken(b, d, t, start.Name.Space)
		case xml.CharData:
			b, err = AppendText(b, string(t))
		case xml.EndElement:
			return CloseEmpty(b, mark, "</"+start.Name.Local+">"), nil
		}
		if err != nil {
			return b, err
		}
	}
}

// MarshalXML writes the element with encoding/xml. The name that start brings is
// not used: a Raw has its own.
func (r Raw) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	if r.IsZero() {
		return nil
	}
	start := xml.StartElement{Name: xml.Name{Space: r.Space(), Local: r.Local()}}
	switch start.Name.Space {
	case "":
		// the encoder would let it inherit its parent's
		start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "xmlns"}})
	case NSXML:
		start.Name = xml.Name{Local: "xml:" + start.Name.Local}
	}
	for a := r.Attrs(); a.Next(); {
		n := a.Expanded()
		start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Space: n.Space, Local: n.Local}, Value: a.Value()})
	}
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	for i, end := r.content(), r.d.next(r.at); i < end; {
		var err error
		if r.d.word(i)&kindText != 0 {
			err = e.EncodeToken(xml.CharData(r.d.textAt(i)))
			i += textWords
		} else {
			err = Raw{d: r.d, at: i}.MarshalXML(e, xml.StartElement{})
			i = r.d.next(i)
		}
		if err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}

// Equal reports whether two elements have the same names, attributes, text and
// children, in the same order among children of the same name. Prefixes, the
// order of attributes, white space around child elements, and white space that is all
// the text of an element do not matter.
func Equal(a, b Raw) bool {
	return a.IsZero() == b.IsZero() && (a.IsZero() || a.Name() == b.Name() && canonical(a) == canonical(b))
}

// canonical returns a text that is the same for equal elements. What separates its
// parts are characters that no text holds.
func canonical(r Raw) string {
	var attrs, order []string
	kids := map[string][]string{}
	for a := r.Attrs(); a.Next(); {
		attrs = append(attrs, a.Expanded().String()+"\x02"+a.Value())
	}
	for c := r.Children(); c.Next(); {
		n := c.Raw().Name().String()
		if kids[n] == nil {
			order = append(order, n)
		}
		kids[n] = append(kids[n], canonical(c.Raw()))
	}
	slices.Sort(attrs)
	slices.Sort(order)
	var b strings.Builder
	b.WriteString(r.Name().String())
	for _, a := range attrs {
		b.WriteString("\x01" + a)
	}
	s := r.Text()
	if len(order) > 0 || isBlank(s) {
		s = strings.Trim(s, spaces)
	}
	b.WriteString("\x03" + s)
	for _, n := range order {
		for _, k := range kids[n] {
			b.WriteString("\x04" + k)
		}
	}
	b.WriteByte('\x05')
	return b.String()
}
