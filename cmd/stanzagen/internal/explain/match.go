package explain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/stanzaxml"
)

// structure explains an element by its struct.
func (a *annotator) structure(e *stanzaxml.Element, s *model.Element, depth int, note string) {
	if s.Names != nil {
		note += a.constant(s.Names, e.Name.Local)
	}
	a.open(e, depth, note+a.formOf(e))
	seen := map[*model.Field]int{}
	for _, at := range e.Attrs {
		f := attribute(s, at.Name)
		if w := s.When; w != nil && at.Name == (model.Name{Local: w.Attr}) {
			a.line(depth+2, attr(at), "says that it is a %s", s.GoName)
			if at.Value != w.Value {
				a.odd(e.Pos, "attribute %s of %s is not %s", at.Name.Local, e.Name, w.Value)
			}
			continue
		}
		if f == nil {
			a.line(depth+2, attr(at), "not in the schema: kept in Extra")
			d := a.odd(e.Pos, "attribute %s of %s is not in the schema", at.Name.Local, e.Name)
			var known []string
			for _, f := range s.Attrs() {
				known = append(known, f.Name.Local)
			}
			d.DidYouMean(at.Name.Local, known)
			continue
		}
		seen[f]++
		note := fmt.Sprintf("%s %s: %s", f.GoName, f.GoType(s.Package), about(f)+a.value(f, at.Value))
		if field := a.formField(e, at.Value); field != "" && at.Name.Local == "var" {
			note = field
		}
		a.line(depth+2, attr(at), "%s", note)
		a.check(e, f, at.Value)
	}
	a.content(e, depth, func() {
		if e.HasText() {
			a.text(e, s, depth+1, seen)
		}
		for _, child := range e.Children {
			a.child(child, s, depth+1, seen)
		}
	})
	repeats := map[*model.Field]bool{} // alternatives of choices that may be repeated
	for _, f := range s.Choices() {
		for _, alternative := range f.Choice.Alternatives {
			repeats[alternative] = f.Many
		}
	}
	for _, f := range s.Parts() {
		empty := f.Kind == model.FieldText || f.Kind == model.FieldName || f.Kind == model.FieldAny
		if f.Required && seen[f] == 0 && !empty {
			a.odd(e.Pos, "%s of %s is missing, but required", wire(&model.Field{Kind: f.Kind, Name: f.Name, Type: f.Type}), e.Name)
		}
		if seen[f] > 1 && !f.Many && !repeats[f] && f.Type.Scalar != model.LangText {
			a.odd(e.Pos, "%s of %s stands %d times, the first counts", wire(&model.Field{Kind: f.Kind, Name: f.Name, Type: f.Type}), e.Name, seen[f])
		}
	}
}

