package stream

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// TestVX14 gives a session what must not stand on a stream; the peer is told what is
// wrong and nothing behind it is handled.
func TestVX14StreamErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in string
		want     Condition
	}{
		{"a comment", "<!-- x -->", RestrictedXML},
		{"a processing instruction", "<?x y?>", RestrictedXML},
		{"a DTD", "<!DOCTYPE x>", RestrictedXML},
		{"an entity", "<message><body>&lol;</body></message>", RestrictedXML},
		{"a second header", "<stream:stream xmlns='jabber:client'></stream:stream>", UnsupportedStanzaType},
		{"no UTF-8", "<message><body>\xff</body></message>", NotWellFormed},
		{"not well-formed", "<message></presence>", NotWellFormed},
		{"an undeclared prefix", "<message><p:x/></message>", NotWellFormed},
		{"text between stanzas", "text", BadFormat},
		{"an element that is no stanza", "<foo/>", UnsupportedStanzaType},
		{"a stanza in a foreign namespace", "<message xmlns='urn:evil'/>", InvalidNamespace},
		{"a stanza of another kind of stream", "<message xmlns='jabber:server'/>", InvalidNamespace},
		{"a stanza in no namespace", "<message xmlns=''/>", UnsupportedStanzaType},
		{"a long stanza", "<message><body>" + strings.Repeat("x", 20_000) + "</body></message>", PolicyViolation},
		{"a flood of white space", strings.Repeat(" ", 20_000), PolicyViolation},
		{"a deep stanza", "<message>" + strings.Repeat("<x>", 200), PolicyViolation},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var handled recorder
			l, p := open(t, Config{Limits: wire.Limits{Bytes: 10_000}, Backoff: Backoff{Off: true}})
			l.Handle(MatchKind(KindMessage), note(&handled, ""))
			require.NoError(t, l.Send(t.Context(), message("pending")))
			require.NoError(t, l.Flush(t.Context()))
			p.send("<message id='good'/>%s<message id='smuggled'/>", tt.in)
			p.wantID("message", "pending")
			_, err := p.conn.Read()
			require.ErrorIs(t, err, tt.want)
			_, err = p.rest()
			require.ErrorIs(t, err, ErrEnded)
			_ = p.end.Close()
			<-l.Done()
			e := toSend(l.Err())
			require.NotNil(t, e, l.Err())
			require.Equal(t, tt.want, e.Condition)
			require.Equal(t, []string{"good"}, handled.get())
		})
	}
	t.Run("data behind the footer", func(t *testing.T) {
		t.Parallel()
		var handled recorder
		l, p := open(t, Config{Backoff: Backoff{Off: true}})
		l.Handle(MatchKind(KindMessage), note(&handled, ""))
		p.send("<message id='good'/></stream:stream><message id='smuggled'/>")
		_, err := p.rest()
		require.ErrorIs(t, err, ErrEnded)
		<-l.Done()
		require.ErrorIs(t, l.Err(), ErrEnded)
		require.Equal(t, []string{"good"}, handled.get())
	})
	t.Run("the end in the middle of a stanza", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{Backoff: Backoff{Off: true}})
		p.send("<message><body>")
		_ = p.end.Close()
		<-l.Done()
		require.ErrorIs(t, l.Err(), io.ErrUnexpectedEOF)
	})
	t.Run("the error reaches the peer over TCP", func(t *testing.T) {
		t.Parallel()
		// unread input at the time of closing must not reset the connection
		for range 20 {
			a, b := tcpPair(t)
			l := newLink(t, roomy, Config{Dial: func(context.Context) (Transport, error) { return a, nil }, Backoff: Backoff{Off: true}})
			opened := make(chan error, 1)
			go func() { opened <- l.Open(context.Background()) }()
			p := &peer{t: t, conn: NewConn(b, Config{})}
			p.handshake(Header{Content: wire.NSClient})
			require.NoError(t, <-opened)
			require.NoError(t, p.conn.WriteBytes([]byte("<!-- -->"+strings.Repeat("<message/>", 20_000))))
			_, err := p.conn.Read()
			require.ErrorIs(t, err, RestrictedXML)
			_ = b.Close()
			<-l.Done()
		}
	})
}

