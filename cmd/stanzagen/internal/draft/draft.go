// Package draft writes syntax trees as schemas in YAML: first drafts, made of what is known from elsewhere, for people
// to go on with. What is in the tree is in the draft, and the other way round.
package draft

import (
	"fmt"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
	"stanza.invalid/cmd/stanzagen/internal/yamlfile"
)

// Write writes the schema of f in its canonical form, with comments that say what it was made of, and which types are
// only guesses. It returns nil, and reports why to c, if that is not possible.
func Write(f *syntax.File, guesses Guesses, c *source.Collector) []byte {
	w := &writer{guesses: guesses}
	w.head(f)
	w.file(f)
	return yamlfile.Format(f.Path, []byte(w.b.String()), c)
}

type writer struct {
	b       strings.Builder
	guesses Guesses
}

// head writes what the reader of a draft has to know.
func (w *writer) head(f *syntax.File) {
	text := fmt.Sprintf("Draft, made by stanzagen import of %s. What an XSD cannot say is still to be added: title and version of the spec, "+
		"where elements may stand (in), which are IQ requests and what answers them (iq), who may send them (sender), features, "+
		"docs of one's own, and examples.", baseName(f.Path))
	if len(w.guesses) > 0 {
		text += " Types with the comment \"guess\" are xs:string in the XSD; their names made them what they are here."
	}
	for _, line := range fold(text, textWidth-2) {
		w.b.WriteString("# " + line + "\n")
	}
}

func baseName(path string) string {
	path = strings.ReplaceAll(path, `\`, "/")
	return path[strings.LastIndexByte(path, '/')+1:]
}

func (w *writer) file(f *syntax.File) {
	var top mapping
	top.text("spec", f.Spec)
	top.text("doc", f.Doc)
	top.text("package", f.Package)
	if len(f.Namespaces) == 1 && f.Namespaces[0].Key.Value == "" && !f.Namespaces[0].Go.IsSet() {
		top.text("namespace", f.Namespaces[0].URI)
	}
	w.block(0, top)
	if len(top) > 0 && top[len(top)-1].key != "namespace" {
		w.namespaces(f.Namespaces)
	}
	if len(f.Imports) > 0 {
		var imports mapping
		var names []syntax.String
		for _, i := range f.Imports {
			names = append(names, i.Name)
		}
		imports.list("imports", names)
		w.block(0, imports)
	}
	section(w, "enums", f.Enums, w.enum)
	section(w, "elements", f.Elements, w.element)
	section(w, "types", f.Types, w.element)
}

func (w *writer) namespaces(all []*syntax.Namespace) {
	if len(all) == 0 {
		return
	}
	w.b.WriteString("namespaces:\n")
	for _, ns := range all {
		var long mapping
		value := quote(ns.URI.Value)
		if ns.Go.IsSet() {
			long.text("uri", ns.URI)
			long.text("go", ns.Go)
			value = long.flow()
		}
		fmt.Fprintf(&w.b, "  %s: %s\n", quote(ns.Key.Value), value)
	}
}

// section writes a list of the top level.
func section[T any](w *writer, key string, entries []T, write func(T)) {
	if len(entries) == 0 {
		return
	}
	w.b.WriteString("\n" + key + ":\n")
	for _, e := range entries {
		write(e)
	}
}

func (w *writer) enum(e *syntax.Enum) {
	var m mapping
	m.text("type", e.Type)
	m.text("base", e.Base)
	m.text("numbers", e.Numbers)
	m.text("doc", e.Doc)
	var values []mapping
	var short []syntax.String
	for _, v := range e.Values {
		var long mapping
		long.text("value", v.Value)
		long.text("go", v.Go)
		long.text("doc", v.Doc)
		values = append(values, long)
		if len(long) == 1 {
			short = append(short, v.Value)
		}
	}
	if len(short) == len(values) {
		m.list("values", short)
		w.entryLines(2, m)
		return
	}
	m.maps("values", values)
	w.entryLines(2, m)
}

func (w *writer) element(e *syntax.Element) {
	var m mapping
	m.text("name", e.Name)
	m.text("ns", e.NS)
	m.text("type", e.Type)
	if e.In.IsSet() {
		m.list("in", e.In.List)
	}
	m.text("doc", e.Doc)
	var attrs, children []mapping
	for _, a := range e.Attrs {
		var f mapping
		f.text("name", a.Name)
		f.text("ns", a.NS)
		w.typeOf(&f, &a.Type)
		f.text("go", a.Go)
		f.truth("required", a.Required)
		f.limits(a.Default, a.Fixed, a.Min, a.Max)
		f.text("doc", a.Doc)
		attrs = append(attrs, f)
	}
	m.maps("attrs", attrs)
	if t := e.Text; t != nil {
		var f mapping
		w.typeOf(&f, &t.Type)
		f.text("go", t.Go)
		f.truth("required", t.Required)
		f.limits(t.Default, t.Fixed, t.Min, t.Max)
		f.text("doc", t.Doc)
		switch {
		case len(f) == 0:
			m = append(m, pair{key: "text", value: model.String.String()})
		case len(f) == 1 && f[0].key == "type":
			m = append(m, pair{key: "text", value: f[0].value, comment: f[0].comment})
		default:
			m.mapping("text", f)
		}
	}
	for _, c := range e.Children {
		var f mapping
		f.text("name", c.Name)
		f.text("names", c.Names)
		f.text("ns", c.NS)
		w.typeOf(&f, &c.Type)
		f.truth("many", c.Many)
		f.text("go", c.Go)
		f.truth("required", c.Required)
		f.limits(c.Default, c.Fixed, c.Min, c.Max)
		f.text("doc", c.Doc)
		children = append(children, f)
	}
	m.maps("children", children)
	if e.Any != nil {
		var f mapping
		f.text("go", e.Any.Go)
		f.text("doc", e.Any.Doc)
		if len(f) == 0 {
			m = append(m, pair{key: "any", value: "true"})
		} else {
			m.mapping("any", f)
		}
	}
	w.entryLines(2, m)
}

// typeOf adds a type, with a comment if it is a guess.
func (w *writer) typeOf(m *mapping, typ *syntax.String) {
	m.text("type", *typ)
	if w.guesses[typ] {
		(*m)[len(*m)-1].comment = "guess"
	}
}

func (m *mapping) limits(def, fixed, least, most syntax.String) {
	m.text("default", def)
	m.text("fixed", fixed)
	m.text("min", least)
	m.text("max", most)
}
