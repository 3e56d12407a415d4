package emit

import (
	"slices"

	"github.com/dave/jennifer/jen"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// A form says how the tags of a struct are written.
type form struct {
	// local is the only local name; empty if it differs from place to place, or is a value.
	local string
	// space is the only namespace, nil if it differs from place to place.
	space *model.Namespace
	// bare says that the struct is always written where its namespace is in force, so that its tags are constants of its own.
	bare bool
}

// formOf gathers how a nested type is used.
func (g *file) formOf(e *model.Element) form {
	if e.Role != model.Nested {
		return form{local: e.Local, space: e.Namespace}
	}
	if e.Names != nil {
		return form{space: e.Namespace}
	}
	f := form{bare: true}
	first := true
	for _, parent := range g.pkg.Structs {
		for _, c := range parent.Parts() {
			if c.Type.Element != e {
				continue
			}
			if first {
				f.local, f.space, first = c.Name.Local, c.Namespace, false
			}
			if c.Name.Local != f.local {
				f.local = ""
			}
			if f.space != nil && c.Name.Space != f.space.URI {
				f.space = nil
			}
			f.bare = f.bare && c.SameNS
		}
	}
	f.bare = f.bare && f.local != "" && f.space != nil
	return f
}

// appender writes the appending method of one struct.
type appender struct {
	*file
	*jen.Group
	e    *model.Element
	form form
	// marked says that the variable mark is there.
	marked bool
}

// appendFunc makes:
//
//	// AppendXML appends the element where ns is the default namespace in force.
//	func (v *Info) AppendXML(b []byte, ns string) ([]byte, error) {
//		...
//	}
//
// Nested types have appendXML; with ns, too, if their name is their value. If their tags differ from place to place, the caller gives the beginning of the start
// tag and the end tag, and the namespace if that differs, too.
func (g *file) appendFunc(e *model.Element) {
	a := &appender{file: g, e: e, form: g.formOf(e)}
	params := []jen.Code{jen.Id("b").Index().Byte()}
	name, says := "appendXML", ""
	switch {
	case e.Role != model.Nested:
		name, says = "AppendXML", "AppendXML appends the element where ns is the default namespace in force. What XML cannot carry is a [*wire.EncodeError]."
		params = append(params, jen.Id("ns").String())
	case e.Names != nil:
		params = append(params, jen.Id("ns").String())
	case a.form.space == nil:
		params = append(params, jen.List(jen.Id("open"), jen.Id("end"), jen.Id("space")).String())
	case !a.form.bare:
		params = append(params, jen.List(jen.Id("open"), jen.Id("end")).String())
	}
	g.method(e, "v", name, says).Params(params...).Params(jen.Index().Byte(), jen.Error()).BlockFunc(func(b *jen.Group) {
		a.Group = b
		a.body()
	})
	g.Line()
}

// own is the namespace in force inside of the element.
func (a *appender) own() *jen.Statement {
	if a.form.space == nil {
		return jen.Id("space")
	}
	return a.space(a.form.space)
}

// body makes:
//
//	var err error
//	tag := len(b)
//	b = append(b, "<item"...)
//	... attributes
//	if v.Extra != nil {
//		if b, err = v.Extra.AppendAttrs(b, tag); err != nil {
//			return b, err
//		}
//	}
//	b = append(b, '>')
//	inner := len(b)
//	... text and children
//	if v.Extra != nil {
//		if b, err = v.Extra.AppendChildren(b, NS); err != nil {
//			return b, err
//		}
//	}
//	return wire.CloseEmpty(b, inner, "</item>"), nil
//
// A struct that has neither text nor children is done sooner: behind its attributes,
//
//	if v.Extra == nil {
//		return append(b, "/>"...), nil
//	}
//
// or, without attributes, at once.
func (a *appender) body() {
	leaf := !slices.ContainsFunc(a.e.Fields, func(f *model.Field) bool { return f.Kind != model.FieldAttr && f.Kind != model.FieldName }) &&
		(a.e.When == nil || a.e.When.Child == nil)
	constant := leaf && len(a.e.Fields) == 0 && a.e.Role != model.Nested
	if constant {
		done := func(xmlns string) jen.Code {
			return jen.Return(jen.Append(jen.Id("b"), jen.Lit(openTag(a.e.Local, xmlns)+whenAttr(a.e)+"/>").Op("...")), jen.Nil())
		}
		a.If(field("Extra").Op("==").Nil()).Block(
			jen.If(jen.Id("ns").Op("==").Add(a.own())).Block(done("")),
			done(a.e.Namespace.URI),
		)
	}
	a.Var().Err().Error()
	a.Id("tag").Op(":=").Len(jen.Id("b"))
	a.open()
	for _, f := range a.e.Attrs() {
		a.attr(f)
	}
	if leaf && !constant {
		a.If(field("Extra").Op("==").Nil()).Block(jen.Return(jen.Append(jen.Id("b"), jen.Lit("/>").Op("...")), jen.Nil()))
	}
	extra := func(code jen.Code) jen.Code {
		if leaf {
			return code // there is one, or the function would have returned
		}
		return jen.If(field("Extra").Op("!=").Nil()).Block(code)
	}
	a.Add(extra(try(field("Extra").Dot("AppendAttrs").Call(jen.Id("b"), jen.Id("tag")))))
	a.Add(assign(jen.Id("b"), jen.Append(jen.Id("b"), jen.LitRune('>'))))
	a.Id("inner").Op(":=").Len(jen.Id("b"))
	for _, f := range a.e.Fields {
		switch f.Kind {
		case model.FieldText:
			a.text(f)
		case model.FieldChild, model.FieldStanza:
			a.child(f)
		case model.FieldNames:
			a.name(f)
		case model.FieldChoice:
			a.choice(f)
		case model.FieldAny:
			loop(a.Group, f, assign(jen.Id("b"), a.wire("AppendRaw").Call(jen.Id("b"), field(f.GoName).Index(jen.Id("i")), a.own())))
		}
	}
	a.whenChild()
	a.Add(extra(try(field("Extra").Dot("AppendChildren").Call(jen.Id("b"), a.own()))))
	a.close()
}

// open makes the beginning of the start tag:
//
//	if ns == NS {
//		b = append(b, "<query"...)
//	} else {
//		b = append(b, "<query xmlns='http://jabber.org/protocol/disco#info'"...)
//	}
func (a *appender) open() {
	switch name := a.e.NameField(); {
	case name != nil && a.e.Role == model.Nested:
		own := a.wire("Name").Values(jen.Id("Space").Op(":").Add(a.own()), jen.Id("Local").Op(":").String().Call(field(name.GoName)))
		a.Add(try(a.wire("AppendOpen").Call(jen.Id("b"), own, jen.Id("ns"))))
	case name != nil:
		a.Add(try(a.wire("AppendOpen").Call(jen.Id("b"), jen.Id("v").Dot("WireName").Call(), jen.Id("ns"))))
	case a.e.Role != model.Nested:
		when := whenAttr(a.e)
		a.If(jen.Id("ns").Op("==").Add(a.own())).Block(put(openTag(a.e.Local, "") + when)).Else().Block(put(openTag(a.e.Local, a.e.Namespace.URI) + when))
	case a.form.bare:
		a.Add(put(openTag(a.form.local, "") + whenAttr(a.e)))
	default:
		a.Add(assign(jen.Id("b"), jen.Append(jen.Id("b"), jen.Id("open").Op("..."))))
	}
}

// close makes the end tag. That of an element whose name is its value is:
//
//	if len(b) == inner {
//		return wire.CloseEmpty(b, inner, ""), nil
//	}
//	b = append(b, "</"...)
//	b = append(b, v.State...)
//	return append(b, '>'), nil
func (a *appender) close() {
	closeEmpty := func(end jen.Code) jen.Code {
		return jen.Return(a.wire("CloseEmpty").Call(jen.Id("b"), jen.Id("inner"), end), jen.Nil())
	}
	switch name := a.e.NameField(); {
	case name != nil:
		a.If(jen.Len(jen.Id("b")).Op("==").Id("inner")).Block(closeEmpty(jen.Lit("")))
		a.Add(put("</"))
		a.Add(assign(jen.Id("b"), jen.Append(jen.Id("b"), field(name.GoName).Op("..."))))
		a.Return(jen.Append(jen.Id("b"), jen.LitRune('>')), jen.Nil())
	case a.e.Role != model.Nested || a.form.bare:
		a.Add(closeEmpty(jen.Lit("</" + a.form.local + ">")))
	default:
		a.Add(closeEmpty(jen.Id("end")))
	}
}

// attr makes, for strings:
//
//	if v.Node != "" {
//		if b, err = wire.AppendAttr(b, " node='", v.Node); err != nil {
//			return b, err
//		}
//	} else if v.Extra != nil {
//		b = v.Extra.RestoreAttr(b, 0, " node='")
//	}
//
// and for other types:
//
//	if v.Max != nil {
//		b = append(b, " max='"...)
//		mark := len(b)
//		b = strconv.AppendUint(b, uint64(*v.Max), 10)
//		if v.Extra != nil {
//			b = v.Extra.Respell(b, mark, 1)
//		}
//		b = append(b, '\'')
//	}
func (a *appender) attr(f *model.Field) {
	if space := f.Name.Space; space != "" && space != model.XMLNamespace {
		a.foreignAttr(f)
		return
	}
	begin := " " + f.Name.Local + "='"
	if f.Name.Space == model.XMLNamespace {
		begin = " xml:" + f.Name.Local + "='"
	}
	a.optional(f, a.attrValue(f, begin), begin)
}

// optional makes the code of an attribute conditional if the attribute is.
func (a *appender) optional(f *model.Field, code []jen.Code, begin string) {
	if f.Required {
		for _, c := range code {
			a.Add(c)
		}
		return
	}
	cond := a.If(present(f, field(f.GoName))).Block(code...)
	if f.Shape != model.Pointer && base(f.Type) != model.Base64 && base(f.Type) != model.Hex {
		cond.Else().If(field("Extra").Op("!=").Nil()).Block(
			assign(jen.Id("b"), field("Extra").Dot("RestoreAttr").Call(jen.Id("b"), a.slot(f.Index, nil), jen.Lit(begin))))
	}
}

// attrValue makes the code that appends an attribute with its beginning and its closing quote. A required fixed
// one is written even if it was left zero.
func (a *appender) attrValue(f *model.Field, begin string) []jen.Code {
	if isText(f.Type) {
		code := try(a.wire("AppendAttr").Call(jen.Id("b"), jen.Lit(begin), a.asString(f, value(f))))
		if f.Required && f.Fixed != nil {
			return []jen.Code{jen.If(field(f.GoName).Op("==").Lit("")).
				Block(put(begin + xmlEscape(f.Fixed.Text) + "'")).Else().Block(code)}
		}
		return []jen.Code{code}
	}
	mark := jen.Id("mark").Op(":=").Len(jen.Id("b"))
	if f.Required {
		// not in a block of its own
		mark = a.mark()
	}
	return []jen.Code{
		put(begin), mark, a.typed(f, value(f), "AppendValue"),
		a.respell(f, jen.Id("mark")),
		assign(jen.Id("b"), jen.Append(jen.Id("b"), jen.LitRune('\''))),
	}
}

// respell makes, for what may have been spelled in another way:
//
//	if v.Extra != nil {
//		b = v.Extra.Respell(b, mark, 1)
//	}
func (a *appender) respell(f *model.Field, mark jen.Code) jen.Code {
	return jen.If(field("Extra").Op("!=").Nil()).Block(
		assign(jen.Id("b"), field("Extra").Dot("Respell").Call(jen.Id("b"), mark, a.slot(f.Index, nil))))
}

// typed is appended with an eye to fixed values that were left zero:
//
//	if v.Version == 0 {
//		b = append(b, "1"...)
//	} else {
//		...
//	}
func (a *appender) typed(f *model.Field, x *jen.Statement, text string) jen.Code {
	code := a.appended(f, x, text)
	if !f.Required || f.Fixed == nil {
		return code
	}
	zero := value(f).Op("==").Lit(0)
	switch {
	case base(f.Type) == model.Bool:
		zero = jen.Op("!").Add(value(f))
	case isText(f.Type):
		zero = value(f).Op("==").Lit("")
	}
	return jen.If(zero).Block(put(xmlEscape(f.Fixed.Text))).Else().Block(code)
}

// mark makes mark := len(b), or mark = len(b) if the variable is there.
func (a *appender) mark() *jen.Statement {
	op := ":="
	if a.marked {
		op = "="
	}
	a.marked = true
	return jen.Id("mark").Op(op).Len(jen.Id("b"))
}

// foreignAttr makes an attribute of another namespace, which brings the declaration of its prefix along:
//
//	b = append(b, " xmlns:p3='urn:example'"...)
func (a *appender) foreignAttr(f *model.Field) {
	prefix := "p" + string(rune('a'+f.Index%26)) + string(rune('a'+f.Index/26%26))
	begin := " xmlns:" + prefix + "='" + xmlEscape(f.Name.Space) + "' " + prefix + ":" + f.Name.Local + "='"
	a.optional(f, a.attrValue(f, begin), begin)
}

// text makes:
//
//	if b, err = wire.AppendText(b, v.Value); err != nil {
//		return b, err
//	}
//
// and for other types what attr makes, without the attribute around it.
func (a *appender) text(f *model.Field) {
	if isText(f.Type) {
		a.Add(a.typed(f, value(f), "AppendText"))
		return
	}
	a.Add(a.mark())
	if f.Required {
		a.Add(a.typed(f, value(f), "AppendText"))
	} else {
		a.If(present(f, field(f.GoName))).Block(a.appended(f, value(f), "AppendText"))
	}
	a.Add(a.respell(f, jen.Id("mark")))
}

// loop makes:
//
//	for i := range v.Items {
//		...
//	}
func loop(g *jen.Group, f *model.Field, code ...jen.Code) {
	g.For(jen.Id("i").Op(":=").Range().Add(field(f.GoName))).Block(code...)
}
