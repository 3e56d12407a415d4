package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestProgress lets work take its time: a line appears when somebody looks and waits, and goes away at the end.
func TestProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		work := func(terminal bool, each time.Duration) string {
			var b strings.Builder
			p := (&system{err: &b, terminal: terminal}).progress("reading", 10)
			for range 10 {
				p.step(strings.Repeat("name", 30))
				time.Sleep(each)
			}
			p.done()
			return b.String()
		}
		require.Empty(t, work(true, time.Millisecond), "it was soon done")
		require.Empty(t, work(false, time.Second), "nobody looks")
		shown := work(true, 60*time.Millisecond)
		lines := strings.Split(shown, "\r\x1b[K")
		require.Equal(t, "reading: 6 of 10, "+strings.Repeat("name", 20)[:61], lines[1])
		require.Len(t, lines, 5, "not more often than the eye can follow")
		require.Empty(t, lines[len(lines)-1], "the line is gone")
	})
}
