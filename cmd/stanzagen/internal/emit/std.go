package emit

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// The methods in this file are for encoding/xml, where struct tags cannot say what is meant. They never call the
// fast codec. Each embeds the struct in another one, with its fields but without its methods, and has fields beside it
// that take the place of those which encoding/xml would get wrong.

// isFloat reports whether encoding/xml writes a number in another way than XML Schema.
func isFloat(f *model.Field) bool {
	return base(f.Type) == model.Double || base(f.Type) == model.Decimal
}

// isBytes reports whether encoding/xml takes a list of numbers for a string of bytes.
func isBytes(f *model.Field) bool { return f.Shape == model.Slice && base(f.Type) == model.Uint8 }

// isOptionalText reports whether encoding/xml takes an empty text for the value zero.
func isOptionalText(f *model.Field) bool {
	return f.Kind == model.FieldText && f.Shape == model.Pointer
}

// isBoolText reports whether encoding/xml writes a text of false where none is meant.
func isBoolText(f *model.Field) bool {
	return f.Kind == model.FieldText && base(f.Type) == model.Bool && f.Shape == model.Value && !f.Required
}

// isFixed reports whether a zero value is written as the fixed one.
func isFixed(f *model.Field) bool { return f.Required && f.Fixed != nil }

// stdNeedsWhen reports whether a condition asks for something that is no field.
func stdNeedsWhen(e *model.Element) bool {
	return e.When != nil && (e.When.Attr != "" || e.When.Implied())
}

// stdTakesWhen reports whether encoding/xml would take what a condition asks for as open content.
func stdTakesWhen(e *model.Element) bool { return e.When != nil && e.When.Implied() && e.Any() != nil }

// sharesLocal reports whether an attribute of a namespace has the local name of one without, to which encoding/xml would
// give its value, too.
func sharesLocal(f *model.Field) bool {
	return f.Kind == model.FieldAttr && f.Name.Space != "" && slices.ContainsFunc(f.Parent.Fields, func(o *model.Field) bool {
		return o.Kind == model.FieldAttr && o.Name == model.Name{Local: f.Name.Local}
	})
}

// isChoice reports whether a field is an interface, into which encoding/xml cannot decode.
func isChoice(f *model.Field) bool { return f.Kind == model.FieldChoice }

// byName reports whether a child is known by its namespace.
func byName(f *model.Field) bool { return f.Kind == model.FieldNames || hasNames(f) }

func anyField(e *model.Element, is ...func(f *model.Field) bool) bool {
	return slices.ContainsFunc(e.Fields, func(f *model.Field) bool {
		return slices.ContainsFunc(is, func(is func(f *model.Field) bool) bool { return is(f) })
	})
}

