package xmpp_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/roster"
	"stanza.invalid/internal/realserver"
	"stanza.invalid/internal/testca"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/contacts"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// restarted is a server that can be ended and started again.
type restarted struct {
	*tested
	stop, kill, start func()
}

// TestServerRestart restarts each server under its clients, in an orderly way and without a
// warning. They come back by themselves, in new sessions that are what the old ones were, and
// what was said of a message is true.
func TestServerRestart(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T) restarted{
		"xmpptest": restartXMPPTest,
		"Prosody": func(t *testing.T) restarted {
			s := realserver.Prosody(t)
			return restarted{startProsody(t, s), s.Stop, s.Kill, s.Start}
		},
		"ejabberd": func(t *testing.T) restarted {
			s := realserver.EJabberd(t)
			return restarted{ejabberd(s), s.Stop, s.Kill, s.Start}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			restart(t, s)
		})
	}
}

// restartXMPPTest has a new server in place of the old one, with the same certificate and
// accounts.
func restartXMPPTest(t *testing.T) restarted {
	ca := testca.New()
	cert := ca.Issue(testca.Leaf{Names: []string{"localhost"}})
	var mu sync.Mutex
	var srv *xmpptest.Server
	var names []string
	start := func() {
		mu.Lock()
		defer mu.Unlock()
		srv = xmpptest.Start(t, xmpptest.Config{Certificate: &cert})
		for _, n := range names {
			srv.Account(n+"@localhost", password)
		}
	}
	now := func() *xmpptest.Server {
		mu.Lock()
		defer mu.Unlock()
		return srv
	}
	start()
	s := &tested{
		addr: "localhost:5222", roots: ca.Pool(), log: func() string { return "" },
		makeAccount: func(_, name, password string) {
			mu.Lock()
			defer mu.Unlock()
			names = append(names, name)
			srv.Account(name+"@localhost", password)
		},
		dialer: dialFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
			return now().Dialer().DialContext(ctx, network, addr)
		}),
	}
	end := func() { now().Close() }
	return restarted{s, end, end, start}
}

func restart(t *testing.T, s restarted) {
	me := s.person("localhost", "juliet")
	resource := func(r string) jid.JID {
		full, err := me.WithResource(r)
		require.NoError(t, err)
		return full
	}
	lists := map[*party]*contacts.Contacts{}
	join := func(addr jid.JID) *party {
		p := s.party(t, addr, func(cfg *xmpp.Config) {
			cfg.Carbons, cfg.Dialer = true, s.dialer
		})
		lists[p] = contacts.New(p.Client, contacts.Config{})
		require.NoError(t, p.Open(limited(t)), "%s\n%s", p.said(), s.log())
		p.until(t, "its session", func() bool { return p.restored > 0 })
		return p
	}
	juliet, other, romeo := join(resource("balcony")), join(resource("chamber")), join(s.person("localhost", "romeo"))
	all := []*party{juliet, other, romeo}
	nurse := jid.MustParse("nurse@localhost")
	remember := func() {
		// xmpptest keeps nothing over a restart
		require.NoError(t, lists[juliet].Set(limited(t), roster.Item{JID: nurse, Name: "Nurse"}))
	}
	remember()
	for _, p := range all {
		p.resumable(t)
	}
	for i, end := range []func(){s.stop, s.kill} {
		tag := []string{"the first time", "the second time"}[i]
		juliet.says(t, romeo.Local().Bare(), "before "+tag)
		romeo.gets(t, "<body>before "+tag)
		other.gets(t, "urn:xmpp:carbons:2", "before "+tag)
		seen := other.count("<presence", "from='"+juliet.Local().String()+"'")
		end()
		waiting := juliet.tracks(t, stanza.NewMessage(romeo.Local().Bare(), "while it was down "+tag))
		require.Equal(t, stream.Undecided, waiting.Outcome())
		s.start()
		for _, p := range all {
			require.False(t, p.comesBack(t), "%s cannot have gone on with its session\n%s", p.Local(), p.lately())
			p.until(t, "what its session was", func() bool { return p.restored == i+2 })
		}
		// it is in the output of the new session, and got there or was lost in truth
		if juliet.outcome(t, waiting) == stream.Lost {
			require.Zero(t, romeo.count("while it was down "+tag))
		} else {
			romeo.gets(t, "<body>while it was down "+tag)
		}
		other.until(t, "her presence", func() bool {
			n := 0
			for _, g := range other.got {
				if has([]string{"<presence", "from='" + juliet.Local().String() + "'"})(g) {
					n++
				}
			}
			return n > seen
		})
		juliet.says(t, romeo.Local().Bare(), "after "+tag)
		romeo.gets(t, "<body>after "+tag)
		other.gets(t, "urn:xmpp:carbons:2", "after "+tag)
		// what the server went down before he had acknowledged comes again, perhaps
		require.LessOrEqual(t, romeo.count("<body>before "+tag), 2)
		for _, text := range []string{"while it was down ", "after "} {
			require.LessOrEqual(t, romeo.count("<body>"+text+tag), 1, text)
		}
		if s.log() == "" {
			remember()
		}
		called := func(name string) {
			t.Helper()
			require.Eventually(t, func() bool { item, _ := lists[juliet].Item(nurse); return item.Name == name }, 20*time.Second, 10*time.Millisecond)
		}
		called("Nurse")
		// the list is a live one: the other client hears of changes
		name := "Angelica " + tag
		require.NoError(t, lists[other].Set(limited(t), roster.Item{JID: nurse, Name: name}))
		called(name)
		require.NoError(t, lists[other].Set(limited(t), roster.Item{JID: nurse, Name: "Nurse"}))
		called("Nurse")
	}
}
