package gen_test

import (
	"errors"
	"math/rand/v2"
	"path"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/all"
	"stanza.invalid/gen/form"
	sample "stanza.invalid/gen/internal/all"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// formTypes returns all types of data forms.
func formTypes() []all.Form {
	list := all.Forms()
	for _, f := range sample.Forms() {
		list = append(list, all.Form(f))
	}
	return list
}

// made makes a form of a type from a typed one.
func made(v form.Typed, t form.Type) *form.Form {
	name := map[form.Type]string{form.TypeForm: "Form", form.TypeSubmit: "Submit", form.TypeResult: "Result"}[t]
	return reflect.ValueOf(v).MethodByName(name).Call(nil)[0].Interface().(*form.Form)
}

// elementOf writes a form and reads it as an element.
func elementOf(t *testing.T, f *form.Form) wire.Raw {
	b, err := f.AppendXML(nil, "")
	require.NoError(t, err)
	r, err := wire.Parse(string(b))
	require.NoError(t, err)
	return r
}

// TestFormExamples decodes the data forms in the examples of the schemas, and makes the same forms again.
func TestFormExamples(t *testing.T) {
	t.Parallel()
	met := map[string]bool{}
	for _, x := range examples() {
		var forms []wire.Raw
		outermost(parseExample(t, x), false, func(r wire.Raw) bool {
			if r.Is(form.NS, "x") {
				forms = append(forms, r)
			}
			return false
		})
		for _, name := range x.Forms {
			i := slices.IndexFunc(formTypes(), func(f all.Form) bool { return f.Package == x.Package && f.GoName == name })
			require.GreaterOrEqual(t, i, 0, name)
			v := formTypes()[i].New()
			met[x.Package+"."+name] = true
			n := slices.IndexFunc(forms, func(r wire.Raw) bool {
				f, err := stanza.Decode[form.Form](r)
				return err == nil && f.FormType() == v.FormType()
			})
			require.GreaterOrEqual(t, n, 0, "no form of type %s in %s", v.FormType(), x.XML)
			f, err := stanza.Decode[form.Form](forms[n])
			require.NoError(t, err)
			require.NoError(t, v.DecodeForm(f), x.XML)
			again := elementOf(t, made(v, f.Type))
			require.True(t, wire.Equal(forms[n], again), "%s\nbecame\n%s", forms[n], again)
		}
	}
	for _, f := range formTypes() {
		if f.GoName != "Filter" {
			require.True(t, met[f.Package+"."+f.GoName], "no example of form %s.%s", f.Package, f.GoName)
		}
	}
}

// TestFormValues fills forms at random, writes them as submitted and as results, and reads the same again.
func TestFormValues(t *testing.T) {
	t.Parallel()
	f := &filler{Rand: rand.New(rand.NewPCG(5, 6))}
	agreed := map[string]int{}
	for _, typ := range formTypes() {
		for range 200 {
			v := typ.New()
			f.fillForm(reflect.ValueOf(v).Elem())
			for _, kind := range []form.Type{form.TypeSubmit, form.TypeResult, form.TypeForm} {
				r := elementOf(t, made(v, kind))
				x, err := stanza.Decode[form.Form](r)
				require.NoError(t, err)
				require.Equal(t, kind, x.Type)
				require.Equal(t, v.FormType(), x.FormType())
				got := typ.New()
				if err := got.DecodeForm(x); err != nil {
					require.ErrorAs(t, err, new(*form.FieldError))
					continue
				}
				if kind != form.TypeForm {
					require.Empty(t, formDifference(v, got), "%s.%s\n%s", path.Base(typ.Package), typ.GoName, r)
					agreed[typ.Package+"."+typ.GoName]++
				}
				again := elementOf(t, made(got, kind))
				require.True(t, wire.Equal(r, again), "%s\nbecame\n%s", r, again)
				// what was decoded from a form can be answered, and answers it in all of its fields
				if kind == form.TypeForm {
					answer := typ.New()
					if err := answer.DecodeForm(made(got, form.TypeSubmit)); err != nil {
						require.ErrorAs(t, err, new(*form.FieldError))
					} else {
						require.Empty(t, formDifference(got, answer))
					}
				}
			}
		}
		require.Greater(t, agreed[typ.Package+"."+typ.GoName], 5, typ.GoName)
	}
}

// fillForm gives the fields of a typed form values.
func (f *filler) fillForm(v reflect.Value) {
	for i := range v.NumField() {
		if v.Type().Field(i).Name != "Source" {
			f.fill(v.Field(i), "")
		}
	}
}

// formDifference says how two typed forms differ, their sources left out.
func formDifference(a, b form.Typed) string {
	x, y := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	for i := range x.NumField() {
		if name := x.Type().Field(i).Name; name != "Source" {
			if d := difference(x.Field(i), y.Field(i), name); d != "" {
				return d
			}
		}
	}
	return ""
}

// FuzzForms reads a form as each of the types. What one accepts comes out of it as it went in.
func FuzzForms(f *testing.F) {
	for _, x := range examples() {
		outermost(parseExample(f, x), false, func(r wire.Raw) bool {
			if r.Is(form.NS, "x") {
				f.Add(r.String(), []byte(nil))
				f.Add(r.String(), []byte{1, 2, 3, 4, 5, 6, 7, 8, 9})
			}
			return false
		})
	}
	f.Fuzz(func(t *testing.T, text string, mutations []byte) {
		r, err := wire.Parse(text)
		if err != nil {
			return
		}
		if len(mutations) > 0 {
			r = mutated(t, r, mutations)
		}
		x, err := stanza.Decode[form.Form](r)
		if err != nil {
			return
		}
		for _, typ := range formTypes() {
			v := typ.New()
			if err := v.DecodeForm(x); err != nil {
				if _, ok := errors.AsType[*form.FieldError](err); !ok && !errors.Is(err, form.ErrCancelled) {
					t.Errorf("error is %T: %v", err, err)
				}
				continue
			}
			for _, kind := range []form.Type{form.TypeForm, form.TypeSubmit, form.TypeResult} {
				again := elementOf(t, made(v, kind))
				if kind == x.Type && !wire.Equal(r, again) {
					t.Errorf("%s\nbecame\n%s", r, again)
				}
			}
		}
	})
}
