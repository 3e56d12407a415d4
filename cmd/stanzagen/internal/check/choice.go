package check

import (
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// choiceField makes the field of a choice between children.
func (l *linker) choiceField(e *model.Element, from *syntax.Child) {
	what := "choice \"" + from.Type.Value + "\" of " + describe(e)
	for key, s := range map[string]syntax.String{
		"name": from.Name, "names": from.Names, "ns": from.NS, "default": from.Default, "empty": emptyKey(from), "fixed": from.Fixed, "min": from.Min, "max": from.Max,
	} {
		if s.IsSet() {
			l.c.Errorf(s.Pos, "%s: %s does not go with one_of", what, key).Rule(rule.KeyClash)
		}
	}
	if !from.Type.IsSet() {
		l.c.Errorf(from.Pos, "choice of %s has no type", describe(e)).Rule(rule.Choice).Hintf("`type:` names the Go interface that it becomes")
		return
	}
	if len(from.OneOf.List) < 2 {
		l.c.Errorf(from.OneOf.Pos, "%s: one of less than two is no choice", what).Rule(rule.Choice)
	}
	choice := l.newChoice(e, from.Pos, from.Type, from.OneOf, what)
	choice.Doc = choiceDoc(choice)
	f := &model.Field{
		Pos: from.Pos, Kind: model.FieldChoice, GoName: from.Go.Value, Many: from.Many.Value, Required: from.Required.Value, Choice: choice,
	}
	if !from.Go.IsSet() {
		f.GoName = choice.GoName
		if f.Many {
			f.GoName = model.Plural(f.GoName)
		}
	}
	otherwise := "is one of the children " + alternativeNames(choice, "or") + "."
	if f.Many {
		otherwise = "are the children " + alternativeNames(choice, "and") + ", in their order."
	}
	l.add(e, f, from.Doc, from.Ref, otherwise)
}

// newChoice makes a choice between alternatives.
func (l *linker) newChoice(e *model.Element, pos source.Pos, name syntax.String, oneOf *syntax.OneOf, what string) *model.Choice {
	l.declare(name.Pos, name.Value, "choice "+name.Value)
	choice := &model.Choice{Pos: pos, Package: l.pkg, Parent: e, GoName: name.Value}
	if oneOf == nil {
		return choice
	}
	first := map[*model.Element]source.Pos{}
	for _, a := range oneOf.List {
		f := l.alternative(e, choice, a, what)
		if f == nil {
			continue
		}
		if pos, twice := first[f.Type.Element]; twice {
			l.c.Errorf(a.Pos, "%s: type %s stands twice, so that Go could not tell which is meant", what, f.Type.Element.GoName).Rule(rule.Twice).
				Hintf("the first is in line %d; give one a type of its own with `like: %s`", pos.Line, f.Type.Element.GoName)
			continue
		}
		first[f.Type.Element] = a.Pos
		choice.Alternatives = append(choice.Alternatives, f)
	}
	return choice
}

// declareMixed makes the interfaces of mixed content. Several structs may share one: that which says what its elements are declares it,
// or the first if none does.
func (l *linker) declareMixed() {
	declares := map[string]*structState{}
	for _, s := range l.order {
		if s.from == nil || s.from.Mixed == nil || !s.from.Mixed.Type.IsSet() {
			continue
		}
		name := s.from.Mixed.Type.Value
		if other := declares[name]; other == nil || other.from.Mixed.OneOf == nil && s.from.Mixed.OneOf != nil {
			declares[name] = s
		}
	}
	for _, s := range l.order {
		if s.from == nil || s.from.Mixed == nil || declares[s.from.Mixed.Type.Value] != s {
			continue
		}
		from := s.from.Mixed
		choice := l.newChoice(s.node, from.Pos, from.Type, from.OneOf, "mixed content \""+from.Type.Value+"\" of "+describe(s.node))
		l.mixedTypes(choice)
		choice.Doc = choiceDoc(choice)
		l.mixed[from.Type.Value] = choice
	}
}

// mixedField makes the field of text with elements in it: a list of what an interface has.
func (l *linker) mixedField(e *model.Element, from *syntax.Element) {
	mixed := from.Mixed
	refuse := func(key string, pos source.Pos) {
		l.c.Errorf(pos, "%s: %s does not go with mixed", describe(e), key).Rule(rule.KeyClash).Hintf("elements that are known stand in its `one_of:`")
	}
	if from.Text != nil {
		refuse("text", from.Text.Pos)
	}
	if len(from.Children) > 0 {
		refuse("children", from.Children[0].Pos)
	}
	if from.Any != nil {
		refuse("any", from.Any.Pos)
	}
	if !mixed.Type.IsSet() {
		return // reported by the reader
	}
	choice := l.mixed[mixed.Type.Value]
	switch {
	case choice.Parent == e:
	case mixed.OneOf != nil:
		l.c.Errorf(mixed.OneOf.Pos, "%s: mixed content %s has its one_of already", describe(e), choice.GoName).Rule(rule.KeyClash).
			Hintf("that is in line %d; leave it out here, or give this one a type of its own", choice.Pos.Line)
	case choice.Parent.Namespace != e.Namespace:
		l.c.Errorf(mixed.Type.Pos, "%s: mixed content %s is that of another namespace", describe(e), choice.GoName).Rule(rule.Namespace).
			Hintf("give it a type of its own")
	}
	f := &model.Field{Pos: mixed.Pos, Kind: model.FieldChoice, GoName: mixed.Go.Value, Many: true, Choice: choice}
	if !mixed.Go.IsSet() {
		f.GoName = "Content"
	}
	l.add(e, f, mixed.Doc, syntax.String{}, "is the text with the elements in it, in their order.")
}

// mixedTypes gives a choice the types of text, and of elements that are none of the alternatives.
func (l *linker) mixedTypes(c *model.Choice) {
	c.Text, c.Other = c.GoName+"Text", c.GoName+"Other"
	if !model.IsExported(c.GoName) {
		return // reported already
	}
	l.declare(c.Pos, c.Text, "text of mixed content "+c.GoName)
	l.declare(c.Pos, c.Other, "what is none of mixed content "+c.GoName)
}

// emptyKey is the key empty as a text, for its place.
func emptyKey(from *syntax.Child) syntax.String { return syntax.String{Pos: from.Empty.Pos} }

// choiceDoc says what implements the interface.
func choiceDoc(c *model.Choice) string {
	var types []string
	if c.Text != "" {
		types = append(types, "["+c.Text+"]")
	}
	for _, a := range c.Alternatives {
		types = append(types, "*["+a.GoName+"]")
	}
	if c.Text != "" {
		types = append(types, "*["+c.Other+"]")
	}
	return c.GoName + " is one of " + listed(types, "and") + "."
}

func alternativeNames(c *model.Choice, word string) string {
	var names []string
	for _, a := range c.Alternatives {
		names = append(names, "<"+a.Name.Local+"/>")
	}
	return listed(names, word)
}

// listed writes a list as people do: a, b or c.
func listed(list []string, word string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " " + word + " " + list[len(list)-1]
}

// alternative makes one of the children, nil if an error was reported.
func (l *linker) alternative(e *model.Element, choice *model.Choice, from *syntax.Alternative, of string) *model.Field {
	label := from.Name.Value
	if label == "" {
		label = from.Type.Value
	}
	what := "alternative \"" + label + "\" of " + of
	f := &model.Field{Pos: from.Pos, Parent: e, Kind: model.FieldChild}
	child := &syntax.Child{Pos: from.Pos, Name: from.Name, NS: from.NS, Type: from.Type}
	if !l.typedChild(e, f, child, what) {
		return nil
	}
	t := f.Type
	switch {
	case t.Stanza != "":
		l.c.Errorf(from.Type.Pos, "%s: a stanza cannot be an alternative", what).Rule(rule.Choice)
		return nil
	case t.Scalar == model.LangText:
		l.c.Errorf(from.Type.Pos, "%s: langtext may stand several times, and is no alternative", what).Rule(rule.Choice).
			Hintf("use a type with text and the attribute xml:lang")
		return nil
	case t.Scalar == model.Raw:
		l.c.Errorf(from.Type.Pos, "%s: raw is no alternative", what).Rule(rule.Choice).Hintf("use a type with `any: true`")
		return nil
	case t.Element != nil && f.Name.Local == "":
		l.c.Errorf(from.Type.Pos, "%s: type %s has any name, so that it cannot be told from the others", what, t.Element.GoName).Rule(rule.Choice)
		return nil
	}
	name, own := from.Go.Value, false
	if !from.Go.IsSet() {
		name = choice.GoName + model.CamelCase(f.Name.Local)
	}
	switch {
	case t.Element == nil:
		own = l.simpleAlternative(e, f, from, name, what)
	case t.Element.Package != l.pkg:
		if !from.Go.IsSet() {
			name = choice.GoName + t.Element.GoName
		}
		own = true
		f.Doc = l.sentence(from.Doc, name, "is a "+t.Element.Package.Name+"."+t.Element.GoName+" as "+article(choice.GoName)+".")
		l.declare(at(from.Go, from.Pos), name, what)
	default:
		name = t.Element.GoName
	}
	for key, s := range map[string]syntax.String{"go": from.Go, "doc": from.Doc} {
		if s.IsSet() && !own {
			l.c.Errorf(s.Pos, "%s: %s belongs to type %s", what, key, name).Rule(rule.KeyClash)
		}
	}
	f.GoName = name
	f.SameNS = f.Namespace != nil && f.Namespace == e.Namespace
	f.Shape = model.Pointer
	return f
}

// openChoices gives the choices of a struct, whose types are all there, room for what is none of them.
func (l *linker) openChoices(e *model.Element) {
	for _, f := range e.Choices() {
		c := f.Choice
		if c.Parent != e || c.Text != "" || len(c.Open()) == 0 {
			continue
		}
		c.Other = c.GoName + "Other"
		l.declare(c.Pos, c.Other, "what is none of choice "+c.GoName)
		c.Doc = strings.TrimSuffix(c.Doc, ".") + ", or a *[" + c.Other + "]."
	}
}

func article(name string) string {
	if strings.ContainsRune("AEIOU", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}

// simpleAlternative gives a scalar, an enum or a flag a type of its own, so that Go can tell it from the others.
func (l *linker) simpleAlternative(e *model.Element, f *model.Field, from *syntax.Alternative, name, what string) bool {
	node := &model.Element{
		Pos: from.Pos, Package: l.pkg, Role: model.Nested, GoName: name, Namespace: f.Namespace, Link: l.pkg.Link, Sender: model.SenderAny,
	}
	node.Doc = l.sentence(from.Doc, name, "is the element <"+f.Name.Local+"/>.")
	if f.Type.Scalar != model.Flag {
		l.text(node, &syntax.Text{Pos: from.Pos, Type: from.Type})
	}
	s := &structState{node: node, after: l.states[e], stage: resolved}
	l.copies = append(l.copies, s)
	l.states[node] = s
	if l.declare(at(from.Go, from.Pos), name, what) {
		l.structs[name] = s
	}
	f.Type = model.Type{Element: node}
	return true
}

// choice copies a choice for a struct of another namespace or package.
func (c *copier) choice(from *model.Choice, dst *model.Element) *model.Choice {
	l, top := c.l, c.top.node
	if from.Package == l.pkg && top.Namespace == c.src.Namespace {
		return from
	}
	if copied := c.choices[from]; copied != nil {
		return copied
	}
	name, pos := top.GoName+from.GoName, c.top.from.Like.Pos
	if r := c.names[from.GoName]; r != nil {
		name, pos = r.To.Value, r.To.Pos
		c.used[from.GoName] = true
	}
	copied := &model.Choice{Pos: pos, Package: l.pkg, Parent: dst, GoName: name}
	c.choices[from] = copied
	if from.Text != "" {
		l.mixedTypes(copied)
	}
	l.declare(pos, name, "copy of choice "+from.GoName+" in "+describe(top))
	for _, a := range from.Alternatives {
		b := *a
		b.Parent = dst
		if b.Namespace == c.src.Namespace {
			b.Namespace, b.Name.Space = top.Namespace, top.Namespace.URI
		}
		if t := b.Type.Element; t.Role == model.Nested && t.Namespace == c.src.Namespace && top.Namespace != c.src.Namespace {
			b.Type.Element = c.nested(t)
		}
		b.SameNS = b.Namespace == dst.Namespace
		b.GoName = b.Type.Element.GoName
		if b.Type.Element.Package != l.pkg {
			b.GoName = name + b.Type.Element.GoName
			b.Doc = b.GoName + " is a " + b.Type.Element.Package.Name + "." + b.Type.Element.GoName + " as " + article(name) + "."
			l.declare(pos, b.GoName, "copy of choice "+from.GoName+" in "+describe(top))
		}
		copied.Alternatives = append(copied.Alternatives, &b)
	}
	copied.Doc = choiceDoc(copied)
	return copied
}
