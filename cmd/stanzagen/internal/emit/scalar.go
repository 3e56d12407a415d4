package emit

import (
	"math"
	"strconv"

	"github.com/dave/jennifer/jen"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// decoded makes the statements that decode the simple value that the decoder is at and store it.
//
//	n := d.Uint(32, 3)
//	if n > 10 {
//		d.Invalid("is greater than 10")
//	}
//	v.Max = wire.Ptr(uint32(n))
//
// What Go has as a string is made by src, from a text.
func (d *decoder) decoded(f *model.Field, src jen.Code, slot jen.Code) []jen.Code {
	n := func() *jen.Statement { return jen.Id("n") }
	s := base(f.Type)
	var call jen.Code
	switch {
	case isText(f.Type):
		if f.Type.Enum != nil {
			src = d.enum(f.Type.Enum).Call(src)
		}
		if f.Fixed == nil {
			return []jen.Code{d.store(f)(src)}
		}
		call = src
	case s == model.Bool:
		call = at("Bool").Call(jen.Lit(f.Shape == model.Value && !f.Required), slot)
	case s.IsUnsigned() && f.Shape == model.Pointer && f.Fixed == nil && !bounded(f):
		return []jen.Code{d.wire("ReadUint").Call(jen.Op("&").Id("d"), jen.Op("&").Add(field(f.GoName)), slot)}
	case s.IsUnsigned():
		call = at("Uint").Call(literally(strconv.Itoa(s.Bits())), slot)
	case s.IsInteger():
		call = at("Int").Call(literally(strconv.Itoa(s.Bits())), slot)
	case s == model.Decimal:
		call = at("Decimal").Call(slot)
	case s == model.Double:
		call = at("Float").Call(slot)
	default:
		// stanza.ReadJID(&d, &v.To, true, 3); an empty text decodes to the zero value, which means that there is none
		read := func(into jen.Code) jen.Code {
			return d.stanza("Read"+s.GoType().Name).Call(jen.Op("&").Id("d"), jen.Op("&").Add(into), jen.Lit(f.Required && !f.Many), slot)
		}
		if f.Shape == model.Value && f.Type.Enum == nil {
			return []jen.Code{read(field(f.GoName))}
		}
		return []jen.Code{jen.Var().Add(n()).Add(d.one(f)), read(n()), d.store(f)(n())}
	}
	if value := d.converted(f, call); f.Fixed == nil && !bounded(f) {
		return []jen.Code{d.store(f)(value)}
	}
	return append([]jen.Code{n().Op(":=").Add(call)}, d.validated(f)...)
}

// converted makes a value of the type of the field.
func (d *decoder) converted(f *model.Field, n jen.Code) jen.Code {
	switch s := base(f.Type); {
	case f.Type.Enum != nil && !isText(f.Type):
		return d.enum(f.Type.Enum).Call(n)
	case s.IsInteger() && s.Bits() < 64:
		return jen.Id(s.GoType().Name).Call(n)
	}
	return n
}

func bounded(f *model.Field) bool {
	min, max := bounds(f)
	return min != "" || max != ""
}

// validated makes the checks of the value n and stores it.
func (d *decoder) validated(f *model.Field) []jen.Code {
	var code []jen.Code
	refuse := func(cond jen.Code, reason string) {
		code = append(code, jen.If(cond).Block(invalid(reason)))
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
			refuse(n().Op("!=").Add(d.fixed(f)), "is not "+f.Fixed.Text)
		}
	}
	return append(code, d.store(f)(d.converted(f, n())))
}

// invalid makes d.Invalid(reason).
func invalid(reason string) jen.Code { return at("Invalid").Call(jen.Lit(reason)) }

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

// appended makes the statement that appends the simple value x as text.
//
//	e.Uint(uint64(*v.Max))
func (g *file) appended(f *model.Field, x *jen.Statement) jen.Code {
	switch s := base(f.Type); {
	case isText(f.Type):
		return encoder("Text").Call(g.asString(f, x))
	case s == model.JID:
		return encoder("Text").Call(x.Dot("String").Call())
	case s == model.Bool:
		return encoder("Bool").Call(x)
	case s.IsUnsigned():
		return encoder("Uint").Call(widened(f, x, model.Uint64))
	case s.IsInteger():
		return encoder("Int").Call(widened(f, x, model.Int64))
	case s == model.Double:
		return encoder("Float").Call(x)
	case s == model.Decimal:
		return encoder("Decimal").Call(x)
	}
	return encoder("Add").Call(x.Dot("AppendText").Call(encoder("Buf")))
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
