package emit

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// tea is a package with one element, which has the fields that are given.
func tea(fields ...*model.Field) *model.Package {
	p := &model.Package{Pos: source.Pos{File: "tea.yaml"}, Source: "tea.yaml", Name: "tea", ImportPath: "example.org/tea", Dir: "tea", Doc: "Package tea."}
	ns := &model.Namespace{Package: p, GoName: "NS", URI: "urn:example:tea", Doc: "NS is it."}
	e := &model.Element{
		Pos: p.Pos, Package: p, Role: model.Payload, GoName: "Tea", Doc: "Tea is it.", Namespace: ns, Local: "tea",
		Uses: []model.Name{{Space: ns.URI, Local: "tea"}}, Sender: model.SenderAny, Fields: fields,
	}
	for i, f := range fields {
		f.Pos, f.Parent, f.Index, f.Namespace = p.Pos, e, i, ns
		if f.Name.Space == "" {
			f.Name.Space = ns.URI
		}
	}
	p.Namespaces, p.Structs = []*model.Namespace{ns}, []*model.Element{e}
	return p
}

// TestRefused checks what Go code cannot be written for.
func TestRefused(t *testing.T) {
	t.Parallel()
	child := func(typ model.Type, name model.Name) *model.Field {
		return &model.Field{Kind: model.FieldChild, GoName: "Cup", Doc: "Cup is it.", Name: name, Type: typ, Shape: model.Pointer, SameNS: true}
	}
	text := model.Type{Scalar: model.String}
	cups := &model.Package{Name: "cups"}
	nested := model.Type{Element: &model.Element{Package: cups, Role: model.Nested, GoName: "Cup"}}
	comma := tea()
	comma.Structs[0].Namespace.URI = "urn:a,b"
	all := tea()
	all.Name = TableName
	broken := tea()
	broken.Structs[0].GoName = "no name"
	for _, c := range []struct {
		pkg   *model.Package
		table bool
		want  string
	}{
		{tea(child(nested, model.Name{Local: "cup"})), false, "tea.yaml: type Cup is nested in package cups, so that other packages cannot use it [type-kind]\n\thint: make it an element there, with `in: [any]`"},
		{tea(child(text, model.Name{Space: "urn:a,b", Local: "cup"})), false, "tea.yaml: namespace urn:a,b has a comma, which struct tags cannot carry [namespace]"},
		{comma, false, "tea.yaml: namespace urn:a,b has a comma, which struct tags cannot carry [namespace]"},
		{all, true, "tea.yaml: package all leaves no room for the package all, which lists the types of the others [output]"},
	} {
		reported := &source.Collector{}
		if c.table {
			require.Empty(t, Table([]*model.Package{c.pkg}, reported))
		} else {
			Generate([]*model.Package{c.pkg}, reported)
		}
		require.NotEmpty(t, reported.Diagnostics())
		require.Equal(t, c.want, reported.Diagnostics()[0].String())
	}

	c := &source.Collector{}
	Generate([]*model.Package{broken}, c)
	require.Regexp(t, `^file tea/codec_gen.go cannot be generated: Error 9:12: .*$`, c.Diagnostics()[0].Msg)
	c = &source.Collector{}
	Generate([]*model.Package{tea(), tea()}, c)
	require.Equal(t, "tea.yaml: file tea/codec_gen.go is generated twice [output]", c.Diagnostics()[0].String())
}

// TestLong cuts codecs that would make too long a file into several files, which have all of them.
func TestLong(t *testing.T) {
	t.Parallel()
	p, c := tea(), &source.Collector{}
	for i := range 240 {
		e := *tea().Structs[0]
		e.Package, e.GoName = p, fmt.Sprintf("Order%d", i)
		p.Structs = append(p.Structs, &e)
	}
	files := Generate([]*model.Package{p}, c)
	require.Empty(t, c.Diagnostics())
	codecs := 0
	for name, b := range files {
		require.Less(t, bytes.Count(b, []byte("\n")), 6000, name)
		if strings.HasPrefix(name, "tea/codec") {
			codecs += strings.Count(string(b), ") DecodeXML(")
		}
	}
	require.Equal(t, len(p.Structs), codecs)
	require.Contains(t, files, "tea/codec_gen.go")
	require.Contains(t, files, "tea/codec2_gen.go")
}

// TestImported leaves out packages that others only refer to.
func TestImported(t *testing.T) {
	t.Parallel()
	p, c := tea(), &source.Collector{}
	p.Imported = true
	require.Empty(t, Generate([]*model.Package{p}, c))
	require.NotContains(t, string(Table([]*model.Package{p}, c)["all/all_gen.go"]), "Tea")
	require.Empty(t, c.Diagnostics())
}

func TestComment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, want string
		tabs       int
	}{
		{"A short one.", "// A short one.", 0},
		{"First.\n\nSecond\nparagraph.", "// First.\n//\n// Second paragraph.", 0},
		{"aaaa bbbb", "// aaaa\n// bbbb", 23},
		{"averyveryverylongword", "// averyveryverylongword", 24},
	} {
		require.Equal(t, c.want, comment(c.text, c.tabs))
	}
	require.Equal(t, "A b.\n\nSee https://example.org.", doc("A b.", "https://example.org"))
	require.Equal(t, "A b.", doc("A b.", ""))
}
