// Package generate runs the compiler: it reads schemas and those that they import, has them linked, checked and
// emitted, and brings a directory of generated files up to date.
package generate

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/check"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// Reader makes a syntax tree of a file, reporting what is wrong with its form to c. It returns nil if nothing
// could be understood.
type Reader func(path string, data []byte, c *source.Collector) *syntax.File

// SetReader makes the syntax trees of all files of a run that have the same format and may refer to each other, and to
// the others of the run. A tree is nil if nothing could be understood of its file.
type SetReader func(files []source.File, others []*syntax.File, c *source.Collector) []*syntax.File

// Emitter makes the generated files of the packages, leaving out imported ones. The keys are paths below the root of
// the output, with slashes. It reports what it cannot do to c.
type Emitter func(packages []*model.Package, c *source.Collector) map[string][]byte

// Compiler is what a run needs beside its files.
type Compiler struct {
	// Readers are the readers by file extension, with the dot.
	Readers map[string]Reader
	// SetReaders are readers by file extension, too. The files of the command line go to these first.
	SetReaders map[string]SetReader
	// Emit writes the code, Table the package that lists all types.
	Emit, Table Emitter
	// BuiltIn has the schemas of the project itself, which others import by name.
	BuiltIn fs.FS
}

// Options say what to compile and where to.
type Options struct {
	// Files are the paths of the schemas.
	Files []string
	// Out is the root directory of the output.
	Out string
	// Flat makes Out itself the directory of the only package.
	Flat bool
	// ImportPath is the import path of Out; if empty, it is found from the nearest go.mod.
	ImportPath string
	// Package and Spec replace what a schema without them, an XSD, is given otherwise.
	Package, Spec string
	// All adds the package that lists all types.
	All bool
	// Prune removes every generated file below Out that this run does not make, whatever schema it is from.
	Prune bool
}

// loader reads schemas and finds their imports.
type loader struct {
	*Compiler
	c *source.Collector
	// byPath are the schemas that were read, by absolute path; nil values are files that could not be understood.
	byPath map[string]*check.Input
	// byName are the schemas of this run by the name of the package.
	byName map[string]*check.Input
	// inputs are all, in the order in which they were met.
	inputs []*check.Input
	// builtInFiles are the project's own schemas by the name of the package, nil before they are needed; builtIn are
	// those of them that were read, nil for one that could not be.
	builtInFiles map[string]string
	builtIn      map[string]*check.Input
}

// load reads the files of o and all that they import.
func (l *loader) load(o Options) {
	base := o.ImportPath
	if base == "" {
		var err error
		if base, err = importPathOf(o.Out); err != nil {
			l.c.Errorf(source.Pos{File: o.Out}, "import path of the output is not known: %v", err).Rule(rule.Input).
				Hintf("say it with --import-path")
			return
		}
	}
	if o.Flat && len(o.Files) != 1 {
		l.c.Errorf(source.Pos{File: o.Out}, "one directory is one package, so --flat takes one schema, not %d", len(o.Files)).Rule(rule.Input)
		return
	}
	trees := l.sets(o.Files)
	l.ahead(o.Files, trees)
	for _, file := range o.Files {
		l.given(file, base, o, trees)
	}
	// The list grows while imports are met.
	for i := 0; i < len(l.inputs); i++ {
		l.imports(l.inputs[i])
	}
}

// ahead reads schemas that need nothing else to be understood, side by side: they take most of the time.
func (l *loader) ahead(files []string, trees map[string]*syntax.File) {
	var todo []string
	for _, file := range files {
		if _, read := trees[file]; !read && !slices.Contains(todo, file) {
			todo = append(todo, file)
		}
	}
	read := make([]*syntax.File, len(todo))
	source.Each(len(todo), l.c, func(i int, c *source.Collector) { read[i] = l.read(todo[i], c) })
	for i, file := range todo {
		trees[file] = read[i]
	}
}

// sets reads the files that refer to each other by what is in them, and, if there are some, the others before. It returns
// the trees by path.
func (l *loader) sets(files []string) map[string]*syntax.File {
	trees := map[string]*syntax.File{}
	if !slices.ContainsFunc(files, func(file string) bool { return l.SetReaders[filepath.Ext(file)] != nil }) {
		return trees
	}
	var others []*syntax.File
	for _, file := range files {
		if _, twice := trees[file]; twice || l.SetReaders[filepath.Ext(file)] != nil {
			continue
		}
		trees[file] = l.read(file, l.c)
		if trees[file] != nil {
			others = append(others, trees[file])
		}
	}
	for _, ext := range slices.Sorted(maps.Keys(l.SetReaders)) {
		var set []source.File
		for _, file := range files {
			if _, twice := trees[file]; twice || filepath.Ext(file) != ext {
				continue
			}
			trees[file] = nil
			if data, ok := readFile(file, l.c); ok {
				set = append(set, source.File{Path: file, Data: data})
			}
		}
		for i, f := range l.SetReaders[ext](set, others, l.c) {
			trees[set[i].Path] = f
		}
	}
	return trees
}

