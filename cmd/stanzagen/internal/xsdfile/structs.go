package xsdfile

import (
	"math/big"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// isGlobal reports whether n is declared at the top level of its schema.
func isGlobal(n *node) bool { return n.parent == n.doc.root }

// structOf returns the nested type of a local element, and makes it if it is new. Elements that name the same complex
// type share it, and so do all empty ones.
func (b *builder) structOf(decl *node, empty bool, parent string) *syntax.Element {
	if empty {
		return b.emptyStruct(decl)
	}
	key, base := decl, decl.value("name")
	what := "is the type of the element <" + base + "/>."
	if a, ok := decl.attr("type"); ok && len(inside(decl)) == 0 {
		if def, _ := decl.find(typeKind, a); def != nil && def.local == "complexType" {
			key, base = def, def.value("name")
			what = `is the complex type "` + base + `".`
		}
	}
	if e := b.structs[key]; e != nil {
		return e
	}
	name := b.goName(base)
	other := name + "Type"
	if key == decl {
		other = parent + name
	}
	e := &syntax.Element{
		Pos: key.pos, NS: b.spaceKey(key.doc.target, key), Type: syntax.String{Pos: key.pos, Value: b.unique(name, other)},
		Doc: b.docText(what, nil, key, b.typeNode(key)),
	}
	b.structs[key], b.spaces[e] = e, key.doc.target
	b.todo = append(b.todo, key)
	b.file.Types = append(b.file.Types, e)
	return e
}

// emptyStruct returns the type of local elements without content for which a flag cannot stand, because they are
// required or repeated.
func (b *builder) emptyStruct(decl *node) *syntax.Element {
	space := decl.doc.target
	if e := b.empties[space]; e != nil {
		return e
	}
	e := &syntax.Element{
		Pos: decl.pos, NS: b.spaceKey(space, decl), Type: syntax.String{Pos: decl.pos, Value: b.unique("Empty", "EmptyElement")},
		Doc: syntax.String{Pos: decl.pos, Value: "is an element without content."},
	}
	b.empties[space], b.spaces[e] = e, space
	b.file.Types = append(b.file.Types, e)
	return e
}

// importOf returns the name of the package of another schema, and notes that it is used. It returns nothing if that
// package needs this one already: Go packages cannot import each other.
func (b *builder) importOf(doc *document, pos source.Pos) (pkg string, ok bool) {
	if b.imports[doc] {
		return doc.pkg, true
	}
	if doc.needs.Bit(b.doc.index) == 1 {
		return "", false
	}
	more := new(big.Int).SetBit(&doc.needs, doc.index, 1)
	for _, other := range b.doc.set.docs {
		if other == b.doc || other.needs.Bit(b.doc.index) == 1 {
			other.needs.Or(&other.needs, more)
		}
	}
	b.imports[doc] = true
	b.file.Imports = append(b.file.Imports, &syntax.Import{Pos: pos, Name: syntax.String{Pos: pos, Value: doc.pkg}})
	return doc.pkg, true
}

// spaceKey returns the key of a namespace, and adds the namespace to the file if it is new. The key of the file's own
// namespace is not set. The prefix that at uses for the namespace names it.
func (b *builder) spaceKey(space string, at *node) syntax.String {
	if space == b.doc.target {
		return syntax.String{}
	}
	if key, ok := b.keys[space]; ok {
		return syntax.String{Pos: at.pos, Value: key}
	}
	key := ""
	for _, s := range []*scope{at.scope, b.doc.root.scope} {
		for ; s != nil && key == ""; s = s.outer {
			if s.uri == space {
				key = keyOf(s.prefix)
			}
		}
	}
	if key == "" {
		key = "other"
		for _, doc := range b.doc.set.docs {
			if doc.target == space {
				key = doc.pkg
			}
		}
	}
	usual := "NS" + b.camelCase(key)
	constant := b.unique(usual)
	key += strings.TrimPrefix(constant, usual) // a number that makes the constant unique does so for the key
	b.keys[space] = key
	value := func(s string) syntax.String { return syntax.String{Pos: at.pos, Value: s} }
	ns := &syntax.Namespace{Pos: at.pos, Key: value(key), URI: value(space)}
	if constant != usual {
		ns.Go = value(constant)
	}
	b.file.Namespaces = append(b.file.Namespaces, ns)
	return value(key)
}

// keyOf makes a key of a prefix: its small letters and digits.
func keyOf(prefix string) string {
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, prefix), "0123456789")
}

// breakLoops makes a child optional wherever an element would otherwise have to contain itself without end.
func (b *builder) breakLoops() {
	byType := map[string]*syntax.Element{}
	all := append(append([]*syntax.Element(nil), b.file.Elements...), b.file.Types...)
	for _, e := range all {
		byType[e.Type.Value] = e
	}
	const open, done = 1, 2
	state := map[*syntax.Element]int{}
	var walk func(e *syntax.Element)
	walk = func(e *syntax.Element) {
		state[e] = open
		for _, c := range e.Children {
			next := byType[c.Type.Value]
			if next == nil || !c.Required.Value || c.Many.Value {
				continue
			}
			switch state[next] {
			case open:
				c.Required = syntax.Bool{}
				b.doc.warnf(ruleSelf, c.Pos, "element requires itself inside, without end: this child is read as optional").
					Hintf(`write minOccurs="0"`)
			case 0:
				walk(next)
			}
		}
		state[e] = done
	}
	for _, e := range all {
		if state[e] == 0 {
			walk(e)
		}
	}
}
