package xsdfile

// Rule is a kind of mistake that XSDs have.
type Rule struct {
	// Code names the rule in diagnostics.
	Code string
	// Summary says in a few words what breaks it.
	Summary string
	// Doc says why, and what the reader makes of it.
	Doc string
	// Refused says that a schema which breaks the rule is not read; others are repaired, with a warning.
	Refused bool
}

// code is the code of a rule.
type code string

const (
	ruleXML         code = "xsd-xml"
	ruleDoctype     code = "xsd-doctype"
	ruleEncoding    code = "xsd-encoding"
	ruleLimit       code = "xsd-limit"
	ruleRoot        code = "xsd-root"
	ruleTarget      code = "xsd-target"
	ruleUnsupported code = "xsd-unsupported"

	ruleMisplaced   code = "xsd-misplaced"
	ruleAttribute   code = "xsd-attribute"
	ruleOrder       code = "xsd-order"
	ruleAll         code = "xsd-all"
	ruleCount       code = "xsd-count"
	ruleTwoTypes    code = "xsd-two-types"
	ruleName        code = "xsd-name"
	ruleTwice       code = "xsd-twice"
	rulePrefix      code = "xsd-prefix"
	ruleQualified   code = "xsd-qualified"
	ruleImport      code = "xsd-import"
	ruleXMLLang     code = "xsd-xml-lang"
	ruleUnresolved  code = "xsd-unresolved"
	ruleEmpty       code = "xsd-empty"
	ruleBuiltin     code = "xsd-builtin"
	ruleSelf        code = "xsd-self"
	ruleValue       code = "xsd-value"
	ruleAmbiguous   code = "xsd-ambiguous"
	ruleImportCycle code = "xsd-import-cycle"
	ruleNoElements  code = "xsd-no-elements"
)

// Rules returns the rules in the order in which they are explained. The slice is the caller's own.
func Rules() []Rule {
	refused := func(c code, summary, doc string) Rule { return Rule{string(c), summary, doc, true} }
	repaired := func(c code, summary, doc string) Rule { return Rule{string(c), summary, doc, false} }
	return []Rule{
		refused(ruleXML, "an XSD is not well-formed XML", "Tags that do not match, attributes that stand twice, text outside of the root: there are several ways to mend that, and only one of them is right. Mend it by hand."),
		refused(ruleDoctype, "an XSD has a document type declaration", "It could define entities, and have files read from anywhere. Leave it out."),
		refused(ruleEncoding, "the text of an XSD cannot be read", "The encoding that the XML declaration names is not known, or the text is not in that encoding. Save the file as UTF-8."),
		refused(ruleLimit, "an XSD is too large", "The limits keep a small file from using up the memory; no published schema comes near to them."),
		refused(ruleRoot, "an XSD has no root element xs:schema", "Whatever it is, it is no XML Schema."),
		refused(ruleTarget, "an XSD has no targetNamespace", "Its elements have no namespace, and such elements cannot stand in a stanza. Schemas that another one of the same run includes need none: they take over that of the other."),
		refused(ruleUnsupported, "an XSD says something that no Go type can hold", "Redefinitions, substitution groups, keys and nillable elements are refused, because types that ignored them would be wrong in silence."),

		repaired(ruleMisplaced, "an element of XML Schema stands where it does not belong", "It is read as what was obviously meant, or left out, as the warning says."),
		repaired(ruleAttribute, "an attribute stands in an element of XML Schema that does not have it", "It is read as what was obviously meant, or left out, as the warning says."),
		repaired(ruleOrder, "xs:attribute stands before the content model", "XML Schema wants it behind. The order makes no difference to the types."),
		repaired(ruleAll, "maxOccurs is more than 1 in xs:all", "XML Schema 1.0 forbids it; 1.1 and common sense do not. It is read as it stands."),
		repaired(ruleCount, "minOccurs or maxOccurs is no number", "It is read as 1."),
		repaired(ruleTwoTypes, "a declaration has a type attribute and a type inside", "XML Schema allows one of them. A complex type inside is read as an extension of the other one, a simple type takes its place."),
		repaired(ruleName, "a declaration has no name, or both name and ref", "Without a name nothing can refer to it; a reference has the name of what it refers to."),
		repaired(ruleTwice, "something is declared twice, or a value stands twice", "The first one counts."),
		repaired(rulePrefix, "a prefix is not declared, or a name has the wrong one", "The prefixes xs and xsd are taken for that of XML Schema, others for that of the target namespace."),
		repaired(ruleQualified, "local elements are not qualified", "By the letter of XML Schema they have no namespace then, which cannot happen in XMPP: a child without xmlns is in the namespace of its parent, as all examples have it. They are read as elements of the target namespace."),
		repaired(ruleImport, "a namespace is used without an import", "It is read as if xs:import were there. Whether a file has that namespace is another question."),
		repaired(ruleXMLLang, "xml:lang is used without an import of its namespace, or another attribute of that namespace is", "Xml:lang is read as if the import were there; the others have no field, and are kept in Extra."),
		repaired(ruleUnresolved, "something that is referred to is in none of the files, or of another kind", "Give the file that declares it, too: files are found by their target namespace, and nothing is fetched. Without it, elements become open content, and types xs:string."),
		repaired(ruleEmpty, "the type empty is not defined", "Many schemas use it for elements without content, and forget to define it. It is read as that."),
		repaired(ruleBuiltin, "a type of XML Schema is misspelt", "It is read as the one with the most similar name, or as xs:string."),
		repaired(ruleSelf, "a definition is made of itself, or an element requires itself inside", "It would have no end. What leads back is left out, left open, or read as optional, as the warning says."),
		repaired(ruleValue, "a value is none of its type", "Defaults, fixed values, bounds and enumerated values that their own type does not allow are left out."),
		repaired(ruleAmbiguous, "the same child stands in an element with different types", "A field has one type. The child becomes open content."),
		repaired(ruleImportCycle, "two schemas refer to each other", "Their packages cannot import each other. The reference that would close the circle becomes open content."),
		repaired(ruleNoElements, "an XSD declares no elements", "There is nothing to make types of; what it defines can be used by other files of the same run."),
	}
}
