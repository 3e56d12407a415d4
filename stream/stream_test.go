package stream

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

func TestX1AnyTransport(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		pair func(t *testing.T) (Transport, Transport)
	}{
		{"pipe with deadlines", func(*testing.T) (Transport, Transport) {
			a, b := newPipe(roomy)
			return a, b
		}},
		{"nothing but read, write and close", func(*testing.T) (Transport, Transport) {
			a, b := newPipe(roomy)
			return plain{a}, b
		}},
		{"net.Pipe", func(*testing.T) (Transport, Transport) {
			a, b := net.Pipe()
			return a, b
		}},
		{"TCP", func(t *testing.T) (Transport, Transport) { return tcpPair(t) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := tt.pair(t)
			s := New(Config{
				Dial: func(context.Context) (Transport, error) { return a, nil }, Header: Header{To: server},
				Negotiators: []Negotiator{bound(me, server)}, Backoff: Backoff{Off: true},
			})
			s.Handle(MatchKind(KindMessage), func(ctx context.Context, st stanza.Stanza) error {
				return s.Send(ctx, st.(*stanza.Message).Reply("echo"))
			})
			opened := make(chan error, 1)
			go func() { opened <- s.Open(context.Background()) }()
			p := &peer{t: t, conn: NewConn(b, Config{})}
			p.handshake(Header{Content: wire.NSClient, From: server})
			require.NoError(t, <-opened)
			require.NoError(t, p.conn.WriteBytes([]byte("<message from='a@b.example'><body>x</body></message>")))
			require.Equal(t, "<message to='a@b.example'><body>echo</body></message>", p.next().Source())
			closed := make(chan error, 1)
			go func() { closed <- s.Close(context.Background()) }()
			_, err := p.rest()
			require.ErrorIs(t, err, ErrEnded)
			require.NoError(t, p.conn.WriteBytes([]byte("</stream:stream>")))
			require.NoError(t, <-closed)
			_ = b.Close()
		})
	}
}

func tcpPair(t testing.TB) (a, b *net.TCPConn) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	d, err := ln.Accept()
	require.NoError(t, err)
	return c.(*net.TCPConn), d.(*net.TCPConn)
}

func TestX2EverythingStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := open(t, Config{KeepAlive: time.Minute})
		l.Every(time.Second, func(context.Context) {})
		l.After(time.Hour, func(context.Context) { t.Error("a task of a closed stream runs") })
		ended := make(chan struct{})
		l.Handle(MatchKind(KindMessage), func(ctx context.Context, _ stanza.Stanza) error {
			<-ctx.Done()
			close(ended)
			return nil
		}, Concurrent())
		p.send("<message/>")
		time.Sleep(5 * time.Second)
		go p.goodbye()
		require.NoError(t, l.Close(t.Context()))
		<-l.Done()
		<-ended // Done waits for handlers
		require.ErrorIs(t, l.Err(), ErrClosed)
		time.Sleep(2 * time.Hour)
	}) // which fails if a goroutine is left
}

