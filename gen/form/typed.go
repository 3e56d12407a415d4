package form

import (
	"errors"
	"fmt"

	"stanza.invalid/stream/wire"
)

// TypeVar is the name of the field whose value says which protocol gave the fields their names (XEP-0068).
const TypeVar = "FORM_TYPE"

// Typed is a pointer to a generated struct that stands for the forms of one FORM_TYPE. Beside these methods the struct has
// Form, Submit and Result, which make a form of that type.
type Typed interface {
	// FormType returns the FORM_TYPE. It is called on nil pointers, too.
	FormType() string
	// DecodeForm reads the fields of a form of type form, submit or result into the value, which should be zero. The errors
	// are those of [Decode].
	DecodeForm(f *Form) error
	// FormFields returns the fields that a form of type t has, with what the schema says of them.
	FormFields(t Type) []Field
	// FormSource returns the form that was decoded, or nil.
	FormSource() *Form
}

// TypedOf constrains P to be a pointer to the generated type T.
type TypedOf[T any] interface {
	*T
	Typed
}

// Errors about a form as a whole.
var (
	// ErrCancelled is the error for a form of type cancel: it has no fields, because nobody wants to fill them in.
	ErrCancelled = errors.New("form: the form was cancelled")
	// ErrMissing is the error for a nil form.
	ErrMissing = errors.New("form: there is no form")
)

// Decode reads a form as a T. The form need not have a FORM_TYPE if the context says what it is; one that has another is an
// error, and so are values that do not fit their fields, and required fields without value in a form that was submitted
// or in a result. Those errors are a [*FieldError]. A form of type cancel is [ErrCancelled], and nil is [ErrMissing].
//
// The types that the fields of f have, or do not have, do not matter: the schema knows them.
func Decode[T any, P TypedOf[T]](f *Form) (*T, error) {
	v := new(T)
	if err := P(v).DecodeForm(f); err != nil {
		return nil, err
	}
	return v, nil
}

// Find reads the first of several forms that has the FORM_TYPE of T, as they are found in the answers of service
// discovery (XEP-0128); nil if there is none.
func Find[T any, P TypedOf[T]](forms []Form) (*T, error) {
	for i := range forms {
		if forms[i].FormType() == P(nil).FormType() {
			return Decode[T, P](&forms[i])
		}
	}
	return nil, nil
}

// FormType returns the value of the field FORM_TYPE, or "" if there is none that counts: unless the form was submitted,
// the field has to be hidden (XEP-0068, section 3.4).
func (f *Form) FormType() string {
	for i := range f.Fields {
		x := &f.Fields[i]
		if x.Var != TypeVar || len(x.Values) == 0 {
			continue
		}
		if x.Type == FieldTypeHidden || f.Type == TypeSubmit && x.Type == "" {
			return x.Values[0]
		}
	}
	return ""
}

// Field returns the first field of that name, or nil.
func (f *Form) Field(name string) *Field {
	for i := range f.Fields {
		if f.Fields[i].Var == name {
			return &f.Fields[i]
		}
	}
	return nil
}

// Value returns the first value of the field of that name, or "".
func (f *Form) Value(name string) string {
	if x := f.Field(name); x != nil && len(x.Values) > 0 {
		return x.Values[0]
	}
	return ""
}

// FieldError says which field of a form does not fit its type.
type FieldError struct {
	// FormType is the FORM_TYPE of the struct that was to be filled.
	FormType string
	// Var is the name of the field.
	Var string
	// Value is the offending value, if there is one (at most 64 bytes of it).
	Value string
	// Reason says what is wrong: "is missing", "is no number..."
	Reason string
}

// Error names the field, the form, and the reason.
func (e *FieldError) Error() string { return "field " + e.text() }

func (e *FieldError) text() string {
	s := fmt.Sprintf("%q of form %s %s", e.Var, e.FormType, e.Reason)
	if e.Value != "" {
		s += fmt.Sprintf(": %q", e.Value)
	}
	return s
}

// Unwrap returns the error as that of the element, for which a request is answered with bad-request.
func (e *FieldError) Unwrap() error {
	return &wire.DecodeError{Element: wire.Name{Space: NS, Local: "x"}, Child: "field", Reason: e.text()}
}

// wrongType is the error for a form of another FORM_TYPE.
func wrongType(got, want string) error {
	return &FieldError{FormType: want, Var: TypeVar, Value: clip(got), Reason: "is that of another form"}
}

func clip(s string) string {
	if len(s) > 64 {
		return s[:64]
	}
	return s
}
