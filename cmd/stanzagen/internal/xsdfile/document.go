package xsdfile

import (
	"fmt"
	"math/big"
	"path"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// set are the schemas that may refer to each other.
type set struct {
	c    *source.Collector
	docs []*document
	// others are the schemas that are no XSDs.
	others *others
}

// document is one schema.
type document struct {
	set  *set
	c    *source.Collector
	path string
	pkg  string
	root *node
	// target is the namespace that the schema describes.
	target string
	// defs are the declarations and definitions of the top level.
	defs map[symbol]*node
	// told are the warnings that are given once a file.
	told map[string]bool
	// imported are the namespaces that the schema imports.
	imported map[string]bool
	// index is its place among all documents; needs are the indexes of those whose packages its own needs, be it through
	// others.
	index int
	needs big.Int
	// build makes the tree; it is there once all files were read.
	build *builder
}

// symbol names a declaration or a definition. Simple and complex types share their names, as XSD has it (XSD 1.0 part 1,
// section 2.5).
type symbol struct {
	kind kind
	name qname
}

type kind uint8

const (
	elementKind kind = iota
	typeKind
	attributeKind
	groupKind
	attributeGroupKind
)

// qname is an expanded name.
type qname struct{ space, local string }

func (k kind) String() string {
	return [...]string{"element", "type", "attribute", "group", "attributeGroup"}[k]
}

// kindOf returns the kind of what a child of the schema declares.
func kindOf(local string) (kind, bool) {
	switch local {
	case "element":
		return elementKind, true
	case "simpleType", "complexType":
		return typeKind, true
	case "attribute":
		return attributeKind, true
	case "group":
		return groupKind, true
	case "attributeGroup":
		return attributeGroupKind, true
	}
	return 0, false
}

// warnf and errorf report what is wrong, but cut short what is quoted of the file.
func (doc *document) warnf(rule code, pos source.Pos, format string, args ...any) *source.Diagnostic {
	return doc.c.Warnf(pos, format, cut(args)...).Rule(string(rule))
}

func (doc *document) errorf(rule code, pos source.Pos, format string, args ...any) *source.Diagnostic {
	return doc.c.Errorf(pos, format, cut(args)...).Rule(string(rule))
}

// cut shortens the texts among args that nobody would read to their end.
func cut(args []any) []any {
	const most = 200
	for i, a := range args {
		if named, ok := a.(fmt.Stringer); ok {
			a = named.String()
		}
		if s, ok := a.(string); ok && len(s) > most {
			args[i] = strings.ToValidUTF8(s[:most], "") + "..."
		}
	}
	return args
}

// warnOnce is warnf, but a warning with this key is given only once a file. It returns a diagnostic that nobody sees for
// the others.
func (doc *document) warnOnce(rule code, key string, pos source.Pos, format string, args ...any) *source.Diagnostic {
	if doc.told[key] {
		return &source.Diagnostic{}
	}
	doc.told[key] = true
	return doc.warnf(rule, pos, format, args...)
}

// begin checks the root element and finds the target namespace.
func (doc *document) begin() bool {
	root := doc.root
	doc.adopt(root)
	if !root.is("schema") {
		doc.errorf(ruleRoot, root.pos, "root element is <%s>, not xs:schema", root.local).
			Hintf("XML Schemas begin with <xs:schema xmlns:xs='%s' ...>", xsdSpace)
		return false
	}
	doc.target = root.value("targetNamespace")
	for _, i := range root.elements("import") {
		doc.imported[i.value("namespace")] = true
	}
	doc.lint(root)
	return true
}

// adopt gives elements to the schema language that were meant to be in it but have an undeclared prefix, or none.
func (doc *document) adopt(n *node) {
	switch {
	case n.space == "xs" || n.space == "xsd":
		doc.undeclared(n.space, n.pos)
		n.space = xsdSpace
	case n.space == "" && n.parent != nil && n.parent.space == xsdSpace && known(n.local):
		doc.warnOnce(rulePrefix, "no namespace", n.pos, "<%s> has no namespace: read as that of XML Schema", n.local).
			Hintf("give it the prefix of xs:schema")
		n.space = xsdSpace
	}
	for _, c := range n.children {
		doc.adopt(c)
	}
}

func (doc *document) undeclared(prefix string, pos source.Pos) {
	doc.warnOnce(rulePrefix, "prefix "+prefix, pos, "prefix %q is not declared: taken for that of XML Schema", prefix).
		Hintf("declare it: xmlns:%s='%s'", prefix, xsdSpace)
}

// link finds what every schema declares.
func (s *set) link() {
	for _, doc := range s.docs {
		if doc.target == "" {
			doc.chameleon()
		}
		doc.define()
	}
	for _, doc := range s.docs {
		doc.build = newBuilder(doc)
	}
}

// chameleon gives a schema without a target namespace that of the schema which includes it (XSD 1.0 part 1, section
// 4.2.1).
func (doc *document) chameleon() {
	for _, other := range doc.set.docs {
		for _, include := range other.root.elements("include") {
			if other.target != "" && path.Base(include.value("schemaLocation")) == baseName(doc.path)+path.Ext(doc.path) {
				doc.target = other.target
				return
			}
		}
	}
	doc.errorf(ruleTarget, doc.root.pos, "schema has no targetNamespace").
		Hintf("elements without a namespace cannot stand in a stanza; add targetNamespace='...'")
}

// define enters the children of the schema.
func (doc *document) define() {
	for _, n := range doc.root.children {
		k, ok := kindOf(n.local)
		if n.space != xsdSpace || !ok || n.value("name") == "" {
			continue
		}
		name := symbol{k, qname{doc.target, n.value("name")}}
		if first := doc.defs[name]; first != nil {
			doc.warnf(ruleTwice, n.pos, "%s %q is declared twice: this one is left out", k, name.name.local).
				Hintf("the other is in line %d", first.pos.Line)
			continue
		}
		doc.defs[name] = n
	}
}

// definition finds a declaration, first in doc and then in the other files.
func (doc *document) definition(name symbol) *node {
	if n := doc.defs[name]; n != nil {
		return n
	}
	for _, other := range doc.set.docs {
		if n := other.defs[name]; n != nil {
			return n
		}
	}
	return nil
}

// dangling warns, once for each name, of a reference that leads nowhere, and says what is made of it.
func (doc *document) dangling(k kind, a attribute, name qname, instead string) {
	key := k.String() + " " + a.value
	switch {
	case doc.told[key]:
	case name.space != doc.target && doc.set.has(name.space):
		doc.warnOnce(ruleUnresolved, key, a.pos, "%s %q cannot be resolved: the schema of namespace %s has none: %s", k, a.value, name.space, instead)
	case name.space != doc.target:
		doc.warnOnce(ruleUnresolved, key, a.pos, "%s %q cannot be resolved: namespace %s is in none of the files: %s", k, a.value, name.space, instead).
			Hintf("give the file that declares it, too")
	default:
		doc.warnOnce(ruleUnresolved, key, a.pos, "%s %q is declared nowhere: %s", k, a.value, instead).DidYouMean(name.local, doc.names(k, name.local))
	}
}

// has reports whether one of the files describes a namespace.
func (s *set) has(space string) bool {
	return s.others.spaces[space] || slices.ContainsFunc(s.docs, func(doc *document) bool { return doc.target == space })
}

// names returns some of the names that doc declares of a kind, from which one like name may be suggested. Looking for
// similar names is slow; a file that has more of them, or longer ones, gets no suggestion.
func (doc *document) names(k kind, name string) []string {
	const maxLength, maxNames, maxTold = 64, 500, 100
	var names []string
	if len(name) > maxLength || len(doc.told) > maxTold {
		return nil
	}
	for _, n := range doc.root.children {
		if other, ok := kindOf(n.local); ok && other == k && n.value("name") != "" && len(names) < maxNames {
			names = append(names, n.value("name"))
		}
	}
	return names
}

// qname resolves a name with a prefix. Names without prefix and default namespace are in the target namespace, which XSD
// wants only for included schemas, but which is what everybody means.
func (n *node) qname(a attribute) qname {
	value := strings.TrimSpace(a.value)
	prefix, local, found := strings.Cut(value, ":")
	if !found {
		prefix, local = "", value
	}
	uri, declared := n.scope.lookup(prefix)
	switch {
	case declared:
		return qname{uri, local}
	case prefix == "xml":
		return qname{xmlSpace, local}
	case prefix == "xs" || prefix == "xsd":
		n.doc.undeclared(prefix, a.pos)
		return qname{xsdSpace, local}
	case prefix != "":
		n.doc.warnOnce(rulePrefix, "prefix "+prefix, a.pos, "prefix %q is not declared: taken for that of the target namespace", prefix).
			Hintf("declare it with xmlns:%s='...'", prefix)
	}
	return qname{n.doc.target, local}
}

// find resolves the reference in an attribute of n. If nothing of the name is declared, it returns nil and the name.
func (n *node) find(k kind, a attribute) (*node, qname) {
	name := n.qname(a)
	n.doc.foreign(name.space, a.pos)
	if def := n.doc.definition(symbol{k, name}); def != nil {
		return def, name
	}
	if name.space == n.doc.target {
		return nil, name
	}
	if _, is := builtin(name.local); is && k == typeKind {
		return nil, name // what a type of XML Schema is called, others may be called, too
	}
	own := qname{n.doc.target, name.local}
	if def := n.doc.definition(symbol{k, own}); def != nil && (name.space == xsdSpace || !strings.Contains(a.value, ":")) {
		n.doc.warnOnce(rulePrefix, "own "+a.value, a.pos, "%s %q is not in namespace %s: read as that of the target namespace", k, a.value, name.space)
		return def, own
	}
	return nil, name
}

// foreign warns, once for each namespace, of a reference to one that is not imported. The namespaces of XML and of XML
// Schema are another matter.
func (doc *document) foreign(space string, pos source.Pos) {
	if space == doc.target || space == xsdSpace || space == xmlSpace || space == "" || doc.imported[space] {
		return
	}
	doc.warnOnce(ruleImport, "import "+space, pos, "namespace %s is not imported: read as if it were", space).
		Hintf("add <xs:import namespace='%s'/>", space)
}

// given makes a value of the tree from an attribute of n; it is not set if n has no such attribute.
func (n *node) given(local string) syntax.String {
	a, ok := n.attr(local)
	if !ok {
		return syntax.String{}
	}
	return syntax.String{Pos: a.pos, Value: strings.TrimSpace(a.value)}
}
