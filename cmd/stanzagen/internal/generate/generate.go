package generate

import (
	"maps"
	"path"
	"path/filepath"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/check"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// Compile makes the packages of the files of o, those that they import included.
func (k *Compiler) Compile(o Options, c *source.Collector) []*model.Package {
	return check.Link(k.load(o, c), c)
}

// Trees returns the syntax trees of the files of o, in their order. They were checked as if they were to be compiled.
func (k *Compiler) Trees(o Options, c *source.Collector) []*syntax.File {
	inputs := k.load(o, c)
	check.Link(inputs, c)
	var trees []*syntax.File
	for _, in := range inputs {
		if !in.Imported {
			trees = append(trees, in.File)
		}
	}
	return trees
}

func (k *Compiler) load(o Options, c *source.Collector) []*check.Input {
	l := &loader{Compiler: k, c: c, byPath: map[string]*check.Input{}, byName: map[string]*check.Input{}}
	l.load(o)
	return l.inputs
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
			c.Errorf(source.Pos{File: name}, "emitter made a file outside of the output").Rule(rule.Output)
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
