package yamlfile

// Level names a kind of mapping of the schema language.
type Level string

// The levels, from the outside in.
const (
	LevelFile      Level = "file"
	LevelNamespace Level = "namespace"
	LevelImport    Level = "import"
	LevelIgnore    Level = "ignore"
	LevelEnum      Level = "enum"
	LevelValue     Level = "value"
	LevelElement   Level = "element"
	LevelType      Level = "type"
	LevelAttr      Level = "attribute"
	LevelText      Level = "text"
	LevelChild     Level = "child"
	LevelOneOf     Level = "alternative"
	LevelAny       Level = "any"
	LevelMixed     Level = "mixed"
	LevelIQ        Level = "iq"
	LevelQuery     Level = "query"
	LevelWhen      Level = "when"
	LevelForm      Level = "form"
	LevelField     Level = "form field"
	LevelOption    Level = "option"
)

// Levels returns all levels, from the outside in.
func Levels() []Level {
	return []Level{
		LevelFile, LevelNamespace, LevelImport, LevelIgnore, LevelEnum, LevelValue, LevelElement, LevelType,
		LevelAttr, LevelText, LevelChild, LevelOneOf, LevelAny, LevelMixed, LevelIQ, LevelQuery, LevelWhen,
		LevelForm, LevelField, LevelOption,
	}
}

// Kind says what may stand behind a key.
type Kind string

// The kinds. Those with an "or" have a short and a long form.
const (
	KindText         Kind = "text"
	KindTruth        Kind = "true or false"
	KindTexts        Kind = "list of texts"
	KindTextOrMap    Kind = "text or mapping"
	KindTrueOrMap    Kind = "true or mapping"
	KindMap          Kind = "mapping"
	KindMaps         Kind = "list of mappings"
	KindMapOrMaps    Kind = "mapping or list of mappings"
	KindTextsOrMaps  Kind = "list of texts or mappings"
	KindTextMap      Kind = "mapping of texts"
	KindTextOrMapMap Kind = "mapping of texts or mappings"
)

// Key is one key of the schema language. The decoder, the tables of the reference and whatever else describes the
// language are made from the list that Keys returns.
type Key struct {
	// Level is the mapping that the key belongs to.
	Level Level
	// Name is the key itself.
	Name string
	// Kind is what may stand behind it.
	Kind Kind
	// Of is the level of the mappings behind it, for the kinds that have them.
	Of Level
	// Required says that the key must be there.
	Required bool
	// Choices are the only words that may stand behind it; nil means any. Package check refuses others, whatever
	// file they come from.
	Choices []string
	// Doc says in one sentence what the key means, as Markdown.
	Doc string
}

