package stream

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// TestVF14 ends streams in every way while everything is under way.
func TestVF14Races(t *testing.T) {
	t.Parallel()
	ends := map[string]func(l *link, p *peer){
		"close": func(l *link, _ *peer) { _ = l.Close(context.Background()) },
		"abort": func(l *link, _ *peer) { l.Abort() },
		"close twice": func(l *link, _ *peer) {
			go l.Abort()
			_ = l.Close(context.Background())
			_ = l.Close(context.Background())
		},
		"the peer goes": func(_ *link, p *peer) { _ = p.end.Close() },
		"peer and close": func(l *link, p *peer) {
			go p.end.Close()
			_ = l.Close(context.Background())
		},
		"the peer closes": func(_ *link, p *peer) { p.send("</stream:stream>") },
		"cancelled close": func(l *link, _ *peer) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = l.Close(ctx)
		},
	}
	rounds := 40
	if testing.Short() {
		rounds = 5
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i := range rounds {
				raceOnce(t, i, end)
			}
		})
	}
}

func raceOnce(t *testing.T, i int, end func(*link, *peer)) {
	l, p := openWith(t, 2000, Config{OutputBytes: 4000, Backoff: Backoff{Off: true}, KeepAlive: time.Millisecond, Concurrency: 2, Queue: QueueLimits{SoftStanzas: 5}})
	l.Handle(MatchKind(KindMessage), func(ctx context.Context, _ stanza.Stanza) error {
		_, err := l.Request(ctx, stanza.NewIQ(stanza.Get, friend, nil))
		return err
	})
	l.Handle(MatchKind(KindPresence), func(ctx context.Context, _ stanza.Stanza) error {
		_, err := l.Wait(ctx, MatchID("never"))
		return err
	}, Concurrent())
	l.Handle(MatchKind(KindPresence), func(ctx context.Context, _ stanza.Stanza) error {
		return l.Send(ctx, message("x"))
	})
	On(l, func(context.Context, int) error { return nil })
	l.Every(time.Millisecond, func(ctx context.Context) { _ = Emit(l, 1) })
	ctx := context.Background()
	var wg sync.WaitGroup
	started := make(chan struct{}, 100)
	blocked := func(f func() error) {
		wg.Go(func() {
			started <- struct{}{}
			for f() == nil {
				runtime.Gosched()
			}
		})
	}
	blocked(func() error { return l.Send(ctx, message("x")) })
	blocked(func() error {
		if l.State() == Closed {
			return ErrClosed // what was sent before may all have left: no error
		}
		return l.Flush(ctx)
	})
	blocked(func() error {
		_, err := l.Request(ctx, stanza.NewIQ(stanza.Get, jid.JID{}, nil))
		return err
	})
	blocked(func() error {
		_, err := l.Wait(ctx, MatchID("never"))
		return err
	})
	blocked(func() error {
		_, err := l.Wait(ctx, MatchFunc(func(stanza.Stanza) bool { return false }))
		return err
	})
	blocked(func() error {
		_, err := WaitEvent[string](ctx, l, nil)
		return err
	})
	blocked(func() error { return Emit(l, 2) })
	wg.Go(func() {
		for p.conn.WriteBytes([]byte("<message/><presence/><iq type='get' id='1'><q xmlns='urn:q'/></iq>")) == nil {
			runtime.Gosched()
		}
	})
	wg.Go(func() {
		_, err := p.rest()
		if errors.Is(err, ErrEnded) {
			p.send("</stream:stream>")
		}
		_ = p.end.Close()
	})
	for range 7 {
		<-started
	}
	for range i {
		runtime.Gosched()
	}
	// a second would do, but for machines that are busy with other things
	within(t, 30*time.Second, "the end", func() {
		end(l, p)
		<-l.Done()
		start := time.Now()
		wg.Wait()
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("calls are blocked for %v", d)
		}
	})
	if err := l.Send(ctx, message("late")); !errors.Is(err, ErrClosed) {
		t.Errorf("Send after the end: %v", err)
	}
	require.Error(t, l.Err())
}

func TestVF14CloseInHandlers(t *testing.T) {
	t.Parallel()
	t.Run("concurrent", func(t *testing.T) {
		t.Parallel()
		for _, places := range []int{1, 8} {
			l, p := open(t, Config{Concurrency: places})
			closed := make(chan error, 8)
			l.Handle(MatchKind(KindMessage), func(ctx context.Context, _ stanza.Stanza) error {
				closed <- l.Close(ctx)
				return nil
			}, Concurrent())
			go p.goodbye()
			p.send("<message/><message/><message/>")
			within(t, time.Second, "Close", func() {
				for range 3 {
					require.NoError(t, <-closed)
				}
				<-l.Done()
			})
		}
	})
	t.Run("a direct handler of the stream's own goroutine", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l := newLink(t, roomy, Config{CloseTimeout: 2 * time.Second})
			closed := make(chan error, 8)
			On(l, func(ctx context.Context, _ SessionStarted) error {
				closed <- l.Close(ctx)
				return nil
			}, Direct())
			go func() { _ = l.Open(context.Background()) }()
			l.accept()
			require.Error(t, <-closed)
			<-l.Done()
		})
	})
	t.Run("handlers of what is queued get to run", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		var done atomic.Int32
		l.Handle(MatchKind(KindMessage), func(ctx context.Context, _ stanza.Stanza) error {
			time.Sleep(time.Millisecond)
			if ctx.Err() == nil {
				done.Add(1)
			}
			return nil
		})
		p.send("%s", strings.Repeat("<message/>", 50))
		for l.Queued() < 20 {
			runtime.Gosched()
		}
		go p.goodbye()
		require.NoError(t, l.Close(t.Context()))
		require.EqualValues(t, 50, done.Load())
	})
	t.Run("abort drops what is queued", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		var ran atomic.Int32
		started := make(chan struct{})
		l.Handle(MatchKind(KindMessage), func(ctx context.Context, _ stanza.Stanza) error {
			if ran.Add(1) == 1 {
				close(started)
			}
			<-ctx.Done()
			return nil
		})
		closed := make(chan struct{})
		On(l, func(_ context.Context, e StateChanged) error {
			if e.To == Closed {
				close(closed)
			}
			return nil
		})
		p.send("%s", strings.Repeat("<message/>", 50))
		<-started
		l.Abort()
		<-closed // events still come
		<-l.Done()
		require.EqualValues(t, 1, ran.Load())
		require.Zero(t, l.Queued())
	})
}
