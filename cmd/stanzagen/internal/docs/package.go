package docs

import (
	"fmt"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/docs/snippet"
	"stanza.invalid/cmd/stanzagen/internal/model"
)

// shownExamples is how many examples of a type are shown at once; the others are folded away.
const shownExamples = 3

// packagePage makes the page of a package.
func (s *site) packagePage(p *model.Package) *page {
	here := s.file[p]
	v := &packageView{
		Name: p.Name, ImportPath: p.ImportPath, ImportLine: fmt.Sprintf("import %q", p.ImportPath),
		Spec: p.Spec, Title: p.Title, Version: p.Version, SpecLink: p.Link, Source: p.Source, Features: p.Features,
	}
	v.Status, v.Note = s.project.support(p.Spec)
	_, doc, _ := strings.Cut(p.Doc, "\n\n") // the first paragraph says what the heading says
	v.Doc = s.paragraphs(p, here, "", doc)
	for _, ns := range p.Namespaces {
		view := namespaceView{Name: ns.GoName, URI: ns.URI}
		if ns.Doc != ns.GoName+" is the namespace "+ns.URI+"." { // the table says so already
			view.Doc = s.predicate(p, here, ns.GoName, ns.Doc)
			v.Documented = true
		}
		v.Namespaces = append(v.Namespaces, view)
	}
	for _, imp := range p.Imports {
		v.Imports = append(v.Imports, link{imp.Name, s.ofPackage(imp).from(here)})
	}
	for _, imp := range s.importers[p] {
		v.Importers = append(v.Importers, link{imp.Name, s.ofPackage(imp).from(here)})
	}
	for _, q := range p.Queries {
		v.Requests = append(v.Requests, s.request(q, here))
	}
	for _, e := range p.Structs {
		view := s.structure(e, here)
		view.Below = e.Role == model.Request
		if e.Role == model.Nested {
			v.Types = append(v.Types, view)
		} else {
			v.Elements = append(v.Elements, view)
		}
	}
	for _, e := range p.Enums {
		v.Enums = append(v.Enums, s.enum(e, here))
	}
	for _, f := range p.Forms {
		v.Forms = append(v.Forms, s.form(f, here))
	}
	for _, e := range s.examples[p] {
		if len(e.from.Structs) == 0 {
			v.Orphans = append(v.Orphans, s.exampleOf(e, here))
		}
	}
	i := slices.Index(s.packages, p)
	if i > 0 {
		v.Previous = link{s.packages[i-1].Name, s.ofPackage(s.packages[i-1]).from(here)}
	}
	if i+1 < len(s.packages) {
		v.Next = link{s.packages[i+1].Name, s.ofPackage(s.packages[i+1]).from(here)}
	}
	page := s.page(here, p.Name+": "+p.Spec, "packages")
	page.Package = v
	return page
}

// page begins a page.
func (s *site) page(path, title, current string) *page {
	return &page{
		Path: path, Root: strings.Repeat("../", strings.Count(path, "/")), Title: title, Site: s.project.name(), Current: current,
		HasForms: slices.ContainsFunc(s.packages, func(p *model.Package) bool { return len(p.Forms) > 0 }),
	}
}

// kindOf says what a struct is, in a word or two.
func kindOf(e *model.Element) string {
	switch {
	case e.Role == model.Nested:
		return "type"
	case e.Query != nil:
		return e.Query.IQType + " request"
	}
	return "element"
}

// structure makes what is said about a struct.
func (s *site) structure(e *model.Element, here string) *structView {
	p := e.Package
	v := &structView{
		ID: e.GoName, Name: e.GoName, Ref: p.Name + "." + e.GoName, Kind: kindOf(e), Doc: s.paragraphs(p, here, e.GoName, e.Doc),
		SpecLink: e.Link, Section: section(p.Spec, e.Link), Wires: s.wires(e, here), Facts: s.structFacts(e, here),
	}
	for _, f := range e.Fields {
		row := s.field(f, here)
		if f.Choice != nil && f.Choice.Parent == e {
			row.Choice = f.Choice.GoName
		}
		v.Fields = append(v.Fields, row)
		if f.Choice != nil {
			v.Fields = append(v.Fields, s.alternatives(f, here)...)
		}
	}
	v.Handler = s.code(s.lib.Handler(e), here)
	own, _ := s.ownExamples(e)
	for i, x := range own {
		if i < shownExamples || len(own) == shownExamples+1 {
			v.Examples = append(v.Examples, s.exampleOf(x, here))
		} else {
			v.More = append(v.More, s.exampleOf(x, here))
		}
	}
	return v
}

