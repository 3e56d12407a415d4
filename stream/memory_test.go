package stream

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/idle"
	"stanza.invalid/internal/testca"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// inUse returns the bytes of heap and stack that are in use.
func inUse() int64 {
	for range 4 { // stacks shrink by half with each
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// settled measures until less than so much is left, or it has taken long: dispatchers, flushers
// and watchdogs end at some time. What is not judged is measured once.
func settled(most int64, measure func() int64) (n int64) {
	for range 100 {
		time.Sleep(50 * time.Millisecond)
		if n = measure(); n < most || raceEnabled || testing.Short() {
			break
		}
	}
	return n
}

// TestIdleSessionBytes says what a session costs that waits for stanzas on a socket, with
// its goroutine's stack. The peers live in the same process and are counted apart.
func TestIdleSessionBytes(t *testing.T) {
	const most = 11 << 10 // half of it stack, see loop
	n := 1000
	if testing.Short() {
		n = 100
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	var accepted []net.Conn
	var mu sync.Mutex
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			p := NewConn(c, Config{})
			_, err = p.ReadHeader()
			if err == nil {
				err = p.WriteHeader(Header{From: server, Content: wire.NSClient, ID: "s"})
			}
			if err == nil {
				_, err = c.Write([]byte("<message id='1'><body>hello</body></message>"))
			}
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			accepted = append(accepted, c)
			mu.Unlock()
		}
	})
	make1 := func() *Stream {
		s := New(Config{
			Dial: func(ctx context.Context) (Transport, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", ln.Addr().String())
			},
			Header: Header{To: server}, Negotiators: []Negotiator{bound(me, server)},
			StallAfter: 10 * time.Millisecond,
		})
		echoed := make(chan struct{})
		s.Handle(MatchKind(KindMessage), func(ctx context.Context, st stanza.Stanza) error {
			defer close(echoed)
			return s.Send(ctx, message("a"))
		})
		require.NoError(t, s.Open(context.Background()))
		<-echoed
		return s
	}
	// what the process needs once, and the peer's half of a connection
	first := make1()
	before := inUse()
	conns := make([]net.Conn, n)
	for i := range conns {
		a, err := net.Dial("tcp", ln.Addr().String())
		require.NoError(t, err)
		_, err = a.Write([]byte("<stream:stream xmlns='jabber:client' xmlns:stream='" + wire.NSStream + "'>"))
		require.NoError(t, err)
		conns[i] = a
	}
	for {
		mu.Lock()
		ok := len(accepted) == n+1
		mu.Unlock()
		if ok {
			break
		}
		time.Sleep(time.Millisecond)
	}
	pair := (inUse() - before) / int64(n) // both halves: two of the same kind
	before = inUse()
	streams := make([]*Stream, n)
	for i := range streams {
		streams[i] = make1()
	}
	per := settled(most, func() int64 { return (inUse()-before)/int64(n) - pair/2 })
	if f := os.Getenv("STREAM_HEAP_PROFILE"); f != "" {
		w, err := os.Create(f)
		require.NoError(t, err)
		require.NoError(t, pprof.WriteHeapProfile(w))
		require.NoError(t, w.Close())
	}
	t.Logf("%s bytes per idle session (%d of them for the socket)", strconv.FormatInt(per, 10), pair/2)
	if !raceEnabled && !testing.Short() {
		require.Less(t, per, int64(most))
	}
	for _, s := range append(streams, first) {
		s.Abort()
		<-s.Done()
	}
	ln.Close()
	for _, c := range append(conns, accepted...) {
		c.Close()
	}
	wg.Wait()
}

// opaque is a connection of which nothing is known.
type opaque struct{ net.Conn }

// TestIdleSessionBuffers says that sessions hold no large buffers while they wait, whatever
// they run on, and although much came in before.
func TestIdleSessionBuffers(t *testing.T) {
	n := 200
	if testing.Short() {
		n = 50
	}
	ca := testca.New()
	server := &tls.Config{Certificates: []tls.Certificate{ca.Issue(testca.Leaf{Names: []string{"example.org"}})}}
	client := &tls.Config{RootCAs: ca.Pool(), ServerName: "example.org"}
	for name, wrap := range map[string]func(a, b net.Conn) (Transport, Transport){
		"TCP":    func(a, b net.Conn) (Transport, Transport) { return a, b },
		"opaque": func(a, b net.Conn) (Transport, Transport) { return opaque{a}, b },
		"TLS": func(a, b net.Conn) (Transport, Transport) {
			return tls.Client(idle.New(a), client), tls.Server(b, server)
		},
		"TLS over opaque": func(a, b net.Conn) (Transport, Transport) {
			return tls.Client(idle.New(opaque{a}), client), tls.Server(b, server)
		},
	} {
		t.Run(name, func(t *testing.T) {
			const messages = 100
			make1 := func() (*Stream, Transport) {
				a, b := tcpPair(t)
				x, y := wrap(a, b)
				handled := make(chan struct{})
				left := messages
				s := New(Config{
					Dial: func(ctx context.Context) (Transport, error) {
						if t, ok := x.(*tls.Conn); ok {
							return t, t.HandshakeContext(ctx)
						}
						return x, nil
					},
					Header: Header{To: me}, Negotiators: []Negotiator{bound(me, friend)}, StallAfter: 10 * time.Millisecond,
				})
				s.Handle(MatchKind(KindMessage), func(context.Context, stanza.Stanza) error {
					if left--; left == 0 {
						close(handled)
					}
					return nil
				})
				opened := make(chan error, 1)
				go func() { opened <- s.Open(context.Background()) }()
				p := NewConn(y, Config{})
				_, err := p.ReadHeader()
				require.NoError(t, err)
				require.NoError(t, p.WriteHeader(Header{From: friend, Content: wire.NSClient, ID: "s"}))
				require.NoError(t, <-opened)
				require.NoError(t, p.WriteBytes([]byte(strings.Repeat("<message><body>hello "+strings.Repeat("x", 300)+"</body></message>", messages))))
				<-handled
				return s, y
			}
			first, y := make1()
			before := inUse()
			streams, peers := []*Stream{first}, []Transport{y}
			for range n {
				s, y := make1()
				streams, peers = append(streams, s), append(peers, y)
			}
			most := int64(16 << 10)
			if _, ok := y.(*tls.Conn); ok {
				most = 50 << 10 // with the other end, and what crypto/tls keeps of large records
			}
			per := settled(most, func() int64 { return (inUse() - before) / int64(n) })
			t.Logf("%d bytes", per)
			if !raceEnabled && !testing.Short() {
				require.Less(t, per, most)
			}
			for i, s := range streams {
				s.Abort()
				<-s.Done()
				_ = peers[i].Close()
			}
		})
	}
}
