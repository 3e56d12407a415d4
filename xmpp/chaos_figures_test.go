package xmpp_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// figures are what a run was like.
type figures struct {
	venue          string
	messages, cuts int
	resumed, anew  int // sessions, without the first two
	lost           int // messages whose senders were told so
	bounced        int // messages that came back as errors
	dropped        int // messages that the server has acknowledged, and lost with a session
	twice          int // arrivals of messages that had arrived
	overtaken      int // messages that arrived behind a later one
	seed           uint64
	took           time.Duration
}

const figuresHead = "" +
	"                             each            sessions      lost  sent  dropped  doubled  reordered\n" +
	"                              way   cuts  resumed   new    told  back       by the server           seconds  seed\n"

func (r *figures) String() string {
	return fmt.Sprintf("%-26s %6d %6d %8d %5d %7d %5d %8d %8d %10d %8.1f  %d",
		r.venue, r.messages, r.cuts, r.resumed, r.anew, r.lost, r.bounced, r.dropped, r.twice, r.overtaken, r.took.Seconds(), r.seed)
}

// print logs the figures, and adds it to the table that XMPP_CHAOS_TABLE names.
func (r *figures) print(t *testing.T) {
	t.Helper()
	failed := ""
	if t.Failed() {
		failed = "  FAILED"
	}
	t.Logf("\n%s%s%s", figuresHead, r, failed)
	name := os.Getenv("XMPP_CHAOS_TABLE")
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	defer f.Close()
	text := r.String() + failed + "\n"
	if at, err := f.Stat(); err == nil && at.Size() == 0 {
		text = figuresHead + text
	}
	_, err = f.WriteString(text)
	require.NoError(t, err)
}
