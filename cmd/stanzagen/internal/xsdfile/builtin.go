package xsdfile

import (
	"math/big"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// simple is a simple type as the schema language of this project sees it.
type simple struct {
	// scalar is what the value is.
	scalar model.Scalar
	// least and greatest bound an integer, nil for no bound.
	least, greatest *bound
	// values are the known values, if it is an enumeration; none otherwise.
	values []*node
	// known has the texts of the values.
	known map[string]bool
	// more says that there are other values beside those.
	more bool
	// origin is what declares the values; enumerations with the same one are the same.
	origin *node
	// empty says that the only value is the empty one.
	empty bool
	// notes are sentences on what the schema language cannot say.
	notes []string
}

// bound is a bound of an integer with its place. Bounds that a built-in type implies stand where it is used.
type bound struct {
	pos   source.Pos
	value *big.Int
}

func (b *bound) text(pos source.Pos) syntax.String {
	if b == nil {
		return syntax.String{}
	}
	if b.pos.IsValid() {
		pos = b.pos
	}
	return syntax.String{Pos: pos, Value: b.value.String()}
}

// builtinNames returns the simple types that XML Schema itself defines (XSD 1.0 part 2, section 3).
func builtinNames() []string {
	return strings.Fields("string normalizedString token language NMTOKEN NMTOKENS Name NCName ID IDREF IDREFS ENTITY ENTITIES " +
		"boolean decimal integer nonPositiveInteger negativeInteger nonNegativeInteger positiveInteger long int short byte " +
		"unsignedLong unsignedInt unsignedShort unsignedByte float double duration dateTime time date gYearMonth gYear " +
		"gMonthDay gDay gMonth hexBinary base64Binary anyURI QName NOTATION anySimpleType anyAtomicType")
}

// builtin returns a type of XML Schema itself.
func builtin(local string) (simple, bool) {
	switch local {
	case "string", "normalizedString", "token", "NMTOKEN", "Name", "NCName", "ID", "IDREF", "ENTITY", "anySimpleType", "anyAtomicType":
		return simple{scalar: model.String}, true
	case "language":
		return simple{scalar: model.Language}, true
	case "anyURI":
		return simple{scalar: model.URI}, true
	case "boolean":
		return simple{scalar: model.Bool}, true
	case "decimal":
		return simple{scalar: model.Decimal}, true
	case "float", "double":
		return simple{scalar: model.Double}, true
	case "byte":
		return simple{scalar: model.Int8}, true
	case "short":
		return simple{scalar: model.Int16}, true
	case "int":
		return simple{scalar: model.Int32}, true
	case "long", "integer":
		return simple{scalar: model.Int64}, true
	case "unsignedByte":
		return simple{scalar: model.Uint8}, true
	case "unsignedShort":
		return simple{scalar: model.Uint16}, true
	case "unsignedInt":
		return simple{scalar: model.Uint32}, true
	case "unsignedLong", "nonNegativeInteger":
		return simple{scalar: model.Uint64}, true
	case "positiveInteger":
		return simple{scalar: model.Uint64, least: &bound{value: big.NewInt(1)}}, true
	case "nonPositiveInteger":
		return simple{scalar: model.Int64, greatest: &bound{value: big.NewInt(0)}}, true
	case "negativeInteger":
		return simple{scalar: model.Int64, greatest: &bound{value: big.NewInt(-1)}}, true
	case "dateTime":
		return simple{scalar: model.DateTime}, true
	case "date":
		return simple{scalar: model.Date}, true
	case "time":
		return simple{scalar: model.Time}, true
	case "base64Binary":
		return simple{scalar: model.Base64}, true
	case "hexBinary":
		return simple{scalar: model.Hex}, true
	case "NMTOKENS", "IDREFS", "ENTITIES":
		return simple{scalar: model.String, notes: []string{"It is a list of values parted by white space."}}, true
	case "duration", "gYearMonth", "gYear", "gMonthDay", "gDay", "gMonth", "QName", "NOTATION":
		return simple{scalar: model.String, notes: []string{"Its form is that of xs:" + local + "."}}, true
	}
	return simple{}, false
}

// isText reports whether values of s are kept as they are written.
func isText(s model.Scalar) bool {
	return s == model.String || s == model.URI || s == model.Language
}

// inRange reports whether an integer fits into s.
func inRange(s model.Scalar, n *big.Int) bool {
	if s.IsUnsigned() {
		return n.Sign() >= 0 && n.BitLen() <= s.Bits()
	}
	limit := new(big.Int).Lsh(big.NewInt(1), uint(s.Bits()-1))
	return n.CmpAbs(limit) < 0 || n.Sign() < 0 && n.CmpAbs(limit) == 0
}

// parseInteger reads an integer as XML Schema writes it. Numbers of more digits than any type has are none.
func parseInteger(text string) (*big.Int, bool) {
	text = strings.TrimSpace(text)
	digits := strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-")
	if len(digits) == 0 || len(digits) > 40 || strings.Trim(digits, "0123456789") != "" || len(text)-len(digits) > 1 {
		return nil, false
	}
	n, ok := new(big.Int).SetString(strings.TrimPrefix(text, "+"), 10)
	return n, ok
}
