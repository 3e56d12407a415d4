package lint

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"stanza.invalid/cmd/stanzagen/internal/source"
)

// docRules are about what is explained.
func docRules() []Rule {
	return []Rule{
		{
			Code: "doc-package", Summary: "the file has no doc", Severity: source.Warning, check: (*run).docPackage,
			Doc: "The package comment is where people learn what the extension is for and how its types go together. Without `doc` it has the title only.",
		},
		{
			Code: "doc-type", Summary: "an element, type, enum, form or request has no doc", Severity: source.Warning, check: (*run).docType,
			Doc: "Generated code is read more often than specs. `doc` says what the thing means to somebody who sends or receives it; how it is spelled can be seen.",
		},
		{
			Code: "doc-required", Summary: "a required attribute or child has no doc", check: (*run).docRequired,
			Doc: "Whoever makes a value has to fill in what is required, and so has to know what it is.",
		},
		{
			Code: "doc-field", Summary: "an attribute, child, text or form field has no doc", Severity: source.Warning, check: (*run).docField,
			Doc: "Without `doc` the comment of the field says only how it is spelled.",
		},
		{
			Code: "doc-value", Summary: "a value of an enum has no doc", Severity: source.Warning, check: (*run).docValue,
			Doc: "The constants of an enum are chosen by their comments. `doc` says what a value means, and when it is sent.",
		},
		{
			Code: "doc-style", Summary: "a doc does not continue the sentence that begins with the name", Severity: source.Warning, check: (*run).docStyle,
			Doc: "The generated comment is the Go name followed by the doc: `doc: is the id.` becomes `// ID is the id.` So a doc begins with a verb in small letters.",
		},
	}
}

func (r *run) docPackage() {
	if r.File.Doc.Value == "" {
		r.found("file", at(r.File.Package, r.File.Pos), "package %s has no doc", r.File.Package.Value).
			Hintf("say in a sentence or two what the extension is for")
	}
}

// undocumented calls f with every entry that could have a doc but has none.
func (r *run) undocumented(want func(*node) bool, f func(*node)) {
	for i := range r.nodes {
		n := &r.nodes[i]
		doc, has := n.text("Doc")
		if !has || strings.TrimSpace(doc.Value) != "" || !want(n) {
			continue
		}
		if n.kind == "Query" && n.parent != nil && n.label == n.parent.label {
			continue // the element is the request, and has the doc
		}
		f(n)
	}
}

func (r *run) docType() {
	r.undocumented((*node).isDeclared, func(n *node) { r.found(n.at, n.pos, "%s has no doc", n.describe()) })
}

func (r *run) docRequired() {
	r.undocumented(func(n *node) bool { return n.isField() && n.truth("Required") }, func(n *node) {
		r.found(n.at, n.pos, "%s is required but has no doc", n.describe())
	})
}

func (r *run) docField() {
	r.undocumented(func(n *node) bool { return n.isField() && !n.truth("Required") }, func(n *node) {
		r.found(n.at, n.pos, "%s has no doc", n.describe())
	})
}

func (r *run) docValue() {
	r.undocumented(func(n *node) bool { return n.kind == "EnumValue" }, func(n *node) {
		r.found(n.at, n.pos, "%s has no doc", n.describe())
	})
}

func (r *run) docStyle() {
	for i := range r.nodes {
		n := &r.nodes[i]
		doc, has := n.text("Doc")
		if !has || doc.Value == "" {
			continue
		}
		word, _, _ := strings.Cut(strings.TrimSpace(doc.Value), " ")
		first, size := utf8.DecodeRuneInString(word)
		second, _ := utf8.DecodeRuneInString(word[size:])
		switch {
		case unicode.IsUpper(first) && !unicode.IsUpper(second):
			r.found(n.at, doc.Pos, "doc of %s begins with a capital letter", n.describe()).Hintf("it continues the sentence that begins with the name: `doc: is ...`")
		case word == "the" || word == "a" || word == "an" || word == "this" || word == "these":
			r.found(n.at, doc.Pos, "doc of %s begins with %q, not with a verb", n.describe(), word).Hintf("write `doc: is %s ...`", word)
		}
	}
}
