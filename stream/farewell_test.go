package stream

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/sm"
	"stanza.invalid/xmpp/stanza"
)

// acknowledger plays a peer that answers each question truly and closes when it is told
// to. It returns how many stanzas it got.
func (p *peer) acknowledger() (stanzas int) {
	for {
		r, err := p.conn.Read()
		switch {
		case err != nil:
			p.send("</stream:stream>")
			return stanzas
		case r.Is(sm.NS, "r"):
			p.send("<a"+inSM+" h='%d'/>", stanzas)
		case r.Local() == "message":
			stanzas++
		}
	}
}

// What the peer has got is not reported lost at an orderly end: not when it was asked
// shortly before, and not when others send meanwhile.
func TestCloseLosesNothing(t *testing.T) {
	t.Parallel()
	t.Run("asked before", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, p := managed(t, Config{Management: &Management{AckEvery: 4}})
			all := l.track("1", "2", "3", "4", "5", "6") // the question is behind the fourth
			go p.acknowledger()
			require.NoError(t, l.Close(t.Context()))
			for _, d := range all {
				require.Equal(t, Acked, d.Outcome())
			}
		})
	})
	t.Run("while others send", func(t *testing.T) {
		t.Parallel()
		rounds := 200
		if testing.Short() {
			rounds = 20
		}
		for range rounds {
			synctest.Test(t, func(t *testing.T) {
				l, p := managed(t, Config{})
				var all []*Delivery
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					for i := 0; ; i++ {
						d, err := l.SendTracked(context.Background(), message(fmt.Sprint(i)))
						if err != nil {
							return
						}
						all = append(all, d)
					}
				}()
				go p.acknowledger()
				require.NoError(t, l.Close(t.Context()))
				<-sent
				for i, d := range all {
					require.Equal(t, Acked, d.Outcome(), "%d of %d", i, len(all))
				}
			})
		}
	})
	t.Run("a peer that acknowledges only at the end", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, p := managed(t, Config{})
			all := l.track("1", "2", "3")
			go func() {
				p.drain()
				p.send("<a" + inSM + " h='3'/></stream:stream>")
			}()
			require.NoError(t, l.Close(t.Context()))
			require.Equal(t, []string{"acked", "acked", "acked"}, outcomes(all))
		})
	})
	t.Run("a peer that does not answer", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, p := managed(t, Config{CloseTimeout: 2 * time.Second})
			all := l.track("1")
			go p.drain()
			begin := time.Now()
			require.ErrorIs(t, l.Close(t.Context()), ErrTimeout)
			require.Equal(t, 2*time.Second, time.Since(begin))
			<-l.Done()
			require.Equal(t, []string{"lost"}, outcomes(all))
		})
	})
}

// Behind the farewell nothing can be acknowledged any more: what still comes is the peer's,
// which will keep it or send it back, and no handler gets it. Answers that are waited for are
// taken.
func TestClosedToWhatComesLate(t *testing.T) {
	t.Parallel()
	for _, managedSession := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var l *link
			var p *peer
			if managedSession {
				l, p = managed(t, Config{})
			} else {
				l, p = open(t, Config{})
			}
			var got recorder
			l.Handle(MatchKind(KindMessage), func(_ context.Context, st stanza.Stanza) error {
				got.add(st.Attributes().ID)
				return nil
			})
			answered := make(chan error, 1)
			go func() {
				_, err := l.Request(context.Background(), stanza.NewIQ(stanza.Get, friend, bare("urn:q", "q")))
				answered <- err
			}()
			id, _ := p.next().Attr("id")
			p.send("<message id='early'/>")
			synctest.Wait()
			go func() {
				said, _ := p.rest()
				if managedSession {
					require.Equal(t, "<a"+inSM+" h='1'/><r"+inSM+"/>", said)
				}
				p.send("<message id='late'/><iq type='result' id='%s' from='%s'/></stream:stream>", id, friend)
			}()
			require.NoError(t, l.Close(t.Context()))
			require.NoError(t, <-answered)
			if managedSession {
				require.Equal(t, []string{"early"}, got.get())
			} else {
				require.Equal(t, []string{"early", "late"}, got.get(), "nobody else will deliver it")
			}
		})
	}
}

// An answer that could not wait for the handlers is completed when they have finished: or the
// peer, which has got an answer, might not ask again, and would send all that once more
// in the end.
func TestLateHandlersAreAcknowledged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := managed(t, Config{})
		l.Handle(MatchKind(KindMessage), func(context.Context, stanza.Stanza) error {
			time.Sleep(5 * time.Second)
			return nil
		})
		begin := time.Now()
		p.send("<message id='1'/><message id='2'/><r" + inSM + "/>")
		p.want("<a" + inSM + " h='0'/>")
		require.Equal(t, time.Second, time.Since(begin))
		p.want("<a" + inSM + " h='2'/>")
		require.Equal(t, 10*time.Second, time.Since(begin))
		// once
		require.NoError(t, l.Send(t.Context(), message("3")))
		p.wantID("message", "3")
	})
}

// An answer to what nobody has asked changes nothing.
func TestUnaskedAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := managed(t, Config{})
		all := l.track("1")
		p.ids(1)
		p.send("<failed" + inSM + "><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>" +
			"<enabled" + inSM + " resume='true' id='two' location='evil.example'/>")
		p.send("<message/>")
		synctest.Wait()
		require.Equal(t, []string{"undecided"}, outcomes(all))
		require.Empty(t, l.ResumeLocation())
		require.Equal(t, "1", p.handled())
		_ = p.end.Close()
		q := l.accept()
		q.want("<resume" + inSM + " previd='one' h='1'/>")
		q.send("<resumed" + inSM + " previd='one' h='1'/>")
		synctest.Wait()
		require.Equal(t, []string{"acked"}, outcomes(all))
	})
}

// A peer that resumes another session than the one that was asked for is not believed.
func TestAnotherSessionResumed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := managed(t, Config{})
		all := l.track("1")
		p.ids(1)
		_ = p.end.Close()
		q := l.accept()
		q.want("<resume" + inSM + " previd='one' h='0'/>")
		q.send("<resumed" + inSM + " previd='two' h='1'/>")
		_, _ = q.rest()
		_ = q.end.Close()
		r := l.accept()
		r.want("<enable" + inSM + " resume='true'/>")
		synctest.Wait()
		require.Equal(t, []string{"lost"}, outcomes(all))
	})
}

// Whether the session is managed, and may be resumed, is told once for each session.
func TestManagedEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLink(t, roomy, Config{
			Management: &Management{}, Negotiators: []Negotiator{managing()}, Backoff: Backoff{Min: time.Millisecond, Spread: time.Millisecond},
		})
		told := make(chan Managed, 10)
		On(l, func(_ context.Context, e Managed) error { told <- e; return nil })
		p := l.open()
		p.want("<enable" + inSM + " resume='true'/>")
		p.send("<enabled" + inSM + " resume='true' id='one' max='60'/>")
		require.Equal(t, Managed{On: true, Resumable: true, Keep: time.Minute}, <-told)
		synctest.Wait()
		_ = p.end.Close()
		q := l.accept()
		q.next()
		q.send("<resumed" + inSM + " previd='one' h='0'/>")
		synctest.Wait()
		require.Empty(t, told)
		_ = q.end.Close()
		r := l.accept()
		r.next()
		r.send("<failed" + inSM + "/>")
		r.want("<enable" + inSM + " resume='true'/>")
		r.send("<enabled" + inSM + "/>")
		require.Equal(t, Managed{On: true}, <-told)
	})
}
