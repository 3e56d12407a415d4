package form

import "slices"

// Make makes a form of type t from a generated struct; its methods Form, Submit and Result are short for it.
//
// Without a source, the form has the field FORM_TYPE and the fields of the struct: all of them, with labels, options and
// defaults, if the form is to be filled in, else those that have a value.
//
// If the struct was decoded from a form, that one's order is kept, and so are the fields that the schema does not name. In a
// form of the same type all of it is kept, with the new values in place. An answer to a form has the names and the values alone.
func Make[T any, P TypedOf[T]](v P, t Type) *Form {
	now, source := v.FormFields(t), v.FormSource()
	if source == nil {
		m := maker{t: t}
		m.formType(v.FormType())
		for i := range now {
			m.fresh(&now[i])
		}
		return &Form{Type: t, Fields: m.fields}
	}
	var before []Field
	if old := new(T); P(old).DecodeForm(source) == nil {
		before = P(old).FormFields(t)
	}
	m := maker{t: t, same: source.Type == t, fields: make([]Field, 0, len(source.Fields)+1)}
	made := Form{Type: t}
	if m.same {
		made = *source
	}
	if t != TypeSubmit {
		made.Title, made.Instructions = source.Title, source.Instructions
	}
	if !m.same {
		m.formType(v.FormType())
	}
	done := make([]bool, len(now))
	for i := range source.Fields {
		f := &source.Fields[i]
		known := -1
		if f.Var != "" {
			known = slices.IndexFunc(now, func(n Field) bool { return n.Var == f.Var })
		}
		switch {
		case f.Var == TypeVar && !m.same:
		case known < 0 || done[known]:
			m.unknown(f)
		default:
			done[known] = true
			m.known(f, &now[known], before != nil && slices.Equal(before[known].Values, now[known].Values))
		}
	}
	for i := range now {
		if !done[i] && (!m.same || now[i].Values != nil) {
			m.fresh(&now[i])
		}
	}
	made.Fields = m.fields
	return &made
}

// maker gathers the fields of a form of type t.
type maker struct {
	t Type
	// same says that the source has that type, too.
	same   bool
	fields []Field
}

// formType puts in the field FORM_TYPE.
func (m *maker) formType(name string) {
	m.fields = append(m.fields, Field{Var: TypeVar, Type: FieldTypeHidden, Values: []string{name}})
}

// fresh puts in a field of the schema that the source has not.
func (m *maker) fresh(f *Field) {
	switch {
	case m.t == TypeForm:
		m.fields = append(m.fields, *f)
	case f.Values != nil:
		m.plain(f, f.Values)
	}
}

// plain puts in a field that carries data.
func (m *maker) plain(f *Field, values []string) {
	x := Field{Var: f.Var, Values: values}
	if m.t != TypeSubmit {
		x.Type, x.Label = f.Type, f.Label
	}
	m.fields = append(m.fields, x)
}

// unknown puts in a field of the source that the schema does not name. Of a form to be filled in, what people only read and
// what was left open need no answer.
func (m *maker) unknown(f *Field) {
	switch {
	case m.same || m.t == TypeForm:
		m.fields = append(m.fields, *f)
	case f.Var != "" && f.Type != FieldTypeFixed && len(f.Values) > 0:
		m.plain(f, f.Values)
	}
}

// known puts in a field of the source with its present values; unchanged ones are written as they were.
func (m *maker) known(f, now *Field, unchanged bool) {
	switch {
	case unchanged && m.same:
		m.fields = append(m.fields, *f)
	case m.same && (now.Values != nil || m.t == TypeForm):
		x := *f
		x.Values = m.lines(f, now.Values)
		m.fields = append(m.fields, x)
	case m.same:
		// the field was taken back
	case m.t == TypeForm:
		m.fields = append(m.fields, *now)
	case now.Values == nil:
	case unchanged:
		m.plain(f, f.Values)
	default:
		m.plain(f, m.lines(f, now.Values))
	}
}

// lines gives each line of a text a value of its own, where the source wants it so.
func (m *maker) lines(f *Field, values []string) []string {
	if f.Type != FieldTypeTextMulti || len(values) != 1 {
		return values
	}
	return splitLines(values[0])
}
