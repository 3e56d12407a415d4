package main

import (
	"bytes"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/draft"
	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// TestDraftsOfPublishedXSDs makes drafts of all published XSDs that compile, and compiles those. Without guesses, the
// code is that of the XSD to the byte, but for the name of the file that it was made from. With them, it
// differs in the fields whose type is a guess and nowhere else.
func TestDraftsOfPublishedXSDs(t *testing.T) {
	t.Parallel()
	dir := shared(t)
	var xsds []string
	for _, pattern := range []string{"*.xsd", "core/*/*.xsd"} {
		some, err := filepath.Glob(filepath.Join(dir, "xsd", filepath.FromSlash(pattern)))
		require.NoError(t, err)
		xsds = append(xsds, some...)
	}
	drafts, guessed, fields := 0, 0, 0
	for _, path := range xsds {
		direct, files := compileOne(t, path, nil)
		if direct == nil {
			continue
		}
		require.Len(t, files, 1)
		plain, _ := compileOne(t, path, draft.Write(files[0], nil, &source.Collector{}))
		require.Equal(t, direct, plain, path)
		drafts++

		guesses := draft.Guess(files[0])
		if len(guesses) == 0 {
			continue
		}
		guessed++
		fields += len(guesses)
		text := draft.Write(files[0], guesses, &source.Collector{})
		require.Equal(t, len(guesses), bytes.Count(text, []byte(" # guess\n")), path)
		with, _ := compileOne(t, path, text)
		require.Equal(t, slices.Sorted(maps.Keys(direct)), slices.Sorted(maps.Keys(with)), path)
		for name := range direct {
			if !strings.HasSuffix(name, "codec_gen.go") {
				requireGuessed(t, direct[name], with[name])
			}
		}
	}
	t.Logf("%d drafts, %d of them with guesses, %d of those", drafts, guessed, fields)
	require.Greater(t, drafts, 380)
	require.Greater(t, fields, 100)
}

// compileOne compiles an XSD, or text in its place, and returns the code and the tree. Without text, code is nil if the XSD
// is refused; text must compile without a word.
func compileOne(t *testing.T, path string, text []byte) (code map[string][]byte, files []*syntax.File) {
	k, c := compiler(), &source.Collector{}
	read := k.SetReaders[".xsd"]
	k.SetReaders = map[string]generate.SetReader{".xsd": func(set []source.File, others []*syntax.File, c *source.Collector) []*syntax.File {
		if text != nil {
			files = []*syntax.File{k.Readers[".yaml"](set[0].Path, text, c)}
		} else {
			files = read(set, others, c)
		}
		return files
	}}
	packages := k.Compile(generate.Options{Files: []string{path}, ImportPath: "example.org/drafts"}, c)
	if text != nil {
		require.Empty(t, c.Diagnostics(), "%s", text)
	}
	if c.Errors() > 0 {
		return nil, nil
	}
	code = k.Emit(packages, c)
	require.Zero(t, c.Errors())
	return code, files
}

// requireGuessed compares code line by line: lines that differ are fields, imports or doc comments of guessed types.
func requireGuessed(t *testing.T, direct, with []byte) {
	lines := map[string]int{}
	for line := range strings.Lines(string(direct)) {
		lines[strings.TrimSpace(line)]++
	}
	for line := range strings.Lines(string(with)) {
		if line = strings.TrimSpace(line); lines[line] > 0 {
			lines[line]--
			continue
		}
		ok := strings.Contains(line, " jid.JID ") || strings.Contains(line, " stanza.DateTime ") || strings.HasPrefix(line, `"stanza.invalid/`) ||
			strings.Contains(line, "[]jid.JID ") || strings.Contains(line, "[]stanza.DateTime ") || line == "import (" || line == ")"
		require.True(t, ok, "%s", line)
	}
}
