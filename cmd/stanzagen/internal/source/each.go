package source

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Each calls do for each index below n, on as many goroutines as there are processors, and collects what they report in
// the order of the indices. A panic of do is one of Each.
func Each(n int, c *Collector, do func(i int, c *Collector)) {
	var (
		own    = make([]Collector, n)
		next   atomic.Int64
		wg     sync.WaitGroup
		once   sync.Once
		thrown any
	)
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			defer func() {
				if r := recover(); r != nil {
					once.Do(func() { thrown = r })
				}
			}()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i, &own[i])
			}
		})
	}
	wg.Wait()
	if thrown != nil {
		panic(thrown)
	}
	for i := range own {
		c.list = append(c.list, own[i].list...)
		c.errors += own[i].errors
	}
}
