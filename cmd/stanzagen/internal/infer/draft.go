package infer

import (
	"fmt"
	"go/token"
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/stanzaxml"
)

// Options say what the draft is called.
type Options struct {
	// Package is the package name; made of the namespace if empty.
	Package string
	// Spec is the name of the spec; the namespace if empty.
	Spec string
	// Known finds the package and the type of elements that have a schema already.
	Known func(model.Name) (pkg, typeName string)
}

// Draft is a schema that was inferred.
type Draft struct {
	// YAML is the schema, not formatted yet. It is empty if there was nothing to infer.
	YAML string
	// Skipped are payloads that were left out, with the package that has them, or with nothing if they are in no namespace.
	Skipped map[model.Name]string
	// Examples is how many examples were used.
	Examples int
}

// Infer drafts a schema from examples.
func Infer(elements []*stanzaxml.Element, o Options) *Draft {
	x := gather(elements, o.Known)
	d := &Draft{Skipped: x.skipped, Examples: len(x.sources)}
	if len(x.shapes) == 0 {
		return d
	}
	w := &writer{examples: x, keys: map[string]string{}, types: map[model.Name]string{}, taken: map[string]bool{}, imports: map[string]bool{}}
	w.file(o)
	d.YAML = w.String()
	return d
}

// writer writes the draft.
type writer struct {
	*examples
	strings.Builder
	// keys are those of the namespaces, spaces the namespaces in their order.
	keys   map[string]string
	spaces []string
	// types are the Go types of the elements that have one.
	types map[model.Name]string
	// taken are the Go names of the package.
	taken   map[string]bool
	imports map[string]bool
	enums   []string
}

func (w *writer) file(o Options) {
	w.namespaces()
	w.names()
	var elements, nested strings.Builder
	for _, s := range w.shapes {
		switch {
		case s.top:
			w.element(&elements, s)
		case w.types[s.name] != "":
			w.nested(&nested, s)
		}
	}
	first := w.spaces[0]
	pkg := o.Package
	if pkg == "" {
		pkg = packageName(first)
	}
	spec := o.Spec
	if spec == "" {
		spec = first
	}
	fmt.Fprintf(w, "# A draft that was inferred from %d examples. Check the types and what is required, and say what things mean.\n", len(w.sources))
	fmt.Fprintf(w, "spec: %s\npackage: %s\n", quote(spec), quote(pkg))
	if len(w.spaces) == 1 {
		fmt.Fprintf(w, "namespace: %s\n", quote(first))
	} else {
		w.WriteString("namespaces:\n")
		for _, space := range w.spaces {
			fmt.Fprintf(w, "  %s: %s\n", quote(w.keys[space]), quote(space))
		}
	}
	if len(w.imports) > 0 {
		fmt.Fprintf(w, "imports: [%s]\n", strings.Join(slices.Sorted(maps.Keys(w.imports)), ", "))
	}
	section := func(title, text string) {
		if text != "" {
			w.WriteString("\n" + title + ":\n" + text)
		}
	}
	section("enums", strings.Join(w.enums, ""))
	section("elements", elements.String())
	section("types", nested.String())
	var list strings.Builder
	for _, s := range w.sources {
		if !strings.Contains(s, "<!") && !strings.Contains(s, "<?") { // comments and sections are no part of XMPP
			fmt.Fprintf(&list, "  - %s\n", quote(s))
		}
	}
	section("examples", list.String())
}

// quote writes a text in double quotes.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ReplaceAll(s, "\r\n", "\n") {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r < 0x20 || r >= 0x7F && r < 0xA0 || r == 0x2028 || r == 0x2029 || r == 0xFEFF:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// namespaces gives keys to the namespaces: none to that of the first payload.
func (w *writer) namespaces() {
	add := func(space string) {
		if _, has := w.keys[space]; has || space == "" || space == model.XMLNamespace {
			return
		}
		key := ""
		if len(w.spaces) > 0 {
			key = keyOf(space)
			for i := 2; slices.Contains(slices.Collect(maps.Values(w.keys)), key); i++ {
				key = keyOf(space) + strconv.Itoa(i)
			}
		}
		w.keys[space] = key
		w.spaces = append(w.spaces, space)
		w.taken["NS"+model.CamelCase(key)] = true
	}
	for _, s := range w.shapes {
		if s.top {
			add(s.name.Space)
		}
	}
	for _, s := range w.shapes {
		add(s.name.Space)
		for _, a := range s.attrs.list {
			add(a.name.Space)
		}
	}
}

