package xsdfile

// part is a child of an element, with how often it stands there: 0, 1 or many times.
type part struct {
	name qname
	// decl is the declaration, site the particle. Stanzas and elements of other schemas have no declaration.
	decl, site *node
	min, max   int
	// stanza is message, presence or iq for a whole stanza.
	stanza string
	// other is the element of a schema that is no XSD.
	other *otherElement
	// clash says that the same name has another type, too.
	clash bool
	// choice has the alternatives, if the part is an empty element whose name is its value; name and decl are not set
	// then, and site is the choice.
	choice []*part
}

// partKey tells parts apart.
type partKey struct {
	name   qname
	choice *node
}

func (p *part) key() partKey {
	if p.choice != nil {
		return partKey{choice: p.site}
	}
	return partKey{name: p.name}
}

// contentModel is what may stand inside of an element, reduced to how often each child does; XMPP knows no order of children.
type contentModel struct {
	parts []*part
	byKey map[partKey]*part
	// open is the first wildcard, or the first reference that could not be resolved.
	open *node
	// takesOwn says that a wildcard takes elements of the target namespace, too.
	takesOwn bool
}

func (m *contentModel) put(p *part) {
	if m.byKey == nil {
		m.byKey = map[partKey]*part{}
	}
	m.byKey[p.key()] = p
	m.parts = append(m.parts, p)
}

func (m *contentModel) wildcards(from *contentModel) {
	if m.open == nil {
		m.open = from.open
	}
	m.takesOwn = m.takesOwn || from.takesOwn
}

// merge notes that old stands for p, too.
func (b *builder) merge(old, p *part) {
	if p.clash || old.decl != p.decl && !b.sameType(old.decl, p.decl) {
		old.clash = true
	}
}

// sum adds the parts of a model that stands behind m.
func (b *builder) sum(m, next *contentModel) {
	m.wildcards(next)
	for _, p := range next.parts {
		if !b.spend(p.site, 1) {
			return
		}
		if old := m.byKey[p.key()]; old != nil {
			b.merge(old, p)
			old.min, old.max = min(old.min+p.min, many), min(old.max+p.max, many)
			continue
		}
		own := *p
		m.put(&own)
	}
}

// oneOf returns the model of which the alternatives are alternatives.
func (b *builder) oneOf(alternatives []*contentModel) *contentModel {
	m := &contentModel{}
	seen := map[partKey]int{}
	for _, a := range alternatives {
		m.wildcards(a)
		for _, p := range a.parts {
			if !b.spend(p.site, 1) {
				return m
			}
			seen[p.key()]++
			if old := m.byKey[p.key()]; old != nil {
				b.merge(old, p)
				old.min, old.max = min(old.min, p.min), max(old.max, p.max)
				continue
			}
			own := *p
			m.put(&own)
		}
	}
	for _, p := range m.parts {
		if seen[p.key()] < len(alternatives) {
			p.min = 0
		}
	}
	return m
}

// times repeats a model.
func (m *contentModel) times(least, most int) *contentModel {
	if most == 0 {
		return &contentModel{}
	}
	for _, p := range m.parts {
		p.min, p.max = min(p.min*least, many), min(p.max*most, many)
	}
	return m
}

// particles returns the model of several particles that follow each other.
func (b *builder) particles(parts []*node) *contentModel {
	m := &contentModel{}
	for _, p := range parts {
		b.sum(m, b.particle(p))
	}
	return m
}

// particle returns the model of one particle.
func (b *builder) particle(n *node) *contentModel {
	if !b.spend(n, 1) {
		return &contentModel{}
	}
	m := &contentModel{}
	switch n.local {
	case "element":
		m = b.elementParticle(n)
	case "any":
		m.open = n
		m.takesOwn = takes(n, n.doc.target)
	case "group":
		m = b.groupParticle(n)
	case "choice":
		m = b.choiceParticle(n)
	case "sequence", "all":
		m = b.particles(contained(n))
	case "complexType":
		return b.particles(b.shapeOf(n).parts)
	}
	return m.times(minOccurs(n), maxOccurs(n))
}

// contained returns the particles inside of n, and what is read as one.
func contained(n *node) []*node {
	var all []*node
	for _, c := range n.children {
		if isParticle(c) || c.is("complexType") {
			all = append(all, c)
		}
	}
	return all
}

