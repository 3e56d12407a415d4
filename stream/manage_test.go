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

// managing is what a client does about XEP-0198.
func managing() Negotiator {
	return Negotiator{Name: "sm", Run: func(ctx context.Context, c *Conn) (Outcome, error) {
		c.SetLocal(me)
		c.SetRemote(server)
		if q := c.ResumeRequest(); q != nil {
			if err := c.Write(q); err != nil {
				return 0, err
			}
			r, err := c.ReadResumption(ctx)
			if err != nil {
				return 0, err
			}
			if r.Is(sm.NS, "resumed") {
				v, err := stanza.Decode[sm.Resumed](r)
				if err != nil {
					return 0, err
				}
				return Done, c.Resumed(v)
			}
			v, err := stanza.Decode[sm.Failed](r)
			if err != nil {
				return 0, err
			}
			c.ResumeFailed(v)
		}
		c.Enable()
		return Done, nil
	}}
}

const inSM = " xmlns='" + sm.NS + "'"

// managed opens a stream whose peer manages it.
func managed(t *testing.T, cfg Config) (*link, *peer) {
	t.Helper()
	if cfg.Management == nil {
		cfg.Management = &Management{}
	}
	cfg.Negotiators = []Negotiator{managing()}
	cfg.Backoff = Backoff{Min: time.Millisecond, Spread: time.Millisecond}
	l, p := open(t, cfg)
	p.want("<enable" + inSM + " resume='true'/>")
	p.send("<enabled" + inSM + " resume='true' id='one'/>")
	synctest.Wait()
	return l, p
}

// track sends messages with ids.
func (l *link) track(ids ...string) (all []*Delivery) {
	l.t.Helper()
	for _, id := range ids {
		d, err := l.SendTracked(context.Background(), message(id))
		require.NoError(l.t, err)
		all = append(all, d)
	}
	return all
}

func outcomes(all []*Delivery) (s []string) {
	for _, d := range all {
		s = append(s, d.Outcome().String())
	}
	return s
}

// ids reads n messages.
func (p *peer) ids(n int) (all []string) {
	for len(all) < n {
		r := p.next()
		if id, ok := r.Attr("id"); ok && r.Local() == "message" {
			all = append(all, id)
		}
	}
	return all
}

// handled asks what the stream has handled.
func (p *peer) handled() string {
	p.t.Helper()
	p.send("<r" + inSM + "/>")
	for {
		if r := p.next(); r.Is(sm.NS, "a") {
			h, _ := r.Attr("h")
			return h
		}
	}
}

func TestAcknowledgements(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := managed(t, Config{Management: &Management{AckEvery: 3, AckAfter: time.Second}})
		all := l.track("1", "2")
		require.Equal(t, []string{"1", "2"}, p.ids(2))
		// after a while, and after so many, one question at a time
		begin := time.Now()
		p.want("<r" + inSM + "/>")
		require.Equal(t, time.Second, time.Since(begin))
		all = append(all, l.track("3", "4", "5", "6")...)
		require.Equal(t, []string{"3", "4", "5", "6"}, p.ids(4))
		p.send("<a" + inSM + " h='4'/>")
		synctest.Wait()
		require.Equal(t, []string{"acked", "acked", "acked", "acked", "undecided", "undecided"}, outcomes(all))
		p.want("<r" + inSM + "/>")
		p.send("<a" + inSM + " h='4'/>")
		p.want("<r" + inSM + "/>")
		p.send("<a" + inSM + " h='6'/>")
		synctest.Wait()
		require.Equal(t, "acked", all[5].Outcome().String())
		// what is no stanza does not count
		require.NoError(t, l.SendElement(t.Context(), bare("urn:example", "nonza")))
		require.NoError(t, l.SendXML(t.Context(), "<message id='7'/>"))
		p.next()
		require.Equal(t, []string{"7"}, p.ids(1))
		p.send("<a" + inSM + " h='7'/>")
		synctest.Wait()
		require.NoError(t, l.Err())
		time.Sleep(time.Hour)
		require.NoError(t, l.Send(t.Context(), message("8")))
		p.wantID("message", "8") // nothing was asked in between
	})
}

// VF2: counters wrap at 2^32.
func TestVF2Wrap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := managed(t, Config{})
		const start = 1<<32 - 3
		l.out.mu.Lock()
		l.sm.out.ackedTo = start
		l.out.mu.Unlock()
		l.sm.in.mu.Lock()
		l.sm.in.next, l.sm.in.first, l.sm.in.said = start, start, start
		l.sm.in.mu.Unlock()
		all := l.track("1", "2", "3", "4", "5")
		p.ids(5)
		p.send("<a"+inSM+" h='%d'/>", uint32(1<<32-1))
		synctest.Wait()
		require.Equal(t, []string{"acked", "acked", "undecided", "undecided", "undecided"}, outcomes(all))
		p.send("<a" + inSM + " h='1'/>")
		synctest.Wait()
		require.Equal(t, []string{"acked", "acked", "acked", "acked", "undecided"}, outcomes(all))
		for _, want := range []string{"4294967294", "4294967295", "0", "1"} {
			p.send("<message/>")
			synctest.Wait()
			require.Equal(t, want, p.handled())
		}
		_ = p.end.Close()
		q := l.accept()
		q.want("<resume" + inSM + " previd='one' h='1'/>")
		q.send("<resumed" + inSM + " previd='one' h='2'/>")
		synctest.Wait()
		require.Equal(t, "acked", all[4].Outcome().String())
		q.send("<message/>")
		synctest.Wait()
		require.Equal(t, "2", q.handled())
	})
}

