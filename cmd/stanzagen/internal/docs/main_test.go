package docs

import (
	"flag"
	"os"
	"path/filepath"
	"sync"
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

// made keeps what takes a while to make, for all tests that ask for it; nobody changes it.
type made[T any] struct {
	once sync.Once
	v    T
}

// get makes it, if nobody has.
func (m *made[T]) get(t *testing.T, make func() T) T {
	t.Helper()
	m.once.Do(func() { m.v = make() })
	require.NotEmpty(t, m.v, "the test that makes it has failed")
	return m.v
}

var (
	ownPackages made[[]*model.Package]
	ownFiles    made[map[string][]byte]
)

// own are the packages of the project's schemas.
func own(t *testing.T) []*model.Package {
	t.Helper()
	return ownPackages.get(t, func() []*model.Package {
		schemas, err := filepath.Glob(filepath.FromSlash(root + "/schema/*.yaml"))
		require.NoError(t, err)
		require.NotEmpty(t, schemas)
		return compiled(t, model.GenPath, schemas...)
	})
}

// ownSite is the site of the project's schemas, with their packages.
func ownSite(t *testing.T) ([]*model.Package, map[string][]byte) {
	t.Helper()
	return own(t), ownFiles.get(t, func() map[string][]byte { return built(t, own(t), ownProject(t)) })
}

// sampleSite is the site of the schema that has everything, without a project.
func sampleSite(t *testing.T) ([]*model.Package, map[string][]byte) {
	t.Helper()
	packages := sample(t)
	return packages, built(t, packages, nil)
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
