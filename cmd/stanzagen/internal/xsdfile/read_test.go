package xsdfile_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/check"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
	"stanza.invalid/cmd/stanzagen/internal/xsdfile"
	"stanza.invalid/cmd/stanzagen/internal/yamlfile"
)

var update = flag.Bool("update", false, "write what comes out into the golden files")

// TestRead reads the schemas of every archive and compares trees and diagnostics with its last two files. What is read
// without errors must also pass the checks of the compiler.
func TestRead(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/read/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, archives)
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(archive)
			require.NoError(t, err)
			n := len(a.Files) - 2
			require.Positive(t, n)
			trees, diagnostics := &a.Files[n], &a.Files[n+1]
			require.Equal(t, "trees", trees.Name)
			require.Equal(t, "diagnostics", diagnostics.Name)

			gotTrees, gotDiagnostics := readArchive(t, a.Files[:n])
			if *update {
				trees.Data, diagnostics.Data = []byte(gotTrees), []byte(gotDiagnostics)
				require.NoError(t, os.WriteFile(archive, txtar.Format(a), 0o644))
				return
			}
			require.Equal(t, string(diagnostics.Data), gotDiagnostics, "run the test with -update to accept")
			require.Equal(t, string(trees.Data), gotTrees, "run the test with -update to accept")
		})
	}
}

func readArchive(t *testing.T, files []txtar.File) (trees, diagnostics string) {
	var sources []source.File
	var others []*syntax.File
	c := &source.Collector{}
	for _, f := range files {
		if filepath.Ext(f.Name) == ".yaml" {
			others = append(others, yamlfile.Read(f.Name, f.Data, c))
			continue
		}
		sources = append(sources, source.File{Path: f.Name, Data: f.Data})
	}
	read := xsdfile.ReadAll(sources, others, c)
	require.Len(t, read, len(sources))
	var b, d strings.Builder
	for _, f := range read {
		b.WriteString(dump(f))
	}
	_, err := c.WriteTo(&d)
	require.NoError(t, err)
	requirePlaces(t, c)
	if c.Errors() == 0 {
		requireLinked(t, append(others, read...))
	}
	return b.String(), d.String()
}

// requirePlaces makes sure that every diagnostic says where and names its rule, and every error says what to do.
func requirePlaces(t *testing.T, c *source.Collector) {
	t.Helper()
	rules := map[string]bool{}
	for _, r := range xsdfile.Rules() {
		rules[r.Code] = r.Refused
	}
	for _, d := range c.Diagnostics() {
		require.Positive(t, d.Pos.Line, "%s", d)
		require.Positive(t, d.Pos.Col, "%s", d)
		require.Contains(t, rules, d.Code, "%s", d)
		if d.Severity == source.Error {
			require.True(t, rules[d.Code], "%s", d)
			require.NotEmpty(t, d.Hint, "%s", d)
		}
	}
}

// requireLinked has the compiler check the trees.
func requireLinked(t *testing.T, trees []*syntax.File) {
	t.Helper()
	byName := map[string]*check.Input{}
	var inputs []*check.Input
	for _, f := range trees {
		if f == nil {
			continue
		}
		if !f.Spec.IsSet() {
			f.Spec = f.Namespaces[0].URI
		}
		in := &check.Input{File: f, ImportPath: "example.org/" + f.Package.Value, Dir: f.Package.Value, Imports: map[*syntax.Import]*check.Input{}}
		byName[f.Package.Value] = in
		inputs = append(inputs, in)
	}
	for _, in := range inputs {
		for _, i := range in.File.Imports {
			require.Contains(t, byName, i.Name.Value)
			in.Imports[i] = byName[i.Name.Value]
		}
	}
	c := &source.Collector{}
	check.Link(inputs, c)
	require.Empty(t, c.Diagnostics())
}
