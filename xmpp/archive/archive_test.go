package archive_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/mam"
	"stanza.invalid/gen/stanzaid"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/archive"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

func when(i int) time.Time { return time.Date(2026, 11, 26, 8, 0, i, 0, time.UTC) }

// numbers returns those from a to b, in that order.
func numbers(a, b int) (all []string) {
	for i := min(a, b); i <= max(a, b); i++ {
		all = append(all, fmt.Sprint(i))
	}
	if a > b {
		slices.Reverse(all)
	}
	return all
}

// Pages join without a gap, in both directions, whatever their size.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		n     int
		opts  []archive.Option
		want  []string
		pages int
	}{
		{"nothing", 0, nil, nil, 1},
		{"nothing, backward", 0, []archive.Option{archive.Backward()}, nil, 1},
		{"one page", 7, nil, numbers(0, 6), 1},
		{"several", 25, []archive.Option{archive.PageSize(10)}, numbers(0, 24), 3},
		{"whole pages", 20, []archive.Option{archive.PageSize(10)}, numbers(0, 19), 2},
		{"backward", 25, []archive.Option{archive.PageSize(10), archive.Backward()}, numbers(24, 0), 3},
		{"a limit", 25, []archive.Option{archive.PageSize(10), archive.Limit(12)}, numbers(0, 11), 2},
		{"a limit of a page", 25, []archive.Option{archive.PageSize(10), archive.Limit(10)}, numbers(0, 9), 1},
		{"the last five", 25, []archive.Option{archive.Limit(5), archive.Backward()}, numbers(24, 20), 1},
		{"after", 25, []archive.Option{archive.After("20")}, numbers(21, 24), 1},
		{"after and before", 25, []archive.Option{archive.After("3"), archive.Before("9"), archive.PageSize(2)}, numbers(4, 8), 3},
		{"backward before", 25, []archive.Option{archive.Before("3"), archive.Backward()}, numbers(2, 0), 1},
		{"backward between", 25, []archive.Option{archive.After("3"), archive.Before("9"), archive.PageSize(2), archive.Backward()}, numbers(8, 4), 3},
		{"one by one", 4, []archive.Option{archive.PageSize(1)}, numbers(0, 3), 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := onStage(t, c.n)
				require.Equal(t, c.want, read(t, s, c.opts...))
				require.Len(t, s.keeper.queries, c.pages)
				ids := map[string]bool{}
				for _, q := range s.keeper.queries {
					require.GreaterOrEqual(t, len(q.QueryID), 26, "nobody guesses it")
					ids[q.QueryID] = true
				}
				require.Len(t, ids, c.pages)
				require.Empty(t, s.forged.take())
				require.Empty(t, s.seen.take(), "a handler sees no result of a query")
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, 30)
		for _, size := range []int{-1, 0, 501} {
			for _, err := range archive.Query(t.Context(), s.client, archive.In(room), archive.PageSize(size)) {
				require.ErrorContains(t, err, "1 to 500")
			}
		}
		n := 0
		for range archive.Query(t.Context(), s.client, archive.In(room), archive.PageSize(10)) {
			if n++; n == 5 {
				break
			}
		}
		require.Len(t, s.keeper.queries, 1, "nobody asks for what nobody wants")
	})
}

// What is asked for is what the options say.
func TestFilter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, 0)
		romeo := jid.MustParse("romeo@example.net")
		read(t, s, archive.With(romeo), archive.Since(when(1)), archive.Until(when(2).In(time.FixedZone("", 3600))), archive.Text("rose"), archive.IDs("a", "b"), archive.Node("urn:example:node"))
		q := s.keeper.queries[0]
		var f mam.Filter
		require.NoError(t, f.DecodeForm(q.Form))
		require.Equal(t, romeo, *f.With)
		require.Equal(t, "2026-11-26T08:00:01Z", f.Start.String())
		require.Equal(t, "2026-11-26T08:00:02Z", f.End.String())
		require.Equal(t, "rose", *f.FullText)
		require.Equal(t, []string{"a", "b"}, f.IDs)
		require.Equal(t, "urn:example:node", q.Node)
		require.EqualValues(t, 50, *q.Set.Max)
		read(t, s)
		require.Nil(t, s.keeper.queries[1].Form)
	})
}

// A query ends when its context does, when the archive refuses, when the session ends; and
// what comes for it afterwards is no result any more.
func TestEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, 10)
		failing := func(ctx context.Context) (err error) {
			for _, err = range archive.Query(ctx, s.client, archive.In(room), archive.PageSize(5)) {
			}
			return err
		}
		s.keeper.before = func(q *stanza.IQ, _ *mam.Query) { time.Sleep(time.Hour) }
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		begin := time.Now()
		require.ErrorIs(t, failing(ctx), context.Canceled)
		require.Equal(t, time.Second, time.Since(begin))
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		require.Len(t, s.seen.take(), 0, "results behind the end of the query are refused by their sender rule")

		s.keeper.before = func(q *stanza.IQ, _ *mam.Query) {
			require.NoError(t, s.keeper.Send(q.Fail(stanza.ItemNotFound)))
		}
		require.ErrorIs(t, failing(t.Context()), stanza.ItemNotFound)

		s.keeper.before = func(q *stanza.IQ, _ *mam.Query) { s.client.Abort() }
		require.Error(t, failing(t.Context()))
	})
}