// marshalXML makes:
//
//	// MarshalXML writes the element with encoding/xml.
//	func (v Failure) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
//		type plain Failure
//		start.Name = xml.Name{Space: NS, Local: "failure"}
//		s := struct {
//			plain
//			Condition wire.StdName `xml:",any"`
//		}{plain: plain(v)}
//		s.Condition = wire.StdName{Space: NS, Local: string(v.Condition)}
//		return e.EncodeElement(&s, start)
//	}
func (g *file) marshalXML(e *model.Element) {
	if e.Names == nil && !anyField(e, isFloat, isBytes, isBoolText, isFixed, byName, isChoice) && !stdNeedsWhen(e) {
		return
	}
	g.Comment("// MarshalXML writes the element with encoding/xml.")
	g.Func().Params(jen.Id("v").Id(e.GoName)).Id("MarshalXML").
		Params(jen.Id("e").Op("*").Add(g.xml("Encoder")), jen.Id("start").Add(g.xml("StartElement"))).Error().BlockFunc(func(b *jen.Group) {
		b.Type().Id("plain").Id(e.GoName)
		if e.Role != model.Nested || e.Names != nil {
			var local jen.Code = jen.Lit(e.Local)
			if f := e.NameField(); f != nil {
				local = jen.String().Call(field(f.GoName))
			}
			b.Add(assign(jen.Id("start").Dot("Name"), g.xml("Name").Values(jen.Id("Space").Op(":").Add(g.space(e.Namespace)), jen.Id("Local").Op(":").Add(local))))
		}
		fields := []jen.Code{jen.Id("plain")}
		var code []jen.Code
		if stdNeedsWhen(e) {
			if w := e.When; w.Attr != "" {
				b.Add(g.stdWhen(w))
			} else {
				// not a name that a field can have
				fields = append(fields, jen.Id("When_").Add(g.wire("StdName")).Tag(map[string]string{"xml": ",any"}))
				code = append(code, assign(jen.Id("s").Dot("When_"), g.wire("StdName").Values(
					jen.Id("Space").Op(":").Add(g.space(w.Child.Namespace)), jen.Id("Local").Op(":").Lit(w.Child.Name.Local))))
			}
		}
		for _, f := range e.Fields {
			if isFixed(f) {
				zero := jen.Code(jen.Lit(""))
				if !isText(f.Type) {
					zero = g.one(f).Call(jen.Lit(0))
				}
				if base(f.Type) == model.Bool {
					zero = jen.False()
				}
				b.If(field(f.GoName).Op("==").Add(zero)).Block(assign(field(f.GoName), g.fieldLiteral(f, f.Fixed)))
			}
			if typ, convert := g.standIn(f); typ != nil {
				fields = append(fields, jen.Id(f.GoName).Add(typ).Tag(map[string]string{"xml": standInTag(f)}))
				code = append(code, convert)
			}
		}
		if code == nil {
			b.Return(jen.Id("e").Dot("EncodeElement").Call(jen.Id("plain").Call(jen.Id("v")), jen.Id("start")))
			return
		}
		b.Id("s").Op(":=").Struct(fields...).Values(jen.Id("plain").Op(":").Id("plain").Call(jen.Id("v")))
		for _, c := range code {
			b.Add(c)
		}
		b.Return(jen.Id("e").Dot("EncodeElement").Call(jen.Op("&").Id("s"), jen.Id("start")))
	})
	g.Line()
}

func standInTag(f *model.Field) string {
	if byName(f) || isChoice(f) {
		return ",any"
	}
	return tag(f)
}

// standIn returns the type of the field that takes the place of f for writing, and the code that sets it; nil if none has to.
func (g *file) standIn(f *model.Field) (typ *jen.Statement, set jen.Code) {
	s := func() *jen.Statement { return jen.Id("s").Dot(f.GoName) }
	each := func(x jen.Code) jen.Code {
		return jen.For(jen.Id("i").Op(":=").Range().Add(field(f.GoName))).Block(assign(s(), jen.Append(s(), x)))
	}
	item := func() *jen.Statement { return field(f.GoName).Index(jen.Id("i")) }
	switch {
	case isChoice(f):
		return jen.Index().Add(g.wire("StdChild")), g.stdAlternatives(f)
	case f.Kind == model.FieldNames:
		name := func(x *jen.Statement) jen.Code {
			return g.wire("StdName").Values(jen.Id("Space").Op(":").Add(g.space(f.Namespace)), jen.Id("Local").Op(":").String().Call(x))
		}
		if f.Shape == model.Slice {
			return jen.Index().Add(g.wire("StdName")), each(name(item()))
		}
		return g.wire("StdName"), assign(s(), name(field(f.GoName)))
	case hasNames(f):
		return g.typeOf(f), assign(s(), field(f.GoName))
	case isBoolText(f):
		return jen.Op("*").Bool(), jen.If(field(f.GoName)).Block(assign(s(), jen.Op("&").Add(field(f.GoName))))
	case isBytes(f):
		return jen.Index().Op("*").Add(g.one(f)), each(jen.Op("&").Add(item()))
	case isFloat(f):
		std := "StdFloat"
		if base(f.Type) == model.Decimal {
			std = "StdDecimal"
		}
		switch f.Shape {
		case model.Slice:
			return jen.Index().Add(g.wire(std)), each(g.wire(std).Call(item()))
		case model.Pointer:
			return jen.Op("*").Add(g.wire(std)), assign(s(), jen.Parens(jen.Op("*").Add(g.wire(std))).Call(field(f.GoName)))
		}
		return g.wire(std), assign(s(), g.wire(std).Call(field(f.GoName)))
	}
	return nil, nil
}

