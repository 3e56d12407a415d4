package emit

import (
	"github.com/dave/jennifer/jen"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// tags are the beginning of the start tag and the end tag of a child, with xmlns if the child's namespace is not in force.
func (a *appender) tags(f *model.Field) (open, end string) {
	space := f.Name.Space
	if f.SameNS {
		space = ""
	}
	return openTag(f.Name.Local, space), "</" + f.Name.Local + ">"
}

// child makes the code for a child.
func (a *appender) child(f *model.Field) {
	switch {
	case f.Type.Scalar == model.LangText:
		a.langText(f)
	case f.Type.Scalar == model.Flag:
		a.flag(f)
	case f.Type.Scalar == model.Raw:
		a.raw(f)
	case isSimple(f):
		a.leaf(f)
	default:
		a.inner(f)
	}
}

// langText makes:
//
//	if b, err = stanza.AppendText(b, v.Text, "<text>", "</text>", NS, v.Extra, 2); err != nil {
//		return b, err
//	}
func (a *appender) langText(f *model.Field) {
	open, end := a.tags(f)
	a.Add(try(a.stanza("AppendText").Call(jen.Id("b"), field(f.GoName), jen.Lit(open+">"), jen.Lit(end), a.own(), field("Extra"), a.slot(f.Index, nil))))
}

// flag makes:
//
//	if v.Required {
//		mark := len(b)
//		b = append(b, "<required/>"...)
//		if v.Extra != nil {
//			b = v.Extra.RespellChild(b, mark, 3, "<required>", NS)
//		}
//	}
func (a *appender) flag(f *model.Field) {
	open, _ := a.tags(f)
	a.If(field(f.GoName)).Block(
		jen.Id("mark").Op(":=").Len(jen.Id("b")),
		put(open+"/>"),
		a.respellChild(f, open+">", a.slot(f.Index, nil)),
	)
}

// raw makes:
//
//	if !v.HTML.IsZero() {
//		if b, err = wire.AppendNamed(b, v.HTML, NSHTML, "html", NS); err != nil {
//			return b, err
//		}
//	}
func (a *appender) raw(f *model.Field) {
	code := func(x *jen.Statement) jen.Code {
		return try(a.wire("AppendNamed").Call(jen.Id("b"), x, a.space(f.Namespace), jen.Lit(f.Name.Local), a.own()))
	}
	switch {
	case f.Shape == model.Slice:
		loop(a.Group, f, code(field(f.GoName).Index(jen.Id("i"))))
	case f.Required:
		a.Add(code(field(f.GoName)))
	default:
		a.If(present(f, field(f.GoName))).Block(code(field(f.GoName)))
	}
}

// respellChild makes:
//
//	if v.Extra != nil {
//		b = v.Extra.RespellChild(b, mark, 3, "<reason>", NS)
//	}
func (a *appender) respellChild(f *model.Field, open string, slot jen.Code) jen.Code {
	return jen.If(field("Extra").Op("!=").Nil()).Block(
		assign(jen.Id("b"), field("Extra").Dot("RespellChild").Call(jen.Id("b"), jen.Id("mark"), slot, jen.Lit(open), a.own())))
}

// leaf makes, for a child that has only text:
//
//	mark := len(b)
//	if v.Reason != "" {
//		if b, err = wire.AppendLeaf(b, "<reason>", v.Reason, "</reason>"); err != nil {
//			return b, err
//		}
//	}
//	if v.Extra != nil {
//		b = v.Extra.RespellChild(b, mark, 4, "<reason>", NS)
//	}
//
// Of several, each is done so in a loop.
func (a *appender) leaf(f *model.Field) {
	open, end := a.tags(f)
	open += ">"
	if f.Shape == model.Slice {
		x := func() *jen.Statement { return field(f.GoName).Index(jen.Id("i")) }
		a.For(jen.Id("i").Op(":=").Range().Add(field(f.GoName))).BlockFunc(func(b *jen.Group) {
			b.Id("mark").Op(":=").Len(jen.Id("b"))
			for _, c := range a.leafValue(f, x(), open, end) {
				b.Add(c)
			}
			b.Add(a.respellChild(f, open, a.slot(f.Index, jen.Id("i"))))
		})
		return
	}
	a.Add(a.mark())
	code := a.leafValue(f, value(f), open, end)
	if f.Required {
		for _, c := range code {
			a.Add(c)
		}
	} else {
		a.If(present(f, field(f.GoName))).Block(code...)
	}
	a.Add(a.respellChild(f, open, a.slot(f.Index, nil)))
}

func (a *appender) leafValue(f *model.Field, x *jen.Statement, open, end string) []jen.Code {
	if isText(f.Type) && f.Fixed == nil {
		return []jen.Code{try(a.wire("AppendLeaf").Call(jen.Id("b"), jen.Lit(open), a.asString(f, x), jen.Lit(end)))}
	}
	return []jen.Code{put(open), a.typed(f, x, "AppendText"), put(end)}
}

// inner makes, for a struct:
//
//	for i := range v.Items {
//		if b, err = v.Items[i].appendXML(b, "<item", "</item>"); err != nil {
//			return b, err
//		}
//	}
func (a *appender) inner(f *model.Field) {
	x := func() *jen.Statement { return field(f.GoName) }
	if f.Shape == model.Slice {
		x = func() *jen.Statement { return field(f.GoName).Index(jen.Id("i")) }
	}
	var code []jen.Code
	if hasNames(f) {
		code = a.tellable(f, func() *jen.Statement { return x().Dot(f.Type.Element.NameField().GoName) })
	}
	code = append(code, try(a.call(f, x())))
	switch f.Shape {
	case model.Slice:
		loop(a.Group, f, code...)
	case model.Pointer:
		a.If(x().Op("!=").Nil()).Block(code...)
	default:
		for _, c := range code {
			a.Add(c)
		}
	}
}

// tellable makes, where several children of a namespace have names that are values, the check that the name x will be read as
// that of the same field. All but the first have known names:
//
//	if !v.Specific.Known() {
//		return b, &wire.EncodeError{Reason: "..."}
//	}
func (a *appender) tellable(f *model.Field, x func() *jen.Statement) []jen.Code {
	named := a.e.Named(f.Name.Space)
	if len(named) < 2 {
		return nil
	}
	cond := jen.Op("!").Add(x()).Dot("Known").Call()
	if f == named[0] {
		cond = jen.Null()
		for i, other := range named[1:] {
			if i > 0 {
				cond.Op("||")
			}
			cond.Add(a.enum(other.NamesEnum()).Call(x()).Dot("Known").Call())
		}
	}
	fail := jen.Op("&").Add(a.wire("EncodeError")).Values(jen.Id("Reason").Op(":").Lit("the name in " + f.GoName + " of " + a.e.GoName + " is read as that of another field"))
	return []jen.Code{jen.If(cond).Block(jen.Return(jen.Id("b"), fail))}
}

// call makes the call that appends a struct: x.AppendXML(b, NS), or x.appendXML(b) with the tags if they differ from
// place to place. Stanzas always declare their namespace.
func (a *appender) call(f *model.Field, x *jen.Statement) jen.Code {
	b := jen.Id("b")
	e := f.Type.Element
	switch {
	case e == nil:
		return x.Dot("AppendXML").Call(b, jen.Lit(""))
	case e.Role != model.Nested:
		return x.Dot("AppendXML").Call(b, a.own())
	case e.Names != nil:
		return x.Dot("appendXML").Call(b, a.own())
	}
	open, end := a.tags(f)
	open += whenAttr(e)
	switch form := a.formOf(e); {
	case form.bare:
		return x.Dot("appendXML").Call(b)
	case form.space == nil:
		return x.Dot("appendXML").Call(b, jen.Lit(open), jen.Lit(end), a.space(f.Namespace))
	}
	return x.Dot("appendXML").Call(b, jen.Lit(open), jen.Lit(end))
}

// name makes, for a child whose name is the value:
//
//	if v.Condition != "" {
//		mark := len(b)
//		name := wire.Name{Space: NS, Local: string(v.Condition)}
//		if b, err = wire.AppendName(b, name, NS); err != nil {
//			return b, err
//		}
//		if v.Extra != nil {
//			b = v.Extra.RespellName(b, mark, 1, name, NS)
//		}
//	}
//
// A required one is written in any case, and is an error if it is empty.
func (a *appender) name(f *model.Field) {
	x := func() *jen.Statement { return field(f.GoName) }
	if f.Shape == model.Slice {
		x = func() *jen.Statement { return field(f.GoName).Index(jen.Id("i")) }
	}
	code := func(slot jen.Code) []jen.Code {
		return append(a.tellable(f, x),
			jen.Id("mark").Op(":=").Len(jen.Id("b")),
			jen.Id("n").Op(":=").Add(a.wire("Name")).Values(jen.Id("Space").Op(":").Add(a.space(f.Namespace)), jen.Id("Local").Op(":").String().Call(x())),
			try(a.wire("AppendName").Call(jen.Id("b"), jen.Id("n"), a.own())),
			jen.If(field("Extra").Op("!=").Nil()).Block(
				assign(jen.Id("b"), field("Extra").Dot("RespellName").Call(jen.Id("b"), jen.Id("mark"), slot, jen.Id("n"), a.own()))),
		)
	}
	switch {
	case f.Shape == model.Slice:
		loop(a.Group, f, code(a.slot(f.Index, jen.Id("i")))...)
	case f.Required:
		a.Block(code(a.slot(f.Index, nil))...)
	default:
		a.If(field(f.GoName).Op("!=").Lit("")).Block(code(a.slot(f.Index, nil))...)
	}
}
