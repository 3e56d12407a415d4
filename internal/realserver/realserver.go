// Package realserver runs real XMPP servers for tests: Prosody and ejabberd, bound to
// loopback, each in a directory of its own that goes away with the test.
package realserver

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"stanza.invalid/internal/testca"
)

// The accounts of every server on the hosts that keep passwords.
const (
	Juliet, JulietPassword = "juliet", "r0m30-and-jul1et"
	Romeo, RomeoPassword   = "romeo", "wherefore-art-thou"
)

// Server is a server that runs.
type Server struct {
	// CA has issued the certificates of the hosts.
	CA *testca.Authority
	// Port takes clients with STARTTLS, DirectPort with TLS from the first byte, HTTPPort
	// HTTP in clear text, HTTPSPort with TLS.
	Port, DirectPort, HTTPPort, HTTPSPort int

	// Bearer is a token that clients may log in with at oauth.test (OAUTHBEARER); "" for none.
	Bearer string

	websocket, bosh string // their paths
	account         func(host, name, password string)

	t      testing.TB
	name   string
	dir    string
	args   []string
	logs   []string
	cmd    *exec.Cmd
	exited chan error
	ready  func() bool
}

// Addr returns where clients connect with STARTTLS, or components.
func (s *Server) Addr() string { return loopback(s.Port) }

// DirectAddr returns where clients connect with TLS from the first byte.
func (s *Server) DirectAddr() string { return loopback(s.DirectPort) }

// WebAddr returns where HTTP is served with TLS.
func (s *Server) WebAddr() string { return loopback(s.HTTPSPort) }

// WebsocketURL returns where clients connect by websocket, with TLS or without.
func (s *Server) WebsocketURL(secure bool) string { return s.web("ws", secure) + s.websocket }

// BOSHURL returns where clients connect by BOSH, with TLS or without.
func (s *Server) BOSHURL(secure bool) string { return s.web("http", secure) + s.bosh }

func (s *Server) web(scheme string, secure bool) string {
	port := s.HTTPPort
	if secure {
		scheme, port = scheme+"s", s.HTTPSPort
	}
	return scheme + "://localhost:" + strconv.Itoa(port)
}

// Account makes an account on localhost, or on another of the hosts that keep passwords.
func (s *Server) Account(host, name, password string) {
	s.t.Helper()
	s.account(host, name, password)
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// scripts returns the folder with the scripts that run servers.
func scripts() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "testdata", "servers")
}

// need skips the test where a program is missing.
func need(t testing.TB, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		missing(t, program)
	}
}

// missing skips the test, or fails it where everything has to be there.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("XMPP_REQUIRE_SERVERS") == "1" {
		t.Fatalf("XMPP_REQUIRE_SERVERS=1, but %s is not installed", what)
	}
	t.Skipf("%s is not installed: the tests against a real server are left out", what)
}

// badCertificates are those of the hosts that no client should log in to.
func badCertificates() map[string]testca.Leaf {
	ago := time.Now().Add(-48 * time.Hour)
	return map[string]testca.Leaf{
		"wronghost.test":  {Names: []string{"other.example"}},
		"expired.test":    {Names: []string{"expired.test"}, NotBefore: ago, NotAfter: ago.Add(24 * time.Hour)},
		"selfsigned.test": {Names: []string{"selfsigned.test"}, SelfSigned: true},
	}
}

// newServer makes the directory, ports and certificates of a server: for the hosts that are
// named, and for those whose certificates are bad.
func newServer(t testing.TB, name string, hosts ...string) *Server {
	t.Helper()
	// not t.TempDir: as root, Prosody runs as another user, who must be able to get there
	dir, err := os.MkdirTemp("", name+"-test-")
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o755))
	s := &Server{t: t, name: name, dir: dir, CA: testca.New()}
	check(t, os.Mkdir(filepath.Join(dir, "certs"), 0o755))
	s.write("certs/ca.pem", s.CA.PEM())
	leaves := badCertificates()
	for _, host := range hosts {
		leaves[host] = testca.Leaf{Names: []string{host}}
	}
	for host, leaf := range leaves {
		cert, key := testca.PEMFiles(s.CA.Issue(leaf))
		s.write("certs/"+host+".crt", cert)
		s.write("certs/"+host+".key", key)
		s.write("certs/"+host+".pem", append(cert, key...))
	}
	s.Port, s.DirectPort, s.HTTPPort, s.HTTPSPort = freePort(t), freePort(t), freePort(t), freePort(t)
	return s
}

func (s *Server) write(name string, b []byte) {
	s.t.Helper()
	check(s.t, os.WriteFile(filepath.Join(s.dir, name), b, 0o644))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// freePort returns a port that nobody listens on.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// fill writes a configuration from a template, in which names stand between at signs.
func (s *Server) fill(template, to string, values map[string]string) {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(scripts(), template))
	check(s.t, err)
	var pairs []string
	for k, v := range values {
		pairs = append(pairs, "@"+k+"@", v)
	}
	s.write(to, []byte(strings.NewReplacer(pairs...).Replace(string(b))))
}

// Log returns what the server has said.
func (s *Server) Log() string {
	all := ""
	for _, name := range append([]string{"output"}, s.logs...) {
		b, _ := os.ReadFile(filepath.Join(s.dir, name))
		all += string(b)
	}
	return all
}

// Start starts the process and waits until it serves.
func (s *Server) Start() {
	s.t.Helper()
	s.cmd = exec.Command(s.args[0], s.args[1:]...)
	s.cmd.Dir = s.dir
	out, err := os.OpenFile(filepath.Join(s.dir, "output"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	check(s.t, err)
	defer out.Close()
	s.cmd.Stdout, s.cmd.Stderr = out, out
	check(s.t, s.cmd.Start())
	exited := make(chan error, 1)
	s.exited = exited
	go func(cmd *exec.Cmd) { exited <- cmd.Wait() }(s.cmd)
	for range 600 {
		if s.ready() {
			return
		}
		select {
		case err := <-exited:
			s.cmd = nil
			s.t.Fatalf("%s ended at once: %v\n%s", s.name, err, s.Log())
		case <-time.After(50 * time.Millisecond):
		}
	}
	s.t.Fatalf("%s does not serve:\n%s", s.name, s.Log())
}

// Stop ends the process in an orderly way, Kill at once.
func (s *Server) Stop() { s.end(syscall.SIGTERM) }

// Kill ends the process without a warning.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

func (s *Server) end(sig syscall.Signal) {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(sig)
	select {
	case <-s.exited:
	case <-time.After(10 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.exited
	}
	s.cmd = nil
}

// listens reports whether somebody listens on a port.
func listens(port int) bool {
	c, err := net.DialTimeout("tcp", loopback(port), time.Second)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// run runs a program to its end.
func (s *Server) run(name string, args ...string) {
	s.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func itoa(n int) string { return fmt.Sprint(n) }
