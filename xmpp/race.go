package xmpp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// headStart is how long an attempt to connect has before the next one begins beside it
// (RFC 8305, section 5).
const headStart = 250 * time.Millisecond

// race connects to the candidates in order, each with a head start before the next, and
// returns the first connection that is made.
func (c *Client) race(ctx context.Context, all []candidate) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	type result struct {
		conn net.Conn
		err  error
	}
	results := make(chan result)
	done := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	defer close(done)
	start := func(a candidate) {
		wg.Go(func() {
			conn, err := c.connectTo(ctx, a)
			if err != nil {
				err = fmt.Errorf("%s: %w", a, err)
			}
			select {
			case results <- result{conn, err}:
			case <-done:
				if conn != nil {
					conn.Close()
				}
			}
		})
	}
	var why []error
	next, running := 0, 0
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case r := <-results:
			running--
			if r.err == nil {
				return r.conn, nil
			}
			why = append(why, r.err)
		case <-ctx.Done():
			return nil, errors.Join(append(why, ctx.Err())...)
		}
		if next < len(all) {
			start(all[next])
			next++
			running++
			timer.Reset(headStart)
		} else if running == 0 {
			return nil, errors.Join(why...)
		}
	}
}
