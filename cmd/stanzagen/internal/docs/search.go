package docs

import (
	"bytes"
	"encoding/json"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// index is what the search looks through. Texts that many entries share stand in lists of their own; entries are arrays, to
// be small: kind, name, name on the wire, number of the namespace, number of the page, anchor if it is not the name.
type index struct {
	// Kinds are the words for the kinds of entries.
	Kinds []string `json:"kinds"`
	// Pages are path, package, spec and title.
	Pages [][4]string `json:"pages"`
	// Namespaces are the addresses of namespaces.
	Namespaces []string `json:"namespaces"`
	Entries    [][]any  `json:"entries"`
}

// The kinds of entries, in the order of Kinds.
const (
	kindPackage = iota
	kindElement
	kindRequest
	kindType
	kindEnum
	kindValue
	kindNamespace
	kindForm
	kindFormField
	kindChoice
)

// searchIndex makes the index as a script, because pages from a folder cannot fetch.
func (s *site) searchIndex() []byte {
	x := &index{Kinds: []string{"package", "element", "request", "type", "enum", "value", "namespace", "form", "field of a form", "choice"}, Entries: [][]any{}}
	numbers := map[string]int{}
	space := func(uri string) int {
		n, known := numbers[uri]
		if !known {
			n = len(x.Namespaces)
			numbers[uri] = n
			x.Namespaces = append(x.Namespaces, uri)
		}
		return n
	}
	add := func(kind int, name, wire string, ns, page int, anchor ...any) {
		x.Entries = append(x.Entries, append([]any{kind, name, wire, ns, page}, anchor...))
	}
	for i, p := range s.packages {
		x.Pages = append(x.Pages, [4]string{s.file[p], p.Name, p.Spec, p.Title})
		add(kindPackage, p.Name, "", -1, i, "")
		for _, ns := range p.Namespaces {
			add(kindNamespace, ns.GoName, "", space(ns.URI), i)
		}
		for _, e := range p.Structs {
			kind := kindElement
			switch e.Role {
			case model.Request:
				kind = kindRequest
			case model.Nested:
				kind = kindType
			}
			names := elementNames(e)
			if e.Names != nil || len(names) == 0 {
				add(kind, e.GoName, "", space(e.Namespace.URI), i)
			}
			for _, n := range names {
				add(kind, e.GoName, n.Local, space(n.Space), i)
			}
		}
		for _, e := range p.Structs {
			for _, f := range e.Choices() {
				if f.Choice.Parent == e {
					add(kindChoice, f.Choice.GoName, "", -1, i)
				}
			}
		}
		for _, f := range p.Forms {
			add(kindForm, f.GoName, "", space(f.FormType), i)
			for _, field := range f.Fields {
				if field.GoName != "" {
					add(kindFormField, f.GoName+"."+field.GoName, field.Var, -1, i)
				}
			}
		}
		for _, e := range p.Enums {
			add(kindEnum, e.GoName, "", -1, i)
			for _, v := range e.Values {
				add(kindValue, v.GoName, v.Value.Text, -1, i)
			}
		}
	}
	var b bytes.Buffer
	b.WriteString("// " + mark + "\nwindow.stanzaIndex = ")
	e := json.NewEncoder(&b) // it escapes what would end a script
	if err := e.Encode(x); err != nil {
		panic(err) // there are only texts and numbers in it
	}
	return b.Bytes()
}