// Keys returns the language: every key of every level, in the order of the reference. The slice is the
// caller's own.
func Keys() []Key {
	keys := []Key{
		{LevelFile, "spec", KindText, "", true, nil, "`XEP-0184`, `RFC 6120`, or free text for a protocol of your own. It makes the links of the doc comments."},
		{LevelFile, "title", KindText, "", false, nil, "The title of the spec."},
		{LevelFile, "version", KindText, "", false, nil, "The version of the spec that this file was checked against."},
		{LevelFile, "doc", KindText, "", false, nil, "More of the package comment: one or more sentences that teach the extension."},
		{LevelFile, "package", KindText, "", true, nil, "The Go package name."},
		{LevelFile, "namespace", KindText, "", false, nil, "The only namespace; short for `namespaces` with the key `\"\"`."},
		{LevelFile, "namespaces", KindTextOrMapMap, LevelNamespace, false, nil, "The namespaces by key. The key `\"\"` is the default one and makes the constant `NS`, a key `user` makes `NSUser`."},
		{LevelFile, "features", KindTexts, "", false, nil, "The disco features of the package as a whole: those of every element that names none itself."},
		{LevelFile, "imports", KindTextsOrMaps, LevelImport, false, nil, "Packages whose types are used here as `name.Type`."},
		{LevelFile, "ignore", KindMaps, LevelIgnore, false, nil, "Findings of `stanzagen lint` that are meant to be, each with its reason."},
		{LevelFile, "enums", KindMaps, LevelEnum, false, nil, "Sets of values."},
		{LevelFile, "elements", KindMaps, LevelElement, false, nil, "The elements of the top level: payloads of stanzas, IQ queries, nonzas."},
		{LevelFile, "types", KindMaps, LevelType, false, nil, "The types of elements that stand only inside others."},
		{LevelFile, "forms", KindMaps, LevelForm, false, nil, "The data forms (XEP-0004) whose fields are known."},
		{LevelFile, "examples", KindTexts, "", false, nil, "Pieces of XML, each a payload, a nonza or a whole stanza. Each feeds a round-trip test."},

		{LevelNamespace, "uri", KindText, "", true, nil, "The namespace name."},
		{LevelNamespace, "go", KindText, "", false, nil, "The constant's name, if not `NS` and the key."},
		{LevelNamespace, "doc", KindText, "", false, nil, "Continues the sentence that begins with the constant's name."},

		{LevelImport, "name", KindText, "", true, nil, "The package's name."},
		{LevelImport, "schema", KindText, "", false, nil, "The path of the package's schema, relative to this file."},
		{LevelImport, "path", KindText, "", false, nil, "The package's Go import path. It is given together with `schema`, and neither for packages of this project or of the same run."},

		{LevelIgnore, "rule", KindText, "", true, nil, "The code of the rule."},
		{LevelIgnore, "at", KindText, "", false, nil, "Where: a Go type, or a type and the wire name of an attribute, child or value, as in `Item.jid`. The whole file if not given."},
		{LevelIgnore, "reason", KindText, "", true, nil, "Why what the rule says does not hold here."},

		{LevelEnum, "type", KindText, "", true, nil, "The Go type name."},
		{LevelEnum, "doc", KindText, "", false, nil, "Continues the sentence that begins with the type's name."},
		{LevelEnum, "ref", KindText, "", false, nil, "The anchor in the spec."},
		{LevelEnum, "base", KindText, "", false, nil, "`string`, which is the default, or an integer type."},
		{LevelEnum, "numbers", KindText, "", false, nil, "An integer type: a value is a number of that type, or one of the words in `values`."},
		{LevelEnum, "values", KindTextsOrMaps, LevelValue, true, nil, "The known values. A plain text stands for `{value: text}`."},

		{LevelValue, "value", KindText, "", true, nil, "The value on the wire."},
		{LevelValue, "go", KindText, "", false, nil, "The part of the constant's name after the type's name."},
		{LevelValue, "label", KindText, "", false, nil, "The value as people should see it, where a form offers it as an option."},
		{LevelValue, "doc", KindText, "", false, nil, "Continues the sentence that begins with the constant's name."},
		{LevelValue, "ref", KindText, "", false, nil, "The anchor in the spec."},
	}
	places := []string{"message", "presence", "iq", "stream", "any"}
	senders := []string{"any", "own-account", "account-or-server", "server", "queried", "room"}
	keys = append(keys,
		Key{LevelElement, "name", KindText, "", false, nil, "The local name on the wire."},
		Key{LevelElement, "names", KindText, "", false, nil, "Instead of `name`: an enum whose values are the element's local names. The struct gets a field of that type."},
		Key{LevelElement, "go", KindText, "", false, nil, "The name of the field that `names` makes; if not given, the enum's name without the package's name in front."},
		Key{LevelElement, "ns", KindText, "", false, nil, "The key of the element's namespace; `\"\"` if not given."},
		Key{LevelElement, "type", KindText, "", true, nil, "The Go type name."},
		Key{LevelElement, "in", KindTexts, "", false, places, "Where the element may stand: `message`, `presence`, `iq`, `stream` (a nonza) or `any` (inside others). The key `iq`, or being the result of one, implies `iq`."},
	)
	keys = append(keys, shapeKeys(LevelElement)...)
	keys = append(keys,
		Key{LevelElement, "iq", KindMap, LevelIQ, false, nil, "The IQ requests that have this element as payload, and their answers."},
		Key{LevelElement, "sender", KindText, "", false, senders, "Who may send it: `any` (the default), `own-account`, `account-or-server`, `server`, `queried` or `room`."},
		Key{LevelElement, "features", KindTexts, "", false, nil, "The disco features that are advertised when a handler for the element is registered; those of the file if not given."},

		Key{LevelType, "name", KindText, "", false, nil, "The local name, for children that give none."},
		Key{LevelType, "names", KindText, "", false, nil, "Instead of `name`: an enum whose values are the local names of the element. The struct gets a field of that type."},
		Key{LevelType, "go", KindText, "", false, nil, "The name of the field that `names` makes."},
		Key{LevelType, "ns", KindText, "", false, nil, "The key of the type's namespace: that of its children, and of itself unless the child that uses it says otherwise. `\"\"` if not given."},
		Key{LevelType, "type", KindText, "", true, nil, "The Go type name."},
	)
	keys = append(keys, shapeKeys(LevelType)...)
	keys = append(keys,
		Key{LevelAttr, "name", KindText, "", true, nil, "The attribute's name; `xml:lang` is the language attribute, with the field `Lang`."},
		Key{LevelAttr, "ns", KindText, "", false, nil, "The key of the attribute's namespace, for the rare attribute that has one."},
		Key{LevelAttr, "type", KindText, "", false, nil, "A scalar or an enum; `string` if not given."},
	)
	keys = append(keys, Key{LevelAttr, "empty", KindTruth, "", false, nil, "An empty text means something else than none; the field is a pointer."})
	keys = append(keys, valueKeys(LevelAttr)...)
	keys = append(keys,
		Key{LevelText, "type", KindText, "", false, nil, "A scalar or an enum; `string` if not given."},
	)
	keys = append(keys, valueKeys(LevelText)...)
	keys = append(keys,
		Key{LevelChild, "name", KindText, "", false, nil, "The local name on the wire. It may be left out where the type says it: elements, types with a name, stanzas."},
		Key{LevelChild, "names", KindText, "", false, nil, "Instead of `name` and `type`: an enum; the child is an empty element whose local name is the value."},
		Key{LevelChild, "ns", KindText, "", false, nil, "The key of the child's namespace. If not given, it is the type's own, and for scalars and enums that of the parent."},
		Key{LevelChild, "type", KindText, "", false, nil, "A scalar, an enum, a type or element of this file, `pkg.Type` of an import, or a whole stanza: `message`, `presence`, `iq`. `string` if not given."},
		Key{LevelChild, "one_of", KindMaps, LevelOneOf, false, nil, "Several children of which one may stand there; `type` is then the name of the Go interface that all of their types have."},
		Key{LevelChild, "many", KindTruth, "", false, nil, "The child may be repeated; the field is a slice, and its name the plural."},
	)
	keys = append(keys, Key{LevelChild, "empty", KindTruth, "", false, nil, "An empty text means something else than none; the field is a pointer."})
	keys = append(keys, valueKeys(LevelChild)...)
	return append(keys,
		Key{LevelOneOf, "name", KindText, "", false, nil, "The local name on the wire. It may be left out where the type says it."},
		Key{LevelOneOf, "ns", KindText, "", false, nil, "The key of the child's namespace, as for other children."},
		Key{LevelOneOf, "type", KindText, "", false, nil, "What the type of a child can be, stanzas and `langtext` left out."},
		Key{LevelOneOf, "go", KindText, "", false, nil, "The name of the Go type that is made for a scalar, an enum or an imported type; if not given, that of the interface and what tells it from the others."},
		Key{LevelOneOf, "doc", KindText, "", false, nil, "Continues the sentence that begins with the name of that Go type."},

		Key{LevelAny, "go", KindText, "", false, nil, "The name of the field; `Any` if not given."},
		Key{LevelAny, "doc", KindText, "", false, nil, "Continues the sentence that begins with the field's name."},

		Key{LevelMixed, "type", KindText, "", true, nil, "The name of the Go interface that the text and the elements in it have."},
		Key{LevelMixed, "go", KindText, "", false, nil, "The name of the field; `Content` if not given."},
		Key{LevelMixed, "one_of", KindMaps, LevelOneOf, false, nil, "The elements that are known; all others are kept raw, in their places."},
		Key{LevelMixed, "doc", KindText, "", false, nil, "Continues the sentence that begins with the field's name."},

		Key{LevelIQ, "get", KindMapOrMaps, LevelQuery, false, nil, "The request of type get, or several that `when` tells apart."},
		Key{LevelIQ, "set", KindMapOrMaps, LevelQuery, false, nil, "The request of type set, or several that `when` tells apart."},

		Key{LevelQuery, "type", KindText, "", true, nil, "The Go type of the request. If it is the element's own type, the element itself is the request."},
		Key{LevelQuery, "when", KindMap, LevelWhen, false, nil, "What tells the request from others of the same IQ type."},
		Key{LevelQuery, "fields", KindTexts, "", false, nil, "The wire names of the attributes and children that the request has, `text` and `any` for those; all of the element's if not given, none for `[]`."},
		Key{LevelQuery, "result", KindText, "", true, nil, "The answer: an element of this file, `pkg.Type`, or `empty`."},
		Key{LevelQuery, "doc", KindText, "", false, nil, "Continues the sentence that begins with the request's type."},
		Key{LevelQuery, "ref", KindText, "", false, nil, "The anchor in the spec."},
		Key{LevelQuery, "features", KindTexts, "", false, nil, "The disco features of the request; the element's if not given."},

		Key{LevelWhen, "attr", KindText, "", false, nil, "The name of an attribute that has a certain value. The struct has no field for it."},
		Key{LevelWhen, "value", KindText, "", false, nil, "The value of that attribute."},
		Key{LevelWhen, "child", KindText, "", false, nil, "The name of a child that is there. It is then required; a flag has no field any more."},

		Key{LevelForm, "type", KindText, "", true, nil, "The Go type name."},
		Key{LevelForm, "form_type", KindText, "", true, nil, "The value of the hidden field `FORM_TYPE`, which says what form it is (XEP-0068)."},
		Key{LevelForm, "command", KindText, "", false, nil, "The node of the ad-hoc command (XEP-0050) that the form belongs to. Forms that name theirs may share a `form_type`."},
		Key{LevelForm, "title", KindText, "", false, nil, "The title that people see."},
		Key{LevelForm, "instructions", KindTexts, "", false, nil, "The instructions that people see, a paragraph each."},
		Key{LevelForm, "doc", KindText, "", false, nil, "Continues the sentence that begins with the type's name."},
		Key{LevelForm, "ref", KindText, "", false, nil, "The anchor in the spec."},
		Key{LevelForm, "like", KindText, "", false, nil, "A form, of this file or `pkg.Form` of an import, whose fields this one has, too, before those of `fields`."},
		Key{LevelForm, "fields", KindMaps, LevelField, false, nil, "The fields in the order in which people see them; needed without `like`. One that the form of `like` has takes the place of that."},

		Key{LevelField, "var", KindText, "", false, nil, "The field's name on the wire. Only fields of type `fixed` need none."},
		Key{LevelField, "type", KindText, "", false, FieldTypes(), "The field's type in XEP-0004: `boolean`, `fixed`, `hidden`, `jid-multi`, `jid-single`, `list-multi`, `list-single`, `text-multi`, `text-private` or `text-single`, which is the default."},
		Key{LevelField, "value", KindText, "", false, nil, "The type of a value: a scalar or an enum. If not given, `bool` for type `boolean`, `jid` for `jid-single` and `jid-multi`, else `string`."},
		Key{LevelField, "go", KindText, "", false, nil, "The name of the Go field; if not given, it is made of `var`, or of what stands behind its last `#`."},
		Key{LevelField, "many", KindTruth, "", false, nil, "A hidden field may have several values; for other types, the type says it."},
		Key{LevelField, "required", KindTruth, "", false, nil, "The form is not complete without a value."},
		Key{LevelField, "default", KindText, "", false, nil, "The value that a new form is filled in with; the text of a field of type `fixed`."},
		Key{LevelField, "min", KindText, "", false, nil, "The least value of an integer."},
		Key{LevelField, "max", KindText, "", false, nil, "The greatest value of an integer."},
		Key{LevelField, "label", KindText, "", false, nil, "The field's name as people see it."},
		Key{LevelField, "desc", KindText, "", false, nil, "What is explained to people, in a tooltip for example."},
		Key{LevelField, "options", KindTextsOrMaps, LevelOption, false, nil, "The choices of a list; the values of the enum if not given. A plain text stands for `{value: text}`."},
		Key{LevelField, "doc", KindText, "", false, nil, "Continues the sentence that begins with the Go field's name."},
		Key{LevelField, "ref", KindText, "", false, nil, "The anchor in the spec, if it has one of its own."},

		Key{LevelOption, "value", KindText, "", true, nil, "The value on the wire."},
		Key{LevelOption, "label", KindText, "", false, nil, "The choice as people see it."},
	)
}

