package check

import (
	"fmt"
	"slices"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
)

// fieldNames refuses fields that have the Go name of another field or of a method.
func (l *linker) fieldNames(e *model.Element) {
	taken := map[string]string{}
	reserved := model.ReservedFields(e)
	for _, f := range e.Fields {
		what := label(f) + " of " + describe(e)
		if !model.IsExported(f.GoName) {
			l.c.Errorf(f.Pos, "%s: %q is not an exported Go name", what, f.GoName).Rule(rule.GoName).Hintf("give it a name with `go:`")
			continue
		}
		for _, name := range []string{f.GoName, f.DefaultMethod} {
			if name == "" {
				continue
			}
			if by, is := reserved[name]; is {
				d := l.c.Errorf(f.Pos, "%s: the Go name %s is taken by %s", what, name, by).Rule(rule.GoNameTaken).Hintf("give it another name with `go:`")
				if name == "Features" {
					d.Hintf("give it another name with `go:`, or the element no disco features: `features: []`")
				}
			} else if by, is := taken[name]; is {
				l.c.Errorf(f.Pos, "%s: the Go name %s is taken by %s", what, name, by).Rule(rule.GoNameTaken).Hintf("give one of them another name with `go:`")
			}
			taken[name] = label(f)
		}
	}
}

// label names a field in errors by what it is on the wire.
func label(f *model.Field) string {
	switch f.Kind {
	case model.FieldName:
		return "the element's own name"
	case model.FieldAttr:
		return fmt.Sprintf("attribute %q", wireLabel(f))
	case model.FieldText:
		return "the text"
	case model.FieldAny:
		return "the open content"
	case model.FieldChoice:
		return "choice " + f.Choice.GoName
	case model.FieldNames:
		return "child named by " + f.Type.Enum.GoName
	}
	if f.Name.Local == "" {
		return "child of type " + f.Type.Element.GoName
	}
	return "child " + f.Name.String()
}

// fieldWireNames refuses attributes and children that cannot be told apart.
func (l *linker) fieldWireNames(e *model.Element) {
	attrs, children := map[model.Name]bool{}, map[model.Name]bool{}
	byWhen := map[model.Name][]*model.Element{}
	for _, f := range e.Parts() {
		switch f.Kind {
		case model.FieldAttr:
			if attrs[f.Name] {
				l.c.Errorf(f.Pos, "%s stands twice in %s", label(f), describe(e)).Rule(rule.Twice)
			}
			attrs[f.Name] = true
		case model.FieldChild, model.FieldNames, model.FieldStanza:
			if l.toldApart(e, f, byWhen) {
				continue
			}
			switch {
			case f.Name.Local == "":
			case children[f.Name]:
				l.c.Errorf(f.Pos, "%s stands twice in %s", label(f), describe(e)).Rule(rule.Twice).
					Hintf("a child that may be repeated is `many: true`")
			}
			children[f.Name] = true
		}
	}
	names := map[model.Name]*model.Field{}
	for _, f := range e.Fields {
		enum := f.NamesEnum()
		if enum == nil {
			continue
		}
		for _, v := range enum.Values {
			name := model.Name{Space: f.Name.Space, Local: v.Value.Text}
			if children[name] && f.Kind == model.FieldNames {
				l.c.Errorf(f.Pos, "%s of %s: the value %q is the name of another child", label(f), describe(e), v.Value.Text).Rule(rule.Ambiguous)
			}
			if names[name] != nil {
				l.c.Errorf(f.Pos, "%s of %s: the value %q is one of %s, too, so that they could not be told apart", label(f), describe(e), v.Value.Text, label(names[name])).Rule(rule.Ambiguous)
				break
			}
			names[name] = f
		}
	}
}

// toldApart reports whether an alternative of a choice shares its name with others from which its condition tells it.
func (l *linker) toldApart(e *model.Element, f *model.Field, byWhen map[model.Name][]*model.Element) bool {
	alternative := slices.ContainsFunc(e.Choices(), func(c *model.Field) bool { return slices.Contains(c.Choice.Alternatives, f) })
	if !alternative {
		return false
	}
	others := byWhen[f.Name]
	byWhen[f.Name] = append(others, f.Type.Element)
	apart := len(others) > 0
	for _, other := range others {
		apart = apart && l.distinct(f.Type.Element, other, label(f)+" of "+describe(e))
	}
	return apart
}

// recursion marks the structs that can contain themselves, and refuses those that would have to.
func (l *linker) recursion() {
	for _, e := range l.pkg.Structs {
		e.Recursive = reaches(e, e, func(*model.Field) bool { return true })
		if reaches(e, e, func(f *model.Field) bool { return f.Required }) {
			l.c.Errorf(e.Pos, "%s: it requires itself inside, without end", describe(e)).Rule(rule.Recursion).
				Hintf("one of the children on the way round has to be optional, or many without required")
		}
	}
}

// reaches reports whether to can be reached from the fields of from that follow lets through.
func reaches(from, to *model.Element, follow func(*model.Field) bool) bool {
	seen := map[*model.Element]bool{}
	var walk func(*model.Element) bool
	walk = func(e *model.Element) bool {
		for _, f := range e.Parts() {
			t := f.Type.Element
			if t == nil || !follow(f) {
				continue
			}
			if t == to {
				return true
			}
			if !seen[t] {
				seen[t] = true
				if walk(t) {
					return true
				}
			}
		}
		return false
	}
	return walk(from)
}

// unusedTypes refuses nested types that stand inside no element: nobody could ever meet them. Where the file has other
// errors it is silent, since those may be the reason.
func (l *linker) unusedTypes() {
	if l.c.ErrorsIn(l.file.Path) {
		return
	}
	used := map[*model.Element]bool{}
	var mark func(*model.Element)
	mark = func(e *model.Element) {
		if used[e] {
			return
		}
		used[e] = true
		for _, f := range e.Parts() {
			if f.Type.Element != nil {
				mark(f.Type.Element)
			}
		}
	}
	for _, e := range l.pkg.Structs {
		if e.Role != model.Nested {
			mark(e)
		}
	}
	for _, e := range l.pkg.Structs {
		if !used[e] {
			d := l.c.Errorf(e.Pos, "%s is used nowhere", describe(e)).Rule(rule.TypeUnused)
			d.Hintf("name it as the type of some child, or take it out")
		}
	}
}
