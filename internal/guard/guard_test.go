package guard

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pkg is what go list tells.
type pkg struct {
	ImportPath   string
	Dir          string
	Name         string
	Imports      []string
	Deps         []string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	require.NoError(t, err)
	return dir
}

func module(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	require.NoError(t, err)
	m := regexp.MustCompile(`(?m)^module (\S+)$`).FindSubmatch(b)
	require.NotNil(t, m)
	return string(m[1])
}

func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json"}, args...)...)
	cmd.Dir = root(t)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		all = append(all, p)
	}
}

// allowed says what a package may import of this module, by path below the module. A
// trailing slash stands for everything below. The first rule that fits counts.
var allowed = []struct {
	pkg     string
	imports []string
}{
	{"stream/wire", nil},
	{"xmpp/jid", nil},
	{"xmpp/stanza", []string{"stream/wire", "xmpp/jid"}},
	{"gen", nil},
	{"gen/all", []string{"gen/", "stream/wire", "xmpp/jid", "xmpp/stanza"}},
	{"gen/", []string{"gen/", "stream/wire", "xmpp/jid", "xmpp/stanza"}},
	{"internal/idle", nil},
	{"stream", []string{"internal/idle", "stream/wire", "xmpp/jid", "xmpp/stanza", "gen/sasl", "gen/bind", "gen/sm", "gen/starttls", "gen/streams"}},
	{"internal/mechanism", nil},
	{"internal/testca", nil},
	{"xmpp", []string{"stream", "stream/wire", "xmpp/jid", "xmpp/stanza", "gen/", "internal/idle", "internal/mechanism"}},
	{"internal/deadline", nil},
	{"xmpp/websocket", []string{"stream", "stream/wire", "xmpp", "internal/endpoint", "internal/hostmeta", "internal/wsconn"}},
	{"xmpp/bosh", []string{"stream", "stream/wire", "xmpp", "internal/endpoint", "internal/hostmeta", "internal/boshconn"}},
	{"xmpp/xmpptest", []string{"stream", "stream/wire", "xmpp", "xmpp/jid", "xmpp/stanza", "xmpp/bosh", "xmpp/websocket", "gen/", "internal/boshconn", "internal/deadline", "internal/testca", "internal/wsconn"}},
	{"xmpp/contacts", []string{"stream", "stream/wire", "xmpp", "xmpp/jid", "xmpp/stanza", "gen/"}},
	{"xmpp/publishing", []string{"stream", "stream/wire", "xmpp", "xmpp/jid", "xmpp/stanza", "gen/"}},
	{"xmpp/messages", []string{"stream", "stream/wire", "xmpp", "xmpp/jid", "xmpp/stanza", "gen/"}},
	{"xmpp/discovery", []string{"stream", "stream/wire", "xmpp", "xmpp/jid", "xmpp/stanza", "gen/"}},
	{"xmpp/archive", []string{"stream", "stream/wire", "xmpp", "xmpp/jid", "xmpp/stanza", "gen/"}},
	{"component", []string{"stream", "stream/wire", "xmpp", "xmpp/jid", "xmpp/stanza", "gen/"}},
	{"schema", nil},
	{"cmd/stanzagen/", []string{"cmd/stanzagen/", "schema"}},
	{"cmd/stanzagen", []string{"cmd/stanzagen/", "schema"}},
	{"cmd/stanzacat/", []string{"cmd/stanzacat/", "internal/typed", "stream/wire", "xmpp/jid", "xmpp/stanza"}},
	{"cmd/stanzacat", []string{"cmd/stanzacat/", "internal/typed", "stream", "stream/wire", "xmpp", "xmpp/jid", "xmpp/stanza", "xmpp/xmpptest", "gen/"}},
	{"internal/typed", []string{"gen/all", "stream/wire", "xmpp/stanza"}},
	{"examples/", []string{"examples/", "component", "stream", "stream/wire", "xmpp", "xmpp/", "gen/"}},
	{"internal/", []string{"component", "examples/", "stream", "stream/wire", "xmpp", "xmpp/", "gen/", "schema", "internal/"}},
}

func fits(pattern, path string) bool {
	return pattern == path || strings.HasSuffix(pattern, "/") && strings.HasPrefix(path, pattern)
}

func TestImportArrows(t *testing.T) {
	t.Parallel()
	mod := module(t)
	for _, p := range list(t, "./...") {
		path, ok := strings.CutPrefix(p.ImportPath, mod+"/")
		if !ok {
			continue
		}
		i := slices.IndexFunc(allowed, func(r struct {
			pkg     string
			imports []string
		}) bool {
			return fits(r.pkg, path)
		})
		if i < 0 {
			t.Errorf("%s: no rule says what it may import", path)
			continue
		}
		for _, imp := range p.Imports {
			target, ok := strings.CutPrefix(imp, mod+"/")
			if ok && !slices.ContainsFunc(allowed[i].imports, func(a string) bool { return fits(a, target) }) {
				t.Errorf("%s must not import %s", path, target)
			}
			if ok && target == "gen/all" && !strings.HasPrefix(path, "internal/") {
				t.Errorf("%s must not import gen/all: it links every type", path)
			}
		}
	}
}

