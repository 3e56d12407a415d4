package guard

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/testca"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// tryBot runs the README's client against a server.
func tryBot(t *testing.T, program string) {
	t.Helper()
	ca := testca.New()
	cert := ca.Issue(testca.Leaf{Names: []string{"example.org"}})
	srv := xmpptest.Start(t, xmpptest.Config{Certificate: &cert})
	srv.Account("bot@example.org", "secret")
	juliet := srv.User("juliet@example.org/balcony")
	roots := filepath.Join(filepath.Dir(program), "roots.pem")
	require.NoError(t, os.WriteFile(roots, ca.PEM(), 0o644))
	begin := func(password string) (*exec.Cmd, *bufio.Scanner) {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), "PASSWORD="+password, "ADDR="+srv.Addr(), "SSL_CERT_FILE="+roots)
		out, err := cmd.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		return cmd, bufio.NewScanner(out)
	}
	cmd, out := begin("secret")
	require.True(t, out.Scan())
	_, full, found := strings.Cut(out.Text(), "online as ")
	require.True(t, found, out.Text())
	require.NoError(t, juliet.Send(stanza.NewMessage(jid.MustParse(full), "hello")))
	require.Equal(t, "You said: hello", juliet.ExpectMessage(t).Body.String())
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.False(t, out.Scan(), out.Text())
	require.NoError(t, cmd.Wait())
	cmd, out = begin("guess")
	require.True(t, out.Scan())
	require.Contains(t, out.Text(), "wrong password")
	require.Error(t, cmd.Wait())
	// the program is told when it is over
	cmd, out = begin("secret")
	require.True(t, out.Scan())
	_, full, _ = strings.Cut(out.Text(), "online as ")
	require.True(t, srv.Expel(full, stream.Conflict))
	require.True(t, out.Scan())
	require.Contains(t, out.Text(), "conflict")
	require.Error(t, cmd.Wait())
}
