package docs

import (
	"fmt"
	"path"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/docs/snippet"
	"stanza.invalid/cmd/stanzagen/internal/model"
)

// site knows what the pages have to say about each other.
type site struct {
	project  *Project
	packages []*model.Package
	// file is the page of each package, below the root of the site.
	file map[*model.Package]string
	lib  *snippet.Library
	// examples are those of each package, with their code.
	examples map[*model.Package][]*example
	// shows are the examples in which a type occurs.
	shows map[any][]*example
	// uses are the fields whose type is a struct or an enum.
	uses map[any][]*model.Field
	// formUses are the fields of forms whose type is an enum.
	formUses map[*model.Enum][]formUse
	// answers are the requests that a struct answers.
	answers map[*model.Element][]*model.Query
	// importers are the packages that import one.
	importers map[*model.Package][]*model.Package
	// names are the exported names of each package that have an anchor.
	names map[*model.Package]map[string]bool
	// specs are the pages of each spec.
	specs map[string][]*model.Package
}

// example is an example of a package.
type example struct {
	of     *model.Package
	number int
	from   *model.Example
	code   *snippet.Snippet
}

// formUse is a field of a form.
type formUse struct {
	form  *model.Form
	field *model.FormField
}

func (e *example) anchor() string { return fmt.Sprintf("example-%d", e.number) }

func newSite(packages []*model.Package, project *Project) *site {
	s := &site{
		project: project, packages: sorted(packages),
		file:     map[*model.Package]string{},
		examples: map[*model.Package][]*example{}, shows: map[any][]*example{}, uses: map[any][]*model.Field{},
		formUses: map[*model.Enum][]formUse{}, answers: map[*model.Element][]*model.Query{},
		importers: map[*model.Package][]*model.Package{}, names: map[*model.Package]map[string]bool{},
		specs: map[string][]*model.Package{},
	}
	s.lib = snippet.NewLibrary(s.packages)
	taken := map[string]int{}
	for _, p := range s.packages {
		taken[p.Name]++
		s.file[p] = "pkg/" + p.Name + ".html"
		if n := taken[p.Name]; n > 1 {
			s.file[p] = fmt.Sprintf("pkg/%s-%d.html", p.Name, n)
		}
		s.specs[p.Spec] = append(s.specs[p.Spec], p)
		s.nameAll(p)
	}
	for _, p := range s.packages {
		s.relate(p)
	}
	return s
}

// nameAll gathers the names that have an anchor on the page of p.
func (s *site) nameAll(p *model.Package) {
	names := map[string]bool{}
	for _, ns := range p.Namespaces {
		names[ns.GoName] = true
	}
	for _, e := range p.Enums {
		names[e.GoName] = true
		if e.NumbersFunc != "" {
			names[e.NumbersFunc] = true
		}
		for _, v := range e.Values {
			names[v.GoName] = true
		}
	}
	for _, e := range p.Structs {
		names[e.GoName] = true
		for _, f := range e.Choices() {
			if f.Choice.Parent != e {
				continue
			}
			names[f.Choice.GoName] = true
			if f.Choice.Text != "" {
				names[f.Choice.Text], names[f.Choice.Other] = true, true
			}
			for _, a := range f.Choice.Alternatives {
				names[a.GoName] = true
			}
		}
	}
	for _, f := range p.Forms {
		names[f.GoName] = true
	}
	s.names[p] = names
}

// relate gathers what p says about others.
func (s *site) relate(p *model.Package) {
	for _, imp := range p.Imports {
		s.importers[imp] = append(s.importers[imp], p)
	}
	for _, q := range p.Queries {
		if q.Result != nil {
			s.answers[q.Result] = append(s.answers[q.Result], q)
		}
	}
	for _, e := range p.Structs {
		for _, f := range e.Fields {
			switch {
			case f.Kind == model.FieldName:
			case f.Choice != nil:
				for _, a := range f.Choice.Alternatives {
					s.uses[a.Type.Element] = append(s.uses[a.Type.Element], f)
				}
			case f.Type.Element != nil:
				s.uses[f.Type.Element] = append(s.uses[f.Type.Element], f)
			case f.Type.Enum != nil:
				s.uses[f.Type.Enum] = append(s.uses[f.Type.Enum], f)
			}
		}
	}
	for _, form := range p.Forms {
		for _, f := range form.Fields {
			if f.Type.Enum != nil {
				s.formUses[f.Type.Enum] = append(s.formUses[f.Type.Enum], formUse{form, f})
			}
		}
	}
	for i, from := range p.Examples {
		e := &example{of: p, number: i + 1, from: from}
		s.examples[p] = append(s.examples[p], e)
		shown := map[any]bool{}
		show := func(typ any) {
			if !shown[typ] {
				shown[typ] = true
				s.shows[typ] = append(s.shows[typ], e)
			}
		}
		for _, typ := range from.Structs {
			show(typ)
		}
		for _, form := range from.Forms {
			show(form)
		}
		code, err := s.lib.Example(p, from)
		if err != nil {
			continue // the XML stands alone
		}
		e.code = code
		for _, typ := range code.Structs {
			show(typ)
		}
		for _, typ := range code.Enums {
			show(typ)
		}
		for _, form := range code.Forms {
			show(form)
		}
	}
}

// where names a place to link to: a page below the root of the site, and an anchor in it.
type where struct {
	page, anchor string
}

// from returns the link to w from a page.
func (w where) from(page string) string {
	anchor := ""
	if w.anchor != "" {
		anchor = "#" + w.anchor
	}
	if w.page == page && anchor != "" {
		return anchor
	}
	if path.Dir(w.page) == path.Dir(page) {
		return path.Base(w.page) + anchor
	}
	return strings.Repeat("../", strings.Count(page, "/")) + w.page + anchor
}

func (s *site) ofPackage(p *model.Package) where     { return where{s.file[p], ""} }
func (s *site) ofStruct(e *model.Element) where      { return where{s.file[e.Package], e.GoName} }
func (s *site) ofEnum(e *model.Enum) where           { return where{s.file[e.Package], e.GoName} }
func (s *site) ofValue(v *model.EnumValue) where     { return where{s.file[v.Enum.Package], v.GoName} }
func (s *site) ofNamespace(n *model.Namespace) where { return where{s.file[n.Package], n.GoName} }
func (s *site) ofForm(f *model.Form) where           { return where{s.file[f.Package], f.GoName} }
func (s *site) ofField(f *model.Field) where {
	return where{s.file[f.Parent.Package], f.Parent.GoName + "." + f.GoName}
}

// has reports whether there is a page for a package: one that nothing imports and no file makes has none.
func (s *site) has(p *model.Package) bool { return s.file[p] != "" }

// pages makes all pages by their paths.
func (s *site) pages() map[string]*page {
	pages := map[string]*page{}
	for _, p := range []*page{s.indexPage(), s.elementsPage(), s.namespacesPage(), s.requestsPage(), s.formsPage(), s.featuresPage()} {
		pages[p.Path] = p
	}
	for _, p := range s.packages {
		page := s.packagePage(p)
		pages[page.Path] = page
	}
	return pages
}

// ownExamples are the examples that are shown at a type: those whose first element it is.
func (s *site) ownExamples(e *model.Element) (own, others []*example) {
	for _, x := range s.shows[e] {
		if len(x.from.Structs) > 0 && x.from.Structs[0] == e {
			own = append(own, x)
		} else {
			others = append(others, x)
		}
	}
	return own, others
}
