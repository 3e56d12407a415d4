package explain

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// width is where texts are wrapped.
const width = 100

// pkg explains a package.
func (x *Index) pkg(p *model.Package) string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s: %s\n", p.Name, spec(p))
	if _, doc, ok := strings.Cut(p.Doc, "\n\n"); ok {
		b.WriteString("\n" + wrap(doc, "") + "\n")
	}
	t := &table{}
	for _, ns := range p.Namespaces {
		t.row(ns.GoName, ns.URI)
	}
	for _, e := range p.Structs {
		if e.Role == model.Payload {
			t.row(e.GoName, element(e)+place(e))
		}
	}
	for _, q := range p.Queries {
		if q.Request != nil && q.Request != q.Payload {
			t.row(q.Request.GoName, "IQ "+q.IQType+" of "+element(q.Payload)+", answered with "+answer(q))
		}
	}
	for _, f := range p.Forms {
		t.row(f.GoName, "data form "+f.FormType)
	}
	for _, e := range p.Enums {
		var values []string
		for _, v := range e.Values {
			values = append(values, v.Value.Text)
		}
		t.row(e.GoName, "enum: "+strings.Join(values, ", "))
	}
	b.WriteString("\n" + t.String())
	b.WriteString(gap(importLine(p) + see(p.Link)))
	return b.String()
}

// namespace explains a namespace.
func (x *Index) namespace(ns *model.Namespace) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nis %s.%s (%s).\n", ns.URI, ns.Package.Name, ns.GoName, spec(ns.Package))
	t := &table{}
	for _, e := range ns.Package.Structs {
		if e.Namespace == ns && e.Role != model.Request {
			t.row(e.GoName, element(e)+place(e))
		}
	}
	if len(t.rows) > 0 {
		b.WriteString("\n" + t.String())
	}
	b.WriteString(gap(importLine(ns.Package)))
	return b.String()
}

// enum explains an enum.
func (x *Index) enum(e *model.Enum) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.%s: enum, %s\n\n%s\n\n", e.Package.Name, e.GoName, spec(e.Package), wrap(strings.TrimPrefix(e.Doc, e.GoName+" "), ""))
	t := &table{}
	if e.Numbers != 0 {
		t.row("a number", e.NumbersFunc+"("+e.Numbers.GoType().Name+")", "")
	}
	for _, v := range e.Values {
		t.row(v.Value.Text, v.GoName, strings.TrimPrefix(v.Doc, v.GoName+" "))
	}
	b.WriteString(t.String())
	b.WriteString(gap(importLine(e.Package) + see(e.Link)))
	return b.String()
}

// structure explains the type of an element.
func (x *Index) structure(e *model.Element) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.%s: %s%s\n%s\n\n", e.Package.Name, e.GoName, element(e), place(e), spec(e.Package))
	b.WriteString(wrap(e.GoName+strings.TrimPrefix(e.Doc, e.GoName), "") + "\n")
	if len(e.Fields) > 0 {
		t := &table{}
		for _, f := range e.Fields {
			t.row(f.GoName, f.GoType(owner(f)), wire(f), strings.TrimPrefix(f.Doc, f.GoName+" "))
		}
		b.WriteString("\n" + t.String())
	}
	if q := e.Query; q != nil {
		fmt.Fprintf(&b, "\nIt is the request of an IQ of type %s, answered with %s.\n", q.IQType, answer(q))
	}
	for _, q := range e.Queries {
		if q.Request != e && q.Request != nil {
			fmt.Fprintf(&b, "\nThe request of type %s is %s, answered with %s.\n", q.IQType, q.Request.GoName, answer(q))
		}
	}
	if e.Sender != model.SenderAny {
		fmt.Fprintf(&b, "\nOnly payloads from here reach handlers: %s.\n", e.Sender)
	}
	if len(e.Features) > 0 {
		fmt.Fprintf(&b, "\nDisco features: %s.\n", strings.Join(e.Features, ", "))
	}
	for _, example := range e.Package.Examples {
		if len(example.Structs) > 0 && example.Structs[0] == e {
			b.WriteString("\n" + indent(example.XML, "    ") + "\n")
			break
		}
	}
	b.WriteString(gap(importLine(e.Package) + see(e.Link)))
	return b.String()
}

// form explains a data form.
func (x *Index) form(f *model.Form) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.%s: data form %s, %s\n\n%s\n\n", f.Package.Name, f.GoName, f.FormType, spec(f.Package), wrap(f.Doc, ""))
	t := &table{}
	for _, g := range f.Fields {
		if g.GoName != "" {
			t.row(g.GoName, g.GoType(f.Package), g.Var+", "+g.Kind, strings.TrimPrefix(g.Doc, g.GoName+" "))
		}
	}
	b.WriteString(t.String())
	if like := f.Like; like != nil {
		fmt.Fprintf(&b, "\nIt has the fields of %s.%s, too.\n", like.Package.Name, like.GoName)
	}
	b.WriteString(gap(importLine(f.Package) + see(f.Link)))
	return b.String()
}

