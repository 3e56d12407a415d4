package xmpp_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/version"
	"stanza.invalid/internal/testproxy"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// party is a client of the table, with all that it gets.
type party struct {
	*xmpp.Client
	recorder // of the trace

	mu       sync.Mutex
	got      []string      // guarded by mu: messages and presences as text
	sessions []bool        // guarded by mu: those after the first, and whether they were resumed
	restored int           // guarded by mu
	more     chan struct{} // guarded by mu: closed when something comes
}

func newParty() *party { return &party{more: make(chan struct{})} }

func (p *party) note(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	close(p.more)
	p.more = make(chan struct{})
}

// until waits until ok, which is called with mu held.
func (p *party) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		p.mu.Lock()
		there, more := ok(), p.more
		p.mu.Unlock()
		if there {
			return
		}
		select {
		case <-more:
		case <-late:
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Fatalf("%s waits in vain for %s; it got\n%s", p.Local(), what, strings.Join(p.got, "\n"))
		}
	}
}

// gets waits for a stanza that has all of some texts, and returns the first.
func (p *party) gets(t *testing.T, parts ...string) (found string) {
	t.Helper()
	p.until(t, strings.Join(parts, " "), func() bool {
		i := slices.IndexFunc(p.got, has(parts))
		if i >= 0 {
			found = p.got[i]
		}
		return i >= 0
	})
	return found
}

// count returns how many stanzas have all of some texts.
func (p *party) count(parts ...string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, g := range p.got {
		if has(parts)(g) {
			n++
		}
	}
	return n
}

func has(parts []string) func(text string) bool {
	return func(text string) bool {
		return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(text, p) })
	}
}

// takes notes a stanza.
func (p *party) takes(st stanza.Stanza) error {
	text := stanza.String(st)
	p.note(func() { p.got = append(p.got, text) })
	return nil
}

// join logs a client in that is online and notes what it gets; it answers requests for its version, and
// replies to "ping" messages.
func (s *tested) join(t *testing.T, addr jid.JID, change func(cfg *xmpp.Config)) *party {
	t.Helper()
	p := s.party(t, addr, change)
	require.NoError(t, p.Open(limited(t)), "%s\n%s", strings.Join(p.all(), "\n"), s.log())
	p.until(t, "its session", func() bool { return p.restored > 0 })
	return p
}

// party makes such a client that is not open yet.
func (s *tested) party(t *testing.T, addr jid.JID, change func(cfg *xmpp.Config)) *party {
	t.Helper()
	p := newParty()
	cfg := s.config()
	cfg.Presence = &stanza.Presence{}
	cfg.Software = &version.Info{Name: "orchard", Version: "1"}
	cfg.Backoff = stream.Backoff{Min: 10 * time.Millisecond, Max: 100 * time.Millisecond, Spread: 10 * time.Millisecond}
	cfg.Management.AckAfter = 50 * time.Millisecond
	cfg.Trace = p.trace()
	cfg.Trace.XML = func(d stream.Direction, text string) {
		p.add([]string{stream.In: "IN ", stream.Out: "OUT "}[d] + text)
	}
	cfg.Handler = xmpp.NewMux(
		xmpp.OnAnyMessage(func(_ context.Context, m *stanza.Message) error { return p.takes(m) }),
		xmpp.OnAnyPresence(func(_ context.Context, q *stanza.Presence) error { return p.takes(q) }),
		xmpp.OnError(func(_ context.Context, st stanza.Stanza, _ *stanza.Error) error { return p.takes(st) }),
	)
	if change != nil {
		change(&cfg)
	}
	c, err := xmpp.NewClient(addr, cfg)
	require.NoError(t, err)
	p.Client = c
	first := true
	xmpp.On(c, func(e xmpp.SessionStarted) {
		if !first {
			p.note(func() { p.sessions = append(p.sessions, e.Resumed) })
		}
		first = false
	})
	xmpp.On(c, func(xmpp.Restored) { p.note(func() { p.restored++ }) })
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return p
}

// says sends a message, and waits until the server has it.
func (p *party) says(t *testing.T, to jid.JID, body string) {
	t.Helper()
	require.Equal(t, stream.Acked, p.outcome(t, p.tracks(t, stanza.NewMessage(to, body))))
}

func (p *party) tracks(t *testing.T, st stanza.Stanza) *stream.Delivery {
	t.Helper()
	d, err := p.SendTracked(limited(t), st)
	require.NoError(t, err)
	return d
}

func (p *party) outcome(t *testing.T, d *stream.Delivery) stream.DeliveryOutcome {
	t.Helper()
	o, err := d.Wait(limited(t))
	require.NoError(t, err, "%s", p.lately())
	return o
}

// resumable waits until the server has said that the session can be resumed.
func (p *party) resumable(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { _, ok := p.Stream().Resumable(); return ok }, 20*time.Second, time.Millisecond)
}

// comesBack waits for the next session, and returns whether it is the one before.
func (p *party) comesBack(t *testing.T) (resumed bool) {
	t.Helper()
	p.until(t, "another session", func() bool {
		if len(p.sessions) == 0 {
			return false
		}
		resumed = p.sessions[0]
		p.sessions = p.sessions[1:]
		return true
	})
	return resumed
}

// lately returns the end of the trace, for failures.
func (p *party) lately() string {
	all := p.all()
	all = all[max(0, len(all)-30):]
	for i := range all {
		all[i] = fmt.Sprintf("%.300s", all[i])
	}
	return strings.Join(all, "\n")
}

// said returns what the trace has.
func (p *party) said() string { return strings.Join(p.all(), "\n") }

// network is what lies between a client and a server. It can be cut, and it can keep from
// the client what the server says.
type network struct {
	*testproxy.Proxy

	mu    sync.Mutex
	conns []*hearing // guarded by mu
}

// through leads a client's connections through a network.
func through(t *testing.T, cfg *xmpp.Config, to string) *network {
	t.Helper()
	if u, err := url.Parse(to); err == nil && u.Host != "" {
		to = u.Host
	}
	p, err := testproxy.New(to)
	require.NoError(t, err)
	n := &network{Proxy: p}
	t.Cleanup(func() {
		n.breaks()
		p.Close()
	})
	cfg.Dialer = n
	return n
}

// DialContext connects, wherever to, by way of the proxy.
func (n *network) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, n.Addr())
	if err != nil {
		return nil, err
	}
	h := &hearing{Conn: c, over: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conns = append(n.conns, h)
	return h, nil
}

// deafen keeps all that comes from now on from the connections that there are.
func (n *network) deafen() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, h := range n.conns {
		h.deaf.Store(true)
	}
}

// breaks ends all connections, and lets nobody connect until it is mended.
func (n *network) breaks() {
	n.Down(true)
	n.Cut(true)
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, h := range n.conns {
		close(h.over)
	}
	n.conns = nil
}

func (n *network) mends() { n.Down(false) }

// hearing is a connection that may become deaf.
type hearing struct {
	net.Conn
	deaf atomic.Bool
	over chan struct{} // closed when it is cut
}

func (h *hearing) Read(b []byte) (int, error) {
	k, err := h.Conn.Read(b)
	if h.deaf.Load() {
		<-h.over
		return 0, net.ErrClosed // what came is gone with the connection
	}
	return k, err
}