// TestVX10 drops handshakes half way, on either side, and looks for what is left of them.
func TestVX10HalfOpen(t *testing.T) {
	headers := []string{
		"", "<", "<?xml version='1.0'?>", "<stream:stream xmlns='jabber:client'",
		"<stream:stream xmlns='jabber:client' xmlns:stream='" + wire.NSStream + "'>",
		"<stream:stream xmlns='jabber:client' xmlns:stream='" + wire.NSStream + "' version='1.0'><features><x>" + strings.Repeat("x", 1000),
	}
	once := func(i int) {
		a, b := newPipe(roomy)
		s := New(Config{
			Dial:    func(context.Context) (Transport, error) { return a, nil },
			Backoff: Backoff{Off: true}, Header: Header{To: server, Version: "1.0"}, Negotiators: []Negotiator{bound(me, server)},
		})
		_, _ = b.Write([]byte(headers[i%len(headers)]))
		_ = b.CloseWrite()
		if s.Open(context.Background()) == nil && i%len(headers) != 4 {
			t.Error("half a handshake is enough")
		}
		s.Abort()
		<-s.Done()
		// the accepting side
		c, d := newPipe(roomy)
		_, _ = d.Write([]byte(headers[i%len(headers)]))
		_ = d.CloseWrite()
		conn := NewConn(c, Config{})
		_, err := conn.ReadHeader()
		if err == nil {
			_, err = conn.Read()
		}
		if err == nil {
			t.Error("half a handshake is enough")
		}
		conn.Close(err)
	}
	n := 5000
	if testing.Short() {
		n = 500
	}
	for i := range 200 {
		once(i)
	}
	before, goroutines := inUse(), runtime.NumGoroutine()
	for i := range n {
		once(i)
	}
	require.Less(t, inUse()-before, int64(2<<20))
	require.LessOrEqual(t, runtime.NumGoroutine(), goroutines+5)

	t.Run("limits", func(t *testing.T) {
		// 16 KiB before the session, whatever the configuration allows; more in it
		big := strings.Repeat("x", 17<<10)
		for _, in := range []string{"<features>" + big + "</features>", strings.Repeat(" ", 17<<10)} {
			l := newLink(t, roomy, Config{Limits: wire.Limits{Bytes: 1 << 20}, Header: Header{To: server, Version: "1.0"}})
			opened := make(chan error, 1)
			go func() { opened <- l.Open(context.Background()) }()
			p := <-l.peers
			p.handshake(Header{Content: wire.NSClient, Version: "1.0"})
			p.send("%s", in)
			go p.leave()
			require.ErrorContains(t, <-opened, "policy-violation")
		}
		l, p := open(t, Config{Limits: wire.Limits{Bytes: 100 << 10}, Backoff: Backoff{Min: time.Millisecond, Max: time.Millisecond}})
		got := l.Collect(MatchKind(KindMessage))
		p.send("<message><body>%s</body></message>", big)
		_, err := got.Next(t.Context())
		require.NoError(t, err)
		_ = p.end.Close() // and less again on the next connection
		p = <-l.peers
		_, err = p.conn.ReadHeader()
		require.NoError(t, err)
		p.send("<stream:stream xmlns='jabber:client' xmlns:stream='%s' id='%s'>", wire.NSStream, big)
		_, err = p.conn.Read()
		require.ErrorIs(t, err, PolicyViolation)
	})
}

