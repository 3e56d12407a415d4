package guard

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSequential holds the packages that `make race` leaves out to what the Makefile says of them: they start no
// goroutines, and use nothing that is only there for goroutines. Tests may: those that drive another program wait for it.
func TestSequential(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root(t), "Makefile"))
	require.NoError(t, err)
	m := regexp.MustCompile(`(?m)^SEQUENTIAL = (.*) \\\n\t\$\(addprefix (\S+),(.*)\)$`).FindSubmatch(text)
	require.NotNil(t, m, "SEQUENTIAL is not written as this test reads it")
	patterns := strings.Fields(string(m[1]))
	for _, name := range strings.Fields(string(m[3])) {
		patterns = append(patterns, string(m[2])+name)
	}
	packages := list(t, patterns...)
	require.Greater(t, len(packages), 300)
	for _, p := range packages {
		for _, name := range p.GoFiles {
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, 0)
			require.NoError(t, err)
			for _, imp := range f.Imports {
				if path := strings.Trim(imp.Path.Value, `"`); path == "sync" || path == "sync/atomic" {
					t.Errorf("%s imports %s: `make race` has to run its tests", p.ImportPath, path)
				}
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if g, ok := n.(*ast.GoStmt); ok {
					t.Errorf("%s starts a goroutine: `make race` has to run its tests", fset.Position(g.Pos()))
				}
				return true
			})
		}
	}
}