// unmarshalXML makes:
//
//	// UnmarshalXML reads the element with encoding/xml.
//	func (v *Failure) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
//		type plain Failure
//		s := struct {
//			Others []stanza.Raw `xml:",any"`
//			*plain
//		}{plain: (*plain)(v)}
//		if err := d.DecodeElement(&s, &start); err != nil {
//			return err
//		}
//		for _, r := range s.Others {
//			...
//		}
//		return nil
//	}
func (g *file) unmarshalXML(e *model.Element) {
	if e.Names == nil && !anyField(e, isBytes, isOptionalText, sharesLocal, byName, isChoice) && !stdTakesWhen(e) {
		return
	}
	g.Comment("// UnmarshalXML reads the element with encoding/xml.")
	g.Func().Params(jen.Id("v").Op("*").Id(e.GoName)).Id("UnmarshalXML").
		Params(jen.Id("d").Op("*").Add(g.xml("Decoder")), jen.Id("start").Add(g.xml("StartElement"))).Error().BlockFunc(func(b *jen.Group) {
		b.Type().Id("plain").Id(e.GoName)
		if f := e.NameField(); f != nil {
			g.ownName(b, f)
		}
		mixed := e.Mixed()
		if mixed != nil {
			g.mixedAnew(b)
		}
		var fields, after []jen.Code
		s := func(name string) *jen.Statement { return jen.Id("s").Dot(name) }
		for _, f := range e.Fields {
			switch {
			case isOptionalText(f):
				fields = append(fields, jen.Id(f.GoName).Add(g.wire("StdOptional")).Types(g.one(f)).Tag(map[string]string{"xml": ",chardata"}))
				after = append(after, assign(field(f.GoName), s(f.GoName).Dot("Value")))
			case isBytes(f):
				fields = append(fields, jen.Id(f.GoName).Index().Op("*").Add(g.one(f)).Tag(map[string]string{"xml": tag(f)}))
				after = append(after, jen.For(jen.List(jen.Id("_"), jen.Id("n")).Op(":=").Range().Add(s(f.GoName))).
					Block(assign(field(f.GoName), jen.Append(field(f.GoName), jen.Op("*").Id("n")))))
			case sharesLocal(f):
				g.renamed(b, f)
				fields = append(fields, jen.Id(f.GoName).Add(g.typeOf(f)).Tag(map[string]string{"xml": apart(f) + ",attr"}))
				after = append(after, assign(field(f.GoName), s(f.GoName)))
			}
		}
		if mixed != nil {
			after = append(after, g.sortedMixed(mixed)...)
		} else if anyField(e, byName, isChoice) || stdTakesWhen(e) {
			name := "Others"
			if f := e.Any(); f != nil {
				name = f.GoName
			}
			fields = append(fields, jen.Id(name).Index().Add(g.stanza("Raw")).Tag(map[string]string{"xml": ",any"}))
			after = append(after, g.sorted(e, name))
		}
		if after == nil {
			b.Return(jen.Id("d").Dot("DecodeElement").Call(jen.Parens(jen.Op("*").Id("plain")).Call(jen.Id("v")), jen.Op("&").Id("start")))
			return
		}
		if fields == nil {
			b.Add(check(jen.Id("d").Dot("DecodeElement").Call(jen.Parens(jen.Op("*").Id("plain")).Call(jen.Id("v")), jen.Op("&").Id("start"))))
		} else {
			// encoding/xml looks for an embedded XMLName in the first field, which therefore has to be an exported one
			fields = append(fields, jen.Op("*").Id("plain"))
			b.Id("s").Op(":=").Struct(fields...).Values(jen.Id("plain").Op(":").Parens(jen.Op("*").Id("plain")).Call(jen.Id("v")))
			b.Add(check(jen.Id("d").Dot("DecodeElement").Call(jen.Op("&").Id("s"), jen.Op("&").Id("start"))))
		}
		for _, c := range after {
			b.Add(c)
		}
		b.Return(jen.Nil())
	})
	g.Line()
}

