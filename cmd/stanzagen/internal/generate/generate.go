package generate

import (
	"maps"
	"path"
	"path/filepath"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/check"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// Compile makes the packages of the files of o, those that they import included.
func (k *Compiler) Compile(o Options, c *source.Collector) []*model.Package {
	l := &loader{Compiler: k, c: c, byPath: map[string]*check.Input{}, byName: map[string]*check.Input{}}
	l.load(o)
	return check.Link(l.inputs, c)
}

// Plan compiles the files of o and compares what comes out with what is on the disk. It returns nil if there are errors
// in c.
func (k *Compiler) Plan(o Options, c *source.Collector) *Plan {
	packages := k.Compile(o, c)
	if c.Errors() > 0 {
		return nil
	}
	files := k.Emit(packages, c)
	if o.All {
		maps.Copy(files, k.Table(packages, c))
	}
	for name := range files {
		if !filepath.IsLocal(filepath.FromSlash(name)) || !strings.HasSuffix(name, ".go") {
			c.Errorf(source.Pos{File: name}, "emitter made a file outside of the output")
		}
	}
	if c.Errors() > 0 {
		return nil
	}
	dirs := map[string]bool{}
	for _, p := range packages {
		if !p.Imported {
			dirs[path.Clean(p.Dir)] = true
		}
	}
	for name := range files {
		dirs[path.Dir(name)] = true
	}
	return compare(o, files, dirs, c)
}
