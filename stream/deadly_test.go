package stream

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp/stanza"
)

// A peer that ends the stream over a stanza gets it in a few sessions, and not in all that are
// to come.
func TestDeadlyStanza(t *testing.T) {
	t.Parallel()
	t.Run("sent again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, p := managed(t, Config{Management: &Management{Resend: true}})
			bad := l.track("bad")
			sessions := 0
			for outcomes(bad)[0] == "undecided" {
				require.Equal(t, []string{"bad"}, p.ids(1))
				p.send("<stream:error><policy-violation xmlns='%s'/></stream:error></stream:stream>", NSErrors)
				_, _ = p.rest()
				_ = p.end.Close()
				p = l.accept()
				p.want("<enable" + inSM + " resume='true'/>")
				synctest.Wait()
				sessions++
				require.LessOrEqual(t, sessions, maxTries)
			}
			require.Equal(t, maxTries, sessions)
			require.Equal(t, []string{"lost"}, outcomes(bad))
			l.track("good")
			require.Equal(t, []string{"good"}, p.ids(1))
		})
	})
	for _, sm := range []bool{true, false} {
		for _, size := range []int{largeBytes, largeBytes / 2} {
			t.Run(fmt.Sprintf("never written whole, management %t, %d bytes", sm, size), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					cfg := Config{Backoff: Backoff{Min: time.Millisecond, Spread: time.Millisecond}}
					if sm {
						cfg.Management, cfg.Negotiators = &Management{}, []Negotiator{managing()}
					}
					l := newLink(t, 1000, cfg)
					begin := func(p *peer) *peer {
						if sm {
							p.want("<enable" + inSM + " resume='true'/>")
						}
						return p
					}
					p := begin(l.open())
					bad, err := l.SendTracked(t.Context(), &stanza.Message{ID: "bad", Body: stanza.Plain(strings.Repeat("x", size))})
					require.NoError(t, err)
					good := l.track("good")
					for range 2 * maxTries {
						if bad.Outcome() != Undecided {
							break
						}
						synctest.Wait() // it waits for room
						_ = p.end.Close()
						p = begin(l.accept())
					}
					if size < largeBytes {
						require.Equal(t, Undecided, bad.Outcome(), "it may be the network")
						return
					}
					require.Equal(t, Lost, bad.Outcome())
					require.Equal(t, []string{"good"}, p.ids(1))
					if !sm {
						outcome, err := good[0].Wait(context.Background())
						require.NoError(t, err)
						require.Equal(t, Sent, outcome)
					}
				})
			})
		}
	}
}
