package xsdfile

// minNames is how many alternatives a choice of empty elements needs to become one field: two are as well two flags.
const minNames = 3

// namesChoice returns the model of a choice between empty elements, which is one element whose name is its value (the
// moods of XEP-0107 and the error conditions of RFC 6120 are such), or nil if the choice is none of that kind.
func (b *builder) namesChoice(n *node) *contentModel {
	var alternatives []*part
	seen := map[qname]bool{}
	least := 1
	var walk func(n *node) bool
	walk = func(n *node) bool {
		for _, c := range contained(n) {
			if !b.spend(c, 1) || maxOccurs(c) != 1 {
				return false
			}
			least = min(least, minOccurs(c))
			switch c.local {
			case "choice":
				if !walk(c) {
					return false
				}
			case "group":
				if !b.walkGroup(c, walk) {
					return false
				}
			case "element":
				p := b.silently(c)
				if p == nil || p.name.space != n.doc.target || seen[p.name] || !b.isEmpty(p.decl) {
					return false
				}
				seen[p.name] = true
				alternatives = append(alternatives, p)
			default:
				return false
			}
		}
		return true
	}
	if !walk(n) || len(alternatives) < minNames {
		return nil
	}
	m := &contentModel{}
	m.put(&part{site: n, name: qname{space: n.doc.target}, min: least, max: 1, choice: alternatives})
	return m
}

// walkGroup goes on in a group that is a choice itself.
func (b *builder) walkGroup(n *node, walk func(*node) bool) bool {
	a, ok := n.attr("ref")
	if !ok {
		return false
	}
	def, _ := n.find(groupKind, a)
	if def == nil || b.inside[def] {
		return false
	}
	b.inside[def] = true
	defer delete(b.inside, def)
	parts := contained(def)
	return len(parts) == 1 && parts[0].is("choice") && minOccurs(parts[0]) == 1 && maxOccurs(parts[0]) == 1 && walk(parts[0])
}

// silently returns the part of an element particle, nil if it cannot be resolved.
func (b *builder) silently(n *node) *part {
	p := &part{decl: n, site: n, name: qname{n.doc.target, n.value("name")}, min: 0, max: 1}
	if a, isRef := n.attr("ref"); isRef {
		p.decl, p.name = n.find(elementKind, a)
	}
	if p.decl == nil || p.name.local == "" || n.value("namespace") != "" {
		return nil
	}
	return p
}

// isEmpty reports whether a declared element has neither content nor attributes.
func (b *builder) isEmpty(decl *node) bool {
	s := b.elementShape(decl)
	return s.text == nil && len(s.attrs) == 0 && !s.mixed && !s.open && !b.hasParts(s.parts)
}

// hasParts reports whether a content model is more than empty groups.
func (b *builder) hasParts(parts []*node) bool {
	for _, p := range parts {
		switch {
		case maxOccurs(p) == 0 || !b.spend(p, 1):
		case has("element any group", p.local), b.hasParts(contained(p)):
			return true
		}
	}
	return false
}

// settle decides which choices stay one field. Those whose names stand beside them, too, and those that would take what
// belongs to a wildcard or another choice, become a field for each alternative.
func (b *builder) settle(m *contentModel) *contentModel {
	names, choices := map[qname]bool{}, 0
	for _, p := range m.parts {
		if p.choice == nil {
			names[p.name] = true
		} else {
			choices++
		}
	}
	settled := &contentModel{open: m.open, takesOwn: m.takesOwn}
	for _, p := range m.parts {
		apart := p.choice != nil && (choices > 1 || m.takesOwn)
		for _, a := range p.choice {
			apart = apart || names[a.name]
		}
		if !apart {
			b.sum(settled, &contentModel{parts: []*part{p}})
			continue
		}
		for _, a := range p.choice {
			alternative := *a
			alternative.min, alternative.max = 0, p.max
			b.sum(settled, &contentModel{parts: []*part{&alternative}})
		}
	}
	return settled
}
