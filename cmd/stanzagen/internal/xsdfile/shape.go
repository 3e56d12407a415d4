package xsdfile

import (
	"maps"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// shape is what an element has: the sum of its type, the bases of that type and its attribute groups.
type shape struct {
	// text is the type of the character data, nil if there is none.
	text *simple
	// attrs are in the order of the schema, those of base types first.
	attrs []*attrUse
	// byName finds attributes.
	byName map[qname]*attrUse
	// parts are the particles, in order, those of base types first.
	parts []*node
	// mixed says that text may stand between the children.
	mixed bool
	// open says that it may have any content at all, beside what is known.
	open bool
}

// attrUse is an attribute of a shape.
type attrUse struct {
	// name has a namespace only if the attribute is qualified.
	name qname
	// site is where it is used, decl where it is declared: the same for local ones, nil if nowhere.
	site, decl *node
}

func (s *shape) clone() *shape {
	c := *s
	c.attrs, c.byName, c.parts = slices.Clone(s.attrs), maps.Clone(s.byName), slices.Clone(s.parts)
	return &c
}

func (s *shape) put(a *attrUse) {
	if old := s.byName[a.name]; old != nil {
		*old = *a
		return
	}
	if s.byName == nil {
		s.byName = map[qname]*attrUse{}
	}
	s.byName[a.name] = a
	s.attrs = append(s.attrs, a)
}

func (s *shape) drop(name qname) {
	if s.byName[name] == nil {
		return
	}
	delete(s.byName, name)
	s.attrs = slices.DeleteFunc(s.attrs, func(a *attrUse) bool { return a.name == name })
}

// shapeOf returns the shape of a complex type.
func (b *builder) shapeOf(n *node) *shape {
	return b.memo(n, func(s *shape) { b.content(s, n) })
}

// elementShape returns the shape of a declared element.
func (b *builder) elementShape(n *node) *shape {
	return b.memo(n, func(s *shape) { b.declared(s, n) })
}

// memo makes a shape once. A shape that is needed while it is made is made of itself.
func (b *builder) memo(n *node, make func(*shape)) *shape {
	s, ok := b.shapes[n]
	switch {
	case ok && s == nil:
		n.doc.warnOnce(ruleSelf, "cycle "+n.value("name"), n.pos, "type %q is made of itself: left open", n.value("name"))
		return &shape{open: true}
	case ok:
		return s
	}
	b.shapes[n] = nil
	s = &shape{}
	make(s)
	b.shapes[n] = s
	return s
}

// declared gathers the shape of an element from its type attribute and from what stands inside.
func (b *builder) declared(s *shape, n *node) {
	a, typed := n.attr("type")
	if typed {
		b.base(s, b.typeNamed(n, a), true)
	}
	inline := n.elements("simpleType", "complexType")
	for _, t := range inline {
		if t.local == "simpleType" {
			b.setText(s, b.simpleType(t))
			continue
		}
		b.content(s, t)
	}
	direct := slices.ContainsFunc(n.children, func(c *node) bool {
		return isParticle(c) || isAttribute(c) || c.space == xsdSpace && has("simpleContent complexContent extension restriction", c.local)
	})
	if direct {
		b.content(s, n)
	}
	if !typed && len(inline) == 0 && !direct {
		s.open = true // xs:anyType
	}
}

func (b *builder) setText(s *shape, t *simple) {
	s.text = t
	if t.empty {
		s.text = nil
	}
}

// base adds what a base type, or the type of an element, has.
func (b *builder) base(s *shape, ref typeRef, withParts bool) {
	switch {
	case ref.simple != nil:
		b.setText(s, ref.simple)
	case ref.complex == nil:
		s.open = s.open || withParts // xs:anyType, or a type that could not be resolved
	default:
		from := b.shapeOf(ref.complex)
		if !b.spend(ref.complex, len(from.attrs)+len(from.parts)) {
			return
		}
		from = from.clone()
		for _, a := range from.attrs {
			own := *a
			s.put(&own)
		}
		if from.text != nil {
			s.text = from.text
		}
		if withParts {
			s.parts = append(s.parts, from.parts...)
			s.mixed = s.mixed || from.mixed
			s.open = s.open || from.open
		}
	}
}

// content gathers what stands inside of a complex type, or in its place.
func (b *builder) content(s *shape, n *node) {
	s.mixed = s.mixed || isTrue(n.value("mixed")) && has("complexType complexContent", n.local)
	for _, c := range n.children {
		switch {
		case isParticle(c):
			s.parts = append(s.parts, c)
			b.hoist(s, c)
		case isAttribute(c):
			b.attribute(s, c)
		case c.is("simpleContent"), c.is("complexContent"):
			b.content(s, c)
		case c.is("complexType") && n.local != "element":
			b.content(s, c)
		case c.is("extension"):
			b.extension(s, c)
		case c.is("restriction"):
			b.restricted(s, c)
		}
	}
}

// hoist finds attributes that stand inside of a content model.
func (b *builder) hoist(s *shape, n *node) {
	if !has("sequence choice all complexType", n.local) {
		return
	}
	for _, c := range n.children {
		if isAttribute(c) {
			b.attribute(s, c)
		} else if isParticle(c) || c.is("complexType") {
			b.hoist(s, c)
		}
	}
}

func (b *builder) extension(s *shape, n *node) {
	if a, ok := n.attr("base"); ok {
		ref := b.typeNamed(n, a)
		if ref.simple == nil && ref.complex == nil && n.parent.is("simpleContent") {
			ref.simple = &simple{scalar: model.String}
		}
		b.base(s, ref, true)
	}
	b.content(s, n)
}

// restricted reads a restriction of a complex type, whose content is given anew, or of a text with attributes.
func (b *builder) restricted(s *shape, n *node) {
	if a, ok := n.attr("base"); ok {
		ref := b.typeNamed(n, a)
		b.base(s, ref, false)
		inline := n.elements("simpleType")
		switch {
		case len(inline) > 0:
			b.setText(s, b.facets(b.simpleType(inline[0]), n))
		case s.text != nil:
			b.setText(s, b.facets(s.text, n))
		case ref.simple == nil && n.parent.is("simpleContent"):
			s.text = &simple{scalar: model.String}
		}
	}
	b.content(s, n)
}

// attribute adds an attribute, or those of a group.
func (b *builder) attribute(s *shape, n *node) {
	if !b.spend(n, 1) {
		return
	}
	switch n.local {
	case "attribute":
		b.attributeUse(s, n)
	case "attributeGroup":
		b.attributeGroup(s, n)
	}
}

func (b *builder) attributeGroup(s *shape, n *node) {
	def, name := n, qname{}
	a, isRef := n.attr("ref")
	if isRef {
		def, name = n.find(attributeGroupKind, a)
	}
	switch {
	case def == nil:
		n.doc.dangling(attributeGroupKind, a, name, "left out")
	case b.inside[def]:
		n.doc.warnOnce(ruleSelf, "attributeGroup "+a.value, a.pos, "attributeGroup %q is made of itself: left out here", a.value)
	default:
		b.inside[def] = true
		for _, c := range def.children {
			if isAttribute(c) {
				b.attribute(s, c)
			}
		}
		delete(b.inside, def)
	}
}

func (b *builder) attributeUse(s *shape, n *node) {
	use := &attrUse{site: n, decl: n}
	a, isRef := n.attr("ref")
	name, named := n.attr("name")
	switch {
	case !isRef && !named:
		return // reported already
	case !isRef && strings.Contains(name.value, ":"), !isRef && strings.TrimSpace(name.value) == "xmlns":
		if strings.HasPrefix(strings.TrimSpace(name.value), "xmlns") {
			n.doc.warnf(ruleAttribute, name.pos, "attribute %q is a namespace declaration: left out", name.value)
			return
		}
		n.doc.warnf(rulePrefix, name.pos, "name %q of an attribute has a prefix: read as a reference", name.value).
			Hintf("write ref='%s' instead", name.value)
		a, isRef = name, true
	}
	if isRef && !b.attributeRef(use, n, a) {
		return
	}
	if !isRef {
		use.name.local = strings.TrimSpace(name.value)
		form := n.value("form")
		if form == "" {
			form = n.doc.root.value("attributeFormDefault")
		}
		if form == "qualified" {
			use.name.space = n.doc.target
		}
	}
	if n.value("use") == "prohibited" {
		s.drop(use.name)
		return
	}
	s.put(use)
}

// attributeRef resolves a reference to a global attribute. Those are always qualified.
func (b *builder) attributeRef(use *attrUse, n *node, a attribute) bool {
	use.decl, use.name = n.find(attributeKind, a)
	if use.decl == nil && n.value("type") != "" {
		use.decl = n // a reference that says the type itself
	}
	doc := n.doc
	switch {
	case use.name.space == xmlSpace:
		if use.name.local != "lang" {
			doc.warnOnce(ruleXMLLang, "attribute "+a.value, a.pos, "attribute %q is left out: of the namespace of XML, only xml:lang has a field", a.value)
			return false
		}
		if !doc.imported[xmlSpace] {
			doc.warnOnce(ruleXMLLang, "import xml", a.pos, "xml:lang is used, but the namespace of XML is not imported: read as if it were").
				Hintf("add <xs:import namespace='%s'/>", xmlSpace)
		}
		use.decl = nil
	case use.decl == nil:
		doc.dangling(attributeKind, a, use.name, "read as xs:string")
		if use.name.space == doc.target {
			use.name.space = "" // more likely a local attribute than a global one
		}
	}
	return true
}
