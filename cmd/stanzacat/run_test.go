package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// call runs the program on an input.
func call(t *testing.T, in io.Reader, sys system, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	sys.in, sys.out, sys.err = in, &stdout, &stderr
	if sys.env == nil {
		sys.env = func(string) string { return "" }
	}
	code = run(t.Context(), args, &sys)
	return code, stdout.String(), stderr.String()
}

// TestTerminal colours what goes to a terminal, unless NO_COLOR is set, and says what a terminal is for.
func TestTerminal(t *testing.T) {
	t.Parallel()
	_, out, _ := call(t, strings.NewReader("<presence/>"), system{outTerminal: true})
	require.Contains(t, out, "\x1b[34m<presence")
	_, out, _ = call(t, strings.NewReader("<presence/>"), system{outTerminal: true, env: func(k string) string { return map[string]string{"NO_COLOR": "1"}[k] }})
	require.Equal(t, "<!-- #1 -->\n<presence/>\n\n", out)
	_, out, errs := call(t, strings.NewReader("<presence/>"), system{inTerminal: true})
	require.NotContains(t, out, "\x1b")
	require.Contains(t, errs, "Ctrl-D")
}

// TestPrompt prints each element as soon as it is complete, although the input goes on.
func TestPrompt(t *testing.T) {
	t.Parallel()
	in, feed := io.Pipe()
	out, written := io.Pipe()
	done := make(chan int)
	go func() {
		done <- run(t.Context(), []string{"-o", "jsonl"}, &system{in: in, out: written, err: io.Discard, env: func(string) string { return "" }})
	}()
	buf := make([]byte, 1000)
	for range 3 {
		_, err := io.WriteString(feed, "RECV: <presence/>")
		require.NoError(t, err)
		n, err := out.Read(buf)
		require.NoError(t, err)
		require.Contains(t, string(buf[:n]), `"name":"{jabber:client}presence"`)
	}
	feed.Close()
	require.Zero(t, <-done)
}

// TestReadme checks what the README shows.
func TestReadme(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	_, text, ok := strings.Cut(string(b), "$ go run ./cmd/stanzacat prosody.log\n")
	require.True(t, ok)
	want, _, _ := strings.Cut(text, "```")
	log := "May 01 10:11:12 stanzadebug debug RECV: <iq id='a1' type='get' to='illyria.example'><query xmlns='http://jabber.org/protocol/muc#admin'><item role='moderator' colour='red'/></query></iq>\n"
	_, out, _ := call(t, strings.NewReader(log), system{})
	require.Equal(t, strings.TrimSpace(want), strings.TrimSpace(out))
}

// endless is an input of so many stanzas.
type endless struct {
	left int
	rest []byte
}

func (e *endless) Read(b []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.left == 0 {
			return 0, io.EOF
		}
		e.left--
		e.rest = []byte("2024-05-01 10:11:12 RECV: <message to='a@b'><body>c</body><active xmlns='http://jabber.org/protocol/chatstates'/></message>\n")
	}
	n := copy(b, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// failing is an output that takes no more.
type failing struct{ left int }

func (f *failing) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errors.New("no room")
	}
	return len(b), nil
}

// TestLong reads a long log, and ends when nobody takes what it writes.
func TestLong(t *testing.T) {
	t.Parallel()
	code, out, errs := call(t, &endless{left: 20_000}, system{}, "-o", "jsonl", "-strict")
	require.Zero(t, code, errs)
	require.Equal(t, 20_000, strings.Count(out, "\n"))

	var stderr bytes.Buffer
	sys := &system{in: &endless{left: 1 << 40}, out: &failing{left: 1 << 20}, err: &stderr, env: func(string) string { return "" }}
	require.Equal(t, exitFailed, run(t.Context(), nil, sys))
	require.Equal(t, "stanzacat: no room\n", stderr.String())
}
