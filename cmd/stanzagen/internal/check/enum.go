package check

import (
	"strconv"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
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
		e.Doc = l.sentence(from.Doc, e.GoName, "is one of the values below, or one that this package does not know.")
		if l.declare(from.Type.Pos, e.GoName, "enum "+e.GoName) {
			l.enums[e.GoName] = e
		}
		l.pkg.Enums = append(l.pkg.Enums, e)
		if len(from.Values) == 0 {
			l.c.Errorf(from.Pos, "enum %s has no values", e.GoName)
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
		l.c.Errorf(base.Pos, "base %q of an enum is neither string nor an integer type", base.Value).
			DidYouMean(base.Value, []string{"string", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})
		return model.String
	}
	return s
}

func (l *linker) enumValue(e *model.Enum, from *syntax.EnumValue, seen map[string]source.Pos) {
	literal, err := parseScalar(e.Base, from.Value)
	if err != "" {
		l.c.Errorf(from.Value.Pos, "value %q of enum %s %s", from.Value.Value, e.GoName, err)
		return
	}
	v := &model.EnumValue{Pos: from.Pos, Enum: e, Value: *literal, Label: l.shown(from.Label, "label of value "+strconv.Quote(literal.Text)), Link: l.link(from.Ref)}
	if first, twice := seen[literal.Text]; twice {
		l.c.Errorf(from.Value.Pos, "value %q stands twice in enum %s", literal.Text, e.GoName).Hintf("the first is in line %d", first.Line)
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
		l.c.Errorf(from.Pos, "%s gives no Go name", what).Hintf("add `go:` to the value")
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
		l.c.Errorf(pos, "enum %s has the base %s, so its values cannot be names of elements", e.GoName, e.Base)
		return
	}
	if e.Package != l.pkg || e.NamesElements {
		e.NamesElements = true
		return
	}
	e.NamesElements = true
	for _, v := range e.Values {
		if !isNCName(v.Value.Text) {
			l.c.Errorf(v.Pos, "value %q of enum %s is not a name of XML, but names an element", v.Value.Text, e.GoName)
		}
	}
}
