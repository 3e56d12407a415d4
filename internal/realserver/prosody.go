package realserver

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
)

// Prosody starts Prosody for a test, which is skipped where there is none. Its hosts are
// localhost, sha256.test, which stores passwords for SCRAM-SHA-256, cert.test, where clients
// log in with certificates, oauth.test, where they do with the token Bearer (both by Debian's
// prosody-modules), anon.localhost for anonymous
// logins, and wronghost.test, expired.test and selfsigned.test with a certificate like that.
func Prosody(t testing.TB) *Server {
	t.Helper()
	return prosody(t, "", true, true)
}

// ProsodyWithoutTLS is a Prosody for many messages that offers no STARTTLS.
func ProsodyWithoutTLS(t testing.TB) *Server {
	t.Helper()
	return prosody(t, "", false, false)
}

// ProsodyWithoutArchive is a Prosody for many messages: its archives in files are read from
// the beginning again and again, which takes more and more time.
func ProsodyWithoutArchive(t testing.TB, sasl2 bool) *Server {
	t.Helper()
	if sasl2 {
		return prosody(t, modulesSASL2(t), false, true)
	}
	return prosody(t, "", false, true)
}

// ProsodySASL2 is a Prosody with SASL 2, Bind 2 and tokens, from Debian's prosody-modules.
func ProsodySASL2(t testing.TB) *Server {
	t.Helper()
	return prosody(t, modulesSASL2(t), true, true)
}

func modulesSASL2(t testing.TB) string {
	t.Helper()
	if _, err := os.Stat(ProsodyModules + "/mod_sasl2_fast"); err != nil {
		missing(t, "prosody-modules")
	}
	return `"sasl2_on_012", "sasl2", "sasl2_bind2", "sasl2_fast",`
}

// ProsodyModules is where Debian keeps Prosody's community modules.
const ProsodyModules = "/usr/lib/prosody/modules"

func prosody(t testing.TB, modules string, archive, tls bool) *Server {
	t.Helper()
	need(t, "prosody")
	s := newServer(t, "prosody", "localhost", "sha256.test", "cert.test", "oauth.test", "anon.localhost")
	s.websocket, s.bosh = "/xmpp-websocket", "/http-bind"
	s.logs = []string{"prosody.log"}
	plugins, err := filepath.Abs(filepath.Join(scripts(), "prosody-plugins"))
	check(t, err)
	s.fill("prosody-client.cfg.lua.in", "prosody.cfg.lua", map[string]string{
		"DIR": s.dir, "PORT": itoa(s.Port), "DIRECT": itoa(s.DirectPort), "HTTP": itoa(s.HTTPPort), "HTTPS": itoa(s.HTTPSPort),
		"PLUGINS": plugins, "MODULES": modules, "ARCHIVE": strconv.FormatBool(archive), "TLS": strconv.FormatBool(tls),
		"OAUTH": s.oauth(),
	})
	s.account = s.writeAccount
	for _, host := range []string{"localhost", "sha256.test"} {
		check(t, os.MkdirAll(s.accountDir(host), 0o755))
		for name, password := range map[string]string{Juliet: JulietPassword, Romeo: RomeoPassword} {
			s.Account(host, name, password)
		}
	}
	s.ready = func() bool {
		return listens(s.Port) && listens(s.DirectPort) && listens(s.HTTPPort) && listens(s.HTTPSPort)
	}
	s.startProsody()
	return s
}

// ProsodyComponents is a Prosody for the components a.localhost and b.localhost alone: they
// connect to its Addr, with a secret.
func ProsodyComponents(t testing.TB, secret string) *Server {
	t.Helper()
	need(t, "prosody")
	s := newServer(t, "prosody", "localhost")
	s.logs = []string{"prosody.log"}
	s.fill("prosody.cfg.lua.in", "prosody.cfg.lua", map[string]string{"DIR": s.dir, "PORT": itoa(s.Port), "SECRET": secret})
	check(t, os.Mkdir(filepath.Join(s.dir, "data"), 0o755))
	s.ready = func() bool { return listens(s.Port) }
	s.startProsody()
	return s
}

// startProsody starts a Prosody that is configured, for as long as the test takes. It refuses
// to run as root.
func (s *Server) startProsody() {
	s.t.Helper()
	s.args = []string{"prosody", "--config", filepath.Join(s.dir, "prosody.cfg.lua"), "-F"}
	if os.Getuid() == 0 {
		if _, err := user.Lookup("prosody"); err != nil {
			s.t.Skip("there is no user prosody to run it as")
		}
		s.run("chown", "-R", "prosody:", s.dir)
		s.args = append([]string{"setpriv", "--reuid", "prosody", "--regid", "prosody", "--init-groups", "--pdeathsig", "TERM", "env", "HOME=" + s.dir}, s.args...)
	}
	s.Start()
	s.t.Cleanup(s.Stop)
}

// oauth is the configuration of a host whose clients log in with tokens, which somebody else
// judges. It is empty if there are no modules for that.
func (s *Server) oauth() string {
	for _, m := range []string{"mod_auth_oauthbearer", "mod_sasl_oauthbearer"} {
		if _, err := os.Stat(ProsodyModules + "/" + m); err != nil {
			return ""
		}
	}
	const token = "ya29-a.token_of-juliets"
	issuer := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, secret, _ := r.BasicAuth(); id != "prosody" || secret != "hush" || r.URL.Path != "/tokens/"+token {
			http.NotFound(w, r)
		}
	}))
	s.t.Cleanup(issuer.Close)
	s.Bearer = token
	return `VirtualHost "oauth.test"
	authentication = "oauthbearer"
	modules_enabled = { "sasl_oauthbearer" }
	oauth_client_id = "prosody"
	oauth_client_secret = "hush"
	oauth_url = "` + issuer.URL + `/tokens/{{password}}"`
}

func (s *Server) accountDir(host string) string {
	return filepath.Join(s.dir, "data", percent(host), "accounts")
}

// writeAccount makes an account as Prosody keeps it, also of one that runs.
func (s *Server) writeAccount(host, name, password string) {
	s.t.Helper()
	file := filepath.Join(s.accountDir(host), percent(name)+".dat")
	check(s.t, os.WriteFile(file, []byte("return { password = "+luaString(password)+" };\n"), 0o644))
}

// luaString writes a string as Lua reads it, whatever is in it.
func luaString(s string) string {
	q := `"`
	for _, c := range []byte(s) {
		q += fmt.Sprintf("\\%03d", c)
	}
	return q + `"`
}

// percent names a folder as Prosody does.
func percent(host string) string {
	name := ""
	for _, c := range []byte(host) {
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			name += string(rune(c))
		} else {
			name += "%" + hex.EncodeToString([]byte{c})
		}
	}
	return name
}
