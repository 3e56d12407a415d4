package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestEditor edits schemas in the way editors do, with yaml-language-server and the JSON Schema: keys are completed, words are
// offered, wrong ones are flagged, and schemas of the project have nothing to flag.
func TestEditor(t *testing.T) {
	t.Parallel()
	server, err := exec.LookPath("yaml-language-server")
	if err != nil {
		t.Skip("yaml-language-server is not there: npm install --global yaml-language-server")
	}
	dir := t.TempDir()
	schema, err := os.ReadFile(filepath.FromSlash("../../schema/stanzagen.schema.json"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "stanzagen.schema.json"), schema, 0o644))
	e := startEditor(t, server, dir)

	const head = "# yaml-language-server: $schema=stanzagen.schema.json\nspec: XEP-9999\npackage: tea\nnamespace: urn:example:tea\n"
	for _, tt := range []struct{ name, text, want string }{
		{"right.yaml", head + "elements:\n  - {name: a, type: A, in: [message], attrs: [{name: n, type: uint8, min: 1}]}\n", ""},
		{"key.yaml", head + "elements:\n  - {name: a, type: A, atrs: []}\n", "6:24 Property atrs is not allowed"},
		{"word.yaml", head + "elements:\n  - {name: a, type: A, in: [mesage]}\n", `6:29 Value is not accepted. Valid values: "message"`},
		{"missing.yaml", head + "forms:\n  - {type: A, fields: []}\n", `Missing property "form_type"`},
		{"kind.yaml", head + "elements: {}\n", `Incorrect type. Expected "array"`},
	} {
		got := e.open(tt.name, tt.text)
		if tt.want == "" {
			require.Empty(t, got, tt.name)
			continue
		}
		require.Contains(t, strings.Join(got, "\n"), tt.want, tt.name)
	}

	for _, tt := range []struct{ name, text, want, not string }{
		{"keys.yaml", head + "elements:\n  - name: a\n    ty", "type", "form_type"},
		{"words.yaml", head + "elements:\n  - name: a\n    in:\n      - me", "message", "own-account"},
		{"scalars.yaml", head + "elements:\n  - name: a\n    attrs:\n      - name: n\n        type: u", "uint16", "flag"},
		{"when.yaml", head + "elements:\n  - name: a\n    when:\n      at", "attr", "attrs"},
		{"fields.yaml", head + "forms:\n  - type: A\n    fields:\n      - var: a\n        type: jid", "jid-multi", "jid"},
	} {
		e.open(tt.name, tt.text)
		lines := strings.Split(tt.text, "\n")
		offered := e.complete(tt.name, len(lines)-1, len(lines[len(lines)-1]))
		require.Contains(t, offered, tt.want, tt.name)
		require.NotContains(t, offered, tt.not, tt.name)
	}

	own, err := filepath.Glob(filepath.FromSlash("../../schema/*.yaml"))
	require.NoError(t, err)
	step := 1 + len(own)/12 // some of them will do
	for i := range own {
		if i*step < len(own) {
			own[i] = own[i*step]
		}
	}
	own = own[:(len(own)+step-1)/step]
	own = append(own, filepath.FromSlash("testdata/sample.yaml"), filepath.FromSlash("../../examples/custom/tea.yaml"))
	for _, file := range own {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		text := string(data)
		if !strings.HasPrefix(text, "# yaml-language-server") {
			text = "# yaml-language-server: $schema=stanzagen.schema.json\n" + text
		}
		e.show(filepath.Base(file), text)
	}
	for _, file := range own {
		require.Empty(t, e.flagged(filepath.Base(file)), file)
	}
}

// editor speaks the language server protocol.
type editor struct {
	t    *testing.T
	in   io.Writer
	dir  string
	next int
	// came are the messages of the server.
	came chan message
	// flags are what is flagged, by document.
	flags map[string][]string
}

