package stream

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// TestVS1 lists who may answer a request that went where (RFC 6120, section 8.1.2.1).
func TestVS1Answers(t *testing.T) {
	t.Parallel()
	client := []Negotiator{bound(me, server)}
	gateway := jid.MustParse("gw.example.org")
	comp := []Negotiator{bound(gateway, server)}
	for _, tt := range []struct {
		name     string
		stream   []Negotiator
		to, from string
		want     bool
	}{
		{"whom it went to", client, "friend@example.net/there", "friend@example.net/there", true},
		{"another resource", client, "friend@example.net/there", "friend@example.net/elsewhere", false},
		{"the bare address", client, "friend@example.net/there", "friend@example.net", false},
		{"the full address", client, "friend@example.net", "friend@example.net/there", false},
		{"a stranger", client, "friend@example.net/there", "eve@example.com", false},
		{"no sender", client, "friend@example.net/there", "", false},
		{"one's own server for another", client, "friend@example.net/there", "example.org", false},
		{"no-to: no sender", client, "", "", true},
		{"no-to: own bare address", client, "", "me@example.org", true},
		{"no-to: own full address", client, "", "me@example.org/here", true},
		{"no-to: another resource", client, "", "me@example.org/elsewhere", false},
		{"no-to: the server", client, "", "example.org", false},
		{"no-to: a stranger", client, "", "eve@example.org", false},
		{"own account: no sender", client, "me@example.org", "", true},
		{"own account: bare", client, "me@example.org", "me@example.org", true},
		{"own account: a resource", client, "me@example.org", "me@example.org/elsewhere", false},
		{"own server: no sender", client, "example.org", "", true},
		{"own server: itself", client, "example.org", "example.org", true},
		{"own server: a stranger", client, "example.org", "example.com", false},
		{"another server: no sender", client, "example.net", "", false},
		{"own resource: itself", client, "me@example.org/other", "me@example.org/other", true},
		{"own resource: no sender", client, "me@example.org/other", "", false},
		{"component: whom it went to", comp, "friend@example.net/there", "friend@example.net/there", true},
		{"component: no sender", comp, "friend@example.net/there", "", false},
		{"component: no-to, no sender", comp, "", "", true},
		{"component: no-to, the server", comp, "", "example.org", true},
		{"component: no-to, itself", comp, "", "gw.example.org", true},
		{"component: no-to, a stranger", comp, "", "example.net", false},
		{"component: the server, no sender", comp, "example.org", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, p := open(t, Config{Negotiators: tt.stream})
			q := stanza.NewIQ(stanza.Get, jid.JID{}, bare("urn:q", "q"))
			if tt.to != "" {
				q.To = jid.MustParse(tt.to)
			}
			answered := make(chan *stanza.IQ, 1)
			go func() {
				a, err := l.Request(context.Background(), q)
				if err == nil {
					answered <- a
				}
				close(answered)
			}()
			id, _ := p.next().Attr("id")
			from := ""
			if tt.from != "" {
				from = " from='" + tt.from + "'"
			}
			other := " from='mallory@example.com'"
			p.send("<iq type='result' id='%sx'%s/>", id, from) // VS3: a guess
			p.send("<iq type='result' id='%s'%s/>", id, other)
			p.send("<message id='%s'%s/><presence id='%s'%s/>", id, from, id, from) // VS2: another kind
			p.send("<iq type='get' id='%s'%s><q xmlns='urn:q'/></iq>", id, from)    // VS2: a request
			p.send("<x xmlns='urn:x' id='%s'%s/>", id, from)
			p.send("<iq type='error' id='%s'%s><error/></iq>", id, from)
			p.send("<iq type='result' id='%s'%s/>", id, from) // a second answer
			l.fence(p)
			if !tt.want {
				require.Empty(t, answered)
				l.Abort()
				<-answered
				return
			}
			a := <-answered
			require.Equal(t, stanza.IQError, a.Type, "the first answer counts")
			require.NotNil(t, a.Err)
		})
	}
}

