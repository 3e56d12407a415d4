package yamlfile

import (
	"fmt"

	"go.yaml.in/yaml/v4"

	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// node returns what stands behind a key, nil if the key was not given. Asking for a key that the table lacks is a
// mistake in this package.
func (o *object) node(name string) *yaml.Node {
	known := false
	for _, k := range o.r.keys[o.level] {
		known = known || k.Name == name
	}
	if !known {
		panic(fmt.Sprintf("yamlfile: the table has no key %q of %s", name, o.level))
	}
	o.asked[name] = true
	return o.values[name]
}

// done makes sure that every key of the table was asked for, so that no key is accepted and then ignored.
func (o *object) done() {
	for _, k := range o.r.keys[o.level] {
		if !o.asked[k.Name] {
			panic(fmt.Sprintf("yamlfile: nobody reads the key %q of %s", k.Name, o.level))
		}
	}
}

func (o *object) text(name string) syntax.String {
	if n := o.node(name); n != nil {
		return o.r.text(n)
	}
	return syntax.String{}
}

func (r *reader) text(n *yaml.Node) syntax.String {
	return syntax.String{Pos: r.pos(n), Value: n.Value}
}

func (o *object) truth(name string) syntax.Bool {
	if n := o.node(name); n != nil {
		return syntax.Bool{Pos: o.r.pos(n), Value: n.Value == "true"}
	}
	return syntax.Bool{}
}

func (o *object) texts(name string) syntax.Strings {
	n := o.node(name)
	if n == nil {
		return syntax.Strings{}
	}
	s := syntax.Strings{Pos: o.r.pos(n)}
	for _, m := range n.Content {
		s.List = append(s.List, o.r.text(m))
	}
	return s
}

// list makes something of every member of a list.
func list[T any](o *object, name string, make func(*yaml.Node) T) []T {
	n := o.node(name)
	if n == nil {
		return nil
	}
	var all []T
	for _, m := range n.Content {
		all = append(all, make(m))
	}
	return all
}

// pairs calls f with every key and value of the mapping behind a key; keys that are no texts or stand there twice
// are reported and left out.
func (o *object) pairs(name string, f func(k, v *yaml.Node)) {
	n := o.node(name)
	if n == nil {
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode:
			o.r.c.Errorf(o.r.pos(k), "key of %q is not a text", name).Rule(rule.KeyKind)
		case first[k.Value] != 0:
			o.r.c.Errorf(o.r.pos(k), "key %q stands twice in %q", k.Value, name).Rule(rule.KeyTwice).Hintf("the first is in line %d", first[k.Value])
		case isNull(v):
			o.r.c.Errorf(o.r.pos(v), "key %q of %q has no value", k.Value, name).Rule(rule.KeyKind)
		default:
			first[k.Value] = k.Line
			f(k, v)
		}
	}
}

func (r *reader) file(n *yaml.Node) *syntax.File {
	o := r.object(n, LevelFile)
	defer o.done()
	f := &syntax.File{
		Pos:      source.Pos{File: r.path, Line: 1, Col: 1},
		Path:     r.path,
		Format:   syntax.YAML,
		Spec:     o.text("spec"),
		Title:    o.text("title"),
		Version:  o.text("version"),
		Doc:      o.text("doc"),
		Package:  o.text("package"),
		Features: o.texts("features"),
		Imports:  list(o, "imports", r.importEntry),
		Ignores:  list(o, "ignore", r.ignore),
		Enums:    list(o, "enums", r.enum),
		Elements: list(o, "elements", r.element),
		Types:    list(o, "types", r.nested),
		Forms:    list(o, "forms", r.form),
		Examples: list(o, "examples", r.text),
	}
	one := o.text("namespace")
	if one.IsSet() {
		f.Namespaces = append(f.Namespaces, &syntax.Namespace{Pos: one.Pos, Key: syntax.String{Pos: one.Pos}, URI: one})
	}
	if many := o.node("namespaces"); many != nil && one.IsSet() {
		r.c.Errorf(r.pos(many), "namespace and namespaces are both given").Rule(rule.KeyClash).Hintf(`write the single one as "": %s`, one.Value)
	}
	o.pairs("namespaces", func(k, v *yaml.Node) {
		if ns := r.namespace(k, v); ns != nil {
			f.Namespaces = append(f.Namespaces, ns)
		}
	})
	return f
}

