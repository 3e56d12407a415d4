package emit

import (
	"math"
	"strconv"

	"github.com/dave/jennifer/jen"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// decoded makes the statements that decode the text src of a simple value and store it: store makes the
// statement that does, invalid the error for a reason.
//
//	n, reason := wire.DecodeUint(src, 32, &v.Extra, 3)
//	if reason != "" {
//		return a.Invalid(r, reason)
//	}
//	if n > 10 {
//		return a.Invalid(r, "is greater than 10")
//	}
//	v.Max = wire.Ptr(uint32(n))
func (g *file) decoded(f *model.Field, src, slot jen.Code, store func(x jen.Code) jen.Code, invalid func(reason jen.Code) jen.Code) []jen.Code {
	if isText(f.Type) {
		value := src
		if f.Type.Enum != nil {
			value = g.enum(f.Type.Enum).Call(src)
		}
		if f.Fixed == nil {
			return []jen.Code{store(value)}
		}
		// s := src; if s != "1.0" { return ... }; v.Version = s
		return append([]jen.Code{jen.Id("n").Op(":=").Add(value)}, g.validated(f, store, invalid)...)
	}
	optional := f.Shape == model.Value && !f.Required
	s := base(f.Type)
	var call jen.Code
	switch {
	case s == model.Bool:
		call = g.wire("DecodeBool").Call(src, jen.Lit(optional), extra(), slot)
	case s.IsUnsigned():
		call = g.wire("DecodeUint").Call(src, literally(strconv.Itoa(s.Bits())), extra(), slot)
	case s.IsInteger():
		call = g.wire("DecodeInt").Call(src, literally(strconv.Itoa(s.Bits())), extra(), slot)
	case s == model.Decimal:
		call = g.wire("DecodeDecimal").Call(src, extra(), slot)
	case s == model.Double:
		call = g.wire("DecodeFloat").Call(src, extra(), slot)
	default:
		call = g.stanza("Decode"+s.GoType().Name).Call(src, extra(), slot)
	}
	code := []jen.Code{
		jen.List(jen.Id("n"), jen.Id("reason")).Op(":=").Add(call),
		jen.If(jen.Id("reason").Op("!=").Lit("")).Block(jen.Return(invalid(jen.Id("reason")))),
	}
	if f.Required && !f.Many {
		// an empty text decodes to the zero value, which means that there is none
		switch s {
		case model.JID, model.DateTime, model.Date:
			code = append(code, jen.If(jen.Id("n").Dot("IsZero").Call()).Block(jen.Return(invalid(jen.Lit("is empty")))))
		case model.Time:
			code = append(code, jen.If(jen.Op("!").Id("n").Dot("IsSet")).Block(jen.Return(invalid(jen.Lit("is empty")))))
		}
	}
	return append(code, g.validated(f, store, invalid)...)
}

// validated makes the checks of the value n and stores it.
func (g *file) validated(f *model.Field, store func(x jen.Code) jen.Code, invalid func(reason jen.Code) jen.Code) []jen.Code {
	var code []jen.Code
	refuse := func(cond jen.Code, reason string) {
		code = append(code, jen.If(cond).Block(jen.Return(invalid(jen.Lit(reason)))))
	}
	n := func() *jen.Statement { return jen.Id("n") }
	s := base(f.Type)
	min, max := bounds(f)
	switch {
	case min != "" && max != "":
		refuse(n().Op("<").Add(literally(min)).Op("||").Add(n()).Op(">").Add(literally(max)), "is not from "+min+" to "+max)
	case min != "":
		refuse(n().Op("<").Add(literally(min)), "is less than "+min)
	case max != "":
		refuse(n().Op(">").Add(literally(max)), "is greater than "+max)
	}
	if f.Fixed != nil {
		if s == model.Bool {
			cond := n()
			if f.Fixed.Bool {
				cond = jen.Op("!").Add(n())
			}
			refuse(cond, "is not "+f.Fixed.Text)
		} else {
			refuse(n().Op("!=").Add(g.fixed(f)), "is not "+f.Fixed.Text)
		}
	}
	var value jen.Code = n()
	switch {
	case f.Type.Enum != nil && !isText(f.Type):
		value = g.enum(f.Type.Enum).Call(n())
	case s.IsInteger() && s.Bits() < 64:
		value = jen.Id(s.GoType().Name).Call(n())
	}
	return append(code, store(value))
}

// fixed writes the fixed value as it is compared with a decoded number, which is no enum yet.
func (g *file) fixed(f *model.Field) jen.Code {
	if f.Type.Enum != nil && isText(f.Type) {
		return g.fieldLiteral(f, f.Fixed)
	}
	return g.literal(base(f.Type), f.Fixed)
}

// bounds are the bounds that the type itself does not set.
func bounds(f *model.Field) (min, max string) {
	s := f.Type.Scalar
	if f.Min != nil && (!s.IsUnsigned() || f.Min.Uint > 0) && (s.IsUnsigned() || f.Min.Int > -1<<(s.Bits()-1)) {
		min = f.Min.Text
	}
	if f.Max == nil {
		return min, ""
	}
	if s.IsUnsigned() && f.Max.Uint < math.MaxUint64>>(64-s.Bits()) || !s.IsUnsigned() && f.Max.Int < 1<<(s.Bits()-1)-1 {
		max = f.Max.Text
	}
	return min, max
}

// appended makes the statement that appends the simple value x, whose text is escaped by text if it may need it:
// wire.AppendValue inside of attributes, wire.AppendText elsewhere.
//
//	b = strconv.AppendUint(b, uint64(*v.Max), 10)
func (g *file) appended(f *model.Field, x *jen.Statement, text string) jen.Code {
	b := jen.Id("b")
	strconvs := func(name string, args ...jen.Code) jen.Code {
		return assign(jen.Id("b"), g.qual("strconv", "strconv", name).Call(append([]jen.Code{b}, args...)...))
	}
	s := base(f.Type)
	switch {
	case isText(f.Type):
		return try(g.wire(text).Call(b, g.asString(f, x)))
	case s == model.JID:
		return try(g.wire(text).Call(b, x.Dot("String").Call()))
	case s == model.Bool:
		return strconvs("AppendBool", x)
	case s.IsUnsigned():
		return strconvs("AppendUint", widened(f, x, model.Uint64), literally("10"))
	case s.IsInteger():
		return strconvs("AppendInt", widened(f, x, model.Int64), literally("10"))
	case s == model.Double:
		return assign(jen.Id("b"), g.wire("AppendFloat").Call(b, x))
	case s == model.Decimal:
		return try(g.wire("AppendDecimal").Call(b, x))
	}
	return try(x.Dot("AppendText").Call(b))
}

// asString makes a string of a text value.
func (g *file) asString(f *model.Field, x *jen.Statement) jen.Code {
	if f.Type.Enum != nil {
		return jen.String().Call(x)
	}
	return x
}

// widened makes the widest type of an integer.
func widened(f *model.Field, x *jen.Statement, to model.Scalar) jen.Code {
	if f.Type.Scalar == to {
		return x
	}
	return jen.Id(to.GoType().Name).Call(x)
}

// value makes the value of a field that is not a slice: v.Node, *v.Max.
func value(f *model.Field) *jen.Statement {
	if f.Shape == model.Pointer {
		return jen.Op("*").Add(field(f.GoName))
	}
	return field(f.GoName)
}
