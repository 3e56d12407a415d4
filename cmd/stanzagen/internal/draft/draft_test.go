package draft_test

import (
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/draft"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
	"stanza.invalid/cmd/stanzagen/internal/xsdfile"
	"stanza.invalid/cmd/stanzagen/internal/yamlfile"
)

var update = flag.Bool("update", false, "write what comes out into the golden files")

// TestWrite compares the drafts of the XSDs of each archive with those in it.
func TestWrite(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, archives)
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(archive)
			require.NoError(t, err)
			out := &txtar.Archive{Comment: a.Comment}
			var files []source.File
			for _, f := range a.Files {
				if filepath.Ext(f.Name) == ".xsd" {
					files = append(files, source.File{Path: f.Name, Data: f.Data})
					out.Files = append(out.Files, f)
				}
			}
			c := &source.Collector{}
			for _, f := range xsdfile.ReadAll(files, nil, c) {
				f.Spec = f.Namespaces[0].URI
				guesses := draft.Guess(f)
				name := strings.TrimSuffix(f.Path, ".xsd") + ".yaml"
				text := draft.Write(f, guesses, c)
				requireSame(t, f, text)
				out.Files = append(out.Files, txtar.File{Name: name, Data: text})
			}
			require.Empty(t, c.Diagnostics())
			if *update {
				require.NoError(t, os.WriteFile(archive, txtar.Format(out), 0o644))
				return
			}
			require.Equal(t, string(txtar.Format(a)), string(txtar.Format(out)), "run the test with -update to accept")
		})
	}
}

// TestWriteAll makes drafts of the XSDs that the reader is tested with: reading them gives the tree again.
func TestWriteAll(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("../xsdfile/testdata/read/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, archives)
	for _, archive := range archives {
		a, err := txtar.ParseFile(archive)
		require.NoError(t, err)
		for _, file := range a.Files {
			if f := xsdfile.Read(file.Name, file.Data, &source.Collector{}); filepath.Ext(file.Name) == ".xsd" && f != nil {
				f.Spec = f.Namespaces[0].URI
				requireSame(t, f, draft.Write(f, draft.Guess(f), &source.Collector{}))
			}
		}
	}
}

// requireSame reads a draft and compares the tree with the one that it was made of.
func requireSame(t require.TestingT, f *syntax.File, text []byte) {
	c := &source.Collector{}
	again := yamlfile.Read(f.Path, text, c)
	require.Empty(t, c.Diagnostics(), "%s", text)
	want := *f
	want.Format = syntax.YAML
	for _, e := range slices.Concat(want.Elements, want.Types, again.Elements, again.Types) {
		if e.Text != nil && !e.Text.Type.IsSet() {
			e.Text.Type = syntax.String{Pos: f.Pos, Value: "string"} // what a text is if nothing is said
		}
	}
	forget(reflect.ValueOf(&want))
	forget(reflect.ValueOf(again))
	require.Equal(t, &want, again, "%s", text)
}

// forget makes all places the same that are known.
func forget(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			forget(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			forget(v.Index(i))
		}
	case reflect.Struct:
		if pos, ok := v.Addr().Interface().(*source.Pos); ok {
			if pos.IsValid() {
				*pos = source.Pos{File: "x", Line: 1, Col: 1}
			}
			return
		}
		for i := range v.NumField() {
			forget(v.Field(i))
		}
	}
}

// TestWriteTexts writes texts of all sorts: they are read as they were.
func TestWriteTexts(t *testing.T) {
	t.Parallel()
	pos := source.Pos{File: "x.xsd", Line: 1, Col: 1}
	alphabet := append([]rune("ab -:#,[]{}&*!|>'\"%@`?\\~<=/.09\t\né\u00a0\u2028\ufeff\U0001f375"), 'n', 'u', 'l', 't', 'r', 'e', 'y', 's')
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		some := func() syntax.String {
			text := make([]rune, random.IntN(1+random.IntN(200)))
			for i := range text {
				text[i] = alphabet[random.IntN(len(alphabet))]
			}
			return syntax.String{Pos: pos, Value: string(text)}
		}
		f := &syntax.File{Pos: pos, Path: "x.xsd", Spec: some(), Doc: some(), Package: some()}
		f.Namespaces = []*syntax.Namespace{{Pos: pos, Key: syntax.String{Pos: pos}, URI: some()}, {Pos: pos, Key: some(), URI: some(), Go: some()}}
		f.Enums = []*syntax.Enum{{Pos: pos, Type: some(), Doc: some(), Values: []*syntax.EnumValue{{Pos: pos, Value: some(), Doc: some()}}}}
		f.Elements = []*syntax.Element{{
			Pos: pos, Name: some(), Type: some(),
			Attrs:    []*syntax.Attr{{Pos: pos, Name: some(), Default: some(), Doc: some()}},
			Children: []*syntax.Child{{Pos: pos, Name: some(), Type: some(), Many: syntax.Bool{Pos: pos, Value: true}}},
			Text:     &syntax.Text{Pos: pos, Type: some(), Doc: some()},
			Any:      &syntax.Any{Pos: pos, Doc: some()},
		}}
		if f.Namespaces[1].Key.Value == "" {
			f.Namespaces[1].Key.Value = "k"
		}
		requireSame(t, f, draft.Write(f, nil, &source.Collector{}))
	}
}
