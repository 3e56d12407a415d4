// Package syntax holds the tree that every reader of schemas (YAML, XSD) produces: what was
// written, where, and nothing that has to be looked up. References are still names, and nothing has
// been checked but the form of the file itself.
package syntax

import "stanza.invalid/cmd/stanzagen/internal/source"

// String is a piece of text of a schema with its place. The zero String means: not given.
type String struct {
	// Pos is where the value stands; it is valid if and only if the value was given.
	Pos source.Pos
	// Value is the text, unquoted.
	Value string
}

// IsSet reports whether the value was given, be it empty.
func (s String) IsSet() bool { return s.Pos.IsValid() }

// Bool is a truth value of a schema with its place. The zero Bool means: not given.
type Bool struct {
	// Pos is where the value stands; it is valid if and only if the value was given.
	Pos source.Pos
	// Value is what was given.
	Value bool
}

// IsSet reports whether the value was given.
func (b Bool) IsSet() bool { return b.Pos.IsValid() }

// Strings is a list of texts. A list that was given but is empty differs from one that was not given.
type Strings struct {
	// Pos is where the list begins; it is valid if and only if the list was given.
	Pos source.Pos
	// List has the members in the order of the file.
	List []String
}

// IsSet reports whether the list was given, be it empty.
func (s Strings) IsSet() bool { return s.Pos.IsValid() }

// Values returns the texts of the list.
func (s Strings) Values() []string {
	var values []string
	for _, v := range s.List {
		values = append(values, v.Value)
	}
	return values
}

// Format says what kind of file a tree was read from.
type Format string

const (
	// YAML is the schema language of this project.
	YAML Format = "yaml"
	// XSD is XML Schema.
	XSD Format = "xsd"
)

// File is one schema: one package to be.
type File struct {
	// Pos is the beginning of the file.
	Pos source.Pos
	// Path is the file's path as it was given to the reader.
	Path string
	// Format is what the file was read from.
	Format Format

	// Spec is "XEP-0184", "RFC 6120", or free text.
	Spec String
	// Title and Version are those of the spec.
	Title, Version String
	// Doc is the package comment, without "Package x".
	Doc String
	// Package is the Go package name. An XSD has none; the caller of the reader fills it in.
	Package String

	// Namespaces are in the order of the file.
	Namespaces []*Namespace
	// Features are the disco features of the package as a whole.
	Features Strings
	// Imports are in the order of the file.
	Imports []*Import
	// Ignores are findings of lint that are meant to be.
	Ignores []*Ignore
	// Enums are in the order of the file.
	Enums []*Enum
	// Elements are the top-level ones: payloads, IQ queries, nonzas.
	Elements []*Element
	// Types are the nested ones.
	Types []*Element
	// Forms are the data forms, in the order of the file.
	Forms []*Form
	// Examples are pieces of XML, each one payload, nonza or stanza.
	Examples []String
}

// Namespace is a namespace of a file.
type Namespace struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Key is what `ns` says to mean it; empty for the default one.
	Key String
	// URI is the namespace name.
	URI String
	// Go overrides the constant's name (NS, NSUser...).
	Go String
	// Doc continues the sentence that begins with the constant's name.
	Doc String
}

// Import names a package whose types are used as `name.Type`.
type Import struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Name is the package's name.
	Name String
	// Schema is the path of the package's schema, relative to the importing file; not given for packages of this
	// project or of the same run.
	Schema String
	// Path is the Go import path; it is given together with Schema.
	Path String
}

// Ignore says that a rule of lint does not hold at some place.
type Ignore struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Rule is the code of the rule.
	Rule String
	// At is the place, as lint names it; the whole file if not given.
	At String
	// Reason says why.
	Reason String
}

// Enum is an open set of named values.
type Enum struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Type is the Go type name.
	Type String
	// Doc continues the sentence that begins with Type; Ref is the anchor in the spec.
	Doc, Ref String
	// Base is a scalar type: string if not given, or an integer type.
	Base String
	// Numbers is an integer type whose values stand beside the words of Values.
	Numbers String
	// Values are in the order of the file.
	Values []*EnumValue
}

// EnumValue is one known value of an Enum.
type EnumValue struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Value is its text on the wire.
	Value String
	// Go is the constant's name after the type's name, if it does not follow from Value.
	Go String
	// Label is the value as people should see it, where a form offers it.
	Label String
	// Doc continues the sentence that begins with the constant's name; Ref is the anchor in the spec.
	Doc, Ref String
}