func TestH3Requests(t *testing.T) {
	t.Parallel()
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, p := open(t, Config{})
			go p.drain()
			start := time.Now()
			_, err := l.Request(t.Context(), stanza.NewIQ(stanza.Get, friend, nil))
			require.ErrorIs(t, err, ErrTimeout)
			require.Equal(t, time.Minute, time.Since(start))
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			_, err = l.Request(ctx, stanza.NewIQ(stanza.Get, friend, nil))
			require.ErrorIs(t, err, ErrTimeout)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, time.Hour+time.Minute, time.Since(start))
			cancelled, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			_, err = l.Request(cancelled, stanza.NewIQ(stanza.Get, friend, nil))
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, ErrTimeout)
			require.Empty(t, l.waiters.byID)
			_, err = l.Request(t.Context(), &stanza.IQ{Type: stanza.Result})
			require.Error(t, err)
		})
	})
	t.Run("no connection", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l := newLink(t, roomy, Config{})
			start := time.Now()
			_, err := l.Request(t.Context(), stanza.NewIQ(stanza.Get, friend, nil))
			require.ErrorIs(t, err, ErrTimeout)
			require.Equal(t, time.Minute, time.Since(start))
		})
	})
	t.Run("the session ends", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		answered := make(chan error, 1)
		go func() {
			_, err := l.Request(context.Background(), stanza.NewIQ(stanza.Get, friend, nil))
			answered <- err
		}()
		p.next()
		_ = p.end.Close()
		require.ErrorIs(t, <-answered, ErrDisconnected)
	})
	t.Run("an answer with a bad error is an answer", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		go func() {
			id, _ := p.next().Attr("id")
			p.send("<iq type='error' id='%s' from='@'><error type='cancel'/></iq>", id)
			p.send("<iq type='error' id='%s' from='%s'><error by='@' type='cancel'/></iq>", id, friend)
		}()
		a, err := l.Request(t.Context(), stanza.NewIQ(stanza.Get, friend, nil))
		require.NoError(t, err)
		require.Equal(t, friend, a.From)
		require.NotNil(t, a.Err)
	})
	t.Run("in a handler", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		got := make(chan string, 10)
		l.Handle(MatchKind(KindMessage), func(ctx context.Context, st stanza.Stanza) error {
			if err := l.Send(ctx, message("before")); err != nil { // must leave although the handler waits
				return err
			}
			a, err := l.Request(ctx, stanza.NewIQ(stanza.Get, friend, nil))
			if err != nil {
				return err
			}
			got <- "answer " + string(a.Type)
			return nil
		})
		l.Handle(MatchKind(KindPresence), func(context.Context, stanza.Stanza) error {
			got <- "presence"
			return nil
		})
		p.send("<message/><presence/>")
		p.wantID("message", "before")
		id, _ := p.next().Attr("id")
		p.send("<iq type='result' id='%s' from='%s'/>", id, friend)
		require.Equal(t, "answer result", <-got)
		require.Equal(t, "presence", <-got, "order is kept")
	})
}

