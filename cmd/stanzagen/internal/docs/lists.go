package docs

import (
	"cmp"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// indexPage makes the first page.
func (s *site) indexPage() *page {
	page := s.page("index.html", s.project.name(), "packages")
	v := &indexView{Description: s.project.description()}
	groups := []packageGroup{{Title: "RFCs", ID: "rfcs"}, {Title: "XEPs", ID: "xeps"}, {Title: "Other protocols", ID: "others"}}
	elements, examples := 0, 0
	namespaces := map[string]bool{}
	for _, p := range s.packages {
		row := packageRow{
			Package: link{p.Name, s.ofPackage(p).from(page.Path)}, Spec: p.Spec, Title: cmp.Or(p.Title, p.Spec), Examples: len(p.Examples),
			Elements: countElements(p), Forms: len(p.Forms),
		}
		row.Status, row.Note = s.project.support(p.Spec)
		v.HasStatus = v.HasStatus || row.Status != ""
		elements += row.Elements
		examples += row.Examples
		for _, ns := range p.Namespaces {
			namespaces[ns.URI] = true
		}
		i := 2
		switch {
		case strings.HasPrefix(p.Spec, "RFC "):
			i = 0
		case strings.HasPrefix(p.Spec, "XEP-"):
			i = 1
		}
		groups[i].Rows = append(groups[i].Rows, row)
	}
	v.Groups = slices.DeleteFunc(groups, func(g packageGroup) bool { return len(g.Rows) == 0 })
	requests, forms := 0, 0
	for _, p := range s.packages {
		requests += len(p.Queries)
		forms += len(p.Forms)
	}
	v.Counts = []count{
		{len(s.packages), "packages", "#packages"},
		{elements, "elements", "elements.html"}, {len(namespaces), "namespaces", "namespaces.html"},
		{requests, "requests", "requests.html"}, {forms, "forms", "forms.html"}, {examples, "examples", ""},
	}
	page.Index = v
	return page
}

// countElements counts the elements of the top level.
func countElements(p *model.Package) int {
	n := 0
	for _, e := range p.Structs {
		if e.Role == model.Payload {
			n++
		}
	}
	return n
}

// elementsPage lists all elements, also those that stand only inside others, by their names.
func (s *site) elementsPage() *page {
	page := s.page("elements.html", "Elements", "elements")
	var rows []elementRow
	for _, p := range s.packages {
		for _, e := range p.Structs {
			row := elementRow{
				Kind: kindOf(e), Type: s.typeLink(e, nil, page.Path), Package: link{p.Name, s.ofPackage(p).from(page.Path)}, Spec: p.Spec,
			}
			for _, n := range elementNames(e) {
				row.Name, row.Namespace = n.Local, n.Space
				rows = append(rows, row)
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b elementRow) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Name, b.Name), strings.Compare(a.Namespace, b.Namespace))
	})
	for _, row := range rows {
		title, id := initial(row.Name)
		if n := len(page.Elements); n == 0 || page.Elements[n-1].ID != id {
			page.Elements = append(page.Elements, group{Title: title, ID: id})
		}
		g := &page.Elements[len(page.Elements)-1]
		g.Rows = append(g.Rows, row)
	}
	return page
}

// elementNames are all names that a struct has on the wire.
func elementNames(e *model.Element) []model.Name {
	if e.Names == nil {
		return e.Uses
	}
	var names []model.Name
	for _, v := range e.Names.Values {
		names = append(names, model.Name{Space: e.Namespace.URI, Local: v.Value.Text})
	}
	return names
}

// initial is the heading that a name stands under.
func initial(name string) (title, id string) {
	c := strings.ToUpper(name[:1])
	if c < "A" || c > "Z" {
		return "Others", "letter-others"
	}
	return c, "letter-" + strings.ToLower(c)
}

// namespacesPage lists all namespaces.
func (s *site) namespacesPage() *page {
	page := s.page("namespaces.html", "Namespaces", "namespaces")
	rows := map[string]*namespaceRow{}
	for _, p := range s.packages {
		for _, ns := range p.Namespaces {
			row := rows[ns.URI]
			if row == nil {
				row = &namespaceRow{URI: ns.URI}
				rows[ns.URI] = row
			}
			row.Places = append(row.Places, link{p.Name + "." + ns.GoName, s.ofNamespace(ns).from(page.Path)})
		}
		for _, e := range p.Structs {
			if row := rows[e.Namespace.URI]; row != nil && e.Role == model.Payload {
				row.Elements = append(row.Elements, link{elementTitle(e), s.ofStruct(e).from(page.Path)})
			}
		}
	}
	for _, row := range rows {
		page.Namespaces = append(page.Namespaces, *row)
	}
	slices.SortFunc(page.Namespaces, func(a, b namespaceRow) int { return strings.Compare(a.URI, b.URI) })
	return page
}

// elementTitle is an element in short.
func elementTitle(e *model.Element) string {
	if e.Names != nil {
		return e.Names.GoName
	}
	return "<" + e.Local + "/>"
}

// requestsPage lists all pairs of IQ requests and answers.
func (s *site) requestsPage() *page {
	page := s.page("requests.html", "IQ requests", "requests")
	for _, p := range s.packages {
		for _, q := range p.Queries {
			page.Requests = append(page.Requests, s.request(q, page.Path))
		}
	}
	return page
}

// featuresPage lists all disco features.
func (s *site) featuresPage() *page {
	page := s.page("features.html", "Features", "features")
	types := map[string][]link{}
	for _, p := range s.packages {
		for _, feature := range p.Features {
			types[feature] = append(types[feature], link{p.Name, s.ofPackage(p).from(page.Path)})
		}
		for _, e := range p.Structs {
			for _, feature := range e.Features {
				if e.Role != model.Nested && !slices.Contains(p.Features, feature) {
					types[feature] = append(types[feature], s.typeLink(e, nil, page.Path))
				}
			}
		}
	}
	for feature, links := range types {
		page.Features = append(page.Features, featureRow{feature, links})
	}
	slices.SortFunc(page.Features, func(a, b featureRow) int { return strings.Compare(a.Feature, b.Feature) })
	return page
}
