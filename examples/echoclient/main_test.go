package main

import (
	"context"
	"testing"
)

func Example_run() {
	if err := run(context.Background(), nil); err != nil {
		panic(err)
	}
	// Output:
	// <message xmlns='jabber:client' to='narcissus@example.org/pool' from='echo@example.org/cave' type='chat'><body>Is anyone here?</body></message>
}

func TestArguments(t *testing.T) {
	if err := run(t.Context(), []string{"no address@"}); err == nil {
		t.Error("an address that is none is taken")
	}
}
