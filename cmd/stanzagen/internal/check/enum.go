package check

import (
	"strconv"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// declareEnums makes the enums and their constants.
func (l *linker) declareEnums() {
	for _, from := range l.file.Enums {
		if !from.Type.IsSet() {
			continue // reported by the reader
		}
		e := &model.Enum{Pos: from.Pos, Package: l.pkg, GoName: from.Type.Value, Base: l.enumBase(from.Base), Link: l.linkOrSpec(from.Ref)}
		otherwise := "is one of the values below, or one that this package does not know."
		if from.Numbers.IsSet() {
			otherwise = "is a number, or one of the words below."
		}
		e.Doc = l.sentence(from.Doc, e.GoName, otherwise)
		if l.declare(from.Type.Pos, e.GoName, "enum "+e.GoName) {
			l.enums[e.GoName] = e
		}
		l.enumNumbers(e, from)
		l.pkg.Enums = append(l.pkg.Enums, e)
		if len(from.Values) == 0 {
			l.c.Errorf(from.Pos, "enum %s has no values", e.GoName).Rule(rule.EnumBase)
		}
		seen := map[string]source.Pos{}
		for _, v := range from.Values {
			if v.Value.IsSet() {
				l.enumValue(e, v, seen)
			}
		}
	}
}

func (l *linker) enumBase(base syntax.String) model.Scalar {
	if !base.IsSet() {
		return model.String
	}
	s := model.ScalarNamed(base.Value)
	if s != model.String && !s.IsInteger() {
		l.c.Errorf(base.Pos, "base %q of an enum is neither string nor an integer type", base.Value).Rule(rule.EnumBase).
			DidYouMean(base.Value, append(integers(), "string"))
		return model.String
	}
	return s
}

// enumNumbers reads which numbers are values beside the words.
func (l *linker) enumNumbers(e *model.Enum, from *syntax.Enum) {
	if !from.Numbers.IsSet() {
		return
	}
	what := "enum " + e.GoName
	s := model.ScalarNamed(from.Numbers.Value)
	switch {
	case !s.IsInteger():
		l.c.Errorf(from.Numbers.Pos, "%s: numbers %q is no integer type", what, from.Numbers.Value).Rule(rule.EnumBase).DidYouMean(from.Numbers.Value, integers())
		return
	case from.Base.IsSet():
		l.c.Errorf(from.Base.Pos, "%s: base does not go with numbers, beside which the values are words", what).Rule(rule.EnumBase)
		e.Base = model.String
	}
	e.Numbers, e.NumbersFunc = s, e.GoName+"Of"
	l.declare(from.Numbers.Pos, e.NumbersFunc, "function that makes a number of "+what)
}

func integers() []string {
	return []string{"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}
}

func (l *linker) enumValue(e *model.Enum, from *syntax.EnumValue, seen map[string]source.Pos) {
	literal, err := parseScalar(e.Base, from.Value)
	if err != "" {
		l.c.Errorf(from.Value.Pos, "value %q of enum %s %s", from.Value.Value, e.GoName, err).Rule(rule.Value)
		return
	}
	if n, _ := parseScalar(e.Numbers, from.Value); n != nil {
		l.c.Errorf(from.Value.Pos, "value %q of enum %s is one of its numbers already", from.Value.Value, e.GoName).Rule(rule.EnumNames)
		return
	}
	v := &model.EnumValue{Pos: from.Pos, Enum: e, Value: *literal, Label: l.shown(from.Label, "label of value "+strconv.Quote(literal.Text)), Link: l.link(from.Ref)}
	if first, twice := seen[literal.Text]; twice {
		l.c.Errorf(from.Value.Pos, "value %q stands twice in enum %s", literal.Text, e.GoName).Rule(rule.Twice).Hintf("the first is in line %d", first.Line)
		return
	}
	seen[literal.Text] = from.Value.Pos
	part := from.Go.Value
	if !from.Go.IsSet() {
		part = model.CamelCase(from.Value.Value)
		if e.Base.IsInteger() && strings.HasPrefix(from.Value.Value, "-") {
			part = "Minus" + part
		}
	}
	v.GoName = e.GoName + part
	what := "value " + strconv.Quote(literal.Text) + " of enum " + e.GoName
	if part == "" {
		l.c.Errorf(from.Pos, "%s gives no Go name", what).Rule(rule.GoName).Hintf("add `go:` to the value")
		return
	}
	l.declare(from.Pos, v.GoName, what)
	v.Doc = l.sentence(from.Doc, v.GoName, "is the value "+strconv.Quote(literal.Text)+".")
	v.Value.EnumValue = v
	e.Values = append(e.Values, v)
}

// elementNames checks that the values of an enum can stand as names of elements.
func (l *linker) elementNames(e *model.Enum, pos source.Pos) {
	if e.Base != model.String {
		l.c.Errorf(pos, "enum %s has the base %s, so its values cannot be names of elements", e.GoName, e.Base).Rule(rule.EnumNames)
		return
	}
	if e.Numbers != 0 {
		l.c.Errorf(pos, "enum %s has numbers, which cannot be names of elements", e.GoName).Rule(rule.EnumNames)
		return
	}
	if e.Package != l.pkg || e.NamesElements {
		e.NamesElements = true
		return
	}
	e.NamesElements = true
	for _, v := range e.Values {
		if !isNCName(v.Value.Text) {
			l.c.Errorf(v.Pos, "value %q of enum %s is not a name of XML, but names an element", v.Value.Text, e.GoName).Rule(rule.XMLName)
		}
	}
}
