package xsdfile

import (
	"strconv"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// camelCase is model.CamelCase, which schemas need for the same few names over and over.
func (b *builder) camelCase(wire string) string {
	name, ok := b.camels[wire]
	if !ok {
		name = model.CamelCase(wire)
		b.camels[wire] = name
	}
	return name
}

// goName makes an exported Go name of a wire name, whatever it is.
func (b *builder) goName(wire string) string {
	name := b.camelCase(wire)
	if !model.IsExported(name) {
		name = "X" + name
	}
	return name
}

// unique takes the first of the names that is free in the package, or else the first one with a number.
func (b *builder) unique(names ...string) string {
	for _, name := range names {
		if !b.scope[name] {
			b.scope[name] = true
			return name
		}
	}
	// Starting where the last one with that name ended keeps many equal names cheap.
	for i := b.numbers[names[0]] + 2; ; i++ {
		if name := names[0] + strconv.Itoa(i); !b.scope[name] {
			b.numbers[names[0]] = i - 2
			b.scope[name] = true
			return name
		}
	}
}

// fieldNames gives Go names to the fields of e whose own ones clash with each other or with what every struct has.
// Attributes keep theirs, children and texts give way.
func (b *builder) fieldNames(e *syntax.Element) {
	taken := map[string]bool{}
	for name := range model.ReservedFields(&model.Element{}) {
		taken[name] = true
	}
	numbers := map[string]int{}
	place := func(field *syntax.String, pos source.Pos, hasDefault bool, names [2]string) {
		free := func(name string) bool {
			return model.IsExported(name) && !taken[name] && !(hasDefault && taken[name+"OrDefault"])
		}
		chosen := names[0]
		if !free(chosen) {
			chosen = names[1]
		}
		for !free(chosen) {
			numbers[names[1]]++
			chosen = names[1] + strconv.Itoa(numbers[names[1]]+1)
		}
		taken[chosen] = true
		if hasDefault {
			taken[chosen+"OrDefault"] = true
		}
		if chosen != names[0] {
			*field = syntax.String{Pos: pos, Value: chosen}
		}
	}
	for _, a := range e.Attrs {
		local := strings.TrimPrefix(a.Name.Value, "xml:")
		place(&a.Go, a.Pos, a.Default.IsSet(), [2]string{b.camelCase(local), b.goName(local) + "Attr"})
	}
	if t := e.Text; t != nil {
		place(&t.Go, t.Pos, t.Default.IsSet(), [2]string{"Value", "Text"})
	}
	for _, c := range e.Children {
		place(&c.Go, c.Pos, c.Default.IsSet(), b.childName(c))
	}
	if e.Any != nil {
		place(&e.Any.Go, e.Any.Pos, false, [2]string{"Any", "Others"})
	}
}

// childName returns the name of a child's field and what it is called if that is taken.
func (b *builder) childName(c *syntax.Child) [2]string {
	wire := c.Name.Value
	switch {
	case c.Go.IsSet():
		return [2]string{c.Go.Value, c.Go.Value + "Child"}
	case c.Names.IsSet():
		wire = c.Names.Value
	case wire == "":
		wire = c.Type.Value // a stanza
	}
	if c.Many.Value {
		return [2]string{model.Plural(b.camelCase(wire)), b.goName(wire) + "Children"}
	}
	return [2]string{b.camelCase(wire), b.goName(wire) + "Child"}
}

// valueNames gives Go names to the values of e whose own ones clash or are none.
func (b *builder) valueNames(e *syntax.Enum) {
	integer := e.Base.IsSet()
	for i, v := range e.Values {
		usual := b.camelCase(v.Value.Value)
		if integer && strings.HasPrefix(v.Value.Value, "-") {
			usual = "Minus" + usual
		}
		names := []string{e.Type.Value + usual}
		switch {
		case v.Value.Value == "":
			names = []string{e.Type.Value + "Empty"}
		case usual == "":
			names = []string{e.Type.Value + "Value" + strconv.Itoa(i+1)}
		default:
			names = append(names, e.Type.Value+usual+"Value")
		}
		if part := strings.TrimPrefix(b.unique(names...), e.Type.Value); part != usual {
			v.Go = syntax.String{Pos: v.Pos, Value: part}
		}
	}
}
