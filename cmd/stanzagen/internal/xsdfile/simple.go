package xsdfile

import (
	"math/big"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// Bounds of what the doc comments say about a type.
const (
	maxNotes = 6
	maxNote  = 300
)

// note adds a sentence, unless it is too long for a comment or there are too many already.
func (s *simple) note(sentence string) {
	if sentence != "" && len(sentence) <= maxNote && len(s.notes) < maxNotes {
		s.notes = append(s.notes, sentence)
	}
}

// typeRef is what a reference to a type leads to: a simple type, or the definition of a complex one, or neither, which
// was reported.
type typeRef struct {
	simple  *simple
	complex *node
	// anyType says that everything is allowed.
	anyType bool
	// name is the name that was meant.
	name qname
}

// typeNamed resolves the reference to a type in an attribute of n.
func (b *builder) typeNamed(n *node, a attribute) typeRef {
	def, name := n.find(typeKind, a)
	ref := typeRef{name: name}
	switch {
	case def != nil && def.local == "complexType":
		ref.complex = def
		return ref
	case def != nil:
		ref.simple = b.simpleType(def)
		return ref
	case name.space == xsdSpace && name.local == "anyType":
		ref.anyType = true
		return ref
	case name.space == xsdSpace:
		ref.simple = b.builtinNamed(n, a, name.local)
		return ref
	}
	doc := n.doc
	if s, ok := builtin(name.local); ok && name.space == doc.target {
		doc.warnOnce(ruleBuiltin, "type "+a.value, a.pos, "type %q is declared nowhere: read as xs:%s", a.value, name.local)
		ref.simple = &s
		return ref
	}
	if name.local == "empty" {
		doc.warnOnce(ruleEmpty, "type "+a.value, a.pos, "type %q is declared nowhere: read as the type of elements without content", a.value).
			Hintf(`define it: <xs:simpleType name="empty"> with a restriction of xs:string whose only value is ""`)
		ref.simple = &simple{scalar: model.String, empty: true}
		return ref
	}
	instead := "left open"
	if n.local == "attribute" || n.parent.is("simpleContent") || n.parent.is("simpleType") {
		instead = "read as xs:string"
	}
	doc.dangling(typeKind, a, name, instead)
	return ref
}

// builtinNamed finds a type of XML Schema whose name may be misspelt.
func (b *builder) builtinNamed(n *node, a attribute, local string) *simple {
	if s, ok := builtin(local); ok {
		return &s
	}
	tidy := local[strings.LastIndexByte(local, ':')+1:]
	all := builtinNames()
	i := slices.IndexFunc(all, func(name string) bool { return strings.EqualFold(tidy, name) })
	if i < 0 {
		i = slices.IndexFunc(all, func(name string) bool { return oneEdit(tidy, name) })
	}
	if i < 0 {
		n.doc.warnOnce(ruleBuiltin, "type "+a.value, a.pos, "XML Schema has no type %q: read as xs:string", a.value)
		return &simple{scalar: model.String}
	}
	n.doc.warnOnce(ruleBuiltin, "type "+a.value, a.pos, "XML Schema has no type %q: read as xs:%s", a.value, all[i])
	s, _ := builtin(all[i])
	return &s
}

// oneEdit reports whether a becomes b by one letter more, less or other.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i < len(a) && a[i+1:] == b[i+1:]
	}
	return a[i:] == b[i+1:]
}

// simpleType reads xs:simpleType, and what stands in its place.
func (b *builder) simpleType(n *node) *simple {
	if s, ok := b.simples[n]; ok {
		if s == nil {
			n.doc.warnOnce(ruleSelf, "cycle "+n.value("name"), n.pos, "type %q is made of itself: read as xs:string", n.value("name"))
			return &simple{scalar: model.String}
		}
		return s
	}
	b.simples[n] = nil
	s := b.readSimple(n)
	b.simples[n] = s
	return s
}

func (b *builder) readSimple(n *node) *simple {
	for _, c := range n.children {
		switch {
		case c.is("restriction"):
			return b.restriction(c)
		case c.is("list"):
			return &simple{scalar: model.String, notes: []string{"It is a list of values parted by white space."}}
		case c.is("union"):
			return b.union(c)
		}
	}
	return b.restriction(n)
}

// union reads a union as a text. If some of its members are enumerations, theirs are the values that are known by name.
func (b *builder) union(n *node) *simple {
	s := &simple{scalar: model.String, origin: n, known: map[string]bool{}}
	var others []string
	add := func(member *simple, name string) {
		s.more = s.more || member == nil || member.values == nil || member.more
		if (member == nil || member.values == nil) && name != "" {
			others = append(others, name)
		}
		if member == nil || !b.spend(n, len(member.values)) {
			return
		}
		for _, v := range member.values {
			if text := enumText(model.String, v); !s.known[text] {
				s.known[text] = true
				s.values = append(s.values, v)
			}
		}
	}
	if a, ok := n.attr("memberTypes"); ok {
		for name := range strings.FieldsSeq(a.value) {
			a.value = name
			add(b.typeNamed(n, a).simple, name)
		}
	}
	for _, t := range n.elements("simpleType") {
		base := ""
		for _, r := range t.elements("restriction") {
			base = r.value("base")
		}
		add(b.simpleType(t), base)
	}
	switch {
	case s.values == nil:
		plain := &simple{scalar: model.String}
		plain.note(unionNote(n))
		return plain
	case len(others) > 0:
		s.note("Its other values are of type " + strings.Join(others, " or ") + ".")
	}
	return s
}