// VF2: the same over the whole way, one by one, from 2^32 - 50 on.
func TestVF2WrapOneByOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := managed(t, Config{})
		const start = 1<<32 - 50
		l.out.mu.Lock()
		l.sm.out.ackedTo = start
		l.out.mu.Unlock()
		l.sm.in.mu.Lock()
		l.sm.in.next, l.sm.in.first, l.sm.in.said = start, start, start
		l.sm.in.mu.Unlock()
		count := uint32(start)
		for i := range 100 {
			count++
			one := l.track(fmt.Sprint(i))
			require.Equal(t, []string{fmt.Sprint(i)}, p.ids(1))
			require.Equal(t, []string{"undecided"}, outcomes(one))
			p.send("<a"+inSM+" h='%d'/><message/>", count)
			synctest.Wait()
			require.Equal(t, []string{"acked"}, outcomes(one))
			require.Equal(t, fmt.Sprint(count), p.handled())
		}
		require.Equal(t, uint32(50), count)
		require.NoError(t, l.Err())
	})
}

// VF3: counts that cannot be end the stream, and decide nothing.
func TestVF3WrongCounts(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]uint32{"too high": 4, "far too high": 1 << 31, "backwards": 0, "far": 1<<32 - 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, p := managed(t, Config{})
				all := l.track("1", "2", "3")
				p.ids(3)
				p.send("<a" + inSM + " h='1'/>")
				synctest.Wait()
				var ended error
				On(l, func(_ context.Context, e SessionEnded) error { ended = e.Err; return nil })
				p.send("<a"+inSM+" h='%d'/>", h)
				_, err := p.rest()
				var told *Error
				require.ErrorAs(t, err, &told)
				require.Equal(t, UndefinedCondition, told.Condition)
				require.Len(t, told.Details, 1)
				require.Equal(t, fmt.Sprintf("<handled-count-too-high xmlns='%s' h='%d' send-count='3'/>", sm.NS, h), told.Details[0].Source())
				_ = p.end.Close()
				synctest.Wait()
				require.ErrorIs(t, ended, ErrCounters)
				require.ErrorIs(t, ended, UndefinedCondition)
				require.Equal(t, []string{"acked", "undecided", "undecided"}, outcomes(all))
				// a new session: what it was with the others nobody knows
				q := l.accept()
				q.want("<enable" + inSM + " resume='true'/>")
				synctest.Wait()
				require.Equal(t, []string{"acked", "lost", "lost"}, outcomes(all))
			})
		})
	}
	// what has not left cannot have been handled
	t.Run("not written", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l, p := managed(t, Config{})
			_ = p.end.Close()
			synctest.Wait()
			all := l.track("1")
			q := l.accept()
			q.next()
			q.send("<resumed" + inSM + " previd='one' h='1'/>")
			_, _ = q.rest()
			_ = q.end.Close()
			r := l.accept()
			r.want("<enable" + inSM + " resume='true'/>")
			require.Equal(t, []string{"1"}, r.ids(1), "it is not lost")
			require.Equal(t, []string{"undecided"}, outcomes(all))
		})
	})
}

// VF4: a session that is gone, with a last word about what was handled.
func TestVF4FailedWithCount(t *testing.T) {
	t.Parallel()
	for h, want := range map[string][]string{
		" h='2'": {"acked", "acked", "lost"},
		" h='9'": {"lost", "lost", "lost"}, // nonsense says nothing
		"":       {"lost", "lost", "lost"},
	} {
		synctest.Test(t, func(t *testing.T) {
			l, p := managed(t, Config{})
			all := l.track("1", "2", "3")
			p.ids(3)
			_ = p.end.Close()
			synctest.Wait()
			all = append(all, l.track("4")...)
			q := l.accept()
			q.want("<resume" + inSM + " previd='one' h='0'/>")
			q.send("<failed" + inSM + h + "><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>")
			q.want("<enable" + inSM + " resume='true'/>")
			require.Equal(t, []string{"4"}, q.ids(1))
			require.Equal(t, append(want, "undecided"), outcomes(all))
			q.send("<enabled" + inSM + " resume='true' id='two'/><a" + inSM + " h='1'/>")
			synctest.Wait()
			require.Equal(t, append(want, "acked"), outcomes(all))
		})
	}
}

