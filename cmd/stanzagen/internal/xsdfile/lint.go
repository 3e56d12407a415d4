package xsdfile

import (
	"slices"
	"strconv"
	"strings"
)

// lint reports what deviates from the schema language itself, everywhere in the file, and says what is made of it. The
// builder then follows the same rules without a word.
func (doc *document) lint(n *node) {
	r, _ := grammar(n.local)
	doc.lintAttrs(n, r)
	doc.lintOrder(n)
	doc.lintNames(n)
	doc.lintForm(n)
	if n.local == "documentation" || n.local == "appinfo" {
		return
	}
	for _, c := range n.children {
		if doc.lintChild(n, c, r) {
			doc.lint(c)
		}
	}
}

// lintChild checks whether c belongs into n, and reports whether to go on inside of it.
func (doc *document) lintChild(n, c *node, r rule) bool {
	if c.space != xsdSpace {
		doc.warnf(ruleMisplaced, c.pos, "<%s> of namespace %q does not belong into xs:%s: left out", c.local, c.space, n.local).
			Hintf("what is not of XML Schema can stand in xs:appinfo")
		return false
	}
	if why, hint := refused(c.local); why != "" {
		doc.errorf(ruleUnsupported, c.pos, "xs:%s is not supported: %s", c.local, why).Hintf("%s", hint)
		return false
	}
	if c.local == "annotation" || has(r.children, c.local) {
		return true
	}
	if how := misplaced(n.local, c.local); how != "" {
		doc.warnf(ruleMisplaced, c.pos, "xs:%s does not belong into xs:%s: %s", c.local, n.local, how)
		if c.local == "annotations" {
			c.local = "annotation"
		}
		return true
	}
	d := doc.warnf(ruleMisplaced, c.pos, "xs:%s does not belong into xs:%s: left out", c.local, n.local)
	if !known(c.local) {
		d.DidYouMean(c.local, strings.Fields(r.children))
	}
	return false
}

// lintAttrs checks the attributes of n.
func (doc *document) lintAttrs(n *node, r rule) {
	for _, a := range n.attrs {
		if a.space != "" || a.local == "id" {
			continue
		}
		if why, hint := refused(a.local); why != "" && has(r.attrs, a.local) && (a.local != "nillable" || isTrue(a.value)) {
			doc.errorf(ruleUnsupported, a.pos, "attribute %q of xs:%s is not supported: %s", a.local, n.local, why).Hintf("%s", hint)
			continue
		}
		if has(r.attrs, a.local) {
			continue
		}
		switch {
		case n.local == "element" && a.local == "use":
			doc.warnf(ruleAttribute, a.pos, "attribute \"use\" does not belong into xs:element: read as minOccurs").
				Hintf(`write minOccurs="0" for what is optional`)
		case n.local == "element" && a.local == "namespace":
			doc.warnf(ruleAttribute, a.pos, "attribute \"namespace\" does not belong into xs:element: read as a reference to that namespace").
				Hintf("write ref='prefix:%s', with the prefix declared", n.value("name"))
		case n.local == "attribute" && a.local == "required":
			doc.warnf(ruleAttribute, a.pos, "attribute \"required\" does not belong into xs:attribute: read as use").Hintf(`write use="required"`)
		case n.local == "simpleType" && a.local == "base":
			doc.warnf(ruleAttribute, a.pos, "attribute \"base\" does not belong into xs:simpleType: read as that of xs:restriction")
		default:
			doc.warnf(ruleAttribute, a.pos, "attribute %q does not belong into xs:%s: left out", a.local, n.local).
				DidYouMean(a.local, strings.Fields(r.attrs))
		}
	}
	for _, local := range []string{"minOccurs", "maxOccurs"} {
		if a, ok := n.attr(local); ok && has(r.attrs, local) && !isCount(n, local) {
			doc.warnf(ruleCount, a.pos, "%s %q is not a number: read as 1", local, a.value).Hintf(`"unbounded" is for maxOccurs only`)
		}
	}
}

