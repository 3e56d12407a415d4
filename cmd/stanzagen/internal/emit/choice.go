package emit

import (
	"strings"

	"github.com/dave/jennifer/jen"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// alternatives returns those of a choice.
func alternatives(f *model.Field) []*model.Field {
	if f.Choice == nil {
		return nil
	}
	return f.Choice.Alternatives
}

// choiceTypes makes, for a choice that was declared for e:
//
//	// Action is one of *[Create] and *[ActionForm].
//	type Action interface{ isAction() }
//
//	// ActionForm is a form.Form as an Action.
//	type ActionForm struct{ form.Form }
func (g *file) choiceTypes(e *model.Element) {
	for _, f := range e.Choices() {
		c := f.Choice
		if c.Parent != e {
			continue
		}
		g.Comment(comment(c.Doc, 0))
		g.Type().Id(c.GoName).Interface(jen.Id(mark(c)).Params())
		g.Line()
		if c.Text != "" {
			g.Comment(comment(c.Text+" is the text before, between or behind elements.", 0))
			g.Type().Id(c.Text).String()
			g.Line()
		}
		for _, a := range c.Alternatives {
			if c.Wraps(a) {
				g.Comment(comment(a.Doc, 0))
				g.Type().Id(a.GoName).Struct(g.element(a.Type.Element))
				g.Line()
			}
		}
		if c.Other != "" {
			says := " is an element that has the name of one of them but is none."
			if c.Text != "" {
				says = " is an element that is none of the others."
			}
			g.Comment(comment(c.Other+says, 0))
			g.Type().Id(c.Other).Struct(g.stanza("Raw"))
			g.Line()
		}
	}
}

// mark is the method that makes a type an alternative.
func mark(c *model.Choice) string { return "is" + c.GoName }

// choiceMarks makes:
//
//	func (*Create) isAction() {}
func (g *file) choiceMarks(e *model.Element) {
	for _, f := range e.Choices() {
		if f.Choice.Parent != e {
			continue
		}
		if text := f.Choice.Text; text != "" {
			g.Func().Params(jen.Id(text)).Id(mark(f.Choice)).Params().Block()
			g.Line()
		}
		for _, a := range f.Choice.Alternatives {
			g.Func().Params(jen.Op("*").Id(a.GoName)).Id(mark(f.Choice)).Params().Block()
			g.Line()
		}
		if f.Choice.Other != "" {
			g.Func().Params(jen.Op("*").Id(f.Choice.Other)).Id(mark(f.Choice)).Params().Block()
			g.Line()
		}
	}
}

// choice makes:
//
//	switch x := v.Action.(type) {
//	case *Create:
//		if x != nil {
//			x.appendXML(e)
//		} else {
//			e.Fail("a nil *Create")
//		}
//	default:
//		e.Fail("PubSub without Action")
//	}
//
// for each of them if there are several. Only a required one must not be nil.
func (a *appender) choice(f *model.Field) {
	one := func(name string, call jen.Code) jen.Code {
		return jen.Case(jen.Op("*").Id(name)).Block(
			jen.If(jen.Id("x").Op("!=").Nil()).Block(call).Else().Block(fail("a nil *" + name)))
	}
	var cases []jen.Code
	if text := f.Choice.Text; text != "" {
		cases = append(cases, jen.Case(jen.Id(text)).Block(encoder("Text").Call(jen.String().Call(jen.Id("x")))))
	}
	for _, alt := range f.Choice.Alternatives {
		cases = append(cases, one(alt.GoName, a.call(alt, jen.Id("x"))))
	}
	if other := f.Choice.Other; other != "" {
		cases = append(cases, one(other, encoder("Raw").Call(jen.Id("x").Dot("Raw"))))
	}
	missing := a.e.GoName + " without " + f.GoName
	value := field(f.GoName)
	if f.Shape == model.Slice {
		value = value.Index(jen.Id("i"))
		missing = "a nil " + f.Choice.GoName
		if f.Choice.Text != "" {
			missing = "a nil " + f.Choice.GoName + ", or a pointer to a text"
		}
	}
	if f.Required || f.Shape == model.Slice {
		cases = append(cases, jen.Default().Block(fail(missing)))
	}
	code := jen.Switch(jen.Id("x").Op(":=").Add(value).Assert(jen.Type())).Block(cases...)
	if f.Shape == model.Slice {
		loop(a.Group, f, code)
		return
	}
	a.Add(code)
}

// takeAlternative makes:
//
//	x := new(Create)
//	if err := x.decodeXML(d.Raw()); err != nil {
//		return err
//	}
//	v.Action = x
//
// Before the first of several, there is room made for all.
func (d *decoder) takeAlternative(f, alt *model.Field) []jen.Code {
	name := "DecodeXML"
	if alt.Type.Element.Role == model.Nested {
		name = "decodeXML"
	}
	code := []jen.Code{
		jen.Id("x").Op(":=").New(jen.Id(alt.GoName)),
		check(jen.Id("x").Dot(name).Call(at("Raw").Call())),
		d.store(f)(jen.Id("x")),
	}
	if f.Shape == model.Slice && f.Choice.Text == "" {
		room := jen.If(field(f.GoName).Op("==").Nil()).Block(
			assign(field(f.GoName), jen.Make(d.typeOf(f), literally("0"), at("Rest").Call())))
		code = append([]jen.Code{room}, code...)
	}
	return code
}

// takeOther makes, for an element that is none of the alternatives of its name:
//
//	v.Action = &ActionOther{d.Raw()}
func (d *decoder) takeOther(f, alt *model.Field) []jen.Code {
	return d.once(alt, d.in(alt), []jen.Code{
		d.store(f)(jen.Op("&").Id(f.Choice.Other).Values(at("Raw").Call())),
		jen.Continue(),
	})
}

// missingChoice makes:
//
//	if v.Action == nil {
//		d.MissingChoice("create x")
//	}
func (d *decoder) missingChoice(b *jen.Group, f *model.Field) {
	var names []string
	for _, alt := range f.Choice.Alternatives {
		names = append(names, alt.Name.Local)
	}
	absent := field(f.GoName).Op("==").Nil()
	if f.Shape == model.Slice {
		absent = jen.Add(lenOf(f.GoName)).Op("==").Lit(0)
	}
	b.If(absent).Block(at("MissingChoice").Call(jen.Lit(strings.Join(names, " "))))
}

// stdAlternatives makes the code that hands the alternatives to encoding/xml under their names:
//
//	switch x := v.Action.(type) {
//	case *Create:
//		s.Action = append(s.Action, wire.StdChild{Space: NS, Local: "create", Value: x})
//	}
func (g *file) stdAlternatives(f *model.Field) jen.Code {
	var cases []jen.Code
	s := func() *jen.Statement { return jen.Id("s").Dot(f.GoName) }
	if text := f.Choice.Text; text != "" {
		cases = append(cases, jen.Case(jen.Id(text)).Block(
			assign(s(), jen.Append(s(), g.wire("StdChild").Values(jen.Id("Value").Op(":").Add(g.xml("CharData")).Call(jen.Id("x")))))))
	}
	for _, alt := range f.Choice.Alternatives {
		x := jen.Id("x")
		if f.Choice.Wraps(alt) {
			x = jen.Op("&").Add(x).Dot(alt.Type.Element.GoName)
		}
		cases = append(cases, jen.Case(jen.Op("*").Id(alt.GoName)).Block(
			assign(s(), jen.Append(s(), g.wire("StdChild").Values(
				jen.Id("Space").Op(":").Add(g.space(alt.Namespace)), jen.Id("Local").Op(":").Lit(alt.Name.Local), jen.Id("Value").Op(":").Add(x),
			)))))
	}
	if other := f.Choice.Other; other != "" {
		cases = append(cases, jen.Case(jen.Op("*").Id(other)).Block(
			assign(s(), jen.Append(s(), g.wire("StdChild").Values(
				jen.Id("Space").Op(":").Id("x").Dot("Space").Call(), jen.Id("Local").Op(":").Id("x").Dot("Local").Call(), jen.Id("Value").Op(":").Id("x").Dot("Raw"),
			)))))
	}
	value := field(f.GoName)
	if f.Shape == model.Slice {
		value = value.Index(jen.Id("i"))
	}
	code := jen.Switch(jen.Id("x").Op(":=").Add(value).Assert(jen.Type())).Block(cases...)
	if f.Shape == model.Slice {
		return jen.For(jen.Id("i").Op(":=").Range().Add(field(f.GoName))).Block(code)
	}
	return code
}

// sortedChoice makes, in the loop over the children without a field of their own:
//
//	if r.Is(NS, "create") && v.Action == nil {
//		x := new(Create)
//		if err := xml.Unmarshal([]byte(r.String()), x); err != nil {
//			return err
//		}
//		v.Action = x
//		continue
//	}
func (g *file) sortedChoice(b *jen.Group, f *model.Field) {
	d := &decoder{file: g}
	for _, alt := range f.Choice.Alternatives {
		cond := g.fitting(jen.Id("r").Dot("Is").Call(g.space(alt.Namespace), jen.Lit(alt.Name.Local)), alt, jen.Id("r"))
		if f.Shape != model.Slice {
			cond = cond.Op("&&").Add(field(f.GoName)).Op("==").Nil()
		}
		into := jen.Id("x")
		if f.Choice.Wraps(alt) {
			into = jen.Op("&").Add(into).Dot(alt.Type.Element.GoName)
		}
		b.If(cond).Block(
			jen.Id("x").Op(":=").New(jen.Id(alt.GoName)),
			check(g.xml("Unmarshal").Call(jen.Index().Byte().Call(jen.Id("r").Dot("String").Call()), into)),
			d.store(f)(jen.Id("x")),
			jen.Continue(),
		)
	}
	for _, alt := range f.Choice.Open() {
		cond := jen.Id("r").Dot("Is").Call(g.space(alt.Namespace), jen.Lit(alt.Name.Local))
		if f.Shape != model.Slice {
			cond = cond.Op("&&").Add(field(f.GoName)).Op("==").Nil()
		}
		b.If(cond).Block(d.store(f)(jen.Op("&").Id(f.Choice.Other).Values(jen.Id("r"))), jen.Continue())
	}
}