// TestVF11 has a handler that is slower than the peer.
func TestVF11SlowHandler(t *testing.T) {
	t.Parallel()
	t.Run("order is kept and nothing lost", func(t *testing.T) {
		t.Parallel()
		const n = 50_000
		l, p := openWith(t, 64<<10, Config{Queue: QueueLimits{SoftStanzas: 200}})
		next, paused := 0, 0
		finished := make(chan struct{})
		l.Handle(MatchKind(KindMessage), func(_ context.Context, s stanza.Stanza) error {
			if s.Attributes().ID != fmt.Sprint(next) {
				t.Errorf("%s in place of %d", s.Attributes().ID, next)
			}
			if next++; next%1000 == 0 {
				time.Sleep(100 * time.Microsecond)
			}
			if l.Paused() {
				paused++
			}
			if next == n {
				close(finished)
			}
			return nil
		})
		go func() {
			var b []byte
			for i := range n {
				b = fmt.Appendf(b, "<message id='%d'><body>hello</body></message>", i)
				if len(b) > 4000 {
					_ = p.conn.WriteBytes(b)
					b = b[:0]
				}
			}
			_ = p.conn.WriteBytes(b)
		}()
		<-finished
		require.Positive(t, paused)
	})
	t.Run("the queue is bounded and the peer is held up", func(t *testing.T) {
		t.Parallel()
		for _, limits := range []QueueLimits{{SoftStanzas: 100}, {SoftBytes: 100 << 10}, {SoftStanzas: 1}} {
			synctest.Test(t, func(t *testing.T) {
				l, p := openWith(t, 8<<10, Config{Queue: limits, KeepAlive: time.Minute})
				hold := make(chan struct{})
				l.Handle(MatchKind(KindMessage), func(context.Context, stanza.Stanza) error {
					<-hold
					return nil
				})
				var sent atomic.Int32
				stop := make(chan struct{})
				go func() {
					defer close(stop)
					for p.conn.WriteBytes([]byte("<message><body>hello</body></message>")) == nil {
						sent.Add(1)
					}
				}()
				synctest.Wait()
				require.True(t, l.Paused())
				blocked := sent.Load()
				require.Less(t, blocked, int32(1000))
				require.Less(t, l.Queued(), 600)
				time.Sleep(20 * time.Second)
				require.Equal(t, blocked, sent.Load())
				close(hold)
				for sent.Load() < 2*blocked { // reading goes on
					runtime.Gosched()
				}
				l.Abort()
				<-stop
			})
		}
	})
	t.Run("the heap is bounded", func(t *testing.T) {
		if raceEnabled {
			t.Skip("the race detector needs memory of its own")
		}
		a, b := tcpPair(t)
		l := newLink(t, roomy, Config{Dial: func(context.Context) (Transport, error) { return a, nil }, Queue: QueueLimits{SoftBytes: 1 << 20}, Backoff: Backoff{Off: true}})
		hold := make(chan struct{})
		l.Handle(MatchKind(KindMessage), func(context.Context, stanza.Stanza) error {
			<-hold
			return nil
		})
		opened := make(chan error, 1)
		go func() { opened <- l.Open(context.Background()) }()
		p := &peer{t: t, conn: NewConn(b, Config{})}
		p.handshake(Header{Content: wire.NSClient})
		require.NoError(t, <-opened)
		before := inUse()
		one := []byte("<message><body>" + strings.Repeat("x", 1000) + "</body></message>")
		const whole = 64 << 20
		sent := 0
		for sent < whole { // until the network takes no more
			require.NoError(t, b.SetWriteDeadline(time.Now().Add(300*time.Millisecond)))
			n, err := b.Write(one)
			sent += n
			if err != nil {
				break
			}
		}
		require.True(t, l.Paused())
		require.Less(t, sent, whole/2, "TCP holds up the peer")
		require.Less(t, inUse()-before, int64(16<<20)) // other tests run beside it
		close(hold)
		l.Abort()
		_ = b.Close()
		<-l.Done()
	})
	t.Run("keepalives go out meanwhile", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, p := open(t, Config{Queue: QueueLimits{SoftStanzas: 1}, KeepAlive: time.Minute})
			l.Handle(MatchKind(KindMessage), func(ctx context.Context, _ stanza.Stanza) error {
				<-ctx.Done()
				return nil
			})
			p.send("<message/><message/>")
			b := make([]byte, 10)
			n, err := p.end.Read(b)
			require.NoError(t, err)
			require.Equal(t, " ", string(b[:n]))
			require.True(t, l.Paused())
		})
	})
	t.Run("the end of the connection is seen meanwhile", func(t *testing.T) {
		t.Parallel()
		ends := map[string]struct {
			cut  func(l *link, p *peer)
			want error
		}{
			"the peer is gone": {func(_ *link, p *peer) { _ = p.end.Close() }, io.ErrClosedPipe},
			"reconnecting":     {func(l *link, _ *peer) { l.Reconnect() }, ErrReconnect},
		}
		for name, e := range ends {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l, p := openWith(t, 2000, Config{OutputBytes: 2000, Queue: QueueLimits{SoftStanzas: 1}})
					l.Handle(MatchKind(KindMessage), func(ctx context.Context, m stanza.Stanza) error {
						for ctx.Err() == nil {
							if err := l.Send(ctx, message("x")); err != nil {
								return err
							}
						}
						return ctx.Err()
					})
					ended := make(chan error, 1)
					On(l, func(_ context.Context, d Disconnected) error {
						ended <- d.Err
						return nil
					}, Direct())
					p.send("<message/><message/>")
					synctest.Wait()
					require.True(t, l.Paused())
					e.cut(l, p)
					synctest.Wait()
					select {
					case err := <-ended:
						require.ErrorIs(t, err, e.want)
					default:
						t.Error("the connection has not ended")
					}
				})
			})
		}
	})
	t.Run("a request in a handler under a flood", func(t *testing.T) {
		t.Parallel()
		for _, opts := range [][]Option{nil, {Concurrent()}} {
			l, p := openWith(t, 8<<10, Config{Queue: QueueLimits{SoftStanzas: 20, HardStanzas: 5000}, Concurrency: 2})
			answered := make(chan error, 16)
			l.Handle(MatchType(KindMessage, "chat"), func(ctx context.Context, _ stanza.Stanza) error {
				_, err := l.Request(ctx, stanza.NewIQ(stanza.Get, friend, nil))
				if err == nil { // nested
					_, err = l.Request(ctx, stanza.NewIQ(stanza.Get, friend, nil))
				}
				answered <- err
				return nil
			}, opts...)
			go func() {
				for range 4 {
					p.send("<message type='chat'/>")
				}
				for i := 0; i < 2000; i++ {
					p.send("<message/>")
				}
			}()
			go func() {
				for {
					r, err := p.conn.Read()
					if err != nil {
						return
					}
					id, _ := r.Attr("id")
					p.send("%s<iq type='result' id='%s' from='%s'/>", strings.Repeat("<message/>", 100), id, friend)
				}
			}()
			for range 4 {
				require.NoError(t, <-answered)
			}
			require.Equal(t, Established, l.State())
		}
	})
	t.Run("the hard limit", func(t *testing.T) {
		t.Parallel()
		l, p := openWith(t, 64<<10, Config{Queue: QueueLimits{SoftStanzas: 10, HardStanzas: 100}, Backoff: Backoff{Off: true}})
		result := make(chan error, 1)
		l.Handle(MatchKind(KindMessage), func(ctx context.Context, _ stanza.Stanza) error {
			_, err := l.Request(ctx, stanza.NewIQ(stanza.Get, friend, nil))
			result <- err
			return nil
		}, Once())
		go func() {
			for p.conn.WriteBytes([]byte("<message/>")) == nil {
			}
		}()
		var err error
		for err == nil {
			_, err = p.conn.Read()
		}
		require.ErrorIs(t, err, ResourceConstraint)
		_ = p.end.Close()
		require.ErrorIs(t, <-result, ErrDisconnected)
		<-l.Done()
		require.ErrorIs(t, l.Err(), ErrQueueFull)
	})
	t.Run("a peer that does not read answers", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			// reading stops: neither queue nor output grows, and in the end the write fails
			l, p := openWith(t, 1000, Config{OutputBytes: 2000, Queue: QueueLimits{SoftStanzas: 10, HardStanzas: 500}, WriteTimeout: 20 * time.Second, Backoff: Backoff{Off: true}})
			l.Handle(MatchKind(KindMessage), func(ctx context.Context, s stanza.Stanza) error {
				return l.Send(ctx, message("answer"))
			})
			go func() {
				for p.conn.WriteBytes([]byte("<message/>")) == nil {
				}
			}()
			time.Sleep(10 * time.Second)
			require.True(t, l.Paused())
			require.Less(t, l.Queued(), 300)
			l.out.mu.Lock()
			require.LessOrEqual(t, l.out.pending()+l.out.inFlight, 2000)
			l.out.mu.Unlock()
			time.Sleep(15 * time.Second)
			l.Abort()
			<-l.Done()
			require.NotErrorIs(t, l.Err(), ErrQueueFull)
		})
	})
}

// TestVF12 makes and breaks many connections over TCP and counts descriptors by way of
// goroutines and the listener's side.
func TestVF12Leaks(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var open atomic.Int32
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			open.Add(1)
			wg.Go(func() {
				_, _ = c.Write([]byte("<stream:stream xmlns='jabber:client' xmlns:stream='" + wire.NSStream + "'>"))
				_, _ = io.Copy(io.Discard, c) // until the other side has closed its socket
				_ = c.Close()
				open.Add(-1)
			})
		}
	})
	for i := range 200 {
		s := New(Config{
			Dial: func(ctx context.Context) (Transport, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", ln.Addr().String())
			},
			Header: Header{To: server}, Negotiators: []Negotiator{bound(me, server)}, KeepAlive: time.Hour,
		})
		require.NoError(t, s.Open(t.Context()))
		s.After(time.Hour, func(context.Context) {})
		if i%2 == 0 {
			s.Abort()
		} else {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			_ = s.Close(ctx)
			cancel()
		}
		<-s.Done()
	}
	_ = ln.Close()
	wg.Wait()
	require.Zero(t, open.Load())
}
