package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"stanza.invalid/cmd/stanzagen/internal/lint"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// published compiles the XSDs below some directories that have a namespace of one of the schemas. Those that do not
// compile are noted, not reported: they are not the user's.
func (s *system) published(dirs []string, schemas []lint.Schema, c *source.Collector) ([]*model.Package, error) {
	var namespaces [][]byte
	for _, schema := range schemas {
		for _, ns := range schema.Package.Namespaces {
			namespaces = append(namespaces, []byte(ns.URI))
		}
	}
	var files []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && filepath.Ext(path) == ".xsd" {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("XSDs cannot be read: %w", err)
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there are no XSDs in %v", dirs)
	}
	slices.Sort(files)
	var packages []*model.Package
	progress := s.progress("comparing with XSDs", len(files))
	defer progress.done()
	for _, file := range files {
		progress.step(filepath.Base(file))
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(namespaces, func(ns []byte) bool { return bytes.Contains(data, ns) }) {
			continue
		}
		own := &source.Collector{}
		compiled := s.compile([]string{file}, own)
		if own.Errors() > 0 || len(compiled) == 0 {
			c.Report(&source.Diagnostic{Pos: source.Pos{File: file}, Severity: source.Note, Code: "xsd-broken", Msg: "XSD does not compile, so nothing is compared with it"})
			continue
		}
		packages = append(packages, compiled...)
	}
	return packages, nil
}