// TestRuntimeLinks keeps what only the compiler needs out of users' binaries, and stream
// compression (XEP-0138) with it: a few bytes that unpack to gigabytes are no risk to what
// cannot unpack (VX11). HTTP and websockets link it and have it turned off.
func TestRuntimeLinks(t *testing.T) {
	t.Parallel()
	mod := module(t)
	for _, p := range list(t, "./stream/...", "./xmpp/...", "./component/...", "./gen/...") {
		web := slices.Contains([]string{"xmpp/bosh", "xmpp/websocket", "xmpp/xmpptest"}, strings.TrimPrefix(p.ImportPath, mod+"/"))
		for _, dep := range p.Deps {
			if web && strings.HasPrefix(dep, "compress/") {
				continue
			}
			for _, bad := range []string{"github.com/dave/jennifer", "go.yaml.in/", "gopkg.in/yaml", "github.com/alecthomas/kong", "golang.org/x/net/html", "compress/", mod + "/cmd/", mod + "/schema"} {
				if strings.HasPrefix(dep, bad) {
					t.Errorf("%s links %s", p.ImportPath, dep)
				}
			}
		}
	}
}

// TestNames keeps generated packages and those that do jobs importable side by side.
func TestNames(t *testing.T) {
	t.Parallel()
	mod := module(t)
	gen := map[string]bool{}
	all := list(t, "./gen/...", "./xmpp/...", "./stream/...", "./component/...")
	for _, p := range all {
		if strings.HasPrefix(p.ImportPath, mod+"/gen/") {
			gen[p.Name] = true
		}
	}
	require.NotEmpty(t, gen)
	for _, p := range all {
		if !strings.HasPrefix(p.ImportPath, mod+"/gen/") && gen[p.Name] {
			t.Errorf("%s has the name of a generated package", p.ImportPath)
		}
	}
}

func TestNoReplace(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	require.NoError(t, err)
	require.NotRegexp(t, `(?m)^\s*replace\b`, string(b))
	require.Regexp(t, `(?m)^go 1\.26\.0$`, string(b))
}

// TestExported looks for a comment on every exported name that users can see.
func TestExported(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		if strings.Contains(p.ImportPath, "/internal/") || p.Name == "main" {
			continue
		}
		fset := token.NewFileSet()
		documented := false
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
			require.NoError(t, err)
			documented = documented || f.Doc.Text() != ""
			for _, d := range f.Decls {
				checkDecl(t, fset, d)
			}
		}
		if !documented && len(p.GoFiles) > 0 {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

func checkDecl(t *testing.T, fset *token.FileSet, d ast.Decl) {
	missing := func(n ast.Node, name string) { t.Errorf("%s: %s has no comment", fset.Position(n.Pos()), name) }
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && receiverExported(d) {
			switch {
			case d.Doc.Text() == "":
				missing(d, d.Name.Name)
			case !strings.Contains(firstSentence(d.Doc.Text()), d.Name.Name):
				t.Errorf("%s: the comment of %s does not begin with its name", fset.Position(d.Pos()), d.Name.Name)
			}
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if !s.Name.IsExported() {
					continue
				}
				if d.Doc.Text() == "" && s.Doc.Text() == "" {
					missing(s, s.Name.Name)
				}
				if st, ok := s.Type.(*ast.StructType); ok {
					for _, f := range st.Fields.List {
						if len(f.Names) > 0 && f.Names[0].IsExported() && f.Names[0].Name != "XMLName" && f.Doc.Text() == "" && f.Comment.Text() == "" &&
							d.Doc.Text()+s.Doc.Text() != "" && len(st.Fields.List) > 2 {
							missing(f, s.Name.Name+"."+f.Names[0].Name)
						}
					}
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if n.IsExported() && d.Doc.Text() == "" && s.Doc.Text() == "" && s.Comment.Text() == "" {
						missing(s, n.Name)
					}
				}
			}
		}
	}
}

func firstSentence(s string) string {
	if i := strings.Index(s, ". "); i >= 0 {
		return s[:i]
	}
	return s
}

func receiverExported(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	exported := false
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			exported = id.IsExported()
			return false
		}
		return true
	})
	return exported
}

// TestExamples looks for a runnable example in every package that users import.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./stream/...", "./xmpp/...", "./component/...", "./gen/...") {
		if strings.Contains(p.ImportPath, "/internal/") || strings.HasSuffix(p.ImportPath, "/gen") {
			continue // nobody imports these
		}
		found := false
		for _, name := range append(p.TestGoFiles, p.XTestGoFiles...) {
			b, err := os.ReadFile(filepath.Join(p.Dir, name))
			require.NoError(t, err)
			found = found || regexp.MustCompile(`(?s)func Example\w*\(\) \{.*// (Unordered o|O)utput:`).Match(b)
		}
		if !found {
			t.Errorf("%s has no runnable example", p.ImportPath)
		}
	}
}

// TestRename gives a copy of the module another path and builds it.
func TestRename(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("copies and builds the module")
	}
	dir := t.TempDir()
	src := root(t)
	require.NoError(t, filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".git" {
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(dir, rel), 0o755)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, rel), b, 0o644)
	}))
	run := func(name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	old := module(t)
	const renamed = "example.org/you/stanza"
	run("make", "rename", "MODULE="+renamed)
	require.Equal(t, renamed+"\n", run("go", "list", "-m"))
	// the compiler writes the new path as well: what is generated is still fresh, so that not all of it needs to be built
	run("make", "check")
	run("go", "list", "-deps", "./...") // each import is there
	run("go", "vet", "./cmd/stanzagen/...", "./gen/disco", "./stream/...", "./xmpp/...", "./component/...", "./examples/...")
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(b), old) {
			t.Errorf("%s still names %s", path, old)
		}
		return err
	})
	require.NoError(t, err)
}
