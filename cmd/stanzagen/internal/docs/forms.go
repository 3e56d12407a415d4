package docs

import (
	"html"
	"html/template"
	"path"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// form makes what is said about a data form.
func (s *site) form(f *model.Form, here string) *formView {
	p := f.Package
	v := &formView{
		ID: f.GoName, Name: f.GoName, Ref: p.Name + "." + f.GoName, FormType: f.FormType,
		Doc: s.paragraphs(p, here, f.GoName, f.Doc), SpecLink: f.Link, Section: section(p.Spec, f.Link),
		Use: s.code(s.lib.Form(f), here),
	}
	if f.Title != "" {
		v.Facts = append(v.Facts, fact{Name: "Title", Text: f.Title})
	}
	for _, text := range f.Instructions {
		v.Facts = append(v.Facts, fact{Name: "Instructions", Text: text})
	}
	if f.Like != nil {
		name := f.Like.GoName
		if f.Like.Package != p {
			name = f.Like.Package.Name + "." + name
		}
		v.Facts = append(v.Facts, fact{Name: "Has the fields of", Links: []link{{Text: name, Href: s.ofForm(f.Like).from(here)}}})
	}
	v.Facts = append(v.Facts, s.usage(f, p, here)...)
	for _, field := range f.Fields {
		v.Fields = append(v.Fields, s.formField(f, field, here))
	}
	return v
}

// formField makes the row of a field.
func (s *site) formField(form *model.Form, f *model.FormField, here string) formFieldView {
	v := formFieldView{Var: f.Var, Kind: f.Kind, Name: f.GoName, Label: f.Label, Desc: f.Desc, Tags: formTags(f), SpecLink: f.Link}
	if f.GoName == "" {
		if f.Default != nil {
			v.Label = f.Default.Text
		}
		return v
	}
	v.ID = form.GoName + "." + f.GoName
	v.Doc = s.predicate(form.Package, here, f.GoName, f.Doc)
	v.Type = s.formType(form, f, here)
	for _, o := range f.Options {
		l := link{Text: o.Value}
		if e := f.Type.Enum; e != nil {
			if i := slices.IndexFunc(e.Values, func(v *model.EnumValue) bool { return v.Value.Text == o.Value }); i >= 0 {
				l.Href = s.ofValue(e.Values[i]).from(here)
			}
		}
		v.Values = append(v.Values, l)
	}
	return v
}

// formType is the Go type of a field.
func (s *site) formType(form *model.Form, f *model.FormField, here string) template.HTML {
	prefix := map[model.Shape]string{model.Pointer: "*", model.Slice: "[]"}[f.Shape]
	if e := f.Type.Enum; e != nil {
		name := e.GoName
		if e.Package != form.Package {
			name = e.Package.Name + "." + name
		}
		return template.HTML(prefix + `<a href="` + html.EscapeString(s.ofEnum(e).from(here)) + `">` + html.EscapeString(name) + `</a>`) // escaped
	}
	goes := f.Type.Scalar.GoType()
	name := goes.Name
	if goes.Path != "" {
		name = path.Base(goes.Path) + "." + name
	}
	return template.HTML(html.EscapeString(prefix + name))
}

// formTags are what a reader must know of a field, in few words.
func formTags(f *model.FormField) []string {
	list := []string{f.Kind}
	if f.GoName == "" {
		return list
	}
	if f.Required {
		list = append(list, "required")
	}
	list = append(list, bounds(f.Min, f.Max)...)
	if f.Default != nil {
		list = append(list, "default "+shown(f.Default.Text))
	}
	return list
}

// formsPage lists all data forms.
func (s *site) formsPage() *page {
	page := s.page("forms.html", "Data forms", "forms")
	for _, p := range s.packages {
		for _, f := range p.Forms {
			fields := 0
			for _, field := range f.Fields {
				if field.GoName != "" {
					fields++
				}
			}
			page.Forms = append(page.Forms, formRow{
				Type: link{p.Name + "." + f.GoName, s.ofForm(f).from(page.Path)}, FormType: f.FormType, Title: f.Title, Fields: fields,
			})
		}
	}
	slices.SortStableFunc(page.Forms, func(a, b formRow) int { return strings.Compare(a.FormType, b.FormType) })
	return page
}