// mixedAnew makes, for an element of mixed content, which is read as a whole first, since encoding/xml would part text and elements:
//
//	var r stanza.Raw
//	err := r.UnmarshalXML(d, start)
//	if err != nil {
//		return err
//	}
//	if d, start, err = wire.StdStart(r); err != nil {
//		return err
//	}
func (g *file) mixedAnew(b *jen.Group) {
	failed := func() *jen.Statement { return jen.Err().Op("!=").Nil() }
	b.Var().Id("r").Add(g.stanza("Raw"))
	b.Err().Op(":=").Id("r").Dot("UnmarshalXML").Call(jen.Id("d"), jen.Id("start"))
	b.If(failed()).Block(jen.Return(jen.Err()))
	b.If(assign(jen.List(jen.Id("d"), jen.Id("start"), jen.Err()), g.wire("StdStart").Call(jen.Id("r"))), failed()).Block(jen.Return(jen.Err()))
}

// sortedMixed makes:
//
//	c := r.Content()
//	for c.Next() {
//		if c.IsText() {
//			v.Content = append(v.Content, InlineText(c.Text()))
//			continue
//		}
//		r := c.Raw()
//		... the alternatives
//		v.Content = append(v.Content, &InlineOther{r})
//	}
func (g *file) sortedMixed(f *model.Field) []jen.Code {
	d := &decoder{file: g}
	return []jen.Code{
		jen.Id("c").Op(":=").Id("r").Dot("Content").Call(),
		jen.For(jen.Id("c").Dot("Next").Call()).BlockFunc(func(b *jen.Group) {
			b.If(jen.Id("c").Dot("IsText").Call()).Block(
				d.store(f)(jen.Id(f.Choice.Text).Call(jen.Id("c").Dot("Text").Call())), jen.Continue())
			b.Id("r").Op(":=").Id("c").Dot("Raw").Call()
			g.sortedChoice(b, f)
			b.Add(d.store(f)(jen.Op("&").Id(f.Choice.Other).Values(jen.Id("r"))))
		}),
	}
}

// ownName makes:
//
//	if start.Name.Space != NS {
//		return xml.UnmarshalError("element <" + start.Name.Local + "> is not in the namespace " + NS)
//	}
//	v.State = State(start.Name.Local)
func (g *file) ownName(b *jen.Group, f *model.Field) {
	name := jen.Id("start").Dot("Name")
	b.If(name.Clone().Dot("Space").Op("!=").Add(g.space(f.Parent.Namespace))).Block(
		jen.Return(g.xml("UnmarshalError").Call(jen.Lit("element <").Op("+").Add(name.Clone().Dot("Local")).
			Op("+").Lit("> is not in the namespace ").Op("+").Add(g.space(f.Parent.Namespace)))))
	b.Add(assign(field(f.GoName), g.enum(f.Type.Enum).Call(name.Clone().Dot("Local"))))
}

// apart is a name that no attribute can have, for one that shares its local name with another.
func apart(f *model.Field) string { return f.Name.Local + "+" + string(rune('0'+f.Index%10)) }

