// Stanzagen compiles schemas of XMPP extensions into Go packages.
//
// A schema says once what an extension looks like on the wire; the package has a struct for each of its elements, the
// constants, and the codecs. The language of the schemas is described in schema/README.md; published XSDs are read, too.
//
//	stanzagen generate [flags] FILE...   writes the packages
//	stanzagen check [flags] FILE...      tells whether they are up to date
//
// Both exit with 2 if the schemas have errors, and check with 1 if files are missing, stale or orphaned. In a module that
// has schemas of its own, a line like this one keeps the package up to date:
//
//	//go:generate go tool stanzagen generate --flat schema.yaml
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"

	"stanza.invalid/cmd/stanzagen/internal/emit"
	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/xsdfile"
	"stanza.invalid/cmd/stanzagen/internal/yamlfile"
	"stanza.invalid/schema"
)

// Exit codes.
const (
	exitFresh  = 0
	exitStale  = 1
	exitErrors = 2
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, compiler()))
}

// compiler puts the parts together.
func compiler() *generate.Compiler {
	return &generate.Compiler{
		Readers: map[string]generate.Reader{
			".yaml": yamlfile.Read,
			".yml":  yamlfile.Read,
			".xsd":  xsdfile.Read,
		},
		Emit:    emit.Generate,
		Table:   emit.Table,
		BuiltIn: schema.FS,
	}
}

// flags are those that both commands have.
type flags struct {
	Files      []string `arg:"" name:"FILE" help:"Schemas: .yaml or .xsd, or directories of them."`
	Out        string   `short:"o" placeholder:"DIR" help:"Directory of the output: each package is written to DIR/<package>. Default: gen, or the current directory with --flat."`
	Flat       bool     `help:"Write the package of the only FILE to the output directory itself."`
	ImportPath string   `placeholder:"PATH" help:"Go import path of the output directory. Default: from the nearest go.mod."`
	Package    string   `placeholder:"NAME" help:"Package name, for an XSD. Default: from the file name."`
	Spec       string   `placeholder:"SPEC" help:"Name of the spec, as in XEP-0184, for an XSD. Default: the target namespace."`
	All        bool     `help:"Write the package all, too: a table of the types and examples of all FILEs, for tools."`
	Prune      bool     `help:"Take FILEs for all there are: generated files of other schemas in the output directory are orphans, too."`
}

func (f flags) options() generate.Options {
	out := f.Out
	switch {
	case out == "" && f.Flat:
		out = "."
	case out == "":
		out = "gen"
	}
	return generate.Options{
		Files: expand(f.Files), Out: out, Flat: f.Flat, ImportPath: f.ImportPath, Package: f.Package, Spec: f.Spec, All: f.All, Prune: f.Prune,
	}
}

// expand puts the schemas of a directory in its place, in the order of their names.
func expand(args []string) []string {
	var files []string
	for _, arg := range args {
		if info, err := os.Stat(arg); err != nil || !info.IsDir() {
			files = append(files, arg)
			continue
		}
		entries, err := os.ReadDir(arg)
		if err != nil {
			files = append(files, arg) // reading it will say what is wrong
			continue
		}
		for _, e := range entries {
			if ext := filepath.Ext(e.Name()); !e.IsDir() && (ext == ".yaml" || ext == ".yml" || ext == ".xsd") {
				files = append(files, filepath.Join(arg, e.Name()))
			}
		}
	}
	return files
}

// commands is the command line.
type commands struct {
	Generate struct {
		flags
	} `cmd:"" help:"Write the Go packages of schemas. Nothing is written if there are errors; files that are up to date are not touched."`
	Check struct {
		flags
	} `cmd:"" help:"Tell which generated files are missing, stale or orphaned. Exit code: 0 none, 1 some, 2 errors."`
}

// exit is what the parser's wish to end the program is turned into.
type exit int

// run executes a command line and returns the exit code.
func run(args []string, stdout, stderr io.Writer, k *generate.Compiler) (code int) {
	defer func() {
		if r := recover(); r != nil {
			wish, ok := r.(exit)
			if !ok {
				panic(r)
			}
			code = int(wish)
		}
	}()
	var cmd commands
	parser, err := kong.New(&cmd,
		kong.Name("stanzagen"),
		kong.Description("Compiles schemas of XMPP extensions into Go packages."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exit(code)) }),
	)
	if err != nil {
		panic(err) // the command line above is wrong
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "stanzagen: %v\n", err)
		return exitErrors
	}
	chosen, apply := cmd.Generate.flags, true
	if ctx.Selected().Name == "check" {
		chosen, apply = cmd.Check.flags, false
	}
	c := &source.Collector{}
	plan := k.Plan(chosen.options(), c)
	if _, err := c.WriteTo(stderr); err != nil {
		return exitErrors
	}
	if plan == nil {
		fmt.Fprintf(stderr, "stanzagen: %s, nothing was written\n", count(c.Errors()))
		return exitErrors
	}
	if err := finish(plan, apply, stdout); err != nil {
		fmt.Fprintf(stderr, "stanzagen: %v\n", err)
		if errors.Is(err, errStale) {
			return exitStale
		}
		return exitErrors
	}
	return exitFresh
}

func count(n int) string {
	if n == 1 {
		return "1 error"
	}
	return fmt.Sprintf("%d errors", n)
}

// errStale says that check found changes.
var errStale = errors.New("generated files are not up to date")

// finish tells what has to be done, or does it and tells what was done.
func finish(plan *generate.Plan, apply bool, stdout io.Writer) error {
	if apply {
		if err := plan.Apply(); err != nil {
			return err
		}
	}
	done := map[generate.ChangeKind]string{generate.Missing: "wrote", generate.Stale: "wrote", generate.Orphaned: "removed"}
	for _, change := range plan.Changes {
		what := string(change.Kind)
		if apply {
			what = done[change.Kind]
		}
		if _, err := fmt.Fprintf(stdout, "%s %s\n", what, change.Path); err != nil {
			return err
		}
	}
	if !apply && len(plan.Changes) > 0 {
		return errStale
	}
	return nil
}
