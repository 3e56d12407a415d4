package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// TestModel compares a description of the model that comes out of a schema with the archive's file "model".
func TestModel(t *testing.T) {
	t.Parallel()
	const archive = "testdata/model/tea.txtar"
	a, err := txtar.ParseFile(archive)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "tea.yaml")
	require.NoError(t, os.WriteFile(file, a.Files[0].Data, 0o644))
	k := compiler()
	k.BuiltIn = fstest.MapFS{"cups.yaml": {Data: a.Files[1].Data}}
	c := &source.Collector{}
	packages := k.Compile(generate.Options{Files: []string{file}, Out: "x", ImportPath: "example.org/gen"}, c)
	require.Empty(t, c.Diagnostics())
	var b strings.Builder
	for _, p := range packages {
		describePackage(&b, p)
	}
	if *update {
		a.Files[2].Data = []byte(b.String())
		require.NoError(t, os.WriteFile(archive, txtar.Format(a), 0o644))
		return
	}
	require.Equal(t, string(a.Files[2].Data), b.String(), "run the test with -update to accept")
	for _, p := range packages {
		for _, e := range p.Structs {
			require.Same(t, p, e.Package)
			for i, f := range e.Fields {
				require.Equal(t, i, f.Index)
				require.Same(t, e, f.Parent)
				require.True(t, f.Pos.IsValid())
			}
		}
	}
}

func describePackage(b *strings.Builder, p *model.Package) {
	fmt.Fprintf(b, "package %s %s dir=%s from=%s imported=%t link=%s features=%v\n", p.Name, p.ImportPath, p.Dir, p.Source, p.Imported, p.Link, p.Features)
	fmt.Fprintf(b, "  doc %q\n", p.Doc)
	for _, i := range p.Imports {
		fmt.Fprintf(b, "  import %s\n", i.ImportPath)
	}
	for _, ns := range p.Namespaces {
		fmt.Fprintf(b, "  const %s = %q // %s\n", ns.GoName, ns.URI, ns.Doc)
	}
	for _, e := range p.Enums {
		fmt.Fprintf(b, "  enum %s %s names=%t // %s %s\n", e.GoName, e.Base, e.NamesElements, e.Doc, e.Link)
		for _, v := range e.Values {
			fmt.Fprintf(b, "    %s = %q %d // %s %s\n", v.GoName, v.Value.Text, v.Value.Int, v.Doc, v.Link)
		}
	}
	for _, e := range p.Structs {
		describeStruct(b, e)
	}
	for _, q := range p.Queries {
		result := "empty"
		if q.Result != nil {
			result = q.Result.Package.Name + "." + q.Result.GoName
		}
		fmt.Fprintf(b, "  query %s %s -> %s of %s\n", q.IQType, q.Request.GoName, result, q.Payload.GoName)
	}
	for _, e := range p.Examples {
		var structs []string
		for _, s := range e.Structs {
			structs = append(structs, s.GoName)
		}
		fmt.Fprintf(b, "  example %s%s %v %s\n", e.Stanza, e.IQType, structs, e.XML)
	}
}

func describeStruct(b *strings.Builder, e *model.Element) {
	role := map[model.Role]string{model.Payload: "payload", model.Request: "request", model.Nested: "nested"}[e.Role]
	fmt.Fprintf(b, "  %s %s local=%q ns=%s in=%05b uses=%v sender=%s features=%v", role, e.GoName, e.Local, e.Namespace.GoName, e.In, e.Uses, e.Sender, e.Features)
	if e.Names != nil {
		fmt.Fprintf(b, " names=%s", e.Names.GoName)
	}
	if e.Like != nil {
		fmt.Fprintf(b, " like=%s", e.Like.GoName)
	}
	if e.Query != nil {
		fmt.Fprintf(b, " query=%s", e.Query.IQType)
	}
	if e.Recursive {
		b.WriteString(" recursive")
	}
	fmt.Fprintf(b, "\n    // %s %s\n", e.Doc, e.Link)
	for _, f := range e.Fields {
		describeField(b, f)
	}
}

func describeField(b *strings.Builder, f *model.Field) {
	kind := []string{"name", "attr", "text", "child", "names", "stanza", "choice", "any"}[f.Kind]
	typ := f.Type.Scalar.String() + f.Type.Stanza
	if f.Type.Enum != nil {
		typ = f.Type.Enum.Package.Name + "." + f.Type.Enum.GoName
	}
	if f.Type.Element != nil {
		typ = f.Type.Element.Package.Name + "." + f.Type.Element.GoName
	}
	fmt.Fprintf(b, "    %d %s %s %s%s", f.Index, kind, f.GoName, []string{"", "*", "[]"}[f.Shape], typ)
	if f.Name != (model.Name{}) {
		fmt.Fprintf(b, " %s", f.Name)
	}
	if f.Namespace != nil {
		fmt.Fprintf(b, " %s.%s same=%t", f.Namespace.Package.Name, f.Namespace.GoName, f.SameNS)
	}
	if f.Required {
		b.WriteString(" required")
	}
	if f.Default != nil {
		fmt.Fprintf(b, " default=%s %s()", f.Default.Text, f.DefaultMethod)
	}
	fmt.Fprintf(b, " // %s %s\n", f.Doc, f.Link)
}