// given takes a file of the command line, which was read before.
func (l *loader) given(file, base string, o Options, trees map[string]*syntax.File) {
	abs, err := filepath.Abs(file)
	if err != nil {
		l.c.Errorf(source.Pos{File: file}, "%v", err).Rule(rule.Input)
		return
	}
	if _, twice := l.byPath[abs]; twice {
		l.c.Errorf(source.Pos{File: file}, "file is given twice").Rule(rule.Input)
		return
	}
	f := trees[file]
	l.byPath[abs] = nil
	if f == nil {
		return
	}
	l.override(f, o)
	name := f.Package.Value
	in := &check.Input{File: f, ImportPath: base + "/" + name, Dir: name, Imports: map[*syntax.Import]*check.Input{}}
	if o.Flat {
		in.ImportPath, in.Dir = base, "."
	}
	l.byPath[abs] = in
	if name != "" && l.byName[name] == nil {
		l.byName[name] = in
	}
	l.inputs = append(l.inputs, in)
}

// read reads a file of the disk.
func (l *loader) read(file string, c *source.Collector) *syntax.File {
	pos := source.Pos{File: file}
	read := l.Readers[filepath.Ext(file)]
	if read == nil {
		var known []string
		for ext := range l.Readers {
			known = append(known, ext)
		}
		slices.Sort(known)
		c.Errorf(pos, "files of type %q cannot be read", filepath.Ext(file)).Rule(rule.Input).Hintf("known: %s", strings.Join(known, ", "))
		return nil
	}
	data, ok := readFile(file, c)
	if !ok {
		return nil
	}
	return read(file, data, c)
}

func readFile(file string, c *source.Collector) (data []byte, ok bool) {
	data, err := os.ReadFile(file)
	if err != nil {
		if pathError, ok := err.(*fs.PathError); ok {
			err = pathError.Err
		}
		c.Errorf(source.Pos{File: file}, "schema cannot be read: %v", err).Rule(rule.Input)
		return nil, false
	}
	return data, true
}

// override gives an XSD what it cannot say itself. A YAML schema says it, so that the flags are refused.
func (l *loader) override(f *syntax.File, o Options) {
	if f.Format != syntax.XSD {
		if o.Package != "" || o.Spec != "" {
			l.c.Errorf(f.Pos, "package and spec stand in the schema; --package and --spec are for XSDs").Rule(rule.Input)
		}
		return
	}
	if (o.Package != "" || o.Spec != "") && len(o.Files) > 1 {
		l.c.Errorf(f.Pos, "--package and --spec are for a single XSD, there are %d files", len(o.Files)).Rule(rule.Input)
		return
	}
	if o.Package != "" {
		f.Package = syntax.String{Pos: f.Pos, Value: o.Package}
	}
	if !f.Package.IsSet() {
		f.Package = syntax.String{Pos: f.Pos, Value: packageOf(f.Path)}
	}
	if o.Spec != "" {
		f.Spec = syntax.String{Pos: f.Pos, Value: o.Spec}
	}
	if !f.Spec.IsSet() && len(f.Namespaces) > 0 {
		f.Spec = f.Namespaces[0].URI
	}
}

// packageOf makes a package name of a file name: its letters and digits.
func packageOf(file string) string {
	base := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, base), "0123456789")
}

// imports finds the schemas that in imports.
func (l *loader) imports(in *check.Input) {
	for _, imp := range in.File.Imports {
		name := imp.Name.Value
		switch {
		case !imp.Name.IsSet():
			continue // reported by the reader
		case imp.Schema.IsSet() != imp.Path.IsSet():
			l.c.Errorf(imp.Pos, "import %s needs both schema and path, or neither", name).Rule(rule.Import).
				Hintf("schema is the file that says what is in the package, path is the package's Go import path")
		case imp.Schema.IsSet():
			in.Imports[imp] = l.importFile(in, imp)
		case l.byName[name] != nil && !in.Imported:
			in.Imports[imp] = l.byName[name]
		case l.own(name) != nil:
			in.Imports[imp] = l.own(name)
		default:
			known := l.ownNames()
			l.c.Errorf(imp.Pos, "package %s is neither one of this run nor one of this project", name).Rule(rule.Import).
				Hintf("other packages need their schema and path: {name: %s, schema: ../%s.yaml, path: example.org/gen/%s}", name, name, name).
				DidYouMean(name, known)
		}
		if target := in.Imports[imp]; target != nil && !slices.Contains(l.inputs, target) {
			l.inputs = append(l.inputs, target)
		}
		if in.Imports[imp] == nil {
			delete(in.Imports, imp)
		}
	}
}

