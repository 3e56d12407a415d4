package main

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

var update = flag.Bool("update", false, "write what comes out into the golden files")

// TestDiagnostics compiles the schemas of every archive and compares what is reported with the archive's file
// "diagnostics". Files under builtin/ take the place of the built-in schemas; a line "files:" of the comment lists the
// files of the command line, tea.yaml if there is none. A line "path: own" gives the packages the import paths of this project's own.
func TestDiagnostics(t *testing.T) {
	t.Parallel()
	for _, archive := range archives(t) {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(archive)
			require.NoError(t, err)
			got := diagnose(t, a)
			last := &a.Files[len(a.Files)-1]
			require.Equal(t, "diagnostics", last.Name, "the last file of the archive")
			if *update {
				last.Data = []byte(got)
				require.NoError(t, os.WriteFile(archive, txtar.Format(a), 0o644))
				return
			}
			require.Equal(t, string(last.Data), got, "run the test with -update to accept")
		})
	}
}

func archives(t *testing.T) []string {
	all, err := filepath.Glob("testdata/diag/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

func diagnose(t *testing.T, a *txtar.Archive) string {
	dir, builtIn := t.TempDir(), fstest.MapFS{}
	for _, f := range a.Files {
		if name, ok := strings.CutPrefix(f.Name, "builtin/"); ok {
			builtIn[name] = &fstest.MapFile{Data: f.Data}
			continue
		}
		file := filepath.Join(dir, f.Name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, f.Data, 0o644))
	}
	names, importPath := []string{"tea.yaml"}, "example.org/gen"
	for line := range strings.Lines(string(a.Comment)) {
		if list, ok := strings.CutPrefix(line, "files:"); ok {
			names = strings.Fields(list)
		}
		if line == "path: own\n" {
			importPath = model.GenPath
		}
	}
	o := generate.Options{Out: dir, ImportPath: importPath}
	for _, name := range names {
		o.Files = append(o.Files, filepath.Join(dir, name))
	}
	k := compiler()
	k.BuiltIn = builtIn
	c := &source.Collector{}
	k.Compile(o, c)
	var out strings.Builder
	_, err := c.WriteTo(&out)
	require.NoError(t, err)
	return strings.ReplaceAll(out.String(), dir+string(filepath.Separator), "")
}

// TestEveryRuleHasAGolden looks for the messages of the compiler in its own source, and wants each of them in some
// golden file.
func TestEveryRuleHasAGolden(t *testing.T) {
	t.Parallel()
	if *update {
		t.Skip("the golden files are being written")
	}
	var told strings.Builder
	for _, archive := range archives(t) {
		a, err := txtar.ParseFile(archive)
		require.NoError(t, err)
		told.Write(a.Files[len(a.Files)-1].Data)
	}
	// These depend on the system or on flags, or need large or broken files: other tests see to them.
	elsewhere := []string{
		"%v", "schema cannot be read: %v", "not YAML: %v", "schema has %d bytes, the limit is %d", "schema is not UTF-8",
		"import path of the output is not known: %v", "one directory is one package, so --flat takes one schema, not %d",
		"package and spec stand in the schema; --package and --spec are for XSDs",
		"--package and --spec are for a single XSD, there are %d files",
		// mistakes of the formatter, of which none is known
		"schema cannot be formatted without changing it", "schema has no canonical form",
	}
	for _, dir := range []string{"internal/check", "internal/yamlfile", "internal/generate/load.go"} {
		for _, format := range messages(t, dir) {
			skip := false
			for _, e := range elsewhere {
				skip = skip || e == format
			}
			if skip {
				continue
			}
			pattern := regexp.MustCompile(`%[a-z]`).ReplaceAllString(regexp.QuoteMeta(format), ".*")
			require.True(t, regexp.MustCompile(`(?m): (warning: )?`+pattern+` \[[a-z-]+\]$`).MatchString(told.String()), "no golden file has the message %q of %s", format, dir)
		}
	}
}

// messages returns the formats of the calls of Errorf and Warnf on a collector, in a directory or file.
func messages(t *testing.T, path string) []string {
	files := []string{path}
	if !strings.HasSuffix(path, ".go") {
		all, err := filepath.Glob(filepath.Join(path, "*.go"))
		require.NoError(t, err)
		files = all
	}
	var formats []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Errorf" && sel.Sel.Name != "Warnf" {
				return true
			}
			if lit, ok := call.Args[1].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				format, err := strconv.Unquote(lit.Value)
				require.NoError(t, err)
				formats = append(formats, format)
			}
			return true
		})
	}
	require.NotEmpty(t, formats)
	return formats
}
