package emit

import (
	"path"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// TableName is the name of the package that [Table] makes, and of its directory.
const TableName = "all"

// Table returns the files of the package all, which lists the types and the examples of the packages, imported ones
// left out. It is for tools: who imports it links all of them.
func Table(packages []*model.Package, c *source.Collector) map[string][]byte {
	files := map[string][]byte{}
	for _, p := range packages {
		if !p.Imported && (p.Name == TableName || p.Dir == ".") {
			c.Errorf(p.Pos, "package %s leaves no room for the package all, which lists the types of the others", p.Name).Rule(rule.Output)
			return nil
		}
	}
	packages = slices.DeleteFunc(slices.Clone(packages), func(p *model.Package) bool { return p.Imported })
	slices.SortStableFunc(packages, func(p, q *model.Package) int { return strings.Compare(p.ImportPath, q.ImportPath) })
	const from = "all schemas"
	types := named(&file{pkg: &model.Package{Name: TableName}, c: c}, TableName, TableName, from)
	types.tableFile(packages)
	types.render(files, path.Join(TableName, "all_gen.go"))
	examples := named(&file{pkg: &model.Package{Name: TableName}, c: c}, TableName, TableName, from)
	examples.examplesFile(packages)
	examples.render(files, path.Join(TableName, "examples_gen.go"))
	return files
}

// tableFile makes:
//
//	// Package all ...
//	package all
//
//	// Entry is ...
//	type Entry struct {
//		...
//	}
//
//	// Types returns ...
//	func Types() []Entry {
//		return []Entry{
//			{Package: "stanza.invalid/gen/ping", ..., New: newOf[ping.Ping]},
//		}
//	}
//
//	// newOf returns ...
//	func newOf[T any, P stanza.PayloadOf[T]]() stanza.Decoder { return P(new(T)) }
//
// An entry is a line: there are many.
func (g *file) tableFile(packages []*model.Package) {
	g.PackageComment(comment("Package all lists the generated types, for tools such as printers and fuzzers. "+
		"Who imports it links all of them; programs import the packages that they use.", 0))
	g.Comment("// Entry is one type of the top level: an element, or the request of an IQ.")
	g.Type().Id("Entry").StructFunc(func(s *jen.Group) {
		add := func(name, text string, typ jen.Code) {
			s.Comment(comment(name+" "+text, 1))
			s.Id(name).Add(typ)
		}
		add("Package", "is the import path of the package.", jen.String())
		add("GoName", "is the name of the type in it.", jen.String())
		add("Names", "are the names that the element can have on the wire: one, or as many as there are values where the name is the value.", jen.Index().Add(g.wire("Name")))
		add("In", "says where the element may stand: message, presence, iq, stream (a nonza), any (nested anywhere).", jen.Index().String())
		add("IQType", "is get or set if the type is a request, else empty. Requests share their name with other types.", g.stanza("IQType"))
		add("New", "returns a new value, a pointer to the type.", jen.Func().Params().Add(g.stanza("Decoder")))
	})
	g.Line()
	g.tableForms(packages)
	g.Comment(comment("Types returns all types in the order of the packages' import paths, and within a package in the order of "+
		"its schema. The list is made anew with each call.", 0))
	g.Func().Id("Types").Params().Index().Id("Entry").Block(jen.Return(jen.Index().Id("Entry").CustomFunc(
		jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, func(list *jen.Group) {
			for _, p := range packages {
				for _, e := range p.Structs {
					if e.Role != model.Nested {
						list.Add(g.entry(e))
					}
				}
			}
		})))
	g.Line()
	g.Comment("// newOf returns a new value of a type.")
	g.Func().Id("newOf").Types(jen.Id("T").Any(), jen.Id("P").Add(g.stanza("PayloadOf")).Types(jen.Id("T"))).Params().Add(g.stanza("Decoder")).
		Block(jen.Return(jen.Id("P").Call(jen.New(jen.Id("T")))))
}

// tableForms makes the same for data forms, if there are any:
//
//	// Forms returns ...
//	func Forms() []Form {
//		return []Form{
//			{Package: "stanza.invalid/gen/muc", GoName: "RoomConfig", New: func() form.Typed { return new(muc.RoomConfig) }},
//		}
//	}
func (g *file) tableForms(packages []*model.Package) {
	var list []jen.Code
	for _, p := range packages {
		for _, f := range p.Forms {
			list = append(list, jen.Values(
				jen.Id("Package").Op(":").Lit(p.ImportPath), jen.Id("GoName").Op(":").Lit(f.GoName),
				jen.Id("New").Op(":").Func().Params().Add(g.form("Typed")).Block(jen.Return(jen.New(g.of(p, f.GoName)))),
			))
		}
	}
	if list == nil {
		return
	}
	g.Comment("// Form is one type of data forms.")
	g.Type().Id("Form").Struct(
		jen.Comment("// Package is the import path of the package."),
		jen.Id("Package").String(),
		jen.Comment("// GoName is the name of the type in it."),
		jen.Id("GoName").String(),
		jen.Comment("// New returns a new value, a pointer to the type."),
		jen.Id("New").Func().Params().Add(g.form("Typed")),
	)
	g.Line()
	g.Comment(comment("Forms returns all types of data forms, in the order of Types. The list is made anew with each call.", 0))
	g.Func().Id("Forms").Params().Index().Id("Form").Block(jen.Return(jen.Index().Id("Form").Custom(
		jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}, list...)))
	g.Line()
}

