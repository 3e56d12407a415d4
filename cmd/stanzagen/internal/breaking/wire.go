package breaking

import (
	"slices"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// names are the names that an element of the top level can have on the wire.
func names(e *model.Element) []model.Name {
	switch {
	case e.Namespace == nil:
		return nil
	case e.Names == nil:
		return []model.Name{{Space: e.Namespace.URI, Local: e.Local}}
	}
	var all []model.Name
	for _, v := range e.Names.Values {
		all = append(all, model.Name{Space: e.Namespace.URI, Local: v.Value.Text})
	}
	return all
}

// wire compares what the elements of a package are on the wire with whatever has their names now.
func (c *comparison) wire(p *model.Package) {
	for _, old := range p.Structs {
		if old.Role != model.Payload || old.Namespace == nil {
			continue
		}
		now := c.counterpart(old)
		if now == nil {
			c.found("wire-element-removed", old.GoName, old.Pos, "element %s is gone", show(old))
			continue
		}
		c.element(old, now)
		c.requests(old, now)
		c.dispatch(old, now)
	}
	c.values(p)
}

// counterpart finds the element that takes the place of an old one: that of the same name, or else that of the same type.
func (c *comparison) counterpart(old *model.Element) *model.Element {
	for _, name := range names(old) {
		all := c.elements[name]
		if i := slices.IndexFunc(all, func(now *model.Element) bool { return now.When.Same(old.When) }); i >= 0 {
			return all[i]
		}
		if i := slices.IndexFunc(all, func(now *model.Element) bool { return now.GoName == old.GoName }); i >= 0 {
			c.found("wire-when", old.GoName, all[i].Pos, "element %s was meant %s, and is now %s", old.GoName, condition(old.When), condition(all[i].When))
			return all[i]
		}
	}
	if c.pkg == nil {
		return nil
	}
	for _, now := range c.pkg.Structs {
		if now.Role != model.Payload || now.GoName != old.GoName || now.Namespace == nil {
			continue
		}
		if now.Namespace.URI != old.Namespace.URI {
			c.found("wire-namespace", old.GoName, now.Pos, "element %s was in namespace %s, and is in %s now", old.GoName, old.Namespace.URI, now.Namespace.URI)
		} else {
			c.found("wire-name", old.GoName, now.Pos, "element %s was %s, and is %s now", old.GoName, show(old), show(now))
		}
		return now
	}
	return nil
}

// condition says when an element of some name is meant.
func condition(w *model.When) string {
	if w == nil {
		return "always"
	}
	return "when " + w.String()
}

func show(e *model.Element) string {
	if e.Names != nil {
		return e.GoName + " of namespace " + e.Namespace.URI
	}
	return names(e)[0].String()
}

// element compares the content of two structs, and of those inside.
func (c *comparison) element(old, now *model.Element) {
	if pair := [2]*model.Element{old, now}; c.done[pair] {
		return
	} else {
		c.done[pair] = true
	}
	c.nameField(old, now)
	for _, f := range old.Attrs() {
		g := find(now, func(g *model.Field) bool { return g.Kind == model.FieldAttr && g.Name == f.Name })
		if g == nil {
			c.found("wire-attribute-removed", old.GoName+"."+f.Name.Local, f.Pos, "attribute %s of %s is gone", f.Name.Local, old.GoName)
			continue
		}
		c.field(old.GoName+"."+f.Name.Local, "attribute "+f.Name.Local+" of "+old.GoName, f, g)
	}
	if f := old.Text(); f != nil {
		if g := now.Text(); g == nil && now.Mixed() != nil {
			// text is part of it
		} else if g == nil {
			c.found("wire-text-removed", old.GoName+".text", f.Pos, "the text of %s is gone", old.GoName)
		} else {
			c.field(old.GoName+".text", "the text of "+old.GoName, f, g)
		}
	}
	if f := old.Mixed(); f != nil && now.Mixed() == nil {
		c.found("wire-text-removed", old.GoName+"."+f.GoName, f.Pos, "%s has no longer text and elements in their order", old.GoName)
	}
	for _, f := range old.Children() {
		c.child(old, now, f)
	}
	for _, f := range old.Choices() {
		for _, g := range now.Choices() {
			if f.GoName == g.GoName {
				c.use(old.GoName+"."+f.GoName, "choice "+f.GoName+" of "+old.GoName, f, g)
			}
		}
	}
	for _, g := range now.Parts() {
		if g.Required && g.Kind != model.FieldName && find(old, func(f *model.Field) bool { return f.Kind == g.Kind && sameWire(f, g, old, now) }) == nil {
			c.found("wire-required", now.GoName+"."+wireLabel(g), g.Pos, "%s of %s is new and required", wireLabel(g), now.GoName)
		}
	}
}

// nameField compares the names that an element can have. Names that are gone are elements that are gone.
func (c *comparison) nameField(old, now *model.Element) {
	if old.Names == nil {
		return
	}
	have := names(now)
	for _, v := range old.Names.Values {
		name := model.Name{Space: old.Namespace.URI, Local: v.Value.Text}
		if !slices.Contains(have, name) && len(c.elements[name]) == 0 && now.Namespace.URI == old.Namespace.URI && now.Names == nil {
			c.found("wire-element-removed", old.GoName+"."+v.Value.Text, v.Pos, "element %s is gone", name)
		}
	}
}

// sameWire reports whether two fields stand for the same thing on the wire. Children in the namespace of their parent go
// along with it.
func sameWire(f, g *model.Field, old, now *model.Element) bool {
	switch {
	case f.Kind == model.FieldText || f.Kind == model.FieldAny:
		return true
	case f.Name.Local != g.Name.Local:
		return false
	}
	return f.Name.Space == g.Name.Space || old.Namespace != nil && now.Namespace != nil && f.Name.Space == old.Namespace.URI && g.Name.Space == now.Namespace.URI
}

func find(e *model.Element, want func(*model.Field) bool) *model.Field {
	for _, f := range e.Parts() {
		if want(f) {
			return f
		}
	}
	return nil
}

func wireLabel(f *model.Field) string {
	switch {
	case f.Kind == model.FieldText:
		return "text"
	case f.Kind == model.FieldAny:
		return "any"
	case f.Name.Local == "":
		return f.GoName
	}
	return f.Name.Local
}

func (c *comparison) child(old, now *model.Element, f *model.Field) {
	at, what := old.GoName+"."+wireLabel(f), "child "+wireLabel(f)+" of "+old.GoName
	g := find(now, func(g *model.Field) bool {
		isChild := g.Kind == model.FieldChild || g.Kind == model.FieldNames || g.Kind == model.FieldStanza
		a, b := f.Type.Element, g.Type.Element
		return isChild && sameWire(f, g, old, now) && (a == nil || b == nil || a.When.Same(b.When))
	})
	if g == nil {
		// open content takes every child, though untyped
		c.found("wire-child-removed", at, f.Pos, "%s is gone", what)
		return
	}
	c.field(at, what, f, g)
	if a, b := f.Type.Element, g.Type.Element; a != nil && b != nil && (a.Role == model.Nested || b.Role == model.Nested) {
		c.element(a, b)
	}
}

// use compares whether and how often something stands there.
func (c *comparison) use(at, what string, f, g *model.Field) {
	switch {
	case g.Required && !f.Required:
		c.found("wire-required", at, g.Pos, "%s is required now", what)
	case f.Required && !g.Required:
		c.found("wire-optional", at, g.Pos, "%s is no longer required", what)
	}
	switch {
	case f.Many && !g.Many && g.Type.Scalar != model.LangText:
		c.found("wire-single", at, g.Pos, "%s could be repeated, and stands once now", what)
	case g.Many && !f.Many && f.Type.Scalar != model.LangText:
		c.found("wire-many", at, g.Pos, "%s stood once, and may be repeated now", what)
	}
}

// field compares two fields that have the same place on the wire.
func (c *comparison) field(at, what string, f, g *model.Field) {
	c.use(at, what, f, g)
	if a, b := literal(f.Default), literal(g.Default); a != b && f.Required == g.Required {
		c.found("wire-default", at, g.Pos, "%s: absence meant %s, and means %s now", what, a, b)
	}
	switch r := relate(f, g); r {
	case other:
		c.found("wire-type", at, g.Pos, "%s was of type %s, and is of type %s now", what, wireType(f), wireType(g))
	case narrower, both:
		c.found("wire-narrowed", at, g.Pos, "%s: fewer values are valid than before: it was %s, and is %s now", what, values(f), values(g))
	}
	if r := relate(f, g); r == wider || r == both {
		c.found("wire-widened", at, g.Pos, "%s: more values are valid than before: it was %s, and is %s now", what, values(f), values(g))
	}
}

func literal(l *model.Literal) string {
	if l == nil {
		return "nothing"
	}
	return `"` + l.Text + `"`
}

// requests compares the IQ requests of an element.
func (c *comparison) requests(old, now *model.Element) {
	for _, q := range old.Queries {
		i := slices.IndexFunc(now.Queries, func(r *model.Query) bool { return r.IQType == q.IQType && when(r).Same(when(q)) })
		if i < 0 {
			c.found("wire-request-removed", old.GoName, q.Pos, "%s is no longer a request of type %s", show(old), q.IQType)
			continue
		}
		before, after := result(q), result(now.Queries[i])
		if before != after {
			c.found("wire-result", old.GoName, now.Queries[i].Pos, "request %s of type %s was answered with %s, and is with %s now", show(old), q.IQType, before, after)
		}
	}
}

// when is the condition of a request.
func when(q *model.Query) *model.When {
	if q.Request == nil {
		return nil
	}
	return q.Request.When
}

func result(q *model.Query) string {
	if q.Result == nil || q.Result.Namespace == nil {
		return "an empty result"
	}
	return show(q.Result)
}

// dispatch compares who may send an element, and what is advertised for it.
func (c *comparison) dispatch(old, now *model.Element) {
	if old.Sender != now.Sender && now.Sender != model.SenderAny && !(old.Sender == model.SenderOwnAccount && now.Sender == model.SenderAccountOrServer) &&
		!(old.Sender == model.SenderServer && now.Sender == model.SenderAccountOrServer) {
		c.found("wire-sender", old.GoName, now.Pos, "element %s was believed from %s, and is from %s now", show(old), old.Sender, now.Sender)
	}
	for _, f := range old.Features {
		if !slices.Contains(now.Features, f) {
			c.found("wire-feature-removed", old.GoName, now.Pos, "element %s no longer stands for the feature %s", show(old), f)
		}
	}
}

// values compares what the constants of enums stand for.
func (c *comparison) values(p *model.Package) {
	if c.pkg == nil {
		return
	}
	for _, old := range p.Enums {
		for _, now := range c.pkg.Enums {
			if now.GoName != old.GoName {
				continue
			}
			for _, v := range old.Values {
				for _, w := range now.Values {
					if v.GoName == w.GoName && v.Value.Text != w.Value.Text {
						c.found("wire-value", old.GoName+"."+v.Value.Text, w.Pos, "constant %s was %q, and is %q now", v.GoName, v.Value.Text, w.Value.Text)
					}
				}
			}
		}
	}
}
