package snippet

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// xmppPath is the package that sends and handles stanzas.
const xmppPath = model.Module + "/xmpp"

// writer gathers what one snippet needs.
type writer struct {
	lib *Library
	// imports are the paths of the packages that the code names; the value is the name in the code.
	imports map[string]string
	// before are the statements that must run before the expression.
	before []statement
	// names counts the variables of each name.
	names map[string]int
	// structs and enums are the types that were met.
	structs []*model.Element
	enums   []*model.Enum
	forms   []*model.Form
	// own is the package that the snippet is for.
	own *model.Package
	// root is the example, typeOf the types of the elements in it.
	root   *node
	typeOf map[*node]*model.Element
}

// statement is code that may set err.
type statement struct {
	code  string
	fails bool
}

// prelude writes the statements that come first; fail is what leaves the function after an error.
func (w *writer) prelude(fail string) string {
	var b strings.Builder
	for _, s := range w.before {
		b.WriteString(s.code + "\n")
		if s.fails {
			b.WriteString("if err != nil {\n" + fail + "\n}\n")
		}
	}
	return b.String()
}

// use notes that the code names a package.
func (w *writer) use(importPath string) {
	if w.imports[importPath] == "" {
		w.imports[importPath] = path.Base(importPath)
	}
}

// name writes an exported name of a generated package. Packages whose names the code needs for itself get another one.
func (w *writer) name(p *model.Package, goName string) string {
	name := p.Name
	if slices.Contains([]string{"xmpp", "context", "time", "math", "session", "ctx", "err"}, name) {
		name += "types"
	}
	w.imports[p.ImportPath] = name
	return name + "." + goName
}

// variable makes a name that the snippet has not yet.
func (w *writer) variable(name string) string {
	w.names[name]++
	if n := w.names[name]; n > 1 {
		return name + strconv.Itoa(n)
	}
	return name
}

// importLines writes the imports, those of the standard library first.
func (w *writer) importLines() []string {
	var std, other []string
	for _, p := range slices.Sorted(maps.Keys(w.imports)) {
		line := strconv.Quote(p)
		if w.imports[p] != path.Base(p) {
			line = w.imports[p] + " " + line
		}
		if strings.Contains(p, ".") {
			other = append(other, line)
		} else {
			std = append(std, line)
		}
	}
	return append(std, other...)
}

// element writes a value of a struct as an element has it. typ is what stands before the brace: the type, a pointer to it,
// or nothing inside of slices.
func (w *writer) element(e *model.Element, n *node, typ string) (expr, error) {
	w.typeOf[n] = e
	if !slices.Contains(w.structs, e) {
		w.structs = append(w.structs, e)
	}
	values := make([][]expr, len(e.Fields))
	if f := e.NameField(); f != nil {
		values[f.Index] = []expr{w.enum(f.Type.Enum, n.name.Local)}
	}
	for _, a := range n.attrs {
		f := attrField(e, a.name)
		if f == nil && e.When != nil && a.name == (model.Name{Local: e.When.Attr}) {
			continue // the type says it
		}
		if f == nil {
			return expr{}, fmt.Errorf("%s has no attribute %s", e.GoName, a.name.Local)
		}
		x, err := w.simple(f, a.value)
		if err != nil {
			return expr{}, err
		}
		values[f.Index] = append(values[f.Index], x)
	}
	if f := e.Mixed(); f != nil {
		content, err := w.mixed(e, f, n)
		if err != nil {
			return expr{}, err
		}
		values[f.Index] = content
		return w.structure(e, typ, values), nil
	}
	if f := e.Text(); f != nil && (n.text != "" || f.Required) {
		x, err := w.simple(f, n.text)
		if err != nil {
			return expr{}, err
		}
		values[f.Index] = append(values[f.Index], x)
	} else if f == nil && strings.TrimSpace(n.text) != "" {
		return expr{}, fmt.Errorf("%s has no text", e.GoName)
	}
	for _, c := range n.children {
		if e.When != nil && e.When.Implied() && c.name == e.When.Child.Name {
			continue // the type says it
		}
		part := childField(e, c)
		if part == nil && slices.ContainsFunc(e.Children(), func(f *model.Field) bool { return f.Name == c.name }) {
			return expr{}, fmt.Errorf("%w: <%s/> meets no condition", ErrBeyond, c.name.Local)
		}
		if part == nil {
			return expr{}, fmt.Errorf("%s has no child %s", e.GoName, c.name)
		}
		f := choiceOf(e, part)
		var x expr
		var err error
		if f == part {
			x, err = w.child(part, c)
		} else {
			x, err = w.alternative(f.Choice, part, c)
		}
		if err != nil {
			return expr{}, err
		}
		values[f.Index] = append(values[f.Index], x)
	}
	return w.structure(e, typ, values), nil
}

