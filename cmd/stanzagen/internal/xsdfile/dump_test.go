package xsdfile_test

import (
	"fmt"
	"strconv"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// dump writes a tree as indented lines: one for each entry, and one for each doc text.
func dump(f *syntax.File) string {
	if f == nil {
		return "no tree\n"
	}
	d := &dumper{}
	d.line(0, "package "+f.Package.Value, d.opt("spec", f.Spec))
	d.doc(1, f.Doc)
	for _, ns := range f.Namespaces {
		d.line(0, "namespace "+strconv.Quote(ns.Key.Value)+" "+ns.URI.Value, d.opt("go", ns.Go))
	}
	for _, i := range f.Imports {
		d.line(0, "import "+i.Name.Value)
	}
	for _, e := range f.Enums {
		d.line(0, "enum "+e.Type.Value, d.opt("base", e.Base))
		d.doc(1, e.Doc)
		for _, v := range e.Values {
			d.line(1, strconv.Quote(v.Value.Value), d.opt("go", v.Go))
			d.doc(2, v.Doc)
		}
	}
	for _, e := range f.Elements {
		d.element("element "+e.Type.Value+" <"+e.Name.Value+"/> in "+strings.Join(e.In.Values(), " "), e)
	}
	for _, e := range f.Types {
		d.element("type "+e.Type.Value, e)
	}
	return d.b.String()
}

type dumper struct{ b strings.Builder }

func (d *dumper) line(depth int, words ...string) {
	var some []string
	for _, w := range words {
		if w != "" {
			some = append(some, w)
		}
	}
	fmt.Fprintf(&d.b, "%s%s\n", strings.Repeat("  ", depth), strings.Join(some, " "))
}

func (d *dumper) doc(depth int, s syntax.String) {
	if s.IsSet() {
		d.line(depth, "doc: "+strings.ReplaceAll(s.Value, "\n\n", " ¶ "))
	}
}

func (d *dumper) opt(key string, s syntax.String) string {
	if !s.IsSet() {
		return ""
	}
	return key + "=" + strconv.Quote(s.Value)
}

func (d *dumper) typ(s syntax.String) string {
	if !s.IsSet() {
		return "string"
	}
	return s.Value
}

func (d *dumper) flag(key string, b syntax.Bool) string {
	if b.Value {
		return key
	}
	return ""
}

func (d *dumper) element(head string, e *syntax.Element) {
	d.line(0, head, d.opt("ns", e.NS))
	d.doc(1, e.Doc)
	for _, a := range e.Attrs {
		d.line(1, "attr "+a.Name.Value+": "+d.typ(a.Type), d.opt("ns", a.NS), d.opt("go", a.Go), d.flag("required", a.Required),
			d.opt("default", a.Default), d.opt("fixed", a.Fixed), d.opt("min", a.Min), d.opt("max", a.Max))
		d.doc(2, a.Doc)
	}
	if t := e.Text; t != nil {
		d.line(1, "text: "+d.typ(t.Type), d.opt("go", t.Go), d.flag("required", t.Required),
			d.opt("default", t.Default), d.opt("fixed", t.Fixed), d.opt("min", t.Min), d.opt("max", t.Max))
		d.doc(2, t.Doc)
	}
	for _, c := range e.Children {
		what := c.Name.Value + ": " + d.typ(c.Type)
		if c.Names.IsSet() {
			what = "named by " + c.Names.Value
		}
		d.line(1, "child "+what, d.opt("ns", c.NS), d.opt("go", c.Go), d.flag("many", c.Many), d.flag("required", c.Required),
			d.opt("default", c.Default), d.opt("fixed", c.Fixed), d.opt("min", c.Min), d.opt("max", c.Max))
		d.doc(2, c.Doc)
	}
	if e.Any != nil {
		d.line(1, "any", d.opt("go", e.Any.Go))
		d.doc(2, e.Any.Doc)
	}
}
