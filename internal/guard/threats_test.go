package guard

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// threats are the rows of what is known to go wrong in libraries of this kind: in the XML
// layer (VX), in authentication and transport (VT), with stanzas (VS), and by faults (VF).
var threats = map[string]int{"VX": 16, "VT": 11, "VS": 14, "VF": 15}

// TestThreatsAreNamed looks for a test of each threat: one whose name, comment or cases
// name it. What is named must exist, too.
func TestThreatsAreNamed(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile(`V[XTSF][0-9]+`)
	named := map[string][]string{}
	src := root(t)
	require.NoError(t, filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Test") && !strings.HasPrefix(fn.Name.Name, "Fuzz") {
				continue
			}
			text := fn.Name.Name + "\n" + fn.Doc.Text()
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					text += "\n" + lit.Value
				}
				return true
			})
			for _, id := range row.FindAllString(text, -1) {
				named[id] = append(named[id], fn.Name.Name)
			}
		}
		return nil
	}))
	for kind, n := range threats {
		for i := range n {
			id := fmt.Sprint(kind, i+1)
			if len(named[id]) == 0 {
				t.Errorf("no test names %s", id)
			}
			delete(named, id)
		}
	}
	for id, tests := range named {
		t.Errorf("%s, which %v names, is no threat that is known", id, tests)
	}
}

// VX5: what reads XML has no way to a file or to the network, whatever an entity says.
func TestVX5NoAccess(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./stream/wire", "./xmpp/stanza", "./xmpp/jid") {
		for _, dep := range p.Deps {
			switch dep {
			case "net", "net/http", "os/exec", "path/filepath":
				t.Errorf("%s links %s", p.ImportPath, dep)
			}
		}
		for _, imp := range p.Imports {
			if imp == "os" || imp == "io/fs" || imp == "syscall" {
				t.Errorf("%s imports %s", p.ImportPath, imp)
			}
		}
	}
}

// VX15: PRECIS is that of an x/text which does not loop on what is not UTF-8.
func TestVX15Normaliser(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(root(t), "go.mod"))
	require.NoError(t, err)
	m := regexp.MustCompile(`golang\.org/x/text v0\.([0-9]+)\.`).FindSubmatch(b)
	require.NotNil(t, m)
	minor, err := strconv.Atoi(string(m[1]))
	require.NoError(t, err)
	require.GreaterOrEqual(t, minor, 39)
}
