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

// VS3: 26 characters of 32 are 130 bits; no counter, no common beginning.
func TestX13IDs(t *testing.T) {
	t.Parallel()
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
