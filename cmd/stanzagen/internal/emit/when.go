package emit

import (
	"github.com/dave/jennifer/jen"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// whenAttr is the attribute that a condition asks for, as it is written; empty if there is none.
func whenAttr(e *model.Element) string {
	if e == nil || e.When == nil || e.When.Attr == "" {
		return ""
	}
	return " " + e.When.Attr + "='" + xmlEscape(e.When.Value) + "'"
}

// attrField is a field that stands for that attribute.
func attrField(w *model.When) *model.Field {
	return &model.Field{Kind: model.FieldAttr, Name: model.Name{Local: w.Attr}, Required: true}
}

// fits names the method that tells elements of one name apart.
func fits(e *model.Element) string {
	if e.Role == model.Nested {
		return "fits"
	}
	return "Fits"
}

// whenFunc makes:
//
//	// Fits reports whether r, which has the name of the element, is a SessionInitiate: the attribute action is
//	// session-initiate.
//	func (*SessionInitiate) Fits(r wire.Raw) bool {
//		s, _ := r.Attr("action")
//		return s == "session-initiate"
//	}
//
// or, for a child:
//
//	func (*Unregister) Fits(r wire.Raw) bool { return !r.Child(NS, "remove").IsZero() }
func (g *file) whenFunc(e *model.Element) {
	w := e.When
	if w == nil {
		return
	}
	text := "Fits reports whether r, which has the name of the element, is of this type: " + w.String() + "."
	if e.Role == model.Nested {
		text = ""
	}
	g.method(e, "", fits(e), text).Params(jen.Id("r").Add(g.wire("Raw"))).Bool().BlockFunc(func(b *jen.Group) {
		if w.Child != nil {
			b.Return(jen.Op("!").Id("r").Dot("Child").Call(g.space(w.Child.Namespace), jen.Lit(w.Child.Name.Local)).Dot("IsZero").Call())
			return
		}
		b.List(jen.Id("s"), jen.Id("_")).Op(":=").Id("r").Dot("Attr").Call(jen.Lit(w.Attr))
		b.Return(jen.Id("s").Op("==").Lit(w.Value))
	})
	g.Line()
}

// fitting adds to the condition that a child is of a name that it is of the type as well:
//
//	(*Item)(nil).fits(c.Raw())
func (g *file) fitting(cond *jen.Statement, f *model.Field, r jen.Code) *jen.Statement {
	e := f.Type.Element
	if e == nil || e.When == nil {
		return cond
	}
	return and(cond, jen.Parens(jen.Op("*").Add(g.element(e))).Call(jen.Nil()).Dot(fits(e)).Call(r))
}

// whenChild makes, for a flag that a condition asks for:
//
//	e.Flag(v.Extra, 3, "<remove>")
func (a *appender) whenChild() {
	w := a.e.When
	if w == nil || !w.Implied() {
		return
	}
	open, _ := a.tags(w.Child)
	a.Add(encoder("Flag").Call(field("Extra"), a.slot(len(a.e.Fields), nil), jen.Lit(open+">")))
}

// whenAttrCase and whenChildCode make the cases of the attribute or the flag that a condition asks for:
//
//	case "action":
//		if d.Value() != "session-initiate" {
//			d.Invalid("is not session-initiate")
//		}
//		seen |= 1 << 0
func (d *decoder) whenAttrCase() jen.Code {
	w := d.e.When
	return jen.Case(jen.Lit(w.Attr)).Block(
		jen.If(at("Value").Call().Op("!=").Lit(w.Value)).Block(invalid("is not "+w.Value)),
		d.mark(d.when),
	)
}

func (d *decoder) whenChildCode() []jen.Code {
	return d.once(d.when, d.in(d.when), []jen.Code{
		d.mark(d.when),
		at("KeepBare").Call(d.slot(len(d.e.Fields), nil)),
		jen.Continue(),
	})
}

// stdWhen makes, for encoding/xml:
//
//	start.Attr = append(start.Attr, xml.Attr{Name: xml.Name{Local: "action"}, Value: "session-initiate"})
func (g *file) stdWhen(w *model.When) jen.Code {
	return assign(jen.Id("start").Dot("Attr"), jen.Append(jen.Id("start").Dot("Attr"), g.xml("Attr").Values(
		jen.Id("Name").Op(":").Add(g.xml("Name").Values(jen.Id("Local").Op(":").Lit(w.Attr))), jen.Id("Value").Op(":").Lit(w.Value))))
}