// FieldTypes returns the types that a field of a data form can have.
func FieldTypes() []string {
	return []string{
		"boolean", "fixed", "hidden", "jid-multi", "jid-single", "list-multi", "list-single", "text-multi", "text-private", "text-single",
	}
}

// shapeKeys are the keys that elements and types share.
func shapeKeys(l Level) []Key {
	return []Key{
		{l, "doc", KindText, "", false, nil, "Continues the sentence that begins with the type's name."},
		{l, "ref", KindText, "", false, nil, "The anchor in the spec."},
		{l, "when", KindMap, LevelWhen, false, nil, "What tells the element from others that have its name."},
		{l, "attrs", KindMaps, LevelAttr, false, nil, "The attributes."},
		{l, "text", KindTextOrMap, LevelText, false, nil, "The character data; a plain text is its type."},
		{l, "children", KindMaps, LevelChild, false, nil, "The child elements."},
		{l, "any", KindTrueOrMap, LevelAny, false, nil, "Open content: children that `children` does not name are expected here, and kept raw."},
		{l, "mixed", KindMap, LevelMixed, false, nil, "Instead of `text`, `children` and `any`: text with elements in it, whose order is kept."},
		{l, "like", KindText, "", false, nil, "Instead of `attrs`, `text`, `children`, `any` and `mixed`: a type whose shape this one has, in this one's namespace."},
		{l, "nested", KindTextMap, "", false, nil, "Go names for the nested types that `like` copies, by the names of the originals."},
	}
}

// valueKeys are the keys that attributes, texts and children share.
func valueKeys(l Level) []Key {
	return []Key{
		{l, "go", KindText, "", false, nil, "The field's name, if it does not follow from the wire name."},
		{l, "required", KindTruth, "", false, nil, "Decoding fails without it."},
		{l, "default", KindText, "", false, nil, "What absence means."},
		{l, "fixed", KindText, "", false, nil, "The only value that is valid."},
		{l, "min", KindText, "", false, nil, "The least value of an integer."},
		{l, "max", KindText, "", false, nil, "The greatest value of an integer."},
		{l, "doc", KindText, "", false, nil, "Continues the sentence that begins with the field's name."},
		{l, "ref", KindText, "", false, nil, "The anchor in the spec, if it has one of its own."},
	}
}
