package stream

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp/stanza"
)

func TestE7Events(t *testing.T) {
	t.Parallel()
	t.Run("queued and direct", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		var log recorder
		add := func(tag string, opts ...Option) func() {
			return On(l, func(_ context.Context, e [1]string) error {
				log.add(tag + e[0])
				e[0] = "changed" // a copy
				return nil
			}, opts...)
		}
		add("a")
		remove := add("b")
		add("once ", Once())
		add("direct ", Direct())
		hold, held := make(chan struct{}), make(chan struct{})
		l.Handle(MatchKind(KindMessage), func(context.Context, stanza.Stanza) error {
			close(held)
			<-hold
			return nil
		})
		p.send("<message/>")
		<-held
		require.NoError(t, Emit(l, [1]string{"1"}))
		require.Equal(t, []string{"direct 1"}, log.get(), "before Emit returns")
		require.NoError(t, Emit(l, [1]string{"2"}))
		close(hold)
		l.fence(p)
		require.Equal(t, []string{"direct 1", "direct 2", "a1", "b1", "once 1", "a2", "b2"}, log.get())
		remove()
		remove()
		require.NoError(t, Emit(l, [1]string{"3"}))
		l.fence(p)
		require.Equal(t, []string{"direct 3", "a3"}, log.get()[7:])
	})
	t.Run("without a connection, and after the end", func(t *testing.T) {
		t.Parallel()
		l := newLink(t, roomy, Config{})
		got := make(chan int, 1)
		On(l, func(_ context.Context, n int) error {
			got <- n
			return nil
		})
		require.NoError(t, Emit(l, 1))
		require.Equal(t, 1, <-got)
		require.NoError(t, Emit(l, "nobody listens"))
		require.NoError(t, l.Close(t.Context()))
		require.ErrorIs(t, Emit(l, 2), ErrClosed)
	})
	t.Run("interface types", func(t *testing.T) {
		t.Parallel()
		l := newLink(t, roomy, Config{})
		got := make(chan error, 2)
		On(l, func(_ context.Context, e error) error {
			got <- e
			return nil
		})
		On(l, func(_ context.Context, e error) error {
			got <- e
			return nil
		}, Direct())
		for _, e := range []error{nil, ErrClosed} {
			require.NoError(t, Emit(l, e))
			require.Equal(t, e, <-got)
			require.Equal(t, e, <-got)
		}
	})
	t.Run("at the hard limit", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, p := open(t, Config{Queue: QueueLimits{SoftStanzas: 5, HardStanzas: 10}, Backoff: Backoff{Off: true}})
			hold := make(chan struct{})
			l.Handle(MatchKind(KindMessage), func(context.Context, stanza.Stanza) error {
				<-hold
				return nil
			})
			ended := make(chan error, 1)
			On(l, func(_ context.Context, e SessionEnded) error {
				ended <- e.Err
				return nil
			})
			On(l, func(context.Context, int) error { return nil })
			p.send("<message/>")
			synctest.Wait() // the reader waits for more, and not for room
			var err error
			for err == nil {
				err = Emit(l, 1)
			}
			require.ErrorIs(t, err, ErrQueueFull)
			_ = p.end.Close()
			synctest.Wait()
			require.Equal(t, Closed, l.State())
			close(hold)
			require.Error(t, <-ended, "the stream's own events fit in")
		})
	})
}

func TestE8EventHandlers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testEventHandlers)
}

func testEventHandlers(t *testing.T) {
	l, p := open(t, Config{Concurrency: 2})
	var running, most atomic.Int32
	release := make(chan struct{})
	done := make(chan struct{}, 10)
	On(l, func(context.Context, int) error {
		n := running.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		<-release
		running.Add(-1)
		done <- struct{}{}
		return nil
	}, Concurrent(), Direct())
	for i := range 5 {
		require.NoError(t, Emit(l, i))
	}
	synctest.Wait()
	require.EqualValues(t, 2, most.Load(), "bounded")
	close(release)
	for range 5 {
		<-done
	}
	l.fence(p)
}

func TestH6WaitEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := open(t, Config{})
		wait, cancel := ExpectEvent(l, func(n int) bool { return n > 2 })
		defer cancel()
		for i := range 5 {
			require.NoError(t, Emit(l, i))
		}
		n, err := wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, 3, n)
		require.Empty(t, l.events.handlers(nil))
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		_, err = WaitEvent[string](ctx, l, nil)
		require.ErrorIs(t, err, ErrTimeout)
		ended := make(chan error, 2)
		go func() {
			_, err := WaitEvent[string](context.Background(), l, nil)
			ended <- err
		}()
		go func() {
			_, err := WaitEvent(context.Background(), l, func(e StateChanged) bool { return e.To == Closed })
			ended <- err
		}()
		synctest.Wait()
		go p.goodbye()
		require.NoError(t, l.Close(t.Context()))
		a, b := <-ended, <-ended
		require.True(t, a == nil != (b == nil), "%v, %v", a, b)
		require.ErrorIs(t, errors.Join(a, b), ErrClosed)
	})
}

func TestE10Scheduler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLink(t, roomy, Config{}) // needs no connection
		start := time.Now()
		var log recorder
		note := func(tag string) func(context.Context) {
			return func(context.Context) { log.add(fmt.Sprint(tag, " ", time.Since(start).Seconds())) }
		}
		at := func(s float64) []string {
			time.Sleep(time.Until(start.Add(time.Duration(s * float64(time.Second)))))
			synctest.Wait()
			got := log.get()
			log.mu.Lock()
			log.list = nil
			log.mu.Unlock()
			return got
		}
		l.After(1500*time.Millisecond, note("once"))
		every := l.Every(3*time.Second, note("every"))
		l.Schedule("name", time.Second, false, note("replaced"))
		l.Schedule("name", 4*time.Second, false, note("named"))
		l.Schedule("other", time.Second, true, note("other"))
		gone := l.After(time.Second, note("cancelled"))
		require.True(t, gone.Cancel())
		require.False(t, gone.Cancel())
		require.Equal(t, []string{"other 1", "once 1.5", "other 2"}, at(2.5))
		require.True(t, l.Cancel("other"))
		require.False(t, l.Cancel("other"))
		require.False(t, l.Cancel(""))
		require.Equal(t, []string{"every 3", "named 4", "every 6"}, at(7))
		require.False(t, l.Cancel("name"), "it has run")
		require.True(t, every.Cancel())
		require.Empty(t, at(20))
		require.Empty(t, l.tasks.live)
		require.Empty(t, l.tasks.named)

		// a slow task is not doubled, and what cancels itself stays cancelled
		runs := 0
		l.Schedule("slow", time.Second, true, func(context.Context) {
			time.Sleep(10 * time.Second)
			if runs++; runs == 2 && !l.Cancel("slow") {
				t.Error("the task does not find itself")
			}
		})
		_ = at(100)
		require.Equal(t, 2, runs)

		// a full queue delays a task and loses none
		l.cfg.Queue = QueueLimits{SoftStanzas: 2, SoftBytes: 1 << 20, HardStanzas: 3, HardBytes: 1 << 20}
		l.After(0, func(context.Context) { time.Sleep(5 * time.Second) })
		for range 10 {
			l.After(time.Second, note("late"))
		}
		require.Len(t, at(150), 10)

		require.Panics(t, func() { l.Every(0, note("never")) })
		l.After(time.Hour, note("never"))
		require.NoError(t, l.Close(t.Context()))
		require.False(t, l.After(0, note("never")).Cancel())
		require.Empty(t, at(10_000))
	})
}