// unionNote names the members of a union.
func unionNote(n *node) string {
	members := strings.Fields(n.value("memberTypes"))
	for _, t := range n.elements("simpleType") {
		for _, r := range t.elements("restriction") {
			var values []string
			for _, e := range r.elements("enumeration") {
				values = append(values, `"`+e.value("value")+`"`)
			}
			if len(values) > 0 && len(values) <= 20 {
				members = append(members, strings.Join(values, ", "))
			} else {
				members = append(members, r.value("base"))
			}
		}
	}
	if len(members) == 0 {
		return ""
	}
	return "It is one of: " + strings.Join(members, ", ") + "."
}

// restriction reads the base and the facets of xs:restriction.
func (b *builder) restriction(n *node) *simple {
	base := &simple{scalar: model.String}
	if a, ok := n.attr("base"); ok {
		if ref := b.typeNamed(n, a); ref.simple != nil {
			base = ref.simple
		} else if ref.complex != nil {
			if text := b.shapeOf(ref.complex).text; text != nil {
				base = text
			}
		}
	} else if inline := n.elements("simpleType"); len(inline) > 0 {
		base = b.simpleType(inline[0])
	}
	return b.facets(base, n)
}

// facets restricts base by the facets in n.
func (b *builder) facets(base *simple, n *node) *simple {
	s := *base
	s.notes = append([]string(nil), base.notes...)
	var values []*node
	for _, f := range n.children {
		if !isFacet(f) {
			continue
		}
		value := f.value("value")
		switch f.local {
		case "enumeration":
			values = append(values, f)
		case "length", "maxLength":
			s.empty = s.empty || value == "0"
			word := map[string]string{"length": "is", "maxLength": "is at most"}[f.local]
			s.note("Its length " + word + " " + value + ".")
		case "minLength":
			s.note("Its length is at least " + value + ".")
		case "minInclusive", "maxInclusive", "minExclusive", "maxExclusive":
			b.limit(&s, f)
		case "totalDigits":
			s.note("The number of its digits is at most " + value + ".")
		case "fractionDigits":
			s.note("The number of its digits behind the point is at most " + value + ".")
		case "pattern":
			s.note(`Its form is given by the pattern "` + value + `".`)
		}
	}
	if s.least != nil && s.greatest != nil && s.least.value.Cmp(s.greatest.value) > 0 {
		n.doc.warnf(ruleValue, n.pos, "least value %s is greater than the greatest, %s: both are left out", s.least.value, s.greatest.value)
		s.least, s.greatest = nil, nil
	}
	b.enumerate(&s, n, values)
	if s.empty {
		s.notes = nil
	}
	return &s
}

// enumerate makes s an enumeration of values.
func (b *builder) enumerate(s *simple, n *node, values []*node) {
	if len(values) == 0 {
		return
	}
	s.empty = isText(s.scalar)
	s.values, s.known, s.origin, s.more = nil, map[string]bool{}, n, false
	for _, v := range values {
		text := enumText(s.scalar, v)
		s.empty = s.empty && text == ""
		if _, given := v.attr("value"); !given {
			v.doc.warnf(ruleValue, v.pos, "xs:enumeration has no value: left out")
			continue
		}
		if s.known[text] {
			v.doc.warnf(ruleTwice, v.pos, "value %q stands twice: this one is left out", text)
			continue
		}
		s.known[text] = true
		s.values = append(s.values, v)
	}
	switch {
	case s.empty || len(s.values) == 0:
		s.values = nil
	case isText(s.scalar):
		s.scalar = model.String
	case s.scalar.IsInteger():
		s.least, s.greatest = nil, nil
		for _, v := range s.values {
			if number, ok := parseInteger(v.value("value")); !ok || !inRange(s.scalar, number) {
				v.doc.warnf(ruleValue, v.pos, "value %q is no number of its type: the values are read as texts", v.value("value"))
				s.scalar = model.String
				break
			}
		}
		if s.scalar == model.String {
			for _, v := range s.values {
				s.known[enumText(s.scalar, v)] = true
			}
		}
	default:
		var texts []string
		for _, v := range s.values {
			texts = append(texts, v.value("value"))
		}
		s.values = nil
		s.note("It is one of: " + strings.Join(texts, ", ") + ".")
	}
}

// enumText returns a value of an enumeration as it is told apart from the others.
func enumText(s model.Scalar, n *node) string {
	if s.IsInteger() {
		if number, ok := parseInteger(n.value("value")); ok {
			return number.String()
		}
	}
	if a, ok := n.attr("value"); ok && s == model.String {
		return a.value
	}
	return n.value("value")
}

// limit applies a facet on the range of numbers.
func (b *builder) limit(s *simple, f *node) {
	value := f.value("value")
	if !s.scalar.IsInteger() {
		words := map[string]string{
			"minInclusive": "It is at least", "maxInclusive": "It is at most",
			"minExclusive": "It is greater than", "maxExclusive": "It is less than",
		}
		s.note(words[f.local] + " " + value + ".")
		return
	}
	n, ok := parseInteger(value)
	switch {
	case !ok:
	case f.local == "minExclusive":
		n.Add(n, big.NewInt(1))
	case f.local == "maxExclusive":
		n.Sub(n, big.NewInt(1))
	}
	pos := f.pos
	if a, given := f.attr("value"); given {
		pos = a.pos
	}
	switch {
	case !ok || !inRange(s.scalar, n):
		f.doc.warnf(ruleValue, pos, "xs:%s %q is no number of type %s: left out", f.local, value, s.scalar)
	case strings.HasPrefix(f.local, "min"):
		s.least = &bound{pos, n}
	default:
		s.greatest = &bound{pos, n}
	}
}
