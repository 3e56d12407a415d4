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
//	stanza.WriteText(e, v.Text, v.Extra, 2, "<text></text>", 6)
func (a *appender) langText(f *model.Field) {
	open, end := a.tags(f)
	a.Add(a.stanza("WriteText").Call(jen.Id("e"), field(f.GoName), field("Extra"), a.slot(f.Index, nil), jen.Lit(open+">"+end), jen.Lit(len(open)+1)))
}

// flag makes:
//
//	if v.Required {
//		e.Flag(v.Extra, 3, "<required>")
//	}
func (a *appender) flag(f *model.Field) {
	open, _ := a.tags(f)
	a.If(field(f.GoName)).Block(a.kept(f, "Flag", nil, jen.Lit(open+">")))
}

// raw makes:
//
//	if !v.HTML.IsZero() {
//		e.Named(v.HTML, NSHTML, "html")
//	}
func (a *appender) raw(f *model.Field) {
	code := func(x *jen.Statement) jen.Code {
		return encoder("Named").Call(x, a.space(f.Namespace), jen.Lit(f.Name.Local))
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

// leaf makes, for a child that has only text:
//
//	e.OptionalLeaf(v.Extra, 4, "<reason></reason>", 8, v.Reason)
//
// for numbers:
//
//	if v.Size != nil {
//		e.UintLeaf(v.Extra, 5, "<size></size>", 6, *v.Size)
//	}
//
// and for other types:
//
//	mark := len(e.Buf)
//	if !v.Stamp.IsZero() {
//		e.Put("<stamp>")
//		e.Add(v.Stamp.AppendText(e.Buf))
//		e.Put("</stamp>")
//	}
//	e.RespellChild(v.Extra, mark, 6, "<stamp>")
//
// Of several, each is done so in a loop.
func (a *appender) leaf(f *model.Field) {
	open, end := a.tags(f)
	open += ">"
	tags := []jen.Code{jen.Lit(open + end), jen.Lit(len(open))}
	x, pos := value(f), jen.Code(nil)
	if f.Shape == model.Slice {
		x, pos = field(f.GoName).Index(jen.Id("i")), jen.Id("i")
	}
	method, arg := "", jen.Code(nil)
	if f.Fixed == nil {
		switch s := base(f.Type); {
		case a.stringOf(f, x.Clone()) != nil:
			method, arg = "Leaf", a.stringOf(f, x.Clone())
			if !f.Required && f.Shape == model.Value {
				a.Add(a.kept(f, "OptionalLeaf", nil, append(tags, arg)...))
				return
			}
		case s.IsUnsigned():
			method, arg = "UintLeaf", widened(f, x.Clone(), model.Uint64)
		case s.IsInteger():
			method, arg = "IntLeaf", widened(f, x.Clone(), model.Int64)
		}
	}
	if method != "" {
		code := a.kept(f, method, pos, append(tags, arg)...)
		switch {
		case f.Shape == model.Slice:
			loop(a.Group, f, code)
		case f.Required:
			a.Add(code)
		default:
			a.If(present(f, field(f.GoName))).Block(code)
		}
		return
	}
	code := []jen.Code{put(open), a.typed(f, x), put(end)}
	respell := encoder("RespellChild").Call(field("Extra"), jen.Id("mark"), a.slot(f.Index, pos), jen.Lit(open))
	if f.Shape == model.Slice {
		loop(a.Group, f, append(append([]jen.Code{jen.Id("mark").Op(":=").Add(length())}, code...), respell)...)
		return
	}
	a.Add(a.mark().Add(length()))
	if f.Required {
		for _, c := range code {
			a.Add(c)
		}
	} else {
		a.If(present(f, field(f.GoName))).Block(code...)
	}
	a.Add(respell)
}

// inner makes, for a struct:
//
//	for i := range v.Items {
//		v.Items[i].appendXML(e, "<item", "</item>")
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
	code = append(code, a.call(f, x()))
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
//		e.Fail("...")
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
	return []jen.Code{jen.If(cond).Block(fail("the name in " + f.GoName + " of " + a.e.GoName + " is read as that of another field"))}
}

// fail makes e.Fail(reason).
func fail(reason string) jen.Code { return encoder("Fail").Call(jen.Lit(reason)) }

// call makes the call that appends a struct: e.Add(x.AppendXML(e.Buf, NS)), or x.appendXML(e) with the tags if they differ from
// place to place. Stanzas always declare their namespace.
func (a *appender) call(f *model.Field, x *jen.Statement) jen.Code {
	e := f.Type.Element
	switch {
	case e == nil:
		return encoder("Add").Call(x.Dot("AppendXML").Call(encoder("Buf"), jen.Lit("")))
	case e.Role != model.Nested:
		return encoder("Add").Call(x.Dot("AppendXML").Call(encoder("Buf"), a.own()))
	case e.Names != nil:
		return x.Dot("appendXML").Call(jen.Id("e"))
	}
	open, end := a.tags(f)
	open += whenAttr(e)
	switch form := a.formOf(e); {
	case form.bare:
		return x.Dot("appendXML").Call(jen.Id("e"))
	case form.space == nil:
		return x.Dot("appendXML").Call(jen.Id("e"), jen.Lit(open), jen.Lit(end), a.space(f.Namespace))
	}
	return x.Dot("appendXML").Call(jen.Id("e"), jen.Lit(open), jen.Lit(end))
}

// name makes, for a child whose name is the value:
//
//	if v.Condition != "" {
//		e.Name(v.Extra, 1, NS, string(v.Condition))
//	}
//
// A required one is written in any case, and is an error if it is empty.
func (a *appender) name(f *model.Field) {
	x := func() *jen.Statement { return field(f.GoName) }
	if f.Shape == model.Slice {
		x = func() *jen.Statement { return field(f.GoName).Index(jen.Id("i")) }
	}
	code := func(pos jen.Code) []jen.Code {
		return append(a.tellable(f, x), a.kept(f, "Name", pos, a.space(f.Namespace), jen.String().Call(x())))
	}
	switch {
	case f.Shape == model.Slice:
		loop(a.Group, f, code(jen.Id("i"))...)
	case f.Required:
		for _, c := range code(nil) {
			a.Add(c)
		}
	default:
		a.If(field(f.GoName).Op("!=").Lit("")).Block(code(nil)...)
	}
}
