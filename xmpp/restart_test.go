package xmpp_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/realserver"
	"stanza.invalid/internal/testca"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// botEnv makes the test binary a bot, and says which one.
const botEnv = "XMPP_TEST_BOT"

// botPlan is what a bot is told.
type botPlan struct {
	Addr, Server, Password, To string
	Roots                      string // a file
	State                      string // where its state is kept
	Journal                    string // where it writes what it does
	Save                       bool   // the state is saved as it changes
}

// runBot is the process that is stopped and killed: it answers each message, sends numbered
// ones, and keeps a journal, in which a line is written only when what it says is so. It
// ends in an orderly way when it is told to by a signal.
func runBot(text string) error {
	var p botPlan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	b, err := os.ReadFile(p.Roots)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(b)
	cfg := xmpp.Config{Password: p.Password, Addr: p.Server, TLS: &tls.Config{RootCAs: roots}, Presence: &stanza.Presence{}}
	cfg.Backoff = stream.Backoff{Min: 5 * time.Millisecond, Max: 100 * time.Millisecond}
	// what is on the disk is one state or another, never a part of one
	store := xmpp.FileStore(p.State)
	addr := jid.MustParse(p.Addr)
	save := func(v *stream.Suspended) error {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		return store.Save(context.Background(), addr, b)
	}
	next := 0
	if b, err = store.Load(context.Background(), addr); err != nil {
		return err
	} else if b != nil {
		if err := json.Unmarshal(b, &cfg.Management.Resume); err != nil {
			return err
		}
	}
	if p.Save {
		cfg.Management.Save, cfg.Management.SaveEvery, cfg.Management.Resend = save, 10*time.Millisecond, true
	}
	f, err := os.OpenFile(p.Journal, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if n, ok := strings.CutPrefix(lines.Text(), "sent "); ok {
			n, _ := strconv.Atoi(n)
			next = n + 1
		}
	}
	var mu sync.Mutex
	note := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(f, format+"\n", args...)
	}
	cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
		note("got %s %t", body, stream.Redelivered(ctx))
		return xmpp.Send(ctx, stanza.NewMessage(jid.MustParse(p.To), "re "+body))
	}))
	c, err := xmpp.NewClient(addr, cfg)
	if err != nil {
		return err
	}
	xmpp.On(c, func(e xmpp.SessionStarted) { note("session %t", e.Resumed) })
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	ctx := context.Background()
	if err := c.Open(ctx); err != nil {
		return err
	}
	for ; ; next++ {
		select {
		case <-term:
			v, err := c.Suspend(ctx)
			if err != nil || p.Save {
				return err // with Save it has been saved
			}
			return save(v)
		case <-time.After(3 * time.Millisecond):
		}
		if err := c.Send(ctx, stanza.NewMessage(jid.MustParse(p.To), strconv.Itoa(next))); err != nil {
			return err
		}
		if p.Save {
			if err := c.Stream().Save(ctx); err != nil {
				return err
			}
		}
		note("sent %d", next)
	}
}

// botRun is a bot as its test sees it.
type botRun struct {
	plan botPlan
	env  string
	cmd  *exec.Cmd
	errs strings.Builder
	died chan error
}

func newBot(t *testing.T, plan botPlan, roots []byte) *botRun {
	t.Helper()
	dir := t.TempDir()
	plan.Roots, plan.State, plan.Journal = filepath.Join(dir, "roots"), filepath.Join(dir, "state"), filepath.Join(dir, "journal")
	require.NoError(t, os.WriteFile(plan.Roots, roots, 0o600))
	b, err := json.Marshal(plan)
	require.NoError(t, err)
	return &botRun{plan: plan, env: botEnv + "=" + string(b)}
}

func (b *botRun) start(t *testing.T) {
	t.Helper()
	b.cmd = exec.Command(os.Args[0])
	b.cmd.Env = append(os.Environ(), b.env)
	b.cmd.Stderr = &b.errs
	require.NoError(t, b.cmd.Start())
	died := make(chan error, 1)
	b.died = died
	go func(cmd *exec.Cmd) { died <- cmd.Wait() }(b.cmd)
}

// end ends it by a signal; by SIGTERM it ends itself.
func (b *botRun) end(t *testing.T, s syscall.Signal) {
	t.Helper()
	require.NoError(t, b.cmd.Process.Signal(s))
	select {
	case err := <-b.died:
		if s == syscall.SIGTERM {
			require.NoError(t, err, "%s", b.errs.String())
		}
	case <-time.After(20 * time.Second):
		_ = b.cmd.Process.Kill()
		require.Fail(t, "the bot does not end", "%s", b.errs.String())
	}
}

// journal returns what the bot has written down: what it has sent, how it has got what, and
// how many sessions were new.
func (b *botRun) journal(t *testing.T) (sent int, got map[int][]bool, resumed, anew int) {
	t.Helper()
	text, err := os.ReadFile(b.plan.Journal)
	require.NoError(t, err)
	got = map[int][]bool{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var n int
		var mark bool
		if _, err := fmt.Sscanf(line, "sent %d", &n); err == nil {
			sent = n + 1
		} else if _, err := fmt.Sscanf(line, "got %d %t", &n, &mark); err == nil {
			got[n] = append(got[n], mark)
		} else if _, err := fmt.Sscanf(line, "session %t", &mark); err == nil && mark {
			resumed++
		} else if err == nil {
			anew++
		}
	}
	return sent, got, resumed, anew
}

