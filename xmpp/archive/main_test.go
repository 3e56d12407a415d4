package archive_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"stanza.invalid/gen/delay"
	"stanza.invalid/gen/forward"
	"stanza.invalid/gen/mam"
	"stanza.invalid/gen/rsm"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/archive"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	juliet = jid.MustParse("juliet@example.org/balcony")
	room   = jid.MustParse("balcony@rooms.example")
)

// keeper is a service with an archive of messages 0 to n-1, which a test may make lie.
type keeper struct {
	*xmpptest.User
	n       int
	queries []*mam.Query // what it was asked

	// result and fin change what is sent, if they are not nil
	result func(m *stanza.Message, r *mam.Result, i int)
	before func(q *stanza.IQ, query *mam.Query)
	fin    func(f *mam.Fin)
}

// serve answers the next queries, until ctx ends.
func (k *keeper) serve(ctx context.Context) {
	for {
		st, err := k.Receive(ctx)
		if err != nil {
			return
		}
		q, ok := st.(*stanza.IQ)
		if !ok {
			continue
		}
		query, err := stanza.Find[mam.Query](q)
		if err == nil && query != nil {
			k.answer(q, query)
		}
	}
}

func (k *keeper) answer(q *stanza.IQ, query *mam.Query) {
	k.queries = append(k.queries, query)
	var filter mam.Filter
	if query.Form != nil {
		if err := filter.DecodeForm(query.Form); err != nil {
			panic(err)
		}
	}
	at := func(id string, none int) int {
		if id == "" {
			return none
		}
		i, err := strconv.Atoi(id)
		if err != nil {
			panic(err)
		}
		return i
	}
	value := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	low, high := at(value(filter.AfterID), -1)+1, at(value(filter.BeforeID), k.n)
	low = max(low, at(query.Set.After, -1)+1)
	size := int(*query.Set.Max)
	from, to := low, min(low+size, high)
	complete := to == high
	if query.Set.Before != nil {
		to = min(high, at(query.Set.Before.ID, k.n))
		from = max(low, to-size)
		complete = from == low
	}
	if k.before != nil {
		k.before(q, query)
	}
	for i := from; i < to; i++ {
		m := &stanza.Message{To: q.From, From: q.To}
		r := &mam.Result{ID: fmt.Sprint(i), QueryID: query.QueryID, Forwarded: forward.Forwarded{
			Delay:   &delay.Delay{Stamp: stanza.At(when(i))},
			Message: &stanza.Message{From: room, Type: stanza.Groupchat, Body: stanza.Plain(fmt.Sprint("message ", i))},
		}}
		if k.result != nil {
			k.result(m, r, i)
		}
		m.Add(r)
		if err := k.Send(m); err != nil {
			panic(err)
		}
	}
	fin := &mam.Fin{Complete: complete}
	if from < to {
		fin.Set = rsm.Set{First: &rsm.First{ID: fmt.Sprint(from)}, Last: fmt.Sprint(to - 1)}
	}
	if k.fin != nil {
		k.fin(fin)
	}
	if err := k.Send(q.Result(fin)); err != nil {
		panic(err)
	}
}

// notes are what handlers and hooks have seen.
type notes struct {
	mu    sync.Mutex
	lines []string
}

func (n *notes) add(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, fmt.Sprintf(format, args...))
}

func (n *notes) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	lines := n.lines
	n.lines = nil
	return lines
}

// stage is a client and an archive.
type stage struct {
	srv    *xmpptest.Server
	client *xmpp.Client
	keeper *keeper
	seen   notes // results that reached a handler
	forged notes
}

func onStage(t *testing.T, n int, routes ...xmpp.Route) *stage {
	t.Helper()
	s := &stage{srv: xmpptest.Start(t, xmpptest.Config{})}
	s.srv.Account(juliet.Bare().String(), "secret")
	cfg := s.srv.ClientConfig(juliet.String())
	cfg.Failed = func(stream.Failure) {}
	cfg.Handler = xmpp.NewMux(append(routes, xmpp.OnMessage(func(_ context.Context, m *stanza.Message, _ *mam.Result) error {
		s.seen.add("%s", m.From)
		return nil
	}))...)
	c, err := xmpp.Dial(t.Context(), juliet, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	s.client = c
	xmpp.On(c, func(e archive.Forged) { s.forged.add("%s: %v", e.Message.From, e.Err) }, stream.Direct())
	s.keeper = &keeper{User: s.srv.User(room.Domain()), n: n}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		s.keeper.serve(ctx)
		close(done)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return s
}

// read returns the ids of the messages that a query finds.
func read(t *testing.T, s *stage, opts ...archive.Option) (ids []string) {
	t.Helper()
	for m, err := range archive.Query(t.Context(), s.client, append([]archive.Option{archive.In(room)}, opts...)...) {
		require.NoError(t, err)
		i, err := strconv.Atoi(m.ID)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint("message ", i), m.Stanza.Body.String())
		require.True(t, m.Time.Equal(when(i)))
		require.Equal(t, m.ID, m.Result.ID)
		ids = append(ids, m.ID)
	}
	return ids
}
