package show

import (
	"fmt"
	"io"
	"strings"

	"stanza.invalid/cmd/stanzacat/internal/paste"
	"stanza.invalid/internal/typed"
	"stanza.invalid/stream/wire"
)

// text writes a record as XML over several lines. What there is to say about it stands in comments, so that the output can be
// read again.
func (c colours) text(w io.Writer, r *Record) error {
	p := &printer{colours: c}
	switch {
	case r.Kind == paste.Footer:
		p.head(r)
		p.line(0, c.paint(c.tag, "</stream:stream>"))
	case r.Err != nil:
		where := ""
		if r.Line > 0 {
			where = fmt.Sprintf(", line %d", r.Line)
		}
		if r.File != "" {
			where = " in " + r.File + where
		}
		p.line(0, c.paint(c.invalid, comment(fmt.Sprintf("#%d%s%s: %v", r.N, when(r), where, r.Err))))
		if r.Text != "" {
			p.line(0, c.paint(c.comment, comment(r.Text)))
		}
	default:
		p.head(r)
		p.marks(r.Element)
		if r.Kind == paste.Header {
			p.header(r.Element.Raw)
		} else {
			p.element(r.Element.Raw, wire.NSClient, 0)
		}
	}
	p.b.WriteByte('\n')
	_, err := io.WriteString(w, p.b.String())
	return err
}

// printer writes one element.
type printer struct {
	colours
	b       strings.Builder
	el      *typed.Element
	unknown map[wire.Raw][]wire.Name // attributes, the zero name for the element itself
	invalid map[wire.Raw][]typed.Invalid
	lost    []typed.Invalid // whose place is not known
	stray   map[wire.Raw]bool
	bare    map[wire.Raw]bool // payloads without a type
}

func (p *printer) line(depth int, s string) {
	fmt.Fprintf(&p.b, "%s%s\n", strings.Repeat("  ", depth), s)
}

// head writes which record it is, and which way it went when.
func (p *printer) head(r *Record) {
	s := fmt.Sprintf("#%d%s", r.N, when(r))
	if r.Kind == paste.Footer {
		s = strings.TrimSpace(when(r))
	}
	colour := p.comment
	switch r.Direction {
	case paste.In:
		colour = p.in
	case paste.Out:
		colour = p.out
	}
	if s != "" {
		p.line(0, p.paint(colour, comment(s)))
	}
}

func when(r *Record) string {
	s := ""
	if r.Direction != paste.Unknown {
		s += " " + string(r.Direction)
	}
	if r.Time != "" {
		s += " " + r.Time
	}
	return s
}

// comment returns a comment. Two hyphens may not stand in it.
func comment(s string) string {
	return "<!-- " + strings.TrimSuffix(strings.ReplaceAll(strings.ReplaceAll(s, "--", "- -"), "--", "- -"), "-") + " -->"
}

// marks collects what there is to say, by the element that it is about.
func (p *printer) marks(e *typed.Element) {
	p.el = e
	p.unknown, p.invalid = map[wire.Raw][]wire.Name{}, map[wire.Raw][]typed.Invalid{}
	p.stray, p.bare = map[wire.Raw]bool{}, map[wire.Raw]bool{}
	for _, u := range e.Unknown {
		p.unknown[u.Element] = append(p.unknown[u.Element], u.Attr)
	}
	for _, i := range e.Invalid {
		if i.Element.IsZero() {
			p.lost = append(p.lost, i)
		} else {
			p.invalid[i.Element] = append(p.invalid[i.Element], i)
		}
	}
	for _, u := range e.Stray {
		p.stray[u.Element] = true
	}
	for _, x := range e.Payloads {
		p.bare[x.Raw] = x.Type == nil
	}
}

// notes returns the comment about an element, with a space in front; empty if there is nothing to say.
func (p *printer) notes(r wire.Raw) string {
	var notes []string
	colour := p.typ
	if t := p.el.Type(r); t != nil {
		notes = append(notes, t.Name)
	}
	if p.bare[r] {
		notes = append(notes, "no schema")
		colour = p.colours.unknown
	}
	for _, n := range p.unknown[r] {
		colour = p.colours.unknown
		if n.IsZero() {
			notes = append(notes, "unknown")
		} else {
			notes = append(notes, "unknown: @"+attrName(n))
		}
	}
	if p.stray[r] {
		colour = p.colours.unknown
		notes = append(notes, "unexpected text")
	}
	faults := p.invalid[r]
	if r == p.el.Raw {
		faults = append(faults[:len(faults):len(faults)], p.lost...)
	}
	for _, i := range faults {
		colour = p.colours.invalid
		notes = append(notes, "invalid: "+i.Err.Error())
	}
	if len(notes) == 0 {
		return ""
	}
	return " " + p.paint(colour, comment(strings.Join(notes, "; ")))
}

