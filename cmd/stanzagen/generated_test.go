package main

import (
	"maps"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/emit"
	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// TestGenerated compares the packages below gen with what the schemas make; -update writes them. It also generates
// several times, to see that the same comes out: most often from the schema that has all that the language can say.
func TestGenerated(t *testing.T) {
	t.Parallel()
	schemas, err := filepath.Glob(filepath.FromSlash("../../schema/*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, schemas)
	gen := filepath.FromSlash("../../gen")
	t.Run("schemas", func(t *testing.T) {
		t.Parallel()
		o := generate.Options{Files: schemas, Out: gen, All: true, Prune: true}
		fresh(t, o)
		repeatable(t, o, 3)
	})
	t.Run("sample", func(t *testing.T) {
		t.Parallel()
		o := generate.Options{Files: []string{filepath.FromSlash("testdata/sample.yaml")}, Out: filepath.Join(gen, "internal"), All: true, Prune: true}
		fresh(t, o)
		repeatable(t, o, 10)
	})
}

// fresh compares, or writes.
func fresh(t *testing.T, o generate.Options) {
	c := &source.Collector{}
	plan := compiler().Plan(o, c)
	require.Empty(t, c.Diagnostics())
	if *update {
		require.NoError(t, plan.Apply())
		return
	}
	for _, change := range plan.Changes {
		t.Errorf("%s is %s; run the test with -update to write it", change.Path, change.Kind)
	}
}

// repeatable generates so many times.
func repeatable(t *testing.T, o generate.Options, runs int) {
	k, c := compiler(), &source.Collector{}
	var first map[string][]byte
	for range runs {
		packages := k.Compile(o, c)
		files := emit.Generate(packages, c)
		maps.Copy(files, emit.Table(packages, c))
		require.Empty(t, c.Diagnostics())
		if first == nil {
			first = files
		}
		require.Len(t, files, len(first))
		for name, data := range files {
			require.Equal(t, string(first[name]), string(data), name)
		}
	}
}
