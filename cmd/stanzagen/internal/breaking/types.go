package breaking

import (
	"math/big"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// relation is how the valid values of a new type relate to those of the old one.
type relation uint8

const (
	same relation = iota
	narrower
	wider
	both // some are gone, others have come
	other
)

// relate compares what two fields take for valid.
func relate(f, g *model.Field) relation {
	a, b := f.Type, g.Type
	switch {
	case f.Kind == model.FieldNames && g.Kind == model.FieldNames:
		return same // enums are open
	case f.Kind != g.Kind, a.Stanza != b.Stanza:
		return other
	case a.Scalar == model.Raw || b.Scalar == model.Raw:
		return compare(b.Scalar != model.Raw, a.Scalar != model.Raw)
	case a.Element != nil && b.Element != nil:
		return relateElements(a.Element, b.Element)
	case a.Element != nil || b.Element != nil:
		return relateMixed(a, b)
	case a.Scalar == model.Flag || b.Scalar == model.Flag:
		if a.Scalar != b.Scalar {
			return other
		}
		return same
	}
	r := relateScalars(base(a), base(b), f, g)
	return join(r, relateFixed(f, g))
}

// relateElements compares elements of the top level by their names; nested types are compared field by field elsewhere.
func relateElements(a, b *model.Element) relation {
	if a.Role == model.Payload && b.Role == model.Payload && a.Namespace != nil && b.Namespace != nil && show(a) != show(b) {
		return other
	}
	return same
}

// relateMixed compares a simple value with an element, which are the same if the element is a text that attributes were added to.
func relateMixed(a, b model.Type) relation {
	simple, element := a, b.Element
	if element == nil {
		simple, element = b, a.Element
	}
	text := element.Text()
	if text == nil || base(simple) == model.Flag || len(element.Children()) > 0 {
		return other
	}
	return relateScalars(base(simple), base(text.Type), &model.Field{}, &model.Field{})
}

func base(t model.Type) model.Scalar {
	if t.Enum != nil {
		return t.Enum.Base
	}
	return t.Scalar
}

// relateScalars compares simple types.
func relateScalars(a, b model.Scalar, f, g *model.Field) relation {
	switch {
	case a.IsInteger() && b.IsInteger():
		loA, hiA := bounds(a, f)
		loB, hiB := bounds(b, g)
		return join(compare(loB.Cmp(loA) > 0 || hiB.Cmp(hiA) < 0, loB.Cmp(loA) < 0 || hiB.Cmp(hiA) > 0), same)
	case a == b || isText(a) && isText(b) && (a == model.LangText || b == model.LangText || a == b):
		return same
	case isText(a) && isText(b):
		return compare(isLoose(a) && !isLoose(b), isLoose(b) && !isLoose(a))
	case isLoose(b):
		return wider
	case isLoose(a):
		return narrower
	case isFloat(b) && a.IsInteger():
		return wider
	case isFloat(a) && b.IsInteger():
		return narrower
	case a == model.Decimal && b == model.Double:
		return wider
	case a == model.Double && b == model.Decimal:
		return narrower
	}
	return other
}

func compare(fewer, more bool) relation {
	switch {
	case fewer && more:
		return both
	case fewer:
		return narrower
	case more:
		return wider
	}
	return same
}

func join(a, b relation) relation {
	switch {
	case a == same || a == b:
		return b
	case b == same:
		return a
	case a == other || b == other:
		return other
	}
	return both
}

// relateFixed compares fixed values: with one, there is just one value.
func relateFixed(f, g *model.Field) relation {
	switch {
	case f.Fixed == nil && g.Fixed == nil:
		return same
	case f.Fixed == nil:
		return narrower
	case g.Fixed == nil:
		return wider
	case f.Fixed.Text != g.Fixed.Text:
		return both
	}
	return same
}

// isText reports whether values are texts without a form of their own, or nearly so.
func isText(s model.Scalar) bool {
	return isLoose(s) || s == model.Language || s == model.URI
}

// isLoose reports whether every text is a value.
func isLoose(s model.Scalar) bool { return s == model.String || s == model.LangText }

func isFloat(s model.Scalar) bool { return s == model.Decimal || s == model.Double }

// bounds returns the least and the greatest integer that is valid.
func bounds(s model.Scalar, f *model.Field) (lo, hi *big.Int) {
	one := big.NewInt(1)
	if s.IsUnsigned() {
		lo, hi = big.NewInt(0), new(big.Int).Sub(new(big.Int).Lsh(one, uint(s.Bits())), one)
	} else {
		half := new(big.Int).Lsh(one, uint(s.Bits()-1))
		lo, hi = new(big.Int).Neg(half), new(big.Int).Sub(half, one)
	}
	if f.Min != nil {
		lo, _ = new(big.Int).SetString(f.Min.Text, 10)
	}
	if f.Max != nil {
		hi, _ = new(big.Int).SetString(f.Max.Text, 10)
	}
	return lo, hi
}

// wireType names a type as the schema does.
func wireType(f *model.Field) string {
	switch t := f.Type; {
	case f.Kind == model.FieldNames:
		return "names of " + t.Enum.GoName
	case t.Enum != nil:
		return t.Enum.GoName
	case t.Element != nil:
		return t.Element.GoName
	case t.Stanza != "":
		return t.Stanza
	default:
		return t.Scalar.String()
	}
}

// values describes what is valid.
func values(f *model.Field) string {
	text := wireType(f)
	switch {
	case f.Fixed != nil:
		return text + " " + literal(f.Fixed)
	case f.Min != nil && f.Max != nil:
		return text + " from " + f.Min.Text + " to " + f.Max.Text
	case f.Min != nil:
		return text + " from " + f.Min.Text
	case f.Max != nil:
		return text + " up to " + f.Max.Text
	}
	return text
}
