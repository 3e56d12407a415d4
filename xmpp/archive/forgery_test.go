package archive_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/component"
	"stanza.invalid/gen/carbons"
	"stanza.invalid/gen/mam"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/archive"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// forgedResult is a result by somebody else.
func forgedResult(to jid.JID, queryID string) string {
	return "<message to='" + to.String() + "'><result xmlns='urn:xmpp:mam:2' queryid='" + queryID + "' id='666'>" +
		"<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='balcony@rooms.example' type='groupchat'><body>he is dead</body></message></forwarded></result></message>"
}

// VS6: while a query is under way only what comes from the queried archive, with the query's
// id, counts; even who knows the id gets nothing in.
func TestVS6ForeignResults(t *testing.T) {
	t.Parallel()
	for _, who := range []string{
		"mallory@example.com/x", "juliet@example.org/other", "juliet@example.org.evil.example", "example.org", "evil.rooms.example",
		"rooms.example", "balcony@rooms.example/mallory", "garden@rooms.example",
	} {
		for name, id := range map[string]func(q *mam.Query) string{
			"the id":     func(q *mam.Query) string { return q.QueryID },
			"another id": func(q *mam.Query) string { return strings.ToLower(q.QueryID) },
			"no id":      func(q *mam.Query) string { return "" },
		} {
			t.Run(who+" with "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := onStage(t, 12)
					from := jid.MustParse(who)
					mallory := s.keeper.User
					if from.Domain() != room.Domain() {
						mallory = s.srv.User(who)
					}
					forge := func(id string) {
						st, err := stanza.Parse(forgedResult(juliet, id))
						require.NoError(t, err)
						stanza.SetFrom(st, from)
						require.NoError(t, mallory.Send(st))
					}
					s.keeper.before = func(_ *stanza.IQ, q *mam.Query) { forge(id(q)) }
					s.keeper.result = func(_ *stanza.Message, r *mam.Result, i int) {
						if i == 2 {
							forge(id(&mam.Query{QueryID: r.QueryID}))
						}
					}
					require.Equal(t, numbers(0, 11), read(t, s, archive.PageSize(5)))
					// and outside of any query
					forge(s.keeper.queries[0].QueryID)
					synctest.Wait()
					require.Empty(t, s.seen.take(), "it reaches no handler either")
					if name == "the id" {
						require.Len(t, s.forged.take(), 4, "one for each page, and one in the first")
					}
				})
			})
		}
	}
}

// VS6: in the other direction, too: what an archive sends is about itself, is no more than was
// asked for, and comes to an end.
func TestVS6LyingArchive(t *testing.T) {
	t.Parallel()
	all := func(t *testing.T, s *stage, opts ...archive.Option) (n int, err error) {
		var m *archive.Message
		for m, err = range archive.Query(t.Context(), s.client, append([]archive.Option{archive.In(room), archive.PageSize(5)}, opts...)...) {
			if m != nil {
				n++
			}
		}
		return n, err
	}
	play := func(name string, lie func(k *keeper), check func(t *testing.T, s *stage)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := onStage(t, 12)
				lie(s.keeper)
				check(t, s)
			})
		})
	}
	play("words in the mouth of a friend", func(k *keeper) {
		k.result = func(_ *stanza.Message, r *mam.Result, i int) {
			if i%2 == 1 {
				r.Forwarded.Message.From = jid.MustParse([]string{"nurse@example.org", "juliet@example.org", "garden@rooms.example", "rooms.example"}[i%4])
			}
		}
	}, func(t *testing.T, s *stage) {
		n, err := all(t, s)
		require.NoError(t, err)
		require.Equal(t, 6, n)
		for _, e := range s.forged.take() {
			require.Contains(t, e, archive.ErrAuthor.Error())
		}
		n, err = all(t, s, archive.AnyAuthor())
		require.NoError(t, err)
		require.Equal(t, 12, n)
		require.Empty(t, s.forged.take())
	})
	play("what it may not send", func(k *keeper) {
		k.result = func(_ *stanza.Message, r *mam.Result, _ int) {
			inner := r.Forwarded
			r.Forwarded.Message = r.Forwarded.Message.Clone()
			r.Forwarded.Message.Add(&carbons.Sent{Forwarded: inner}, &mam.Result{ID: "x", Forwarded: inner})
		}
	}, func(t *testing.T, s *stage) {
		n := 0
		for m, err := range archive.Query(t.Context(), s.client, archive.In(room)) {
			require.NoError(t, err)
			require.True(t, stanza.Has[carbons.Sent](m.Stanza))
			_, err = stanza.Find[carbons.Sent](m.Stanza)
			require.ErrorIs(t, err, stanza.ErrSender, "a copy in an archive is none")
			_, err = stanza.Find[mam.Result](m.Stanza)
			require.ErrorIs(t, err, stanza.ErrSender)
			n++
		}
		require.Equal(t, 12, n)
	})
	play("nonsense among them", func(k *keeper) {
		k.before = func(q *stanza.IQ, query *mam.Query) {
			for _, text := range []string{
				"<result xmlns='urn:xmpp:mam:2' queryid='%s'/>",
				"<result xmlns='urn:xmpp:mam:2' queryid='%s' id='1'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='@'/></forwarded></result>",
			} {
				if err := k.SendXML("<message from='" + q.To.String() + "' to='" + q.From.String() + "'>" + fmt.Sprintf(text, query.QueryID) + "</message>"); err != nil {
					panic(err)
				}
			}
		}
		k.n = 3
	}, func(t *testing.T, s *stage) {
		n, err := all(t, s)
		require.NoError(t, err)
		require.Equal(t, 3, n)
		require.Len(t, s.forged.take(), 2)
	})
	play("more than was asked for", func(k *keeper) {
		k.before = func(q *stanza.IQ, query *mam.Query) {
			for range 1000 {
				st, _ := stanza.Parse(forgedResult(q.From, query.QueryID))
				stanza.SetFrom(st, room)
				if err := k.Send(st); err != nil {
					panic(err)
				}
			}
		}
	}, func(t *testing.T, s *stage) {
		n, err := all(t, s)
		require.ErrorIs(t, err, archive.ErrTooMany)
		require.Zero(t, n)
		told := s.forged.take()
		require.NotEmpty(t, told)
		for _, e := range told {
			require.Contains(t, e, archive.ErrTooMany.Error(), "it does come from the archive")
		}
	})
	play("one page for ever", func(k *keeper) {
		k.fin = func(f *mam.Fin) { f.Complete, f.Set.Last = false, "4" }
	}, func(t *testing.T, s *stage) {
		n, err := all(t, s)
		require.ErrorIs(t, err, archive.ErrNoProgress)
		require.LessOrEqual(t, n, 10)
	})
	play("no end, but no results", func(k *keeper) {
		k.n, k.fin = 0, func(f *mam.Fin) { f.Complete = false }
	}, func(t *testing.T, s *stage) {
		n, err := all(t, s)
		require.NoError(t, err)
		require.Zero(t, n)
		require.Len(t, s.keeper.queries, 1)
	})
	play("page after page with nothing in it", func(k *keeper) {
		pages := 0
		k.n, k.fin = 0, func(f *mam.Fin) {
			pages++
			f.Complete, f.Set.Last = false, fmt.Sprint(pages)
		}
	}, func(t *testing.T, s *stage) {
		n, err := all(t, s)
		require.ErrorIs(t, err, archive.ErrNoProgress)
		require.Zero(t, n)
	})
	play("an end that it does not name", func(k *keeper) {
		k.fin = func(f *mam.Fin) { f.Set.First, f.Set.Last = nil, "" }
	}, func(t *testing.T, s *stage) {
		n, err := all(t, s)
		require.NoError(t, err)
		require.Equal(t, 12, n, "the messages say where it is")
	})
}

