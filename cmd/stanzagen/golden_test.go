package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/emit"
	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// goldenPath is the import path of the golden packages, in this module but in no directory of it.
const goldenPath = model.Module + "/golden/"

// golden generates the packages of the schemas in an archive. A line "files:" of the comment lists those of the command
// line, tea.yaml if there is none.
func golden(t *testing.T, archive string) (a *txtar.Archive, files map[string][]byte) {
	a, err := txtar.ParseFile(archive)
	require.NoError(t, err)
	dir := t.TempDir()
	for _, f := range a.Files {
		if ext := filepath.Ext(f.Name); ext == ".yaml" || ext == ".xsd" {
			require.NoError(t, os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644))
		}
	}
	names := []string{"tea.yaml"}
	for line := range strings.Lines(string(a.Comment)) {
		if list, ok := strings.CutPrefix(line, "files:"); ok {
			names = strings.Fields(list)
		}
	}
	o := generate.Options{Out: dir, ImportPath: goldenPath + strings.TrimSuffix(filepath.Base(archive), ".txtar")}
	for _, name := range names {
		o.Files = append(o.Files, filepath.Join(dir, name))
	}
	c := &source.Collector{}
	files = emit.Generate(compiler().Compile(o, c), c)
	require.Empty(t, c.Diagnostics())
	require.NotEmpty(t, files)
	return a, files
}

// TestGolden compares the generated code with that in the archives.
func TestGolden(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/gen/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, archives)
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, files := golden(t, archive)
			isGo := func(f txtar.File) bool { return strings.HasSuffix(f.Name, ".go") }
			if *update {
				a.Files = slices.DeleteFunc(a.Files, isGo)
				for _, name := range slices.Sorted(maps.Keys(files)) {
					a.Files = append(a.Files, txtar.File{Name: name, Data: files[name]})
				}
				require.NoError(t, os.WriteFile(archive, txtar.Format(a), 0o644))
				return
			}
			want := map[string]string{}
			for _, f := range a.Files {
				if isGo(f) {
					want[f.Name] = string(f.Data)
				}
			}
			require.ElementsMatch(t, slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(files)))
			for name, data := range files {
				require.Equal(t, want[name], string(data), "%s: run the test with -update to accept", name)
			}
		})
	}
}

// TestGoldenCompiles compiles the golden code, all of it at once. (Vet needs real directories; it sees the packages below gen.)
func TestGoldenCompiles(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs the go command")
	}
	archives, err := filepath.Glob("testdata/gen/*.txtar")
	require.NoError(t, err)
	root, err := filepath.Abs(filepath.FromSlash("../.."))
	require.NoError(t, err)
	dir := t.TempDir()
	overlay := map[string]string{}
	packages := map[string]bool{}
	for i, archive := range archives {
		_, files := golden(t, archive)
		name := strings.TrimSuffix(filepath.Base(archive), ".txtar")
		for file, data := range files {
			real := filepath.Join(dir, strconv.Itoa(i)+"_"+strings.ReplaceAll(file, "/", "_"))
			require.NoError(t, os.WriteFile(real, data, 0o644))
			overlay[filepath.Join(root, "golden", name, filepath.FromSlash(file))] = real
			packages[goldenPath+name+"/"+strings.Split(file, "/")[0]] = true
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": overlay})
	require.NoError(t, err)
	overlayFile := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, list, 0o644))
	args := append([]string{"build", "-overlay", overlayFile}, slices.Sorted(maps.Keys(packages))...)
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
