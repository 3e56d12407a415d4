package form

import (
	"fmt"
	"strings"
)

// Reader walks over the fields of a form, for generated code.
type Reader struct {
	form     *Form
	formType string
	next     int
	field    *Field
	seen     map[string]bool
	err      error
}

// NewReader begins to read a form that should have that FORM_TYPE.
func NewReader(f *Form, formType string) *Reader {
	r := &Reader{form: f, formType: formType}
	if f == nil {
		r.err = ErrMissing
		return r
	}
	switch got := f.FormType(); {
	case f.Type == TypeCancel:
		r.err = ErrCancelled
	case got != "" && got != formType:
		r.err = wrongType(got, formType)
	default:
		r.seen = make(map[string]bool, len(f.Fields))
	}
	return r
}

// Next goes to the next field with a name of its own, and reports whether there is one.
func (r *Reader) Next() bool {
	for r.err == nil && r.next < len(r.form.Fields) {
		f := &r.form.Fields[r.next]
		r.next++
		if f.Var != "" && f.Var != TypeVar && !r.seen[f.Var] {
			r.seen[f.Var] = true
			r.field = f
			return true
		}
	}
	return false
}

// Var returns the name of the field.
func (r *Reader) Var() string { return r.field.Var }

// Done returns the first error. The fields named have to be there, unless the form is one to be filled in.
func (r *Reader) Done(required ...string) error {
	if r.err != nil || r.form.Type == TypeForm {
		return r.err
	}
	for _, name := range required {
		if !r.seen[name] {
			return &FieldError{FormType: r.formType, Var: name, Reason: "is missing"}
		}
	}
	return nil
}

func (r *Reader) fail(value, reason string) {
	if r.err == nil {
		r.err = &FieldError{FormType: r.formType, Var: r.field.Var, Value: clip(value), Reason: reason}
	}
}

// Read reads the only value of the field; nil if there is none, or if it is empty and no text. The values of a field of
// several lines are one text.
func (k Kind[T]) Read(r *Reader) *T {
	values := r.field.Values
	switch {
	case len(values) == 0:
		return nil
	case k.lines:
		v, _ := k.parse(strings.Join(values, "\n"))
		return &v
	case len(values) > 1:
		r.fail("", fmt.Sprintf("has %d values, but takes one", len(values)))
		return nil
	case isBlank(values[0]):
		return nil
	}
	v, reason := k.parse(values[0])
	if reason != "" {
		r.fail(values[0], reason)
		return nil
	}
	return &v
}

// ReadMust is Read for a required field, which may be without a value only in a form to be filled in.
func (k Kind[T]) ReadMust(r *Reader) (v T) {
	if p := k.Read(r); p != nil {
		return *p
	}
	if r.form.Type != TypeForm {
		r.fail("", "has no value")
	}
	return v
}

// ReadAll reads all values of the field. It returns nil if there are none in a form to be filled in. Empty values are left out
// unless they are texts.
func (k Kind[T]) ReadAll(r *Reader) []T {
	values := r.field.Values
	if len(values) == 0 && r.form.Type == TypeForm {
		return nil
	}
	list := make([]T, 0, len(values))
	for _, s := range values {
		if !k.lines && isBlank(s) {
			continue
		}
		v, reason := k.parse(s)
		if reason != "" {
			r.fail(s, reason)
			return nil
		}
		list = append(list, v)
	}
	return list
}

func isBlank(s string) bool { return strings.Trim(s, " \t\r\n") == "" }
