package rule

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRules wants every code in the table once, with something to say about it.
func TestRules(t *testing.T) {
	t.Parallel()
	explained := map[string]bool{}
	for _, r := range Rules() {
		require.False(t, explained[r.Code], r.Code)
		explained[r.Code] = true
		require.Greater(t, len(r.Summary), 15, r.Code)
		require.Greater(t, len(r.Doc), 40, r.Code)
		require.Equal(t, strings.ToLower(r.Code), r.Code)
	}
	tree, err := parser.ParseFile(token.NewFileSet(), "rule.go", nil, 0)
	require.NoError(t, err)
	n := 0
	ast.Inspect(tree, func(node ast.Node) bool {
		if decl, ok := node.(*ast.GenDecl); ok && decl.Tok == token.CONST {
			for _, spec := range decl.Specs {
				code, err := strconv.Unquote(spec.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value)
				require.NoError(t, err)
				require.True(t, explained[code], code)
				n++
			}
		}
		return true
	})
	require.Equal(t, n, len(explained))
}

// TestEveryMessageHasARule looks for the diagnostics of the compiler in its own source.
func TestEveryMessageHasARule(t *testing.T) {
	t.Parallel()
	messages := 0
	for _, dir := range []string{"check", "yamlfile", "generate", "emit"} {
		files, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			tree, err := parser.ParseFile(set, file, nil, 0)
			require.NoError(t, err)
			coded := map[ast.Node]bool{}
			ast.Inspect(tree, func(n ast.Node) bool {
				switch sel := selector(n); sel {
				case "Rule":
					coded[n.(*ast.CallExpr).Fun.(*ast.SelectorExpr).X] = true
				case "Errorf", "Warnf":
					messages++
					require.True(t, coded[n], "%s: the message has no code", set.Position(n.Pos()))
				}
				return true
			})
		}
	}
	require.Greater(t, messages, 200)
}

// selector is the name of the method that a node calls, except for functions of package fmt.
func selector(n ast.Node) string {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return ""
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if x, ok := sel.X.(*ast.Ident); ok && (x.Name == "fmt" || x.Name == "t") {
		return ""
	}
	return sel.Sel.Name
}