// restarts has a bot exchange messages with somebody while it is started and ended again
// and again.
func restarts(t *testing.T, peer *xmpp.Client, inbox func() []string, b *botRun, times int, how syscall.Signal) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dice := seeded(t)
	to := jid.MustParse(b.plan.Addr)
	said := 0
	b.start(t)
	waitFor(t, func() bool { _, err := os.Stat(b.plan.Journal); return err == nil })
	waitFor(t, func() bool { sent, _, _, _ := b.journal(t); return sent > 3 })
	for range times {
		for range 20 {
			require.NoError(t, peer.Send(ctx, stanza.NewMessage(to, strconv.Itoa(said))))
			said++
			time.Sleep(time.Duration(dice.IntN(8)) * time.Millisecond)
		}
		_, _, resumed, anew := b.journal(t)
		b.end(t, how)
		for range 5 { // while it is away
			require.NoError(t, peer.Send(ctx, stanza.NewMessage(to, strconv.Itoa(said))))
			said++
		}
		b.start(t)
		waitFor(t, func() bool { _, _, r, a := b.journal(t); return r+a > resumed+anew })
		time.Sleep(time.Duration(dice.IntN(150)) * time.Millisecond)
	}
	waitFor(t, func() bool { _, got, _, _ := b.journal(t); return len(got) == said })
	b.end(t, syscall.SIGTERM)
	b.start(t) // what is in the last state goes out
	sent, _, _, _ := b.journal(t)
	replies := map[string]int{}
	all := func() bool {
		clear(replies)
		for _, body := range inbox() {
			replies[body]++
		}
		for n := range said {
			if replies["re "+strconv.Itoa(n)] == 0 {
				return false
			}
		}
		for n := range sent {
			if replies[strconv.Itoa(n)] == 0 {
				return false
			}
		}
		return true
	}
	waitFor(t, all)
	time.Sleep(200 * time.Millisecond)
	require.True(t, all())
	b.end(t, syscall.SIGTERM)
	_, got, resumed, anew := b.journal(t)
	twice, answers := 0, 0
	for n := range said {
		require.NotEmpty(t, got[n], "message %d", n)
		for _, mark := range got[n][1:] {
			require.True(t, mark, "message %d came again without a mark", n)
			twice++
		}
	}
	for body, times := range replies {
		if times > 1 {
			answers += times - 1
			require.Equal(t, syscall.SIGKILL, how, "%s came %d times", body, times)
		}
	}
	t.Logf("%d messages to the bot, %d from it; started %d times: %d sessions resumed, %d new; %d came to it twice, marked; %d from it twice",
		said, sent+said, times+2, resumed, anew, twice, answers)
	require.Equal(t, 1, anew, "all others were resumed")
	if how == syscall.SIGTERM {
		require.Zero(t, twice)
		for n, marks := range got {
			require.False(t, marks[0], "message %d is marked", n)
		}
	}
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, time.Minute, 10*time.Millisecond)
}

// A process that is stopped in an orderly way and started again goes on with its session:
// everything arrives once, both ways. One that is killed goes on with what it has saved:
// everything arrives at least once, and what it handled before is marked.
func TestRestart(t *testing.T) {
	t.Parallel()
	for _, how := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(how.String(), func(t *testing.T) {
			t.Parallel()
			ca := testca.New()
			cert := ca.Issue(testca.Leaf{Names: []string{"example.org"}})
			srv := xmpptest.Start(t, xmpptest.Config{Certificate: &cert})
			for name, password := range passwords {
				srv.Account(name+"@example.org", password)
			}
			cfg := srv.ClientConfig("romeo@example.org")
			cfg.TLS = &tls.Config{RootCAs: ca.Pool()}
			plan := botPlan{Server: srv.Addr(), Addr: "juliet@example.org/bot", To: "romeo@example.org/orchard"}
			restartsFor(t, cfg, how, plan, ca.PEM())
		})
	}
}

func TestRestartProsody(t *testing.T) {
	t.Parallel()
	s := realserver.ProsodyWithoutArchive(t, false)
	for _, how := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(how.String(), func(t *testing.T) {
			cfg := onServer(s, realserver.RomeoPassword)
			plan := botPlan{Server: s.Addr(), Addr: "juliet@localhost/bot" + how.String(), To: "romeo@localhost/orchard" + how.String()}
			restartsFor(t, cfg, how, plan, s.CA.PEM())
		})
	}
}

func restartsFor(t *testing.T, cfg xmpp.Config, how syscall.Signal, plan botPlan, roots []byte) {
	var mu sync.Mutex
	var in []string
	cfg.Presence = &stanza.Presence{}
	cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(_ context.Context, m *stanza.Message, body string) error {
		mu.Lock()
		defer mu.Unlock()
		in = append(in, body)
		return nil
	}))
	plan.Password, plan.Save = realserver.JulietPassword, how == syscall.SIGKILL
	peer, err := xmpp.Dial(t.Context(), jid.MustParse(plan.To), cfg)
	require.NoError(t, err)
	defer func() { _ = peer.Close(context.Background()) }()
	restarts(t, peer, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), in...)
	}, newBot(t, plan, roots), 6, how)
}
