package xmpp_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/receipts"
	"stanza.invalid/gen/version"
	"stanza.invalid/internal/realserver"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// missing skips a test for which something has to be installed, or fails it.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("XMPP_REQUIRE_SERVERS") == "1" {
		t.Fatalf("XMPP_REQUIRE_SERVERS=1, but %s is not there", what)
	}
	t.Skipf("%s is not there: the tests with it are left out", what)
}

// pythonWith returns a Python that has a module.
func pythonWith(t *testing.T, module string) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import "+module).Run() == nil {
			return python
		}
	}
	missing(t, "a Python with "+module)
	return ""
}

// caFile writes the certificate of a server's authority.
func caFile(t *testing.T, s *realserver.Server) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(name, s.CA.PEM(), 0o644))
	return name
}

// peer is a client of somebody else's, which says what it sees.
type peer struct {
	t     *testing.T
	in    io.Writer
	lines chan map[string]string
	err   *bytes.Buffer
}

// start starts a peer, which ends with its standard input.
func startPeer(t *testing.T, cmd *exec.Cmd) *peer {
	t.Helper()
	p := &peer{t: t, lines: make(chan map[string]string, 100), err: &bytes.Buffer{}}
	cmd.Stderr = p.err
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p.in = in
	read := make(chan struct{})
	go func() {
		defer close(read)
		for sc := bufio.NewScanner(out); sc.Scan(); {
			line := map[string]string{}
			if json.Unmarshal(sc.Bytes(), &line) == nil {
				p.lines <- line
			}
		}
	}()
	t.Cleanup(func() {
		in.Close()
		kill := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		<-read
		_ = cmd.Wait()
	})
	return p
}

