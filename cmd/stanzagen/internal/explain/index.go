// Package explain answers what something is: a Go type, an element, a namespace, a XEP, or each part of a piece of XML.
package explain

import (
	"fmt"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/stanzaxml"
)

// Index finds things in a set of packages.
type Index struct {
	packages []*model.Package
	// elements are those of the top level by their names; named are those whose name is their value, by namespace; inner are
	// the children that have a struct, which may stand by themselves in open content.
	elements map[model.Name][]*model.Element
	named    map[string][]*model.Element
	inner    map[model.Name][]*model.Element
}

// NewIndex makes an index.
func NewIndex(packages []*model.Package) *Index {
	x := &Index{
		packages: packages, elements: map[model.Name][]*model.Element{}, named: map[string][]*model.Element{},
		inner: map[model.Name][]*model.Element{},
	}
	for _, p := range packages {
		for _, e := range p.Structs {
			for _, f := range e.Children() {
				if t := f.Type.Element; t != nil && !slices.Contains(x.inner[f.Name], t) {
					x.inner[f.Name] = append(x.inner[f.Name], t)
				}
			}
			switch {
			case e.Role != model.Payload || e.Namespace == nil:
			case e.Names != nil:
				x.named[e.Namespace.URI] = append(x.named[e.Namespace.URI], e)
			default:
				name := model.Name{Space: e.Namespace.URI, Local: e.Local}
				x.elements[name] = append(x.elements[name], e)
			}
		}
	}
	return x
}

// fitting finds the struct of an element: of those that share its name, the one whose condition holds.
func (x *Index) fitting(e *stanzaxml.Element) *model.Element {
	all := x.elements[e.Name]
	for _, s := range all {
		if s.When != nil && holds(s.When, e) {
			return s
		}
	}
	for _, s := range all {
		if s.When == nil {
			return s
		}
	}
	return x.element(e.Name)
}

// element finds the element of the top level that has a name, nil if there is none.
func (x *Index) element(name model.Name) *model.Element {
	if all := x.elements[name]; len(all) > 0 {
		return all[0]
	}
	for _, e := range x.named[name.Space] {
		for _, v := range e.Names.Values {
			if v.Value.Text == name.Local {
				return e
			}
		}
	}
	if all := x.named[name.Space]; len(all) > 0 {
		return all[0]
	}
	return nil
}

// Word explains a word: a Go name with or without its package, a local name, a namespace, a package, or the name of a
// spec. Where it means several things, all are explained. The error says what was probably meant.
func (x *Index) Word(word string) (string, error) {
	var parts []string
	add := func(text string) {
		if !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	for _, p := range x.packages {
		if isSpec(word, p.Spec) || word == p.Name || word == p.ImportPath {
			add(x.pkg(p))
		}
		for _, ns := range p.Namespaces {
			if word == ns.URI || word == p.Name+"."+ns.GoName {
				add(x.namespace(ns))
			}
		}
		for _, f := range slices.Concat(p.Features, features(p)) {
			if word == f && !slices.ContainsFunc(p.Namespaces, func(ns *model.Namespace) bool { return ns.URI == f }) {
				add(fmt.Sprintf("%s\nis a disco feature of package %s (%s).\n", f, p.Name, spec(p)))
			}
		}
		for _, e := range p.Enums {
			if word == e.GoName || word == p.Name+"."+e.GoName {
				add(x.enum(e))
			}
			for _, v := range e.Values {
				if word == v.GoName || word == p.Name+"."+v.GoName {
					add(x.enum(e))
				}
			}
		}
		for _, f := range p.Forms {
			hasField := slices.ContainsFunc(f.Fields, func(g *model.FormField) bool {
				return word == g.Var || g.GoName != "" && (word == f.GoName+"."+g.GoName || word == p.Name+"."+f.GoName+"."+g.GoName)
			})
			if word == f.GoName || word == p.Name+"."+f.GoName || word == f.FormType || hasField && word != "" {
				add(x.form(f))
			}
		}
		for _, e := range p.Structs {
			switch {
			case word == e.GoName || word == p.Name+"."+e.GoName:
				add(x.structure(e))
			case e.Role != model.Request && slices.ContainsFunc(wireNames(e), func(n model.Name) bool { return isName(word, n) }):
				add(x.structure(e))
			}
			for _, f := range e.Fields {
				if word == e.GoName+"."+f.GoName || word == p.Name+"."+e.GoName+"."+f.GoName {
					add(x.field(f))
				}
			}
		}
	}
	if len(parts) == 0 {
		return "", x.unknown(word)
	}
	return strings.Join(parts, "\n"), nil
}

// isSpec reports whether a word means a spec: XEP-0184, xep184, 0184, 184, RFC 6120, rfc6120.
func isSpec(word, spec string) bool {
	norm := func(s string) string {
		return strings.NewReplacer(" ", "", "-", "", "_", "").Replace(strings.ToLower(s))
	}
	w, s := norm(word), norm(spec)
	if w == s && s != "" {
		return true
	}
	number, isXEP := strings.CutPrefix(s, "xep")
	w = strings.TrimPrefix(w, "xep")
	return isXEP && w != "" && strings.Trim(w, "0123456789") == "" && strings.TrimLeft(w, "0") == strings.TrimLeft(number, "0")
}

// isName reports whether a word means an element: by its local name, or by both names in one of the usual notations.
func isName(word string, n model.Name) bool {
	return word == n.Local || word == "{"+n.Space+"}"+n.Local || word == n.Space+" "+n.Local || word == "<"+n.Local+">" || word == "<"+n.Local+"/>" || word == n.String()
}

// wireNames are the names that an element stands under on the wire.
func wireNames(e *model.Element) []model.Name {
	if e.Names == nil || e.Namespace == nil {
		return e.Uses
	}
	var all []model.Name
	for _, v := range e.Names.Values {
		all = append(all, model.Name{Space: e.Namespace.URI, Local: v.Value.Text})
	}
	return all
}

func features(p *model.Package) []string {
	var all []string
	for _, e := range p.Structs {
		all = append(all, e.Features...)
	}
	return all
}

// unknown is the error of a word that means nothing.
func (x *Index) unknown(word string) error {
	var known, wire []string
	for _, p := range x.packages {
		known = append(known, p.Name, p.Spec)
		for _, ns := range p.Namespaces {
			known = append(known, ns.URI)
		}
		for _, e := range p.Enums {
			known = append(known, p.Name+"."+e.GoName, e.GoName)
		}
		for _, f := range p.Forms {
			known = append(known, p.Name+"."+f.GoName, f.GoName, f.FormType)
		}
		for _, e := range p.Structs {
			known = append(known, p.Name+"."+e.GoName, e.GoName)
			for _, n := range wireNames(e) {
				wire = append(wire, n.Local)
			}
		}
	}
	if strings.ToLower(word) == word { // case does not count in what follows, so that the likelier ones come first
		known = append(wire, known...)
	} else {
		known = append(known, wire...)
	}
	if better, ok := source.Suggest(word, known); ok {
		return fmt.Errorf("nothing is called %q, did you mean %q?", word, better)
	}
	return fmt.Errorf("nothing is called %q: it is no rule, Go name, element, namespace, package or spec of these schemas", word)
}