// What is to be sent again is decided by one.
func TestRequeueManaged(t *testing.T) {
	t.Parallel()
	l := newLink(t, roomy, Config{Management: &Management{}})
	require.ErrorContains(t, l.Requeue(func() []stanza.Payload { return nil }), "Management")
}

// A peer that offers management and then does not manage: what was written was sent.
func TestEnableFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := open(t, Config{Management: &Management{}, Negotiators: []Negotiator{managing()}})
		told := make(chan Managed, 2)
		On(l, func(_ context.Context, e Managed) error { told <- e; return nil })
		defer func() { require.Equal(t, Managed{}, <-told) }()
		all := l.track("1")
		p.next()
		p.ids(1)
		synctest.Wait()
		require.Equal(t, []string{"undecided"}, outcomes(all))
		p.send("<failed" + inSM + "><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>")
		synctest.Wait()
		require.Equal(t, []string{"sent"}, outcomes(all))
		all = l.track("2")
		p.ids(1)
		synctest.Wait()
		require.Equal(t, []string{"sent"}, outcomes(all))
	})
}

// What is acknowledged is what the handlers have finished with, in order, whoever was
// faster.
func TestHandledPrefix(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := map[string]chan struct{}{"1": make(chan struct{}), "3": make(chan struct{}), "4": make(chan struct{})}
		l, p := managed(t, Config{})
		l.Handle(MatchKind(KindMessage), func(_ context.Context, st stanza.Stanza) error {
			if c := release[st.Attributes().ID]; c != nil {
				<-c
			}
			return nil
		}, Concurrent())
		l.Handle(MatchKind(KindMessage), func(context.Context, stanza.Stanza) error { return nil })
		answered := make(chan error, 1)
		go func() {
			_, err := l.Request(context.Background(), stanza.NewIQ(stanza.Get, friend, bare("urn:q", "q")))
			answered <- err
		}()
		id, _ := p.next().Attr("id")
		p.send("<message id='1'/><message id='2'/><message id='3'/><iq type='result' id='%s' from='%s'/><message id='4'/>", id, friend)
		synctest.Wait()
		require.NoError(t, <-answered)
		begin := time.Now()
		require.Equal(t, "0", p.handled())
		require.Equal(t, time.Second, time.Since(begin), "the answer waits for the handlers, but not for long")
		close(release["1"])
		synctest.Wait()
		require.Equal(t, "2", p.handled())
		close(release["4"])
		synctest.Wait()
		require.Equal(t, "2", p.handled())
		// a question that is answered by a handler that finishes
		begin = time.Now()
		time.AfterFunc(100*time.Millisecond, func() { close(release["3"]) })
		require.Equal(t, "5", p.handled(), "the answer to the request counts as well")
		require.Equal(t, 100*time.Millisecond, time.Since(begin))
	})
}

// What was received and waits in the queue needs not come again; and what was once said is
// not taken back.
func TestReceivedCountResumes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := managed(t, Config{})
		var got recorder
		release := make(chan struct{})
		l.Handle(MatchKind(KindMessage), func(_ context.Context, st stanza.Stanza) error {
			<-release
			got.add(st.Attributes().ID)
			return nil
		})
		p.send("<message id='1'/><message id='2'/>")
		synctest.Wait()
		_ = p.end.Close()
		q := l.accept()
		q.want("<resume" + inSM + " previd='one' h='2'/>")
		q.send("<resumed" + inSM + " previd='one' h='0'/>")
		synctest.Wait()
		require.Equal(t, "2", q.handled())
		q.send("<message id='3'/>")
		close(release)
		synctest.Wait()
		require.Equal(t, "3", q.handled())
		require.Equal(t, []string{"1", "2", "3"}, got.get())
	})
}

// A peer that asks without end gets one answer at a time.
func TestEndlessQuestions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, p := managed(t, Config{})
		for range 10_000 {
			p.send("<r" + inSM + "/>")
		}
		synctest.Wait()
		require.Less(t, l.Unsent(), 1000)
		_ = p.end.Close()
	})
}

// Without management an outcome is that the bytes have left, or never will.
func TestSentAndLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLink(t, roomy, Config{})
		all := l.track("1", "2")
		require.Equal(t, []string{"undecided", "undecided"}, outcomes(all))
		p := l.open()
		p.ids(2)
		synctest.Wait()
		require.Equal(t, []string{"sent", "sent"}, outcomes(all))
		_ = p.end.Close()
		synctest.Wait()
		all = l.track("3")
		l.Abort()
		<-l.Done()
		require.Equal(t, []string{"lost"}, outcomes(all))
		_, err := all[0].Wait(t.Context())
		require.NoError(t, err)
		_, err = l.SendTracked(t.Context(), message("4"))
		require.ErrorIs(t, err, ErrClosed)
	})
}
