package realserver

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// EJabberd starts ejabberd for a test, which is skipped where there is none. Its hosts are
// localhost, anon.localhost for anonymous logins, and wronghost.test, expired.test and
// selfsigned.test with a certificate like that. It is run without the distribution of
// Erlang, so that it opens no other port.
func EJabberd(t testing.TB) *Server {
	t.Helper()
	return ejabberd(t, true)
}

// EJabberdWithoutArchive is an ejabberd for many messages, which takes its time to archive
// them.
func EJabberdWithoutArchive(t testing.TB) *Server {
	t.Helper()
	return ejabberd(t, false)
}

func ejabberd(t testing.TB, archive bool) *Server {
	t.Helper()
	need(t, "ejabberdctl")
	need(t, "erl")
	s := newServer(t, "ejabberd", "localhost", "anon.localhost")
	s.websocket, s.bosh = "/ws", "/bosh"
	s.logs = []string{"ejabberd.log"}
	s.fill("ejabberd.yml.in", "ejabberd.yml", map[string]string{
		"DIR": s.dir, "PORT": itoa(s.Port), "DIRECT": itoa(s.DirectPort), "HTTP": itoa(s.HTTPPort), "HTTPS": itoa(s.HTTPSPort),
		"ARCHIVE": strconv.FormatBool(archive), "DEFAULT": map[bool]string{true: "always", false: "never"}[archive],
	})
	spool := filepath.Join(s.dir, "spool")
	check(t, os.Mkdir(spool, 0o755))
	s.args = []string{
		"setpriv", "--pdeathsig", "KILL", "env", "HOME=" + s.dir, "ERL_LIBS=" + erlangLibs(), "ERL_CRASH_DUMP_BYTES=0",
		"EJABBERD_CONFIG_PATH=" + filepath.Join(s.dir, "ejabberd.yml"), "EJABBERD_LOG_PATH=" + filepath.Join(s.dir, "ejabberd.log"),
		"erl", "+K", "true", "+S", "1", "-noinput", "-mnesia", "dir", `"` + spool + `"`, "-ejabberd", "log_rotate_count", "0", "-s", "ejabberd",
	}
	s.ready = func() bool {
		return listens(s.Port) && listens(s.DirectPort) && listens(s.HTTPPort) && listens(s.HTTPSPort)
	}
	s.Start()
	t.Cleanup(s.Kill) // it takes seconds to end in an orderly way
	s.account = s.register
	for name, password := range map[string]string{Juliet: JulietPassword, Romeo: RomeoPassword} {
		s.Account("localhost", name, password)
	}
	return s
}

// erlangLibs is where Debian keeps ejabberd's code.
func erlangLibs() string {
	if found, _ := filepath.Glob("/usr/lib/*/ejabberd-*"); len(found) > 0 {
		return filepath.Dir(found[0])
	}
	return "/usr/lib/x86_64-linux-gnu"
}

// register makes an account. The interface for it may come up a little later than the
// port.
func (s *Server) register(host, name, password string) {
	s.t.Helper()
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	body, err := json.Marshal(map[string]string{"user": name, "host": host, "password": password})
	check(s.t, err)
	why := "no answer"
	for range 100 {
		r, err := client.Post("http://"+loopback(s.HTTPPort)+"/api/register", "application/json", bytes.NewReader(body))
		if err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK || r.StatusCode == http.StatusConflict {
				return
			}
			why = r.Status
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Fatalf("ejabberd makes no account: %s\n%s", why, s.Log())
}