func (r *reader) namespace(k, v *yaml.Node) *syntax.Namespace {
	ns := &syntax.Namespace{Pos: r.pos(k), Key: r.text(k)}
	if v.Kind == yaml.ScalarNode {
		ns.URI = r.text(v)
		return ns
	}
	o := r.object(v, LevelNamespace)
	defer o.done()
	ns.URI, ns.Go, ns.Doc = o.text("uri"), o.text("go"), o.text("doc")
	return ns
}

func (r *reader) importEntry(n *yaml.Node) *syntax.Import {
	if n.Kind == yaml.ScalarNode {
		return &syntax.Import{Pos: r.pos(n), Name: r.text(n)}
	}
	o := r.object(n, LevelImport)
	defer o.done()
	return &syntax.Import{Pos: o.pos, Name: o.text("name"), Schema: o.text("schema"), Path: o.text("path")}
}

func (r *reader) ignore(n *yaml.Node) *syntax.Ignore {
	o := r.object(n, LevelIgnore)
	defer o.done()
	return &syntax.Ignore{Pos: o.pos, Rule: o.text("rule"), At: o.text("at"), Reason: o.text("reason")}
}

func (r *reader) enum(n *yaml.Node) *syntax.Enum {
	o := r.object(n, LevelEnum)
	defer o.done()
	return &syntax.Enum{
		Pos:     o.pos,
		Type:    o.text("type"),
		Doc:     o.text("doc"),
		Ref:     o.text("ref"),
		Base:    o.text("base"),
		Numbers: o.text("numbers"),
		Values:  list(o, "values", r.value),
	}
}

func (r *reader) value(n *yaml.Node) *syntax.EnumValue {
	if n.Kind == yaml.ScalarNode {
		return &syntax.EnumValue{Pos: r.pos(n), Value: r.text(n)}
	}
	o := r.object(n, LevelValue)
	defer o.done()
	return &syntax.EnumValue{Pos: o.pos, Value: o.text("value"), Go: o.text("go"), Label: o.text("label"), Doc: o.text("doc"), Ref: o.text("ref")}
}

func (r *reader) element(n *yaml.Node) *syntax.Element {
	o := r.object(n, LevelElement)
	defer o.done()
	e := r.shape(o)
	e.In = o.texts("in")
	e.Sender = o.text("sender")
	e.Features = o.texts("features")
	if iq := o.node("iq"); iq != nil {
		e.IQ = r.iq(iq)
	}
	return e
}

func (r *reader) nested(n *yaml.Node) *syntax.Element {
	o := r.object(n, LevelType)
	defer o.done()
	return r.shape(o)
}

// shape reads what elements and types have in common.
func (r *reader) shape(o *object) *syntax.Element {
	e := &syntax.Element{
		Pos:      o.pos,
		Name:     o.text("name"),
		Names:    o.text("names"),
		Go:       o.text("go"),
		NS:       o.text("ns"),
		Type:     o.text("type"),
		Doc:      o.text("doc"),
		Ref:      o.text("ref"),
		Attrs:    list(o, "attrs", r.attr),
		Children: list(o, "children", r.child),
		Like:     o.text("like"),
		When:     r.when(o),
	}
	if n := o.node("text"); n != nil {
		e.Text = r.textField(n)
	}
	if n := o.node("any"); n != nil {
		e.Any = r.anyField(n)
	}
	if n := o.node("mixed"); n != nil {
		e.Mixed = r.mixed(n)
	}
	o.pairs("nested", func(k, v *yaml.Node) {
		if v.Kind != yaml.ScalarNode {
			r.c.Errorf(r.pos(v), "key %q of \"nested\" wants a text, this is %s", k.Value, describe(v)).Rule(rule.KeyKind)
			return
		}
		e.Nested = append(e.Nested, &syntax.Rename{Pos: r.pos(k), From: r.text(k), To: r.text(v)})
	})
	return e
}

// when reads what tells elements of the same name apart.
func (r *reader) when(in *object) *syntax.When {
	n := in.node("when")
	if n == nil {
		return nil
	}
	o := r.object(n, LevelWhen)
	defer o.done()
	return &syntax.When{Pos: o.pos, Attr: o.text("attr"), Value: o.text("value"), Child: o.text("child")}
}

