package main

import (
	"context"
	"testing"
)

func Example_run() {
	if err := run(context.Background(), nil); err != nil {
		panic(err)
	}
	// Output: acked
}

func TestArguments(t *testing.T) {
	for _, args := range [][]string{{"me@example.org"}, {"@", "you@example.org", "x"}, {"me@example.org", "@", "x"}} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
