package lint

import (
	"reflect"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// node is an entry of a schema: an element, an attribute, a value, whatever the tree has. Entries are met by reflection,
// so that what the language learns is linted like the rest.
type node struct {
	// kind is the name of the entry's type in package syntax, Type for the entries of the list `types`.
	kind string
	// at is the path by which findings and exceptions name it.
	at string
	// label is the last part of the path, parent is the entry around it, nil for those of the file.
	label  string
	parent *node
	pos    source.Pos
	value  reflect.Value
}

// walk returns all entries of a file, from the outside in.
func walk(f *syntax.File) []node {
	w := &walker{}
	w.members(reflect.ValueOf(f).Elem(), nil)
	return w.nodes
}

type walker struct {
	nodes []node
}

// members visits the entries that a struct has.
func (w *walker) members(v reflect.Value, parent *node) {
	for i := range v.NumField() {
		kind := ""
		if v.Type().Field(i).Name == "Types" && parent == nil {
			kind = "Type"
		}
		switch f := v.Field(i); {
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Pointer:
			for j := range f.Len() {
				w.entry(f.Index(j).Elem(), kind, parent)
			}
		case f.Kind() == reflect.Pointer && !f.IsNil():
			w.entry(f.Elem(), kind, parent)
		}
	}
}

func (w *walker) entry(v reflect.Value, kind string, parent *node) {
	pos, ok := v.FieldByName("Pos").Interface().(source.Pos)
	if !ok {
		return
	}
	n := node{kind: v.Type().Name(), parent: parent, pos: pos, value: v}
	if kind != "" {
		n.kind = kind
	}
	n.label, n.at = n.name()
	if n.at == "" && parent != nil && parent.at != "" {
		n.at = parent.at + "." + n.label
	} else if n.at == "" {
		n.at = n.label
	}
	w.nodes = append(w.nodes, n)
	w.members(v, &n)
}

// name returns what the entry is called, and its whole path if that is not below its parent's.
func (n *node) name() (label, path string) {
	text := func(keys ...string) string {
		for _, k := range keys {
			if s, ok := n.text(k); ok && s.Value != "" {
				return s.Value
			}
		}
		return strings.ToLower(n.kind)
	}
	switch n.kind {
	case "Element", "Type", "Enum", "Query", "Form":
		name := text("Type")
		return name, name
	case "Namespace":
		name := text("Key", "URI")
		return name, "namespace." + name
	case "Text", "Any":
		return strings.ToLower(n.kind), ""
	}
	return text("Name", "Var", "Names", "Value", "Type", "Rule"), ""
}

// text returns a text of the entry, and whether entries of its kind have it.
func (n *node) text(field string) (syntax.String, bool) {
	f := n.value.FieldByName(field)
	if !f.IsValid() {
		return syntax.String{}, false
	}
	s, ok := f.Interface().(syntax.String)
	return s, ok
}

// truth returns a truth value of the entry.
func (n *node) truth(field string) bool {
	f := n.value.FieldByName(field)
	if !f.IsValid() {
		return false
	}
	b, ok := f.Interface().(syntax.Bool)
	return ok && b.Value
}

// isField reports whether the entry becomes a field of a struct.
func (n *node) isField() bool {
	switch n.kind {
	case "Attr", "Text", "Child", "Any", "FormField", "Field":
		return true
	}
	return false
}

// isDeclared reports whether the entry becomes a Go type.
func (n *node) isDeclared() bool {
	switch n.kind {
	case "Element", "Type", "Enum", "Query", "Form":
		return true
	}
	return false
}

// describe names the entry in messages.
func (n *node) describe() string {
	switch n.kind {
	case "Element", "Type", "Enum", "Form":
		return strings.ToLower(n.kind) + " " + n.label
	case "Query":
		return "request " + n.label
	case "Attr":
		return "attribute " + n.label + " of " + n.parent.label
	case "Text":
		return "the text of " + n.parent.label
	case "Any":
		return "the open content of " + n.parent.label
	case "EnumValue":
		return "value " + n.label + " of " + n.parent.label
	}
	if n.parent == nil {
		return strings.ToLower(n.kind) + " " + n.label
	}
	return strings.ToLower(n.kind) + " " + n.label + " of " + n.parent.label
}