func TestX3Lifecycle(t *testing.T) {
	t.Parallel()
	t.Run("reconnect", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, p := open(t, Config{})
			_ = p.end.Close()
			synctest.Wait()
			require.Equal(t, Waiting, l.State())
			q := l.accept()
			require.NoError(t, l.Send(t.Context(), message("1")))
			q.wantID("message", "1")
		})
	})
	t.Run("open once", func(t *testing.T) {
		t.Parallel()
		l, _ := open(t, Config{})
		require.ErrorContains(t, l.Open(t.Context()), "opened before")
	})
	t.Run("close before open", func(t *testing.T) {
		t.Parallel()
		l := newLink(t, roomy, Config{})
		require.NoError(t, l.Close(t.Context()))
		require.NoError(t, l.Close(t.Context()))
		require.ErrorIs(t, l.Open(t.Context()), ErrClosed)
		require.ErrorIs(t, l.Send(t.Context(), message("1")), ErrClosed)
		require.Equal(t, Closed, l.State())
	})
	t.Run("dialling fails", func(t *testing.T) {
		t.Parallel()
		bad := errors.New("no route")
		l := newLink(t, roomy, Config{Dial: func(context.Context) (Transport, error) { return nil, bad }})
		require.ErrorIs(t, l.Open(t.Context()), bad)
		<-l.Done()
		require.ErrorIs(t, l.Err(), bad)
	})
	t.Run("dialling panics", func(t *testing.T) {
		t.Parallel()
		l := newLink(t, roomy, Config{Dial: func(context.Context) (Transport, error) { panic("oops") }})
		var p *PanicError
		require.ErrorAs(t, l.Open(t.Context()), &p)
	})
	t.Run("open is cancelled while dialling", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		l := newLink(t, roomy, Config{Dial: func(ctx context.Context) (Transport, error) {
			cancel()
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		require.ErrorIs(t, l.Open(ctx), context.Canceled)
	})
	t.Run("open is cancelled while negotiating", func(t *testing.T) {
		t.Parallel()
		for _, bare := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			l := newLink(t, roomy, Config{Dial: func(context.Context) (Transport, error) {
				a, _ := newPipe(roomy)
				time.AfterFunc(5*time.Millisecond, cancel)
				if bare {
					return plain{a}, nil
				}
				return a, nil
			}})
			within(t, time.Second, "Open", func() { require.ErrorIs(t, l.Open(ctx), context.Canceled) })
			<-l.Done()
		}
	})
	for _, how := range []string{"abort", "close"} {
		t.Run(how+" while negotiating", func(t *testing.T) {
			t.Parallel()
			l := newLink(t, roomy, Config{})
			opened := make(chan error, 1)
			go func() { opened <- l.Open(context.Background()) }()
			<-l.peers
			within(t, time.Second, how, func() {
				if how == "abort" {
					l.Abort()
				} else {
					require.NoError(t, l.Close(t.Context()))
				}
				require.ErrorIs(t, <-opened, ErrClosed)
				<-l.Done()
			})
		})
		t.Run(how+" while waiting to reconnect", func(t *testing.T) {
			t.Parallel()
			l, p := open(t, Config{Backoff: Backoff{Min: time.Hour}})
			_ = p.end.Close()
			for l.State() != Waiting {
				time.Sleep(time.Millisecond)
			}
			within(t, time.Second, how, func() {
				if how == "abort" {
					l.Abort()
				} else {
					require.NoError(t, l.Close(t.Context()))
				}
				<-l.Done()
			})
			require.ErrorIs(t, l.Err(), ErrClosed)
		})
	}
	t.Run("the peer ends the stream", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{Backoff: Backoff{Off: true}})
		require.NoError(t, l.Send(t.Context(), message("1")))
		p.send("</stream:stream>")
		p.wantID("message", "1")
		_, err := p.rest()
		require.ErrorIs(t, err, ErrEnded, "a footer is answered with a footer")
		<-l.Done()
		require.ErrorIs(t, l.Err(), ErrEnded)
	})
	t.Run("a permanent error ends the stream", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		p.send("<stream:error><conflict xmlns='%s'/><text xmlns='%s'>gone</text><x xmlns='urn:x'/></stream:error></stream:stream>", NSErrors, NSErrors)
		<-l.Done()
		var e *Error
		require.ErrorAs(t, l.Err(), &e)
		require.ErrorIs(t, l.Err(), Conflict)
		require.Equal(t, "gone", e.Text)
		require.False(t, e.Sent)
		require.Len(t, e.Details, 1)
		_, err := p.rest()
		require.ErrorIs(t, err, ErrEnded)
	})
	t.Run("Permanent", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, Permanent(nil))
		require.True(t, IsPermanent(errors.Join(io.EOF, Permanent(io.EOF))))
		require.ErrorIs(t, Permanent(io.EOF), io.EOF)
		require.False(t, IsPermanent(io.EOF))
		n := 0
		l := newLink(t, roomy, Config{Backoff: Backoff{Min: time.Millisecond, Max: time.Millisecond}, Negotiators: []Negotiator{{Name: "auth", Run: func(_ context.Context, c *Conn) (Outcome, error) {
			if n++; n > 1 {
				return 0, Permanent(errors.New("wrong password"))
			}
			return Done, nil
		}}}})
		p := l.open()
		_ = p.end.Close()
		go l.accept()
		<-l.Done()
		require.ErrorContains(t, l.Err(), "wrong password")
		require.Equal(t, 2, n)
	})
}

