// Package ir is what the compiler knows of schemas, as JSON for other tools: generators for other languages, linters,
// documentation. The names of the fields are a promise: they keep their meaning for as long as Version stays the same. Fields may be
// added without a new version.
package ir

import "stanza.invalid/cmd/stanzagen/internal/model"

// Version is the version of the form. It changes when a field is removed or means something else.
const Version = 1

// Document is the whole.
type Document struct {
	Version  int       `json:"version" doc:"The version of this form."`
	Packages []Package `json:"packages" doc:"The packages, those that are only imported last."`
}

// Package is one package.
type Package struct {
	Name       string      `json:"name" doc:"The Go package name."`
	ImportPath string      `json:"import_path,omitempty" doc:"The Go import path, where it is known."`
	Imported   bool        `json:"imported,omitempty" doc:"The package is only here because others refer to it."`
	Source     string      `json:"source" doc:"The base name of the schema file."`
	Spec       string      `json:"spec,omitempty" doc:"XEP-0184, RFC 6120, or free text."`
	Title      string      `json:"title,omitempty" doc:"The title of the spec."`
	Revision   string      `json:"revision,omitempty" doc:"The version of the spec."`
	Link       string      `json:"link,omitempty" doc:"The address of the spec."`
	Doc        string      `json:"doc,omitempty" doc:"The package comment."`
	Namespaces []Namespace `json:"namespaces,omitempty" doc:"The namespaces, in the order of the schema."`
	Features   []string    `json:"features,omitempty" doc:"The disco features of the package."`
	Imports    []string    `json:"imports,omitempty" doc:"The names of the packages whose types are used."`
	Enums      []Enum      `json:"enums,omitempty" doc:"The enums, in the order of the schema."`
	Structs    []Struct    `json:"structs,omitempty" doc:"The struct types, in the order in which they are generated."`
	Queries    []Query     `json:"queries,omitempty" doc:"The IQ requests."`
	Forms      []Form      `json:"forms,omitempty" doc:"The data forms."`
	Examples   []Example   `json:"examples,omitempty" doc:"The examples."`
}

// Namespace is a namespace and its constant.
type Namespace struct {
	Key    string `json:"key" doc:"The schema's key for it, empty for the default one."`
	GoName string `json:"go_name" doc:"The name of the constant."`
	URI    string `json:"uri" doc:"The namespace itself."`
	Doc    string `json:"doc,omitempty" doc:"The comment of the constant."`
}

// Enum is an open set of values.
type Enum struct {
	GoName  string      `json:"go_name" doc:"The name of the type."`
	Base    string      `json:"base" doc:"The scalar behind it: string or an integer."`
	Doc     string      `json:"doc,omitempty" doc:"The comment of the type."`
	Link    string      `json:"link,omitempty" doc:"The address of the section."`
	Numbers string      `json:"numbers,omitempty" doc:"The integer type of the numbers that are values beside the words."`
	Values  []EnumValue `json:"values" doc:"The known values, in the order of the schema."`
}

// EnumValue is a known value of an enum.
type EnumValue struct {
	Value  string `json:"value" doc:"The value on the wire."`
	GoName string `json:"go_name" doc:"The name of the constant."`
	Doc    string `json:"doc,omitempty" doc:"The comment of the constant."`
	Link   string `json:"link,omitempty" doc:"The address of the section."`
}

// Name is an expanded name.
type Name struct {
	Space string `json:"space,omitempty" doc:"The namespace; none for plain attributes."`
	Local string `json:"local,omitempty" doc:"The local name; none where it is the value."`
}

// Struct is a struct type.
type Struct struct {
	GoName    string   `json:"go_name" doc:"The name of the type."`
	Role      string   `json:"role" doc:"element, request (of an IQ, with the name of the element), or nested."`
	Doc       string   `json:"doc,omitempty" doc:"The comment of the type."`
	Link      string   `json:"link,omitempty" doc:"The address of the section."`
	Names     []Name   `json:"names,omitempty" doc:"The names under which it stands on the wire."`
	NamesEnum *Ref     `json:"names_enum,omitempty" doc:"The enum whose values are the names, where the name is the value."`
	In        []string `json:"in,omitempty" doc:"Where it may stand: message, presence, iq, stream, any."`
	Sender    string   `json:"sender,omitempty" doc:"Who may send it; none for everybody."`
	Features  []string `json:"features,omitempty" doc:"The disco features that are advertised when it is handled."`
	Recursive bool     `json:"recursive,omitempty" doc:"It can contain itself."`
	When      *When    `json:"when,omitempty" doc:"What tells it from others of its name."`
	Like      *Ref     `json:"like,omitempty" doc:"The struct whose shape was copied."`
	Fields    []Field  `json:"fields,omitempty" doc:"The fields, in the order in which they are written."`
}

