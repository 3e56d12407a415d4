// Stanzacat reads stanzas and prints what the types of this module make of them: as XML, as Go, as JSON. It marks what no
// schema knows and what does not fit one.
//
// It takes stanzas as they are found: one or many, with a stream around them or without, in the log of a program with
// times and directions in front of them. With -connect it logs in and shows both sides of a session. See -h.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], &system{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv,
		inTerminal: isTerminal(os.Stdin), outTerminal: isTerminal(os.Stdout),
	})
	stop()
	os.Exit(code)
}

// isTerminal reports whether a person may be at the other end of f.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
