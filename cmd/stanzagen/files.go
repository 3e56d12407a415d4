package main

import (
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
