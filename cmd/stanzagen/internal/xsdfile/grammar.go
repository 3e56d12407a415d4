package xsdfile

import "strings"

// rule says what an element of the schema language may have (XSD 1.0 part 1, appendix A).
type rule struct {
	// attrs are the attributes without a namespace, beside id.
	attrs string
	// children are the elements inside, beside annotation.
	children string
}

// grammar returns the rule of an element, and whether there is such an element.
func grammar(local string) (rule, bool) {
	const (
		model  = "group all choice sequence "
		attrs  = "attribute attributeGroup anyAttribute "
		facets = "enumeration length minLength maxLength pattern minInclusive maxInclusive minExclusive maxExclusive " +
			"totalDigits fractionDigits whiteSpace "
		occurs = "minOccurs maxOccurs "
	)
	switch local {
	case "schema":
		return rule{"targetNamespace version elementFormDefault attributeFormDefault blockDefault finalDefault",
			"include import redefine simpleType complexType group attributeGroup element attribute notation"}, true
	case "element":
		return rule{occurs + "name ref type default fixed form abstract block final substitutionGroup nillable",
			"simpleType complexType key keyref unique"}, true
	case "complexType":
		return rule{"name mixed abstract block final", "simpleContent complexContent " + model + attrs}, true
	case "simpleContent":
		return rule{"", "restriction extension"}, true
	case "complexContent":
		return rule{"mixed", "restriction extension"}, true
	case "extension":
		return rule{"base", model + attrs}, true
	case "restriction":
		return rule{"base", "simpleType " + facets + model + attrs}, true
	case "sequence", "choice":
		return rule{occurs, "element group choice sequence any"}, true
	case "all":
		return rule{occurs, "element"}, true
	case "group":
		return rule{occurs + "name ref", "all choice sequence"}, true
	case "attributeGroup":
		return rule{"name ref", attrs}, true
	case "attribute":
		return rule{"name ref type use default fixed form", "simpleType"}, true
	case "any":
		return rule{occurs + "namespace processContents", ""}, true
	case "anyAttribute":
		return rule{"namespace processContents", ""}, true
	case "simpleType":
		return rule{"name final", "restriction list union"}, true
	case "list":
		return rule{"itemType", "simpleType"}, true
	case "union":
		return rule{"memberTypes", "simpleType"}, true
	case "annotation":
		return rule{"", "documentation appinfo"}, true
	case "documentation", "appinfo":
		return rule{"source", ""}, true
	case "include", "redefine":
		return rule{"schemaLocation", ""}, true
	case "import":
		return rule{"namespace schemaLocation", ""}, true
	case "notation":
		return rule{"name public system", ""}, true
	case "key", "unique":
		return rule{"name", "selector field"}, true
	case "keyref":
		return rule{"name refer", "selector field"}, true
	}
	if has(facets, local) {
		return rule{"value fixed", ""}, true
	}
	return rule{}, false
}

// known reports whether the schema language has an element of that name.
func known(local string) bool {
	_, ok := grammar(local)
	return ok
}

// has reports whether a list of words has one of them.
func has(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}

// isParticle reports whether n is a part of a content model.
func isParticle(n *node) bool {
	return n.space == xsdSpace && has("element any sequence choice all group", n.local)
}

// isAttribute reports whether n declares attributes.
func isAttribute(n *node) bool {
	return n.space == xsdSpace && has("attribute attributeGroup anyAttribute", n.local)
}

// isFacet reports whether n restricts a simple type.
func isFacet(n *node) bool { return n.space == xsdSpace && isFacetName(n.local) }

func isFacetName(local string) bool {
	r, ok := grammar(local)
	return ok && r.attrs == "value fixed"
}

// refused says why an element or attribute of the schema language cannot be read, and what to do instead.
func refused(local string) (why, hint string) {
	switch local {
	case "redefine", "override":
		return "it would change what another schema says", "copy the definitions into this file and change them there"
	case "key", "keyref", "unique":
		return "rules between several elements have no place in a Go type", "leave it out, and check the rule where the payload is handled"
	case "alternative":
		return "a type that depends on an attribute has no place in a Go type", "leave it out; the element then has its plain type"
	case "substitutionGroup":
		return "a reference to the head would have to take any member", "name the members in an xs:choice where the head is used"
	case "nillable":
		return "xsi:nil has no place in XMPP", `make the element optional with minOccurs="0"`
	}
	return "", ""
}

// misplaced says how a child is read that does not belong into its parent. An empty text means: not at all.
func misplaced(parent, child string) string {
	content := has("element any sequence choice all group", child)
	attrs := has("attribute attributeGroup anyAttribute", child)
	derived := has("extension restriction simpleContent complexContent", child)
	switch {
	case child == "annotations":
		return "read as xs:annotation"
	case parent == "element" && (content || attrs || derived):
		return "read as if xs:complexType were around it"
	case parent == "complexType" && (child == "element" || child == "any"):
		return "read as if xs:sequence were around it"
	case parent == "complexType" && derived:
		return "read as if xs:simpleContent or xs:complexContent were around it"
	case has("complexType sequence choice all", parent) && child == "complexType":
		return "read as if its content stood here"
	case has("simpleContent complexContent", parent) && (content || attrs):
		return "read as if it stood in the xs:complexType"
	case has("extension restriction group", parent) && (child == "element" || child == "any"):
		return "read as if xs:sequence were around it"
	case has("sequence choice all", parent) && content:
		return "read as it stands"
	case has("sequence choice all", parent) && attrs:
		return "read as if it stood in the xs:complexType"
	case parent == "attribute" && has("restriction list union", child):
		return "read as if xs:simpleType were around it"
	case parent == "simpleType" && isFacetName(child):
		return "read as if xs:restriction were around it"
	case parent == "group" && child == "group":
		return "read as it stands"
	}
	return ""
}
