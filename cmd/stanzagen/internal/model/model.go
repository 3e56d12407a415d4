// Package model is the compiler's intermediate form: the packages that are to be written, linked,
// named and ordered. References are pointers, every Go name was decided once, every node knows where
// it comes from. Whoever emits code from it invents no name and looks nothing up.
//
// A model that came out of package check without errors keeps these promises: Go names are valid and do not clash,
// types are found, literals parse, wire names are valid XML names, and no struct contains itself by value.
package model

import "stanza.invalid/cmd/stanzagen/internal/source"

// Module is the import path of the module that the generated code leans on. It is the one place in the
// compiler that says it.
const Module = "stanza.invalid"

// Import paths of the packages that generated code uses, and of the generated packages of the project itself.
const (
	WirePath   = Module + "/stream/wire"
	JIDPath    = Module + "/xmpp/jid"
	StanzaPath = Module + "/xmpp/stanza"
	GenPath    = Module + "/gen"
	FormPath   = GenPath + "/form"
)

// XMLNamespace is the namespace of xml:lang.
const XMLNamespace = "http://www.w3.org/XML/1998/namespace"

// ClientNamespace is the namespace of stanzas, wherever generated code names it.
const ClientNamespace = "jabber:client"

// Name is an expanded XML name.
type Name struct {
	// Space is the namespace; empty for attributes without one.
	Space string
	// Local is the local name.
	Local string
}

// String writes n the way an error text shows an element: <local xmlns='space'/>.
func (n Name) String() string {
	if n.Space == "" {
		return "<" + n.Local + "/>"
	}
	return "<" + n.Local + " xmlns='" + n.Space + "'/>"
}

// Package is one Go package, made from one schema.
type Package struct {
	// Pos is the beginning of the schema.
	Pos source.Pos
	// Source is the base name of the schema file: what the header of the generated files names.
	Source string
	// Name is the Go package name, ImportPath its full path.
	Name, ImportPath string
	// Dir is the package's directory below the root of the output, with slashes; "." for the root itself.
	Dir string
	// Imported says that the package is only here because others refer to it: nothing is emitted for it.
	Imported bool

	// Spec is "XEP-0184", "RFC 6120" or free text; Title and Version belong to it and may be empty.
	Spec, Title, Version string
	// Doc is the text of the package comment ("Package receipts ..."); blank lines part its paragraphs.
	Doc string
	// Link is the URL of the spec, or empty.
	Link string

	// Namespaces are the namespaces of the schema, in its order, each with its constant.
	Namespaces []*Namespace
	// Features are the disco features of the package as a whole.
	Features []string
	// Imports are the packages whose types this one uses, in the order of the schema.
	Imports []*Package
	// Enums are in the order of the schema.
	Enums []*Enum
	// Structs are all struct types in the order in which they are to be written: the elements, each followed by
	// its request types, then the nested types, each followed by the copies that `like` made for it.
	Structs []*Element
	// Queries are the IQ pairs in the order of the schema.
	Queries []*Query
	// Forms are the data forms in the order of the schema.
	Forms []*Form
	// Examples are in the order of the schema.
	Examples []*Example
}

// Namespace is a namespace of a package and its constant.
type Namespace struct {
	// Pos is where the schema names it.
	Pos source.Pos
	// Package is the package that declares the constant.
	Package *Package
	// Key is the schema's key for it, empty for the default one.
	Key string
	// GoName is the name of the constant: NS, NSUser...
	GoName string
	// URI is the namespace itself.
	URI string
	// Doc is the text of the comment; it starts with GoName.
	Doc string
}

// Enum is an open set of values: a Go type with constants.
type Enum struct {
	// Pos is where the schema declares it.
	Pos source.Pos
	// Package is the package that declares it.
	Package *Package
	// GoName is the name of the type.
	GoName string
	// Doc is the text of the comment; it starts with GoName. Link is the URL of the section, or empty.
	Doc, Link string
	// Base is String or an integer type.
	Base Scalar
	// Numbers is the integer type of the numbers that are values beside the words, or zero; Base is then String. NumbersFunc is the name
	// of the function that makes a value of a number.
	Numbers     Scalar
	NumbersFunc string
	// Values are in the order of the schema.
	Values []*EnumValue
	// NamesElements says that values stand as local names of elements somewhere: all of them are valid XML names.
	NamesElements bool
}