// Field is a field of a struct.
type Field struct {
	GoName   string  `json:"go_name" doc:"The name of the field."`
	GoType   string  `json:"go_type" doc:"The Go type, with package names."`
	Kind     string  `json:"kind" doc:"name (the element's own), attribute, text, child, child_name (an empty child whose name is the value), stanza, choice (one of several children), mixed (text and children in their order), any (other children), or other, for what has no name yet."`
	Name     *Name   `json:"name,omitempty" doc:"The name on the wire."`
	Type     Type    `json:"type" doc:"The type of one value."`
	OneOf    []Field `json:"one_of,omitempty" doc:"The children of which one may stand there, for a choice; the Go type is an interface of their types."`
	Required bool    `json:"required,omitempty" doc:"Decoding fails without it."`
	Many     bool    `json:"many,omitempty" doc:"It may be repeated."`
	Default  *string `json:"default,omitempty" doc:"What absence means."`
	Fixed    *string `json:"fixed,omitempty" doc:"The only valid value."`
	Min      *string `json:"min,omitempty" doc:"The least valid integer."`
	Max      *string `json:"max,omitempty" doc:"The greatest valid integer."`
	Doc      string  `json:"doc,omitempty" doc:"The comment of the field."`
	Link     string  `json:"link,omitempty" doc:"The address of its own section."`
}

// Type is the type of a value; one of its fields is set, none for other children.
type Type struct {
	Scalar string `json:"scalar,omitempty" doc:"A simple type of the schema language."`
	Enum   *Ref   `json:"enum,omitempty" doc:"An enum."`
	Struct *Ref   `json:"struct,omitempty" doc:"A struct."`
	Stanza string `json:"stanza,omitempty" doc:"A whole stanza: message, presence or iq."`
}

// When tells elements of one name apart.
type When struct {
	Attr  string `json:"attr,omitempty" doc:"The attribute that has the value; it is no field."`
	Value string `json:"value,omitempty" doc:"The value of the attribute."`
	Child *Name  `json:"child,omitempty" doc:"The child that is there."`
}

// Form is a data form.
type Form struct {
	GoName   string      `json:"go_name" doc:"The name of the type."`
	FormType string      `json:"form_type" doc:"The value of the field FORM_TYPE."`
	Command  string      `json:"command,omitempty" doc:"The node of the ad-hoc command that it belongs to."`
	Doc      string      `json:"doc,omitempty" doc:"The comment of the type."`
	Link     string      `json:"link,omitempty" doc:"The address of the section."`
	Like     *Ref        `json:"like,omitempty" doc:"The form whose fields it has, too."`
	Fields   []FormField `json:"fields" doc:"The fields."`
}

// FormField is a field of a data form.
type FormField struct {
	Var      string `json:"var,omitempty" doc:"The name on the wire."`
	Kind     string `json:"kind" doc:"The type in XEP-0004."`
	GoName   string `json:"go_name,omitempty" doc:"The name of the field in Go; none for what is only shown."`
	Type     Type   `json:"type" doc:"The type of one value."`
	Required bool   `json:"required,omitempty" doc:"The form is not complete without it."`
	Label    string `json:"label,omitempty" doc:"What people see."`
	Doc      string `json:"doc,omitempty" doc:"The comment of the field."`
}

// Ref names a type, perhaps of another package.
type Ref struct {
	Package string `json:"package" doc:"The name of the package."`
	GoName  string `json:"go_name" doc:"The name of the type."`
}

// Query is an IQ request and its answer.
type Query struct {
	IQType  string `json:"iq_type" doc:"get or set."`
	Element Ref    `json:"element" doc:"The element that declares the request."`
	Request Ref    `json:"request" doc:"The struct of the request."`
	Result  *Ref   `json:"result,omitempty" doc:"The struct of the answer; none if it is empty."`
}

// Example is a piece of XML of a schema.
type Example struct {
	XML     string   `json:"xml" doc:"The text."`
	Stanza  string   `json:"stanza,omitempty" doc:"message, presence or iq if it is a whole stanza."`
	IQType  string   `json:"iq_type,omitempty" doc:"The type of the IQ."`
	Structs []string `json:"structs,omitempty" doc:"The structs of the package that its outermost elements decode into."`
}

// Make makes a document of packages.
func Make(packages []*model.Package) *Document {
	d := &Document{Version: Version, Packages: []Package{}}
	for _, imported := range []bool{false, true} {
		for _, p := range packages {
			if p.Imported == imported {
				d.Packages = append(d.Packages, makePackage(p))
			}
		}
	}
	return d
}

