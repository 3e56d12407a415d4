package docs

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/yamlfile"
	"stanza.invalid/schema"
)

var update = flag.Bool("update", false, "write docs/doap.xml and docs/xeps.md anew")

const root = "../../../.."

// compiled makes the packages of schemas.
func compiled(t *testing.T, importPath string, files ...string) []*model.Package {
	t.Helper()
	k := &generate.Compiler{Readers: map[string]generate.Reader{".yaml": yamlfile.Read}, BuiltIn: schema.FS}
	c := &source.Collector{}
	packages := k.Compile(generate.Options{Files: files, Out: "gen", ImportPath: importPath}, c)
	require.Empty(t, c.Diagnostics())
	return packages
}

// own makes the packages of the project's schemas.
func own(t *testing.T) []*model.Package {
	t.Helper()
	schemas, err := filepath.Glob(filepath.FromSlash(root + "/schema/*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, schemas)
	return compiled(t, model.GenPath, schemas...)
}

// sample makes the package of the schema that has everything the language can say.
func sample(t *testing.T) []*model.Package {
	t.Helper()
	return compiled(t, model.GenPath+"/internal", filepath.FromSlash("../../testdata/sample.yaml"))
}

// ownProject reads what the project says about itself.
func ownProject(t *testing.T) *Project {
	t.Helper()
	name := filepath.FromSlash(root + "/docs/project.yaml")
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	c := &source.Collector{}
	p := ReadProject(name, data, c)
	require.Empty(t, c.Diagnostics())
	return p
}

// built makes a site.
func built(t *testing.T, packages []*model.Package, p *Project) map[string][]byte {
	t.Helper()
	files, err := Site(packages, p)
	require.NoError(t, err)
	return files
}
