package explain

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/stanzaxml"
)

// annotated is a line of XML and what it is.
type annotated struct {
	xml, note string
}

// annotator explains elements.
type annotator struct {
	*Index
	lines []annotated
	c     *source.Collector
}

// XML writes elements line by line, beside each what it is. What the schemas do not allow is reported to c, as warnings.
func (x *Index) XML(elements []*stanzaxml.Element, c *source.Collector) string {
	a := &annotator{Index: x, c: c}
	for i, e := range elements {
		if i > 0 {
			a.lines = append(a.lines, annotated{})
		}
		a.top(e, 0, "")
	}
	return a.String()
}

// noteColumn is where notes begin, unless all lines are shorter.
const noteColumn = 52

// String puts notes beside lines, below those that are too long.
func (a *annotator) String() string {
	column := 8
	for _, l := range a.lines {
		if n := utf8.RuneCountInString(l.xml); n < noteColumn && l.note != "" {
			column = max(column, n+2)
		}
	}
	var b strings.Builder
	for _, l := range a.lines {
		n := utf8.RuneCountInString(l.xml)
		switch {
		case l.note == "":
			b.WriteString(l.xml + "\n")
		case n+2 > column:
			fmt.Fprintf(&b, "%s\n%s| %s\n", l.xml, strings.Repeat(" ", column), l.note)
		default:
			fmt.Fprintf(&b, "%s%s| %s\n", l.xml, strings.Repeat(" ", column-n), l.note)
		}
	}
	return b.String()
}

func (a *annotator) line(depth int, xml, format string, args ...any) {
	a.lines = append(a.lines, annotated{strings.Repeat("  ", depth) + xml, fmt.Sprintf(format, args...)})
}

func (a *annotator) odd(pos source.Pos, format string, args ...any) *source.Diagnostic {
	return a.c.Warnf(pos, format, args...)
}

// top explains an element that stands alone: a stanza, a payload, a nonza. iqType is that of the IQ around it.
func (a *annotator) top(e *stanzaxml.Element, depth int, iqType string) {
	if kind := e.StanzaOf(); kind != "" {
		a.stanza(e, kind, depth)
		return
	}
	s := a.fitting(e)
	if s == nil {
		a.unknown(e, depth, a.odd(e.Pos, "element %s is in no schema", e.Name))
		return
	}
	note := s.Package.Name + "." + s.GoName + " of " + s.Package.Spec
	if iqType == "get" || iqType == "set" {
		i := -1
		for n, q := range s.Queries {
			fits := q.IQType == iqType && q.Request != nil && holds(q.Request.When, e)
			if fits && (i < 0 || q.Request.When != nil) {
				i = n
			}
		}
		if i < 0 { // the first says what is missing
			i = slices.IndexFunc(s.Queries, func(q *model.Query) bool { return q.IQType == iqType })
		}
		switch {
		case i >= 0 && s.Queries[i].Request != nil:
			q := s.Queries[i]
			s = q.Request
			note = fmt.Sprintf("%s.%s of %s, answered with %s", s.Package.Name, s.GoName, s.Package.Spec, answer(q))
		case len(s.Queries) > 0 || s.In&model.InIQ != 0:
			a.odd(e.Pos, "element %s has no request of type %s", e.Name, iqType)
		}
	}
	if s.Sender != model.SenderAny {
		note += ", only from " + string(s.Sender)
	}
	a.place(e, s)
	a.structure(e, s, depth, note)
}

// place checks whether an element may stand where it stands.
func (a *annotator) place(e *stanzaxml.Element, s *model.Element) {
	if e.Parent == nil || e.Parent.StanzaOf() == "" || s.In&model.InAny != 0 {
		return
	}
	in := map[string]model.Places{"message": model.InMessage, "presence": model.InPresence, "iq": model.InIQ}[e.Parent.StanzaOf()]
	if s.In&in == 0 {
		a.odd(e.Pos, "element %s does not stand in %s stanzas%s", e.Name, e.Parent.StanzaOf(), strings.Replace(place(s), ", in", ", but in", 1))
	}
}

// unknown shows an element that no schema has, and gives the diagnostic that says so a hint.
func (a *annotator) unknown(e *stanzaxml.Element, depth int, d *source.Diagnostic) {
	note := "in no schema"
	if locals, known := a.locals(e.Name.Space); known {
		note = "not an element of " + e.Name.Space
		d.DidYouMean(e.Name.Local, locals)
	} else {
		d.Severity = source.Note // the schemas have nothing to say about it
		a.otherNamespace(e.Name.Space, d)
	}
	a.open(e, depth, note)
	for _, at := range e.Attrs {
		a.line(depth+2, attr(at), "")
	}
	a.content(e, depth, func() {
		if e.HasText() {
			a.line(depth+1, short(e.Text), "")
		}
		for _, child := range e.Children {
			a.top(child, depth+1, "")
		}
	})
}

// locals returns the names of the elements in a namespace, and whether it is one of the schemas'.
func (a *annotator) locals(space string) (names []string, known bool) {
	for _, p := range a.packages {
		for _, ns := range p.Namespaces {
			known = known || ns.URI == space
		}
	}
	for name := range a.elements {
		if name.Space == space {
			names = append(names, name.Local)
		}
	}
	slices.Sort(names)
	return names, known
}