func TestX4States(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLink(t, roomy, Config{})
		var queued, direct recorder
		record := func(r *recorder) func(context.Context, StateChanged) error {
			return func(_ context.Context, e StateChanged) error {
				r.add(e.From.String() + "-" + e.To.String())
				return nil
			}
		}
		On(l, record(&queued))
		On(l, record(&direct), Direct())
		require.Equal(t, Idle, l.State())
		p := l.open()
		require.Equal(t, Established, l.State())
		require.Equal(t, me, l.Local())
		require.Equal(t, server, l.Remote())
		require.Equal(t, "s1", l.Peer().ID)
		_ = p.end.Close()
		p = l.accept()
		synctest.Wait()
		go p.goodbye()
		require.NoError(t, l.Close(t.Context()))
		<-l.Done()
		want := "idle-connecting connecting-negotiating negotiating-established established-waiting waiting-connecting " +
			"connecting-negotiating negotiating-established established-closing closing-closed"
		require.Equal(t, want, strings.Join(queued.get(), " "))
		require.Equal(t, want, strings.Join(direct.get(), " "))
		require.Equal(t, Closed, l.State())
		require.Zero(t, l.Peer())
	})
}

func TestX6SessionTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := open(t, Config{SessionTimeout: 7 * time.Second, Backoff: Backoff{Min: time.Second, Max: time.Second}})
		why := make(chan error, 8)
		On(l, func(_ context.Context, e Disconnected) error {
			why <- e.Err
			return nil
		})
		_ = p.end.Close()
		require.ErrorIs(t, <-why, io.EOF)
		<-l.peers // which says nothing
		start := time.Now()
		err := <-why
		require.ErrorIs(t, err, ErrTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 7*time.Second, time.Since(start))
		l.accept() // tried again
		synctest.Wait()
		require.Equal(t, Established, l.State())
	})
}

func TestX10KeepAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := open(t, Config{KeepAlive: time.Minute})
		buf := make([]byte, 1000)
		start := time.Now()
		for i := 1; i <= 3; i++ {
			n, err := p.end.Read(buf)
			require.NoError(t, err)
			require.Equal(t, " ", string(buf[:n]))
			require.Equal(t, time.Duration(i)*time.Minute, time.Since(start))
		}
		time.Sleep(30 * time.Second)
		require.NoError(t, l.Send(t.Context(), message("1")))
		_, err := p.end.Read(buf)
		require.NoError(t, err)
		start = time.Now()
		_, err = p.end.Read(buf)
		require.NoError(t, err)
		require.Equal(t, time.Minute, time.Since(start), "what is sent puts it off")
	})
}