// A handler may read an archive; what arrives meanwhile is handled behind it, in order.
func TestInHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got notes
		s := onStage(t, 30, xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
			if body != "read" {
				got.add("%s", body)
				return nil
			}
			n := 0
			for _, err := range archive.Query(ctx, xmpp.FromContext(ctx), archive.In(room), archive.PageSize(7)) {
				if err != nil {
					return err
				}
				n++
			}
			got.add("read %d", n)
			return nil
		}))
		romeo := s.srv.User("romeo@example.org/orchard")
		s.keeper.before = func(*stanza.IQ, *mam.Query) {
			for range 3 {
				require.NoError(t, romeo.Send(stanza.NewMessage(juliet, fmt.Sprint("live ", len(s.keeper.queries)))))
			}
		}
		require.NoError(t, romeo.Send(stanza.NewMessage(juliet, "read")))
		synctest.Wait()
		want := []string{"read 30"}
		for page := range 5 {
			for range 3 {
				want = append(want, fmt.Sprint("live ", page+1))
			}
		}
		require.Equal(t, want, got.take())
	})
}

// An id is believed from whose archive it is in.
func TestIDOf(t *testing.T) {
	t.Parallel()
	origin := &stanza.Origin{Account: juliet, Server: juliet.DomainJID()}
	for text, want := range map[string]string{
		"<message from='romeo@example.net/x'><stanza-id xmlns='%s' id='1' by='juliet@example.org'/></message>":                                                             "1",
		"<message from='romeo@example.net/x'><stanza-id xmlns='%s' id='1' by='romeo@example.net'/></message>":                                                              "",
		"<message from='romeo@example.net/x'><stanza-id xmlns='%s' id='1' by='evil.example'/><stanza-id xmlns='urn:xmpp:sid:0' id='2' by='juliet@example.org'/></message>": "2",
		"<message from='balcony@rooms.example/n' type='groupchat'><stanza-id xmlns='%s' id='3' by='balcony@rooms.example'/></message>":                                     "3",
		"<message from='balcony@rooms.example/n' type='groupchat'><stanza-id xmlns='%s' id='3' by='juliet@example.org'/></message>":                                        "",
		"<message type='groupchat'><stanza-id xmlns='%s' id='3' by='juliet@example.org'/></message>":                                                                       "",
		"<message from='romeo@example.net/x'><body>%s</body></message>":                                                                                                    "",
	} {
		st, err := stanza.Parse(fmt.Sprintf(text, stanzaid.NS))
		require.NoError(t, err)
		m := st.(*stanza.Message)
		if m.Type != stanza.Groupchat {
			require.Empty(t, archive.IDOf(m), "no session, no account")
		}
		m.SetOrigin(origin)
		require.Equal(t, want, archive.IDOf(m), text)
	}
}

// The archive of package xmpptest, from end to end: what is missed while a client is away is
// read behind the last message that it has seen.
func TestOwnArchive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := onStage(t, 0)
		account := juliet.Bare().String()
		romeo := jid.MustParse("romeo@example.net/orchard")
		var ids []string
		for i := range 230 { // more than two of the server's pages
			m := stanza.NewMessage(juliet.Bare(), fmt.Sprint("message ", i))
			m.From = romeo
			ids = append(ids, s.srv.Archive(account, when(i), m))
		}
		read := func(opts ...archive.Option) (found []string) {
			for m, err := range archive.Query(t.Context(), s.client, opts...) {
				require.NoError(t, err)
				require.Equal(t, romeo, m.Stanza.From)
				found = append(found, m.ID)
			}
			return found
		}
		require.Equal(t, ids, read())
		require.Equal(t, ids, read(archive.PageSize(500)), "the server's pages are smaller")
		require.Equal(t, ids[200:], read(archive.After(ids[199])))
		require.Equal(t, ids[10:20], read(archive.Since(when(10)), archive.Until(when(19))))
		backward := slices.Clone(ids)
		slices.Reverse(backward)
		require.Equal(t, backward, read(archive.Backward(), archive.PageSize(37)))
		require.Empty(t, read(archive.With(jid.MustParse("nurse@example.org"))))

		p, err := archive.SetPreferences(t.Context(), s.client, &mam.Preferences{Default: mam.DefaultPolicyNever})
		require.NoError(t, err)
		require.Equal(t, mam.DefaultPolicyNever, p.Default)
		p, err = archive.Preferences(t.Context(), s.client)
		require.NoError(t, err)
		require.Equal(t, mam.DefaultPolicyNever, p.Default)
		meta, err := archive.Metadata(t.Context(), s.client, jid.JID{})
		require.NoError(t, err)
		require.Equal(t, ids[0], meta.Start.ID)
		require.Equal(t, ids[229], meta.End.ID)
	})
}