// otherNamespace gives the hint which namespace was probably meant: one that differs behind its last separator only.
func (a *annotator) otherNamespace(space string, d *source.Diagnostic) {
	cut := func(s string) int { return strings.LastIndexAny(s, "/#:") + 1 }
	head := space[:cut(space)]
	var tails []string
	for _, p := range a.packages {
		for _, ns := range p.Namespaces {
			if ns.URI[:cut(ns.URI)] == head {
				tails = append(tails, ns.URI[len(head):])
			}
		}
	}
	slices.Sort(tails)
	if tail, ok := source.Suggest(space[len(head):], slices.Compact(tails)); ok {
		d.Hintf("did you mean the namespace %q?", head+tail)
	}
}

// open writes a start tag; attributes follow on lines of their own.
func (a *annotator) open(e *stanzaxml.Element, depth int, note string) {
	tag := "<" + e.Name.Local
	outer := "jabber:client"
	if e.Parent != nil {
		outer = e.Parent.Name.Space
	}
	if e.Name.Space != outer && e.Name.Space != "" {
		tag += " xmlns='" + e.Name.Space + "'"
	}
	if len(e.Attrs) == 0 {
		tag += end(e)
	}
	a.line(depth, tag, "%s", note)
}

// end is how a start tag ends.
func end(e *stanzaxml.Element) string {
	if len(e.Children) == 0 && !e.HasText() {
		return "/>"
	}
	return ">"
}

// content closes the start tag behind its attributes, and writes what is inside and the end tag.
func (a *annotator) content(e *stanzaxml.Element, depth int, inside func()) {
	if len(e.Attrs) > 0 {
		a.lines[len(a.lines)-1].xml += end(e)
	}
	if end(e) == "/>" {
		return
	}
	inside()
	a.line(depth, "</"+e.Name.Local+">", "")
}

func attr(at stanzaxml.Attr) string {
	name := at.Name.Local
	if at.Name.Space == model.XMLNamespace {
		name = "xml:" + name
	}
	return name + "='" + escape(short(at.Value)) + "'"
}

// short cuts what is long, and makes one line of it.
func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if c := []rune(s); len(c) > 60 {
		return string(c[:59]) + "…"
	}
	return s
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", "'", "&apos;").Replace(s)
}

// envelope says what the parts of stanzas are that no schema describes.
func envelope(kind string) map[string]string {
	parts := map[string]string{
		"@to": "address of the recipient", "@from": "address of the sender", "@id": "id, for answers and errors", "@lang": "language of the texts",
		"error": "stanza.Error: why the stanza was refused",
	}
	switch kind {
	case "message":
		parts["@type"] = "kind of message: normal, chat, groupchat, headline, error"
		parts["body"], parts["subject"], parts["thread"] = "text of the message", "subject of the message", "id of the conversation"
	case "presence":
		parts["@type"] = "kind of presence; none means available"
		parts["show"], parts["status"], parts["priority"] = "availability: away, chat, dnd, xa", "availability, in words", "priority of the resource"
	case "iq":
		parts["@type"] = "get and set are requests, result and error are answers"
	}
	return parts
}

// stanza explains a whole stanza.
func (a *annotator) stanza(e *stanzaxml.Element, kind string, depth int) {
	known := envelope(kind)
	a.open(e, depth, "stanza."+model.CamelCase(kind))
	for _, at := range e.Attrs {
		note, ok := known["@"+at.Name.Local]
		if !ok {
			note = "not an attribute of stanzas"
			a.odd(e.Pos, "attribute %s is not one of <%s/>", at.Name.Local, kind)
		}
		a.line(depth+2, attr(at), "%s", note)
	}
	iqType, _ := e.Attr("type")
	if kind == "iq" && !slices.Contains([]string{"get", "set", "result", "error"}, iqType) {
		a.odd(e.Pos, "iq has the type %q, which there is not", iqType)
	}
	if iqType == "error" {
		// what comes back in an error is an echo, and may be cut
		told := a.c
		a.c = &source.Collector{}
		defer func() { a.c = told }()
	}
	if kind != "iq" {
		iqType = ""
	}
	a.content(e, depth, func() {
		for _, child := range e.Children {
			if note, ok := known[child.Name.Local]; ok && child.Name.Space == e.Name.Space {
				a.plain(child, depth+1, note)
				continue
			}
			a.top(child, depth+1, iqType)
		}
	})
}

// plain shows an element without looking for it in a schema.
func (a *annotator) plain(e *stanzaxml.Element, depth int, note string) {
	if len(e.Attrs) == 0 && len(e.Children) == 0 {
		a.short(e, depth, note)
		return
	}
	a.open(e, depth, note)
	for _, at := range e.Attrs {
		a.line(depth+2, attr(at), "")
	}
	a.content(e, depth, func() {
		if e.HasText() {
			a.line(depth+1, escape(short(e.Text)), "")
		}
		for _, child := range e.Children {
			a.top(child, depth+1, "")
		}
	})
}

// short writes an element without attributes and children on one line.
func (a *annotator) short(e *stanzaxml.Element, depth int, note string) {
	a.open(e, depth, note)
	if e.HasText() {
		a.lines[len(a.lines)-1].xml += escape(short(e.Text)) + "</" + e.Name.Local + ">"
	}
}