// EnumValue is one constant of an Enum.
type EnumValue struct {
	// Pos is where the schema declares it.
	Pos source.Pos
	// Enum is the enum it belongs to.
	Enum *Enum
	// GoName is the whole name of the constant: AffiliationOwner.
	GoName string
	// Value is the value; Value.Text is how it stands on the wire.
	Value Literal
	// Label is the value as people should see it, or empty.
	Label string
	// Doc is the text of the comment; it starts with GoName. Link is the URL of the section, or empty.
	Doc, Link string
}

// Literal is a value that the schema gives: of an enum, a default, a fixed value, a bound. Which of the
// fields beside Text counts follows from the type it belongs to.
type Literal struct {
	// Pos is where the schema gives it.
	Pos source.Pos
	// Text is the value as it is written on the wire.
	Text string
	// Int is the value for signed integers.
	Int int64
	// Uint is the value for unsigned integers.
	Uint uint64
	// Float is the value for Decimal and Double.
	Float float64
	// Bool is the value for Bool.
	Bool bool
	// EnumValue is the constant of that value, where the type is an enum.
	EnumValue *EnumValue
}

// Role says what a struct stands for.
type Role uint8

const (
	// Payload is an element of the top level: it knows its name.
	Payload Role = iota
	// Request is a struct of its own for the request of an IQ pair. It shares the name of the payload.
	Request
	// Nested is a type that stands only inside others.
	Nested
)

// Places says where an element may stand.
type Places uint8

const (
	// InMessage, InPresence and InIQ mean: as a payload of such a stanza.
	InMessage Places = 1 << iota
	InPresence
	InIQ
	// InStream means: at stream level, a nonza.
	InStream
	// InAny means: anywhere inside other elements.
	InAny
)

// Sender says who may legitimately send a payload.
type Sender string

// The rules that a schema may set; the runtime enforces them.
const (
	SenderAny             Sender = "any"
	SenderOwnAccount      Sender = "own-account"
	SenderAccountOrServer Sender = "account-or-server"
	SenderServer          Sender = "server"
	SenderQueried         Sender = "queried"
	SenderRoom            Sender = "room"
)

// Element is a struct type: an element of the top level, a request, or a nested type. Beside its Fields
// every struct has the implied fields XMLName and Extra.
type Element struct {
	// Pos is where the schema declares it.
	Pos source.Pos
	// Package is the package that declares it.
	Package *Package
	// Role says what it stands for.
	Role Role
	// GoName is the name of the type.
	GoName string
	// Doc is the text of the comment; it starts with GoName. Link is the URL of the section, or empty.
	Doc, Link string

	// Namespace is the element's own namespace; children in it need no xmlns.
	Namespace *Namespace
	// Local is the local name, empty if Names is set, and for nested types (see Uses).
	Local string
	// Names is the enum of its local names, where the name is the value; else nil. The first field then has kind
	// FieldName. A nested type has it, too.
	Names *Enum
	// Uses are all names under which the struct stands on the wire, in the order of first use. Payloads and requests
	// have exactly one unless Names is set (then none); nested types have one for each name and namespace that
	// some child entry gives them. With a single use the name is a constant.
	Uses []Name
	// When tells it from others of the same name, or is nil.
	When *When
	// In says where it may stand; zero for nested types.
	In Places
	// Sender says who may send it.
	Sender Sender
	// Features are advertised when a handler for the element is registered: its own, or else those of the package.
	Features []string

	// Fields are in the order in which they are to be written: own name, attributes, text, children, any.
	// Field i has Index i.
	Fields []*Field
	// Recursive says that the struct can contain itself, through whatever others.
	Recursive bool

	// Query is the IQ pair that this struct is the request of, or nil. It is set for every struct of role Request, and for
	// a payload that is its own request.
	Query *Query
	// Queries are the IQ pairs that have this element as payload, for role Payload.
	Queries []*Query
	// Like is the struct whose shape was copied, or nil.
	Like *Element
}

