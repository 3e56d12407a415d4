// Package check makes the model of the syntax trees: it resolves references between and within schemas, decides the Go
// names, and refuses whatever could not become a correct package.
package check

import (
	"go/token"
	"go/types"
	"slices"
	"strings"
	"unicode"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// Input is one schema together with what lies outside of it.
type Input struct {
	// File is the schema.
	File *syntax.File
	// ImportPath is the Go import path of the package that it makes.
	ImportPath string
	// Dir is the package's directory below the root of the output.
	Dir string
	// Imported says that the schema is only here because others refer to it.
	Imported bool
	// Imports are the schemas that the imports of File mean, by the entry. Entries that could not be resolved are not
	// in it; whoever made the Input has reported them.
	Imports map[*syntax.Import]*Input
}

// Link makes the packages of the inputs, in the order of the inputs, imported ones included. What is wrong is reported
// to c; the packages are good for emission only if there were no errors.
func Link(inputs []*Input, c *source.Collector) []*model.Package {
	p := &program{c: c, packages: map[*Input]*linker{}, byPath: map[string]*Input{}}
	for _, in := range inputs {
		p.link(in, nil)
	}
	var packages []*model.Package
	for _, in := range inputs {
		packages = append(packages, p.packages[in].pkg)
	}
	return packages
}

// program is what a run of Link knows.
type program struct {
	c        *source.Collector
	packages map[*Input]*linker
	byPath   map[string]*Input
}

// link makes the package of in after those that it imports. The path are the inputs that wait for it.
func (p *program) link(in *Input, path []*Input) *linker {
	if l := p.packages[in]; l != nil {
		return l
	}
	name := in.File.Package
	if other := p.byPath[in.ImportPath]; other != nil && name.IsSet() {
		p.c.Errorf(name.Pos, "package %s is declared by two schemas", name.Value).Rule(rule.Import).Hintf("the other is %s", other.File.Path)
	}
	p.byPath[in.ImportPath] = in
	l := &linker{
		c: p.c, in: in, file: in.File,
		imports: map[string]*importState{}, scope: map[string]named{}, nsByKey: map[string]*model.Namespace{},
		enums: map[string]*model.Enum{}, structs: map[string]*structState{}, formsByName: map[string]*formState{}, mixed: map[string]*model.Choice{}, states: map[*model.Element]*structState{},
	}
	path = append(path, in)
	for _, imp := range in.File.Imports {
		target := in.Imports[imp]
		if l.imports[imp.Name.Value] != nil {
			p.c.Errorf(imp.Name.Pos, "package %s is imported twice", imp.Name.Value).Rule(rule.Import)
			continue
		}
		state := &importState{entry: imp}
		l.imports[imp.Name.Value] = state
		if target == nil {
			continue
		}
		if i := slices.Index(path, target); i >= 0 {
			p.cycle(imp, path[i:])
			continue
		}
		state.linker = p.link(target, path)
	}
	l.run()
	p.packages[in] = l
	return l
}

func (p *program) cycle(imp *syntax.Import, path []*Input) {
	var names []string
	for _, in := range append(path, path[0]) {
		names = append(names, in.File.Package.Value)
	}
	p.c.Errorf(imp.Pos, "import cycle: %s", strings.Join(names, " -> ")).Rule(rule.Import).
		Hintf("Go packages cannot import each other; move the types that both need to a package of their own")
}

// importState is an import of a schema.
type importState struct {
	entry  *syntax.Import
	linker *linker // nil if it could not be resolved
	used   bool
}

// linker makes one package.
type linker struct {
	c    *source.Collector
	in   *Input
	file *syntax.File
	pkg  *model.Package

	imports map[string]*importState
	scope   map[string]named
	nsByKey map[string]*model.Namespace
	enums   map[string]*model.Enum
	structs map[string]*structState
	states  map[*model.Element]*structState
	order   []*structState
	// mixed are the interfaces of mixed content by their names
	mixed map[string]*model.Choice
	// forms by their names, and in the order of the schema
	formsByName map[string]*formState
	formOrder   []*formState
	copies      []*structState
}

// named is a Go name of the package's scope.
type named struct {
	pos  source.Pos
	what string
}

// structState is a struct in the making.
type structState struct {
	node  *model.Element
	from  *syntax.Element // nil for requests and copies
	query *syntax.Query   // set for requests
	// after is the struct behind which this one is written, nil for those that have an entry of their own.
	after *structState
	stage stage
}

type stage uint8

const (
	declared stage = iota
	resolving
	resolved
)

func (l *linker) run() {
	f := l.file
	l.pkg = &model.Package{
		Pos: f.Pos, Source: baseName(f.Path), Name: f.Package.Value, ImportPath: l.in.ImportPath, Dir: l.in.Dir, Imported: l.in.Imported,
		Spec: f.Spec.Value, Title: f.Title.Value, Version: f.Version.Value, Features: l.features(f.Features),
	}
	l.packageName()
	l.spec()
	l.namespaces()
	l.declareEnums()
	l.declareStructs()
	l.declareForms()
	for _, s := range l.formOrder {
		l.resolveForm(s)
	}
	l.declareMixed()
	for _, s := range l.order {
		l.resolve(s)
	}
	l.arrange()
	l.queries()
	l.uses()
	l.wireNames()
	l.requests()
	for _, e := range l.pkg.Structs {
		l.fieldNames(e)
		l.fieldWireNames(e)
		l.openChoices(e)
	}
	l.recursion()
	l.unusedTypes()
	l.unusedImports()
	for _, imp := range f.Imports {
		if s := l.imports[imp.Name.Value]; s.entry == imp && s.linker != nil {
			l.pkg.Imports = append(l.pkg.Imports, s.linker.pkg)
		}
	}
	l.examples()
}

func baseName(path string) string {
	path = strings.ReplaceAll(path, `\`, "/")
	return path[strings.LastIndexByte(path, '/')+1:]
}

func (l *linker) packageName() {
	name := l.file.Package
	if !name.IsSet() {
		return
	}
	switch {
	case !isPackageName(name.Value):
		l.c.Errorf(name.Pos, "package name %q is not made of small letters and digits", name.Value).Rule(rule.PackageName).
			Hintf("Go packages have names such as receipts or muc")
	case token.IsKeyword(name.Value):
		l.c.Errorf(name.Pos, "package name %q is a keyword of Go", name.Value).Rule(rule.PackageName)
	case types.Universe.Lookup(name.Value) != nil, name.Value == "main", name.Value == "init":
		l.c.Errorf(name.Pos, "package name %q has a meaning in Go", name.Value).Rule(rule.PackageName)
	case slices.Contains(model.ReservedPackages(), name.Value):
		l.c.Errorf(name.Pos, "package name %q is that of a package which the generated code uses", name.Value).Rule(rule.PackageName)
	}
}

func isPackageName(s string) bool {
	for i, r := range s {
		small, digit := 'a' <= r && r <= 'z', '0' <= r && r <= '9'
		if !small && !(digit && i > 0) {
			return false
		}
	}
	return s != ""
}

// declare enters a Go name into the package's scope, and reports it if it is taken or is none.
func (l *linker) declare(pos source.Pos, name, what string) bool {
	if !model.IsExported(name) {
		d := l.c.Errorf(pos, "%s: %q is not an exported Go name", what, name).Rule(rule.GoName)
		d.Hintf("a name begins with a capital letter and goes on with letters and digits")
		if better := model.CamelCase(name); model.IsExported(better) && better != name {
			d.Hintf("did you mean %q?", better)
		}
		return false
	}
	if other, taken := l.scope[name]; taken {
		l.c.Errorf(pos, "%s: the Go name %s is taken by %s", what, name, other.what).Rule(rule.GoNameTaken).Hintf("that one is at %s", other.pos)
		return false
	}
	l.scope[name] = named{pos, what}
	return true
}

func (l *linker) namespaces() {
	byURI := map[string]source.Pos{}
	for _, ns := range l.file.Namespaces {
		n := &model.Namespace{Pos: ns.Pos, Package: l.pkg, Key: ns.Key.Value, URI: ns.URI.Value, GoName: ns.Go.Value}
		if !ns.Go.IsSet() {
			n.GoName = "NS" + model.CamelCase(n.Key)
		}
		l.nsByKey[n.Key] = n
		l.pkg.Namespaces = append(l.pkg.Namespaces, n)
		if !ns.URI.IsSet() {
			continue
		}
		l.declare(ns.Pos, n.GoName, "namespace "+n.URI)
		n.Doc = l.sentence(ns.Doc, n.GoName, "is the namespace "+n.URI+".")
		switch first, twice := byURI[n.URI]; {
		case n.URI == "":
			l.c.Errorf(ns.URI.Pos, "namespace of key %q is empty", n.Key).Rule(rule.Namespace)
		case strings.ContainsFunc(n.URI, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`<>"`, r) }):
			l.c.Errorf(ns.URI.Pos, "namespace %q has characters that no URI has", n.URI).Rule(rule.Namespace)
		case n.URI == model.XMLNamespace || n.URI == "http://www.w3.org/2000/xmlns/":
			l.c.Errorf(ns.URI.Pos, "namespace %s belongs to XML itself", n.URI).Rule(rule.Namespace)
		case twice:
			l.c.Errorf(ns.URI.Pos, "namespace %s has two keys", n.URI).Rule(rule.Namespace).Hintf("the other is in line %d", first.Line)
		}
		byURI[n.URI] = ns.URI.Pos
	}
	if len(l.file.Namespaces) == 0 && len(l.file.Elements)+len(l.file.Types) > 0 {
		l.c.Errorf(l.file.Pos, "schema has elements but no namespace").Rule(rule.Namespace).Hintf("add `namespace: ...` at the top")
	}
}