func makePackage(p *model.Package) Package {
	out := Package{
		Name: p.Name, ImportPath: p.ImportPath, Imported: p.Imported, Source: p.Source, Spec: p.Spec, Title: p.Title, Revision: p.Version,
		Link: p.Link, Doc: p.Doc, Features: p.Features,
	}
	for _, ns := range p.Namespaces {
		out.Namespaces = append(out.Namespaces, Namespace{ns.Key, ns.GoName, ns.URI, ns.Doc})
	}
	for _, i := range p.Imports {
		out.Imports = append(out.Imports, i.Name)
	}
	for _, e := range p.Enums {
		out.Enums = append(out.Enums, makeEnum(e))
	}
	for _, e := range p.Structs {
		out.Structs = append(out.Structs, makeStruct(e))
	}
	for _, q := range p.Queries {
		query := Query{IQType: q.IQType, Element: *ref(q.Payload), Result: ref(q.Result)}
		if q.Request != nil {
			query.Request = *ref(q.Request)
		}
		out.Queries = append(out.Queries, query)
	}
	for _, f := range p.Forms {
		form := Form{GoName: f.GoName, FormType: f.FormType, Command: f.Command, Doc: f.Doc, Link: f.Link, Fields: []FormField{}}
		if f.Like != nil {
			form.Like = &Ref{f.Like.Package.Name, f.Like.GoName}
		}
		for _, x := range f.Fields {
			field := FormField{Var: x.Var, Kind: x.Kind, GoName: x.GoName, Required: x.Required, Label: x.Label, Doc: x.Doc, Type: Type{Enum: enumRef(x.Type.Enum)}}
			if x.Type.Scalar != 0 {
				field.Type.Scalar = x.Type.Scalar.String()
			}
			form.Fields = append(form.Fields, field)
		}
		out.Forms = append(out.Forms, form)
	}
	for _, e := range p.Examples {
		example := Example{XML: e.XML, Stanza: e.Stanza, IQType: e.IQType}
		for _, s := range e.Structs {
			example.Structs = append(example.Structs, s.GoName)
		}
		out.Examples = append(out.Examples, example)
	}
	return out
}

func makeEnum(e *model.Enum) Enum {
	out := Enum{GoName: e.GoName, Base: e.Base.String(), Doc: e.Doc, Link: e.Link, Values: []EnumValue{}}
	if e.Numbers != 0 {
		out.Numbers = e.Numbers.String()
	}
	for _, v := range e.Values {
		out.Values = append(out.Values, EnumValue{v.Value.Text, v.GoName, v.Doc, v.Link})
	}
	return out
}

func makeStruct(e *model.Element) Struct {
	out := Struct{
		GoName: e.GoName, Role: map[model.Role]string{model.Payload: "element", model.Request: "request", model.Nested: "nested"}[e.Role],
		Doc: e.Doc, Link: e.Link, NamesEnum: enumRef(e.Names), Features: e.Features, Recursive: e.Recursive, Like: ref(e.Like),
	}
	if w := e.When; w != nil {
		out.When = &When{Attr: w.Attr, Value: w.Value}
		if w.Child != nil {
			out.When.Child = &Name{w.Child.Name.Space, w.Child.Name.Local}
		}
	}
	for _, n := range e.Uses {
		out.Names = append(out.Names, Name{n.Space, n.Local})
	}
	if e.Names != nil && e.Namespace != nil {
		for _, v := range e.Names.Values {
			out.Names = append(out.Names, Name{e.Namespace.URI, v.Value.Text})
		}
	}
	for _, place := range []struct {
		bit  model.Places
		name string
	}{{model.InMessage, "message"}, {model.InPresence, "presence"}, {model.InIQ, "iq"}, {model.InStream, "stream"}, {model.InAny, "any"}} {
		if e.In&place.bit != 0 {
			out.In = append(out.In, place.name)
		}
	}
	if e.Sender != model.SenderAny {
		out.Sender = string(e.Sender)
	}
	for _, f := range e.Fields {
		out.Fields = append(out.Fields, makeField(f))
	}
	return out
}

// kind names a kind of fields.
func kind(k model.FieldKind) string {
	switch k {
	case model.FieldName:
		return "name"
	case model.FieldAttr:
		return "attribute"
	case model.FieldText:
		return "text"
	case model.FieldChild:
		return "child"
	case model.FieldNames:
		return "child_name"
	case model.FieldStanza:
		return "stanza"
	case model.FieldChoice:
		return "choice"
	case model.FieldAny:
		return "any"
	}
	return "other"
}

func makeField(f *model.Field) Field {
	out := Field{
		GoName: f.GoName, GoType: f.GoType(nil), Kind: kind(f.Kind), Required: f.Required, Many: f.Many, Doc: f.Doc, Link: f.Link,
		Default: text(f.Default), Fixed: text(f.Fixed), Min: text(f.Min), Max: text(f.Max),
		Type: Type{Enum: enumRef(f.Type.Enum), Struct: ref(f.Type.Element), Stanza: f.Type.Stanza},
	}
	if f.Type.Scalar != 0 {
		out.Type.Scalar = f.Type.Scalar.String()
	}
	if f.Choice != nil {
		if f.Choice.Text != "" {
			out.Kind = "mixed"
		}
		for _, a := range f.Choice.Alternatives {
			out.OneOf = append(out.OneOf, makeField(a))
		}
	}
	if f.Name != (model.Name{}) {
		out.Name = &Name{f.Name.Space, f.Name.Local}
	}
	return out
}

func text(l *model.Literal) *string {
	if l == nil {
		return nil
	}
	return &l.Text
}

func ref(e *model.Element) *Ref {
	if e == nil {
		return nil
	}
	return &Ref{e.Package.Name, e.GoName}
}

func enumRef(e *model.Enum) *Ref {
	if e == nil {
		return nil
	}
	return &Ref{e.Package.Name, e.GoName}
}