var wordOf = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*`)

// keyOf makes a key of a namespace: its last word.
func keyOf(space string) string {
	words := wordOf.FindAllString(space, -1)
	if len(words) == 0 {
		return "other"
	}
	return strings.ToLower(words[len(words)-1])
}

// packageName makes a package name of a namespace: its last word, that before a # if there is one.
func packageName(space string) string {
	head, _, _ := strings.Cut(space, "#")
	name := keyOf(head)
	taken := token.IsKeyword(name) || types.Universe.Lookup(name) != nil || name == "main" || name == "init" || slices.Contains(model.ReservedPackages(), name)
	if taken {
		return name + "ext"
	}
	return name
}

// names decides which elements have a Go type, and what it is called.
func (w *writer) names() {
	many := map[model.Name]bool{}
	for _, s := range w.shapes {
		for _, k := range s.kids.list {
			many[k.name] = many[k.name] || k.many
		}
	}
	for _, s := range w.shapes {
		simple := s.isLeaf() && (len(s.text) > 0 || !many[s.name]) || s.isLangText()
		if s.top || !simple {
			w.types[s.name] = w.unique(goName(s.name.Local))
		}
	}
}

// goName makes an exported Go name.
func goName(local string) string {
	name := model.CamelCase(local)
	if !model.IsExported(name) {
		name = "X" + name
	}
	return name
}

// unique takes a name that is free in the package.
func (w *writer) unique(name string) string {
	free := name
	for i := 2; w.taken[free]; i++ {
		free = name + strconv.Itoa(i)
	}
	w.taken[free] = true
	return free
}

func (w *writer) head(b *strings.Builder, s *shape, withName bool) {
	key := w.keys[s.name.Space]
	b.WriteString("  - ")
	if withName {
		fmt.Fprintf(b, "name: %s\n    ", quote(s.name.Local))
	}
	if key != "" {
		fmt.Fprintf(b, "ns: %s\n    ", quote(key))
	}
	fmt.Fprintf(b, "type: %s\n", w.types[s.name])
}

// element writes an element of the top level.
func (w *writer) element(b *strings.Builder, s *shape) {
	w.head(b, s, true)
	var in []string
	for _, c := range s.contexts {
		place := string(c)
		if c == get || c == set || c == result {
			place = "iq"
		}
		if !slices.Contains(in, place) {
			in = append(in, place)
		}
	}
	fmt.Fprintf(b, "    in: [%s]\n", strings.Join(in, ", "))
	own := w.requestTypes(s)
	fields := w.shape(b, s, own)
	w.iq(b, s, own, fields)
}

// requestTypes says which requests need a type of their own: those of elements that are something else, too.
func (w *writer) requestTypes(s *shape) map[context]bool {
	own := map[context]bool{}
	isRequest := s.seen[get] > 0 || s.seen[set] > 0
	both := s.seen[get] > 0 && s.seen[set] > 0
	other := false
	for where, n := range s.seen {
		other = other || n > 0 && where != get && where != set
	}
	if isRequest && (both || other) {
		own[get], own[set] = s.seen[get] > 0, s.seen[set] > 0
	}
	return own
}

// iq writes the requests of an element. fields are the wire names of what it has, with where they were seen.
func (w *writer) iq(b *strings.Builder, s *shape, own map[context]bool, fields []field) {
	if s.seen[get] == 0 && s.seen[set] == 0 {
		return
	}
	b.WriteString("    iq:\n")
	for _, kind := range []context{get, set} {
		if s.seen[kind] == 0 {
			continue
		}
		answer := "empty"
		name, answered := s.answers[kind]
		switch {
		case w.byName[name] != nil && w.byName[name].top:
			answer = w.types[name]
		case !answered && s.seen[result] > 0 && kind == get:
			answer = w.types[s.name]
		}
		if !own[kind] {
			fmt.Fprintf(b, "      %s: {type: %s, result: %s}\n", kind, w.types[s.name], answer)
			continue
		}
		var has []string
		for _, f := range fields {
			if f.seen[kind] > 0 {
				has = append(has, quote(f.name))
			}
		}
		request := w.unique(w.types[s.name] + model.CamelCase(string(kind)))
		fmt.Fprintf(b, "      %s: {type: %s, fields: [%s], result: %s}\n", kind, request, strings.Join(has, ", "), answer)
	}
}

func (w *writer) nested(b *strings.Builder, s *shape) {
	w.head(b, s, false)
	w.shape(b, s, nil)
}

// field is a field that was written.
type field struct {
	name string // as `fields:` of a request names it
	seen map[context]int
}

// shape writes the attributes, the text and the children of an element.
func (w *writer) shape(b *strings.Builder, s *shape, own map[context]bool) []field {
	f := &fieldNames{taken: map[string]bool{}}
	for name := range model.ReservedFields(&model.Element{Query: &model.Query{}, Features: []string{""}, Sender: model.SenderServer}) {
		f.taken[name] = true
	}
	var fields []field
	if len(s.attrs.list) > 0 {
		b.WriteString("    attrs:\n")
	}
	for _, a := range s.attrs.list {
		fields = append(fields, w.attr(b, f, s, a, own))
	}
	if len(s.text) > 0 {
		name := f.choose("Value", "Text")
		kind := "string"
		if s.empty == 0 {
			kind = guess(s.name.Local, s.text)
		}
		fmt.Fprintf(b, "    text: {type: %s%s}\n", kind, goKey(name, "Value"))
		everywhere := map[context]int{get: 1, set: 1} // what was seen is not counted by context
		fields = append(fields, field{"text", everywhere})
	}
	if len(s.kids.list) > 0 {
		b.WriteString("    children:\n")
	}
	for _, k := range s.kids.list {
		fields = append(fields, w.child(b, f, s, k, own))
	}
	return fields
}

// fieldNames are the Go names of a struct's fields.
type fieldNames struct {
	taken map[string]bool
}

// choose takes the first name that is free, or the last with a number.
func (f *fieldNames) choose(names ...string) string {
	for _, n := range names {
		if !f.taken[n] && model.IsExported(n) {
			f.taken[n] = true
			return n
		}
	}
	last := names[len(names)-1]
	for i := 2; ; i++ {
		if n := last + strconv.Itoa(i); !f.taken[n] {
			f.taken[n] = true
			return n
		}
	}
}

// goKey is the key that gives a field its name, if that does not follow from the wire name.
func goKey(name, derived string) string {
	if name == derived {
		return ""
	}
	return ", go: " + name
}

func (w *writer) attr(b *strings.Builder, f *fieldNames, s *shape, a *part, own map[context]bool) field {
	local := a.name.Local
	wire := local
	derived := model.CamelCase(local)
	kind := guess(local, a.values)
	if a.name.Space == model.XMLNamespace {
		wire, kind = "xml:"+local, "language"
	}
	name := f.choose(derived, goName(local), goName(local)+"Attr")
	if values := enumerated(a.values); kind == "string" && values != nil {
		kind = w.enum(w.unique(w.types[s.name]+goName(local)), values)
	}
	fmt.Fprintf(b, "      - {name: %s, type: %s%s", quote(wire), kind, goKey(name, derived))
	if a.name.Space != "" && a.name.Space != model.XMLNamespace {
		fmt.Fprintf(b, ", ns: %s", quote(w.keys[a.name.Space]))
	}
	if s.required(a, own) {
		b.WriteString(", required: true")
	}
	b.WriteString("}\n")
	return field{wire, a.seen}
}

// enum declares an enum and returns its name.
func (w *writer) enum(name string, values []string) string {
	var quoted []string
	for _, v := range values {
		quoted = append(quoted, quote(v))
	}
	w.enums = append(w.enums, fmt.Sprintf("  - {type: %s, values: [%s]}\n", name, strings.Join(quoted, ", ")))
	return name
}

func (w *writer) child(b *strings.Builder, f *fieldNames, s *shape, k *part, own map[context]bool) field {
	kind, simple := w.kind(k)
	many := k.many && kind != "langtext"
	derived := model.CamelCase(k.name.Local)
	pkg, typeName := w.known(k.name)
	if pkg != "" {
		derived = typeName
	}
	if many {
		derived = model.Plural(derived)
	}
	name := f.choose(derived, goName(derived), goName(derived)+"Child")
	b.WriteString("      - {")
	if isStanza := kind == "message" || kind == "presence" || kind == "iq"; pkg == "" && !isStanza {
		fmt.Fprintf(b, "name: %s, ", quote(k.name.Local))
	}
	fmt.Fprintf(b, "type: %s%s", kind, goKey(name, derived))
	if simple && k.name.Space != s.name.Space {
		fmt.Fprintf(b, ", ns: %s", quote(w.keys[k.name.Space]))
	} else if t := w.byName[k.name]; t != nil && !t.top && !simple && k.name.Space != s.name.Space {
		fmt.Fprintf(b, ", ns: %s", quote(w.keys[k.name.Space]))
	}
	if many {
		b.WriteString(", many: true")
	}
	if kind != "flag" && s.required(k, own) && !w.leads(k.name, s.name, map[model.Name]bool{}) {
		b.WriteString(", required: true")
	}
	b.WriteString("}\n")
	return field{k.name.Local, k.seen}
}

// kind returns the type of a child, and whether it is a simple value.
func (w *writer) kind(k *part) (kind string, simple bool) {
	if pkg, typeName := w.known(k.name); pkg != "" {
		w.imports[pkg] = true
		return pkg + "." + typeName, false
	}
	e := &stanzaxml.Element{Name: k.name}
	if stanza := e.StanzaOf(); stanza != "" {
		return stanza, false
	}
	if t := w.types[k.name]; t != "" {
		return t, false
	}
	t := w.byName[k.name]
	switch {
	case t == nil:
		return "string", true
	case t.isLangText():
		return "langtext", true
	case len(t.text) == 0:
		return "flag", true
	case t.empty > 0:
		return "string", true
	}
	return guess(k.name.Local, t.text), true
}

// leads reports whether elements of one name can contain those of another, at any depth.
func (w *writer) leads(from, to model.Name, seen map[model.Name]bool) bool {
	if from == to {
		return true
	}
	s := w.byName[from]
	if s == nil || seen[from] {
		return false
	}
	seen[from] = true
	for _, k := range s.kids.list {
		if w.leads(k.name, to, seen) {
			return true
		}
	}
	return false
}
