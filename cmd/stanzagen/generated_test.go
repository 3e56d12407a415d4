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
// several times, to see that the same comes out.
func TestGenerated(t *testing.T) {
	t.Parallel()
	schemas, err := filepath.Glob(filepath.FromSlash("../../schema/*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, schemas)
	gen := filepath.FromSlash("../../gen")
	for name, o := range map[string]generate.Options{
		"schemas": {Files: schemas, Out: gen, All: true, Prune: true},
		"sample":  {Files: []string{filepath.FromSlash("testdata/sample.yaml")}, Out: filepath.Join(gen, "internal"), All: true, Prune: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fresh(t, o)
			repeatable(t, o)
		})
	}
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

// repeatable generates several times.
func repeatable(t *testing.T, o generate.Options) {
	k, c := compiler(), &source.Collector{}
	var first map[string][]byte
	runs := 10
	if raceEnabled {
		runs = 2 // each takes long then
	}
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
