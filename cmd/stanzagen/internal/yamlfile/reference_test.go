package yamlfile

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the tables of keys into the reference")

// TestReference keeps the tables at the end of the reference the same as the table of keys.
func TestReference(t *testing.T) {
	const file, start = "../../../../schema/README.md", "## All keys\n\n"
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	text, _, found := strings.Cut(string(data), start)
	require.True(t, found, "the reference has no section of keys")
	want := text + start + tables()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(data), "run the test with -update")
}

// TestReferenceTeaches wants every key to be met in the part of the reference that people read first, too.
func TestReferenceTeaches(t *testing.T) {
	data, err := os.ReadFile("../../../../schema/README.md")
	require.NoError(t, err)
	text, _, _ := strings.Cut(string(data), "## All keys\n")
	for _, k := range Keys() {
		met := regexp.MustCompile(`\b` + regexp.QuoteMeta(k.Name) + `\b`).MatchString(text)
		require.True(t, met, "key %s of %s", k.Name, k.Level)
	}
}

func tables() string {
	titles := map[Level]string{
		LevelFile: "The file", LevelNamespace: "A namespace", LevelImport: "An import", LevelIgnore: "An exception", LevelEnum: "An enum", LevelValue: "A value of an enum",
		LevelElement: "An element", LevelType: "A nested type", LevelAttr: "An attribute", LevelText: "The text", LevelChild: "A child",
		LevelOneOf: "One of several children", LevelAny: "Open content", LevelIQ: "IQ requests", LevelQuery: "One request", LevelWhen: "What tells elements apart",
		LevelForm: "A form", LevelField: "A field of a form", LevelOption: "An option of a list",
	}
	var b strings.Builder
	for i, l := range Levels() {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "### %s\n\n| key | value | meaning |\n|---|---|---|\n", titles[l])
		for _, k := range Keys() {
			if k.Level != l {
				continue
			}
			kind := string(k.Kind)
			if k.Required {
				kind += ", required"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.Name, kind, k.Doc)
		}
	}
	return b.String()
}

// TestKeys checks the table itself.
func TestKeys(t *testing.T) {
	levels := map[Level]bool{}
	for _, l := range Levels() {
		levels[l] = true
	}
	seen := map[string]bool{}
	for _, k := range Keys() {
		id := string(k.Level) + "." + k.Name
		require.False(t, seen[id], "%s stands twice", id)
		seen[id] = true
		require.True(t, levels[k.Level], "level of %s", id)
		require.True(t, strings.HasSuffix(k.Doc, "."), "doc of %s", id)
		hasMaps := k.Kind == KindTextOrMap || k.Kind == KindTrueOrMap || k.Kind == KindMap || k.Kind == KindMaps || k.Kind == KindMapOrMaps ||
			k.Kind == KindTextsOrMaps || k.Kind == KindTextOrMapMap
		require.Equal(t, hasMaps, k.Of != "", "of of %s", id)
	}
}
