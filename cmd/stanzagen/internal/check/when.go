package check

import (
	"slices"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// when gives a struct, whose fields are there already, the condition that tells it from others of its name.
func (l *linker) when(e *model.Element, from *syntax.When, declared []*syntax.Attr) {
	if from == nil {
		return
	}
	what := describe(e)
	switch {
	case from.Attr.IsSet() == from.Child.IsSet():
		l.c.Errorf(from.Pos, "%s: when needs either attr or child", what).Rule(rule.When)
	case from.Attr.IsSet() && !from.Value.IsSet():
		l.c.Errorf(from.Pos, "%s: when has an attr but no value", what).Rule(rule.When)
	case from.Child.IsSet() && from.Value.IsSet():
		l.c.Errorf(from.Value.Pos, "%s: when looks at a child, which has no value", what).Rule(rule.When)
	case e.When != nil:
		l.c.Errorf(from.Pos, "%s: the element has a when already", what).Rule(rule.When)
	case from.Attr.IsSet():
		l.whenAttr(e, from, declared, what)
	default:
		l.whenChild(e, from, what)
	}
}

// whenAttr takes the attribute out of the fields: the type says its value.
func (l *linker) whenAttr(e *model.Element, from *syntax.When, declared []*syntax.Attr, what string) {
	name := from.Attr.Value
	if name == "xmlns" || !l.xmlName(from.Attr, what+": when") {
		if name == "xmlns" {
			l.c.Errorf(from.Attr.Pos, "%s: when looks at xmlns, which is no attribute", what).Rule(rule.When)
		}
		return
	}
	if !isXMLText(from.Value.Value) {
		l.c.Errorf(from.Value.Pos, "%s: value of when has characters that XML does not allow", what).Rule(rule.XMLText)
		return
	}
	for _, a := range declared {
		if a.Name.Value == name && !a.NS.IsSet() {
			l.c.Errorf(a.Pos, "attribute %q of %s is said by when, and has no field", name, what).Rule(rule.When).Hintf("take it out of `attrs:`")
			return
		}
	}
	e.Fields = slices.DeleteFunc(e.Fields, func(f *model.Field) bool {
		if f.Kind != model.FieldAttr || f.Name != (model.Name{Local: name}) {
			return false
		}
		l.literal(f, from.Value, "attribute "+wireLabel(f)+" of "+what+": value of when")
		return true
	})
	e.When = &model.When{Pos: from.Pos, Attr: name, Value: from.Value.Value}
}

// whenChild makes the child a required one.
func (l *linker) whenChild(e *model.Element, from *syntax.When, what string) {
	var known []string
	i := -1
	for n, f := range e.Fields {
		if f.Kind == model.FieldChild && f.Name.Local != "" {
			known = append(known, f.Name.Local)
			if f.Name.Local == from.Child.Value && i < 0 {
				i = n
			}
		}
	}
	if i < 0 {
		l.c.Errorf(from.Child.Pos, "%s: when looks at %q, which is no child with a name", what, from.Child.Value).Rule(rule.When).
			Hintf("known: %s", quoteAll(known)).DidYouMean(from.Child.Value, known)
		return
	}
	f := e.Fields[i]
	e.When = &model.When{Pos: from.Pos, Child: f}
	switch {
	case f.Type.Scalar == model.Flag:
		e.Fields = slices.Delete(e.Fields, i, i+1)
	case f.Default != nil:
		l.c.Errorf(from.Child.Pos, "%s: when requires the child %q, so that its default is of no use", what, from.Child.Value).Rule(rule.When)
	default:
		f.Required = true
		f.Shape = shape(f)
	}
}

// sameWhen gives a request the condition of its payload.
func (l *linker) sameWhen(node, payload *model.Element) {
	w := *payload.When
	if w.Child != nil && !w.Implied() {
		i := slices.IndexFunc(node.Fields, func(f *model.Field) bool { return f.Kind == w.Child.Kind && f.Name == w.Child.Name })
		if i < 0 {
			l.c.Errorf(node.Pos, "%s: fields leave out the child %q, which makes it a %s", describe(node), w.Child.Name.Local, payload.GoName).Rule(rule.When)
			return
		}
		w.Child = node.Fields[i]
	}
	node.When = &w
}

// distinct reports whether two structs of the same name can be told apart, and reports it if not.
func (l *linker) distinct(e, other *model.Element, what string) bool {
	a, b := e.When, other.When
	switch {
	case a == nil && b == nil:
		return false
	case a.Same(b):
		l.c.Errorf(a.Pos, "%s: when is the same as that of %s", what, other.GoName).Rule(rule.When).Hintf("the other is in line %d", b.Pos.Line)
	case a != nil && b != nil && !a.Alike(b):
		l.c.Errorf(a.Pos, "%s: when does not look at what that of %s looks at, so that both could hold", what, other.GoName).Rule(rule.When).
			Hintf("the other is in line %d", b.Pos.Line)
	}
	return true
}

// holds reports whether the condition of a struct holds for an element of an example.
func holds(w *model.When, tree *exampleElement) bool {
	switch {
	case w == nil:
		return true
	case w.Child != nil:
		return slices.ContainsFunc(tree.children, func(c *exampleElement) bool { return c.name == w.Child.Name })
	}
	return tree.attrs[w.Attr] == w.Value
}