// field explains a field.
func (x *Index) field(f *model.Field) string {
	e := f.Parent
	text := fmt.Sprintf("%s.%s.%s: %s, %s of %s\n%s\n\n%s\n", e.Package.Name, e.GoName, f.GoName, f.GoType(owner(f)), wire(f), element(e), spec(e.Package), wrap(f.Doc, ""))
	if t := f.Type.Enum; t != nil {
		return text + "\n" + x.enum(t)
	}
	return text + gap(see(f.Link))
}

// owner is the package whose users see the field.
func owner(f *model.Field) *model.Package {
	if f.Parent == nil {
		return nil
	}
	return f.Parent.Package
}

// spec names the spec of a package.
func spec(p *model.Package) string {
	text := p.Spec
	if p.Title != "" {
		text += ": " + p.Title
	}
	return text
}

// element names what a struct is on the wire.
func element(e *model.Element) string {
	switch {
	case e.Names != nil && e.Namespace != nil:
		return "elements named by " + e.Names.GoName + " in " + e.Namespace.URI
	case len(e.Uses) > 0:
		return e.Uses[0].String()
	}
	return "an element that stands nowhere"
}

// place says where an element may stand.
func place(e *model.Element) string {
	if e.Role == model.Nested {
		return ", inside others"
	}
	var places []string
	for _, p := range []struct {
		in   model.Places
		name string
	}{{model.InMessage, "message"}, {model.InPresence, "presence"}, {model.InIQ, "iq"}, {model.InStream, "stream"}, {model.InAny, "anywhere"}} {
		if e.In&p.in != 0 {
			places = append(places, p.name)
		}
	}
	if len(places) == 0 {
		return ""
	}
	return ", in " + strings.Join(places, ", ")
}

func answer(q *model.Query) string {
	if q.Result == nil {
		return "an empty result"
	}
	return q.Result.Package.Name + "." + q.Result.GoName
}

// wire says where a field stands on the wire.
func wire(f *model.Field) string {
	text := ""
	switch f.Kind {
	case model.FieldName:
		text = "the name"
	case model.FieldAttr:
		text = "attribute " + f.Name.Local
	case model.FieldText:
		text = "text"
	case model.FieldAny:
		text = "other children"
	case model.FieldNames:
		text = "name of a child"
	case model.FieldStanza:
		text = "stanza " + f.Type.Stanza
	case model.FieldChoice:
		var names []string
		for _, a := range f.Choice.Alternatives {
			names = append(names, a.Name.Local)
		}
		text = "one of the children " + strings.Join(names, ", ")
		if f.Choice.Text != "" {
			text = strings.TrimSuffix("text, with elements in it: "+strings.Join(names, ", "), ": ")
		}
	default:
		text = "child " + f.Name.Local
		if f.Name.Local == "" {
			text = "child"
		}
	}
	switch {
	case f.Kind == model.FieldName:
	case f.Required && f.Many:
		text += ", one or more"
	case f.Required:
		text += ", required"
	case f.Many:
		text += ", any number"
	}
	return text
}

// importLine is the line to copy; there is none where it is not known what the package will be called.
func importLine(p *model.Package) string {
	if p.ImportPath == "" {
		return ""
	}
	return fmt.Sprintf("import %q\n", p.ImportPath)
}

// gap puts a blank line before a text, if there is one.
func gap(text string) string {
	if text == "" {
		return ""
	}
	return "\n" + text
}

func see(link string) string {
	if link == "" {
		return ""
	}
	return "See " + link + "\n"
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(text, "\n", "\n"+by)
}

// wrap breaks paragraphs into lines.
func wrap(text, by string) string {
	var lines []string
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			lines = append(lines, "")
		}
		line := by
		for _, word := range strings.Fields(paragraph) {
			if utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width && line != by {
				lines = append(lines, line)
				line = by
			}
			if line != by {
				line += " "
			}
			line += word
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// table writes rows in columns; the last column is wrapped.
type table struct {
	rows [][]string
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// String writes the table, indented by two.
func (t *table) String() string {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		line := "  "
		for i, cell := range row[:len(row)-1] {
			line += cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2)
		}
		column := utf8.RuneCountInString(line)
		last := row[len(row)-1]
		if column > width-30 {
			b.WriteString(strings.TrimRight(line, " ") + "\n" + wrap(last, "      ") + "\n")
			continue
		}
		text := strings.TrimLeft(wrap(last, strings.Repeat(" ", column)), " ")
		b.WriteString(strings.TrimRight(line+text, " ") + "\n")
	}
	return b.String()
}

// Wrap breaks paragraphs into lines that people like to read.
func Wrap(text string) string { return wrap(text, "") }

// Package explains a package: its namespaces, elements, requests and enums.
func (x *Index) Package(p *model.Package) string { return x.pkg(p) }
