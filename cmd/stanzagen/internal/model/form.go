package model

import (
	"slices"

	"stanza.invalid/cmd/stanzagen/internal/source"
)

// Form is a data form (XEP-0004) as a struct. Beside its Fields the struct has the implied field Source.
type Form struct {
	// Pos is where the schema declares it.
	Pos source.Pos
	// Package is the package that declares it.
	Package *Package
	// GoName is the name of the type.
	GoName string
	// FormType is the value of the field FORM_TYPE.
	FormType string
	// Command is the node of the ad-hoc command that it belongs to, or empty.
	Command string
	// Title and Instructions are shown to people.
	Title        string
	Instructions []string
	// Doc is the text of the comment; it starts with GoName. Link is the URL of the section, or empty.
	Doc, Link string
	// Like is the form whose fields were copied, or nil.
	Like *Form
	// Fields are in the order of the schema, copied ones first. Those of type fixed are only shown: they have no GoName.
	Fields []*FormField
}

// FormField is a field of a Form.
type FormField struct {
	// Pos is where the schema declares it.
	Pos source.Pos
	// Var is the name on the wire.
	Var string
	// Kind is the type in XEP-0004.
	Kind string
	// GoName is the name of the Go field; empty for type fixed.
	GoName string
	// Doc is the text of the comment; it starts with GoName. Link is the URL of its own section, mostly empty.
	Doc, Link string
	// Type is the type of one value: a scalar or an enum.
	Type Type
	// Shape says how Go holds it: Value if it is required, Slice if it may have several values, else Pointer, so that an
	// empty value can be told from none.
	Shape Shape
	// Required says that the form is not complete without it.
	Required bool
	// Default is the value of a new form, or nil; DefaultMethod is the name of the method that heeds it.
	Default       *Literal
	DefaultMethod string
	// Min and Max bound an integer, both inclusive; nil means: no bound but that of the type.
	Min, Max *Literal
	// Label and Desc are shown to people.
	Label, Desc string
	// Options are the choices of a list.
	Options []FormOption
}

// FormOption is one choice of a list.
type FormOption struct {
	// Value is the value on the wire, Label what people see.
	Value, Label string
}

// FormOf returns the form that a data form with that FORM_TYPE and these fields is, or nil. Where several have the FORM_TYPE it
// is one of the command, and the first that has all of the fields.
func FormOf(forms []*Form, formType, command string, vars []string) *Form {
	var found *Form
	best := -1
	for _, f := range forms {
		if f.FormType != formType {
			continue
		}
		points := 0
		if f.Command == command {
			points = 2
		}
		if !slices.ContainsFunc(vars, func(v string) bool { return v != formTypeVar && !f.has(v) }) {
			points++
		}
		if points > best {
			found, best = f, points
		}
	}
	return found
}

// formTypeVar is the field that says what form it is.
const formTypeVar = "FORM_TYPE"

func (f *Form) has(name string) bool {
	return slices.ContainsFunc(f.Fields, func(x *FormField) bool { return x.Var == name })
}

// ReservedFormFields returns the names that no field of a form may have, with what has them already.
func ReservedFormFields() map[string]string {
	return map[string]string{
		"Source":     "the field that keeps the form that was decoded",
		"FormType":   "a method of every form",
		"Command":    "a method of the forms of commands",
		"DecodeForm": "a method of every form",
		"FormFields": "a method of every form",
		"FormSource": "a method of every form",
		"Form":       "a method of every form",
		"Submit":     "a method of every form",
		"Result":     "a method of every form",
	}
}