func (b *builder) choiceParticle(n *node) *contentModel {
	if m := b.namesChoice(n); m != nil {
		return m
	}
	var alternatives []*contentModel
	for _, c := range contained(n) {
		alternatives = append(alternatives, b.particle(c))
	}
	return b.oneOf(alternatives)
}

// groupParticle returns the model of a reference to a group, or of the definition of one.
func (b *builder) groupParticle(n *node) *contentModel {
	a, ok := n.attr("ref")
	if !ok {
		return b.particles(contained(n))
	}
	def, name := n.find(groupKind, a)
	switch {
	case def == nil:
		n.doc.dangling(groupKind, a, name, "open content instead")
		return &contentModel{open: n, takesOwn: name.space == b.doc.target}
	case b.inside[def]:
		n.doc.warnOnce(ruleSelf, "group "+a.value, a.pos, "group %q is made of itself: left out here", a.value)
		return &contentModel{}
	}
	m, ok := b.groups[def]
	if !ok {
		b.inside[def] = true
		m = b.particles(contained(def))
		delete(b.inside, def)
		b.groups[def] = m
	}
	own := &contentModel{}
	b.sum(own, m)
	return own
}

// isStanza reports whether a name is that of a stanza, on whatever kind of stream.
func isStanza(name qname) bool {
	return has("jabber:client jabber:server jabber:component:accept", name.space) && has("message presence iq", name.local)
}

func (b *builder) elementParticle(n *node) *contentModel {
	m := &contentModel{}
	p := &part{decl: n, site: n, name: qname{n.doc.target, n.value("name")}, min: 1, max: 1}
	a, isRef := n.attr("ref")
	var elsewhere bool
	switch space := n.value("namespace"); {
	case isRef:
		p.decl, p.name = n.find(elementKind, a)
	case p.name.local == "":
		return m // reported already
	case space != "" && space != n.doc.target:
		a, elsewhere = attribute{pos: n.pos, value: p.name.local}, true
		p.name.space = space
		p.decl = n.doc.definition(symbol{elementKind, p.name})
	}
	switch {
	case p.name.space != b.doc.target && isStanza(p.name) && (isRef || elsewhere):
		p.name.space, p.stanza, p.decl = "jabber:client", p.name.local, nil
	case p.decl != nil && isAbstract(p.decl):
		m.open, m.takesOwn = n, true // what stands there is some other element that takes its place
		return m
	case p.decl == nil && n.doc.set.others.elements[p.name] != nil:
		p.other = n.doc.set.others.elements[p.name]
	case p.decl == nil:
		n.doc.dangling(elementKind, a, p.name, "open content instead")
		m.open, m.takesOwn = n, p.name.space == b.doc.target
		return m
	}
	m.put(p)
	return m
}

// isAbstract reports whether a declared element never stands anywhere itself.
func isAbstract(n *node) bool { return isGlobal(n) && isTrue(n.value("abstract")) }

// takes reports whether a wildcard takes elements of a namespace (XSD 1.0 part 1, section 3.10.2).
func takes(n *node, space string) bool {
	switch list := n.value("namespace"); list {
	case "", "##any":
		return true
	case "##other":
		return space != n.doc.target
	default:
		return has(list, space) || has(list, "##targetNamespace") && space == n.doc.target
	}
}

// sameType reports whether two declarations give an element the same type.
func (b *builder) sameType(x, y *node) bool {
	if x == nil || y == nil {
		return false // a stanza and something else
	}
	tx, typedX := x.attr("type")
	ty, typedY := y.attr("type")
	if typedX != typedY || typedX && x.qname(tx) != y.qname(ty) {
		return false
	}
	return b.sameNodes(inside(x), inside(y))
}

// inside returns what a declaration says beside its name, type and occurrence.
func inside(n *node) []*node {
	var all []*node
	for _, c := range n.children {
		if !c.is("annotation") {
			all = append(all, c)
		}
	}
	return all
}

// sameNodes reports whether two lists of elements say the same.
func (b *builder) sameNodes(x, y []*node) bool {
	if len(x) != len(y) || !b.spend(nil, len(x)) {
		return false
	}
	for i := range x {
		if x[i].local != y[i].local || x[i].space != y[i].space || len(x[i].attrs) != len(y[i].attrs) {
			return false
		}
		for _, a := range x[i].attrs {
			if other, ok := y[i].attr(a.local); !ok || other.value != a.value {
				return false
			}
		}
		if !b.sameNodes(inside(x[i]), inside(y[i])) {
			return false
		}
	}
	return true
}
