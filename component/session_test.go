package component_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/component"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// The states and events of a session, from its beginning over a lost connection to its end.
func TestEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Config{})
		cfg := inMemory(srv)
		cfg.Backoff = stream.Backoff{Spread: 2 * time.Second}
		c, err := component.New(domain, cfg)
		require.NoError(t, err)
		t.Cleanup(c.Abort)
		var mu sync.Mutex
		var seen []string
		note := func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, fmt.Sprintf(format, args...))
		}
		ids := map[string]bool{}
		xmpp.On(c, func(e xmpp.StateChanged) { note("%s", e.To) })
		xmpp.On(c, func(e xmpp.SessionStarted) {
			note("started %s %s", e.Local, e.Remote)
			ids[e.ID] = true
		})
		xmpp.On(c, func(e xmpp.SessionEnded) { note("ended") })
		xmpp.On(c, func(e xmpp.Disconnected) {
			note("disconnected, again: %v", e.Retry > 0 && e.Retry <= 2*time.Second)
		})
		require.Equal(t, stream.Idle, c.State())
		require.NoError(t, c.Open(t.Context()))
		synctest.Wait()
		require.True(t, srv.Disconnect(domain.String()))
		require.NoError(t, srv.WaitConnected(t.Context(), domain.String()))
		synctest.Wait()
		require.NoError(t, c.Close(context.Background()))
		require.Equal(t, []string{
			"connecting", "negotiating", "established", "started echo.example.org echo.example.org",
			"ended", "disconnected, again: true", "waiting",
			"connecting", "negotiating", "established", "started echo.example.org echo.example.org",
			"closing", "ended", "disconnected, again: false", "closed",
		}, seen)
		require.Len(t, ids, 2, "each stream has an id of its own")
		require.NotContains(t, ids, "")
	})
}

// While the server refuses, the component tries again at growing intervals, for ever; what
// was sent meanwhile arrives in the end.
func TestReconnect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Config{})
		u := srv.User(romeo)
		cfg := inMemory(srv)
		d := &counting{Dialer: cfg.Dialer}
		cfg.Dialer = d
		cfg.Backoff = stream.Backoff{Min: time.Second, Max: 20 * time.Second, Spread: 5 * time.Second}
		c := dial(t, cfg)
		echoes(t, u)

		srv.Refuse(domain.String(), 10)
		require.True(t, srv.Expel(domain.String(), stream.SystemShutdown))
		for i := range 3 {
			require.NoError(t, c.Send(t.Context(), stanza.NewMessage(u.JID(), fmt.Sprint(i))))
		}
		require.NoError(t, srv.WaitConnected(t.Context(), domain.String()))
		for i := range 3 {
			require.Equal(t, fmt.Sprint(i), u.ExpectMessage(t).Body.String())
		}
		echoes(t, u)
		require.EqualValues(t, 12, d.n.Load())
		want := time.Second // the second delay; the first, which is spread, was before the first refusal
		for i := 2; i < len(d.times); i++ {
			gap := d.times[i].Sub(d.times[i-1])
			require.LessOrEqual(t, gap, want, "attempt %d", i)
			require.GreaterOrEqual(t, gap, want/2-time.Millisecond, "attempt %d", i)
			want = min(2*want, 20*time.Second)
		}
	})
}

func TestBackoffEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Config{})
		cfg := inMemory(srv)
		cfg.Backoff = stream.Backoff{Attempts: 3}
		c := dial(t, cfg)
		srv.Refuse(domain.String(), 100)
		srv.Disconnect(domain.String())
		<-c.Done()
		require.ErrorIs(t, c.Err(), stream.ResourceConstraint)

		srv.Refuse(domain.String(), 0)
		cfg.Backoff = stream.Backoff{Off: true}
		c = dial(t, cfg)
		srv.Disconnect(domain.String())
		<-c.Done()
		require.Error(t, c.Err())
		require.ErrorIs(t, c.Send(t.Context(), stanza.NewMessage(domain, "")), stream.ErrClosed)
	})
}

// Closing while the component waits to connect again does not wait for it.
func TestCloseWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Config{})
		cfg := inMemory(srv)
		cfg.Backoff = stream.Backoff{Min: time.Hour, Max: time.Hour}
		c := dial(t, cfg)
		srv.Disconnect(domain.String())
		synctest.Wait()
		require.Equal(t, stream.Waiting, c.State())
		begin := time.Now()
		require.NoError(t, c.Close(context.Background()))
		require.Zero(t, time.Since(begin))

		// and a component that was never opened
		c, err := component.New(domain, cfg)
		require.NoError(t, err)
		require.NoError(t, c.Close(context.Background()))
		require.Error(t, c.Open(context.Background()))
	})
}

// VF14: closing twice, at once, and while others send.
func TestVF14Close(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Config{})
		c := dial(t, inMemory(srv))
		to := srv.User(romeo).JID()
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for {
					if err := c.Send(context.Background(), stanza.NewMessage(to, "x")); err != nil {
						if !errors.Is(err, stream.ErrClosed) {
							t.Error(err)
						}
						return
					}
					time.Sleep(time.Millisecond)
				}
			})
		}
		time.Sleep(20 * time.Millisecond)
		begin := time.Now()
		for range 3 {
			all.Go(func() { _ = c.Close(context.Background()) })
		}
		all.Go(c.Abort)
		all.Wait()
		require.Less(t, time.Since(begin), time.Second)
		<-c.Done()
	})
}

