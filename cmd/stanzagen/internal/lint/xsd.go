package lint

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// xsdRules compare a schema with the XSDs that were published for its namespaces. Where both differ one of them is
// wrong, and it is often the XSD; the schema then says so with `ignore`.
func xsdRules() []Rule {
	see := " Which of the two is right, the prose and the examples of the spec say; if it is the schema, say so with `ignore`."
	return []Rule{
		{
			Code: "xsd-element-missing", XSD: true, Summary: "an XSD declares an element that the schema lacks", check: (*run).xsdElements,
			Doc: "Elements that no type exists for are kept raw, so that nobody can handle them." + see,
		},
		// The others are found on the way, by the rule above.
		xsdRule("xsd-element-extra", "no XSD declares an element of the schema", "The element may be newer than the XSD, or misspelt."+see),
		xsdRule("xsd-attribute-missing", "an XSD declares an attribute that the schema lacks", "The attribute would end up in Extra."+see),
		xsdRule("xsd-attribute-extra", "no XSD declares an attribute of the schema", "The attribute may be newer than the XSD, or misspelt."+see),
		xsdRule("xsd-child-missing", "an XSD declares a child that the schema lacks", "The child would end up in Extra."+see),
		xsdRule("xsd-child-extra", "no XSD declares a child of the schema", "The child may be newer than the XSD, or misspelt, or in the wrong namespace."+see),
		xsdRule("xsd-text-missing", "an XSD gives an element text, the schema does not", "The text would end up in Extra."+see),
		xsdRule("xsd-text-extra", "the schema gives an element text, the XSD does not", "Text that nobody sends is a field that is always empty."+see),
		xsdRule("xsd-open", "an XSD allows any children where the schema expects none", "`any: true` says that other children are expected."+see),
		xsdRule("xsd-type", "the type differs from that of the XSD", "One of them refuses values that the other allows."+see),
		xsdRule("xsd-required", "the schema requires what is optional in the XSD", "Stanzas that are valid by the XSD would not decode."+see),
		xsdRule("xsd-optional", "something is optional here and required in the XSD", "A missing value would go unnoticed."+see),
		xsdRule("xsd-many", "something may be repeated in the XSD, but not here", "All but the first would end up in Extra."+see),
		xsdRule("xsd-single", "something may be repeated here, but not in the XSD", "Users get a slice where there is one value at most."+see),
		xsdRule("xsd-value-missing", "an XSD has an enumerated value that the schema lacks", "The value is kept, but has no constant."+see),
		xsdRule("xsd-value-extra", "the schema has an enumerated value that the XSD lacks", "The value may be newer than the XSD, or misspelt."+see),
		{
			Code: "xsd-refined", XSD: true, Severity: source.Note, Summary: "the schema is more precise than the XSD", check: func(*run) {},
			Doc: "XSDs say xs:string of addresses, times and lists of values alike. Saying it better here is what is wanted; the note (shown with --notes) only lists it.",
		},
	}
}

func xsdRule(code, summary, doc string) Rule {
	return Rule{Code: code, XSD: true, Summary: summary, Doc: doc, check: func(*run) {}}
}

// comparison compares the package with XSDs.
type comparison struct {
	*run
	rules map[string]Rule
	done  map[[2]*model.Element]bool
}

// xsdElements compares all elements of the namespaces that XSDs were published for.
func (r *run) xsdElements() {
	c := &comparison{run: r, rules: map[string]Rule{}, done: map[[2]*model.Element]bool{}}
	for _, rule := range xsdRules() {
		c.rules[rule.Code] = rule
	}
	ours := map[model.Name]*model.Element{}
	published := map[string]bool{}
	theirs := map[model.Name]*model.Element{}
	var order []model.Name
	spaces := map[string]bool{}
	for _, e := range r.Package.Structs {
		if e.Role == model.Payload && e.Namespace != nil {
			spaces[e.Namespace.URI] = true // others are only borrowed from
		}
	}
	for _, p := range r.options.XSDs {
		for _, e := range p.Structs {
			for _, name := range names(e) {
				if e.Role == model.Payload && spaces[name.Space] && theirs[name] == nil {
					published[name.Space] = true
					theirs[name] = e
					order = append(order, name)
				}
			}
		}
	}
	for _, e := range r.Package.Structs {
		if e.Role == model.Request {
			continue
		}
		for _, name := range slices.Concat(names(e), e.Uses) {
			if ours[name] == nil {
				ours[name] = e
			}
		}
		for _, f := range e.Parts() { // children that need no type of their own
			for _, k := range kids(f) {
				if _, known := ours[k.name]; !known {
					ours[k.name] = k.element()
				}
			}
		}
	}
	for _, name := range order {
		e, known := ours[name]
		switch {
		case !known:
			c.find("xsd-element-missing", name.Local, r.File.Pos, "element %s of %s is not in the schema", name, theirs[name].Package.Source)
		case e != nil:
			c.compare(e, theirs[name])
		}
	}
	for _, e := range r.Package.Structs {
		for _, name := range names(e) {
			if e.Role == model.Payload && published[name.Space] && theirs[name] == nil {
				c.find("xsd-element-extra", e.GoName, e.Pos, "element %s is in no XSD", name)
				break
			}
		}
	}
}