// structure makes the value of a struct of those of its fields.
func (w *writer) structure(e *model.Element, typ string, values [][]expr) expr {
	x := expr{text: typ, composite: true}
	for _, f := range e.Fields {
		if v := values[f.Index]; len(v) > 0 {
			x.members = append(x.members, member{f.GoName, w.shaped(f, v)})
		}
	}
	return x
}

// mixed writes texts and elements in their order.
func (w *writer) mixed(e *model.Element, f *model.Field, n *node) ([]expr, error) {
	c := f.Choice
	var list []expr
	for _, p := range n.pieces {
		if p.child == nil {
			list = append(list, plain(w.name(c.Package, c.Text)+"("+quote(p.text)+")"))
			continue
		}
		part := childField(e, p.child)
		var x expr
		var err error
		if part != nil {
			x, err = w.alternative(c, part, p.child)
		} else if x, err = w.raw(p.child); err == nil {
			x = expr{text: "&" + w.name(c.Package, c.Other), composite: true, members: []member{{"Raw", x}}}
		}
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

// attrField finds the field of an attribute.
func attrField(e *model.Element, name model.Name) *model.Field {
	for _, f := range e.Attrs() {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// childField finds the field that takes a child: the one of its name, or else the one for all names of its namespace,
// or else the one for everything.
func childField(e *model.Element, n *node) *model.Field {
	for _, f := range e.Children() {
		if f.Name == n.name && (f.Type.Element == nil || n.is(f.Type.Element.When)) {
			return f
		}
	}
	if named := e.NamedChild(n.name); named != nil {
		return named
	}
	return e.Any()
}

// choiceOf returns the choice that a child is an alternative of, or the child itself.
func choiceOf(e *model.Element, part *model.Field) *model.Field {
	for _, f := range e.Choices() {
		if slices.Contains(f.Choice.Alternatives, part) {
			return f
		}
	}
	return part
}

// alternative writes one of several children as the type that stands for it in a choice.
func (w *writer) alternative(c *model.Choice, part *model.Field, n *node) (expr, error) {
	e := part.Type.Element
	if !c.Wraps(part) {
		return w.element(e, n, "&"+w.name(e.Package, e.GoName))
	}
	x, err := w.element(e, n, w.name(e.Package, e.GoName))
	return expr{text: "&" + w.name(c.Package, part.GoName), composite: true, members: []member{{e.GoName, x}}}, err
}

// simple writes the value of a field that is text on the wire.
func (w *writer) simple(f *model.Field, text string) (expr, error) {
	if text == "" && !f.Empty && !f.Required && f.Shape == model.Value {
		return expr{}, fmt.Errorf("%w: %s is empty, which means the same as none", ErrBeyond, f.GoName)
	}
	pointer := f.Shape == model.Pointer
	if f.Type.Enum != nil {
		x := w.enum(f.Type.Enum, text)
		if pointer {
			x.text = "new(" + x.text + ")"
		}
		return x, nil
	}
	x, err := w.scalar(f.Type.Scalar, text, pointer && f.Type.Scalar != model.Bool)
	if pointer {
		x.text = "new(" + x.text + ")"
	}
	return x, err
}

// child writes one value of a field for children.
func (w *writer) child(f *model.Field, n *node) (expr, error) {
	switch {
	case f.Kind == model.FieldAny:
		return w.raw(n)
	case f.Kind == model.FieldNames:
		return w.enum(f.Type.Enum, n.name.Local), nil
	case f.Kind == model.FieldStanza:
		return w.inner(f, n)
	case f.Type.Scalar == model.Raw:
		return w.raw(n)
	case f.Type.Element != nil:
		if x, ok := w.typedForm(f, n); ok {
			return x, nil
		}
		typ := ""
		switch f.Shape {
		case model.Pointer:
			typ = "&" + w.name(f.Type.Element.Package, f.Type.Element.GoName)
		case model.Value:
			typ = w.name(f.Type.Element.Package, f.Type.Element.GoName)
		}
		return w.element(f.Type.Element, n, typ)
	case f.Type.Scalar == model.LangText:
		return langText(n), nil
	}
	return w.simple(f, n.text)
}

// shaped makes the value of a field of the values on the wire.
func (w *writer) shaped(f *model.Field, values []expr) expr {
	if f.Type.Scalar == model.LangText && f.Type.Element == nil && f.Kind == model.FieldChild {
		return w.text(values)
	}
	if f.Shape != model.Slice {
		return values[0]
	}
	typ := ""
	switch {
	case f.Kind == model.FieldAny, f.Type.Scalar == model.Raw:
		w.use(model.StanzaPath)
		typ = "stanza.Raw"
	case f.Choice != nil:
		typ = w.name(f.Choice.Package, f.Choice.GoName)
	case f.Type.Enum != nil:
		typ = w.name(f.Type.Enum.Package, f.Type.Enum.GoName)
	case f.Type.Element != nil:
		typ = w.name(f.Type.Element.Package, f.Type.Element.GoName)
	case f.Type.Stanza != "":
		w.use(model.StanzaPath)
		typ = "stanza." + stanzaType(f.Type.Stanza)
	default:
		typ = w.qualified(f.Type.Scalar.GoType())
	}
	x := expr{text: "[]" + typ, composite: true}
	for _, v := range values {
		x.members = append(x.members, member{"", v})
	}
	return x
}

// qualified names a Go type.
func (w *writer) qualified(t model.GoType) string {
	if t.Path == "" {
		return t.Name
	}
	w.use(t.Path)
	return path.Base(t.Path) + "." + t.Name
}

// langText writes one language of a text, as a member of a stanza.Text.
func langText(n *node) expr {
	x := expr{composite: true}
	for _, a := range n.attrs {
		if a.name == (model.Name{Space: model.XMLNamespace, Local: "lang"}) {
			x.members = append(x.members, member{"Lang", plain(quote(a.value))})
		}
	}
	x.members = append(x.members, member{"Value", plain(quote(n.text))})
	return x
}

// text writes a stanza.Text.
func (w *writer) text(langs []expr) expr {
	w.use(model.StanzaPath)
	if len(langs) == 1 && len(langs[0].members) == 1 {
		return plain("stanza.Plain(" + langs[0].members[0].value.text + ")")
	}
	x := expr{text: "stanza.Text", composite: true}
	for _, l := range langs {
		x.members = append(x.members, member{"", l})
	}
	return x
}

// raw parses an element before the expression, and names it.
func (w *writer) raw(n *node) (expr, error) {
	if usesOutside(n, map[string]bool{}) {
		return expr{}, fmt.Errorf("%w: <%s/> uses declarations of its surroundings", ErrBeyond, n.name.Local)
	}
	w.use(model.WirePath)
	v := w.variable("raw")
	w.before = append(w.before, statement{v + ", err := wire.Parse(" + quote(n.source) + ")", true})
	return plain(v), nil
}

// usesOutside reports whether an element cannot be cut out of its surroundings.
func usesOutside(n *node, declared map[string]bool) bool {
	if n.inherits && !declared[n.name.Space] {
		return true
	}
	inside := maps.Clone(declared)
	inside[n.name.Space] = true
	for _, c := range n.children {
		if usesOutside(c, inside) {
			return true
		}
	}
	return false
}

func stanzaType(name string) string {
	if name == "iq" {
		return "IQ"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}
