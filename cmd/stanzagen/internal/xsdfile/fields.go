package xsdfile

import (
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// fields gives e what the shape of n, an element or a complex type, has.
func (b *builder) fields(e *syntax.Element, n *node) {
	s := b.elementOrTypeShape(n)
	for _, a := range s.attrs {
		e.Attrs = append(e.Attrs, b.attr(e, a))
	}
	m := b.settle(b.particles(s.parts))
	for _, p := range m.parts {
		if c := b.child(e, n.doc.target, p, m); c != nil {
			e.Children = append(e.Children, c)
		}
	}
	text := s.text
	if text == nil && (s.mixed || s.open) {
		text = &simple{scalar: model.String}
	}
	if text != nil {
		e.Text = b.text(e, n, text)
	}
	switch {
	case m.open != nil:
		e.Any = &syntax.Any{Pos: m.open.pos}
		if m.open.is("any") {
			e.Any.Doc = b.docText("holds the children that have no field of their own.", nil, m.open)
		}
	case s.open:
		e.Any = &syntax.Any{Pos: n.pos}
	}
	b.fieldNames(e)
}

func (b *builder) elementOrTypeShape(n *node) *shape {
	if n.local == "complexType" {
		return b.shapeOf(n)
	}
	return b.elementShape(n)
}

// scalarOf returns the type of an element that has text and nothing else, or nil.
func (b *builder) scalarOf(decl *node) *simple {
	s := b.elementShape(decl)
	switch {
	case s.open || len(s.attrs) > 0 || b.hasParts(s.parts):
		return nil
	case s.text == nil && s.mixed:
		return &simple{scalar: model.String}
	}
	return s.text
}

// attr makes an attribute of e.
func (b *builder) attr(e *syntax.Element, use *attrUse) *syntax.Attr {
	site := use.site
	a := &syntax.Attr{Pos: site.pos, Name: syntax.String{Pos: namePos(site), Value: use.name.local}}
	a.Required = required(site)
	if use.name.space == xmlSpace {
		a.Name.Value = "xml:" + use.name.local
		a.Doc = b.docText("is the language.", nil, site)
		return a
	}
	if use.name.space != "" {
		a.NS = b.spaceKey(use.name.space, site)
		if !a.NS.IsSet() {
			a.NS = syntax.String{Pos: site.pos} // its own namespace, but qualified
		}
	}
	t, sources := &simple{scalar: model.String}, []*node{site}
	if use.decl != nil {
		t = b.attributeType(use.decl)
		sources = append(sources, use.decl)
	}
	v := b.value(t, valueContext{
		sources: sources, what: `attribute "` + use.name.local + `" of ` + e.Type.Value, single: true, required: a.Required.Value,
		enumNames: []string{e.Type.Value + b.goName(use.name.local)},
	})
	a.Type, a.Min, a.Max, a.Default, a.Fixed = v.typ, v.min, v.max, v.def, v.fixed
	a.Doc = b.docText(`is the attribute "`+use.name.local+`".`, v.notes, append(sources, b.typeDoc(use.decl)...)...)
	return a
}

// required reads the use of an attribute.
func required(n *node) syntax.Bool {
	for _, a := range n.attrs {
		if a.space == "" && (a.local == "use" && a.value == "required" || a.local == "required" && isTrue(a.value)) {
			return syntax.Bool{Pos: a.pos, Value: true}
		}
	}
	return syntax.Bool{}
}

// attributeType returns the type of a declared attribute.
func (b *builder) attributeType(n *node) *simple {
	for _, c := range n.children {
		switch {
		case c.is("simpleType"):
			return b.simpleType(c)
		case c.is("restriction"), c.is("list"), c.is("union"):
			return b.simpleType(n)
		}
	}
	a, ok := n.attr("type")
	if !ok {
		return &simple{scalar: model.String}
	}
	ref := b.typeNamed(n, a)
	if ref.complex != nil {
		n.doc.warnf(ruleUnresolved, a.pos, "attribute %q has the complex type %s: read as xs:string", n.value("name"), a.value)
	}
	if ref.simple == nil {
		return &simple{scalar: model.String}
	}
	return ref.simple
}

// typeDoc returns where the documentation of an attribute's own type stands.
func (b *builder) typeDoc(n *node) []*node {
	if n == nil {
		return nil
	}
	return n.elements("simpleType")
}

// text makes the character data of e.
func (b *builder) text(e *syntax.Element, n *node, t *simple) *syntax.Text {
	v := b.value(t, valueContext{
		sources: []*node{n}, what: "text of " + e.Type.Value, single: true, enumNames: []string{e.Type.Value + "Value"},
	})
	text := &syntax.Text{Pos: n.pos, Type: v.typ, Min: v.min, Max: v.max, Default: v.def, Fixed: v.fixed}
	if !v.def.IsSet() && needsText(t) {
		text.Required = syntax.Bool{Pos: n.pos, Value: true}
	}
	if len(v.notes) > 0 {
		text.Doc = syntax.String{Pos: n.pos, Value: "is the text of the element. " + strings.Join(v.notes, " ")}
	}
	return text
}

// needsText reports whether the empty text is no value of t.
func needsText(t *simple) bool {
	if t.values != nil {
		return !t.known[""] && !t.more
	}
	return !isText(t.scalar) && t.scalar != model.Base64 && t.scalar != model.Hex
}

// child makes a child of e, whose own children are in the namespace space. It returns nil for what cannot be told apart;
// m is then open.
func (b *builder) child(e *syntax.Element, space string, p *part, m *contentModel) *syntax.Child {
	c := &syntax.Child{Pos: p.site.pos}
	if p.min > 0 {
		c.Required = syntax.Bool{Pos: p.site.pos, Value: true}
	}
	if p.max > 1 {
		c.Many = syntax.Bool{Pos: p.site.pos, Value: true}
	}
	switch {
	case p.clash:
		p.site.doc.warnf(ruleAmbiguous, p.site.pos, "child %q of %s stands here with different types: open content instead", p.name.local, e.Type.Value)
		if m.open == nil {
			m.open = p.site
		}
		return nil
	case p.choice != nil:
		b.namesChild(e, space, c, p)
		return c
	case p.stanza != "":
		c.Type = syntax.String{Pos: p.site.pos, Value: p.stanza}
		c.Doc = b.docText("is the "+p.stanza+" inside.", nil, p.site)
		return c
	}
	c.Name = syntax.String{Pos: namePos(p.site), Value: p.name.local}
	if !b.childType(e, space, c, p) {
		p.site.doc.warnf(ruleImportCycle, p.site.pos, "child %q of %s is in a package that needs this one already: open content instead", p.name.local, e.Type.Value).
			Hintf("Go packages cannot import each other; put what both need into a schema of its own")
		if m.open == nil {
			m.open = p.site
		}
		return nil
	}
	return c
}

// childType gives a child its type. It returns false if the type's package cannot be imported.
func (b *builder) childType(e *syntax.Element, space string, c *syntax.Child, p *part) bool {
	decl, pos := p.decl, p.site.pos
	if p.other != nil {
		if !b.importOther(p.other, pos) {
			return false
		}
		c.Type = syntax.String{Pos: pos, Value: p.other.pkg + "." + p.other.typ}
		c.Doc = b.docText("is the element <"+p.name.local+"/> of package "+p.other.pkg+".", nil, p.site)
		return true
	}
	what := "is the child <" + p.name.local + "/>."
	if c.Many.Value {
		what = "are the children <" + p.name.local + "/>."
	}
	typed := func(name string) { c.Type = syntax.String{Pos: pos, Value: name} }
	empty := b.isEmpty(decl)
	if t := b.scalarOf(decl); t != nil && !empty {
		b.scalarChild(e, space, c, p, t)
		return true
	}
	switch {
	case empty && p.min == 0 && p.max == 1:
		typed("flag")
		c.NS = b.childSpace(space, p)
		what = "tells whether there is a child <" + p.name.local + "/>."
	case isGlobal(decl) && decl.doc == b.doc:
		typed(b.elements[decl])
		c.Name = syntax.String{Pos: c.Name.Pos, Value: p.name.local}
	case isGlobal(decl):
		pkg, ok := b.importOf(decl.doc, pos)
		if !ok {
			return false
		}
		typed(pkg + "." + decl.doc.build.elements[decl])
	default:
		nested := b.structOf(decl, empty, e.Type.Value)
		typed(nested.Type.Value)
		if b.spaces[nested] != p.name.space {
			c.NS = b.givenKey(p.name.space, p.site)
		}
	}
	c.Doc = b.docText(what, nil, p.site)
	return true
}

// childSpace returns the key of a child's namespace, not set if it is that of the struct.
func (b *builder) childSpace(space string, p *part) syntax.String {
	if p.name.space == space {
		return syntax.String{}
	}
	return b.givenKey(p.name.space, p.site)
}

// givenKey is spaceKey, but says the key even if it is that of the file's own namespace.
func (b *builder) givenKey(space string, at *node) syntax.String {
	key := b.spaceKey(space, at)
	key.Pos = at.pos
	return key
}

// scalarChild makes a child that is text.
func (b *builder) scalarChild(e *syntax.Element, space string, c *syntax.Child, p *part, t *simple) {
	sources := []*node{p.site}
	if p.decl != p.site {
		sources = append(sources, p.decl)
	}
	local := b.goName(p.name.local)
	v := b.value(t, valueContext{
		sources: sources, what: `child "` + p.name.local + `" of ` + e.Type.Value, single: !c.Many.Value, required: c.Required.Value,
		enumNames: []string{local, e.Type.Value + local, local + "Value"},
	})
	c.Type, c.Min, c.Max, c.Default, c.Fixed = v.typ, v.min, v.max, v.def, v.fixed
	c.NS = b.childSpace(space, p)
	what := "is the text of the child <" + p.name.local + "/>."
	if c.Many.Value {
		what = "are the texts of the children <" + p.name.local + "/>."
	}
	c.Doc = b.docText(what, v.notes, sources...)
}

// namesChild makes a child whose local name is its value.
func (b *builder) namesChild(e *syntax.Element, space string, c *syntax.Child, p *part) {
	name, ok := b.enums[p.site]
	if !ok {
		base := []string{e.Type.Value + "Choice"}
		if g := p.site.parent; g.is("group") && g.value("name") != "" {
			base = []string{b.goName(g.value("name")), b.goName(g.value("name")) + "Choice"}
		}
		name = b.unique(base...)
		b.enums[p.site] = name
		enum := &syntax.Enum{Pos: p.site.pos, Type: syntax.String{Pos: p.site.pos, Value: name}}
		enum.Doc = b.docText("is the name of one of several elements.", nil, p.site)
		for _, a := range p.choice {
			enum.Values = append(enum.Values, &syntax.EnumValue{
				Pos: a.site.pos, Value: syntax.String{Pos: namePos(a.site), Value: a.name.local},
				Doc: b.docText("is the element <"+a.name.local+"/>.", nil, a.site, a.decl),
			})
		}
		b.valueNames(enum)
		b.file.Enums = append(b.file.Enums, enum)
	}
	c.Names = syntax.String{Pos: p.site.pos, Value: name}
	c.NS = b.childSpace(space, p)
	if name == e.Type.Value+"Choice" {
		c.Go = syntax.String{Pos: p.site.pos, Value: "Choice"}
		if c.Many.Value {
			c.Go.Value = "Choices"
		}
	}
}
