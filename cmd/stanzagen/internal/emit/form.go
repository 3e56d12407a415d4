package emit

import (
	"math"
	"strconv"

	"github.com/dave/jennifer/jen"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

func (g *file) form(name string) *jen.Statement { return g.qual(model.FormPath, "form", name) }

// formValue is the field of a struct that a form's field resembles, for what both have in common.
func formValue(f *model.FormField) *model.Field {
	return &model.Field{
		GoName: f.GoName, Type: f.Type, Shape: f.Shape, Required: f.Required, Min: f.Min, Max: f.Max, Default: f.Default, DefaultMethod: f.DefaultMethod,
	}
}

// formType makes:
//
//	// RoomConfig is ...
//	type RoomConfig struct {
//		// Name is ...
//		Name *string
//
//		// Source is ...
//		Source *form.Form
//	}
//
//	// Form returns ...
//	func (v *RoomConfig) Form() *form.Form { return form.Make(v, form.TypeForm) }
func (g *file) formType(f *model.Form) {
	g.Comment(comment(doc(f.Doc, f.Link), 0))
	g.Type().Id(f.GoName).StructFunc(func(s *jen.Group) {
		for _, x := range f.Fields {
			if x.GoName == "" {
				continue
			}
			s.Comment(comment(doc(x.Doc, x.Link), 1))
			s.Id(x.GoName).Add(g.typeOf(formValue(x)))
			s.Line()
		}
		s.Comment(comment("Source is the form that this was decoded from, or nil. What the fields above do not say is taken from it, "+
			"so that nothing is lost on the way through.", 1))
		s.Id("Source").Op("*").Add(g.form("Form"))
	})
	g.Line()
	method := func(name, text string, body ...jen.Code) {
		g.Comment(comment(name+" "+text, 0))
		g.Func().Params(jen.Id("v").Op("*").Id(f.GoName)).Id(name).Params().Op("*").Add(g.form("Form")).Block(body...)
		g.Line()
	}
	made := func(t string) jen.Code { return g.form("Make").Call(jen.Id("v"), g.form(t)) }
	form := []jen.Code{jen.Return(made("TypeForm"))}
	if f.Title != "" || len(f.Instructions) > 0 {
		form = []jen.Code{jen.Id("x").Op(":=").Add(made("TypeForm"))}
		var heads []jen.Code
		if f.Title != "" {
			heads = append(heads, assign(jen.Id("x").Dot("Title"), jen.Lit(f.Title)))
		}
		if len(f.Instructions) > 0 {
			heads = append(heads, assign(jen.Id("x").Dot("Instructions"), stringList(f.Instructions)))
		}
		form = append(form, jen.If(field("Source").Op("==").Nil()).Block(heads...), jen.Return(jen.Id("x")))
	}
	method("Form", "returns the form for others to fill in, with the values that are set as its defaults.", form...)
	method("Submit", "returns the form filled in: an answer to the form that was decoded, if there is one.", jen.Return(made("TypeSubmit")))
	method("Result", "returns the values as a form that asks for nothing.", jen.Return(made("TypeResult")))
	for _, x := range f.Fields {
		if x.DefaultMethod == "" {
			continue
		}
		g.Comment(comment(x.DefaultMethod+" returns "+x.GoName+", or the default if it is absent.", 0))
		g.Func().Params(jen.Id("v").Op("*").Id(f.GoName)).Id(x.DefaultMethod).Params().Add(g.one(formValue(x))).Block(
			jen.If(field(x.GoName).Op("==").Nil()).Block(jen.Return(g.fieldLiteral(formValue(x), x.Default))),
			jen.Return(jen.Op("*").Add(field(x.GoName))),
		)
		g.Line()
	}
}

func stringList(list []string) jen.Code {
	var values []jen.Code
	for _, s := range list {
		values = append(values, jen.Lit(s))
	}
	return jen.Index().String().Values(values...)
}

// formCodec makes the methods that form.Typed asks for.
func (g *file) formCodec(f *model.Form) {
	self := func(name string) *jen.Statement { return jen.Func().Params(jen.Id(name).Op("*").Id(f.GoName)) }
	g.Comment("// FormType returns the FORM_TYPE.")
	g.Func().Params(jen.Op("*").Id(f.GoName)).Id("FormType").Params().String().Block(jen.Return(g.feature(f.FormType)))
	g.Line()
	if f.Command != "" {
		g.Comment("// Command returns the node of the ad-hoc command that the form belongs to.")
		g.Func().Params(jen.Op("*").Id(f.GoName)).Id("Command").Params().String().Block(jen.Return(jen.Lit(f.Command)))
		g.Line()
	}
	g.Comment("// FormSource returns Source.")
	g.Add(self("v").Id("FormSource").Params().Op("*").Add(g.form("Form")).Block(jen.Return(field("Source"))))
	g.Line()
	g.decodeForm(f)
	g.formFields(f)
}

// decodeForm makes:
//
//	// DecodeForm reads ...
//	func (v *RoomConfig) DecodeForm(f *form.Form) error {
//		r := form.NewReader(f, v.FormType())
//		for r.Next() {
//			switch r.Var() {
//			case "muc#roomconfig_roomname":
//				v.Name = form.Text[string]().Read(r)
//			}
//		}
//		v.Source = f
//		return r.Done("muc#roomconfig_roomname")
//	}
func (g *file) decodeForm(f *model.Form) {
	var cases, required []jen.Code
	for _, x := range f.Fields {
		if x.GoName == "" {
			continue
		}
		read := map[model.Shape]string{model.Value: "ReadMust", model.Pointer: "Read", model.Slice: "ReadAll"}[x.Shape]
		cases = append(cases, jen.Case(jen.Lit(x.Var)).Block(assign(field(x.GoName), jen.Add(g.formKind(x)).Dot(read).Call(jen.Id("r")))))
		if x.Required {
			required = append(required, jen.Lit(x.Var))
		}
	}
	g.Comment(comment("DecodeForm reads a form into v, which should be zero. The errors are those of [form.Decode].", 0))
	g.Func().Params(jen.Id("v").Op("*").Id(f.GoName)).Id("DecodeForm").Params(jen.Id("x").Op("*").Add(g.form("Form"))).Error().BlockFunc(func(b *jen.Group) {
		b.Id("r").Op(":=").Add(g.form("NewReader")).Call(jen.Id("x"), jen.Id("v").Dot("FormType").Call())
		b.For(jen.Id("r").Dot("Next").Call()).BlockFunc(func(b *jen.Group) {
			if cases != nil {
				b.Switch(jen.Id("r").Dot("Var").Call()).Block(cases...)
			}
		})
		b.Add(assign(field("Source"), jen.Id("x")))
		b.Return(jen.Id("r").Dot("Done").Call(required...))
	})
	g.Line()
}

// formFields makes:
//
//	// FormFields returns ...
//	func (v *RoomConfig) FormFields(t form.Type) []form.Field {
//		asks := t == form.TypeForm
//		return []form.Field{
//			{Var: "muc#roomconfig_roomname", Type: form.FieldTypeTextSingle, Label: "...", Values: form.Text[string]().One(v.Name)},
//		}
//	}
func (g *file) formFields(f *model.Form) {
	multi := jen.Options{Open: "{", Close: "}", Separator: ",", Multi: true}
	asks, isNew := false, false
	var list []jen.Code
	for _, x := range f.Fields {
		var values jen.Code
		switch {
		case x.GoName == "" && x.Default != nil:
			isNew = true
			values = g.form("Or").Call(jen.Nil(), jen.Id("n"), jen.Lit(x.Default.Text))
		case x.GoName == "":
		case x.Shape == model.Value:
			asks = true
			values = jen.Add(g.formKind(x)).Dot("Must").Call(field(x.GoName), jen.Id("a").Op("&&").Add(g.formZero(x)))
		case x.Shape == model.Slice:
			values = jen.Add(g.formKind(x)).Dot("All").Call(field(x.GoName))
		default:
			values = jen.Add(g.formKind(x)).Dot("One").Call(field(x.GoName))
		}
		if x.GoName != "" && x.Default != nil {
			isNew = true
			values = g.form("Or").Call(values, jen.Id("n"), jen.Lit(x.Default.Text))
		}
		key := func(name string, value jen.Code) jen.Code { return jen.Id(name).Op(":").Add(value) }
		var parts []jen.Code
		if x.Var != "" {
			parts = append(parts, key("Var", jen.Lit(x.Var)))
		}
		parts = append(parts, key("Type", g.form("FieldType"+model.CamelCase(x.Kind))))
		if x.Label != "" {
			parts = append(parts, key("Label", jen.Lit(x.Label)))
		}
		if x.Desc != "" {
			parts = append(parts, key("Description", jen.Lit(x.Desc)))
		}
		if x.Required {
			parts = append(parts, key("Required", jen.True()))
		}
		if values != nil {
			parts = append(parts, key("Values", values))
		}
		if len(x.Options) > 0 {
			var options []jen.Code
			for _, o := range x.Options {
				option := []jen.Code{}
				if o.Label != "" {
					option = append(option, key("Label", jen.Lit(o.Label)))
				}
				options = append(options, jen.Values(append(option, key("Value", jen.Lit(o.Value)))...))
			}
			parts = append(parts, key("Options", jen.Index().Add(g.form("Option")).Custom(multi, options...)))
		}
		list = append(list, jen.Custom(multi, parts...))
	}
	g.Comment(comment("FormFields returns the fields that a form of type t has.", 0))
	param := jen.Id("t")
	if !asks && !isNew {
		param = jen.Id("_")
	}
	g.Func().Params(jen.Id("v").Op("*").Id(f.GoName)).Id("FormFields").Params(param.Add(g.form("Type"))).Index().Add(g.form("Field")).BlockFunc(func(b *jen.Group) {
		if asks {
			b.Id("a").Op(":=").Id("t").Op("==").Add(g.form("TypeForm"))
		}
		if isNew {
			b.Id("n").Op(":=").Id("t").Op("==").Add(g.form("TypeForm")).Op("&&").Add(field("Source")).Op("==").Nil()
		}
		b.Return(jen.Index().Add(g.form("Field")).Custom(multi, list...))
	})
	g.Line()
}

// formZero makes the condition that a required field has no value yet.
func (g *file) formZero(f *model.FormField) *jen.Statement {
	x := func() *jen.Statement { return field(f.GoName) }
	switch s := base(f.Type); {
	case s == model.Bool:
		return jen.Op("!").Add(x())
	case s == model.JID, s == model.DateTime, s == model.Date:
		return x().Dot("IsZero").Call()
	case s == model.Time:
		return jen.Op("!").Add(x()).Dot("IsSet")
	case s == model.Base64, s == model.Hex:
		return x().Op("==").Nil()
	case s.NeedsPointer():
		return x().Op("==").Lit(0)
	}
	return x().Op("==").Lit("")
}

// formKind makes the kind of a field's values: form.Text[string](), form.Between(form.Uint[uint8](), 1, 9).
func (g *file) formKind(f *model.FormField) jen.Code {
	typ := g.one(formValue(f))
	s := base(f.Type)
	var kind *jen.Statement
	switch {
	case isText(f.Type):
		return g.form("Text").Types(typ).Call()
	case s == model.Bool:
		return g.form("Bool").Call()
	case s.IsUnsigned():
		kind = g.form("Uint").Types(typ).Call()
	case s.IsInteger():
		kind = g.form("Int").Types(typ).Call()
	case s == model.Decimal || s == model.Double:
		return g.form("Float").Call()
	default:
		return g.form(s.GoType().Name).Call()
	}
	lo, hi := bounds(formValue(f))
	if lo == "" && hi == "" {
		return kind
	}
	if lo == "" {
		lo = "0"
		if !s.IsUnsigned() {
			lo = strconv.FormatInt(-1<<(s.Bits()-1), 10)
		}
	}
	if hi == "" {
		hi = strconv.FormatUint(math.MaxUint64>>(64-s.Bits()), 10)
		if !s.IsUnsigned() {
			hi = strconv.FormatInt(1<<(s.Bits()-1)-1, 10)
		}
	}
	return g.form("Between").Call(kind, literally(lo), literally(hi))
}