// namespace returns the namespace that a key means; the default one if key was not given.
func (l *linker) namespace(key syntax.String, pos source.Pos) *model.Namespace {
	if ns := l.nsByKey[key.Value]; ns != nil {
		return ns
	}
	if len(l.file.Namespaces) == 0 {
		return nil
	}
	var known []string
	for _, ns := range l.pkg.Namespaces {
		known = append(known, ns.Key)
	}
	if !key.IsSet() {
		l.c.Errorf(pos, "schema has no default namespace, so `ns:` is needed here").Rule(rule.Namespace).Hintf("one of: %s", strings.Join(known, ", "))
		return nil
	}
	d := l.c.Errorf(key.Pos, "ns %q is not a key of the namespaces", key.Value).Rule(rule.Namespace)
	d.Hintf("known: %s", quoteAll(known)).DidYouMean(key.Value, known)
	return nil
}

func quoteAll(list []string) string {
	var quoted []string
	for _, s := range list {
		quoted = append(quoted, `"`+s+`"`)
	}
	return strings.Join(quoted, ", ")
}

// features checks a list of disco features.
func (l *linker) features(list syntax.Strings) []string {
	var all []string
	for _, f := range list.List {
		switch {
		case f.Value == "" || strings.ContainsFunc(f.Value, unicode.IsSpace):
			l.c.Errorf(f.Pos, "disco feature %q is empty or has white space", f.Value).Rule(rule.Feature)
		case slices.Contains(all, f.Value):
			l.c.Errorf(f.Pos, "disco feature %s stands twice in this list", f.Value).Rule(rule.Feature)
		default:
			all = append(all, f.Value)
		}
	}
	return all
}

// unusedImports refuses imports that no type comes from, unless other errors may be the reason.
func (l *linker) unusedImports() {
	if l.c.ErrorsIn(l.file.Path) {
		return
	}
	for _, imp := range l.file.Imports {
		if s := l.imports[imp.Name.Value]; s.entry == imp && s.linker != nil && !s.used {
			l.c.Errorf(imp.Pos, "package %s is imported but not used", imp.Name.Value).Rule(rule.Import)
		}
	}
}
