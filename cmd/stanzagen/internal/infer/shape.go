// Package infer drafts a schema from examples of stanzas: what elements there are, what is in them, what is always there and
// what may be repeated, and of what types the values are. A draft is a beginning: it says nothing that the
// examples do not show.
package infer

import (
	"slices"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/stanzaxml"
)

// context says where an element stood: in a message, a presence, an IQ of some type, or alone.
type context string

const (
	alone  context = "any"
	get    context = "get"
	set    context = "set"
	result context = "result"
)

// shape is what was seen of the elements of one name.
type shape struct {
	name model.Name
	// contexts are the places of the top level where it stood, in the order of first sight; none if it stood only inside of others.
	contexts []context
	// seen is how often it was seen in each context; inside counts for those inside of others.
	seen map[context]int
	// attrs and kids are in the order of first sight.
	attrs parts
	kids  parts
	// text has the character data of those that had some; empty counts the others.
	text  []string
	empty int
	// top says that it is a payload.
	top bool
	// answers are the names of the payloads with which requests were answered, by the type of the request; a zero name stands for none.
	answers map[context]model.Name
}

// inside is the context of elements inside of others.
const inside context = ""

// Bounds of what is drafted: of hostile input the rest is left to Extra.
const (
	maxShapes = 2000
	maxParts  = 1000
)

// parts are in the order of first sight.
type parts struct {
	list   []*part
	byName map[model.Name]*part
}

// part is an attribute or a child.
type part struct {
	name model.Name
	// seen is in how many elements it was, by their context.
	seen map[context]int
	// many says that it stood there several times.
	many bool
	// values are those of an attribute.
	values []string
}

// examples gathers shapes.
type examples struct {
	// shapes are in the order of first sight.
	shapes []*shape
	byName map[model.Name]*shape
	// known finds the type of elements that have a schema already.
	known func(model.Name) (pkg, typeName string)
	// skipped are payloads that have a schema already, with their package.
	skipped map[model.Name]string
	// later are elements that have a schema already, in which others may stand.
	later []*stanzaxml.Element
	// requests are the payloads of IQs by id, as long as they are not answered.
	requests map[string]request
	// sources are the texts of elements of the top level that may stand in the schema.
	sources []string
	kept    map[string]bool
}

type request struct {
	shape *shape
	kind  context
}

func gather(elements []*stanzaxml.Element, known func(model.Name) (string, string)) *examples {
	x := &examples{byName: map[model.Name]*shape{}, known: known, skipped: map[model.Name]string{}, requests: map[string]request{}, kept: map[string]bool{}}
	for _, e := range elements {
		kind := e.StanzaOf()
		if kind == "" {
			if x.payload(e, alone) != nil {
				x.keep(e)
			}
			continue
		}
		if t, _ := e.Attr("type"); t == "error" {
			continue // what is in it is an echo
		}
		x.stanza(e, kind)
	}
	for _, e := range x.later {
		x.inside(e)
	}
	return x
}

// keep takes an example into the schema.
func (x *examples) keep(e *stanzaxml.Element) {
	if !x.kept[e.Source] {
		x.kept[e.Source] = true
		x.sources = append(x.sources, e.Source)
	}
}

func (x *examples) stanza(e *stanzaxml.Element, kind string) {
	id, _ := e.Attr("id")
	where := context(kind)
	if kind == "iq" {
		t, _ := e.Attr("type")
		where = context(t)
		if where != get && where != set && where != result {
			return
		}
	}
	useful, hasPayload := false, false
	for _, child := range e.Children {
		if child.Name.Space == e.Name.Space {
			continue // body, show and the like
		}
		s := x.payload(child, where)
		if s == nil {
			continue
		}
		useful = true
		hasPayload = true
		switch where {
		case get, set:
			x.requests[id] = request{s, where}
		case result:
			x.answer(id, s.name)
		}
	}
	if where == result && !hasPayload {
		x.answer(id, model.Name{})
	}
	if useful {
		x.keep(e)
	}
}