// Query is an IQ request and its answer.
type Query struct {
	// Pos is where the schema declares it.
	Pos source.Pos
	// IQType is "get" or "set".
	IQType string
	// Payload is the element that declares the pair: the request has its name on the wire.
	Payload *Element
	// Request is the struct of the request; it may be Payload itself.
	Request *Element
	// Result is the struct of the answer, perhaps of another package; nil for an empty answer.
	Result *Element
}

// FieldKind says where a field stands on the wire.
type FieldKind uint8

const (
	// FieldName is the element's own local name: Type.Enum is its enum.
	FieldName FieldKind = iota
	// FieldAttr is an attribute. Type is a scalar or an enum.
	FieldAttr
	// FieldText is the element's character data. Type is a scalar or an enum.
	FieldText
	// FieldChild is a child element of a known name, unless Type.Element.Names is set: then its local name is
	// any that no sibling claims, in its namespace. Type is a scalar (the child's text), an enum (likewise), or a struct.
	FieldChild
	// FieldNames is an empty child element whose local name is the value: Type.Enum is its enum. It takes every child of
	// its namespace whose name no sibling claims.
	FieldNames
	// FieldStanza is a whole stanza inside: Type.Stanza says which.
	FieldStanza
	// FieldChoice is one of several children: Choice says which. In Go it is an interface.
	FieldChoice
	// FieldAny is all other children, kept raw. Its Type is zero, and its shape a slice of stanza.Raw.
	FieldAny
)

// Shape says how a field's Go type is built from its Type.
type Shape uint8

const (
	// Value is the type itself.
	Value Shape = iota
	// Pointer is a pointer to it; nil means absent.
	Pointer
	// Slice is a slice of it; empty means absent.
	Slice
)

// Field is a field of a struct.
type Field struct {
	// Pos is where the schema declares it; for copied fields, where the original was declared.
	Pos source.Pos
	// Parent is the struct it belongs to.
	Parent *Element
	// Kind says where it stands on the wire.
	Kind FieldKind
	// Index is its place in Parent.Fields.
	Index int
	// GoName is the name of the field.
	GoName string
	// Doc is the text of the comment; it starts with GoName. Link is the URL of its own section, mostly empty.
	Doc, Link string

	// Name is the name on the wire, for attributes and children; without Local for FieldNames, and for children
	// whose struct has Names. Plain attributes have no Space.
	Name Name
	// Namespace is the constant for Name.Space, of this or an imported package; nil for plain attributes, xml:lang, stanzas,
	// text and any.
	Namespace *Namespace
	// SameNS says that a child is in the namespace of Parent, under whatever name that stands, so that it needs no
	// xmlns of its own.
	SameNS bool

	// Type is the type of one value.
	Type Type
	// Choice is set for FieldChoice, where Type is zero.
	Choice *Choice
	// Shape says how Go holds it.
	Shape Shape
	// Many says that it may stand several times; Shape is then Slice.
	Many bool
	// Empty says that an empty text means something else than none; Shape is then Pointer.
	Empty bool
	// Required says that decoding fails without it; together with Many: without one of them.
	Required bool
	// Default is what absence means, or nil. Decoding does not fill it in: the method named by DefaultMethod does.
	Default *Literal
	// DefaultMethod is the name of the struct's method that returns the value, or Default where it is absent;
	// empty without Default.
	DefaultMethod string
	// Fixed is the only valid value, or nil. A required fixed field is written even if the Go value is zero.
	Fixed *Literal
	// Min and Max bound an integer, both inclusive; nil means: no bound but that of the type.
	Min, Max *Literal
}

