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
	// moves says that another namespace may be in force where it is written.
	moves bool
}

// formOf gathers how a nested type is used.
func (g *file) formOf(e *model.Element) form {
	if e.Role != model.Nested {
		return form{local: e.Local, space: e.Namespace}
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
			f.moves = f.moves || !c.SameNS
		}
	}
	f.bare = f.bare && f.local != "" && f.space != nil
	if e.Names != nil {
		return form{space: e.Namespace, moves: f.moves}
	}
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
//		e := &wire.Encoder{Buf: b, Space: ns}
//		...
//		return e.Buf, e.Err
//	}
//
// or, without any fields,
//
//	return wire.AppendEmpty(b, ns, NS, "<ping xmlns='urn:xmpp:ping'", 5, v.Extra)
//
// Nested types have appendXML, with the encoder. If their tags differ from place to place, the caller gives the beginning of the start
// tag and the end tag, and the namespace if that differs, too.
func (g *file) appendFunc(e *model.Element) {
	a := &appender{file: g, e: e, form: g.formOf(e)}
	if e.Role != model.Nested {
		g.method(e, "v", "AppendXML", "AppendXML appends the element where ns is the default namespace in force. What XML cannot carry is a [*wire.EncodeError].").
			Params(jen.Id("b").Index().Byte(), jen.Id("ns").String()).Params(jen.Index().Byte(), jen.Error()).BlockFunc(func(b *jen.Group) {
			a.Group = b
			if bare := openTag(e.Local, ""); len(e.Fields) == 0 && e.When == nil {
				// nothing can be in it
				b.Return(g.wire("AppendEmpty").Call(jen.Id("b"), jen.Id("ns"), a.own(), jen.Lit(openTag(e.Local, e.Namespace.URI)), jen.Lit(len(bare)), field("Extra")))
				return
			}
			b.Id("e").Op(":=").Op("&").Add(g.wire("Encoder")).Values(jen.Id("Buf").Op(":").Id("b"), jen.Id("Space").Op(":").Id("ns"))
			a.body()
			b.Return(encoder("Buf"), encoder("Err"))
		})
		g.Line()
		return
	}
	params := []jen.Code{jen.Id("e").Op("*").Add(g.wire("Encoder"))}
	switch {
	case e.Names != nil:
	case a.form.space == nil:
		params = append(params, jen.List(jen.Id("open"), jen.Id("end"), jen.Id("space")).String())
	case !a.form.bare:
		params = append(params, jen.List(jen.Id("open"), jen.Id("end")).String())
	}
	g.method(e, "v", "appendXML", "").Params(params...).BlockFunc(func(b *jen.Group) {
		a.Group = b
		if a.form.moves {
			b.Id("outer").Op(":=").Add(encoder("Space"))
		}
		a.body()
		if a.form.moves {
			b.Add(encoder("Back").Call(jen.Id("outer")))
		}
	})
	g.Line()
}

// encoder makes e.name.
func encoder(name string) *jen.Statement { return jen.Id("e").Dot(name) }

// own is the namespace in force inside of the element.
func (a *appender) own() *jen.Statement {
	if a.form.space == nil {
		return jen.Id("space")
	}
	return a.space(a.form.space)
}

// body makes:
//
//	tag := e.Open("<item")
//	... attributes
//	inner := e.Inside(v.Extra, tag)
//	... text and children
//	e.Close(v.Extra, inner, "</item>")
//
// or, without text and children:
//
//	e.Empty(v.Extra, tag, "</item>")
func (a *appender) body() {
	empty := !slices.ContainsFunc(a.e.Fields, func(f *model.Field) bool { return f.Kind != model.FieldAttr }) &&
		(a.e.When == nil || a.e.When.Child == nil)
	end := jen.Code(jen.Id("end"))
	if a.e.Role != model.Nested || a.form.bare {
		end = jen.Lit("</" + a.form.local + ">")
	}
	if !empty && a.form.bare && len(a.e.Attrs()) == 0 {
		a.Id("inner").Op(":=").Add(encoder("OpenInside").Call(field("Extra"), jen.Lit(openTag(a.form.local, "")+whenAttr(a.e))))
	} else {
		attrs := a.e.Attrs()
		if first := a.first(); first != nil {
			a.Id("tag").Op(":=").Add(length())
			a.attr(first, openTag(a.form.local, "")+whenAttr(a.e))
			attrs = attrs[1:]
		} else {
			a.Id("tag").Op(":=").Add(a.open())
		}
		for _, f := range attrs {
			a.attr(f, "")
		}
		if empty {
			a.Add(encoder("Empty").Call(field("Extra"), jen.Id("tag"), end))
			return
		}
		if f := a.onlyText(); f != nil && base(f.Type) == model.Base64 {
			a.Add(a.stanza("WriteBytesContent").Call(jen.Id("e"), field("Extra"), a.slot(f.Index, nil), jen.Id("tag"), value(f), end))
			return
		} else if f != nil {
			a.Add(encoder("Content").Call(field("Extra"), jen.Id("tag"), a.asString(f, value(f)), end))
			return
		}
		a.Id("inner").Op(":=").Add(encoder("Inside").Call(field("Extra"), jen.Id("tag")))
	}
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
			loop(a.Group, f, encoder("Raw").Call(field(f.GoName).Index(jen.Id("i"))))
		}
	}
	a.whenChild()
	if name := a.e.NameField(); name != nil {
		a.Add(encoder("CloseName").Call(field("Extra"), jen.Id("inner"), jen.String().Call(field(name.GoName))))
		return
	}
	a.Add(encoder("Close").Call(field("Extra"), jen.Id("inner"), end))
}

