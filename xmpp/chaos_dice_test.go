package xmpp_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/testproxy"
)

// chaosSeed is what chance decides by: XMPP_CHAOS_SEED, which repeats the decisions of a
// run, though not the races that they lead to, or any.
func chaosSeed(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if s := os.Getenv("XMPP_CHAOS_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err, "XMPP_CHAOS_SEED")
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("XMPP_CHAOS_SEED=%d", seed)
		}
	})
	return seed
}

// seeded is chance for one goroutine.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	return rand.New(rand.NewPCG(chaosSeed(t), 0))
}

// dice are for one kind of decision of one side, so that what others decide meanwhile does
// not change it. They are shared by goroutines.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand // guarded by mu
}

func newDice(seed, kind uint64) *dice { return &dice{r: rand.New(rand.NewPCG(seed, kind))} }

func (d *dice) roll(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.IntN(n)
}

// fault is where a connection ends: often in the login, mostly later.
func (d *dice) fault() testproxy.Fault {
	bytes := 48 << 10
	if d.roll(6) == 0 {
		bytes = 6 << 10
	}
	return testproxy.Fault{Up: 1 + d.roll(bytes), Down: 1 + d.roll(bytes), Hard: d.roll(2) == 0}
}
