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
// returns the first connection that is made, and where.
func (c *Client) race(ctx context.Context, all []candidate) (net.Conn, candidate, error) {
	ctx, cancel := context.WithCancel(ctx)
	type result struct {
		at   candidate
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
				if ctx.Err() == nil {
					c.places.setback(a)
				}
				err = fmt.Errorf("%s: %w", a, err)
			}
			select {
			case results <- result{a, conn, err}:
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
				return r.conn, r.at, nil
			}
			why = append(why, r.err)
		case <-ctx.Done():
			return nil, candidate{}, errors.Join(append(why, ctx.Err())...)
		}
		if next < len(all) {
			start(all[next])
			next++
			running++
			timer.Reset(headStart)
		} else if running == 0 {
			return nil, candidate{}, errors.Join(why...)
		}
	}
}
