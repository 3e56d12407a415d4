package xsdfile_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/xsdfile"
)

// TestEveryMessageHasAGolden looks for the messages of the reader in its own source, and wants each of them in some golden
// file: nothing is refused, and no repair is made, that was not seen to be told.
func TestEveryMessageHasAGolden(t *testing.T) {
	t.Parallel()
	var told strings.Builder
	archives, err := filepath.Glob("testdata/read/*.txtar")
	require.NoError(t, err)
	for _, archive := range archives {
		a, err := txtar.ParseFile(archive)
		require.NoError(t, err)
		told.Write(a.Files[len(a.Files)-1].Data)
	}
	sources, err := filepath.Glob("*.go")
	require.NoError(t, err)
	found := 0
	for _, file := range sources {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			format := map[string]int{"Errorf": 1, "errorf": 2, "warnf": 2, "fail": 2, "warnOnce": 3}[nameOf(sel, ok)]
			if format == 0 || len(call.Args) <= format {
				return true
			}
			lit, ok := call.Args[format].(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			require.NoError(t, err)
			found++
			if elsewhere[text] {
				return true
			}
			pattern := regexp.MustCompile(`%[a-z]`).ReplaceAllString(regexp.QuoteMeta(text), ".*")
			require.Regexp(t, `(?m): (warning: )?`+pattern+`( \[[a-z-]+\])?$`, told.String(), "no golden file has this message of %s", file)
			return true
		})
	}
	require.Greater(t, found, 50)
	for _, r := range xsdfile.Rules() {
		if r.Code != "xsd-limit" && r.Code != "xsd-encoding" {
			require.Contains(t, told.String(), "["+r.Code+"]", "no golden file breaks this rule")
		}
	}
}

// Rules are explained to people.
func TestRules(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range xsdfile.Rules() {
		require.Regexp(t, "^xsd-[a-z-]+$", r.Code)
		require.False(t, seen[r.Code], r.Code)
		seen[r.Code] = true
		require.NotEmpty(t, r.Summary)
		require.Regexp(t, `^[A-Z].*\.$`, r.Doc)
	}
}

func nameOf(sel *ast.SelectorExpr, ok bool) string {
	if !ok {
		return ""
	}
	return sel.Sel.Name
}

// elsewhere are messages about files that are too large for an archive, or no text: TestLimits and TestEncodings see to
// them.
var elsewhere = map[string]bool{
	"schema has %d bytes, the limit is %d":           true,
	"elements are nested more than %d deep":          true,
	"schema has more than %d elements":               true,
	"element has more than %d attributes":            true,
	"schema has more than %d namespace declarations": true,
	"not XML: %v":              true,
	"encoding %q is not known": true,
	"schema is not UTF-8":      true,
	"encoding is declared as %s, but the declaration itself is not: read as UTF-8": true,
	"schema becomes too large when its groups and base types are put in":           true,
}
