package source

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEach(t *testing.T) {
	t.Parallel()
	c, seen := &Collector{}, make([]int, 100)
	Each(len(seen), c, func(i int, c *Collector) {
		seen[i]++
		if i%2 == 0 {
			c.Errorf(Pos{File: "f", Line: 1}, "%d", i)
		}
	})
	require.Equal(t, 50, c.Errors())
	for i, n := range seen {
		require.Equal(t, 1, n, i)
	}
	for i, d := range c.list {
		require.Equal(t, fmt.Sprint(2*i), d.Msg)
	}
	Each(0, c, func(int, *Collector) { t.Error("called") })
	require.PanicsWithValue(t, "oops", func() { Each(3, c, func(int, *Collector) { panic("oops") }) })
}