// Type is the type of a field's value: exactly one of its fields is set.
type Type struct {
	// Scalar is set for simple values.
	Scalar Scalar
	// Enum is set for enums, of this or an imported package.
	Enum *Enum
	// Element is set for structs, of this or an imported package.
	Element *Element
	// Stanza is "message", "presence" or "iq" for a whole stanza.
	Stanza string
}

// Example is a piece of XML from the schema.
type Example struct {
	// Pos is where it begins.
	Pos source.Pos
	// XML is its text, without white space around it.
	XML string
	// Root is the name of its outermost element.
	Root Name
	// Stanza is "message", "presence" or "iq" if it is a whole stanza, else empty.
	Stanza string
	// IQType is the value of the attribute `type` if Stanza is "iq".
	IQType string
	// Structs are the structs of this package that its root, or the stanza's payloads, decode into, in their order.
	// For an IQ request that is the request's struct.
	Structs []*Element
	// Forms are the data forms of this package in it, in their order.
	Forms []*Form
}

// Attrs returns the attributes among the fields.
func (e *Element) Attrs() []*Field {
	return e.fields(func(k FieldKind) bool { return k == FieldAttr })
}

// Children returns the fields that stand for child elements, FieldAny left out; in place of a choice, its alternatives.
func (e *Element) Children() []*Field {
	var children []*Field
	for _, f := range e.Parts() {
		if f.Kind == FieldChild || f.Kind == FieldNames || f.Kind == FieldStanza {
			children = append(children, f)
		}
	}
	return children
}

// Parts returns the fields with the alternatives of a choice in its place.
func (e *Element) Parts() []*Field {
	var parts []*Field
	for _, f := range e.Fields {
		if f.Choice != nil {
			parts = append(parts, f.Choice.Alternatives...)
			continue
		}
		parts = append(parts, f)
	}
	return parts
}

// Choices returns the fields that are choices.
func (e *Element) Choices() []*Field {
	return e.fields(func(k FieldKind) bool { return k == FieldChoice })
}

// Mixed returns the field of the mixed content, or nil.
func (e *Element) Mixed() *Field {
	for _, f := range e.Fields {
		if f.Choice != nil && f.Choice.Text != "" {
			return f
		}
	}
	return nil
}

// NameField returns the field of the element's own name, or nil.
func (e *Element) NameField() *Field { return e.field(FieldName) }

// Text returns the field of the character data, or nil.
func (e *Element) Text() *Field { return e.field(FieldText) }

// Any returns the field of the open content, or nil.
func (e *Element) Any() *Field { return e.field(FieldAny) }

// NamesEnum returns the enum whose values are the local names that a child can have; nil for one that has a name.
func (f *Field) NamesEnum() *Enum {
	switch {
	case f.Kind == FieldNames:
		return f.Type.Enum
	case f.Kind == FieldChild && f.Type.Element != nil:
		return f.Type.Element.Names
	}
	return nil
}

// Named returns the children of a namespace whose names are values. Of several, each takes the names that its enum knows, and the
// first one all others.
func (e *Element) Named(space string) []*Field {
	return e.fieldsIf(func(f *Field) bool { return f.NamesEnum() != nil && f.Name.Space == space })
}

// NamedChild returns which of the children whose names are values takes a name, nil if there is none of that namespace.
func (e *Element) NamedChild(name Name) *Field {
	named := e.Named(name.Space)
	for _, f := range named {
		for _, v := range f.NamesEnum().Values {
			if v.Value.Text == name.Local {
				return f
			}
		}
	}
	if len(named) == 0 {
		return nil
	}
	return named[0]
}

func (e *Element) fieldsIf(want func(*Field) bool) []*Field {
	var fields []*Field
	for _, f := range e.Fields {
		if want(f) {
			fields = append(fields, f)
		}
	}
	return fields
}

func (e *Element) fields(want func(FieldKind) bool) []*Field {
	return e.fieldsIf(func(f *Field) bool { return want(f.Kind) })
}

func (e *Element) field(kind FieldKind) *Field {
	for _, f := range e.Fields {
		if f.Kind == kind {
			return f
		}
	}
	return nil
}
