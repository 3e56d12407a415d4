package xmpp

import (
	"context"
	"slices"
	"time"
)

const (
	// lookupTime is how long DNS has for its answers.
	lookupTime = 10 * time.Second
	// lookupPatience is how long it has for the others once there is an answer that leads
	// somewhere (RFC 8305, section 3, has a shorter one).
	lookupPatience = time.Second
)

// gather asks several questions at once and returns their answers, in the same order. One
// that is not answered does not hold up the others.
func gather[T any](ctx context.Context, ask []func(ctx context.Context) []T, leads func(v T) bool) [][]T {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	type answer struct {
		i   int
		all []T
	}
	answers := make(chan answer, len(ask))
	for i, f := range ask {
		go func() { answers <- answer{i, f(ctx)} }()
	}
	out := make([][]T, len(ask))
	patience := time.NewTimer(lookupTime)
	defer patience.Stop()
	waiting := true
	for range ask {
		select {
		case a := <-answers:
			out[a.i] = a.all
			if waiting && slices.ContainsFunc(a.all, leads) {
				waiting = false
				patience.Reset(lookupPatience)
			}
		case <-patience.C:
			return out
		case <-ctx.Done():
			return out
		}
	}
	return out
}
