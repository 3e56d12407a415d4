package syntax

import "stanza.invalid/cmd/stanzagen/internal/source"

// Form is a data form (XEP-0004) whose FORM_TYPE is known.
type Form struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Type is the Go type name.
	Type String
	// FormType is the value of the field FORM_TYPE.
	FormType String
	// Command is the node of the ad-hoc command that the form belongs to.
	Command String
	// Title and Instructions are shown to those who fill it in.
	Title        String
	Instructions Strings
	// Doc continues the sentence that begins with Type; Ref is the anchor in the spec.
	Doc, Ref String
	// Like names a form whose fields this one has, too, before its own.
	Like String
	// Fields are in the order of the file.
	Fields []*FormField
}

// FormField is a field of a Form.
type FormField struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Var is the field's name; fields of type fixed need none.
	Var String
	// Type is one of the types of XEP-0004; text-single if not given.
	Type String
	// Value is a scalar or an enum; if not given it follows from Type.
	Value String
	// Go overrides the name of the Go field.
	Go String
	// Many says that a hidden field may have several values.
	Many Bool
	// Required says that it has to have a value.
	Required Bool
	// Default is the value that a new form is filled in with.
	Default String
	// Min and Max bound a number, both inclusive.
	Min, Max String
	// Label and Desc are shown to those who fill the form in.
	Label, Desc String
	// Options are the choices of a list.
	Options []*FormOption
	// Doc continues the sentence that begins with the Go name; Ref is the anchor in the spec.
	Doc, Ref String
}

// FormOption is one choice of a list.
type FormOption struct {
	// Pos is where its entry begins.
	Pos source.Pos
	// Value is its value, Label what people see.
	Value, Label String
}
