package docs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	first := built(t, many(3, 1), nil)
	require.NoError(t, Write(dir, first))
	for name, want := range first {
		got, err := os.ReadFile(at(name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
	before, err := os.Stat(at("pkg/p000.html"))
	require.NoError(t, err)

	for _, name := range []string{"notes.html", "pkg/other.html", "robots.txt"} {
		require.NoError(t, os.WriteFile(at(name), []byte("by hand"), 0o644))
	}
	require.NoError(t, Write(dir, built(t, many(2, 1), nil)))
	require.NoFileExists(t, at("pkg/p002.html"), "its package is gone")
	require.FileExists(t, at("pkg/p001.html"))
	for _, name := range []string{"notes.html", "pkg/other.html", "robots.txt"} {
		require.FileExists(t, at(name), "it is not ours")
	}
	after, err := os.Stat(at("pkg/p000.html"))
	require.NoError(t, err)
	require.Equal(t, before.ModTime(), after.ModTime(), "it was not touched")

	require.NoError(t, os.WriteFile(at("index.html"), []byte("by hand"), 0o644))
	require.NoError(t, os.Remove(at("pkg/p000.html")))
	require.ErrorContains(t, Write(dir, first), "index.html is in the way")
	require.NoFileExists(t, at("pkg/p000.html"), "nothing is written then")
}
