package show_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/cmd/stanzacat/internal/show"
	"stanza.invalid/gen/all"
	"stanza.invalid/internal/typed"
	"stanza.invalid/stream/wire"
)

// TestGoCompiles makes one program of the Go for the examples of the schemas. It compiles, and what it writes has
// the values that the Go was made of.
func TestGoCompiles(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a program")
	}
	t.Parallel()
	table := typed.NewTable()
	var body bytes.Buffer
	imports := map[string]bool{}
	var want []string
	for i, x := range all.Examples() {
		r, err := wire.ParseIn(x.XML, wire.NewContext(wire.NSClient, ""))
		require.NoError(t, err)
		e := table.Read(r)
		code := string(show.Go(e, i))
		name, _, _ := strings.Cut(code, " ")
		fmt.Fprintf(&body, "func f%d() {\n%s\nwrite(%s)\n}\n\n", i, code, name)
		for _, p := range packages(code) {
			imports[p] = true
		}
		want = append(want, code)
	}
	var src bytes.Buffer
	head, rest, _ := strings.Cut(program, ")\n")
	src.WriteString(head)
	for _, x := range all.Types() {
		if imports[filepath.Base(x.Package)] {
			fmt.Fprintf(&src, "%q\n", x.Package)
			delete(imports, filepath.Base(x.Package))
		}
	}
	src.WriteString(")\n" + rest + "func main() {\n")
	for i := range want {
		fmt.Fprintf(&src, "f%d()\n", i)
	}
	src.WriteString("}\n\n")
	src.Write(body.Bytes())

	// inside of the module, where the packages are found; testdata is no part of it
	require.NoError(t, os.MkdirAll("testdata", 0o755))
	dir, err := os.MkdirTemp("testdata", "program")
	require.NoError(t, err)
	t.Cleanup(func() {
		os.RemoveAll(dir)
		os.Remove("testdata") // if nothing else is in it
	})
	file := filepath.Join(dir, "main.go")
	require.NoError(t, os.WriteFile(file, src.Bytes(), 0o644))
	cmd := exec.Command("go", "run", "./"+file)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	require.Len(t, got, len(want))
	for i, text := range got {
		r, err := wire.Parse(text)
		require.NoError(t, err, text)
		require.Equal(t, want[i], string(show.Go(table.Read(r), i)), text)
	}
}

// packages returns the packages that a piece of Go names.
func packages(code string) []string {
	var list []string
	for word := range strings.FieldsFuncSeq(code, func(c rune) bool { return strings.ContainsRune(" \t\n&*(){}[],", c) }) {
		if p, _, ok := strings.Cut(word, "."); ok && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

const program = `package main

import (
	"os"
	"time"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

var _ = time.UTC
var _ jid.JID
var _ wire.Raw

func write(p stanza.Payload) {
	b, err := p.AppendXML(nil, "")
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(append(b, 0))
}

func raw(x any) stanza.Raw {
	text, ok := x.(string)
	if !ok {
		b, err := x.(stanza.Payload).AppendXML(nil, "")
		if err != nil {
			panic(err)
		}
		text = string(b)
	}
	r, err := wire.Parse(text)
	if err != nil {
		panic(err)
	}
	return r
}

func with[S interface{ Add(...stanza.Payload) }](s S, payloads ...stanza.Payload) S {
	s.Add(payloads...)
	return s
}

`
