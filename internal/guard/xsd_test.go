package guard

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// publishedTest decodes and encodes elements with types that were made of published XSDs.
const publishedTest = `package published

import (
	"encoding/xml"
	"testing"

	"example.org/published/xep0085"
	"example.org/published/xep0092"
	"example.org/published/xep0184"
	"example.org/published/xep0199"
	"MODULE/stream/wire"
	"MODULE/xmpp/stanza"
)

func check[T any, P stanza.PayloadOf[T]](t *testing.T, text string, field func(*T) string, want string) {
	t.Helper()
	r, err := wire.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	v, err := stanza.Decode[T, P](r)
	if err != nil {
		t.Fatal(err)
	}
	if got := field(v); got != want {
		t.Errorf("%q is not %q", got, want)
	}
	again, err := wire.Parse(stanza.String(P(v)))
	if err != nil {
		t.Fatal(err)
	}
	if !wire.Equal(r, again) {
		t.Errorf("%s became %s", r, again)
	}
	std := new(T)
	if err := xml.Unmarshal([]byte(text), std); err != nil {
		t.Fatal(err)
	}
	if got := field(std); got != want {
		t.Errorf("encoding/xml reads %q", got)
	}
}

func TestPublished(t *testing.T) {
	none := "none"
	check(t, "<received xmlns='urn:xmpp:receipts' id='m1'/>", func(v *xep0184.Received) string { return v.ID }, "m1")
	check(t, "<request xmlns='urn:xmpp:receipts'/>", func(*xep0184.Request) string { return none }, none)
	check(t, "<paused xmlns='http://jabber.org/protocol/chatstates'/>", func(*xep0085.Paused) string { return none }, none)
	check(t, "<query xmlns='jabber:iq:version'><name>Exodus</name><version>0.7</version><os>none &amp; any</os></query>",
		func(v *xep0092.Query) string { return v.Name + " " + v.Version + " " + v.OS }, "Exodus 0.7 none & any")
	check(t, "<ping xmlns='urn:xmpp:ping'/>", func(*xep0199.Ping) string { return none }, none)
	if _, err := stanza.Parse("<message><received xmlns='urn:xmpp:receipts'/></message>"); err != nil {
		t.Fatal(err)
	}
	r, err := wire.Parse("<received xmlns='urn:xmpp:receipts'/>")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stanza.Decode[xep0184.Received](r); err == nil {
		t.Error("a required attribute is missing and nobody minds")
	}
}
`

// TestPublishedXSDs compiles XSDs as they were published, in a module of somebody else, and
// uses what comes out.
func TestPublishedXSDs(t *testing.T) {
	t.Parallel()
	shared := os.Getenv("XMPP_SHARED")
	if shared == "" {
		shared = filepath.Join(root(t), "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(shared, "xsd")); errors.Is(err, fs.ErrNotExist) {
		t.Skip("the published schemas are not there; XMPP_SHARED names the directory that has them in xsd/")
	}
	dir, mod := t.TempDir(), module(t)
	run := func(name string, args ...string) {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s %v: %s", name, args, out)
	}
	run("go", "mod", "init", "example.org/published")
	run("go", "mod", "edit", "-require="+mod+"@v0.0.0", "-replace="+mod+"="+root(t), "-tool="+mod+"/cmd/stanzagen")
	run("go", "mod", "tidy", "-e")
	args := []string{"tool", "stanzagen", "generate", "-o", "."}
	for _, name := range []string{"xep-0184", "xep-0085", "xep-0092", "xep-0199"} {
		args = append(args, filepath.Join(shared, "xsd", name+".xsd"))
	}
	run("go", args...)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "published_test.go"), []byte(strings.ReplaceAll(publishedTest, "MODULE", mod)), 0o644))
	run("go", "mod", "tidy")
	run("go", "vet", "./...")
	run("go", "test", "./...")
}
