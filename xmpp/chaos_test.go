package xmpp_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/realserver"
	"stanza.invalid/internal/testproxy"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/xmpptest"
)

// venue is where a run takes place: how clients get to a server, and what is true of it.
type venue struct {
	name string
	// config is how an account's client connects and logs in, without a proxy.
	config func(name string) xmpp.Config
	// dialer leads to the server; nil if addr does.
	dialer testproxy.Dialer
	addr   string
	domain string
	// orders says that the server keeps the order of messages around resumptions.
	orders bool
	// repeats says that the server may deliver a message twice in one session: it resumes
	// the sender's with a count that leaves out what it has taken. That nothing is sent again
	// which it did count is seen on the wire.
	repeats bool
	// keeps says that the server loses no session.
	keeps bool
}

// chaosSize is how much there is to do: XMPP_CHAOS says how many messages go each way, with
// a cut for each 50. make chaos says 10,000.
func chaosSize(t *testing.T, otherwise int) size {
	t.Helper()
	n := otherwise
	if s := os.Getenv("XMPP_CHAOS"); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		require.NoError(t, err, "XMPP_CHAOS")
	}
	return size{messages: n, cuts: n / 50}
}

type size struct{ messages, cuts int }

// seeded is what chance decides by. XMPP_CHAOS_SEED repeats the decisions of a run, though
// not the races that they lead to.
func seeded(t *testing.T) *rand.Rand {
	seed := rand.Uint64()
	if s := os.Getenv("XMPP_CHAOS_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err, "XMPP_CHAOS_SEED")
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("XMPP_CHAOS_SEED=%d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// few is how many messages go each way in the tests that always run with real servers.
const few = 1000

// VF1, VF7, VF15 with a real Prosody.
//
// Prosody 0.12.3 goes on with the parser of the old connection when a session is resumed
// (mod_c2s keeps it in a closure): a stanza that was cut in the middle on its way to the
// server leaves half a tag there, and the first stanza on the new connection ends the
// session as not well-formed. So here no stanza to Prosody is cut in the middle: each write
// is one record of TLS, of which it sees all or nothing, wherever that is cut. What comes
// from it is cut anywhere.
func TestChaosProsody(t *testing.T) {
	t.Parallel()
	v := prosodyVenue(realserver.ProsodyWithoutArchive(t, false))
	inRecords(v)
	chaos(t, v, chaosSize(t, few), seeded(t))
}

// The same with stanzas cut in the middle: Prosody ends sessions, and others begin.
func TestChaosProsodyMidStanza(t *testing.T) {
	t.Parallel()
	v := prosodyVenue(realserver.ProsodyWithoutArchive(t, false))
	v.name, v.keeps, v.orders = "Prosody, mid-stanza", false, false
	chaos(t, v, chaosSize(t, few), seeded(t))
}

// Logins by SASL 2 with tokens; resuming is a step of its own there.
func TestChaosProsodySASL2(t *testing.T) {
	t.Parallel()
	v := prosodyVenue(realserver.ProsodyWithoutArchive(t, true))
	v.name = "Prosody, SASL 2"
	inRecords(v)
	withTokens(v)
	chaos(t, v, chaosSize(t, few), seeded(t))
}

// VF1, VF7, VF15 with a real ejabberd.
//
// ejabberd 23.01 changes the order of messages around resumptions: of 922 and 923, written
// in this order and in one piece, 923 came first. And a session that has much to do is
// not resumed ("Session state copying timed out").
func TestChaosEJabberd(t *testing.T) {
	t.Parallel()
	s := realserver.EJabberdWithoutArchive(t)
	chaos(t, &venue{
		name: "ejabberd", addr: s.Addr(), domain: "localhost", repeats: true,
		config: func(name string) xmpp.Config { return onServer(s, passwords[name]) },
	}, chaosSize(t, few), seeded(t))
}

// VF1, VF7, VF15: in memory, where no time passes while somebody is at work.
func TestChaos(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name   string
		server xmpptest.Config
		change func(v *venue, srv *xmpptest.Server)
	}{
		{"as before SASL 2", xmpptest.Config{NoSASL2: true}, nil},
		{"SASL 2", xmpptest.Config{}, nil},
		{"tokens", xmpptest.Config{}, func(v *venue, _ *xmpptest.Server) { withTokens(v) }},
		{"websocket", xmpptest.Config{}, func(v *venue, srv *xmpptest.Server) {
			v.config = func(name string) xmpp.Config { return srv.WebsocketConfig(name + "@" + v.domain) }
			v.dialer = srv.WebsocketConfig("juliet@" + v.domain).Dialer
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			dice, n := seeded(t), chaosSize(t, 2*few)
			begin := time.Now()
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.Start(t, way.server)
				v := &venue{name: "xmpptest, " + way.name, dialer: srv.Dialer(), domain: "example.org", orders: true, keeps: true}
				v.config = func(name string) xmpp.Config { return srv.ClientConfig(name + "@" + v.domain) }
				for name, password := range passwords {
					srv.Account(name+"@"+v.domain, password)
				}
				if way.change != nil {
					way.change(v, srv)
				}
				chaos(t, v, n, dice)
			})
			t.Logf("in fact %s", time.Since(begin).Round(time.Millisecond))
		})
	}
}

var passwords = map[string]string{realserver.Juliet: realserver.JulietPassword, realserver.Romeo: realserver.RomeoPassword}

func prosodyVenue(s *realserver.Server) *venue {
	return &venue{
		name: "Prosody", addr: s.Addr(), domain: "localhost", orders: true, keeps: true,
		config: func(name string) xmpp.Config { return onServer(s, passwords[name]) },
	}
}

// inRecords makes clients put each write into one record of TLS.
func inRecords(v *venue) {
	config := v.config
	v.config = func(name string) xmpp.Config {
		cfg := config(name)
		cfg.TLS.DynamicRecordSizingDisabled = true
		cfg.Management.MaxUnackedBytes = 12 << 10 // of 16 KiB that fit in
		return cfg
	}
}

// withTokens lets clients have tokens to log in with.
func withTokens(v *venue) {
	config := v.config
	v.config = func(name string) xmpp.Config {
		cfg := config(name)
		cfg.Store = xmpp.MemoryStore()
		return cfg
	}
}