// answer notes with what a request was answered.
func (x *examples) answer(id string, name model.Name) {
	if r, ok := x.requests[id]; ok {
		r.shape.answers[r.kind] = name
		delete(x.requests, id)
	}
}

// inside looks for more of the elements that stand at the top, too, in what has a schema already: the draft has to allow all of them.
func (x *examples) inside(e *stanzaxml.Element) {
	for _, child := range e.Children {
		if s := x.byName[child.Name]; s != nil && s.top && s.name.Space != e.Name.Space {
			x.payload(child, alone)
			continue
		}
		x.inside(child)
	}
}

// payload adds an element of the top level, unless it has a schema already or has no namespace.
func (x *examples) payload(e *stanzaxml.Element, where context) *shape {
	if pkg, _ := x.known(e.Name); pkg != "" {
		x.skipped[e.Name] = pkg
		x.later = append(x.later, e)
		return nil
	}
	if e.Name.Space == "" {
		x.skipped[e.Name] = ""
		return nil
	}
	s := x.element(e, where)
	if s == nil {
		return nil
	}
	s.top = true
	if !slices.Contains(s.contexts, where) {
		s.contexts = append(s.contexts, where)
	}
	return s
}

// element adds what is to be seen of an element.
func (x *examples) element(e *stanzaxml.Element, where context) *shape {
	s := x.byName[e.Name]
	if s == nil {
		if len(x.shapes) == maxShapes {
			return nil
		}
		s = &shape{name: e.Name, seen: map[context]int{}, answers: map[context]model.Name{}}
		x.byName[e.Name] = s
		x.shapes = append(x.shapes, s)
	}
	s.seen[where]++
	for _, a := range e.Attrs {
		p := s.attrs.find(a.Name)
		if p == nil {
			continue
		}
		p.seen[where]++
		p.values = append(p.values, a.Value)
	}
	if e.HasText() {
		s.text = append(s.text, e.Text)
	} else {
		s.empty++
	}
	count := map[model.Name]int{}
	for _, child := range e.Children {
		if child.Name.Space == "" || child.StanzaOf() != "" && child.Name.Space != model.ClientNamespace {
			continue // XMPP knows no elements without a namespace, and stanzas inside are always in that of clients
		}
		p := s.kids.find(child.Name)
		if p == nil {
			continue
		}
		if count[child.Name]++; count[child.Name] == 1 {
			p.seen[where]++
		} else {
			p.many = true
		}
		if pkg, _ := x.known(child.Name); pkg == "" && child.StanzaOf() == "" {
			x.element(child, inside)
		}
	}
	return s
}

// find returns the part of a name, a new one at first; nil if there are too many.
func (p *parts) find(name model.Name) *part {
	if found := p.byName[name]; found != nil || len(p.list) == maxParts {
		return found
	}
	if p.byName == nil {
		p.byName = map[model.Name]*part{}
	}
	found := &part{name: name, seen: map[context]int{}}
	p.byName[name] = found
	p.list = append(p.list, found)
	return found
}

// isLeaf reports whether the elements have at most text in them.
func (s *shape) isLeaf() bool { return len(s.attrs.list) == 0 && len(s.kids.list) == 0 && !s.top }

// isLangText reports whether the elements are texts, some of them with a language.
func (s *shape) isLangText() bool {
	lang := model.Name{Space: model.XMLNamespace, Local: "lang"}
	return len(s.attrs.list) == 1 && s.attrs.list[0].name == lang && len(s.kids.list) == 0 && !s.top && len(s.text) > 0
}

// required reports whether a part is always there. One element shows nothing of that; and what requests lack does
// not count, since they are types of their own, unless some have it.
func (s *shape) required(p *part, own map[context]bool) bool {
	elements, with := 0, 0
	for where, n := range s.seen {
		if own[where] && p.seen[where] == 0 {
			continue
		}
		elements += n
		with += p.seen[where]
	}
	return elements > 1 && elements == with
}
