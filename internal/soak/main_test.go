package soak

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"stanza.invalid/xmpp/jid"
)

func TestMain(m *testing.M) {
	if os.Getenv(addrVar) != "" {
		if err := holdIdle(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

var juliet = jid.MustParse("juliet@example.org/balcony")

// times returns how often to do something: a tenth as often in short mode, and under the race
// detector.
func times(n int) int {
	if testing.Short() || raceEnabled {
		return n / 10
	}
	return n
}

// usage is what a process holds.
type usage struct{ files, goroutines, heap int }

func measure(t *testing.T) (u usage) {
	t.Helper()
	for range 3 {
		runtime.GC() // pools are emptied by the second
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.goroutines, u.heap = runtime.NumGoroutine(), int(m.HeapAlloc)
	if runtime.GOOS == "linux" {
		all, err := os.ReadDir("/proc/self/fd")
		require.NoError(t, err)
		u.files = len(all)
	}
	return u
}

// flat does something so often, some at a time, and fails the test if that leaves anything
// behind, a moment later: calm is for how long nothing may change then. The first tenth may
// leave something: pools are filled, and things made that are made once.
func flat(t *testing.T, n int, calm time.Duration, do func(i int)) {
	t.Helper()
	run := func(from, to int) {
		next := make(chan int)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for i := range next {
					do(i)
				}
			})
		}
		for i := from; i < to; i++ {
			next <- i
		}
		close(next)
		wg.Wait()
	}
	run(0, n/10)
	before := settled(t, usage{}, calm)
	run(n/10, n)
	after := settled(t, before, calm)
	t.Logf("%d times: descriptors %d to %d, goroutines %d to %d, heap %d to %d kB", n,
		before.files, after.files, before.goroutines, after.goroutines, before.heap>>10, after.heap>>10)
	require.LessOrEqual(t, after.files, before.files, "descriptors")
	require.LessOrEqual(t, after.goroutines, before.goroutines, "goroutines")
	require.Less(t, after.heap, before.heap+slackBytes, "heap")
}

// slackBytes is by how much the heap may differ: less than 100 bytes for each of thousands.
const slackBytes = 512 << 10

// settled waits until what is held is no more than it was, or does not change any more.
func settled(t *testing.T, was usage, calm time.Duration) usage {
	t.Helper()
	const step = 20 * time.Millisecond
	u, same := measure(t), time.Duration(0)
	for range 300 {
		if was.goroutines > 0 && u.files <= was.files && u.goroutines <= was.goroutines && u.heap < was.heap+slackBytes {
			break
		}
		time.Sleep(step)
		next := measure(t)
		if same += step; next.files != u.files || next.goroutines != u.goroutines {
			same = 0
		}
		if u = next; same > calm {
			break
		}
	}
	return u
}