// expect waits for a line that has all that want has, and passes over others.
func (p *peer) expect(want map[string]string) map[string]string {
	p.t.Helper()
	timeout := time.After(20 * time.Second)
	var seen []map[string]string
	for {
		select {
		case line := <-p.lines:
			fits := true
			for k, v := range want {
				fits = fits && line[k] == v
			}
			if fits {
				return line
			}
			seen = append(seen, line)
		case <-timeout:
			p.t.Fatalf("the peer has not said %v, but %v\n%s", want, seen, p.err)
		}
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

func (p *peer) order(what map[string]string) {
	p.t.Helper()
	b, err := json.Marshal(what)
	require.NoError(p.t, err)
	_, err = p.in.Write(append(b, '\n'))
	require.NoError(p.t, err)
}

// Interoperation with slixmpp through Prosody: messages, presence and a typed request, both
// ways.
func TestSlixmppProsody(t *testing.T) {
	t.Parallel()
	python := pythonWith(t, "slixmpp")
	s := realserver.Prosody(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	type said struct {
		from jid.JID
		text string
	}
	messages, presences := make(chan said, 10), make(chan said, 10)
	receipt := make(chan string, 10)
	cfg := onServer(s, realserver.JulietPassword)
	cfg.Presence = &stanza.Presence{}
	cfg.SessionConfig = xmpp.SessionConfig{
		Software: &version.Info{Name: "typed", Version: "1"},
		Handler: xmpp.NewMux(
			xmpp.OnBody(func(_ context.Context, m *stanza.Message, body string) error {
				messages <- said{m.From.Clone(), strings.Clone(body)}
				return nil
			}),
			xmpp.OnMessage(func(ctx context.Context, m *stanza.Message, _ *receipts.Request) error {
				ack := &stanza.Message{To: m.From, Type: m.Type}
				ack.Add(&receipts.Received{ID: m.ID})
				return xmpp.Send(ctx, ack)
			}),
			xmpp.OnMessage(func(_ context.Context, _ *stanza.Message, r *receipts.Received) error {
				receipt <- strings.Clone(r.ID)
				return nil
			}),
			xmpp.OnAnyPresence(func(_ context.Context, p *stanza.Presence) error {
				presences <- said{p.From.Clone(), string(p.Type) + "|" + string(p.Show) + "|" + p.Status.String()}
				return nil
			}),
		),
	}
	juliet := login(t, s, "juliet@localhost/typed", cfg)
	romeo := startPeer(t, exec.Command(python, filepath.Join("..", "testdata", "interop", "slixmpp_peer.py"),
		"romeo@localhost/slixmpp", realserver.RomeoPassword, caFile(t, s), itoa(s.Port)))
	require.Equal(t, "romeo@localhost/slixmpp", romeo.expect(map[string]string{"event": "started"})["jid"])
	theirs := jid.MustParse("romeo@localhost/slixmpp")

	// messages, with a receipt that is given by itself at either side
	m := stanza.NewMessage(theirs, "but soft, ünd <what> & light")
	m.ID = "light"
	m.Add(&receipts.Request{})
	require.NoError(t, juliet.Send(ctx, m))
	require.Equal(t, juliet.Local().String(), romeo.expect(map[string]string{"event": "message", "body": "but soft, ünd <what> & light"})["sender"])
	require.Equal(t, said{theirs, "yes: but soft, ünd <what> & light"}, next(t, messages))
	require.Equal(t, "light", next(t, receipt))
	romeo.order(map[string]string{"do": "message", "to": juliet.Local().String(), "body": "it is the east"})
	require.Equal(t, said{theirs, "it is the east"}, next(t, messages))
	romeo.expect(map[string]string{"event": "receipt"})

	// presence
	romeo.order(map[string]string{"do": "presence", "to": juliet.Local().String(), "status": "in the orchard"})
	for {
		if p := next(t, presences); p.from == theirs {
			require.Equal(t, "|dnd|in the orchard", p.text)
			break
		}
	}
	require.NoError(t, juliet.Send(ctx, &stanza.Presence{To: theirs, Status: stanza.Plain("on the balcony")}))
	require.Equal(t, juliet.Local().String(), romeo.expect(map[string]string{"event": "presence", "status": "on the balcony"})["sender"])

	// a typed request
	info, err := xmpp.Call(ctx, juliet, theirs, &version.Query{})
	require.NoError(t, err)
	require.Equal(t, "slixmpp peer", info.Name)
	romeo.order(map[string]string{"do": "version", "to": juliet.Local().String()})
	romeo.expect(map[string]string{"event": "version", "name": "typed", "version": "1"})
}

// Interoperation with go-sendxmpp, which sends and prints messages, through Prosody.
func TestGoSendxmppProsody(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("go-sendxmpp")
	if err != nil {
		missing(t, "go-sendxmpp")
	}
	s := realserver.Prosody(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	bodies := make(chan string, 10)
	cfg := onServer(s, realserver.JulietPassword)
	cfg.Presence = &stanza.Presence{}
	cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(_ context.Context, m *stanza.Message, body string) error {
		bodies <- m.From.Bare().String() + ": " + body
		return nil
	}))
	juliet := login(t, s, "juliet@localhost/typed", cfg)
	run := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, program, append([]string{"-u", "romeo@localhost", "-p", realserver.RomeoPassword, "-j", s.Addr()}, args...)...)
		cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+caFile(t, s), "HOME="+t.TempDir())
		return cmd
	}
	send := run("juliet@localhost")
	send.Stdin = strings.NewReader("it is the east\nand juliet is the sun & <light>")
	out, err := send.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "romeo@localhost: it is the east\nand juliet is the sun & <light>", next(t, bodies))

	listen := run("-l")
	pipe, err := listen.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, listen.Start())
	defer func() { _ = listen.Process.Kill(); _ = listen.Wait() }()
	lines := make(chan string, 10)
	go func() {
		for sc := bufio.NewScanner(pipe); sc.Scan(); {
			lines <- sc.Text()
		}
	}()
	// who is online is for the server to say: what comes before is kept for later, or again
	for i := 0; ; i++ {
		require.NoError(t, juliet.Send(ctx, stanza.NewMessage(jid.MustParse("romeo@localhost"), "what's in a name?")))
		select {
		case line := <-lines:
			require.Contains(t, line, "juliet@localhost")
			require.Contains(t, line, "what's in a name?")
			return
		case <-time.After(time.Second):
			require.Less(t, i, 20, s.Log())
		}
	}
}