// renamed gives an attribute that name before the element is decoded:
//
//	for i := range start.Attr {
//		if n := &start.Attr[i].Name; n.Space == NSOther && n.Local == "id" {
//			*n = xml.Name{Local: "id+0"}
//		}
//	}
func (g *file) renamed(b *jen.Group, f *model.Field) {
	var space jen.Code = jen.Lit(f.Name.Space)
	if f.Namespace != nil {
		space = g.space(f.Namespace)
	}
	n := func() *jen.Statement { return jen.Id("n") }
	b.For(jen.Id("i").Op(":=").Range().Id("start").Dot("Attr")).Block(
		jen.If(
			n().Op(":=").Op("&").Id("start").Dot("Attr").Index(jen.Id("i")).Dot("Name"),
			n().Dot("Space").Op("==").Add(space).Op("&&").Add(n()).Dot("Local").Op("==").Lit(f.Name.Local),
		).Block(assign(jen.Op("*").Add(n()), g.xml("Name").Values(jen.Id("Local").Op(":").Lit(apart(f))))))
}

// namedInOrder returns the children whose names are values: first those that take known names only.
func namedInOrder(e *model.Element) []*model.Field {
	var known, rest []*model.Field
	for _, f := range e.Fields {
		switch {
		case !byName(f):
		case e.Named(f.Name.Space)[0] == f:
			rest = append(rest, f)
		default:
			known = append(known, f)
		}
	}
	return append(known, rest...)
}

// sorted makes the loop that finds the children known by their namespace among those without a field of their own:
//
//	for _, r := range s.Others {
//		if r.Space() == NS && v.Condition == "" {
//			v.Condition = Condition(r.Local())
//			continue
//		}
//		if r.Space() == NSStates && v.State == nil {
//			v.State = new(ChatState)
//			if err := xml.Unmarshal([]byte(r.String()), v.State); err != nil {
//				return err
//			}
//			continue
//		}
//		v.Any = append(v.Any, r)
//	}
func (g *file) sorted(e *model.Element, name string) jen.Code {
	d := &decoder{file: g, e: e}
	return jen.For(jen.List(jen.Id("_"), jen.Id("r")).Op(":=").Range().Id("s").Dot(name)).BlockFunc(func(b *jen.Group) {
		if stdTakesWhen(e) {
			b.If(jen.Id("r").Dot("Is").Call(g.space(e.When.Child.Namespace), jen.Lit(e.When.Child.Name.Local))).Block(jen.Continue())
		}
		for _, f := range e.Choices() {
			g.sortedChoice(b, f)
		}
		for _, f := range namedInOrder(e) {
			cond := jen.Id("r").Dot("Space").Call().Op("==").Add(g.space(f.Namespace))
			if e.Named(f.Name.Space)[0] != f {
				cond = cond.Op("&&").Add(g.enum(f.NamesEnum())).Call(jen.Id("r").Dot("Local").Call()).Dot("Known").Call()
			}
			var code []jen.Code
			if f.Kind == model.FieldNames {
				if f.Shape == model.Value {
					cond = cond.Op("&&").Add(field(f.GoName)).Op("==").Lit("")
				}
				code = []jen.Code{d.store(f)(g.enum(f.Type.Enum).Call(jen.Id("r").Dot("Local").Call()))}
			} else {
				into := field(f.GoName)
				switch f.Shape {
				case model.Pointer:
					cond = cond.Op("&&").Add(field(f.GoName)).Op("==").Nil()
					code = append(code, assign(field(f.GoName), jen.New(g.one(f))))
				case model.Slice:
					code = append(code, assign(field(f.GoName), jen.Append(field(f.GoName), g.one(f).Values())))
					into = jen.Op("&").Add(into).Index(jen.Add(lenOf(f.GoName)).Op("-").Lit(1))
				default:
					into = jen.Op("&").Add(into)
				}
				code = append(code, check(g.xml("Unmarshal").Call(jen.Index().Byte().Call(jen.Id("r").Dot("String").Call()), into)))
			}
			b.If(cond).Block(append(code, jen.Continue())...)
		}
		if f := e.Any(); f != nil {
			b.Add(assign(field(f.GoName), jen.Append(field(f.GoName), jen.Id("r"))))
		}
	})
}
