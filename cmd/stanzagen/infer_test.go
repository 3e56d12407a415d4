package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/emit"
	"stanza.invalid/cmd/stanzagen/internal/explain"
	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/infer"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/stanzaxml"
	"stanza.invalid/cmd/stanzagen/internal/yamlfile"
)

// inferred drafts a schema of some XML and formats it.
func inferred(t *testing.T, xml, pkg string, known func(model.Name) (string, string)) string {
	t.Helper()
	elements, err := stanzaxml.Parse("in", xml)
	require.NoError(t, err)
	d := infer.Infer(elements, infer.Options{Package: pkg, Known: known})
	if d.YAML == "" {
		return ""
	}
	c := &source.Collector{}
	out := yamlfile.Format("draft.yaml", []byte(d.YAML), c)
	require.Empty(t, c.Diagnostics(), d.YAML)
	return string(out)
}

// TestInferDecodes infers a schema from the examples of each schema of the project, and of some logs beside. All of them compile;
// their types decode what they were inferred from, with nothing left over.
func TestInferDecodes(t *testing.T) {
	t.Parallel()
	packages := own(t)
	dir := t.TempDir()
	inputs := map[string]string{}
	for _, p := range packages {
		for _, e := range p.Examples {
			inputs[p.Name] += e.XML + "\n"
		}
	}
	logs, err := filepath.Glob("testdata/infer/*.xml")
	require.NoError(t, err)
	require.NotEmpty(t, logs)
	for _, log := range logs {
		data, err := os.ReadFile(log)
		require.NoError(t, err)
		inputs[strings.TrimSuffix(filepath.Base(log), ".xml")] = string(data)
	}
	o, tried := generate.Options{Out: dir, ImportPath: goldenPath + "inferred", All: true}, 0
	for name, xml := range inputs {
		var others []*model.Package
		for _, p := range packages {
			if p.Name != name {
				others = append(others, p)
			}
		}
		elements, err := stanzaxml.Parse(name, xml)
		require.NoError(t, err)
		text := inferred(t, xml, "inferred"+name, known(others, elements))
		if text == "" {
			continue
		}
		file := filepath.Join(dir, name+".yaml")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		c := &source.Collector{}
		compiledDraft := compiler().Compile(generate.Options{Files: []string{file}, Out: dir, ImportPath: "example.org/gen"}, c)
		require.Empty(t, c.Diagnostics(), text)
		// what the model says of the input
		explain.NewIndex(append(compiledDraft, packages...)).XML(elements, c)
		for _, d := range c.Diagnostics() {
			require.Equal(t, source.Note, d.Severity, "%s\n%s", d, text)
		}
		tried++
		if slices.Contains([]string{"teahouse", "odd", "disco", "mam", "muc", "sasl", "vcard"}, name) { // building takes its time
			o.Files = append(o.Files, file)
		}
	}
	require.Greater(t, tried, len(packages)/2)
	if testing.Short() {
		t.Skip("runs the go command")
	}
	// what the Go types do with it
	c := &source.Collector{}
	k := compiler()
	drafts := k.Compile(o, c)
	files := emit.Generate(drafts, c)
	maps.Copy(files, emit.Table(drafts, c))
	require.Empty(t, c.Diagnostics())
	program, err := os.ReadFile("testdata/infer/decode.go")
	require.NoError(t, err)
	files["decode/main.go"] = []byte(strings.ReplaceAll(string(program), "MODULE", model.Module))
	out, err := runOverlay(t, "golden/inferred", files, "run", goldenPath+"inferred/decode")
	require.NoError(t, err, "%s", out)
	require.Regexp(t, `^\d\d+ examples\n$`, string(out))
}

// runOverlay runs the go command as if files stood in a directory of the module that is not there.
func runOverlay(t *testing.T, dir string, files map[string][]byte, args ...string) ([]byte, error) {
	t.Helper()
	root, err := filepath.Abs(filepath.FromSlash("../.."))
	require.NoError(t, err)
	tmp := t.TempDir()
	overlay := map[string]string{}
	for file, data := range files {
		real := filepath.Join(tmp, fmt.Sprintf("%d_%s", len(overlay), strings.ReplaceAll(file, "/", "_")))
		require.NoError(t, os.WriteFile(real, data, 0o644))
		overlay[filepath.Join(root, filepath.FromSlash(dir), filepath.FromSlash(file))] = real
	}
	list, err := json.Marshal(map[string]any{"Replace": overlay})
	require.NoError(t, err)
	overlayFile := filepath.Join(tmp, "overlay.json")
	require.NoError(t, os.WriteFile(overlayFile, list, 0o644))
	cmd := exec.Command("go", append([]string{args[0], "-trimpath", "-overlay", overlayFile}, args[1:]...)...)
	cmd.Dir = root
	return cmd.CombinedOutput()
}
