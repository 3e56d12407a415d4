package realserver

import (
	"encoding/hex"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"stanza.invalid/internal/testca"
)

// Prosody starts Prosody for a test, which is skipped where there is none. Its hosts are
// localhost, sha256.test, which stores passwords for SCRAM-SHA-256, anon.localhost for
// anonymous logins, and wronghost.test, expired.test and selfsigned.test with a
// certificate like that.
func Prosody(t testing.TB) *Server {
	t.Helper()
	return prosody(t, "")
}

// ProsodySASL2 is a Prosody with SASL 2, Bind 2 and tokens, from Debian's prosody-modules.
func ProsodySASL2(t testing.TB) *Server {
	t.Helper()
	if _, err := os.Stat(moduleDir + "/mod_sasl2_fast"); err != nil {
		missing(t, "prosody-modules")
	}
	return prosody(t, `"sasl2_on_012", "sasl2", "sasl2_bind2", "sasl2_fast",`)
}

// moduleDir is where Debian keeps Prosody's community modules.
const moduleDir = "/usr/lib/prosody/modules"

func prosody(t testing.TB, modules string) *Server {
	t.Helper()
	need(t, "prosody")
	ago := time.Now().Add(-48 * time.Hour)
	s := newServer(t, "prosody", map[string]testca.Leaf{
		"localhost":       {Names: []string{"localhost"}},
		"sha256.test":     {Names: []string{"sha256.test"}},
		"anon.localhost":  {Names: []string{"anon.localhost"}},
		"wronghost.test":  {Names: []string{"other.example"}},
		"expired.test":    {Names: []string{"expired.test"}, NotBefore: ago, NotAfter: ago.Add(24 * time.Hour)},
		"selfsigned.test": {Names: []string{"selfsigned.test"}, SelfSigned: true},
	})
	s.websocket = "/xmpp-websocket"
	s.logs = []string{"prosody.log"}
	plugins, err := filepath.Abs(filepath.Join(scripts(), "prosody-plugins"))
	check(t, err)
	s.fill("prosody-client.cfg.lua.in", "prosody.cfg.lua", map[string]string{
		"DIR": s.dir, "PORT": itoa(s.Port), "DIRECT": itoa(s.DirectPort), "HTTP": itoa(s.HTTPPort), "HTTPS": itoa(s.HTTPSPort),
		"PLUGINS": plugins, "MODULES": modules,
	})
	for _, host := range []string{"localhost", "sha256.test", "wronghost.test", "expired.test", "selfsigned.test"} {
		dir := filepath.Join(s.dir, "data", percent(host), "accounts")
		check(t, os.MkdirAll(dir, 0o755))
		for name, password := range map[string]string{Juliet: JulietPassword, Romeo: RomeoPassword} {
			check(t, os.WriteFile(filepath.Join(dir, name+".dat"), []byte("return { password = "+strconv.Quote(password)+" };\n"), 0o644))
		}
	}
	s.args = []string{"prosody", "--config", filepath.Join(s.dir, "prosody.cfg.lua"), "-F"}
	if os.Getuid() == 0 {
		// Prosody refuses to run as root
		if _, err := user.Lookup("prosody"); err != nil {
			t.Skip("there is no user prosody to run it as")
		}
		s.run("chown", "-R", "prosody:", s.dir)
		s.args = append([]string{"setpriv", "--reuid", "prosody", "--regid", "prosody", "--init-groups", "--pdeathsig", "TERM", "env", "HOME=" + s.dir}, s.args...)
	}
	s.ready = func() bool {
		return listens(s.Port) && listens(s.DirectPort) && listens(s.HTTPPort) && listens(s.HTTPSPort)
	}
	s.Start()
	t.Cleanup(s.Stop)
	return s
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