// entry makes one entry of the table.
func (g *file) entry(e *model.Element) jen.Code {
	key := func(name string, x jen.Code) jen.Code { return jen.Id(name).Op(":").Add(x) }
	var names []jen.Code
	name := func(local string) {
		names = append(names, jen.Values(key("Space", jen.Lit(e.Namespace.URI)), key("Local", jen.Lit(local))))
	}
	if e.Names == nil {
		name(e.Local)
	} else {
		for _, v := range e.Names.Values {
			name(v.Value.Text)
		}
	}
	var in []jen.Code
	for i, place := range []string{"message", "presence", "iq", "stream", "any"} {
		if e.In&(1<<i) != 0 {
			in = append(in, jen.Lit(place))
		}
	}
	values := []jen.Code{
		key("Package", jen.Lit(e.Package.ImportPath)), key("GoName", jen.Lit(e.GoName)),
		key("Names", jen.Index().Add(g.wire("Name")).Values(names...)), key("In", jen.Index().String().Values(in...)),
	}
	if e.Query != nil {
		values = append(values, key("IQType", g.stanza(map[string]string{"get": "Get", "set": "Set"}[e.Query.IQType])))
	}
	values = append(values, key("New", jen.Id("newOf").Types(g.element(e))))
	return jen.Values(values...)
}

// examplesFile makes:
//
//	// Example is ...
//	type Example struct {
//		...
//	}
//
//	// Examples returns ...
//	func Examples() []Example {
//		return []Example{
//			{Package: "stanza.invalid/gen/ping", XML: "<ping xmlns='urn:xmpp:ping'/>", ...},
//		}
//	}
func (g *file) examplesFile(packages []*model.Package) {
	g.Comment("// Example is a piece of XML that a schema gives as an example of its types.")
	g.Type().Id("Example").StructFunc(func(s *jen.Group) {
		add := func(name, text string, typ jen.Code) {
			s.Comment(comment(name+" "+text, 1))
			s.Id(name).Add(typ)
		}
		add("Package", "is the import path of the package.", jen.String())
		add("XML", "is the text: one element. That of a stanza may lack its namespace, jabber:client.", jen.String())
		add("Stanza", "is message, presence or iq if it is a whole stanza, else empty.", jen.String())
		add("Types", "are the names of the Go types that decode the outermost elements of the package in it, in their order.", jen.Index().String())
		add("Forms", "are the names of the Go types of the data forms of the package in it, in their order.", jen.Index().String())
	})
	g.Line()
	g.Comment(comment("Examples returns the examples of all schemas, in the order of the packages' import paths. The list is made anew with each call.", 0))
	options := jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}
	g.Func().Id("Examples").Params().Index().Id("Example").Block(jen.Return(jen.Index().Id("Example").CustomFunc(options, func(list *jen.Group) {
		key := func(name string, x jen.Code) jen.Code { return jen.Id(name).Op(":").Add(x) }
		for _, p := range packages {
			for _, e := range p.Examples {
				var types []jen.Code
				for _, s := range e.Structs {
					types = append(types, jen.Lit(s.GoName))
				}
				values := []jen.Code{key("Package", jen.Lit(p.ImportPath)), key("XML", jen.Lit(e.XML))}
				if e.Stanza != "" {
					values = append(values, key("Stanza", jen.Lit(e.Stanza)))
				}
				if types != nil {
					values = append(values, key("Types", jen.Index().String().Values(types...)))
				}
				var forms []jen.Code
				for _, f := range e.Forms {
					forms = append(forms, jen.Lit(f.GoName))
				}
				if forms != nil {
					values = append(values, key("Forms", jen.Index().String().Values(forms...)))
				}
				list.Add(jen.Values(values...))
			}
		}
	})))
}