// Element is an element of the top level or a nested type.
type Element struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Name is the local name on the wire. Nested types need none: it is given where they are used.
	Name String
	// Names is an enum whose values are the local names of this element; it excludes Name.
	Names String
	// Go is the name of the field that Names makes.
	Go String
	// NS is a key of the file's namespaces.
	NS String
	// Type is the Go type name.
	Type String
	// When tells the element from others of its name, or is nil.
	When *When
	// In says where the element may stand: message, presence, iq, stream, any. Not for nested types.
	In Strings
	// Doc continues the sentence that begins with Type; Ref is the anchor in the spec.
	Doc, Ref String
	// Attrs are in the order of the file.
	Attrs []*Attr
	// Text is the element's own character data, or nil.
	Text *Text
	// Children are in the order of the file.
	Children []*Child
	// Any is there for open content, else nil.
	Any *Any
	// Mixed is there for text and elements whose order counts, else nil; it excludes Text, Children and Any.
	Mixed *Mixed
	// Like names a type whose shape this one has.
	Like String
	// Nested gives names to the copies of nested types that Like makes.
	Nested []*Rename
	// IQ lists the requests that have this element as their payload.
	IQ []*Query
	// Sender says who may send the element; any if not given.
	Sender String
	// Features are advertised when a handler for the element is registered.
	Features Strings
}

// When tells elements of the same name apart: by the value of an attribute, or by a child that is there.
type When struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Attr is the name of the attribute, Value its value.
	Attr, Value String
	// Child is the name of the child.
	Child String
}

// Attr is an attribute.
type Attr struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Name is the attribute's local name, or "xml:lang".
	Name String
	// NS is a key of the file's namespaces; not given for plain attributes.
	NS String
	// Type is a scalar or an enum; string if not given.
	Type String
	// Go overrides the field's name.
	Go String
	// Empty says that an empty value means something else than none.
	Empty Bool
	// Required says that decoding fails without it.
	Required Bool
	// Default is what absence means; Fixed is the only value there is.
	Default, Fixed String
	// Min and Max bound a number, both inclusive.
	Min, Max String
	// Doc continues the sentence that begins with the field's name; Ref is the anchor in the spec.
	Doc, Ref String
}

// Text is the character data of an element.
type Text struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Type is a scalar or an enum; string if not given.
	Type String
	// Go overrides the field's name, Value.
	Go String
	// Required says that decoding fails without it.
	Required Bool
	// Default is what absence means; Fixed is the only value there is.
	Default, Fixed String
	// Min and Max bound a number, both inclusive.
	Min, Max String
	// Doc continues the sentence that begins with the field's name; Ref is the anchor in the spec.
	Doc, Ref String
}

// Child is a child element.
type Child struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Name is the local name on the wire; not given where Type or Names imply it.
	Name String
	// Names is an enum whose values are the local names that this child may have; it excludes Name and Type.
	Names String
	// NS is a key of the file's namespaces.
	NS String
	// Type is a scalar, an enum, a type of this file, `pkg.Type`, or a stanza: message, presence, iq. With OneOf it is
	// the name of the Go interface.
	Type String
	// OneOf are the children of which only one may stand there; it is given or not like Type.
	OneOf *OneOf
	// Go overrides the field's name.
	Go String
	// Many says that the child may be repeated.
	Many Bool
	// Empty says that an empty value means something else than none.
	Empty Bool
	// Required says that decoding fails without it; together with Many: without one of them.
	Required Bool
	// Default is what absence means; Fixed is the only value there is.
	Default, Fixed String
	// Min and Max bound a number, both inclusive.
	Min, Max String
	// Doc continues the sentence that begins with the field's name; Ref is the anchor in the spec.
	Doc, Ref String
}

// OneOf is a choice between children.
type OneOf struct {
	// Pos is where the list begins.
	Pos source.Pos
	// List are the alternatives.
	List []*Alternative
}

// Alternative is one of the children of a OneOf.
type Alternative struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Name is the local name on the wire; not given where Type implies it.
	Name String
	// NS is a key of the file's namespaces.
	NS String
	// Type is what a child's is.
	Type String
	// Go is the name of the Go type that is made of a scalar, an enum, or an imported type.
	Go String
	// Doc continues the sentence that begins with the name of that Go type.
	Doc String
}

// Mixed is text with elements in it.
type Mixed struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Type is the name of the Go interface that text and elements have.
	Type String
	// Go overrides the field's name, Content.
	Go String
	// OneOf are the elements that are known, or nil.
	OneOf *OneOf
	// Doc continues the sentence that begins with the field's name.
	Doc String
}

// Any is open content: children that are named nowhere, yet expected.
type Any struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Go overrides the field's name, Any.
	Go String
	// Doc continues the sentence that begins with the field's name.
	Doc String
}

// Rename gives the copy of a nested type a name.
type Rename struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// From is the source's nested type, To the name of its copy.
	From, To String
}

// Query is an IQ request and its answer.
type Query struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// IQType is "get" or "set".
	IQType string
	// Type is the Go type of the request.
	Type String
	// When tells the request from others of its IQ type, or is nil.
	When *When
	// Fields are the wire names of the attributes and children that the request has; all if not given.
	Fields Strings
	// Result is a type of this file, `pkg.Type`, or "empty".
	Result String
	// Doc continues the sentence that begins with Type; Ref is the anchor in the spec.
	Doc, Ref String
	// Features are advertised when a handler for the request is registered.
	Features Strings
}
