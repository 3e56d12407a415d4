package docs

import (
	"fmt"
	"html"
	"html/template"
	"path"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// goType writes the Go type of a field as package p writes it; types that have a page become links.
func (s *site) goType(f *model.Field, page string) template.HTML {
	prefix := ""
	switch {
	case f.Type.Scalar == model.LangText:
	case f.Shape == model.Pointer:
		prefix = "*"
	case f.Shape == model.Slice:
		prefix = "[]"
	}
	name, target := typeName(f), where{}
	switch {
	case f.Choice != nil:
		target = where{s.file[f.Choice.Package], f.Choice.GoName}
	case f.Type.Element != nil && s.has(f.Type.Element.Package):
		target = s.ofStruct(f.Type.Element)
	case f.Type.Enum != nil && s.has(f.Type.Enum.Package):
		target = s.ofEnum(f.Type.Enum)
	}
	if target.page == "" {
		return template.HTML(html.EscapeString(prefix + name))
	}
	return template.HTML(html.EscapeString(prefix) + `<a href="` + html.EscapeString(target.from(page)) + `">` + html.EscapeString(name) + `</a>`)
}

// typeName is the type of one value.
func typeName(f *model.Field) string {
	qualified := func(p *model.Package, name string) string {
		if p == f.Parent.Package {
			return name
		}
		return p.Name + "." + name
	}
	switch {
	case f.Kind == model.FieldAny:
		return "stanza.Raw"
	case f.Choice != nil:
		return qualified(f.Choice.Package, f.Choice.GoName)
	case f.Type.Element != nil:
		return qualified(f.Type.Element.Package, f.Type.Element.GoName)
	case f.Type.Enum != nil:
		return qualified(f.Type.Enum.Package, f.Type.Enum.GoName)
	case f.Type.Stanza == "iq":
		return "stanza.IQ"
	case f.Type.Stanza != "":
		return "stanza." + strings.ToUpper(f.Type.Stanza[:1]) + f.Type.Stanza[1:]
	}
	goes := f.Type.Scalar.GoType()
	if goes.Path == "" {
		return goes.Name
	}
	return path.Base(goes.Path) + "." + goes.Name
}

// field makes a row of the table of fields.
func (s *site) field(f *model.Field, page string) fieldView {
	p := f.Parent.Package
	v := fieldView{
		ID: f.Parent.GoName + "." + f.GoName, Name: f.GoName, Type: s.goType(f, page), SpecLink: f.Link,
		Doc: s.predicate(p, page, f.GoName, f.Doc),
	}
	own := f.Parent.Namespace
	switch f.Kind {
	case model.FieldName:
		v.Kind, v.Wire = "name", "<…/>"
	case model.FieldAttr:
		v.Kind, v.Wire = "attribute", attributeName(f)+`="…"`
	case model.FieldText:
		v.Kind, v.Wire = "text", "(text)"
	case model.FieldAny:
		v.Kind, v.Wire = "content", "<any/>"
	case model.FieldChoice:
		v.Kind, v.Wire = "choice", "one of:"
		if f.Many {
			v.Wire = "any of:"
		}
		if f.Choice.Text != "" {
			v.Kind, v.Wire = "mixed", "text and:"
		}
	default:
		v.Kind, v.Wire = "child", "<"+f.Name.Local+"/>"
		if f.Name.Local == "" {
			v.Wire = "<…/>"
		}
		if f.Kind == model.FieldStanza {
			v.Kind, v.Wire = "stanza", "<"+f.Type.Stanza+"/>"
		}
	}
	if f.Name.Space != "" && f.Name.Space != model.XMLNamespace && f.Kind != model.FieldStanza && !(own != nil && own.URI == f.Name.Space) {
		v.Namespace = f.Name.Space
	}
	v.Tags = tags(f)
	if e := f.Type.Enum; e != nil && s.has(e.Package) {
		for _, value := range e.Values {
			v.Values = append(v.Values, link{value.Value.Text, s.ofValue(value).from(page)})
		}
	}
	return v
}

// alternatives makes the rows of the children that a choice has. Types that were made for the choice have their anchors here, and
// so has the interface, where it was declared.
func (s *site) alternatives(f *model.Field, page string) []fieldView {
	var rows []fieldView
	for _, a := range f.Choice.Alternatives {
		row := fieldView{
			Kind: "child", Wire: "<" + a.Name.Local + "/>", Within: true,
			Type: s.alternativeType(f.Choice, a, page), Doc: s.predicate(f.Parent.Package, page, a.GoName, a.Doc),
		}
		if a.Name.Local == "" {
			row.Wire = "<…/>"
		}
		if own := f.Parent.Namespace; a.Name.Space != "" && (own == nil || own.URI != a.Name.Space) {
			row.Namespace = a.Name.Space
		}
		if f.Choice.Parent == f.Parent && f.Choice.Wraps(a) {
			row.ID = a.GoName
		}
		rows = append(rows, row)
	}
	if c := f.Choice; c.Text != "" {
		text := fieldView{Kind: "text", Wire: "(text)", Within: true, Type: template.HTML(html.EscapeString(c.Text)), Doc: "is the text before, between and behind the elements."}
		other := fieldView{Kind: "content", Wire: "<any/>", Within: true, Type: template.HTML(html.EscapeString("*" + c.Other)), Doc: "keeps all other elements as they are."}
		if c.Parent == f.Parent {
			text.ID, other.ID = c.Text, c.Other
		}
		rows = append(append([]fieldView{text}, rows...), other)
	}
	return rows
}

// alternativeType is the type of an alternative in the interface of its choice.
func (s *site) alternativeType(c *model.Choice, a *model.Field, page string) template.HTML {
	target := s.ofStruct(a.Type.Element)
	text := `*<a href="` + html.EscapeString(target.from(page)) + `">` + html.EscapeString(a.Type.Element.GoName) + `</a>`
	if c.Wraps(a) {
		inner := a.Type.Element.Package.Name + "." + a.Type.Element.GoName
		text = html.EscapeString("*"+a.GoName+" of ") + `<a href="` + html.EscapeString(target.from(page)) + `">` + html.EscapeString(inner) + `</a>`
	}
	return template.HTML(text) // every part of it was escaped
}

// attributeName is how an attribute is written.
func attributeName(f *model.Field) string {
	if f.Name.Space == model.XMLNamespace {
		return "xml:" + f.Name.Local
	}
	return f.Name.Local
}

// tags are what a reader must know of a field, in few words.
func tags(f *model.Field) []string {
	var list []string
	if f.Required {
		list = append(list, "required")
	}
	if f.Many {
		list = append(list, "repeated")
	}
	if f.Type.Scalar == model.LangText {
		list = append(list, "one for each language")
	}
	if f.Type.Scalar == model.Flag {
		list = append(list, "flag")
	}
	list = append(list, bounds(f.Min, f.Max)...)
	if f.Default != nil {
		list = append(list, "default "+shown(f.Default.Text))
	}
	if f.Fixed != nil {
		list = append(list, "always "+shown(f.Fixed.Text))
	}
	return list
}

// bounds are those of an integer in words.
func bounds(min, max *model.Literal) []string {
	switch {
	case min != nil && max != nil:
		return []string{min.Text + " to " + max.Text}
	case min != nil:
		return []string{"at least " + min.Text}
	case max != nil:
		return []string{"at most " + max.Text}
	}
	return nil
}

// shown writes a literal so that an empty one can be seen.
func shown(text string) string {
	if text == "" || strings.TrimSpace(text) != text {
		return fmt.Sprintf("%q", text)
	}
	return text
}
