package component_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// prosody is a real server, run by testdata/servers/run-prosody.sh.
type prosody struct {
	t      *testing.T
	dir    string
	port   int
	cmd    *exec.Cmd
	exited chan error
}

// startProsody starts Prosody for a test, which is skipped where there is none.
func startProsody(t *testing.T) *prosody {
	t.Helper()
	if _, err := exec.LookPath("prosody"); err != nil {
		if os.Getenv("XMPP_REQUIRE_SERVERS") == "1" {
			t.Fatal("XMPP_REQUIRE_SERVERS=1, but prosody is not on the PATH")
		}
		t.Skip("prosody is not on the PATH: the tests against a real server are left out")
	}
	// not t.TempDir: as root, Prosody runs as another user, who must be able to get there
	dir, err := os.MkdirTemp("", "prosody-test-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o755))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := l.Addr().(*net.TCPAddr).Port
	require.NoError(t, l.Close())
	p := &prosody{t: t, dir: dir, port: port}
	p.start()
	t.Cleanup(p.stop)
	return p
}

func (p *prosody) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)) }

func (p *prosody) log() string {
	out, _ := os.ReadFile(filepath.Join(p.dir, "output"))
	log, _ := os.ReadFile(filepath.Join(p.dir, "prosody.log"))
	return string(out) + string(log)
}

// start starts the process and waits until components can connect.
func (p *prosody) start() {
	p.t.Helper()
	script, err := filepath.Abs(filepath.Join("..", "testdata", "servers", "run-prosody.sh"))
	require.NoError(p.t, err)
	p.cmd = exec.Command("sh", script, p.dir, strconv.Itoa(p.port), secret)
	out, err := os.OpenFile(filepath.Join(p.dir, "output"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	require.NoError(p.t, err)
	defer out.Close()
	p.cmd.Stdout, p.cmd.Stderr = out, out
	require.NoError(p.t, p.cmd.Start())
	exited := make(chan error, 1)
	p.exited = exited
	go func() { exited <- p.cmd.Wait() }()
	for range 200 {
		if c, err := net.Dial("tcp", p.addr()); err == nil {
			c.Close()
			return
		}
		select {
		case err := <-exited:
			p.cmd = nil
			p.t.Fatalf("prosody ended at once: %v\n%s", err, p.log())
		case <-time.After(50 * time.Millisecond):
		}
	}
	p.t.Fatalf("prosody does not listen:\n%s", p.log())
}

// stop ends the process.
func (p *prosody) stop() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
	p.cmd = nil
}
