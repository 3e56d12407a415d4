package check

import (
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// like gives a struct the shape of another one.
func (l *linker) like(s *structState) {
	from, node := s.from, s.node
	l.likeAlone(s)
	src := l.likeSource(s)
	if src == nil || node.Namespace == nil {
		return
	}
	node.Like = src
	if src.Namespace == nil {
		return // reported with the source
	}
	names := map[string]*syntax.Rename{}
	for _, r := range from.Nested {
		names[r.From.Value] = r
	}
	c := &copier{l: l, top: s, src: src, names: names, done: map[*model.Element]*model.Element{src: node}, choices: map[*model.Choice]*model.Choice{}, used: map[string]bool{}}
	c.fields(src, node)
	for _, r := range from.Nested {
		if !c.used[r.From.Value] {
			l.c.Errorf(r.Pos, "%s: like %s copies no nested type %s", describe(node), from.Like.Value, r.From.Value).Rule(rule.Like).
				Hintf("only nested types in the namespace of %s are copied, and only into another namespace", from.Like.Value)
		}
	}
}

// likeAlone refuses what does not go together with like.
func (l *linker) likeAlone(s *structState) {
	from := s.from
	refuse := func(key string, pos source.Pos) {
		l.c.Errorf(pos, "%s: %s does not go with like", describe(s.node), key).Rule(rule.Like).
			Hintf("the shape is that of %s, whole and unchanged", from.Like.Value)
	}
	if len(from.Attrs) > 0 {
		refuse("attrs", from.Attrs[0].Pos)
	}
	if from.Text != nil {
		refuse("text", from.Text.Pos)
	}
	if len(from.Children) > 0 {
		refuse("children", from.Children[0].Pos)
	}
	if from.Any != nil {
		refuse("any", from.Any.Pos)
	}
	if from.Mixed != nil {
		refuse("mixed", from.Mixed.Pos)
	}
}

// likeSource finds the struct to copy, with its fields made.
func (l *linker) likeSource(s *structState) *model.Element {
	name, what := s.from.Like, describe(s.node)
	if strings.Contains(name.Value, ".") {
		enum, node := l.imported(name, what)
		if enum != nil {
			l.c.Errorf(name.Pos, "%s: like %s is an enum, which has no shape", what, name.Value).Rule(rule.Like)
		}
		return node
	}
	src := l.structs[name.Value]
	switch {
	case src == nil:
		var known []string
		for _, o := range l.order {
			known = append(known, o.node.GoName)
		}
		l.c.Errorf(name.Pos, "%s: there is no type %s to be like", what, name.Value).Rule(rule.Like).DidYouMean(name.Value, known)
		return nil
	case src.query != nil:
		l.c.Errorf(name.Pos, "%s: %s is the type of an IQ request", what, name.Value).Rule(rule.Like).Hintf("the element itself is %s", src.after.node.GoName)
		return nil
	case src.stage == resolving:
		l.c.Errorf(name.Pos, "%s: like %s goes round in a circle", what, name.Value).Rule(rule.Like)
		return nil
	}
	l.resolve(src)
	return src.node
}

// copier copies a shape into another namespace.
type copier struct {
	l     *linker
	top   *structState
	src   *model.Element
	names map[string]*syntax.Rename
	// done maps the originals to their copies, so that a recursive shape stays one.
	done map[*model.Element]*model.Element
	// choices does the same for interfaces, which several structs may share.
	choices map[*model.Choice]*model.Choice
	used    map[string]bool
}

// fields copies the fields of src to dst. What is in the namespace of the source goes to that of the destination.
func (c *copier) fields(src, dst *model.Element) {
	for _, f := range src.Fields {
		if f.Kind == model.FieldName && dst.Names == nil {
			continue // the element's own name is not part of its shape
		}
		if f.Kind == model.FieldName && dst == c.top.node {
			continue // it has its own
		}
		g := *f
		g.Parent, g.Index = dst, len(dst.Fields)
		if g.Choice != nil {
			g.Choice = c.choice(g.Choice, dst)
		}
		if g.Namespace == c.src.Namespace {
			g.Namespace, g.Name.Space = c.top.node.Namespace, c.top.node.Namespace.URI
		}
		if t := f.Type.Element; t != nil && t.Role == model.Nested && t.Namespace == c.src.Namespace && c.top.node.Namespace != c.src.Namespace {
			g.Type.Element = c.nested(t)
		}
		isChild := g.Kind == model.FieldChild || g.Kind == model.FieldNames
		g.SameNS = isChild && g.Namespace == dst.Namespace
		dst.Fields = append(dst.Fields, &g)
	}
}

// nested returns the copy of a nested type.
func (c *copier) nested(t *model.Element) *model.Element {
	if done := c.done[t]; done != nil {
		return done
	}
	l, top := c.l, c.top.node
	name, pos := top.GoName+t.GoName, c.top.from.Like.Pos
	if r := c.names[t.GoName]; r != nil {
		name, pos = r.To.Value, r.To.Pos
		c.used[t.GoName] = true
	}
	if t.Package == l.pkg {
		l.resolve(l.states[t])
	}
	if same := c.existing(name, t); same != nil {
		c.done[t] = same
		return same
	}
	node := &model.Element{
		Pos: pos, Package: l.pkg, Role: model.Nested, GoName: name, Link: t.Link, Namespace: top.Namespace,
		Doc: name + strings.TrimPrefix(t.Doc, t.GoName), Sender: model.SenderAny, Like: t, Names: t.Names,
	}
	c.done[t] = node
	s := &structState{node: node, after: c.top, stage: resolved}
	l.copies = append(l.copies, s)
	l.states[node] = s
	if l.declare(pos, name, "copy of type "+t.GoName+" in "+describe(top)) {
		l.structs[name] = s
	} else {
		return node
	}
	c.fields(t, node)
	c.when(t, node)
	return node
}

// when copies the condition that tells a nested type from others of its name.
func (c *copier) when(t, node *model.Element) {
	if t.When == nil {
		return
	}
	w := *t.When
	switch {
	case w.Implied():
		child := *w.Child
		child.Namespace, child.Name.Space, child.Parent = node.Namespace, node.Namespace.URI, node
		w.Child = &child
	case w.Child != nil:
		for _, f := range node.Fields {
			if f.Pos == w.Child.Pos {
				w.Child = f
			}
		}
	}
	node.When = &w
}

// existing returns the type of that name, if it is a copy of t in the right namespace already.
func (c *copier) existing(name string, t *model.Element) *model.Element {
	s := c.l.structs[name]
	if s == nil || s.node.Namespace != c.top.node.Namespace || s.node.Role != model.Nested {
		return nil
	}
	if s.from != nil && s.from.Like.Value == t.GoName {
		c.l.resolve(s)
	}
	if s.node.Like != t {
		return nil
	}
	return s.node
}
