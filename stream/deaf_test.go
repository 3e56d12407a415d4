package stream

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// chatter sends a message every few seconds, and acknowledges nothing, until the connection
// ends; it returns how long that took. An answer is sent after late, if that is not 0.
func (p *peer) chatter(late time.Duration) time.Duration {
	begin := time.Now()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = p.rest()
	}()
	for i := 0; ; i++ {
		select {
		case <-gone:
			return time.Since(begin)
		case <-time.After(3 * time.Second):
		}
		if late > 0 && time.Since(begin) > late {
			p.send("<a" + inSM + " h='1'/>")
			return 0
		}
		p.send("<message id='%d'/>", i)
	}
}

// A peer that has much to say and does not say what it has got is no better than one that says
// nothing: its connection ends. One that takes its time is waited for.
func TestDeaf(t *testing.T) {
	t.Parallel()
	cfg := Config{Idle: time.Minute, IdleTimeout: 10 * time.Second}
	for _, late := range []time.Duration{0, 35 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			l, p := managed(t, cfg)
			sent := l.track("a")
			took := p.chatter(late)
			if late > 0 {
				synctest.Wait()
				require.Equal(t, []string{"acked"}, outcomes(sent))
				for range 100 { // it owes nothing now
					time.Sleep(3 * time.Second)
					p.send("<message/>")
				}
				synctest.Wait()
				require.Equal(t, Established, l.State())
				return
			}
			require.GreaterOrEqual(t, took, 40*time.Second)
			require.LessOrEqual(t, took, time.Minute)
			q := l.accept()
			require.Equal(t, "one", q.previous())
			q.send("<resumed" + inSM + " previd='one' h='1'/>")
			synctest.Wait()
			require.Equal(t, []string{"acked"}, outcomes(sent))
		})
	}
}

// A session that goes on each time and gets nowhere is given up: there are servers in which
// what a broken connection has left half stands in the way of all that comes.
func TestDeafSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(p *peer){
		"talks":     func(p *peer) { p.chatter(0) },
		"is silent": func(p *peer) { _, _ = p.rest() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, p := managed(t, Config{Idle: time.Minute, IdleTimeout: 10 * time.Second})
				sent := l.track("a")
				_ = p.end.Close()
				for i := range maxDeaf {
					p = l.accept()
					require.Equal(t, "one", p.previous())
					p.send("<resumed" + inSM + " previd='one' h='0'/>")
					if i == 1 { // say nothing about the session: a connection that is cut, one that is mended
						_ = p.end.Close()
						p = l.accept()
						require.Equal(t, "one", p.previous())
						p.send("<resumed" + inSM + " previd='one' h='0'/>")
						p.end.mend()
						end(p)
						_ = p.end.Close()
						p = l.accept()
						require.Equal(t, "one", p.previous())
						p.send("<resumed" + inSM + " previd='one' h='0'/>")
					}
					end(p)
					_ = p.end.Close()
				}
				p = l.accept()
				p.want("<enable" + inSM + " resume='true'/>")
				synctest.Wait()
				require.Equal(t, []string{"lost"}, outcomes(sent))
				p.send("<enabled" + inSM + " resume='true' id='one'/>")
				synctest.Wait()

				// an answer now and then is enough, and so is progress
				l.track("b")
				h := 0
				for i := range 6 * maxDeaf {
					switch i % (2 * (maxDeaf - 1)) {
					case 0:
						p.send("<a"+inSM+" h='%d'/>", h)
					case maxDeaf - 2:
						l.track("more")
						h++
					}
					end(p)
					_ = p.end.Close()
					p = l.accept()
					require.Equal(t, "one", p.previous())
					p.send("<resumed"+inSM+" previd='one' h='%d'/>", h)
					synctest.Wait()
				}
			})
		})
	}
}

// previous returns which session this side is asked to resume.
func (p *peer) previous() string {
	r := p.next()
	require.Equal(p.t, "resume", r.Local(), r.Source())
	id, _ := r.Attr("previd")
	return id
}

// Who resumes sessions without the stream's management decides about them, too.
func TestDeadWithoutManagement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := open(t, Config{
			Idle: time.Minute, IdleTimeout: 10 * time.Second, Backoff: Backoff{Min: time.Millisecond, Spread: time.Millisecond},
			Negotiators: []Negotiator{{Name: "resume", Run: func(_ context.Context, c *Conn) (Outcome, error) {
				c.SetResumed()
				return Done, nil
			}}},
		})
		for range maxDeaf + 1 {
			_, _ = p.rest() // it says nothing, and is dead
			p = l.accept()
			synctest.Wait()
			require.Equal(t, Established, l.State())
		}
	})
}