func (r *reader) attr(n *yaml.Node) *syntax.Attr {
	o := r.object(n, LevelAttr)
	defer o.done()
	return &syntax.Attr{
		Pos: o.pos, Name: o.text("name"), NS: o.text("ns"), Type: o.text("type"), Empty: o.truth("empty"),
		Go: o.text("go"), Required: o.truth("required"), Default: o.text("default"), Fixed: o.text("fixed"),
		Min: o.text("min"), Max: o.text("max"), Doc: o.text("doc"), Ref: o.text("ref"),
	}
}

func (r *reader) textField(n *yaml.Node) *syntax.Text {
	if n.Kind == yaml.ScalarNode {
		return &syntax.Text{Pos: r.pos(n), Type: r.text(n)}
	}
	o := r.object(n, LevelText)
	defer o.done()
	return &syntax.Text{
		Pos: o.pos, Type: o.text("type"),
		Go: o.text("go"), Required: o.truth("required"), Default: o.text("default"), Fixed: o.text("fixed"),
		Min: o.text("min"), Max: o.text("max"), Doc: o.text("doc"), Ref: o.text("ref"),
	}
}

func (r *reader) child(n *yaml.Node) *syntax.Child {
	o := r.object(n, LevelChild)
	defer o.done()
	return &syntax.Child{
		OneOf: r.oneOf(o),

		Pos: o.pos, Name: o.text("name"), Names: o.text("names"), NS: o.text("ns"), Type: o.text("type"), Many: o.truth("many"), Empty: o.truth("empty"),
		Go: o.text("go"), Required: o.truth("required"), Default: o.text("default"), Fixed: o.text("fixed"),
		Min: o.text("min"), Max: o.text("max"), Doc: o.text("doc"), Ref: o.text("ref"),
	}
}

// oneOf reads a list of alternatives, nil if there is none.
func (r *reader) oneOf(o *object) *syntax.OneOf {
	list := o.node("one_of")
	if list == nil {
		return nil
	}
	oneOf := &syntax.OneOf{Pos: r.pos(list)}
	for _, m := range list.Content {
		oneOf.List = append(oneOf.List, r.alternative(m))
	}
	return oneOf
}

func (r *reader) mixed(n *yaml.Node) *syntax.Mixed {
	o := r.object(n, LevelMixed)
	defer o.done()
	return &syntax.Mixed{Pos: o.pos, Type: o.text("type"), Go: o.text("go"), OneOf: r.oneOf(o), Doc: o.text("doc")}
}

func (r *reader) alternative(n *yaml.Node) *syntax.Alternative {
	o := r.object(n, LevelOneOf)
	defer o.done()
	return &syntax.Alternative{Pos: o.pos, Name: o.text("name"), NS: o.text("ns"), Type: o.text("type"), Go: o.text("go"), Doc: o.text("doc")}
}

func (r *reader) anyField(n *yaml.Node) *syntax.Any {
	if n.Kind == yaml.ScalarNode {
		return &syntax.Any{Pos: r.pos(n)}
	}
	o := r.object(n, LevelAny)
	defer o.done()
	return &syntax.Any{Pos: o.pos, Go: o.text("go"), Doc: o.text("doc")}
}

func (r *reader) iq(n *yaml.Node) []*syntax.Query {
	o := r.object(n, LevelIQ)
	defer o.done()
	var queries []*syntax.Query
	for _, iqType := range []string{"get", "set"} {
		switch q := o.node(iqType); {
		case q == nil:
		case q.Kind == yaml.SequenceNode:
			for _, m := range q.Content {
				queries = append(queries, r.query(m, iqType))
			}
		default:
			queries = append(queries, r.query(q, iqType))
		}
	}
	if len(queries) == 0 && len(n.Content) == 0 {
		r.c.Errorf(o.pos, "iq has neither get nor set").Rule(rule.KeyMissing)
	}
	return queries
}

func (r *reader) query(n *yaml.Node, iqType string) *syntax.Query {
	o := r.object(n, LevelQuery)
	defer o.done()
	return &syntax.Query{
		Pos: o.pos, IQType: iqType, Type: o.text("type"), When: r.when(o), Fields: o.texts("fields"), Result: o.text("result"),
		Doc: o.text("doc"), Ref: o.text("ref"), Features: o.texts("features"),
	}
}
