package stream

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// What counts as an attempt to resume that was left without an answer, and what is done
// after two of them.
func TestUnanswered(t *testing.T) {
	t.Parallel()
	const s = 10 * time.Second // a third of SessionTimeout
	for _, tt := range []struct {
		name   string
		events string // silence, mending, cut, late, reset, another connection that the program wants
		given  bool   // up
		wait   time.Duration
	}{
		{name: "once", events: "silence", wait: s},
		{name: "twice", events: "silence silence", given: true, wait: 2 * s},
		{name: "cuts do not count", events: "cut cut cut silence cut cut"},
		{name: "cuts are no answers", events: "silence cut silence", given: true},
		{name: "nor is a wish for another connection", events: "wish wish silence wish"},
		{name: "slow before", events: "slow", wait: 3 * s},
		{name: "slow before, twice", events: "slow silence", given: true},
		{name: "what is mended does not count", events: "mending mending silence mending", wait: 4 * s},
		{name: "an answer is one", events: "silence resumed silence"},
		{name: "time and again", events: "silence resumed silence resumed silence silence", given: true},
	} {
		for _, resend := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, " resend=", resend), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					l, p := managed(t, Config{SessionTimeout: 3 * s, Management: &Management{Resend: resend, AckAfter: time.Hour}})
					all := l.track("1", "2")
					require.Equal(t, []string{"1", "2"}, p.ids(2))
					_ = p.end.Close()
					begin := time.Now()
					for _, e := range strings.Fields(tt.events) {
						if e == "slow" {
							q := <-l.peers
							time.Sleep(25 * time.Second)
							q.handshake(Header{From: server, Content: "jabber:client", ID: "slow"})
							q.want("<resume" + inSM + " previd='one' h='0'/>")
							_, err := q.rest()
							require.Error(t, err)
							_ = q.end.Close()
							continue
						}
						q := l.accept()
						q.want("<resume" + inSM + " previd='one' h='0'/>")
						switch e {
						case "silence", "mending":
							if e == "mending" {
								q.end.mend()
							}
							_, err := q.rest()
							require.Error(t, err)
						case "wish":
							l.Reconnect()
							_, err := q.rest()
							require.Error(t, err)
						case "resumed":
							q.send("<resumed" + inSM + " previd='one' h='0'/>")
							require.Equal(t, []string{"1", "2"}, q.ids(2))
							synctest.Wait()
						}
						_ = q.end.Close()
					}
					q := l.accept()
					if tt.wait > 0 {
						require.InDelta(t, tt.wait.Seconds(), time.Since(begin).Seconds(), 0.5)
					}
					if !tt.given {
						q.want("<resume" + inSM + " previd='one' h='0'/>")
						require.Equal(t, []string{"undecided", "undecided"}, outcomes(all))
						q.send("<resumed" + inSM + " previd='one' h='2'/>")
						synctest.Wait()
						require.Equal(t, []string{"acked", "acked"}, outcomes(all))
						return
					}
					q.want("<enable" + inSM + " resume='true'/>")
					if !resend {
						synctest.Wait()
						require.Equal(t, []string{"lost", "lost"}, outcomes(all))
						return
					}
					q.send("<enabled" + inSM + " resume='true' id='two'/>")
					require.Equal(t, []string{"1", "2"}, q.ids(2))
					require.Equal(t, []string{"undecided", "undecided"}, outcomes(all))
					q.send("<a" + inSM + " h='2'/>")
					synctest.Wait()
					require.Equal(t, []string{"acked", "acked"}, outcomes(all))
				})
			})
		}
	}
}

// A session that is given up is closed at the peer's, in case that has it after all; one that
// may still be resumed is not.
func TestUnansweredFooter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := managed(t, Config{})
		_ = p.end.Close()
		for i := range 2 {
			q := l.accept()
			q.want("<resume" + inSM + " previd='one' h='0'/>")
			_, err := q.rest()
			require.Equal(t, i == 1, err == ErrEnded, "%v", err)
			_ = q.end.Close()
		}
		require.NoError(t, l.Send(context.Background(), message("1")))
		q := l.accept()
		q.want("<enable" + inSM + " resume='true'/>")
		require.Equal(t, []string{"1"}, q.ids(1))
	})
}
