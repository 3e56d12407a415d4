package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// expand puts the schemas of a directory in its place, in the order of their names.
func expand(args []string, extensions ...string) []string {
	if len(extensions) == 0 {
		extensions = []string{".yaml", ".yml", ".xsd"}
	}
	var files []string
	for _, arg := range args {
		if info, err := os.Stat(arg); err != nil || !info.IsDir() {
			files = append(files, arg)
			continue
		}
		entries, err := os.ReadDir(arg)
		if err != nil {
			files = append(files, arg) // reading it will say what is wrong
			continue
		}
		for _, e := range entries {
			if !e.IsDir() && slices.Contains(extensions, filepath.Ext(e.Name())) {
				files = append(files, filepath.Join(arg, e.Name()))
			}
		}
	}
	return files
}

// rewrite puts data in the place of what is in a file, which keeps its mode, in one step.
func rewrite(file string, data []byte) (err error) {
	if file, err = filepath.EvalSymlinks(file); err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".stanzagen-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(info.Mode().Perm()), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}

// plain takes the operation and the path off an error of the file system: both stand in the diagnostic already.
func plain(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}

// extension returns the extension of a file by which its reader is chosen.
func extension(file string) string { return filepath.Ext(file) }