// wires are the elements that a struct stands for.
func (s *site) wires(e *model.Element, here string) []wireView {
	if e.Names != nil {
		return []wireView{{"<…/>", e.Namespace.URI, link{e.Namespace.GoName, s.ofNamespace(e.Namespace).from(here)}}}
	}
	var list []wireView
	for _, n := range e.Uses {
		w := wireView{Name: "<" + n.Local + "/>", Namespace: n.Space}
		for _, ns := range e.Package.Namespaces {
			if ns.URI == n.Space {
				w.Const = link{ns.GoName, s.ofNamespace(ns).from(here)}
			}
		}
		list = append(list, w)
	}
	return list
}

// places are the names of where an element may stand.
func places(in model.Places) string {
	var list []string
	for _, place := range []struct {
		bit  model.Places
		name string
	}{
		{model.InMessage, "a message"}, {model.InPresence, "a presence"}, {model.InIQ, "an IQ"},
		{model.InStream, "the stream itself"}, {model.InAny, "other elements"},
	} {
		if in&place.bit != 0 {
			list = append(list, place.name)
		}
	}
	return joined(list, "or")
}

// joined writes a list in words.
func joined(list []string, last string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " " + last + " " + list[len(list)-1]
}

// senderText says what a sender rule means.
func senderText(rule model.Sender) string {
	switch rule {
	case model.SenderOwnAccount:
		return "only the user’s own account; from others it never reaches a handler"
	case model.SenderAccountOrServer:
		return "only the user’s own account or server; from others it never reaches a handler"
	case model.SenderServer:
		return "only the user’s own server; from others it never reaches a handler"
	case model.SenderQueried:
		return "only whom a query is under way with; from others it never reaches a handler"
	case model.SenderRoom:
		return "only a room that the user is in; from others it never reaches a handler"
	}
	return "anybody"
}

// structFacts are the lines below the text of a struct.
func (s *site) structFacts(e *model.Element, here string) []fact {
	var facts []fact
	add := func(f fact) { facts = append(facts, f) }
	if e.In != 0 {
		add(fact{Name: "Stands in", Text: places(e.In)})
	}
	if e.Query != nil {
		answer := fact{Name: "Answered by", Text: "an empty result"}
		if e.Query.Result != nil {
			answer = fact{Name: "Answered by", Links: []link{s.typeLink(e.Query.Result, e.Package, here)}}
		}
		add(answer)
	}
	if links := s.requestLinks(queriesBut(e.Queries, e.Query), e.Package, here); links != nil && e.Role == model.Payload {
		add(fact{Name: "Requests with it", Links: links})
	}
	if links := s.requestLinks(s.answers[e], e.Package, here); links != nil {
		add(fact{Name: "Answers", Links: links})
	}
	if e.Role != model.Nested {
		add(fact{Name: "May be sent by", Text: senderText(e.Sender)})
	}
	if e.Role != model.Nested && len(e.Features) > 0 {
		add(fact{Name: "Features", Codes: e.Features})
	}
	if e.Like != nil {
		add(fact{Name: "Shaped like", Links: []link{s.typeLink(e.Like, e.Package, here)}})
	}
	if links := s.typesIn(e, here); links != nil {
		add(fact{Name: "Uses", Links: links})
	}
	return append(facts, s.usage(e, e.Package, here)...)
}

// queriesBut leaves one out.
func queriesBut(queries []*model.Query, but *model.Query) []*model.Query {
	return slices.DeleteFunc(slices.Clone(queries), func(q *model.Query) bool { return q == but })
}

// usage says where a struct or an enum occurs.
func (s *site) usage(typ any, p *model.Package, here string) []fact {
	var facts []fact
	var links []link
	for _, f := range s.uses[typ] {
		name := f.Parent.GoName + "." + f.GoName
		if f.Parent.Package != p {
			name = f.Parent.Package.Name + "." + name
		}
		links = append(links, link{name, s.ofField(f).from(here)})
	}
	if e, isEnum := typ.(*model.Enum); isEnum {
		for _, u := range s.formUses[e] {
			name := u.form.GoName + "." + u.field.GoName
			if u.form.Package != p {
				name = u.form.Package.Name + "." + name
			}
			links = append(links, link{name, where{s.file[u.form.Package], u.form.GoName + "." + u.field.GoName}.from(here)})
		}
	}
	if links != nil {
		facts = append(facts, fact{Name: "Used by", Links: links})
	}
	examples := s.shows[typ]
	if e, isStruct := typ.(*model.Element); isStruct {
		_, examples = s.ownExamples(e)
	}
	links = nil
	for _, x := range examples {
		name := fmt.Sprintf("example %d", x.number)
		if x.of != p {
			name = x.of.Name + " " + name
		}
		links = append(links, link{name, where{s.file[x.of], x.anchor()}.from(here)})
	}
	const most = 12
	if len(links) > most {
		links = links[:most]
	}
	if links != nil {
		facts = append(facts, fact{Name: "Seen in", Links: links})
	}
	return facts
}