func TestH4Collectors(t *testing.T) {
	t.Parallel()
	t.Run("order and exclusion", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		var handled recorder
		l.Handle(MatchKind(KindMessage), note(&handled, ""))
		watching := l.Collect(MatchKind(KindMessage))
		taking := l.Collect(mustPath(t, "message/{urn:x}x"), Exclusive(), AtMost(2))
		after := l.Collect(MatchKind(KindMessage))
		user := l.Collect(MatchFunc(func(s stanza.Stanza) bool { return s.Attributes().ID == "4" }), Exclusive())
		for i := range 6 {
			x := ""
			if i%2 == 1 {
				x = "<x xmlns='urn:x'/>"
			}
			p.send("<message id='%d'>%s</message>", i, x)
		}
		l.fence(p)
		ids := func(all []stanza.Stanza) (s string) {
			for _, st := range all {
				s += st.Attributes().ID
			}
			return s
		}
		require.Equal(t, 1, taking.Lost())
		require.Equal(t, "012345", ids(watching.Stop()))
		require.Equal(t, "13", ids(taking.Stop()))
		require.Equal(t, "0245", ids(after.Stop()))
		require.Equal(t, "4", ids(user.Stop()))
		require.Equal(t, []string{"0", "2", "5"}, handled.get())
		require.Zero(t, l.waiters.lists.Load()+l.waiters.users.Load())
		p.send("<message id='6'><x xmlns='urn:x'/></message>")
		l.fence(p)
		require.Empty(t, taking.Stop(), "a stopped collector takes nothing")
	})
	t.Run("an answer does not overtake what was collected", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		c := l.Collect(MatchKind(KindMessage))
		go func() {
			id, _ := p.next().Attr("id")
			for i := range 100 {
				p.send("<message id='%d'/>", i)
			}
			p.send("<iq type='result' id='%s' from='%s'/>", id, friend)
		}()
		_, err := l.Request(t.Context(), stanza.NewIQ(stanza.Get, friend, nil))
		require.NoError(t, err)
		require.Len(t, c.Stop(), 100)
	})
	t.Run("several consumers", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		c := l.Collect(MatchKind(KindMessage))
		defer c.Stop()
		got := make(chan string, 10)
		for range 5 {
			go func() {
				if st, err := c.Next(context.Background()); err == nil {
					got <- st.Attributes().ID
				}
			}()
		}
		time.Sleep(time.Millisecond)
		p.send("<message/><message/><message/><message/><message/>")
		for range 5 {
			<-got
		}
	})
	t.Run("iteration", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		c := l.Collect(MatchKind(KindMessage))
		defer c.Stop()
		p.send("<message id='0'/><message id='1'/><message id='2'/>")
		i := 0
		for st := range c.All(t.Context()) {
			require.Equal(t, fmt.Sprint(i), st.Attributes().ID)
			if i++; i == 3 {
				break
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range c.All(ctx) {
			t.Error("there is nothing")
		}
	})
	t.Run("H5 Wait and Expect", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l, p := open(t, Config{})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := l.Wait(ctx, MatchID("1"))
			require.ErrorIs(t, err, ErrTimeout)
			wait, stop := l.Expect(MatchIDFrom("1", friend))
			p.send("<message id='1'/><message id='1' from='%s'><body>a</body></message><message id='1' from='%s'/>", friend, friend)
			synctest.Wait()
			st, err := wait(t.Context())
			require.NoError(t, err)
			require.Equal(t, "a", st.(*stanza.Message).Body.String())
			stop()
			waited := make(chan error, 1)
			go func() {
				_, err := l.Wait(context.Background(), MatchFunc(func(stanza.Stanza) bool { return true }))
				waited <- err
			}()
			synctest.Wait()
			l.Abort()
			require.ErrorIs(t, <-waited, ErrClosed)
		})
	})
	t.Run("what would block for ever", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		all := MatchFunc(func(stanza.Stanza) bool { return true })
		got := make(chan error, 10)
		l.Handle(MatchKind(KindMessage), func(ctx context.Context, _ stanza.Stanza) error {
			_, err := l.Wait(ctx, all)
			got <- err
			_, err = WaitEvent[int](ctx, l, nil)
			got <- err
			got <- l.Close(ctx)
			go func() { // a goroutine left behind holds up nothing
				<-ctx.Done()
			}()
			return nil
		}, Once())
		p.send("<message/>")
		for range 3 {
			require.ErrorIs(t, <-got, ErrWouldBlock)
		}
		l.Handle(MatchKind(KindMessage), func(ctx context.Context, _ stanza.Stanza) error {
			_, err := l.Wait(ctx, MatchID("2")) // from the reader: fine
			got <- err
			return nil
		}, Once())
		p.send("<message/>")
		for l.waiters.lists.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		p.send("<message id='2'/>")
		require.NoError(t, <-got)
	})
	t.Run("a context that outlives its handler", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		left := make(chan context.Context, 1)
		l.Handle(MatchKind(KindMessage), func(ctx context.Context, _ stanza.Stanza) error {
			started := make(chan struct{})
			go func() {
				close(started)
				_, _ = l.Request(ctx, stanza.NewIQ(stanza.Get, friend, nil))
				left <- ctx
			}()
			<-started
			time.Sleep(time.Millisecond)
			return nil
		})
		p.send("<message/>")
		id, _ := p.next().Attr("id")
		l.fence(p) // the handler is over, its goroutine still waits
		l.queue.mu.Lock()
		require.Zero(t, l.queue.blocked)
		l.queue.mu.Unlock()
		l.out.mu.Lock()
		require.Zero(t, l.out.corked)
		l.out.mu.Unlock()
		p.send("<iq type='result' id='%s' from='%s'/>", id, friend)
		ctx := <-left
		require.False(t, l.holdsQueue(ctx))
		go p.goodbye()
		require.NoError(t, l.Close(ctx))
	})
}