// names are the names that an element of the top level can have.
func names(e *model.Element) []model.Name {
	switch {
	case e.Namespace == nil || e.Role == model.Nested:
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

// find adds a finding of one of the rules, if that is to run.
func (c *comparison) find(code, at string, pos source.Pos, format string, args ...any) {
	if only := c.options.Only; len(only) > 0 && !slices.Contains(only, code) {
		return
	}
	before := c.rule
	c.rule = c.rules[code]
	c.found(at, pos, format, args...)
	c.rule = before
}

// compare compares two structs, and those inside them.
func (c *comparison) compare(ours, theirs *model.Element) {
	if pair := [2]*model.Element{ours, theirs}; c.done[pair] {
		return
	} else {
		c.done[pair] = true
	}
	c.attributes(ours, theirs)
	c.texts(ours, theirs)
	c.children(ours, theirs)
}

func (c *comparison) attributes(ours, theirs *model.Element) {
	us, them := attributes(ours), attributes(theirs)
	for _, name := range sorted(them) {
		f := us[name]
		if f == nil {
			c.find("xsd-attribute-missing", ours.GoName+"."+name.Local, ours.Pos, "%s has no attribute %s, which %s declares", ours.GoName, name.Local, theirs.Package.Source)
			continue
		}
		at := ours.GoName + "." + name.Local
		what := "attribute " + name.Local + " of " + ours.GoName
		c.use(at, what, f.Pos, f.Required, them[name].Required)
		c.types(at, what, f, them[name])
	}
	for _, name := range sorted(us) {
		if them[name] == nil && name.Space != model.XMLNamespace {
			c.find("xsd-attribute-extra", ours.GoName+"."+name.Local, us[name].Pos, "attribute %s of %s is not in %s", name.Local, ours.GoName, theirs.Package.Source)
		}
	}
}

func (c *comparison) texts(ours, theirs *model.Element) {
	us, them := ours.Text(), theirs.Text()
	at := ours.GoName + ".text"
	switch {
	case us == nil && them == nil, ours.Mixed() != nil:
	case us == nil:
		c.find("xsd-text-missing", at, ours.Pos, "%s has no text, but %s gives it some", ours.GoName, theirs.Package.Source)
	case them == nil:
		c.find("xsd-text-extra", at, us.Pos, "%s has text, but %s gives it none", ours.GoName, theirs.Package.Source)
	default:
		c.types(at, "text of "+ours.GoName, us, them)
	}
}

func (c *comparison) children(ours, theirs *model.Element) {
	us, them := children(ours), children(theirs)
	if theirs.Any() != nil && ours.Any() == nil && ours.Mixed() == nil && len(us) == 0 {
		c.find("xsd-open", ours.GoName, ours.Pos, "%s has no open content, but %s allows any children", ours.GoName, theirs.Package.Source)
	}
	for _, name := range sorted(them) {
		u, t := us[name], them[name]
		at := ours.GoName + "." + name.Local
		if u == nil {
			c.find("xsd-child-missing", at, ours.Pos, "%s has no child %s, which %s declares", ours.GoName, name, theirs.Package.Source)
			continue
		}
		what := "child " + name.Local + " of " + ours.GoName
		c.use(at, what, u.pos, u.required, t.required)
		switch {
		case t.many && !u.many:
			c.find("xsd-many", at, u.pos, "%s stands once, but may be repeated in %s", what, theirs.Package.Source)
		case u.many && !t.many:
			c.find("xsd-single", at, u.pos, "%s may be repeated, but stands once in %s", what, theirs.Package.Source)
		}
		c.kinds(at, what, u, t)
	}
	if theirs.Any() != nil {
		return // the XSD allows whatever else there is
	}
	for _, name := range sorted(us) {
		if them[name] == nil {
			c.find("xsd-child-extra", ours.GoName+"."+name.Local, us[name].pos, "child %s of %s is not in %s", name, ours.GoName, theirs.Package.Source)
		}
	}
}

func (c *comparison) use(at, what string, pos source.Pos, ours, theirs bool) {
	switch {
	case ours && !theirs:
		c.find("xsd-required", at, pos, "%s is required, but optional in the XSD", what)
	case theirs && !ours:
		c.find("xsd-optional", at, pos, "%s is optional, but required in the XSD", what)
	}
}

// kid is a child that an element may have.
type kid struct {
	name           model.Name
	pos            source.Pos
	required, many bool
	// field says what is inside; nil for an empty child.
	field *model.Field
}

// element is the struct of the child, nil if it has none.
func (k *kid) element() *model.Element {
	if k.field == nil {
		return nil
	}
	return k.field.Type.Element
}

// kids are the children that a field stands for: one for each name that it may have.
func kids(f *model.Field) []*kid {
	var enum *model.Enum
	switch {
	case f.Kind == model.FieldNames:
		enum = f.Type.Enum
	case f.Kind == model.FieldChild && f.Type.Element != nil && f.Type.Element.Names != nil:
		enum = f.Type.Element.Names
	case f.Kind == model.FieldChild && f.Type.Scalar == model.Flag:
		return []*kid{{name: f.Name, pos: f.Pos}}
	case f.Kind == model.FieldChild, f.Kind == model.FieldStanza:
		return []*kid{{name: f.Name, pos: f.Pos, required: f.Required, many: f.Many || f.Type.Scalar == model.LangText, field: f}}
	default:
		return nil
	}
	var all []*kid
	for _, v := range enum.Values {
		k := &kid{name: model.Name{Space: f.Name.Space, Local: v.Value.Text}, pos: f.Pos, many: f.Many}
		if f.Kind == model.FieldChild {
			k.field = f
		}
		all = append(all, k)
	}
	return all
}

func children(e *model.Element) map[model.Name]*kid {
	all := map[model.Name]*kid{}
	add := func(f *model.Field, many bool) {
		for _, k := range kids(f) {
			k.many = k.many || many
			if all[k.name] == nil {
				all[k.name] = k
			}
		}
	}
	for _, f := range e.Fields {
		if f.Choice == nil {
			add(f, false)
			continue
		}
		for _, alternative := range f.Choice.Alternatives {
			add(alternative, f.Many)
		}
	}
	return all
}

func attributes(e *model.Element) map[model.Name]*model.Field {
	all := map[model.Name]*model.Field{}
	for _, f := range e.Attrs() {
		all[f.Name] = f
	}
	return all
}

func sorted[T any](m map[model.Name]T) []model.Name {
	return slices.SortedFunc(maps.Keys(m), func(a, b model.Name) int {
		return cmp.Or(strings.Compare(a.Local, b.Local), strings.Compare(a.Space, b.Space))
	})
}

// kinds compares what is inside of two children.
func (c *comparison) kinds(at, what string, u, t *kid) {
	ours, theirs := u.element(), t.element()
	switch {
	case u.field != nil && u.field.Type.Scalar == model.Raw: // whatever is inside is kept
	case ours != nil && theirs != nil:
		if ours.Package == c.Package {
			c.compare(ours, theirs)
		}
	case u.field == nil || t.field == nil:
		// one is empty: so is the other, or it is a struct that may be
		if full := cmp.Or(ours, theirs); full != nil && len(full.Fields) > 0 || u.isText() || t.isText() {
			c.find("xsd-type", at, u.pos, "%s is %s, but %s in the XSD", what, u.kind(), t.kind())
		}
	case ours == nil && theirs == nil:
		c.types(at, what, u.field, t.field)
	case ours == nil:
		// a simple value here, an element with attributes there
		c.simple(at, what, u, theirs)
	default:
		if text := ours.Text(); text == nil {
			c.find("xsd-type", at, u.pos, "%s is %s, but %s in the XSD", what, u.kind(), t.kind())
		} else {
			c.types(at, what, text, t.field)
		}
	}
}

// simple compares a child that is a plain value here with an element of the XSD.
func (c *comparison) simple(at, what string, u *kid, theirs *model.Element) {
	langText := u.field.Type.Scalar == model.LangText
	for _, name := range sorted(attributes(theirs)) {
		if !(langText && name.Space == model.XMLNamespace) {
			c.find("xsd-attribute-missing", at+"."+name.Local, u.pos, "%s has no attribute %s, which %s declares", what, name.Local, theirs.Package.Source)
		}
	}
	if text := theirs.Text(); text != nil {
		c.types(at, what, u.field, text)
	}
	for _, name := range sorted(children(theirs)) {
		c.find("xsd-child-missing", at+"."+name.Local, u.pos, "%s has no child %s, which %s declares", what, name, theirs.Package.Source)
	}
}

func (k *kid) isText() bool { return k.field != nil && k.field.Type.Element == nil }

func (k *kid) kind() string {
	switch {
	case k.field == nil:
		return "empty"
	case k.field.Type.Element != nil:
		return "an element with content"
	}
	return "text of type " + typeName(k.field)
}

func typeName(f *model.Field) string {
	switch t := f.Type; {
	case t.Enum != nil:
		return t.Enum.GoName
	case t.Stanza != "":
		return t.Stanza
	case t.Element != nil:
		return t.Element.GoName
	default:
		return t.Scalar.String()
	}
}

// types compares two simple types.
func (c *comparison) types(at, what string, ours, theirs *model.Field) {
	u, t := ours.Type, theirs.Type
	loose := func(f *model.Field) bool {
		return f.Type.Scalar == model.String || f.Type.Scalar == model.URI || f.Type.Scalar == model.Language
	}
	switch {
	case u.Enum != nil && t.Enum != nil:
		c.values(u.Enum, t.Enum)
		return
	case u.Stanza != "" && u.Stanza == t.Stanza, u.Scalar != 0 && u.Scalar == t.Scalar, u.Scalar == model.LangText && loose(theirs), loose(ours) && loose(theirs):
		return
	case t.Enum != nil && loose(ours):
		for _, v := range t.Enum.Values {
			c.find("xsd-value-missing", at+"."+v.Value.Text, ours.Pos, "%s is a string, so the value %q of %s has no constant", what, v.Value.Text, theirs.Parent.Package.Source)
		}
		return
	case loose(theirs), isNumber(base(t)) && u.Enum != nil && isNumber(u.Enum.Base), narrower(base(u), base(t)):
		c.find("xsd-refined", at, ours.Pos, "%s is of type %s, in the XSD a %s", what, typeName(ours), typeName(theirs))
		return
	}
	c.find("xsd-type", at, ours.Pos, "%s is of type %s, in the XSD of type %s", what, typeName(ours), typeName(theirs))
}

func base(t model.Type) model.Scalar {
	if t.Enum != nil {
		return t.Enum.Base
	}
	return t.Scalar
}

func isNumber(s model.Scalar) bool { return s.IsInteger() || s == model.Decimal || s == model.Double }

// narrower reports whether all values of the number type a are values of b.
func narrower(a, b model.Scalar) bool {
	switch {
	case !a.IsInteger():
		return false
	case !b.IsInteger():
		return isNumber(b)
	case a.IsUnsigned() == b.IsUnsigned():
		return a.Bits() <= b.Bits()
	}
	return a.IsUnsigned() && a.Bits() < b.Bits()
}

func (c *comparison) values(ours, theirs *model.Enum) {
	has := func(e *model.Enum, text string) bool {
		return slices.ContainsFunc(e.Values, func(v *model.EnumValue) bool { return v.Value.Text == text })
	}
	for _, v := range theirs.Values {
		if !has(ours, v.Value.Text) {
			c.find("xsd-value-missing", ours.GoName+"."+v.Value.Text, ours.Pos, "enum %s lacks the value %q of %s", ours.GoName, v.Value.Text, theirs.Package.Source)
		}
	}
	for _, v := range ours.Values {
		if !has(theirs, v.Value.Text) {
			c.find("xsd-value-extra", ours.GoName+"."+v.Value.Text, v.Pos, "value %q of enum %s is not in %s", v.Value.Text, ours.GoName, theirs.Package.Source)
		}
	}
}