func attribute(s *model.Element, name model.Name) *model.Field {
	for _, f := range s.Attrs() {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func (a *annotator) text(e *stanzaxml.Element, s *model.Element, depth int, seen map[*model.Field]int) {
	f := s.Text()
	if f == nil && s.Mixed() != nil {
		a.line(depth, escape(short(e.Text)), "%s: the text around the elements", s.Mixed().GoName)
		return
	}
	if f == nil {
		a.line(depth, escape(short(e.Text)), "text that the schema does not expect: kept in Extra")
		a.odd(e.Pos, "text of %s is not in the schema", e.Name)
		return
	}
	seen[f]++
	a.line(depth, escape(short(e.Text)), "%s %s: %s", f.GoName, f.GoType(s.Package), about(f)+a.value(f, e.Text))
	a.check(e, f, e.Text)
}

// child explains a child by the field that takes it.
func (a *annotator) child(e *stanzaxml.Element, s *model.Element, depth int, seen map[*model.Field]int) {
	f := childField(s, e)
	if w := s.When; f == nil && w != nil && w.Implied() && e.Name == w.Child.Name {
		a.plain(e, depth, "says that it is a "+s.GoName)
		return
	}
	if f == nil {
		switch known := a.element(e.Name) != nil; {
		case s.Any() != nil && !known && len(a.inner[e.Name]) == 1:
			t := a.inner[e.Name][0]
			a.structure(e, t, depth, t.Package.Name+"."+t.GoName+" of "+t.Package.Spec)
		case s.Any() != nil && !known && len(a.inner[e.Name]) > 1:
			a.plain(e, depth, "of "+a.inner[e.Name][0].Package.Spec)
		case s.Mixed() != nil && !known:
			a.plain(e, depth, fmt.Sprintf("%s: %s, kept as it is", s.Mixed().GoName, s.Mixed().Choice.Other))
		case s.Any() != nil, s.Mixed() != nil:
			a.top(e, depth, "")
		case known:
			a.odd(e.Pos, "child %s of %s is not in the schema", e.Name, s.GoName)
			a.top(e, depth, "")
		default:
			a.unknown(e, depth, a.odd(e.Pos, "child %s of %s is not in the schema", e.Name, s.GoName))
		}
		return
	}
	seen[f]++
	note := fmt.Sprintf("%s %s: %s", f.GoName, f.GoType(s.Package), about(f))
	switch t := f.Type; {
	case f.Kind == model.FieldNames:
		a.plain(e, depth, note+a.constant(t.Enum, e.Name.Local))
	case f.Kind == model.FieldStanza:
		a.stanza(e, t.Stanza, depth)
	case t.Element != nil:
		a.structure(e, t.Element, depth, note)
	case t.Scalar == model.Raw:
		a.plain(e, depth, note+" (kept as it is)")
	default:
		a.plain(e, depth, note+a.value(f, e.Text))
		a.check(e, f, e.Text)
	}
}

// childField finds the field that takes a child of a name: one with that name, or else one whose names are an enum's.
func childField(s *model.Element, e *stanzaxml.Element) *model.Field {
	name := e.Name
	var conditional *model.Field
	for _, f := range s.Children() {
		if f.Name == e.Name && f.Type.Element != nil && !holds(f.Type.Element.When, e) {
			conditional = f
			continue
		}
		if f.Name == name || f.Kind == model.FieldStanza && name.Local == f.Type.Stanza && (name.Space == "" || name.Space == model.ClientNamespace) {
			return f
		}
	}
	if conditional != nil {
		return conditional
	}
	return s.NamedChild(name)
}

// holds reports whether an element is what a condition asks for.
func holds(w *model.When, e *stanzaxml.Element) bool {
	switch {
	case w == nil:
		return true
	case w.Child != nil:
		return slices.ContainsFunc(e.Children, func(c *stanzaxml.Element) bool { return c.Name == w.Child.Name })
	}
	value, ok := e.Attr(w.Attr)
	return ok && value == w.Value
}

// about is the first sentence of a field's doc, without its name.
func about(f *model.Field) string { return brief(f.GoName, f.Doc) }

// brief returns the first sentence of a comment, without the name that it begins with.
func brief(name, doc string) string {
	text := strings.TrimPrefix(doc, name+" ")
	if i := strings.Index(text, ". "); i >= 0 {
		text = text[:i]
	}
	text = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(text, "is "), "are "), ".")
	if c := []rune(text); len(c) > 90 {
		text = string(c[:89]) + "…"
	}
	return text
}

// value adds the constant that a value has.
func (a *annotator) value(f *model.Field, value string) string {
	if f.Type.Enum == nil {
		return ""
	}
	return a.constant(f.Type.Enum, strings.TrimSpace(value))
}

func (a *annotator) constant(e *model.Enum, value string) string {
	for _, v := range e.Values {
		if v.Value.Text == value {
			return " (" + v.GoName + ")"
		}
	}
	if _, err := strconv.ParseInt(value, 10, 64); err == nil && e.Numbers != 0 {
		return " (a number)"
	}
	return " (a value that the schema does not know)"
}

// check reports values that would not decode.
func (a *annotator) check(e *stanzaxml.Element, f *model.Field, value string) {
	value = strings.TrimSpace(value)
	scalar := f.Type.Scalar
	if f.Type.Enum != nil {
		scalar = f.Type.Enum.Base
	}
	what := wire(&model.Field{Kind: f.Kind, Name: f.Name, Type: f.Type}) + " of " + e.Name.String()
	ok := true
	switch {
	case scalar == model.Bool:
		ok = slices.Contains([]string{"true", "false", "1", "0"}, value)
	case scalar.IsUnsigned():
		n, err := strconv.ParseUint(value, 10, scalar.Bits())
		ok = err == nil && (f.Min == nil || n >= f.Min.Uint) && (f.Max == nil || n <= f.Max.Uint)
	case scalar.IsInteger():
		n, err := strconv.ParseInt(value, 10, scalar.Bits())
		ok = err == nil && (f.Min == nil || n >= f.Min.Int) && (f.Max == nil || n <= f.Max.Int)
	}
	if f.Fixed != nil && value != f.Fixed.Text {
		ok = false
	}
	if !ok {
		d := a.odd(e.Pos, "%s: %q is not a valid %s", what, short(value), strings.TrimLeft(f.GoType(nil), "*[]"))
		if facts := strings.Index(f.Doc, "Valid are "); facts >= 0 {
			d.Hintf("%s", f.Doc[facts:])
		}
	}
}
