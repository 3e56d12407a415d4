package guard

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// blocks returns the README's fenced blocks of a language, in order.
func blocks(t *testing.T, lang string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root(t), "README.md"))
	require.NoError(t, err)
	var all []string
	for _, m := range regexp.MustCompile("(?s)```"+lang+"\n(.*?)```").FindAllStringSubmatch(string(b), -1) {
		all = append(all, m[1])
	}
	return all
}

// handlerTest serves the README's handler on a test server and orders tea.
const handlerTest = `package teahouse

import (
	"context"
	"errors"
	"testing"
	"time"

	"example.org/teahouse/tea"
	"MODULE/component"
	"MODULE/gen/form"
	"MODULE/xmpp"
	"MODULE/xmpp/jid"
	"MODULE/xmpp/stanza"
	"MODULE/xmpp/xmpptest"
)

func TestOrder(t *testing.T) {
	srv := xmpptest.Start(t, xmpptest.Config{})
	srv.Component("tea.example", "secret")
	mux := xmpp.NewMux(
		HANDLER,
	)
	house, err := component.Dial(t.Context(), jid.MustParse("tea.example"), component.Config{
		Addr: srv.Addr(), Secret: "secret", SessionConfig: xmpp.SessionConfig{Handler: mux},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer house.Close(context.Background())
	guest := srv.User("juliet@capulet.example/balcony")
	cups := uint8(2)
	receipt, err := xmpptest.Call(t.Context(), guest, house.Local(), &tea.Order{Kind: "green", Cups: &cups})
	if err != nil {
		t.Fatal(err)
	}
	if time.Until(receipt.Ready.Time) < time.Minute {
		t.Error(receipt.Ready)
	}
	// a form of ours, in an element of theirs
	menu := &tea.Menu{Form: &form.Form{Type: form.TypeForm, Title: "Today"}}
	again, err := stanza.Parse("<message>" + stanza.String(menu) + "</message>")
	if err != nil {
		t.Fatal(err)
	}
	if m, err := stanza.Find[tea.Menu](again); err != nil || m.Form.Title != "Today" {
		t.Error(m, err)
	}
	// a message of ours in an element of theirs
	letter := &tea.Letter{From: guest.JID(), Message: *stanza.NewMessage(guest.JID(), "Back at five")}
	again, err = stanza.Parse("<message from='tea.example'>" + stanza.String(letter) + "</message>")
	if err != nil {
		t.Fatal(err)
	}
	if l, err := stanza.FindUnverified[tea.Letter](again); err != nil || l.Message.Body.String() != "Back at five" || l.From != guest.JID() {
		t.Error(l, err)
	}
	// 13 cups are beyond the schema's range
	cups = 13
	_, err = xmpptest.Call(t.Context(), guest, house.Local(), &tea.Order{Kind: "green", Cups: &cups})
	if !errors.Is(err, stanza.BadRequest) {
		t.Error(err)
	}
}
`

// fragments are what stands around the README's blocks of Go that are no whole files, by what they
// are recognized by.
var fragments = map[string]string{
	"disco.InfoQuery": `package call

import (
	"context"
	"errors"

	"MODULE/component"
	"MODULE/gen/disco"
	"MODULE/xmpp"
	"MODULE/xmpp/jid"
	"MODULE/xmpp/stanza"
)

func call(ctx context.Context, echo *component.Component, to jid.JID) *disco.Info {
	BLOCK
	return info
}
`,
}

// TestReadme does in an empty folder what the README says: all of its Go compiles, the
// schema of one's own becomes a package by go generate, its handler serves, and its client logs
// in, answers, and ends when it is told to. One element more shows the import of a package of
// ours.
func TestReadme(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds a module")
	}
	dir, mod := t.TempDir(), module(t)
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	run := func(name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s %v: %s", name, args, out)
		return string(out)
	}
	goBlocks, yaml := blocks(t, "go"), blocks(t, "yaml")
	require.NotEmpty(t, yaml)
	find := func(sign string) string {
		for _, b := range goBlocks {
			if strings.Contains(b, sign) {
				return b
			}
		}
		t.Fatalf("no block of the README has %q", sign)
		return ""
	}
	run("go", "mod", "init", "example.org/teahouse")
	run("go", "mod", "edit", "-require="+mod+"@v0.0.0", "-replace="+mod+"="+root(t), "-tool="+mod+"/cmd/stanzagen")
	schema := strings.Replace(yaml[0], "\nelements:\n", "\nimports: [form]\n\nelements:\n", 1) +
		"  - name: menu\n    type: Menu\n    in: [message]\n    doc: lists what there is.\n    children:\n      - {type: form.Form, doc: has a field for each kind.}\n" +
		"  - name: letter\n    type: Letter\n    in: [message]\n    sender: server\n    doc: brings a message that somebody left at the house.\n" +
		"    attrs:\n      - {name: from, type: jid, required: true, doc: is who left it.}\n    children:\n      - {type: message, required: true, doc: is what was left.}\n"
	write("tea/tea.yaml", schema)
	write("tea/generate.go", find("//go:generate"))
	programs := 0
	for _, b := range goBlocks {
		switch {
		case strings.Contains(b, "package main"):
			programs++
			write(fmt.Sprintf("program%d/main.go", programs), b)
		case strings.HasPrefix(b, "package "), strings.Contains(b, "tea.Order"): // below
		default:
			known := false
			for sign, around := range fragments {
				if strings.Contains(b, sign) {
					known = true
					b = strings.ReplaceAll(b, "{ ... }", "{ return nil }")
					write("call/call.go", strings.NewReplacer("BLOCK", b, "MODULE", mod).Replace(around))
				}
			}
			require.True(t, known, "no test compiles this block:\n%s", b)
		}
	}
	require.Equal(t, 2, programs)
	const mine = "\t\tPassword:"
	bot := find("xmpp.Dial(")
	require.Contains(t, bot, mine)
	write("bot/main.go", strings.Replace(bot, mine, "\t\tAddr: os.Getenv(\"ADDR\"),\n"+mine, 1))
	handler := strings.TrimSpace(find("tea.Order"))
	write("house_test.go", strings.NewReplacer("HANDLER", handler, "MODULE", mod).Replace(handlerTest))
	// a second package, begun with the tool
	run("go", "mod", "tidy", "-e")
	run("go", "tool", "stanzagen", "init", "notes")
	// the tool must be there before the package that it writes can be looked for
	run("go", "mod", "tidy", "-e")
	run("go", "generate", "./...")
	run("go", "mod", "tidy")
	run("go", "vet", "./...")
	run("go", "test", "./...")
	run("go", "build", "-o", "thebot", "./bot")
	tryBot(t, filepath.Join(dir, "thebot"))
	run("go", "tool", "stanzagen", "check", "--flat", "-o", "tea", "tea/tea.yaml")
	run("go", "tool", "stanzagen", "check", "--flat", "-o", "notes", "notes/notes.yaml")
	run("go", "tool", "stanzagen", "lint", "notes")
	run("go", "tool", "stanzagen", "fmt", "-l", "notes", "tea")
	require.Contains(t, run("go", "tool", "stanzagen", "explain", "-s", "tea", "tea.Order"), "<order xmlns='urn:example:tea'/>, in iq")

	// mistakes come all at once, each with its place
	write("tea/tea.yaml", strings.NewReplacer("type: uint8", "type: uint9", "type: datetime", "type: datetimes").Replace(schema))
	cmd := exec.Command("go", "generate", "./tea")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Regexp(t, `(?s)tea\.yaml:\d+:\d+: .*uint9.*tea\.yaml:\d+:\d+: .*datetimes`, string(out))
}
