package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/lint"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/yamlfile"
)

// ownSchemas are the schemas of the project, those of its examples included.
func ownSchemas(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"../../schema/*.yaml", "../../examples/*/*.yaml"} {
		files, err := filepath.Glob(filepath.FromSlash(pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		all = append(all, files...)
	}
	return all
}

// TestSchemasFormatted wants the project's schemas as fmt writes them; -update formats them.
func TestSchemasFormatted(t *testing.T) {
	t.Parallel()
	for _, file := range ownSchemas(t) {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		c := &source.Collector{}
		out := yamlfile.Format(file, data, c)
		require.Empty(t, c.Diagnostics())
		if *update && string(out) != string(data) {
			require.NoError(t, rewrite(file, out))
		} else {
			require.Equal(t, string(out), string(data), "%s: run `make format`", file)
		}
	}
}

// TestSchemasLinted wants nothing to be found in the project's schemas but what they give a reason for.
func TestSchemasLinted(t *testing.T) {
	t.Parallel()
	sys, c := &system{compiler: compiler()}, &source.Collector{}
	schemas := sys.schemas(ownSchemas(t), c)
	require.Empty(t, c.Diagnostics())
	for _, s := range schemas {
		lint.Run(s, lint.Options{Others: breakingCodes()}, c)
	}
	for _, d := range c.Diagnostics() {
		t.Error(d)
	}
}

// TestSchemasAgainstXSDs compares the project's schemas with the XSDs that the XSF has published. Each difference has its
// reason in the schema, and no reason is left from a difference that is gone.
func TestSchemasAgainstXSDs(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("XMPP_SHARED")
	if dir == "" {
		dir = filepath.FromSlash("../../../shared")
	}
	dir = filepath.Join(dir, "xsd")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		t.Skip("the published schemas are not there; XMPP_SHARED names the directory that has them in xsd/")
	}
	sys, c := &system{compiler: compiler()}, &source.Collector{}
	schemas := sys.schemas(ownSchemas(t), c)
	require.Empty(t, c.Diagnostics())
	published, err := sys.published([]string{dir}, schemas, c)
	require.NoError(t, err)
	for _, s := range schemas {
		lint.Run(s, lint.Options{XSDs: published, Compare: true, Others: breakingCodes()}, c)
	}
	refined := 0
	for _, d := range c.Diagnostics() {
		if d.Severity == source.Note {
			refined++
			continue
		}
		t.Errorf("%s\nif the XSD is wrong, the schema says so with `ignore`", d)
	}
	t.Logf("compared with %d XSDs; the schemas are more precise in %d places", len(published), refined)
}
