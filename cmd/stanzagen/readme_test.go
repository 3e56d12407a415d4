package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestManual does what README.md says, in an empty directory: blocks of YAML and XML are the files that the text before them
// names, and the commands of the others give the output that stands behind them. A line of three dots stands for any lines.
func TestManual(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("the manual is written for sh")
	}
	data, err := os.ReadFile("README.md")
	require.NoError(t, err)
	dir := t.TempDir()
	block := regexp.MustCompile("(?s)```([a-z]*)\n(.*?)```")
	file := regexp.MustCompile("`([a-z]+\\.(?:yaml|xml|xsd))`[^`]*$")
	rest, seen := string(data), map[string]int{}
	for {
		at := block.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		before, lang, text := rest[:at[0]], rest[at[2]:at[3]], rest[at[4]:at[5]]
		rest = rest[at[1]:]
		seen[lang]++
		switch lang {
		case "console":
			session(t, dir, text)
		case "yaml", "xml":
			if name := file.FindStringSubmatch(before); name != nil {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name[1]), []byte(text), 0o644))
				continue
			}
			// a part of a schema: with it, what it says holds
			require.Equal(t, "yaml", lang)
			whole, err := os.ReadFile(filepath.Join(dir, "cup.yaml"))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "part.yaml"), append(whole, text...), 0o644))
			out := shell(dir, "stanzagen lint part.yaml")
			require.NotContains(t, out, "doc-required")
			require.NotContains(t, out, "ignore-")
		default:
			t.Errorf("nobody tests this block of %q:\n%s", lang, text)
		}
	}
	require.Greater(t, seen["console"], 8)
}

// session runs the commands of a block and compares what they write.
func session(t *testing.T, dir, text string) {
	t.Helper()
	for part := range strings.SplitSeq(strings.TrimPrefix("\n"+text, "\n$ "), "\n$ ") {
		command, want, _ := strings.Cut(strings.TrimSuffix(part, "\n"), "\n")
		pattern := strings.ReplaceAll(regexp.QuoteMeta(want), `\.\.\.`, `(?s:.*)`)
		require.Regexp(t, "^"+pattern+"\n?$", shell(dir, command), command)
	}
}

func shell(dir, command string) string {
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if _, isExit := err.(*exec.ExitError); err != nil && !isExit {
		return err.Error()
	}
	return string(out)
}

// TestManualRules keeps the table of rules in README.md the same as the rules.
func TestManualRules(t *testing.T) {
	t.Parallel()
	const start, end = "<!-- the table of rules -->\n", "<!-- the end of the table of rules -->\n"
	data, err := os.ReadFile("README.md")
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(data), start)
	require.True(t, found)
	_, after, found := strings.Cut(rest, end)
	require.True(t, found)
	var table strings.Builder
	table.WriteString("| code | what was found | by |\n|---|---|---|\n")
	for _, e := range ruleEntries() {
		by := regexp.MustCompile(`stanzagen ([a-z]+( -+[a-z]+)?)`).FindStringSubmatch(e.by)
		require.NotNil(t, by, e.by)
		fmt.Fprintf(&table, "| `%s` | %s | `%s` |\n", e.code, e.summary, by[1])
	}
	want := before + start + table.String() + end + after
	if *update {
		require.NoError(t, os.WriteFile("README.md", []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(data), "run the test with -update")
}