func TestMatchers(t *testing.T) {
	t.Parallel()
	parse := func(s string) stanza.Stanza {
		st, err := stanza.Parse(s)
		require.NoError(t, err)
		return st
	}
	mask := func(s string) Matcher {
		m, err := MatchMask(s)
		require.NoError(t, err)
		return m
	}
	xpath := func(s string) Matcher {
		m, err := MatchXPath(s)
		require.NoError(t, err)
		return m
	}
	msg := "<message id='1' from='friend@example.net/there' type='chat'><body>hi</body><x xmlns='urn:x' a='1'><y b='2'>t</y><z xmlns='urn:z'/></x></message>"
	iq := "<iq id='2' type='set'><query xmlns='jabber:iq:roster'><item jid='a@b.example'/></query></iq>"
	for _, tt := range []struct {
		name string
		m    Matcher
		in   string
		want bool
	}{
		{"M1 user", MatchFunc(func(s stanza.Stanza) bool { return s.Attributes().ID == "1" }), msg, true},
		{"M1 user not", MatchFunc(func(s stanza.Stanza) bool { return s.Attributes().ID == "2" }), msg, false},
		{"M2 id", MatchID("1"), msg, true},
		{"M2 id not", MatchID("2"), msg, false},
		{"M3 id and sender", MatchIDFrom("1", friend), msg, true},
		{"M3 sender not", MatchIDFrom("1", friend.Bare()), msg, false},
		{"M3 id not", MatchIDFrom("2", friend), msg, false},
		{"from bare", MatchFrom(friend.Bare()), msg, true},
		{"from full", MatchFrom(friend), msg, true},
		{"from not", MatchFrom(me), msg, false},
		{"payload", MatchPayload(KindMessage, name("urn:x", "x")), msg, true},
		{"payload kind", MatchPayload(KindPresence, name("urn:x", "x")), msg, false},
		{"type", MatchType(KindMessage, "chat"), msg, true},
		{"type none", MatchType(KindMessage, ""), "<message/>", true},
		{"type none normal", MatchType(KindMessage, ""), "<message type='normal'/>", true},
		{"type not", MatchType(KindMessage, ""), msg, false},
		{"M4 any", MatchAny(MatchID("9"), MatchID("1")), msg, true},
		{"M4 any not", MatchAny(MatchID("9"), MatchID("8")), msg, false},
		{"M4 any of none", MatchAny(), msg, false},
		{"all", MatchAll(MatchID("1"), MatchFrom(friend), MatchPayload(AnyStanza, name("urn:x", "x"))), msg, true},
		{"all not", MatchAll(MatchID("1"), MatchFrom(me)), msg, false},
		{"M5 mask kind", mask("<message/>"), msg, true},
		{"M5 mask attribute", mask("<message type='chat'/>"), msg, true},
		{"M5 mask attribute not", mask("<message type='groupchat'/>"), msg, false},
		{"M5 mask attribute missing", mask("<message to='x'/>"), msg, false},
		{"M5 mask subtree", mask("<message><x xmlns='urn:x'><z xmlns='urn:z'/><y>t</y></x></message>"), msg, true},
		{"M5 mask text not", mask("<message><x xmlns='urn:x'><y>u</y></x></message>"), msg, false},
		{"M5 mask namespace not", mask("<message><x xmlns='urn:y'/></message>"), msg, false},
		{"M5 mask star", mask("<presence/>"), msg, false},
		{"M6 xpath", xpath("{jabber:client}iq/{jabber:iq:roster}query/{jabber:iq:roster}item"), iq, true},
		{"M6 xpath any namespace", xpath("iq/query/item"), iq, true},
		{"M6 xpath star", xpath("*/*/item"), iq, true},
		{"M6 xpath not", xpath("{jabber:client}iq/{jabber:iq:version}query"), iq, false},
		{"M6 xpath depth not", xpath("iq/item"), iq, false},
		{"M7 path", mustPath(t, "iq@type=set/{jabber:iq:roster}query"), iq, true},
		{"M7 path type not", mustPath(t, "iq@type=get/{jabber:iq:roster}query"), iq, false},
		{"M7 path quoted", mustPath(t, "iq/query/item@jid='a@b.example'"), iq, true},
		{"M7 path several", mustPath(t, "message@type=chat@id=1/x@a=1/y@b=2"), msg, true},
		{"M7 path several not", mustPath(t, "message@type=chat@id=2/x"), msg, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.m.Match(parse(tt.in)))
			// and by the index that dispatch uses
			l := newLink(t, roomy, Config{})
			l.Handle(tt.m, func(context.Context, stanza.Stanza) error { return nil })
			require.Equal(t, tt.want, len(l.find(parse(tt.in))) == 1)
			// a stanza that was made, not received
			made := stanza.Clone(parse(tt.in))
			list(made).Touch()
			require.Equal(t, tt.want, tt.m.Match(made))
		})
	}
	for _, bad := range []string{"", "/", "foo", "{urn:x}message", "iq@", "iq@type", "iq@type='x", "iq/", "{jabber:client", "iq@type=a'b/'", "iq@1=2", "iq@type='a'b"} {
		_, err := MatchPath(bad)
		require.Error(t, err, bad)
	}
	for _, bad := range []string{"", "<foo/>", "<message", "<message xmlns='urn:x'/>", "<!-- x --><iq/>"} {
		_, err := MatchMask(bad)
		require.Error(t, err, bad)
	}
	_, err := MatchXPath("iq@type=set")
	require.Error(t, err)
	t.Run("user matchers never run on the reader", func(t *testing.T) {
		t.Parallel()
		l, p := open(t, Config{})
		hold := make(chan struct{})
		blocking := MatchFunc(func(s stanza.Stanza) bool {
			if s.Attributes().ID == "block" {
				<-hold
			}
			return false
		})
		c := l.Collect(MatchAny(MatchAll(MatchKind(KindMessage), blocking), MatchID("never")))
		defer c.Stop()
		l.Handle(MatchAll(MatchKind(KindPresence), blocking), nil)
		p.send("<message id='block'/>")
		go func() {
			id, _ := p.next().Attr("id")
			p.send("<iq type='result' id='%s'/>", id)
		}()
		_, err := l.Request(t.Context(), stanza.NewIQ(stanza.Get, jid.JID{}, nil))
		require.NoError(t, err)
		close(hold)
	})
}
