package xsdfile

import (
	"regexp"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// fieldValue is what attributes, texts and children have in common.
type fieldValue struct {
	typ, min, max, def, fixed syntax.String
	// notes are sentences on what could not be said otherwise.
	notes []string
}

// valueContext says where a value stands.
type valueContext struct {
	// sources may have the attributes default and fixed; the first one that has them counts. The first is where the
	// value stands.
	sources []*node
	// what names the value in warnings.
	what string
	// single says that it is not repeated.
	single, required bool
	// enumNames are Go names for an enumeration that has no name of its own.
	enumNames []string
}

// value says a simple type in the words of the tree.
func (b *builder) value(t *simple, v valueContext) fieldValue {
	pos := v.sources[0].pos
	f := fieldValue{min: t.least.text(pos), max: t.greatest.text(pos)}
	switch {
	case t.values != nil:
		f.typ = syntax.String{Pos: pos, Value: b.enumOf(t, v.enumNames)}
	case t.scalar != model.String:
		f.typ = syntax.String{Pos: pos, Value: t.scalar.String()}
		fallthrough
	default:
		f.notes = slices.Clone(t.notes)
	}
	def, fixed := given(v.sources, "default"), given(v.sources, "fixed")
	if fixed.IsSet() {
		f.fixed = b.literal(t, fixed, v.what, "fixed value")
		def = syntax.String{}
		if !v.single {
			f.fixed = syntax.String{}
		}
	}
	switch {
	case !def.IsSet() || isText(t.scalar) && def.Value == "":
	case v.required && v.sources[0].local == "attribute":
		b.doc.warnOnce(ruleValue, "default "+def.Pos.String(), def.Pos, "%s is required, so its default is of no use: left out", v.what)
	case !v.single || v.required:
		f.notes = append(f.notes, `The empty element stands for "`+def.Value+`".`)
	case !hasLiterals(t.scalar):
		f.notes = append(f.notes, `Absence means "`+def.Value+`".`)
	default:
		f.def = b.literal(t, def, v.what, "default")
	}
	return f
}

// given returns an attribute of the first node that has it.
func given(sources []*node, local string) syntax.String {
	for _, n := range sources {
		if a, ok := n.attr(local); ok && n.local != "complexType" {
			return syntax.String{Pos: a.pos, Value: a.value}
		}
	}
	return syntax.String{}
}

// hasLiterals reports whether a schema can give values of a type.
func hasLiterals(s model.Scalar) bool {
	return isText(s) || s == model.Bool || s.IsInteger() || s == model.Decimal || s == model.Double
}

var (
	decimalText  = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$`)
	doubleText   = regexp.MustCompile(`^([+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?|-?INF|NaN)$`)
	languageText = regexp.MustCompile(`^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$`)
)

// literal checks a value of a type. One that is none is left out, with a warning.
func (b *builder) literal(t *simple, s syntax.String, what, role string) syntax.String {
	trimmed := strings.TrimSpace(s.Value)
	ok := false
	switch {
	case t.values != nil:
		if n, isNumber := parseInteger(trimmed); isNumber && t.scalar.IsInteger() {
			trimmed = n.String()
		}
		if !t.known[s.Value] {
			s.Value = trimmed
		}
		ok = t.known[s.Value] || t.more
	case t.scalar.IsInteger():
		n, isNumber := parseInteger(trimmed)
		ok = isNumber && inRange(t.scalar, n) && (t.least == nil || n.Cmp(t.least.value) >= 0) &&
			(t.greatest == nil || n.Cmp(t.greatest.value) <= 0)
		if ok {
			trimmed = n.String()
		}
		s.Value = trimmed
	case t.scalar == model.String:
		ok = true
	default:
		s.Value = trimmed
		switch t.scalar {
		case model.Bool:
			ok = has("true false 1 0", trimmed)
		case model.Decimal:
			ok = decimalText.MatchString(trimmed)
		case model.Double:
			ok = doubleText.MatchString(trimmed)
		case model.Language:
			ok = languageText.MatchString(trimmed)
		case model.URI:
			ok = trimmed != "" && !strings.ContainsAny(trimmed, " \t\r\n<>\"")
		}
	}
	if !ok {
		b.doc.warnOnce(ruleValue, role+" "+s.Pos.String(), s.Pos, "%s: %s %q is no value of its type: left out", what, role, s.Value)
		return syntax.String{}
	}
	return s
}

// enumOf returns the Go type of an enumeration, and makes it if it is new.
func (b *builder) enumOf(t *simple, names []string) string {
	if name, ok := b.enums[t.origin]; ok {
		return name
	}
	for n := t.origin; n != nil; n = n.parent {
		if n.is("simpleType") && n.value("name") != "" {
			own := b.goName(n.value("name"))
			names = []string{own, own + "Type", own + "Value"}
			break
		}
	}
	pos := t.origin.pos
	e := &syntax.Enum{Pos: pos, Type: syntax.String{Pos: pos, Value: b.unique(names...)}}
	b.enums[t.origin] = e.Type.Value
	if t.scalar.IsInteger() {
		e.Base = syntax.String{Pos: pos, Value: t.scalar.String()}
	}
	e.Doc = b.docText("is one of the values below, or one that this package does not know.", t.notes, t.origin, t.origin.parent)
	for _, v := range t.values {
		text := enumText(t.scalar, v)
		e.Values = append(e.Values, &syntax.EnumValue{
			Pos: v.pos, Value: syntax.String{Pos: valuePos(v), Value: text}, Doc: b.docText(`is the value "`+text+`".`, nil, v),
		})
	}
	b.valueNames(e)
	b.file.Enums = append(b.file.Enums, e)
	return e.Type.Value
}

func valuePos(n *node) source.Pos {
	a, _ := n.attr("value")
	return a.pos
}

// namePos returns where the name of a declaration or a reference stands.
func namePos(n *node) source.Pos {
	a, ok := n.attr("ref")
	if !ok {
		a, _ = n.attr("name")
	}
	return a.pos
}
