package xmpp_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A handler or call with the wrong types must not compile.
func TestWrongTypesDoNotCompile(t *testing.T) {
	t.Parallel()
	const head = `package snippet

import (
	"context"

	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/gen/version"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

var (
	_ disco.Info
	_ receipts.Request
	_ version.Info
	_ jid.JID
	_ stanza.IQ
	_ context.Context
)

`
	snippets := []struct{ name, code, want string }{
		{"right", `var _ = xmpp.OnIQ(func(context.Context, *stanza.IQ, *version.Query) (*version.Info, error) { return nil, nil })
func _(ctx context.Context, l xmpp.Link, to jid.JID) (*disco.Info, error) { return xmpp.Call(ctx, l, to, &disco.InfoQuery{}) }`, ""},
		{"answer", `var _ = xmpp.OnIQ(func(context.Context, *stanza.IQ, *version.Query) (*disco.Info, error) { return nil, nil })`, "version.Query"},
		{"request", `var _ = xmpp.OnIQ(func(context.Context, *stanza.IQ, *receipts.Request) (*stanza.Empty, error) { return nil, nil })`, "receipts.Request"},
		{"payload", `var _ = xmpp.OnMessage(func(context.Context, *stanza.Message, *string) error { return nil })`, "string"},
		{"kind", `var _ = xmpp.OnMessage(func(context.Context, *stanza.Presence, *receipts.Request) error { return nil })`, "stanza.Presence"},
		{"result", `func _(ctx context.Context, l xmpp.Link, to jid.JID) (*version.Info, error) { return xmpp.Call(ctx, l, to, &disco.InfoQuery{}) }`, "disco.Info"},
		{"call", `func _(ctx context.Context, l xmpp.Link, to jid.JID) { xmpp.Call(ctx, l, to, &receipts.Request{}) }`, "receipts.Request"},
	}
	// packages that are in this module as far as the compiler is concerned
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	args := []string{"build", "-overlay", filepath.Join(dir, "overlay.json")}
	for _, s := range snippets {
		file := filepath.Join(dir, s.name+".go")
		require.NoError(t, os.WriteFile(file, []byte(head+s.code+"\n"), 0o644))
		overlay.Replace[filepath.Join(root, "xmpp", "snippets", s.name, "snippet.go")] = file
		args = append(args, "./xmpp/snippets/"+s.name)
	}
	b, err := json.Marshal(overlay)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), b, 0o644))
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	said := map[string]string{} // by snippet
	for part := range strings.SplitSeq("\n"+string(out), "\n# ") {
		name, text, _ := strings.Cut(part, "\n")
		said[name[strings.LastIndexByte(name, '/')+1:]] = text
	}
	for _, s := range snippets {
		if s.want == "" {
			require.NotContains(t, said, s.name, string(out))
			continue
		}
		require.Contains(t, said, s.name, fmt.Sprintf("%s compiles", s.name))
		require.Contains(t, said[s.name], s.want)
		require.Equal(t, 1, strings.Count(said[s.name], ".go:"), "one error: %s", said[s.name])
	}
}
