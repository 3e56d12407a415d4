package guard

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The map of files in DESIGN.md names files that exist, and all of those packages that it is
// complete for.
func TestDesignMap(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(root(t), "DESIGN.md"))
	require.NoError(t, err)
	_, text, found := strings.Cut(string(b), "\n## File map\n")
	require.True(t, found)
	text, _, _ = strings.Cut(text, "\n## ")
	named := map[string]map[string]bool{} // by folder
	name := regexp.MustCompile("`([^` ]+)`")
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		folder := ""
		for _, m := range name.FindAllStringSubmatch(paragraph, -1) {
			if !strings.HasSuffix(m[1], ".go") {
				if info, err := os.Stat(filepath.Join(root(t), m[1])); err == nil && info.IsDir() {
					folder = m[1]
				}
				continue
			}
			files, err := filepath.Glob(filepath.Join(root(t), folder, m[1]))
			require.NoError(t, err)
			require.NotEmpty(t, files, "%s has no %s", folder, m[1])
			for _, file := range files {
				if named[folder] == nil {
					named[folder] = map[string]bool{}
				}
				named[folder][filepath.Base(file)] = true
			}
		}
	}
	for _, folder := range []string{"stream", "xmpp"} {
		files, err := filepath.Glob(filepath.Join(root(t), folder, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			base := filepath.Base(file)
			switch {
			case strings.HasSuffix(base, "_test.go"), base == "doc.go":
			case !named[folder][base]:
				t.Errorf("DESIGN.md does not say what %s/%s is for", folder, base)
			}
		}
	}
}
