package snippet

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/yamlfile"
	"stanza.invalid/schema"
)

// compiled makes the packages of schemas.
func compiled(t *testing.T, importPath string, files ...string) []*model.Package {
	t.Helper()
	k := &generate.Compiler{Readers: map[string]generate.Reader{".yaml": yamlfile.Read}, BuiltIn: schema.FS}
	c := &source.Collector{}
	packages := k.Compile(generate.Options{Files: files, Out: "gen", ImportPath: importPath}, c)
	require.Empty(t, c.Diagnostics())
	return packages
}

// program is a Go package made of snippets, one file each, and a main that compares what they make with the examples.
type program struct {
	files map[string]string
	table strings.Builder
}

// add adds a file for a snippet.
func (p *program) add(s *Snippet, what, xml string) {
	n := len(p.files)
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n")
	for _, line := range append([]string{`"context"`, `"` + xmppPath + `"`, `"` + model.StanzaPath + `"`}, s.Imports...) {
		if !strings.Contains(b.String(), "\t"+line+"\n") {
			b.WriteString("\t" + line + "\n")
		}
	}
	fmt.Fprintf(&b, ")\n\n// %s\nfunc body%d(ctx context.Context, session *xmpp.Session) error {\n%s\n}\n", what, n, s.Body)
	fmt.Fprintf(&b, "\nvar _ stanza.Empty\n\nvar _ = body%d\n", n)
	if s.Value != "" {
		fmt.Fprintf(&b, "\nfunc value%d() (stanza.Payload, error) {\n%s\n}\n", n, s.Value)
		fmt.Fprintf(&p.table, "\t{%q, %q, %t, value%d},\n", what, xml, s.OfIQ, n)
	}
	p.files[fmt.Sprintf("snippet%d.go", n)] = b.String()
}

const programMain = `package main

import (
	"fmt"
	"os"
	"regexp"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

var table = []struct {
	what, xml string
	ofIQ      bool
	value     func() (stanza.Payload, error)
}{
TABLE}

var zeros = regexp.MustCompile("([.][0-9]*[1-9]|[.])0+([^0-9]|$)|(E-)0")

// element reads a stanza, or an element that is none. A value keeps no zeros that say nothing.
func element(text string) (wire.Raw, error) {
	text = zeros.ReplaceAllString(text, "$1$2$3")
	if s, err := stanza.Parse(text); err == nil {
		return s.(interface{ Element() wire.Raw }).Element(), nil
	}
	return wire.Parse(text)
}

func main() {
	failed := false
	for _, row := range table {
		if err := compare(row.xml, row.ofIQ, row.value); err != nil {
			fmt.Printf("%s: %v\n", row.what, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
	fmt.Println(len(table))
}

func compare(text string, ofIQ bool, value func() (stanza.Payload, error)) error {
	want, err := element(text)
	if err != nil {
		return err
	}
	if ofIQ {
		c := want.Children()
		c.Next()
		want = c.Raw()
	}
	v, err := value()
	if err != nil {
		return err
	}
	b, err := v.AppendXML(nil, "")
	if err != nil {
		return err
	}
	got, err := element(string(b))
	if err != nil {
		return err
	}
	if !wire.Equal(got, want) {
		return fmt.Errorf("the snippet makes\n\t%s\nthe example is\n\t%s", got, want)
	}
	return nil
}
`

// run compiles and runs the program as a package below gen, where it may import the package of the sample, and returns what it
// prints.
func (p *program) run(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../../../../..")
	require.NoError(t, err)
	dir := t.TempDir()
	p.files["main.go"] = strings.Replace(programMain, "TABLE", p.table.String(), 1)
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for name, text := range p.files {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		overlay.Replace[filepath.Join(root, "gen", "internal", "snippets", name)] = file
	}
	b, err := json.Marshal(overlay)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), b, 0o644))
	cmd := exec.CommandContext(t.Context(), "go", "run", "-overlay", filepath.Join(dir, "overlay.json"), "./gen/internal/snippets")
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return strings.TrimSpace(string(out))
}

// TestSnippets compiles all snippets of the project's schemas, and of the sample, in one program, and has it compare what they make
// with the examples.
func TestSnippets(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds a program")
	}
	schemas, err := filepath.Glob(filepath.FromSlash("../../../../../schema/*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, schemas)
	prog := &program{files: map[string]string{}}
	examples, beyond := 0, 0
	for _, packages := range [][]*model.Package{
		compiled(t, model.GenPath, schemas...),
		compiled(t, model.GenPath+"/internal", filepath.FromSlash("../../../testdata/sample.yaml")),
	} {
		lib := NewLibrary(packages)
		for _, p := range packages {
			if p.Imported {
				continue
			}
			for i, e := range p.Examples {
				what := fmt.Sprintf("%s, example %d", p.Source, i+1)
				s, err := lib.Example(p, e)
				if errors.Is(err, ErrBeyond) {
					beyond++
					continue
				}
				require.NoError(t, err, "%s\n%s", what, e.XML)
				prog.add(s, what, e.XML)
				examples++
			}
			for _, f := range p.Forms {
				prog.add(lib.Form(f), p.Name+"."+f.GoName, "")
			}
			for _, e := range p.Structs {
				if s := lib.Handler(e); s != nil {
					prog.add(s, p.Name+"."+e.GoName, "")
				}
			}
		}
	}
	require.Equal(t, fmt.Sprint(examples), prog.run(t))
	require.Less(t, beyond*10, examples, "few examples are more than a literal can say")
}
