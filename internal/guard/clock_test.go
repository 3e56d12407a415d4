package guard

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// VF13: what waits, in the stream and above it, goes by the monotonic clock, which does not
// jump. Times lose it by what is forbidden here.
func TestVF13MonotonicClock(t *testing.T) {
	t.Parallel()
	mod := module(t)
	strips := map[string]bool{"Round": true, "Truncate": true, "AddDate": true, "UnixNano": true, "UnixMilli": true, "UnixMicro": true}
	looked := 0
	for _, p := range list(t, "./stream", "./xmpp", "./xmpp/websocket", "./xmpp/xmpptest", "./component", "./internal/wsconn") {
		for _, name := range p.GoFiles {
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, 0)
			require.NoError(t, err)
			looked++
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				sel, ok := call.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				text := sel.Sel.Name
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && (text == "Unix" || text == "Date") {
					text = "time." + text
				}
				// time.Unix(1, 0) is a deadline that has passed, whatever the clock says
				past := false
				if text == "time.Unix" {
					lit, ok := call.Args[0].(*ast.BasicLit)
					past = ok && lit.Value == "1"
				}
				if strips[text] || strings.HasPrefix(text, "time.") && !past {
					t.Errorf("%s: %s makes a time that goes by the wall clock", strings.TrimPrefix(fset.Position(call.Pos()).String(), root(t)), text)
				}
				return true
			})
		}
	}
	require.Greater(t, looked, 30, mod)
}