// A stanza that a component sends without a sender is from its domain.
func TestSender(t *testing.T) {
	t.Parallel()
	srv := start(t, xmpptest.Config{})
	u := srv.User(romeo)
	c := dial(t, inMemory(srv))
	require.NoError(t, c.Send(t.Context(), stanza.NewMessage(u.JID(), "from nobody")))
	require.Equal(t, domain, u.ExpectMessage(t).From)
	m := stanza.NewMessage(u.JID(), "from a user of the component")
	m.From, _ = domain.WithLocal("friar")
	require.NoError(t, c.Send(t.Context(), m))
	require.Equal(t, "friar@echo.example.org", u.ExpectMessage(t).From.String())
	require.NoError(t, c.Flush(t.Context()))
}

// A stanza beyond the limit ends the stream, with the error that says so, and the next
// stream works.
func TestLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Config{})
		u := srv.User(romeo)
		cfg := inMemory(srv)
		cfg.Limits = wire.Limits{Bytes: 20_000}
		c := dial(t, cfg)
		ended, stop := stream.ExpectEvent[xmpp.SessionEnded](c, nil)
		defer stop()
		require.NoError(t, u.Send(stanza.NewMessage(domain, strings.Repeat("x", 19_000))))
		require.Len(t, u.ExpectMessage(t).Body.String(), 19_000)
		require.NoError(t, u.Send(stanza.NewMessage(domain, strings.Repeat("x", 21_000))))
		e, err := ended(t.Context())
		require.NoError(t, err)
		var syntax *wire.SyntaxError
		require.ErrorAs(t, e.Err, &syntax)
		require.Equal(t, wire.PolicyViolation, syntax.Condition)
		require.NoError(t, srv.WaitConnected(t.Context(), domain.String()))
		echoes(t, u)
	})
}

// tapped counts the writes of single spaces.
type tapped struct {
	net.Conn
	spaces *atomic.Int32
}

func (c tapped) Write(b []byte) (int, error) {
	if string(b) == " " {
		c.spaces.Add(1)
	}
	return c.Conn.Write(b)
}

type tapping struct {
	component.Dialer
	spaces atomic.Int32
}

func (d *tapping) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := d.Dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return tapped{Conn: c, spaces: &d.spaces}, nil
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, xmpptest.Config{})
		u := srv.User(romeo)
		cfg := inMemory(srv)
		d := &tapping{Dialer: cfg.Dialer}
		cfg.Dialer, cfg.KeepAlive = d, time.Minute
		dial(t, cfg)
		time.Sleep(10*time.Minute + time.Second)
		require.EqualValues(t, 10, d.spaces.Load())
		echoes(t, u) // spaces are no stanzas
	})
}

// No log record, error or printed value shows the secret.
func TestSecretIsNotShown(t *testing.T) {
	t.Parallel()
	var shown bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&shown, &slog.HandlerOptions{Level: slog.Level(-1000), AddSource: true}))
	srv := start(t, xmpptest.Config{})
	cfg := inMemory(srv)
	cfg.Logger = logger
	cfg.Backoff = stream.Backoff{Spread: time.Millisecond}
	c := dial(t, cfg)
	echoes(t, srv.User(romeo))
	require.True(t, srv.Disconnect(domain.String()))
	require.NoError(t, srv.WaitConnected(t.Context(), domain.String()))
	echoes(t, srv.User(romeo))
	require.NoError(t, c.Close(context.Background()))

	cfg.Secret = "Wrong-" + secret
	_, err := component.Dial(t.Context(), domain, cfg)
	require.Error(t, err)
	fmt.Fprintf(&shown, "%v %+v %#v", err, err, err)
	unreachable := cfg
	unreachable.Dialer, unreachable.Addr = nil, "127.0.0.1:1"
	_, err = component.Dial(t.Context(), domain, unreachable)
	require.Error(t, err)
	fmt.Fprintf(&shown, "%v %+v %#v", err, err, err)

	type bot struct{ Config component.Config }
	for _, v := range []any{cfg, &cfg, bot{cfg}, &bot{cfg}, []component.Config{cfg}, map[string]component.Config{"a": cfg}, c, *c, c.Session(), c.Stream()} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&shown, verb+"\n", v)
		}
		logger.Info("configuration", "value", v)
	}
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("configuration", "value", cfg)
	text := shown.String()
	require.NotContains(t, text, secret)
	require.NotContains(t, strings.ToLower(text), fmt.Sprintf("%x", secret))
	require.Contains(t, text, "disconnected", "something was logged")
	require.Contains(t, cfg.String(), "memory:5347")
	for _, what := range []string{"component.Component(", "xmpp.Session("} {
		require.Contains(t, text, "\""+what+domain.String()+")\"")
	}
	require.Contains(t, text, "stream.Stream("+domain.String()+", closed)")
}