// VS6: the own account's archive is that of the account, whose address the sender may leave
// out, and nobody else's, not even the server's.
func TestVS6OwnArchive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		peer := xmpptest.NewPeer()
		defer peer.Close()
		own := jid.MustParse("bot.example.org")
		var forged notes
		script := make(chan error, 1)
		go func() {
			script <- func() error {
				c, err := peer.Accept(t.Context())
				if err != nil {
					return err
				}
				if _, err := c.AcceptComponent("secret"); err != nil {
					return err
				}
				for range 2 {
					st, err := c.Receive()
					if err != nil {
						return err
					}
					q := st.(*stanza.IQ)
					query, err := stanza.Find[mam.Query](q)
					if err != nil {
						return err
					}
					for i, from := range []string{"", " from='bot.example.org'", " from='example.org'", " from='bot.example.org/x'", " from='x@bot.example.org'", " from='mallory@example.com'"} {
						if err := c.Send(fmt.Sprintf("<message%s to='bot.example.org'><result xmlns='urn:xmpp:mam:2' queryid='%s' id='%d'><forwarded xmlns='urn:xmpp:forward:0'>"+
							"<message xmlns='jabber:client' from='romeo@example.net'/></forwarded></result></message>", from, query.QueryID, i)); err != nil {
							return err
						}
					}
					if err := c.Send("<iq type='result' id='" + q.ID + "' from='bot.example.org'><fin xmlns='urn:xmpp:mam:2' complete='true'><set xmlns='http://jabber.org/protocol/rsm'/></fin></iq>"); err != nil {
						return err
					}
				}
				for err == nil {
					_, err = c.Read()
				}
				return c.Close()
			}()
		}()
		c, err := component.Dial(t.Context(), own, component.Config{Addr: "memory", Secret: "secret", Dialer: peer.Dialer(), Backoff: stream.Backoff{Off: true}})
		require.NoError(t, err)
		xmpp.On(c, func(e archive.Forged) { forged.add("%s", e.Message.From) }, stream.Direct())
		for _, opts := range [][]archive.Option{nil, {archive.In(own)}} {
			var ids []string
			for m, err := range archive.Query(t.Context(), c, opts...) {
				require.NoError(t, err)
				ids = append(ids, m.ID)
			}
			require.Equal(t, numbers(0, 1), ids)
			require.Equal(t, []string{"example.org", "bot.example.org/x", "x@bot.example.org", "mallory@example.com"}, forged.take())
		}
		c.Abort()
		<-c.Done()
		require.NoError(t, <-script)
	})
}
