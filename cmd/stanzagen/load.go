package main

import (
	"os"

	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/lint"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// nowhere is the import path of packages that are looked at but not generated.
const nowhere = "example.invalid/gen"

// compile makes the packages of schemas that are looked at, imported ones included. Diagnostics go to c.
func (s *system) compile(files []string, c *source.Collector) []*model.Package {
	return s.compiler.Compile(generate.Options{Files: files, Out: ".", ImportPath: nowhere}, c)
}

// schemas compiles files and returns what they say and mean, imported ones left out; nil if there are errors.
func (s *system) schemas(files []string, c *source.Collector) []lint.Schema {
	packages := s.compile(files, c)
	if c.Errors() > 0 {
		return nil
	}
	byFile := map[string]*model.Package{}
	for _, p := range packages {
		if !p.Imported {
			byFile[p.Pos.File] = p
		}
	}
	var all []lint.Schema
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			c.Errorf(source.Pos{File: file}, "schema cannot be read: %v", plain(err))
			return nil
		}
		read := s.compiler.Readers[extension(file)]
		if tree := read(file, data, &source.Collector{}); tree != nil && byFile[file] != nil {
			all = append(all, lint.Schema{File: tree, Package: byFile[file]})
		}
	}
	return all
}
