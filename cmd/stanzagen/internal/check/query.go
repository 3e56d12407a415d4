package check

import (
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// requestFields gives a request the fields that it takes over from its payload.
func (l *linker) requestFields(s *structState) {
	payload, node, wanted := s.after.node, s.node, s.query.Fields
	var chosen []*model.Field
	if !wanted.IsSet() {
		chosen = payload.Fields
	}
	var known []string
	for _, f := range payload.Fields {
		known = append(known, wireLabel(f))
	}
	for i, w := range wanted.List {
		if slices.ContainsFunc(wanted.List[:i], func(o syntax.String) bool { return o.Value == w.Value }) {
			l.c.Errorf(w.Pos, "%s: field %q stands twice", describe(node), w.Value).Rule(rule.Twice)
			continue
		}
		found := false
		for _, f := range payload.Fields {
			if wireLabel(f) == w.Value {
				chosen, found = append(chosen, f), true
			}
		}
		if !found {
			l.c.Errorf(w.Pos, "%s: element %s has no attribute or child %q", describe(node), payload.GoName, w.Value).Rule(rule.Request).
				Hintf("known: %s", strings.Join(known, ", ")).DidYouMean(w.Value, known)
		}
	}
	for _, f := range payload.Fields {
		if slices.Contains(chosen, f) && f.Kind != model.FieldName {
			g := *f
			g.Parent, g.Index = node, len(node.Fields)
			node.Fields = append(node.Fields, &g)
		}
	}
	if payload.When != nil {
		l.sameWhen(node, payload)
	}
	l.when(node, s.query.When, nil)
}

// requests refuses those of the same IQ type that cannot be told apart.
func (l *linker) requests() {
	for _, e := range l.pkg.Structs {
		for i, q := range e.Queries {
			for _, other := range e.Queries[:i] {
				if q.IQType != other.IQType || q.Request == nil || other.Request == nil || q.Request == other.Request {
					continue
				}
				if !l.distinct(q.Request, other.Request, describe(q.Request)) {
					l.c.Errorf(q.Pos, "%s: there is a request of type %s already, %s", describe(q.Request), q.IQType, other.Request.GoName).Rule(rule.Request).
						Hintf("`when:` tells requests of one type apart")
				}
			}
		}
	}
}

// wireLabel is how `fields:` calls a field: by the name on the wire, or by the Go name if there is none.
func wireLabel(f *model.Field) string {
	switch {
	case f.Kind == model.FieldText:
		return "text"
	case f.Kind == model.FieldAny:
		return "any"
	case f.Name.Space == model.XMLNamespace:
		return "xml:lang"
	case f.Name.Local == "":
		return f.GoName // of a choice, or of a child whose name is its value
	}
	return f.Name.Local
}

// queries finds the answers of the requests.
func (l *linker) queries() {
	for _, from := range l.file.Elements {
		for _, q := range from.IQ {
			i := slices.IndexFunc(l.pkg.Queries, func(m *model.Query) bool { return m.Pos == q.Pos })
			if i < 0 || !q.Result.IsSet() || q.Result.Value == "empty" {
				continue
			}
			l.pkg.Queries[i].Result = l.result(q.Result, "result of request "+q.Type.Value)
		}
	}
}

// result finds the struct of an answer.
func (l *linker) result(name syntax.String, what string) *model.Element {
	var enum *model.Enum
	var node *model.Element
	if strings.Contains(name.Value, ".") {
		if enum, node = l.imported(name, what); enum == nil && node == nil {
			return nil
		}
	} else if s := l.structs[name.Value]; s != nil {
		node = s.node
	} else if enum = l.enums[name.Value]; enum == nil {
		known := []string{"empty"}
		for _, s := range l.order {
			known = append(known, s.node.GoName)
		}
		l.c.Errorf(name.Pos, "%s: there is no element of type %s", what, name.Value).Rule(rule.Request).
			Hintf("an answer without payload is `result: empty`").DidYouMean(name.Value, known)
		return nil
	}
	switch {
	case enum != nil:
		l.c.Errorf(name.Pos, "%s: %s is an enum, an answer is an element", what, name.Value).Rule(rule.Request)
	case node.Role == model.Request:
		l.c.Errorf(name.Pos, "%s: %s is a request itself", what, name.Value).Rule(rule.Request).Hintf("the element is %s", node.Query.Payload.GoName)
	case node.Role == model.Nested:
		l.c.Errorf(name.Pos, "%s: %s is a nested type, an answer is an element of the top level", what, name.Value).Rule(rule.Request).
			Hintf("move it to `elements:` with `in: [iq]`")
	default:
		return node
	}
	return nil
}