// element writes an element and what is in it; ns is the default namespace around it.
func (p *printer) element(r wire.Raw, ns string, depth int) {
	open := p.tag(r, ns)
	name, inner := r.Local(), r.Space()
	if inner == wire.NSStream {
		name, inner = "stream:"+name, ns
	}
	end := p.paint(p.nameColour(r), "</"+name+">")
	text := r.Text()
	switch {
	case r.IsEmpty():
		p.line(depth, open+p.paint(p.nameColour(r), "/>")+p.notes(r))
	case !r.HasChildren():
		p.line(depth, open+p.paint(p.nameColour(r), ">")+p.value(r, text)+end+p.notes(r))
	case strings.TrimSpace(text) != "":
		// text and children mixed: white space counts
		p.line(depth, p.mixed(r, ns)+p.notes(r))
	default:
		p.line(depth, open+p.paint(p.nameColour(r), ">")+p.notes(r))
		for c := r.Children(); c.Next(); {
			p.element(c.Raw(), inner, depth+1)
		}
		p.line(depth, end)
	}
}

// mixed writes an element as it is, on one line if it was.
func (p *printer) mixed(r wire.Raw, ns string) string {
	b := wire.AppendRaw(nil, r, ns)
	if p.stray[r] {
		return p.paint(p.colours.unknown, string(b))
	}
	return p.paint(p.nameColour(r), string(b))
}

func (p *printer) value(r wire.Raw, s string) string {
	b, _ := wire.AppendText(nil, s)
	colour := ""
	for _, i := range p.invalid[r] {
		if i.Attr == "" {
			colour = p.colours.invalid
		}
	}
	if p.stray[r] {
		colour = p.colours.unknown
	}
	return p.paint(colour, string(b))
}

func (p *printer) nameColour(r wire.Raw) string {
	for _, n := range p.unknown[r] {
		if n.IsZero() {
			return p.colours.unknown
		}
	}
	if p.bare[r] {
		return p.colours.unknown
	}
	return p.colours.tag
}

// tag returns the start tag without its end.
func (p *printer) tag(r wire.Raw, ns string) string {
	var b strings.Builder
	switch r.Space() {
	case wire.NSStream: // a prefix that everybody knows
		b.WriteString(p.paint(p.nameColour(r), "<stream:"+r.Local()))
	case ns:
		b.WriteString(p.paint(p.nameColour(r), "<"+r.Local()))
	default:
		b.WriteString(p.paint(p.nameColour(r), "<"+r.Local()))
		b.WriteString(" " + p.attribute(p.colours.attr, "xmlns", r.Space()))
	}
	p.attributes(&b, r)
	return b.String()
}

func (p *printer) attributes(b *strings.Builder, r wire.Raw) {
	spaces := 0
	for a := r.Attrs(); a.Next(); {
		n := a.Expanded()
		colour := p.colours.attr
		for _, u := range p.unknown[r] {
			if u == n {
				colour = p.colours.unknown
			}
		}
		for _, i := range p.invalid[r] {
			if i.Attr == a.Name() && i.Attr != "" {
				colour = p.colours.invalid
			}
		}
		name := a.Name()
		if name == "" {
			prefix := fmt.Sprintf("ns%d", spaces)
			spaces++
			b.WriteString(" " + p.attribute(p.colours.attr, "xmlns:"+prefix, n.Space))
			name = prefix + ":" + n.Local
		}
		b.WriteString(" " + p.attribute(colour, name, a.Value()))
	}
}

func (p *printer) attribute(colour, name, value string) string {
	b, _ := wire.AppendValue(nil, value)
	quoted := "'" + string(b) + "'"
	if colour == p.colours.attr {
		return p.paint(colour, name+"=") + p.paint(p.colours.value, quoted)
	}
	return p.paint(colour, name+"="+quoted)
}

// header writes the start tag of a stream.
func (p *printer) header(r wire.Raw) {
	var b strings.Builder
	b.WriteString(p.paint(p.colours.tag, "<stream:stream"))
	b.WriteString(" " + p.attribute(p.colours.attr, "xmlns", p.content()))
	b.WriteString(" " + p.attribute(p.colours.attr, "xmlns:stream", wire.NSStream))
	p.attributes(&b, r)
	p.line(0, b.String()+p.paint(p.colours.tag, ">")+p.notes(r))
}

// content is the content namespace that the header declares.
func (p *printer) content() string {
	for _, ns := range []string{wire.NSServer, wire.NSComponent} {
		if strings.Contains(p.el.Raw.Source(), ns) {
			return ns
		}
	}
	return wire.NSClient
}