var goImportPath = regexp.MustCompile(`^[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*$`)

// importFile reads the schema that an import names by its path.
func (l *loader) importFile(in *check.Input, imp *syntax.Import) *check.Input {
	if !goImportPath.MatchString(imp.Path.Value) {
		l.c.Errorf(imp.Path.Pos, "path %q of import %s is not a Go import path", imp.Path.Value, imp.Name.Value).Rule(rule.Import)
		return nil
	}
	if strings.HasPrefix(in.File.Path, builtInPrefix) {
		l.c.Errorf(imp.Schema.Pos, "a built-in schema imports the others by name only").Rule(rule.Import)
		return nil
	}
	file := filepath.Join(filepath.Dir(in.File.Path), filepath.FromSlash(imp.Schema.Value))
	abs, err := filepath.Abs(file)
	if err != nil {
		l.c.Errorf(imp.Schema.Pos, "%v", err).Rule(rule.Input)
		return nil
	}
	target, known := l.byPath[abs]
	if !known {
		if _, err := os.Stat(file); err != nil {
			l.c.Errorf(imp.Schema.Pos, "schema %s of import %s is not there", file, imp.Name.Value).Rule(rule.Import).Hintf("the path is relative to this file")
			return nil
		}
		if f := l.read(file, l.c); f != nil {
			l.override(f, Options{})
			target = &check.Input{File: f, ImportPath: imp.Path.Value, Dir: f.Package.Value, Imported: true, Imports: map[*syntax.Import]*check.Input{}}
		}
		l.byPath[abs] = target
	}
	switch {
	case target == nil:
		return nil
	case target.File.Package.Value != imp.Name.Value:
		l.c.Errorf(imp.Name.Pos, "import is called %s, but the package of %s is %s", imp.Name.Value, imp.Schema.Value, target.File.Package.Value).Rule(rule.Import)
	case target.ImportPath != imp.Path.Value:
		l.c.Errorf(imp.Path.Pos, "path of import %s is %s, but the package is known as %s", imp.Name.Value, imp.Path.Value, target.ImportPath).Rule(rule.Import)
	}
	return target
}

// builtInPrefix stands before the names of built-in schemas in diagnostics.
const builtInPrefix = "stanzagen:schema/"

// packageLine is where a schema in canonical form names its package.
var packageLine = regexp.MustCompile(`(?m)^package: "?(\w+)`)

// ownNames returns the names of the project's own packages, sorted.
func (l *loader) ownNames() []string {
	if l.builtInFiles == nil {
		l.findOwn()
	}
	return slices.Sorted(maps.Keys(l.builtInFiles))
}

// findOwn finds the project's own schemas. They are hundreds, of which most runs import a few: only those are read whole.
func (l *loader) findOwn() {
	l.builtInFiles, l.builtIn = map[string]string{}, map[string]*check.Input{}
	if l.BuiltIn == nil {
		return
	}
	names, err := fs.Glob(l.BuiltIn, "*.yaml")
	if err != nil {
		panic(fmt.Sprintf("generate: %v", err)) // the pattern is a constant
	}
	for _, name := range names {
		data, err := fs.ReadFile(l.BuiltIn, name)
		if err != nil {
			l.c.Errorf(source.Pos{File: builtInPrefix + name}, "schema cannot be read: %v", err).Rule(rule.Input)
			continue
		}
		if m := packageLine.FindSubmatch(data); m != nil {
			l.builtInFiles[string(m[1])] = name
		}
	}
}

// own returns the project's own package of a name, nil if there is none.
func (l *loader) own(name string) *check.Input {
	if l.builtInFiles == nil {
		l.findOwn()
	}
	if in, read := l.builtIn[name]; read || l.builtInFiles[name] == "" {
		return in
	}
	l.builtIn[name] = l.readOwn(name, l.c)
	return l.builtIn[name]
}

func (l *loader) readOwn(name string, c *source.Collector) *check.Input {
	file := l.builtInFiles[name]
	data, err := fs.ReadFile(l.BuiltIn, file)
	if err != nil {
		c.Errorf(source.Pos{File: builtInPrefix + file}, "schema cannot be read: %v", err).Rule(rule.Input)
		return nil
	}
	f := l.Readers[".yaml"](builtInPrefix+file, data, c)
	if f == nil {
		return nil
	}
	return &check.Input{File: f, ImportPath: path.Join(model.GenPath, name), Dir: name, Imported: true, Imports: map[*syntax.Import]*check.Input{}}
}