// first returns the first attribute if it is always written, and written at once with the beginning of the start tag:
//
//	tag := len(e.Buf)
//	e.UintAttr(v.Extra, 0, "<pk id='", uint64(v.ID))
func (a *appender) first() *model.Field {
	if attrs := a.e.Attrs(); a.form.bare && len(attrs) > 0 && attrs[0].Required && attrs[0].Fixed == nil {
		return attrs[0]
	}
	return nil
}

// onlyText returns the field of the text if the element has nothing else behind its attributes: a string or bytes.
func (a *appender) onlyText() *model.Field {
	f := a.e.Text()
	if f == nil || !isText(f.Type) && base(f.Type) != model.Base64 || f.Shape != model.Value || f.Required && f.Fixed != nil || a.e.NameField() != nil || a.e.When != nil && a.e.When.Child != nil {
		return nil
	}
	if slices.ContainsFunc(a.e.Fields, func(o *model.Field) bool { return o != f && o.Kind != model.FieldAttr }) {
		return nil
	}
	return f
}

// open makes the beginning of the start tag, of which the declaration of the namespace may not be needed:
//
//	e.Start(NS, "<query xmlns='http://jabber.org/protocol/disco#info'", 6)
//
// or, where the namespace is known to be in force,
//
//	e.Open("<item")
func (a *appender) open() jen.Code {
	switch name := a.e.NameField(); {
	case name != nil:
		return encoder("StartName").Call(a.own(), jen.String().Call(field(name.GoName)))
	case a.e.Role != model.Nested:
		bare := openTag(a.e.Local, "")
		start := encoder("Start").Call(a.own(), jen.Lit(openTag(a.e.Local, a.e.Namespace.URI)), jen.Lit(len(bare)))
		if when := whenAttr(a.e); when != "" {
			return start.Line().Add(encoder("Put").Call(jen.Lit(when)))
		}
		return start
	case a.form.bare:
		return encoder("Open").Call(jen.Lit(openTag(a.form.local, "") + whenAttr(a.e)))
	case a.form.moves:
		return encoder("OpenIn").Call(a.own(), jen.Id("open"))
	}
	return encoder("Open").Call(jen.Id("open"))
}

// attr makes, for strings:
//
//	if v.Node != "" {
//		e.Attr(" node='", v.Node)
//	}
//
// for addresses:
//
//	e.SpelledAttr(v.Extra, 1, " jid='", v.JID.String(), false)
//
// for numbers:
//
//	if v.Max != nil {
//		e.UintAttr(v.Extra, 2, " max='", uint64(*v.Max))
//	}
//
// and for other types:
//
//	if !v.Day.IsZero() {
//		mark := e.Put(" day='")
//		e.Add(v.Day.AppendText(e.Buf))
//		e.EndAttr(v.Extra, mark, 3)
//	} else {
//		e.RestoreAttr(v.Extra, 3, " day='")
//	}
//
// Optional strings that were received empty are written by Inside or Empty.
//
// open is what comes before.
func (a *appender) attr(f *model.Field, open string) {
	begin := open + " " + f.Name.Local + "='"
	switch f.Name.Space {
	case "":
	case model.XMLNamespace:
		begin = open + " xml:" + f.Name.Local + "='"
	default:
		// it brings the declaration of its prefix along
		prefix := "p" + string(rune('a'+f.Index%26)) + string(rune('a'+f.Index/26%26))
		begin = open + " xmlns:" + prefix + "='" + xmlEscape(f.Name.Space) + "' " + prefix + ":" + f.Name.Local + "='"
	}
	code := a.attrValue(f, begin)
	optional := !f.Required && f.Shape == model.Value
	switch {
	case f.Required, optional && isSpelled(f):
		for _, c := range code {
			a.Add(c)
		}
		return
	}
	cond := a.If(present(f, field(f.GoName))).Block(code...)
	if optional && !isText(f.Type) && base(f.Type) != model.Base64 && base(f.Type) != model.Hex {
		cond.Else().Block(a.kept(f, "RestoreAttr", nil, jen.Lit(begin)))
	}
}