// isCount reports whether minOccurs or maxOccurs can be read.
func isCount(n *node, local string) bool {
	v := n.value(local)
	digits := v != "" && strings.Trim(v, "0123456789") == ""
	return digits || local == "maxOccurs" && v == "unbounded"
}

// lintOrder checks that attributes stand behind the content model, and what xs:all may have.
func (doc *document) lintOrder(n *node) {
	first := slices.IndexFunc(n.children, isAttribute)
	if first >= 0 && has("complexType extension restriction", n.local) && slices.ContainsFunc(n.children[first:], isParticle) {
		a := n.children[first]
		doc.warnf(ruleOrder, a.pos, "xs:%s stands before the content model: read as if it stood behind it", a.local)
	}
	if n.local != "all" {
		return
	}
	for _, e := range append([]*node{n}, n.children...) {
		if a, ok := e.attr("maxOccurs"); ok && e.space == xsdSpace && isCount(e, "maxOccurs") && maxOccurs(e) > 1 {
			doc.warnf(ruleAll, a.pos, "maxOccurs is more than 1 in xs:all: read as it stands").
				Hintf(`XSD 1.0 says it with <xs:choice maxOccurs="unbounded">`)
		}
	}
}

// lintNames checks names and types of declarations.
func (doc *document) lintNames(n *node) {
	_, named := n.attr("name")
	_, ref := n.attr("ref")
	kind, declares := kindOf(n.local)
	switch {
	case !declares:
		return
	case n.value("name") == "" && n.value("ref") == "" && !has("simpleType complexType", n.local):
		doc.warnf(ruleName, n.pos, "xs:%s has neither name nor ref: left out", n.local)
	case named && ref:
		doc.warnf(ruleName, n.pos, "xs:%s has both name and ref: the name is left out", n.local)
	case n.parent == doc.root && n.value("name") == "":
		doc.warnf(ruleName, n.pos, "xs:%s at the top level has no name: left out", n.local)
	}
	inline := n.elements("simpleType", "complexType")
	a, typed := n.attr("type")
	switch {
	case !typed || len(inline) == 0:
	case inline[0].local == "simpleType":
		doc.warnf(ruleTwoTypes, inline[0].pos, "%s %q has both the type %s and one of its own: the latter counts", kind, n.value("name"), a.value)
	default:
		doc.warnf(ruleTwoTypes, inline[0].pos, "%s %q has both the type %s and one of its own: the latter is read as an extension of the former",
			kind, n.value("name"), a.value)
	}
}

// lintForm warns once of local elements that are not qualified. XMPP knows no elements without a namespace, and what is
// meant is always the namespace of the schema.
func (doc *document) lintForm(n *node) {
	if !n.is("element") || n.parent == doc.root || n.value("name") == "" {
		return
	}
	form, at := n.value("form"), n
	if form == "" {
		form, at = doc.root.value("elementFormDefault"), doc.root
	}
	if form != "qualified" {
		doc.warnOnce(ruleQualified, "form", at.pos, "local elements are not qualified: read as elements of the target namespace").
			Hintf(`add elementFormDefault="qualified", which is what XMPP needs`)
	}
}

func isTrue(s string) bool { return strings.TrimSpace(s) == "true" || strings.TrimSpace(s) == "1" }

// many stands for every number of occurrences above one.
const many = 2

// minOccurs and maxOccurs return how often a particle stands there: 0, 1 or many.
func minOccurs(n *node) int {
	if n.value("use") == "optional" && n.is("element") {
		return 0
	}
	return occurs(n, "minOccurs")
}

func maxOccurs(n *node) int {
	if n.value("maxOccurs") == "unbounded" {
		return many
	}
	return occurs(n, "maxOccurs")
}

func occurs(n *node, local string) int {
	if _, ok := n.attr(local); !ok || !isCount(n, local) {
		return 1
	}
	count, err := strconv.Atoi(n.value(local))
	if err != nil {
		return many // more than any number
	}
	return min(count, many)
}
