package check

import (
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// declareStructs makes the structs of elements, requests and types, still without fields.
func (l *linker) declareStructs() {
	for _, from := range l.file.Elements {
		s := l.declareElement(from)
		for _, q := range from.IQ {
			l.declareRequest(s, q)
		}
	}
	for _, from := range l.file.Types {
		node := l.newStruct(from, model.Nested)
		if from.Name.IsSet() {
			l.xmlName(from.Name, "type "+node.GoName)
		}
		what := "is an element that stands inside others."
		switch {
		case from.Names.IsSet():
			what = "is an element whose name says what it means."
		case from.Name.IsSet():
			what = "is the element <" + from.Name.Value + "/>."
		}
		node.Doc = l.sentence(from.Doc, node.GoName, what)
	}
}

// newStruct makes what elements and types have in common.
func (l *linker) newStruct(from *syntax.Element, role model.Role) *model.Element {
	what := "type"
	if role == model.Payload {
		what = "element"
	}
	node := &model.Element{
		Pos: from.Pos, Package: l.pkg, Role: role, GoName: from.Type.Value, Sender: model.SenderAny,
		Namespace: l.namespace(from.NS, from.Pos), Link: l.linkOrSpec(from.Ref),
	}
	s := &structState{node: node, from: from}
	l.order = append(l.order, s)
	l.states[node] = s
	if from.Name.IsSet() && from.Names.IsSet() {
		l.c.Errorf(from.Names.Pos, "%s %s has both name and names", what, node.GoName).Rule(rule.KeyClash)
	}
	if from.Go.IsSet() && !from.Names.IsSet() {
		l.c.Errorf(from.Go.Pos, "%s %s: go names the field that names makes, but there is no names", what, node.GoName).Rule(rule.KeyClash).
			Hintf("the name of the Go type is `type:`")
	}
	if from.Names.IsSet() {
		node.Names = l.enumNamed(from.Names, what+" "+node.GoName)
	}
	if from.Type.IsSet() && l.declare(from.Type.Pos, node.GoName, what+" "+node.GoName) {
		l.structs[node.GoName] = s
	}
	return node
}

func (l *linker) declareElement(from *syntax.Element) *model.Element {
	node := l.newStruct(from, model.Payload)
	what := "element " + node.GoName
	node.In = l.places(from)
	node.Sender = l.sender(from.Sender, what)
	node.Features = l.pkg.Features
	if from.Features.IsSet() {
		node.Features = l.features(from.Features)
	}
	switch {
	case from.Name.IsSet() && from.Names.IsSet():
	case !from.Name.IsSet() && !from.Names.IsSet():
		l.c.Errorf(from.Pos, "%s has neither name nor names", what).Rule(rule.ChildName).Hintf("add the name that it has on the wire: `name: ...`")
	case from.Name.IsSet() && l.xmlName(from.Name, what):
		node.Local = from.Name.Value
	}
	otherwise := "is an element whose name says what it means."
	if node.Namespace != nil && node.Local != "" {
		name := model.Name{Space: node.Namespace.URI, Local: node.Local}
		node.Uses = []model.Name{name}
		otherwise = "is the element " + name.String() + "."
	}
	node.Doc = l.sentence(from.Doc, node.GoName, otherwise)
	if len(from.IQ) > 0 && from.Names.IsSet() {
		l.c.Errorf(from.Names.Pos, "%s: the payload of an IQ request needs a single name", what).Rule(rule.Request)
	}
	return node
}

func (l *linker) declareRequest(payload *model.Element, from *syntax.Query) {
	q := &model.Query{Pos: from.Pos, IQType: from.IQType, Payload: payload}
	l.pkg.Queries = append(l.pkg.Queries, q)
	payload.Queries = append(payload.Queries, q)
	payload.In |= model.InIQ
	if !from.Type.IsSet() {
		return
	}
	features := payload.Features
	if from.Features.IsSet() {
		features = l.features(from.Features)
	}
	if from.Type.Value == payload.GoName {
		l.ownRequest(payload, q, from)
		payload.Features = features
		return
	}
	node := &model.Element{
		Pos: from.Pos, Package: l.pkg, Role: model.Request, GoName: from.Type.Value,
		Namespace: payload.Namespace, Local: payload.Local, Uses: payload.Uses,
		In: model.InIQ, Sender: payload.Sender, Features: features, Query: q, Link: payload.Link,
	}
	if from.Ref.IsSet() {
		node.Link = l.link(from.Ref)
	}
	answer := ", whose answer is " + from.Result.Value + "."
	if from.Result.Value == "empty" {
		answer = ", whose answer is empty."
	}
	node.Doc = l.sentence(from.Doc, node.GoName, "is the request of type "+from.IQType+" with the element <"+payload.Local+"/>"+answer)
	q.Request = node
	s := &structState{node: node, query: from, after: l.states[payload]}
	l.order = append(l.order, s)
	l.states[node] = s
	if l.declare(from.Type.Pos, node.GoName, "request "+node.GoName) {
		l.structs[node.GoName] = s
	}
}

// ownRequest handles a payload that is its own request.
func (l *linker) ownRequest(payload *model.Element, q *model.Query, from *syntax.Query) {
	q.Request = payload
	if payload.Query != nil {
		l.c.Errorf(from.Type.Pos, "element %s cannot be the request of both get and set", payload.GoName).Rule(rule.Request).
			Hintf("give one of them a type of its own, so that each request has one answer type")
		return
	}
	payload.Query = q
	if from.When != nil {
		l.c.Errorf(from.When.Pos, "request %s: when belongs to the element, which is the request itself", payload.GoName).Rule(rule.When)
	}
	if from.Fields.IsSet() {
		l.c.Errorf(from.Fields.Pos, "request %s: fields can be chosen only for a type of its own", payload.GoName).Rule(rule.Request)
	}
	for key, s := range map[string]syntax.String{"doc": from.Doc, "ref": from.Ref} {
		if s.IsSet() {
			l.c.Errorf(s.Pos, "request %s: %s belongs to the element, which is the request itself", payload.GoName, key).Rule(rule.Request)
		}
	}
}

// places reads where an element may stand.
func (l *linker) places(from *syntax.Element) model.Places {
	known := []string{"message", "presence", "iq", "stream", "any"}
	bits := []model.Places{model.InMessage, model.InPresence, model.InIQ, model.InStream, model.InAny}
	var in model.Places
	for _, p := range from.In.List {
		i := slices.Index(known, p.Value)
		if i < 0 {
			l.c.Errorf(p.Pos, "element %s: %q is no place for an element", from.Type.Value, p.Value).Rule(rule.Place).
				Hintf("one of: %s", strings.Join(known, ", ")).DidYouMean(p.Value, known)
			continue
		}
		if in&bits[i] != 0 {
			l.c.Errorf(p.Pos, "element %s: place %s stands twice", from.Type.Value, p.Value).Rule(rule.Place)
		}
		in |= bits[i]
	}
	return in
}

// sender reads a sender rule.
func (l *linker) sender(s syntax.String, what string) model.Sender {
	known := []string{"any", "own-account", "account-or-server", "server", "queried", "room"}
	switch {
	case !s.IsSet():
		return model.SenderAny
	case !slices.Contains(known, s.Value):
		l.c.Errorf(s.Pos, "%s: sender %q is not a rule", what, s.Value).Rule(rule.Sender).
			Hintf("one of: %s", strings.Join(known, ", ")).DidYouMean(s.Value, known)
		return model.SenderAny
	}
	return model.Sender(s.Value)
}

// xmlName checks a local name.
func (l *linker) xmlName(name syntax.String, what string) bool {
	if isNCName(name.Value) {
		return true
	}
	d := l.c.Errorf(name.Pos, "%s: %q is not a name of XML", what, name.Value).Rule(rule.XMLName)
	if strings.Contains(name.Value, ":") {
		d.Hintf("write the name without its prefix, and its namespace with `ns:`")
	}
	return false
}

// resolve makes the fields of a struct, those of others that it is like first.
func (l *linker) resolve(s *structState) {
	if s.stage == resolved {
		return
	}
	if s.stage == resolving {
		return // a cycle; like reports it
	}
	s.stage = resolving
	defer func() { s.stage = resolved }()
	switch {
	case s.query != nil:
		l.resolve(s.after)
		l.requestFields(s)
		return
	case s.from == nil:
		return // a copy has its fields already
	}
	from, node := s.from, s.node
	if from.Names.IsSet() {
		l.nameField(s)
		if from.When != nil {
			l.c.Errorf(from.When.Pos, "%s: when does not go with names", describe(node)).Rule(rule.When)
		}
	} else {
		defer func() { l.when(node, from.When, from.Attrs) }()
	}
	if from.Like.IsSet() {
		l.like(s)
		return
	}
	for _, r := range from.Nested {
		l.c.Errorf(r.Pos, "%s: nested goes with like only", describe(node)).Rule(rule.Like)
	}
	for _, a := range from.Attrs {
		l.attr(node, a)
	}
	if from.Text != nil {
		l.text(node, from.Text)
	}
	for _, c := range from.Children {
		l.child(node, c)
	}
	if from.Any != nil {
		l.anyField(node, from.Any)
	}
	if from.Mixed != nil {
		l.mixedField(node, from)
	}
}

// describe names a struct in errors: by its Go type, and by its element if that is known.
func describe(e *model.Element) string {
	kind := "element "
	switch e.Role {
	case model.Request:
		kind = "request "
	case model.Nested:
		kind = "type "
	}
	if len(e.Uses) == 1 && e.Role != model.Nested {
		return kind + e.GoName + " " + e.Uses[0].String()
	}
	if e.Namespace != nil {
		return kind + e.GoName + " of namespace " + e.Namespace.URI
	}
	return kind + e.GoName
}

// arrange puts the structs into the order in which they are written.
func (l *linker) arrange() {
	var write func(s *structState)
	write = func(s *structState) {
		l.pkg.Structs = append(l.pkg.Structs, s.node)
		for _, other := range l.order {
			if other.after == s {
				write(other)
			}
		}
		for _, other := range l.copies {
			if other.after == s {
				write(other)
			}
		}
	}
	for _, s := range l.order {
		if s.after == nil {
			write(s)
		}
	}
	for _, e := range l.pkg.Structs {
		for i, f := range e.Fields {
			f.Index = i
		}
	}
}

// imported finds the type that `pkg.Type` names. If both results are nil, an error was reported.
func (l *linker) imported(name syntax.String, what string) (enum *model.Enum, node *model.Element) {
	pkg, typeName, _ := strings.Cut(name.Value, ".")
	in := l.importNamed(pkg, name, what)
	if in == nil {
		return nil, nil
	}
	if e := in.enums[typeName]; e != nil {
		return e, nil
	}
	if s := in.structs[typeName]; s != nil {
		return nil, s.node
	}
	l.c.Errorf(name.Pos, "%s: package %s has no type %s", what, pkg, typeName).Rule(rule.TypeUnknown).DidYouMean(typeName, in.typeNames())
	return nil, nil
}

// importNamed finds the package of a type that is written as pkg.Type. If the result is nil, an error was reported.
func (l *linker) importNamed(pkg string, name syntax.String, what string) *linker {
	imp := l.imports[pkg]
	if imp == nil {
		var known []string
		for _, i := range l.file.Imports {
			known = append(known, i.Name.Value)
		}
		l.c.Errorf(name.Pos, "%s: package %s of type %s is not imported", what, pkg, name.Value).Rule(rule.Import).
			Hintf("add %s to `imports:`", pkg).DidYouMean(pkg, known)
		return nil
	}
	imp.used = true
	return imp.linker // nil was reported where the import stands
}

// typeNames returns the names of the enums and structs, in the order of the schema.
func (l *linker) typeNames() []string {
	var names []string
	for _, e := range l.pkg.Enums {
		names = append(names, e.GoName)
	}
	for _, s := range l.order {
		names = append(names, s.node.GoName)
	}
	return names
}

// uses gathers under which names the nested types stand, and which elements stand in an IQ because they are answers.
func (l *linker) uses() {
	for _, e := range l.pkg.Structs {
		for _, f := range e.Parts() {
			t := f.Type.Element
			if t == nil || t.Role != model.Nested || t.Package != l.pkg || t.Names != nil {
				continue
			}
			if !slices.Contains(t.Uses, f.Name) {
				t.Uses = append(t.Uses, f.Name)
			}
		}
	}
	for _, e := range l.pkg.Structs {
		if slices.ContainsFunc(e.Uses, func(n model.Name) bool { return e.Namespace == nil || n.Space != e.Namespace.URI }) {
			for _, f := range e.Parts() {
				f.SameNS = false
			}
		}
	}
	for _, q := range l.pkg.Queries {
		if q.Result != nil && q.Result.Package == l.pkg {
			q.Result.In |= model.InIQ
		}
	}
	for _, e := range l.pkg.Structs {
		if e.Role == model.Payload && e.In == 0 && len(l.states[e].from.In.List) == 0 {
			l.c.Errorf(e.Pos, "%s: nothing says where it may stand", describe(e)).Rule(rule.Place).
				Hintf("add `in:` with some of message, presence, iq, stream, any")
		}
	}
}

// wireNames refuses elements of the top level that cannot be told apart.
func (l *linker) wireNames() {
	first := map[model.Name][]*model.Element{}
	named := map[model.Name]*model.Element{}
	for _, e := range l.pkg.Structs {
		if e.Role != model.Payload || e.Namespace == nil {
			continue
		}
		switch {
		case e.Names != nil:
			l.namesOnce(e, named)
		case len(e.Uses) == 1:
			for _, other := range first[e.Uses[0]] {
				if !l.distinct(e, other, describe(e)) {
					l.c.Errorf(e.Pos, "%s: the element has the type %s already", describe(e), other.GoName).Rule(rule.Ambiguous).
						Hintf("the other is in line %d; `when:` tells elements of one name apart", other.Pos.Line)
				}
			}
			first[e.Uses[0]] = append(first[e.Uses[0]], e)
		}
	}
	for _, e := range l.pkg.Structs {
		if e.Role != model.Payload || e.Names == nil || e.Namespace == nil {
			continue
		}
		for _, v := range e.Names.Values {
			name := model.Name{Space: e.Namespace.URI, Local: v.Value.Text}
			if others := first[name]; others != nil && named[name] == e {
				l.c.Errorf(v.Pos, "value %q of enum %s names the element of type %s", v.Value.Text, e.Names.GoName, others[0].GoName).Rule(rule.Ambiguous)
			}
		}
	}
}

// namesOnce refuses an element whose name is its value if another one has some of its names.
func (l *linker) namesOnce(e *model.Element, named map[model.Name]*model.Element) {
	var clash *model.Element
	for _, v := range e.Names.Values {
		name := model.Name{Space: e.Namespace.URI, Local: v.Value.Text}
		switch other := named[name]; {
		case other == nil:
			named[name] = e
		case clash == nil:
			clash = other
			l.c.Errorf(e.Pos, "%s: its name %q is one of %s already", describe(e), v.Value.Text, clash.GoName).Rule(rule.Ambiguous).
				Hintf("elements whose names are values need enums that have no value in common")
		}
	}
}

// at is the place of a String, or of what surrounds it if it was not given.
func at(s syntax.String, or source.Pos) source.Pos {
	if s.IsSet() {
		return s.Pos
	}
	return or
}
