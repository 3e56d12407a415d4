package docs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Write writes a site into a folder. Files that are as they should be are not touched, and pages of an earlier site that this one has not
// are removed. A file in the way that was not made by stanzagen docs is an error, and then nothing is written.
func Write(dir string, files map[string][]byte) error {
	var stale []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		isStale, err := differs(filepath.Join(dir, filepath.FromSlash(name)), files[name])
		if err != nil {
			return err
		}
		if isStale {
			stale = append(stale, name)
		}
	}
	if err := prune(dir, files); err != nil {
		return err
	}
	for _, name := range stale {
		if err := put(filepath.Join(dir, filepath.FromSlash(name)), files[name]); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile writes a file that stands alone, under the same rules.
func WriteFile(file string, data []byte) error {
	if stale, err := differs(file, data); err != nil || !stale {
		return err
	}
	return put(file, data)
}

// differs reports whether a file is missing or stale. One that is not ours is an error.
func differs(file string, data []byte) (bool, error) {
	old, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, err
	case bytes.Equal(old, data):
		return false, nil
	case !ours(old):
		return false, fmt.Errorf("%s is in the way: it was not made by stanzagen docs", file)
	}
	return true, nil
}

func put(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// ours reports whether a file was made by stanzagen docs.
func ours(data []byte) bool { return bytes.Contains(data[:min(len(data), 512)], []byte(mark)) }

// prune removes what an earlier run has left of packages that are gone, in the folders of the site.
func prune(dir string, files map[string][]byte) error {
	for _, sub := range []string{"", "pkg", "assets"} {
		entries, err := os.ReadDir(filepath.Join(dir, sub))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			name := filepath.ToSlash(filepath.Join(sub, e.Name()))
			if _, made := files[name]; made || !e.Type().IsRegular() || !slices.Contains([]string{".html", ".js", ".css"}, filepath.Ext(name)) {
				continue
			}
			file := filepath.Join(dir, filepath.FromSlash(name))
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if ours(data) {
				if err := os.Remove(file); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
