package check

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

var (
	decimalText  = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$`)
	doubleText   = regexp.MustCompile(`^([+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|-?INF|NaN)$`)
	languageText = regexp.MustCompile(`^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$`)
)

// parseScalar reads a value that the schema gives for a type. If that is not possible, it says why, as the end
// of a sentence.
func parseScalar(s model.Scalar, from syntax.String) (*model.Literal, string) {
	text := from.Value
	l := &model.Literal{Pos: from.Pos, Text: text}
	switch {
	case s == model.String:
		if !isXMLText(text) {
			return nil, "has characters that XML does not allow"
		}
	case s == model.Bool:
		switch text {
		case "true", "1":
			l.Text, l.Bool = "true", true
		case "false", "0":
			l.Text = "false"
		default:
			return nil, "is neither true nor false"
		}
	case s.IsUnsigned():
		n, err := strconv.ParseUint(text, 10, s.Bits())
		if err != nil {
			return nil, "is not a number of type " + s.String()
		}
		l.Text, l.Uint = strconv.FormatUint(n, 10), n
	case s.IsInteger():
		n, err := strconv.ParseInt(text, 10, s.Bits())
		if err != nil {
			return nil, "is not a number of type " + s.String()
		}
		l.Text, l.Int = strconv.FormatInt(n, 10), n
	case s == model.Decimal:
		if !decimalText.MatchString(text) {
			return nil, "is not a decimal number"
		}
		l.Float, _ = strconv.ParseFloat(text, 64)
	case s == model.Double:
		if !doubleText.MatchString(text) {
			return nil, "is not a number of type double"
		}
		l.Float, _ = strconv.ParseFloat(text, 64)
		if math.IsInf(l.Float, 0) && !strings.Contains(text, "INF") {
			return nil, "is too large for a double"
		}
	case s == model.Language:
		if !languageText.MatchString(text) {
			return nil, "is not a language tag"
		}
	case s == model.URI:
		if text == "" || !isXMLText(text) || strings.ContainsAny(text, " \t\n\r<>\"") {
			return nil, "is not a URI"
		}
	default:
		return nil, "is given for the type " + s.String() + ", which can have none"
	}
	return l, ""
}

// isXMLText reports whether s may stand in XML as it is.
func isXMLText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		control := r < 0x20 && r != '\t' && r != '\n' && r != '\r'
		if control || r == 0xFFFE || r == 0xFFFF {
			return false
		}
	}
	return true
}

// values are the keys that attributes, texts and children have in common.
type values struct {
	required                 syntax.Bool
	defaultTo, fixed, lo, hi syntax.String
}

// literals fills in the default, the fixed value and the bounds of a field. what names the field in errors.
func (l *linker) literals(f *model.Field, v values, what string) {
	f.Required = v.required.Value
	simple := f.Type.Scalar != 0 || f.Type.Enum != nil
	given := func(key string, s syntax.String) bool {
		switch {
		case !s.IsSet():
			return false
		case !simple:
			l.c.Errorf(s.Pos, "%s: %s is for simple values only", what, key).Rule(rule.KeyUseless)
		case f.Many:
			l.c.Errorf(s.Pos, "%s: %s is not for what may be repeated", what, key).Rule(rule.KeyUseless)
		case f.Type.Scalar == model.Flag || f.Type.Scalar == model.LangText || f.Type.Scalar == model.Raw:
			l.c.Errorf(s.Pos, "%s: %s is not for type %s", what, key, f.Type.Scalar).Rule(rule.KeyUseless)
		default:
			return true
		}
		return false
	}
	if given("default", v.defaultTo) {
		f.Default = l.literal(f, v.defaultTo, what+": default")
		if v.required.Value {
			l.c.Errorf(v.defaultTo.Pos, "%s: default is of no use, because it is required", what).Rule(rule.KeyUseless)
		}
		if v.fixed.IsSet() {
			l.c.Errorf(v.defaultTo.Pos, "%s: default and fixed are both given", what).Rule(rule.KeyClash)
		}
	}
	if given("fixed", v.fixed) {
		f.Fixed = l.literal(f, v.fixed, what+": fixed value")
	}
	f.Min, f.Max = l.bound(f, "min", v.lo, what), l.bound(f, "max", v.hi, what)
	if f.Min != nil && f.Max != nil && less(f.Max, f.Min) {
		l.c.Errorf(f.Min.Pos, "%s: min %s is greater than max %s", what, f.Min.Text, f.Max.Text).Rule(rule.Value)
		return
	}
	for _, x := range []*model.Literal{f.Default, f.Fixed} {
		if x == nil {
			continue
		}
		if f.Min != nil && less(x, f.Min) || f.Max != nil && less(f.Max, x) {
			l.c.Errorf(x.Pos, "%s: %s is outside of the bounds", what, x.Text).Rule(rule.Value)
		}
	}
}

// bound reads min or max, which are for integers, repeated or not.
func (l *linker) bound(f *model.Field, key string, s syntax.String, what string) *model.Literal {
	if !s.IsSet() {
		return nil
	}
	if !f.Type.Scalar.IsInteger() {
		l.c.Errorf(s.Pos, "%s: %s is for integers only", what, key).Rule(rule.KeyUseless)
		return nil
	}
	return l.literal(f, s, what+": "+key)
}

// less compares two literals of the same integer type; the fields of the other signedness are zero.
func less(a, b *model.Literal) bool { return a.Int < b.Int || a.Uint < b.Uint }

// literal reads a value of the type of f.
func (l *linker) literal(f *model.Field, s syntax.String, what string) *model.Literal {
	base := f.Type.Scalar
	if f.Type.Enum != nil {
		base = f.Type.Enum.Base
	}
	x, err := parseScalar(base, s)
	if err != "" {
		l.c.Errorf(s.Pos, "%s %q %s", what, s.Value, err).Rule(rule.Value)
		return nil
	}
	if e := f.Type.Enum; e != nil {
		if n, _ := parseScalar(e.Numbers, s); n != nil {
			return &model.Literal{Pos: s.Pos, Text: n.Text}
		}
		i := slices.IndexFunc(e.Values, func(v *model.EnumValue) bool { return v.Value.Text == x.Text })
		if i < 0 {
			l.c.Errorf(s.Pos, "%s %q is not a value of enum %s", what, s.Value, e.GoName).Rule(rule.Value).DidYouMean(s.Value, enumTexts(e))
			return nil
		}
		x.EnumValue = e.Values[i]
	}
	return x
}

func enumTexts(e *model.Enum) []string {
	var texts []string
	for _, v := range e.Values {
		texts = append(texts, v.Value.Text)
	}
	return texts
}