func TestX12Headers(t *testing.T) {
	t.Parallel()
	t.Run("written", func(t *testing.T) {
		t.Parallel()
		a, b := newPipe(roomy)
		c := NewConn(a, Config{})
		require.NoError(t, c.WriteHeader(Header{To: server, From: me, Content: wire.NSClient, ID: "<'&", Lang: "de", Version: "1.0"}))
		c.Close(nil)
		got, err := io.ReadAll(b)
		require.NoError(t, err)
		require.Equal(t, "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'"+
			" to='example.org' from='me@example.org/here' id='&lt;&apos;&amp;' version='1.0' xml:lang='de'></stream:stream>", string(got))
	})
	t.Run("read", func(t *testing.T) {
		t.Parallel()
		l := newLink(t, roomy, Config{Header: Header{To: server, Content: wire.NSComponent}})
		opened := make(chan error, 1)
		go func() { opened <- l.Open(context.Background()) }()
		p := <-l.peers
		h, err := p.conn.ReadHeader()
		require.NoError(t, err)
		require.Equal(t, Header{To: server, Content: wire.NSComponent}, h)
		p.send("<?xml version='1.0'?><s:stream xmlns='jabber:component:accept' xmlns:s='%s' xmlns:p='urn:p' id='x' from='example.org' xml:lang='fr'>", wire.NSStream)
		require.NoError(t, <-opened)
		require.Equal(t, Header{From: server, Content: wire.NSComponent, ID: "x", Lang: "fr"}, l.Peer())
		got := l.Collect(mustPath(t, "message/{urn:p}x"))
		p.send("<message><p:x/></message>")
		st, err := got.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, "<x xmlns='urn:p'/>", list(st).Raw(name("urn:p", "x")).String(), "a prefix of the header is known")
		require.Equal(t, "fr", st.(*stanza.Message).Language())
		require.NoError(t, l.Send(t.Context(), message("1")))
		require.Equal(t, wire.NSClient, p.next().Space(), "no namespace is written: the header speaks")
	})
	for _, tt := range []struct {
		name, header string
		want         Condition
	}{
		{"no header", "<message/>", InvalidNamespace},
		{"wrong stream namespace", "<s:stream xmlns='jabber:client' xmlns:s='urn:streams'>", InvalidNamespace},
		{"wrong content namespace", "<s:stream xmlns='urn:evil' xmlns:s='" + wire.NSStream + "'>", InvalidNamespace},
		{"no address", "<s:stream from='@' xmlns='jabber:client' xmlns:s='" + wire.NSStream + "'>", ImproperAddressing},
		{"a comment", "<s:stream xmlns='jabber:client' xmlns:s='" + wire.NSStream + "'><!-- x -->", RestrictedXML},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLink(t, roomy, Config{Negotiators: []Negotiator{{Name: "read", Run: func(_ context.Context, c *Conn) (Outcome, error) {
				_, err := c.Read()
				return Done, err
			}}}})
			opened := make(chan error, 1)
			go func() { opened <- l.Open(context.Background()) }()
			p := <-l.peers
			p.send("%s", tt.header)
			_, err := p.conn.ReadHeader()
			require.NoError(t, err)
			_, err = p.conn.Read()
			require.ErrorIs(t, err, tt.want, "the peer is told")
			_, err = p.rest()
			require.ErrorIs(t, err, ErrEnded)
			_ = p.end.Close()
			err = <-opened
			var e *Error
			if !errors.As(err, &e) {
				e = toSend(err)
			}
			require.NotNil(t, e, err)
			require.Equal(t, tt.want, e.Condition)
		})
	}
}

func mustPath(t testing.TB, path string) Matcher {
	t.Helper()
	m, err := MatchPath(path)
	require.NoError(t, err)
	return m
}