// typesIn are the structs and enums that the fields of a struct have.
func (s *site) typesIn(e *model.Element, here string) []link {
	var links []link
	for _, f := range e.Parts() {
		var l link
		switch {
		case f.Type.Element != nil:
			l = s.typeLink(f.Type.Element, e.Package, here)
		case f.Type.Enum != nil:
			l = link{typeName(f), s.ofEnum(f.Type.Enum).from(here)}
		default:
			continue
		}
		if !slices.Contains(links, l) {
			links = append(links, l)
		}
	}
	return links
}

// typeLink leads to a struct; its name has the package, unless that is p.
func (s *site) typeLink(e *model.Element, p *model.Package, here string) link {
	name := e.GoName
	if e.Package != p {
		name = e.Package.Name + "." + name
	}
	return link{name, s.ofStruct(e).from(here)}
}

// requestLinks lead to the structs of requests.
func (s *site) requestLinks(queries []*model.Query, p *model.Package, here string) []link {
	var links []link
	for _, q := range queries {
		l := s.typeLink(q.Request, p, here)
		l.Text += " (" + q.IQType + ")"
		links = append(links, l)
	}
	return links
}

// request makes the row of a request.
func (s *site) request(q *model.Query, here string) requestRow {
	p := q.Payload.Package
	row := requestRow{
		IQType: q.IQType, Wire: "<" + q.Payload.Local + "/>", Request: s.typeLink(q.Request, nil, here), Answer: link{Text: "empty"},
		Package: link{p.Name, s.ofPackage(p).from(here)}, Doc: s.predicate(p, here, q.Request.GoName, firstSentence(q.Request.Doc)),
	}
	if q.Result != nil {
		row.Answer = s.typeLink(q.Result, nil, here)
	}
	return row
}

// firstSentence cuts a doc text short.
func firstSentence(doc string) string {
	doc, _, _ = strings.Cut(doc, "\n\n")
	if i := strings.Index(doc, ". "); i >= 0 {
		return doc[:i+1]
	}
	return doc
}

// enum makes what is said about an enum.
func (s *site) enum(e *model.Enum, here string) *enumView {
	p := e.Package
	v := &enumView{
		ID: e.GoName, Name: e.GoName, Ref: p.Name + "." + e.GoName, Base: e.Base.GoType().Name,
		Doc: s.paragraphs(p, here, e.GoName, e.Doc), SpecLink: e.Link, Section: section(p.Spec, e.Link), Facts: s.usage(e, p, here),
	}
	if e.Numbers != 0 {
		v.Values = append(v.Values, valueView{ID: e.NumbersFunc, Value: "a number", Name: e.NumbersFunc + "(" + e.Numbers.GoType().Name + ")",
			Doc: "makes it; the method Number tells whether it is one."})
	}
	for _, value := range e.Values {
		row := valueView{
			ID: value.GoName, Value: value.Value.Text, Name: value.GoName, Doc: s.predicate(p, here, value.GoName, value.Doc),
		}
		if value.Link != e.Link {
			row.SpecLink = value.Link
		}
		v.Values = append(v.Values, row)
	}
	return v
}

// exampleOf makes an example as it is shown.
func (s *site) exampleOf(e *example, here string) *exampleView {
	title := fmt.Sprintf("Example %d", e.number)
	switch {
	case e.from.Stanza == "iq":
		title += ": an IQ of type " + e.from.IQType
	case e.from.Stanza != "":
		title += ": a " + e.from.Stanza
	}
	var types []*model.Element
	if e.code != nil {
		types = e.code.Types
	}
	return &exampleView{ID: e.anchor(), Title: title, XML: s.highlightXML(here, e.from.XML, types), Code: s.code(e.code, here)}
}

// code makes a snippet as it is shown, nil for none.
func (s *site) code(c *snippet.Snippet, here string) *codeView {
	if c == nil {
		return nil
	}
	return &codeView{
		HTML:    s.highlightGo(here, c.Code, s.packagesOf(c)),
		Imports: "import (\n\t" + strings.Join(c.Imports, "\n\t") + "\n)",
	}
}

// packagesOf are the packages of the site that a snippet imports.
func (s *site) packagesOf(c *snippet.Snippet) []*model.Package {
	var list []*model.Package
	for _, p := range s.packages {
		if slices.Contains(c.Imports, fmt.Sprintf("%q", p.ImportPath)) {
			list = append(list, p)
		}
	}
	return list
}
