package xsdfile

import (
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// maxWork bounds what groups, base types and documentation are expanded to: a small file can refer to the same group
// over and over, and that to others. The largest published schema needs some thousand steps.
const maxWork = 200_000

// builder makes the tree of one schema.
type builder struct {
	doc  *document
	file *syntax.File
	// scope are the Go names of the package; numbers where to go on for names with a number.
	scope   map[string]bool
	numbers map[string]int
	// camels are the Go names of wire names.
	camels map[string]string
	// elements are the Go types of the global elements.
	elements map[*node]string
	// structs are the nested types by what declares them, in the order of file.Types; todo are those without fields yet.
	structs map[*node]*syntax.Element
	todo    []*node
	// empties are the nested types without content, spaces the namespaces of all nested types.
	empties map[string]*syntax.Element
	spaces  map[*syntax.Element]string
	// enums are the Go types of enumerations by their origin.
	enums map[*node]string
	// keys are the keys of the namespaces.
	keys map[string]string
	// imports are the schemas whose packages this one uses.
	imports map[*document]bool
	// otherImports are the packages of schemas that are no XSDs.
	otherImports map[string]bool

	// What was read already: simple types, shapes, groups and documentation. A nil value is being read.
	simples map[*node]*simple
	shapes  map[*node]*shape
	groups  map[*node]*contentModel
	proses  map[*node]syntax.String
	// inside are the groups that are being read.
	inside map[*node]bool
	// work is what was spent of maxWork.
	work int
}

// newBuilder decides the names that other files may refer to.
func newBuilder(doc *document) *builder {
	b := &builder{
		doc: doc, scope: map[string]bool{"NS": true}, numbers: map[string]int{}, camels: map[string]string{}, elements: map[*node]string{},
		structs: map[*node]*syntax.Element{}, enums: map[*node]string{}, keys: map[string]string{doc.target: ""},
		imports: map[*document]bool{}, otherImports: map[string]bool{}, simples: map[*node]*simple{}, shapes: map[*node]*shape{}, groups: map[*node]*contentModel{},
		empties: map[string]*syntax.Element{}, spaces: map[*syntax.Element]string{}, proses: map[*node]syntax.String{}, inside: map[*node]bool{},
	}
	for _, n := range b.globals() {
		name := b.goName(n.value("name"))
		b.elements[n] = b.unique(name, name+"Element")
	}
	return b
}

// globals returns the declared elements, in their order. Abstract ones never stand anywhere.
func (b *builder) globals() []*node {
	var all []*node
	for _, n := range b.doc.root.elements("element") {
		if name := n.value("name"); name != "" && !isAbstract(n) && b.doc.defs[symbol{elementKind, qname{b.doc.target, name}}] == n {
			all = append(all, n)
		}
	}
	return all
}

// spend reports whether there is still work to be spent, and reports once that there is none.
func (b *builder) spend(n *node, steps int) bool {
	b.work += steps
	if b.work <= maxWork {
		return true
	}
	pos := b.doc.root.pos
	if n != nil {
		pos = n.pos
	}
	if !b.doc.told["work"] {
		b.doc.told["work"] = true
		b.doc.errorf(ruleLimit, pos, "schema becomes too large when its groups and base types are put in").
			Hintf("some group or type is used over and over from here")
	}
	return false
}

// lower makes the tree.
func (doc *document) lower() *syntax.File {
	b := doc.build
	pos := source.Pos{File: doc.path, Line: 1, Col: 1}
	target := doc.root.given("targetNamespace")
	if !target.IsSet() {
		target = syntax.String{Pos: doc.root.pos, Value: doc.target} // that of the schema which includes this one
	}
	b.file = &syntax.File{
		Pos: pos, Path: doc.path, Format: syntax.XSD,
		Package:    syntax.String{Pos: pos, Value: doc.pkg},
		Namespaces: []*syntax.Namespace{{Pos: target.Pos, Key: syntax.String{Pos: target.Pos}, URI: target}},
	}
	if spec := specName(doc.path); spec != "" {
		b.file.Spec = syntax.String{Pos: pos, Value: spec}
	}
	if text, at := b.prose(doc.root); text != "" {
		b.file.Doc = syntax.String{Pos: at, Value: text}
	}
	globals := b.globals()
	if len(globals) == 0 {
		doc.warnf(ruleNoElements, doc.root.pos, "schema declares no elements, so there is nothing to make types of")
	}
	for _, n := range globals {
		b.element(n)
	}
	for i := 0; i < len(b.todo); i++ { // grows on the way
		b.fields(b.structs[b.todo[i]], b.todo[i])
	}
	b.breakLoops()
	return b.file
}

// element makes a global element.
func (b *builder) element(n *node) {
	name := n.given("name")
	e := &syntax.Element{
		Pos: n.pos, Name: name, Type: syntax.String{Pos: name.Pos, Value: b.elements[n]},
		In: syntax.Strings{Pos: n.pos, List: []syntax.String{{Pos: n.pos, Value: "any"}}},
	}
	e.Doc = b.docText("is the element <"+name.Value+"/>.", nil, n, b.typeNode(n))
	b.file.Elements = append(b.file.Elements, e)
	b.fields(e, n)
}

// typeNode returns the definition of an element's complex type, where its documentation may stand; n itself if
// there is none.
func (b *builder) typeNode(n *node) *node {
	if a, ok := n.attr("type"); ok {
		if def, _ := n.find(typeKind, a); def != nil {
			return def
		}
	}
	if inline := n.elements("complexType", "simpleType"); len(inline) > 0 {
		return inline[0]
	}
	return n
}