type message struct {
	ID     json.RawMessage `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
}

func startEditor(t *testing.T, server, dir string) *editor {
	cmd := exec.Command(server, "--stdio")
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	e := &editor{t: t, in: in, dir: dir, came: make(chan message, 1000), flags: map[string][]string{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(e.came)
		for r := bufio.NewReader(out); ; {
			header, err := textproto.NewReader(r).ReadMIMEHeader()
			if err != nil {
				return
			}
			n, err := strconv.Atoi(header.Get("Content-Length"))
			if err != nil {
				return
			}
			body := make([]byte, n)
			if _, err := io.ReadFull(r, body); err != nil {
				return
			}
			var m message
			if json.Unmarshal(body, &m) == nil {
				e.came <- m
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
		_ = cmd.Wait()
	})
	e.call("initialize", map[string]any{"processId": os.Getpid(), "rootUri": "file://" + filepath.ToSlash(dir), "capabilities": map[string]any{
		"textDocument": map[string]any{"completion": map[string]any{"completionItem": map[string]any{"snippetSupport": false}}},
	}})
	e.send(map[string]any{"jsonrpc": "2.0", "method": "initialized", "params": map[string]any{}})
	// no settings, and no schemas from the network
	e.send(map[string]any{"jsonrpc": "2.0", "method": "workspace/didChangeConfiguration", "params": map[string]any{"settings": map[string]any{
		"yaml": map[string]any{"validate": true, "completion": true, "schemaStore": map[string]any{"enable": false}},
	}}})
	return e
}

func (e *editor) send(m any) {
	b, err := json.Marshal(m)
	require.NoError(e.t, err)
	_, err = fmt.Fprintf(e.in, "Content-Length: %d\r\n\r\n%s", len(b), b)
	require.NoError(e.t, err)
}

// wait returns the next message for which is holds, and answers what the server asks meanwhile.
func (e *editor) wait(is func(m message) bool) message {
	deadline := time.After(time.Minute)
	for {
		select {
		case m, ok := <-e.came:
			require.True(e.t, ok, "the server has ended")
			e.note(m)
			if is(m) {
				return m
			}
			if m.Method != "" && m.ID != nil {
				e.send(map[string]any{"jsonrpc": "2.0", "id": m.ID, "result": nil})
			}
		case <-deadline:
			require.Fail(e.t, "the server does not answer")
		}
	}
}

func (e *editor) call(method string, params any) json.RawMessage {
	e.next++
	id := e.next
	e.send(map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": params})
	return e.wait(func(m message) bool { return m.Method == "" && string(m.ID) == strconv.Itoa(id) }).Result
}

func (e *editor) uri(name string) string {
	return "file://" + filepath.ToSlash(filepath.Join(e.dir, name))
}

// open opens a document and returns what is flagged in it.
func (e *editor) open(name, text string) []string {
	e.show(name, text)
	return e.flagged(name)
}

// show opens a document.
func (e *editor) show(name, text string) {
	e.send(map[string]any{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": map[string]any{
		"textDocument": map[string]any{"uri": e.uri(name), "languageId": "yaml", "version": 1, "text": text},
	}})
}

// flagged waits for what is flagged in a document that was opened.
func (e *editor) flagged(name string) []string {
	for e.flags[e.uri(name)] == nil {
		e.wait(func(m message) bool { return m.Method == "textDocument/publishDiagnostics" })
	}
	return e.flags[e.uri(name)]
}

// note keeps what is flagged.
func (e *editor) note(m message) {
	var flagged struct {
		URI         string `json:"uri"`
		Diagnostics []struct {
			Message string `json:"message"`
			Range   struct {
				Start struct{ Line, Character int } `json:"start"`
			} `json:"range"`
		} `json:"diagnostics"`
	}
	if m.Method != "textDocument/publishDiagnostics" || json.Unmarshal(m.Params, &flagged) != nil {
		return
	}
	list := []string{}
	for _, d := range flagged.Diagnostics {
		list = append(list, fmt.Sprintf("%d:%d %s", d.Range.Start.Line+1, d.Range.Start.Character+1, d.Message))
	}
	e.flags[flagged.URI] = list
}

// complete returns what is offered at a place. Lines count from 0.
func (e *editor) complete(name string, line, character int) []string {
	result := e.call("textDocument/completion", map[string]any{
		"textDocument": map[string]any{"uri": e.uri(name)}, "position": map[string]any{"line": line, "character": character},
	})
	var offered struct {
		Items []struct {
			Label string `json:"label"`
		} `json:"items"`
	}
	require.NoError(e.t, json.Unmarshal(result, &offered), "%s", result)
	var labels []string
	for _, item := range offered.Items {
		labels = append(labels, item.Label)
	}
	return labels
}