func TestX14Restart(t *testing.T) {
	t.Parallel()
	feature := func(local string) wire.Name { return name("urn:"+local, local) }
	var log recorder
	step := func(local string, out Outcome) Negotiator {
		return Negotiator{Name: local, Feature: feature(local), Required: local != "optional", Run: func(_ context.Context, c *Conn) (Outcome, error) {
			log.add(local)
			if err := c.WriteBytes([]byte("<" + local + " xmlns='urn:" + local + "'/>")); err != nil {
				return 0, err
			}
			_, err := c.Read()
			return out, err
		}}
	}
	l := newLink(t, roomy, Config{Header: Header{To: server, Version: "1.0"}, Negotiators: []Negotiator{
		step("tls", Restart), step("optional", Restart), step("auth", Restart), step("bind", Continue), bound(me, server),
	}})
	opened := make(chan error, 1)
	go func() { opened <- l.Open(context.Background()) }()
	p := <-l.peers
	for i, f := range []string{"tls", "auth", "bind"} {
		if i > 0 {
			p.conn.Restart()
		}
		p.handshake(Header{Content: wire.NSClient, ID: f, Version: "1.0"})
		p.send("<stream:features><%s xmlns='urn:%s'/></stream:features>", f, f)
		require.Equal(t, feature(f), p.next().Name())
		p.send("<ok xmlns='urn:ok'/>")
	}
	require.NoError(t, <-opened)
	require.Equal(t, []string{"tls", "auth", "bind"}, log.get())
	require.Equal(t, "bind", l.Peer().ID)

	t.Run("a required feature is missing", func(t *testing.T) {
		t.Parallel()
		l := newLink(t, roomy, Config{Header: Header{To: server, Version: "1.0"}, Negotiators: []Negotiator{step("tls", Restart)}})
		opened := make(chan error, 1)
		go func() { opened <- l.Open(context.Background()) }()
		p := <-l.peers
		p.handshake(Header{Content: wire.NSClient, Version: "1.0"})
		p.send("<stream:features/>")
		go p.leave()
		require.ErrorIs(t, <-opened, UnsupportedFeature)
	})
	t.Run("a stanza in place of the features", func(t *testing.T) {
		l := newLink(t, roomy, Config{Header: Header{To: server, Version: "1.0"}, Negotiators: []Negotiator{step("tls", Restart)}})
		opened := make(chan error, 1)
		go func() { opened <- l.Open(context.Background()) }()
		p := <-l.peers
		p.handshake(Header{Content: wire.NSClient, Version: "1.0"})
		p.send("<message/>")
		go p.leave()
		require.ErrorIs(t, <-opened, InvalidXML)
	})
	t.Run("negotiation that does not end", func(t *testing.T) {
		endless := Negotiator{Name: "again", Run: func(_ context.Context, c *Conn) (Outcome, error) {
			c.done = nil
			return Restart, nil
		}}
		l := newLink(t, roomy, Config{Negotiators: []Negotiator{endless}})
		opened := make(chan error, 1)
		go func() { opened <- l.Open(context.Background()) }()
		p := <-l.peers
		for range 6 {
			if _, err := p.conn.ReadHeader(); err != nil {
				break
			}
			_ = p.conn.WriteHeader(Header{Content: wire.NSClient})
			p.conn.Restart()
		}
		_ = p.end.Close()
		require.ErrorIs(t, <-opened, PolicyViolation)
	})
	t.Run("clear text behind the start of TLS", func(t *testing.T) {
		l := newLink(t, roomy, Config{Negotiators: []Negotiator{{Name: "tls", Run: func(_ context.Context, c *Conn) (Outcome, error) {
			if _, err := c.Read(); err != nil {
				return 0, err
			}
			return Restart, c.Secure(c.Transport())
		}}}})
		opened := make(chan error, 1)
		go func() { opened <- l.Open(context.Background()) }()
		p := <-l.peers
		p.send("<stream:stream xmlns='jabber:client' xmlns:stream='%s'><proceed xmlns='urn:tls'/><injected/>", wire.NSStream)
		go p.leave()
		require.ErrorIs(t, <-opened, PolicyViolation)
	})
}

func TestX13IDs(t *testing.T) {
	t.Parallel()
	// VS3: 26 characters of 32 are 130 bits; no counter, no common beginning
	const n = 10_000
	seen := map[string]bool{}
	var counts [26][256]int
	for range n {
		id := NewID()
		require.Len(t, id, 26)
		require.False(t, seen[id])
		seen[id] = true
		for i := range id {
			counts[i][id[i]]++
		}
	}
	for i, c := range counts {
		values := 0
		for _, k := range c {
			if k > 0 {
				values++
				require.InDelta(t, n/32, k, n/32*0.5, "place %d", i)
			}
		}
		require.Equal(t, 32, values, "place %d", i)
	}
	l, p := open(t, Config{})
	for range 10 {
		q := stanza.NewIQ(stanza.Get, jid.JID{}, nil)
		require.NoError(t, l.Send(t.Context(), q))
		id, _ := p.next().Attr("id")
		require.Equal(t, q.ID, id)
		require.Len(t, id, 26)
		require.False(t, seen[id])
		seen[id] = true
	}
}
