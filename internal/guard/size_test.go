package guard

import (
	"bytes"
	"debug/elf"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"
)

// TestGeneratedLength keeps generated files to a length that editors bear.
func TestGeneratedLength(t *testing.T) {
	t.Parallel()
	for _, name := range generatedFiles(t) {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		if n := bytes.Count(b, []byte("\n")); n > 6000 {
			t.Errorf("%s has %d lines", name, n)
		}
	}
}

func generatedFiles(t *testing.T) (names []string) {
	t.Helper()
	for _, pattern := range []string{"gen/*/*_gen.go", "gen/*/*/*_gen.go"} {
		found, err := filepath.Glob(filepath.Join(root(t), pattern))
		require.NoError(t, err)
		names = append(names, found...)
	}
	require.NotEmpty(t, names)
	return names
}

// TestGeneratedTables looks for what links types that nobody uses: variables of packages and functions init.
func TestGeneratedTables(t *testing.T) {
	t.Parallel()
	for _, name := range generatedFiles(t) {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.GenDecl:
				if d.Tok == token.VAR && !slices.ContainsFunc(d.Specs, func(s ast.Spec) bool { return s.(*ast.ValueSpec).Names[0].Name == "_" }) {
					t.Errorf("%s has a variable of the package", name)
				}
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					t.Errorf("%s has a function init", name)
				}
			}
		}
	}
}

// TestGeneratedImports checks that a package of types pulls in those that its schema names, and nothing that could be large.
func TestGeneratedImports(t *testing.T) {
	t.Parallel()
	mod := module(t)
	sources := map[string]string{}
	schemas, err := filepath.Glob(filepath.Join(root(t), "schema", "*.yaml"))
	require.NoError(t, err)
	for _, name := range schemas {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		if m := regexp.MustCompile(`(?m)^package: (\S+)$`).FindSubmatch(b); m != nil {
			sources[string(m[1])] = string(b)
		}
	}
	declared := regexp.MustCompile(`(?ms)^imports:(.*?)^\S`)
	for _, p := range list(t, "./gen/...") {
		name := strings.TrimPrefix(p.ImportPath, mod+"/gen/")
		text, ok := sources[name]
		if !ok {
			continue // gen itself, the tables, the sample
		}
		imports := declared.FindString(text)
		if strings.Contains(text, "\nforms:\n") {
			imports += " form" // which forms need
		}
		for _, imp := range p.Imports {
			if dep, ok := strings.CutPrefix(imp, mod+"/gen/"); ok && !regexp.MustCompile(`\b`+dep+`\b`).MatchString(imports) {
				t.Errorf("%s uses %s, which its schema does not import", name, dep)
			}
		}
		for _, dep := range p.Deps {
			switch {
			case dep == "net", dep == "net/http", dep == "log", dep == "text/template", strings.HasPrefix(dep, "crypto/tls"):
				t.Errorf("%s links %s", name, dep)
			case strings.HasPrefix(dep, mod+"/gen/") && dep == mod+"/gen/all":
				t.Errorf("%s links every type", name)
			}
		}
	}
}

// grown is a type of which a program makes use, and by how many kB it may grow with it. Linking a program for each takes
// seconds, so that these are the largest of those that are in use, and what they need: receipts, chat states, service
// discovery, forms, the roster and blocking are all below 50 kB.
var grown = []struct {
	pkg, typ string
	most     int64
}{
	{"carbons", "Received", 60},
	{"muc", "User", 60}, // with ten others in it
	{"mam", "Result", 60},
	{"jingle", "SessionInitiate", 60},
	{"omemo", "Encrypted", 60},
	{"pubsub", "Event", 80},
	{"rtp", "Description", 110}, // with those of five other specifications
	{"vcard", "VCard", 130},     // has 30 kinds of children
}

// TestGrowth measures by how much a component grows when it handles one type more: what it does not use must not come
// along. The programs are those of go build, symbols and debugging information included.
func TestGrowth(t *testing.T) {
	if testing.Short() {
		t.Skip("links programs")
	}
	t.Parallel()
	require.NoError(t, os.MkdirAll("testdata", 0o755))
	dir, err := os.MkdirTemp("testdata", "growth")
	require.NoError(t, err)
	t.Cleanup(func() {
		os.RemoveAll(dir)
		os.Remove("testdata") // if nothing else is in it
	})
	args := []string{"build", "-o", dir + "/"}
	write := func(name, imports, handler string) {
		file := filepath.Join(dir, "src", name, "main.go")
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		text := strings.ReplaceAll(growth, "MODULE", module(t))
		require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, text, imports, handler), 0o644))
		args = append(args, "./"+filepath.Dir(file))
	}
	write("base", "", "")
	for _, g := range grown {
		write(g.pkg, fmt.Sprintf("%q", path.Join(module(t), "gen", g.pkg)), fmt.Sprintf(
			`xmpp.OnMessage(func(ctx context.Context, m *stanza.Message, v *%s.%s) error { return xmpp.Send(ctx, with(m.Reply(""), v)) }),`, g.pkg, g.typ))
	}
	out, err := exec.Command("go", args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	size := func(name string) int64 { return programSize(t, filepath.Join(dir, name)) }
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, g := range grown {
		kB := float64(size(g.pkg)-size("base")) / 1000
		fmt.Fprintf(w, "%s.%s\t%.1f kB\tof %d\t\n", g.pkg, g.typ, kB, g.most)
		if kB >= float64(g.most) {
			t.Errorf("%s.%s makes a program %.1f kB larger", g.pkg, g.typ, kB)
		}
	}
	require.NoError(t, w.Flush())
	t.Logf("a component of %.1f MB grows by\n%s", float64(size("base"))/1e6, table.String())
}

// programSize returns how long a program is. Files of programs are padded to pages, so that their length goes in steps of
// 4 kB: what counts is in their sections.
func programSize(t *testing.T, name string) (n int64) {
	t.Helper()
	f, err := elf.Open(name)
	if err != nil {
		info, err := os.Stat(name) // not on Linux
		require.NoError(t, err)
		return info.Size()
	}
	defer f.Close()
	for _, s := range f.Sections {
		if s.Type != elf.SHT_NOBITS {
			n += int64(s.FileSize)
		}
	}
	return n
}

const growth = `package main

import (
	"context"
	"log"
	"os"

	"MODULE/component"
	"MODULE/xmpp"
	"MODULE/xmpp/jid"
	"MODULE/xmpp/stanza"
	%s
)

func with(m *stanza.Message, p stanza.Payload) *stanza.Message {
	m.Add(p)
	return m
}

func main() {
	mux := xmpp.NewMux(
		xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error { return xmpp.Send(ctx, with(m.Reply(body), nil)) }),
		%s
	)
	c, err := component.Dial(context.Background(), jid.MustParse("echo.example.org"), component.Config{
		Addr: "localhost:5347", Secret: os.Getenv("SECRET"), SessionConfig: xmpp.SessionConfig{Handler: mux},
	})
	if err != nil {
		log.Fatal(err)
	}
	<-c.Done()
	log.Fatal(c.Err())
}
`
