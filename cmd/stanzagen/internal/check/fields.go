package check

import (
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// add puts a field into its struct. The doc says what it means, or else otherwise does.
func (l *linker) add(e *model.Element, f *model.Field, doc, ref syntax.String, otherwise string) {
	f.Parent = e
	f.Index = len(e.Fields)
	f.Link = l.link(ref)
	f.Doc = l.sentence(doc, f.GoName, otherwise)
	f.Shape = shape(f)
	if f.Default != nil {
		f.DefaultMethod = f.GoName + "OrDefault"
	}
	for _, fact := range facts(f) {
		f.Doc += " " + fact
	}
	e.Fields = append(e.Fields, f)
}

// facts are the sentences that the doc text of every field with such rules ends with.
func facts(f *model.Field) []string {
	var facts []string
	show := func(x *model.Literal) string {
		switch {
		case x.EnumValue != nil:
			return x.EnumValue.GoName
		case f.Type.Enum != nil && f.Type.Enum.Numbers != 0, f.Type.Scalar == model.Bool || f.Type.Scalar.IsInteger(), f.Type.Scalar == model.Decimal, f.Type.Scalar == model.Double:
			return x.Text
		}
		return `"` + x.Text + `"`
	}
	if f.Fixed != nil {
		facts = append(facts, "The only valid value is "+show(f.Fixed)+".")
	}
	switch {
	case f.Min != nil && f.Max != nil:
		facts = append(facts, "Valid are "+f.Min.Text+" to "+f.Max.Text+".")
	case f.Min != nil:
		facts = append(facts, "The least valid value is "+f.Min.Text+".")
	case f.Max != nil:
		facts = append(facts, "The greatest valid value is "+f.Max.Text+".")
	}
	if f.Empty {
		facts = append(facts, "An empty text means something else than none.")
	}
	if f.Default != nil {
		facts = append(facts, "Absence means "+show(f.Default)+"; "+f.DefaultMethod+" heeds that.")
	}
	return facts
}

// shape says how Go holds the value: optional values need a pointer where zero is a value like others.
func shape(f *model.Field) model.Shape {
	t := f.Type
	switch {
	case f.Many || f.Kind == model.FieldAny:
		return model.Slice
	case f.Required || f.Kind == model.FieldName:
		return model.Value
	case t.Element != nil || t.Stanza != "" || f.Empty:
		return model.Pointer
	case t.Enum != nil && t.Enum.Base.NeedsPointer(), t.Scalar.NeedsPointer():
		return model.Pointer
	case t.Scalar == model.Bool && f.Default != nil && f.Default.Bool:
		// Absent means true here, so false has to be told from absent.
		return model.Pointer
	}
	return model.Value
}

// nameField makes the field of an element's own name.
func (l *linker) nameField(s *structState) {
	from, node := s.from, s.node
	enum := node.Names
	if enum == nil {
		return
	}
	l.elementNames(enum, from.Names.Pos)
	f := &model.Field{Pos: from.Names.Pos, Kind: model.FieldName, GoName: from.Go.Value, Type: model.Type{Enum: enum}, Required: true}
	if !from.Go.IsSet() {
		f.GoName = model.TrimStutter(l.pkg.Name, enum.GoName)
	}
	l.add(node, f, syntax.String{}, syntax.String{}, "is the name of the element.")
}

// enumNamed finds an enum, of this package or an import.
func (l *linker) enumNamed(name syntax.String, what string) *model.Enum {
	if strings.Contains(name.Value, ".") {
		enum, node := l.imported(name, what)
		if node != nil {
			l.c.Errorf(name.Pos, "%s: %s is not an enum", what, name.Value).Rule(rule.TypeKind)
		}
		return enum
	}
	if e := l.enums[name.Value]; e != nil {
		return e
	}
	var known []string
	for _, e := range l.pkg.Enums {
		known = append(known, e.GoName)
	}
	l.c.Errorf(name.Pos, "%s: there is no enum %s", what, name.Value).Rule(rule.TypeUnknown).DidYouMean(name.Value, known)
	return nil
}

// typeOf finds the type that a field names. Without a name it is a string. The zero Type means that an error was reported.
func (l *linker) typeOf(name syntax.String, what string) model.Type {
	if !name.IsSet() {
		return model.Type{Scalar: model.String}
	}
	if s := model.ScalarNamed(name.Value); s != 0 {
		return model.Type{Scalar: s}
	}
	switch name.Value {
	case "message", "presence", "iq":
		return model.Type{Stanza: name.Value}
	}
	if strings.Contains(name.Value, ".") {
		enum, node := l.imported(name, what)
		return model.Type{Enum: enum, Element: node}
	}
	if e := l.enums[name.Value]; e != nil {
		return model.Type{Enum: e}
	}
	if s := l.structs[name.Value]; s != nil {
		return model.Type{Element: s.node}
	}
	known := append(model.Scalars(), l.typeNames()...)
	d := l.c.Errorf(name.Pos, "%s: there is no type %s", what, name.Value).Rule(rule.TypeUnknown)
	if _, ok := source.Suggest(name.Value, known); ok {
		d.DidYouMean(name.Value, known)
	} else {
		d.Hintf("types are scalars such as string or jid, the enums, elements and types of this file, and pkg.Type of an import")
	}
	return model.Type{}
}

// simpleType is typeOf for what is written as text.
func (l *linker) simpleType(name syntax.String, what string) model.Type {
	t := l.typeOf(name, what)
	switch {
	case t.Element != nil || t.Stanza != "":
		l.c.Errorf(name.Pos, "%s: type %s is an element, but this is text", what, name.Value).Rule(rule.TypeKind)
		return model.Type{}
	case t.Scalar == model.Flag || t.Scalar == model.LangText || t.Scalar == model.Raw:
		l.c.Errorf(name.Pos, "%s: type %s is for children only", what, t.Scalar).Rule(rule.TypeKind).Hintf("did you mean %q?", map[bool]string{true: "bool", false: "string"}[t.Scalar == model.Flag])
		return model.Type{}
	}
	return t
}

func (l *linker) attr(e *model.Element, from *syntax.Attr) {
	if !from.Name.IsSet() {
		return // reported by the reader
	}
	what := "attribute " + `"` + from.Name.Value + `" of ` + describe(e)
	f := &model.Field{Pos: from.Pos, Kind: model.FieldAttr, Name: model.Name{Local: from.Name.Value}, GoName: from.Go.Value}
	switch {
	case from.Name.Value == "xml:lang":
		f.Name = model.Name{Space: model.XMLNamespace, Local: "lang"}
		if from.NS.IsSet() {
			l.c.Errorf(from.NS.Pos, "%s: its namespace is that of XML itself", what).Rule(rule.Namespace)
		}
		if !from.Type.IsSet() {
			from = withType(from, "language")
		}
	case from.Name.Value == "xmlns":
		l.c.Errorf(from.Name.Pos, "%s: namespace declarations are not attributes", what).Rule(rule.XMLName).Hintf("the namespace of an element is `ns:`")
		return
	case !l.xmlName(from.Name, what):
		return
	}
	if from.NS.IsSet() && f.Name.Space == "" {
		if f.Namespace = l.namespace(from.NS, from.NS.Pos); f.Namespace != nil {
			f.Name.Space = f.Namespace.URI
		}
	}
	if !from.Go.IsSet() {
		f.GoName = model.CamelCase(f.Name.Local)
	}
	if f.Type = l.simpleType(from.Type, what); f.Type == (model.Type{}) {
		return
	}
	if f.Name.Space == model.XMLNamespace && f.Type.Scalar != model.Language && f.Type.Scalar != model.String {
		l.c.Errorf(from.Type.Pos, "%s: its type is language", what).Rule(rule.TypeKind)
	}
	l.literals(f, values{from.Required, from.Default, from.Fixed, from.Min, from.Max}, what)
	l.empty(f, from.Empty, what)
	l.add(e, f, from.Doc, from.Ref, `is the attribute "`+from.Name.Value+`".`)
}

// empty reads whether an empty text means something else than none.
func (l *linker) empty(f *model.Field, from syntax.Bool, what string) {
	base := f.Type.Scalar
	if f.Type.Enum != nil && f.Kind != model.FieldNames {
		base = f.Type.Enum.Base
	}
	switch {
	case !from.Value:
	case base != model.String && base != model.Language && base != model.URI:
		l.c.Errorf(from.Pos, "%s: empty is for texts only", what).Rule(rule.KeyUseless)
	case f.Many:
		l.c.Errorf(from.Pos, "%s: empty is not for what may be repeated", what).Rule(rule.KeyUseless)
	case f.Required:
		l.c.Errorf(from.Pos, "%s: empty is of no use, because it is required", what).Rule(rule.KeyUseless)
	case f.Fixed != nil:
		l.c.Errorf(from.Pos, "%s: empty is of no use, because there is one valid value only", what).Rule(rule.KeyUseless)
	default:
		f.Empty = true
	}
}

func withType(from *syntax.Attr, name string) *syntax.Attr {
	typed := *from
	typed.Type = syntax.String{Pos: from.Pos, Value: name}
	return &typed
}

func (l *linker) text(e *model.Element, from *syntax.Text) {
	what := "text of " + describe(e)
	f := &model.Field{Pos: from.Pos, Kind: model.FieldText, GoName: from.Go.Value}
	if !from.Go.IsSet() {
		f.GoName = "Value"
	}
	if f.Type = l.simpleType(from.Type, what); f.Type == (model.Type{}) {
		return
	}
	l.literals(f, values{from.Required, from.Default, from.Fixed, from.Min, from.Max}, what)
	l.add(e, f, from.Doc, from.Ref, "is the text of the element.")
}

func (l *linker) anyField(e *model.Element, from *syntax.Any) {
	f := &model.Field{Pos: from.Pos, Kind: model.FieldAny, GoName: from.Go.Value}
	if !from.Go.IsSet() {
		f.GoName = "Any"
	}
	l.add(e, f, from.Doc, syntax.String{}, "holds the children that have no field of their own.")
}

func (l *linker) child(e *model.Element, from *syntax.Child) {
	if from.OneOf != nil {
		l.choiceField(e, from)
		return
	}
	f := &model.Field{Pos: from.Pos, Kind: model.FieldChild, GoName: from.Go.Value, Many: from.Many.Value}
	label := from.Name.Value
	if label == "" {
		label = from.Names.Value + from.Type.Value
	}
	what := "child " + `"` + label + `" of ` + describe(e)
	ok := false
	if from.Names.IsSet() {
		ok = l.namesChild(e, f, from, what)
	} else {
		ok = l.typedChild(e, f, from, what)
	}
	if !ok {
		return
	}
	f.SameNS = f.Namespace != nil && f.Namespace == e.Namespace
	if !from.Go.IsSet() && f.Many {
		f.GoName = model.Plural(f.GoName)
	}
	l.literals(f, values{from.Required, from.Default, from.Fixed, from.Min, from.Max}, what)
	l.flagRules(f, from, what)
	l.empty(f, from.Empty, what)
	l.add(e, f, from.Doc, from.Ref, childDoc(f))
}

// flagRules refuses what makes no sense for flags and language-tagged texts.
func (l *linker) flagRules(f *model.Field, from *syntax.Child, what string) {
	switch f.Type.Scalar {
	case model.Flag:
		if f.Many {
			l.c.Errorf(from.Many.Pos, "%s: a flag cannot be repeated", what).Rule(rule.KeyUseless)
		}
		if f.Required {
			l.c.Errorf(from.Required.Pos, "%s: a flag that is required says nothing", what).Rule(rule.KeyUseless).
				Hintf("a child that is always there and empty is a type without attributes and children")
		}
	case model.LangText:
		if f.Many {
			l.c.Errorf(from.Many.Pos, "%s: langtext has room for a text in every language, so many has no meaning", what).Rule(rule.KeyUseless)
		}
	}
}

func childDoc(f *model.Field) string {
	name := "<" + f.Name.Local + "/>"
	switch {
	case f.Kind == model.FieldNames && f.Many:
		return "are the names of the children of namespace " + f.Name.Space + "."
	case f.Kind == model.FieldNames:
		return "is the name of the child of namespace " + f.Name.Space + "."
	case f.Kind == model.FieldStanza:
		return "is the " + f.Type.Stanza + " inside."
	case f.Type.Scalar == model.Flag:
		return "tells whether there is a child " + name + "."
	case f.Name.Local == "":
		name = "of type " + f.Type.Element.GoName
	}
	switch simple := f.Type.Element == nil && f.Type.Scalar != model.Raw; {
	case simple && f.Many:
		return "are the texts of the children " + name + "."
	case simple:
		return "is the text of the child " + name + "."
	case f.Many:
		return "are the children " + name + "."
	}
	return "is the child " + name + "."
}

// namesChild makes a field of a child whose name is its value.
func (l *linker) namesChild(e *model.Element, f *model.Field, from *syntax.Child, what string) bool {
	f.Kind = model.FieldNames
	for key, s := range map[string]syntax.String{"name": from.Name, "type": from.Type} {
		if s.IsSet() {
			l.c.Errorf(s.Pos, "%s: %s does not go with names", what, key).Rule(rule.KeyClash)
		}
	}
	enum := l.enumNamed(from.Names, what)
	if enum == nil {
		return false
	}
	l.elementNames(enum, from.Names.Pos)
	f.Type.Enum = enum
	if f.GoName == "" {
		f.GoName = enum.GoName
	}
	return l.childNamespace(e, f, from)
}

// childNamespace sets the namespace of a child that has no type with one: its own, or else that of the parent.
func (l *linker) childNamespace(e *model.Element, f *model.Field, from *syntax.Child) bool {
	f.Namespace = e.Namespace
	if from.NS.IsSet() {
		f.Namespace = l.namespace(from.NS, from.NS.Pos)
	}
	if f.Namespace == nil {
		return false
	}
	f.Name.Space = f.Namespace.URI
	return true
}

// typedChild makes a field of a child that has a type.
func (l *linker) typedChild(e *model.Element, f *model.Field, from *syntax.Child, what string) bool {
	if f.Type = l.typeOf(from.Type, what); f.Type == (model.Type{}) {
		return false
	}
	switch t := f.Type; {
	case t.Stanza != "":
		return l.stanzaChild(f, from, what)
	case t.Element != nil && t.Element.Role == model.Request:
		l.c.Errorf(from.Type.Pos, "%s: %s is the type of an IQ request", what, t.Element.GoName).Rule(rule.TypeKind).
			Hintf("the element itself is %s", t.Element.Query.Payload.GoName)
		return false
	case t.Element != nil && t.Element.Role == model.Payload:
		return l.elementChild(f, from, what)
	case t.Element != nil:
		return l.nestedChild(e, f, from, what)
	}
	if !from.Name.IsSet() {
		l.c.Errorf(from.Pos, "child of %s has no name", describe(e)).Rule(rule.ChildName).Hintf("type %s does not say the name: add `name: ...`", orString(from.Type.Value))
		return false
	}
	if !l.xmlName(from.Name, what) {
		return false
	}
	f.Name.Local = from.Name.Value
	defaultName(f, model.CamelCase(from.Name.Value))
	return l.childNamespace(e, f, from)
}

func orString(s string) string {
	if s == "" {
		return "string"
	}
	return s
}

// stanzaChild makes a field of a whole stanza.
func (l *linker) stanzaChild(f *model.Field, from *syntax.Child, what string) bool {
	f.Kind = model.FieldStanza
	f.Name = model.Name{Space: model.ClientNamespace, Local: f.Type.Stanza}
	defaultName(f, model.CamelCase(f.Type.Stanza))
	if from.Name.IsSet() && from.Name.Value != f.Type.Stanza {
		l.c.Errorf(from.Name.Pos, "%s: the name of a stanza is its type, %s", what, f.Type.Stanza).Rule(rule.ChildName)
	}
	if from.NS.IsSet() {
		l.c.Errorf(from.NS.Pos, "%s: the namespace of a stanza is always %s", what, model.ClientNamespace).Rule(rule.Namespace)
	}
	return true
}

// elementChild makes a field of an element, which knows its name.
func (l *linker) elementChild(f *model.Field, from *syntax.Child, what string) bool {
	t := f.Type.Element
	f.Name.Local, f.Namespace = t.Local, t.Namespace
	if t.Namespace == nil {
		return false
	}
	f.Name.Space = t.Namespace.URI
	switch {
	case from.Name.IsSet() && t.Names != nil:
		l.c.Errorf(from.Name.Pos, "%s: the names of type %s are the values of enum %s", what, t.GoName, t.Names.GoName).Rule(rule.ChildName).Hintf("leave `name:` out")
	case from.Name.IsSet() && from.Name.Value != t.Local:
		l.c.Errorf(from.Name.Pos, "%s: type %s is the element <%s/>", what, t.GoName, t.Local).Rule(rule.ChildName).
			Hintf("leave `name:` out, or use a type of `types:`, whose name is given where it is used")
	}
	if from.NS.IsSet() {
		if ns := l.namespace(from.NS, from.NS.Pos); ns != nil && ns.URI != t.Namespace.URI {
			l.c.Errorf(from.NS.Pos, "%s: type %s is an element of namespace %s", what, t.GoName, t.Namespace.URI).Rule(rule.Namespace)
		}
	}
	// the type was named for its meaning, the element perhaps just <x/>
	if from.Name.IsSet() && t.Names == nil {
		defaultName(f, model.CamelCase(t.Local))
	} else {
		defaultName(f, t.GoName)
	}
	return true
}

// nestedChild makes a field of a nested type.
func (l *linker) nestedChild(e *model.Element, f *model.Field, from *syntax.Child, what string) bool {
	t := f.Type.Element
	if t.Names != nil {
		return l.namedChild(e, f, from, what)
	}
	name, nsGiven := from.Name, true
	if t.Package == l.pkg {
		typeEntry := l.states[t].from
		if typeEntry != nil {
			if !name.IsSet() {
				name = typeEntry.Name
			}
			nsGiven = typeEntry.NS.IsSet()
		}
	} else if !name.IsSet() && len(t.Uses) == 1 {
		name = syntax.String{Pos: from.Pos, Value: t.Uses[0].Local}
	}
	if !name.IsSet() {
		l.c.Errorf(from.Pos, "child of %s has no name, nor has its type %s", describe(e), t.GoName).Rule(rule.ChildName).Hintf("add `name: ...`")
		return false
	}
	if name == from.Name && !l.xmlName(name, what) {
		return false
	}
	f.Name.Local = name.Value
	defaultName(f, model.CamelCase(name.Value))
	f.Namespace = t.Namespace
	switch {
	case from.NS.IsSet():
		f.Namespace = l.namespace(from.NS, from.NS.Pos)
	case !nsGiven && t.Namespace != nil && e.Namespace != nil && e.Namespace != t.Namespace:
		l.c.Errorf(from.Pos, "%s: type %s names no namespace, so it is in %s, but it stands inside %s", what, t.GoName, t.Namespace.URI, e.Namespace.URI).Rule(rule.Namespace).
			Hintf("say `ns:` with type %s, or here if that is meant", t.GoName)
	}
	if f.Namespace == nil {
		return false
	}
	f.Name.Space = f.Namespace.URI
	if t.Package != l.pkg && !used(t, f.Name) {
		l.c.Errorf(at(from.Name, from.Pos), "%s: package %s does not use its type %s under the name %s", what, t.Package.Name, t.GoName, f.Name).Rule(rule.ChildName).
			Hintf("it is a nested type there; make it an element with `in: [any]`, or use the name that it has")
	}
	return true
}

// namedChild makes a field of a nested type whose name is its value.
func (l *linker) namedChild(e *model.Element, f *model.Field, from *syntax.Child, what string) bool {
	t := f.Type.Element
	if from.Name.IsSet() {
		l.c.Errorf(from.Name.Pos, "%s: the names of type %s are the values of enum %s", what, t.GoName, t.Names.GoName).Rule(rule.ChildName).Hintf("leave `name:` out")
	}
	if f.Namespace = t.Namespace; f.Namespace == nil {
		return false
	}
	if from.NS.IsSet() {
		if ns := l.namespace(from.NS, from.NS.Pos); ns != nil && ns.URI != t.Namespace.URI {
			l.c.Errorf(from.NS.Pos, "%s: type %s is in the namespace %s", what, t.GoName, t.Namespace.URI).Rule(rule.Namespace)
		}
	}
	if s := l.states[t]; s != nil && s.from != nil && !s.from.NS.IsSet() && !from.NS.IsSet() && e.Namespace != nil && e.Namespace != t.Namespace {
		l.c.Errorf(from.Pos, "%s: type %s names no namespace, so it is in %s, but it stands inside %s", what, t.GoName, t.Namespace.URI, e.Namespace.URI).Rule(rule.Namespace).
			Hintf("say `ns:` with type %s", t.GoName)
	}
	f.Name.Space = t.Namespace.URI
	defaultName(f, t.GoName)
	return true
}

func used(t *model.Element, name model.Name) bool {
	for _, u := range t.Uses {
		if u == name {
			return true
		}
	}
	return false
}

// defaultName sets the Go name of a field that the schema gave none.
func defaultName(f *model.Field, name string) {
	if f.GoName == "" {
		f.GoName = name
	}
}
