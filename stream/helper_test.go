package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	me     = jid.MustParse("me@example.org/here")
	friend = jid.MustParse("friend@example.net/there")
	server = jid.MustParse("example.org")
)

// bound is a negotiator that knows the addresses without asking.
func bound(local, remote jid.JID) Negotiator {
	return Negotiator{Name: "bound", Run: func(_ context.Context, c *Conn) (Outcome, error) {
		c.SetLocal(local)
		c.SetRemote(remote)
		return Done, nil
	}}
}

// peer is the other side of a stream, played by the test.
type peer struct {
	t    testing.TB
	conn *Conn
	end  *end
	mu   sync.Mutex
}

// link is a stream with the peers that it meets, one for each connection.
type link struct {
	*Stream
	t     testing.TB
	peers chan *peer
}

const roomy = 1 << 20

// newLink makes a stream that is not open and dials pipes which hold max bytes each way.
func newLink(t testing.TB, max int, cfg Config) *link {
	l := &link{t: t, peers: make(chan *peer, 64)}
	if cfg.Dial == nil {
		cfg.Dial = func(context.Context) (Transport, error) {
			a, b := newPipe(max)
			l.peers <- &peer{t: t, end: b, conn: NewConn(b, Config{})}
			return a, nil
		}
	}
	if cfg.Negotiators == nil {
		cfg.Negotiators = []Negotiator{bound(me, server)}
	}
	if cfg.Header.To.IsZero() {
		cfg.Header.To = server
	}
	l.Stream = New(cfg)
	t.Cleanup(func() {
		l.Abort()
		select {
		case <-l.Done():
		case <-time.After(5 * time.Second):
			t.Error("the stream does not end")
		}
	})
	return l
}

// open opens a stream and returns its peer.
func open(t testing.TB, cfg Config) (*link, *peer) { return openWith(t, roomy, cfg) }

func openWith(t testing.TB, max int, cfg Config) (*link, *peer) {
	t.Helper()
	l := newLink(t, max, cfg)
	return l, l.open()
}

func (l *link) open() *peer {
	l.t.Helper()
	failed := make(chan error, 1)
	go func() { failed <- l.Open(context.Background()) }()
	p := l.accept()
	require.NoError(l.t, <-failed)
	return p
}

// accept takes the next connection and exchanges headers.
func (l *link) accept() *peer {
	p := <-l.peers
	p.handshake(Header{From: server, Content: wire.NSClient, ID: "s1", Lang: "en"})
	return p
}

func (p *peer) handshake(h Header) {
	if _, err := p.conn.ReadHeader(); err != nil {
		p.t.Errorf("no header: %v", err)
	}
	if err := p.conn.WriteHeader(h); err != nil {
		p.t.Errorf("header: %v", err)
	}
	p.conn.SetLimits(wire.Limits{Bytes: 1 << 20})
}

func (p *peer) send(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	_ = p.conn.WriteBytes([]byte(format))
}

// next returns the next element.
func (p *peer) next() wire.Raw {
	p.t.Helper()
	r, err := p.conn.Read()
	require.NoError(p.t, err)
	return r
}

// want reads the next element and compares it.
func (p *peer) want(xml string) {
	p.t.Helper()
	require.Equal(p.t, xml, p.next().Source())
}

// wantID reads the next element, which must have this name and id.
func (p *peer) wantID(name, id string) {
	p.t.Helper()
	r := p.next()
	got, _ := r.Attr("id")
	require.Equal(p.t, name+" "+id, r.Local()+" "+got, r.Source())
}

// fence waits until everything before it has been handled.
func (l *link) fence(p *peer) {
	l.t.Helper()
	id := NewID()
	p.send("<iq type='get' id='%s' from='fence.example'><fence xmlns='urn:fence'/></iq>", id)
	for {
		r := p.next()
		if got, _ := r.Attr("id"); got == id {
			return
		}
	}
}

// rest reads what comes until the end and returns it, with the error that ended it.
func (p *peer) rest() (string, error) {
	var b strings.Builder
	for {
		r, err := p.conn.Read()
		if err != nil {
			return b.String(), err
		}
		b.WriteString(r.Source())
	}
}

// drain reads and forgets until the end.
func (p *peer) drain() {
	for {
		if _, err := p.conn.Read(); err != nil {
			return
		}
	}
}

// leave reads what comes until the end and goes.
func (p *peer) leave() {
	_, _ = p.conn.ReadHeader()
	p.drain()
	_ = p.end.Close()
}

// goodbye answers the footer as a good peer does.
func (p *peer) goodbye() error {
	_, err := p.rest()
	if !errors.Is(err, ErrEnded) {
		return err
	}
	p.send("</stream:stream>")
	_, err = io.Copy(io.Discard, p.end)
	_ = p.end.Close()
	return err
}

func within(t testing.TB, d time.Duration, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(d):
		stacks := make([]byte, 1<<20)
		t.Fatalf("%s takes longer than %v\n%s", what, d, stacks[:runtime.Stack(stacks, true)])
	}
}

func message(id string) *stanza.Message {
	return &stanza.Message{ID: id, To: friend, Type: stanza.Chat, Body: stanza.Plain("hello")}
}

func name(space, local string) wire.Name { return wire.Name{Space: space, Local: local} }

// recorder is a list that handlers append to.
type recorder struct {
	mu   sync.Mutex
	list []string
}

func (r *recorder) add(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, s)
}

func (r *recorder) get() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string{}, r.list...)
}
