package gen_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	packageClause = regexp.MustCompile(`(?m)^package \w+_test$`)
	exampleFunc   = regexp.MustCompile(`(?m)^func Example(\w*)\(`)
)

// TestPackageExamples runs the examples of all generated packages in one program: as many programs as there are packages take
// minutes to link, and `go test ./...` is for who has them.
func TestPackageExamples(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds a program")
	}
	files, err := filepath.Glob(filepath.FromSlash("*/example_gen_test.go"))
	require.NoError(t, err)
	require.Greater(t, len(files), 100)
	here, err := filepath.Abs(".")
	require.NoError(t, err)
	dir, overlay, count := t.TempDir(), map[string]string{}, 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		pkg := filepath.Dir(file)
		text := packageClause.ReplaceAllString(string(b), "package examples")
		count += len(exampleFunc.FindAllString(text, -1))
		text = exampleFunc.ReplaceAllString(text, "func Example_"+pkg+"${1}(")
		name := filepath.Join(dir, pkg+"_test.go")
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
		overlay[filepath.Join(here, "internal", "examples", pkg+"_test.go")] = name
	}
	b, err := json.Marshal(map[string]any{"Replace": overlay})
	require.NoError(t, err)
	name := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(name, b, 0o644))
	program := filepath.Join(dir, "examples.test")
	out, err := exec.CommandContext(t.Context(), "go", "test", "-overlay", name, "-vet=off", "-c", "-o", program, "./internal/examples").CombinedOutput()
	require.NoError(t, err, "%s", out)
	out, err = exec.CommandContext(t.Context(), program, "-test.v").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, count, strings.Count(string(out), "--- PASS: Example"), string(out))
}
