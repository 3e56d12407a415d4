package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/yamlfile"
)

// FuzzLink links whatever the reader makes of a text, however incomplete: it must not panic, and what it accepts has to
// keep the promises of the model.
func FuzzLink(f *testing.F) {
	for _, pattern := range []string{"../../testdata/*/*.txtar", "../../../../schema/*.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		require.NotEmpty(f, files)
		for _, file := range files {
			data, err := os.ReadFile(file)
			require.NoError(f, err)
			if strings.HasSuffix(file, ".yaml") {
				f.Add(string(data))
				continue
			}
			for _, member := range txtar.Parse(data).Files {
				f.Add(string(member.Data))
			}
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := &source.Collector{}
		file := yamlfile.Read("x.yaml", []byte(s), c)
		if file == nil {
			return
		}
		packages := Link([]*Input{{File: file, ImportPath: "example.org/x", Dir: "x"}}, c)
		require.Len(t, packages, 1)
		if c.Errors() == 0 {
			promises(t, packages[0])
		}
	})
}

// promises checks what the model says of itself.
func promises(t *testing.T, p *model.Package) {
	names := map[string]bool{}
	declare := func(name string) {
		require.True(t, model.IsExported(name), name)
		require.False(t, names[name], "%s is declared twice", name)
		names[name] = true
	}
	for _, ns := range p.Namespaces {
		declare(ns.GoName)
	}
	for _, e := range p.Enums {
		declare(e.GoName)
		if e.Numbers != 0 {
			declare(e.NumbersFunc)
		}
		for _, v := range e.Values {
			declare(v.GoName)
		}
	}
	for _, e := range p.Structs {
		declare(e.GoName)
		require.NotNil(t, e.Namespace)
		require.True(t, strings.HasPrefix(e.Doc, e.GoName+" "))
		require.Equal(t, e.Names != nil, len(e.Uses) == 0)
		fields := map[string]bool{}
		for i, f := range e.Fields {
			require.Equal(t, i, f.Index)
			require.Same(t, e, f.Parent)
			require.True(t, model.IsExported(f.GoName), f.GoName)
			require.False(t, fields[f.GoName], f.GoName)
			fields[f.GoName] = true
			require.True(t, strings.HasPrefix(f.Doc, f.GoName+" "))
			require.Equal(t, f.Kind == model.FieldAny || f.Kind == model.FieldChoice, f.Type == (model.Type{}))
			require.Equal(t, f.Kind == model.FieldChoice, f.Choice != nil)
			require.Equal(t, f.Default != nil, f.DefaultMethod != "")
		}
	}
	for _, e := range p.Structs {
		for _, f := range e.Choices() {
			if f.Choice.Parent != e {
				continue
			}
			declare(f.Choice.GoName)
			for _, a := range f.Choice.Alternatives {
				require.NotNil(t, a.Type.Element)
				if f.Choice.Wraps(a) {
					declare(a.GoName)
				} else {
					require.True(t, names[a.GoName], a.GoName)
				}
			}
		}
	}
	for _, f := range p.Forms {
		declare(f.GoName)
		fields := map[string]bool{}
		for _, x := range f.Fields {
			require.Equal(t, x.Kind != "fixed", x.GoName != "")
			require.False(t, fields[x.GoName] && x.GoName != "", x.GoName)
			fields[x.GoName] = true
		}
	}
	for _, q := range p.Queries {
		require.NotNil(t, q.Request)
		require.Same(t, q, q.Request.Query)
	}
}
