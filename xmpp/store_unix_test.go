//go:build unix

package xmpp_test

import (
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// checkPrivate requires that only their owner can read the files of a folder.
func checkPrivate(t *testing.T, dir string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		info, err := f.Info()
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	}
}