// isSpelled reports whether an attribute that Go has as a string, more or less, is remembered by the number of its field.
func isSpelled(f *model.Field) bool {
	return base(f.Type) == model.JID || isText(f.Type) && isForeign(f)
}

// isForeign reports whether an attribute has a namespace other than that of xml:lang.
func isForeign(f *model.Field) bool { return f.Name.Space != "" && f.Name.Space != model.XMLNamespace }

// kept makes e.method(v.Extra, 3, args), for the methods that heed what was received. pos is that of one of several.
func (a *appender) kept(f *model.Field, method string, pos jen.Code, args ...jen.Code) *jen.Statement {
	return encoder(method).Call(append([]jen.Code{field("Extra"), a.slot(f.Index, pos)}, args...)...)
}

// stringOf makes a string of the value x, or nil if it is none as yet.
func (a *appender) stringOf(f *model.Field, x *jen.Statement) jen.Code {
	switch {
	case isText(f.Type):
		return a.asString(f, x)
	case base(f.Type) == model.JID:
		return x.Dot("String").Call()
	}
	return nil
}

// attrValue makes the code that appends an attribute with its beginning and its closing quote. A required fixed
// one is written even if it was left zero.
func (a *appender) attrValue(f *model.Field, begin string) []jen.Code {
	fixed := f.Required && f.Fixed != nil
	if s := a.stringOf(f, value(f)); s != nil {
		code := encoder("Attr").Call(jen.Lit(begin), s)
		if isSpelled(f) {
			code = a.kept(f, "SpelledAttr", nil, jen.Lit(begin), s, jen.Lit(f.Required || f.Shape == model.Pointer))
		}
		if fixed {
			return []jen.Code{jen.If(field(f.GoName).Op("==").Lit("")).
				Block(put(begin + xmlEscape(f.Fixed.Text) + "'")).Else().Block(code)}
		}
		return []jen.Code{code}
	}
	if s := base(f.Type); !fixed {
		switch {
		case s == model.Bool:
			return []jen.Code{a.kept(f, "BoolAttr", nil, jen.Lit(begin), value(f))}
		case s.IsUnsigned():
			return []jen.Code{a.kept(f, "UintAttr", nil, jen.Lit(begin), widened(f, value(f), model.Uint64))}
		case s.IsInteger():
			return []jen.Code{a.kept(f, "IntAttr", nil, jen.Lit(begin), widened(f, value(f), model.Int64))}
		case s == model.DateTime:
			return []jen.Code{a.stanza("WriteDateTimeAttr").Call(jen.Id("e"), field("Extra"), a.slot(f.Index, nil), jen.Lit(begin), value(f))}
		}
	}
	op := jen.Id("mark").Op(":=")
	if f.Required {
		op = a.mark() // not in a block of its own
	}
	return []jen.Code{
		op.Add(encoder("Put").Call(jen.Lit(begin))),
		a.typed(f, value(f)),
		encoder("EndAttr").Call(field("Extra"), jen.Id("mark"), a.slot(f.Index, nil)),
	}
}

// typed is appended with an eye to fixed values that were left zero:
//
//	if v.Version == 0 {
//		e.Put("1")
//	} else {
//		...
//	}
func (a *appender) typed(f *model.Field, x *jen.Statement) jen.Code {
	code := a.appended(f, x)
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

// mark makes mark :=, or mark = if the variable is there.
func (a *appender) mark() *jen.Statement {
	op := ":="
	if a.marked {
		op = "="
	}
	a.marked = true
	return jen.Id("mark").Op(op)
}

// length makes len(e.Buf).
func length() *jen.Statement { return jen.Len(encoder("Buf")) }

// text makes:
//
//	e.Text(v.Value)
//
// and for other types:
//
//	mark := len(e.Buf)
//	e.Uint(uint64(v.Value))
//	e.Respell(v.Extra, mark, 0)
func (a *appender) text(f *model.Field) {
	switch {
	case isText(f.Type):
		a.Add(a.typed(f, value(f)))
		return
	case base(f.Type) == model.Base64 && f.Fixed == nil:
		a.Add(a.stanza("WriteBytes").Call(jen.Id("e"), field("Extra"), a.slot(f.Index, nil), value(f)))
		return
	}
	a.Add(a.mark().Add(length()))
	if f.Required {
		a.Add(a.typed(f, value(f)))
	} else {
		a.If(present(f, field(f.GoName))).Block(a.appended(f, value(f)))
	}
	a.Add(encoder("Respell").Call(field("Extra"), jen.Id("mark"), a.slot(f.Index, nil)))
}

// loop makes:
//
//	for i := range v.Items {
//		...
//	}
func loop(g *jen.Group, f *model.Field, code ...jen.Code) {
	g.For(jen.Id("i").Op(":=").Range().Add(field(f.GoName))).Block(code...)
}
