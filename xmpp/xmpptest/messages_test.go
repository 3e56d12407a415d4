package xmpptest_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/carbons"
	"stanza.invalid/gen/form"
	"stanza.invalid/gen/mam"
	"stanza.invalid/gen/roster"
	"stanza.invalid/gen/rsm"
	"stanza.invalid/gen/stanzaid"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// online is loginAs with presence, and all messages as they come.
func online(t *testing.T, srv *xmpptest.Server, addr string) (*someone, func() []string) {
	t.Helper()
	s := loginAs(t, srv, addr, nil)
	c := s.Stream().Collect(stream.MatchKind(stream.KindMessage))
	t.Cleanup(func() { c.Stop() })
	require.NoError(t, s.SetPresence(t.Context(), &stanza.Presence{}))
	s.take()
	return s, func() (all []string) {
		synctest.Wait()
		for _, st := range c.Stop() {
			all = append(all, stanza.String(st))
		}
		c = s.Stream().Collect(stream.MatchKind(stream.KindMessage))
		return all
	}
}

func mustParse(t *testing.T, text string) *stanza.Message {
	t.Helper()
	st, err := stanza.Parse(text)
	require.NoError(t, err)
	return st.(*stanza.Message)
}

// Which messages are copied, and to whom.
func TestCarbons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{Archive: -1})
		romeo := srv.User("romeo@example.org/orchard")
		one, gotOne := online(t, srv, "a@example.org/1")
		two, gotTwo := online(t, srv, "a@example.org/2")
		for _, s := range []*someone{one, two} {
			_, err := xmpp.Call(t.Context(), s, jid.JID{}, &carbons.Enable{})
			require.NoError(t, err)
		}
		require.True(t, srv.Carbons("a@example.org/2"))
		for _, c := range []struct {
			text   string
			copied bool
		}{
			{"<message to='%s' type='chat'><body>x</body></message>", true},
			{"<message to='%s'><body>x</body></message>", true},
			{"<message to='%s' type='chat'><received xmlns='urn:xmpp:receipts' id='1'/></message>", true},
			{"<message to='%s'><received xmlns='urn:xmpp:receipts' id='1'/></message>", false},
			{"<message to='%s' type='headline'><body>x</body></message>", false},
			{"<message to='%s' type='groupchat'><body>x</body></message>", false},
			{"<message to='%s' type='chat'><body>x</body><private xmlns='urn:xmpp:carbons:2'/></message>", false},
			{"<message to='%s' type='chat'><body>x</body><no-copy xmlns='urn:xmpp:hints'/></message>", false},
			{"<message to='%s' type='chat'><body>x</body><sent xmlns='urn:xmpp:carbons:2'/></message>", false},
		} {
			want := 0
			if c.copied {
				want = 1
			}
			require.NoError(t, romeo.SendXML(fmt.Sprintf(c.text, "a@example.org/1")))
			require.Len(t, gotOne(), 1, c.text)
			got := gotTwo()
			require.Len(t, got, want, c.text)
			if c.copied {
				require.Contains(t, got[0], "<message xmlns='jabber:client' to='a@example.org/2' from='a@example.org'")
				require.Contains(t, got[0], "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'")
				require.Contains(t, got[0], "romeo@example.org/orchard")
			}
			require.NoError(t, one.Stream().SendXML(t.Context(), fmt.Sprintf(c.text, "romeo@example.org/orchard")))
			romeo.ExpectMessage(t)
			require.Empty(t, gotOne())
			got = gotTwo()
			require.Len(t, got, want, c.text)
			if c.copied {
				require.Contains(t, got[0], "<sent xmlns='urn:xmpp:carbons:2'>")
			}
		}
		// to oneself: each client once
		require.NoError(t, one.Send(t.Context(), stanza.NewMessage(jid.MustParse("a@example.org"), "note")))
		require.Len(t, gotOne(), 1)
		require.Len(t, gotTwo(), 1)
		_, err := xmpp.Call(t.Context(), two, jid.JID{}, &carbons.Disable{})
		require.NoError(t, err)
		require.False(t, srv.Carbons("a@example.org/2"))
		require.NoError(t, romeo.Send(stanza.NewMessage(jid.MustParse("a@example.org/1"), "x")))
		require.Empty(t, gotTwo())
	})
}

// The archive: what is kept, how it is asked for, and what is refused.
func TestArchive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{Archive: 8})
		romeo := srv.User("romeo@example.org/orchard")
		a, got := online(t, srv, "a@example.org/1")
		ask := func(q *mam.Query) (bodies []string, fin *mam.Fin, err error) {
			t.Helper()
			c := a.Stream().Collect(stream.MatchPayload(stream.KindMessage, wire.Name{Space: mam.NS, Local: "result"}), stream.Exclusive())
			fin, err = xmpp.Call(t.Context(), a, jid.JID{}, q)
			for _, st := range c.Stop() {
				r, err := stanza.FindUnverified[mam.Result](st.(*stanza.Message))
				require.NoError(t, err)
				require.Equal(t, q.QueryID, r.QueryID)
				bodies = append(bodies, r.Forwarded.Message.Body.String())
			}
			return bodies, fin, err
		}
		empty, fin, err := ask(&mam.Query{})
		require.NoError(t, err)
		require.Empty(t, empty)
		require.True(t, fin.Complete)
		meta, err := xmpp.Call(t.Context(), a, jid.JID{}, &mam.MetadataQuery{})
		require.NoError(t, err)
		require.Nil(t, meta.Start)

		for i, text := range []string{
			"<message to='a@example.org/1' type='chat'><body>0</body></message>",
			"<message to='a@example.org/1' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
			"<message to='a@example.org/1' type='chat'><body>never</body><no-store xmlns='urn:xmpp:hints'/></message>",
			"<message to='a@example.org/1' type='groupchat'><body>never</body></message>",
			"<message to='a@example.org/1'><body>1</body><stanza-id xmlns='urn:xmpp:sid:0' by='a@example.org' id='forged'/><stanza-id xmlns='urn:xmpp:sid:0' by='example.net' id='theirs'/></message>",
		} {
			require.NoError(t, romeo.SendXML(text))
			m := got()
			require.Len(t, m, 1)
			require.NotContains(t, m[0], "forged")
			if i == 0 || i == 4 {
				require.Contains(t, m[0], "<stanza-id xmlns='urn:xmpp:sid:0' ")
				require.Contains(t, m[0], fmt.Sprintf("id='archive-%d'", 1+i/4))
			}
			if i == 4 {
				require.Contains(t, m[0], "id='theirs'")
			}
		}
		require.NoError(t, a.Send(t.Context(), stanza.NewMessage(romeo.JID(), "2")))
		require.NoError(t, a.Send(t.Context(), stanza.NewMessage(jid.MustParse("a@example.org"), "3")))
		synctest.Wait()
		long := time.Now().Add(-24 * time.Hour)
		old := srv.Archive("a@example.org", long, &stanza.Message{From: jid.MustParse("nurse@example.org/x"), To: jid.MustParse("a@example.org"), Body: stanza.Plain("4")})
		require.Equal(t, "archive-5", old)
		all, fin, err := ask(&mam.Query{QueryID: "q"})
		require.NoError(t, err)
		require.Equal(t, []string{"0", "1", "2", "3", "4"}, all)
		require.EqualValues(t, 5, *fin.Set.Count)
		require.Equal(t, "archive-1", fin.Set.First.ID)
		require.Equal(t, "archive-5", fin.Set.Last)

		two, none := uint32(2), uint32(0)
		nurse, other := jid.MustParse("nurse@example.org"), jid.MustParse("nurse@example.org/y")
		start := stanza.At(long.Add(time.Hour))
		id := func(n int) *string { s := fmt.Sprintf("archive-%d", n); return &s }
		for name, c := range map[string]struct {
			f        mam.Filter
			set      rsm.Set
			flip     bool
			want     []string
			complete bool
		}{
			"bare":            {f: mam.Filter{With: &nurse}, want: []string{"4"}, complete: true},
			"another session": {f: mam.Filter{With: &other}, complete: true},
			"start":           {f: mam.Filter{Start: &start}, want: []string{"0", "1", "2", "3"}, complete: true},
			"end":             {f: mam.Filter{End: &start}, want: []string{"4"}, complete: true},
			"ids":             {f: mam.Filter{IDs: []string{*id(4), *id(2)}}, want: []string{"1", "3"}, complete: true},
			"between":         {f: mam.Filter{AfterID: id(1), BeforeID: id(4)}, want: []string{"1", "2"}, complete: true},
			"a page":          {set: rsm.Set{Max: &two}, want: []string{"0", "1"}},
			"the next":        {set: rsm.Set{Max: &two, After: *id(2)}, want: []string{"2", "3"}},
			"the end":         {set: rsm.Set{Max: &two, After: *id(3)}, want: []string{"3", "4"}, complete: true},
			"the last":        {set: rsm.Set{Max: &two, Before: &rsm.Before{}}, want: []string{"3", "4"}},
			"before":          {set: rsm.Set{Max: &two, Before: &rsm.Before{ID: *id(3)}}, want: []string{"0", "1"}, complete: true},
			"flipped":         {set: rsm.Set{Max: &two}, flip: true, want: []string{"1", "0"}},
			"count":           {set: rsm.Set{Max: &none}},
		} {
			bodies, fin, err := ask(&mam.Query{Form: c.f.Submit(), Set: &c.set, FlipPage: stanza.Flag(c.flip)})
			require.NoError(t, err, name)
			require.Equal(t, c.want, bodies, name)
			require.Equal(t, c.complete, fin.Complete, name)
		}
		unknown := new(mam.Filter).Submit()
		unknown.Fields = append(unknown.Fields, form.Field{Var: "colour", Values: []string{"red"}})
		place := uint32(1)
		for name, c := range map[string]struct {
			q    mam.Query
			want stanza.Condition
		}{
			"field":     {mam.Query{Form: unknown}, stanza.FeatureNotImplemented},
			"ids":       {mam.Query{Form: (&mam.Filter{IDs: []string{"x"}}).Submit()}, stanza.ItemNotFound},
			"before id": {mam.Query{Form: (&mam.Filter{BeforeID: id(9)}).Submit()}, stanza.ItemNotFound},
			"after id":  {mam.Query{Form: (&mam.Filter{AfterID: id(9)}).Submit()}, stanza.ItemNotFound},
			"after":     {mam.Query{Set: &rsm.Set{After: "x"}}, stanza.ItemNotFound},
			"before":    {mam.Query{Set: &rsm.Set{Before: &rsm.Before{ID: "x"}}}, stanza.ItemNotFound},
			"place":     {mam.Query{Set: &rsm.Set{Index: &place}}, stanza.FeatureNotImplemented},
		} {
			bodies, _, err := ask(&c.q)
			require.ErrorIs(t, err, c.want, name)
			require.Empty(t, bodies)
		}
		meta, err = xmpp.Call(t.Context(), a, jid.JID{}, &mam.MetadataQuery{})
		require.NoError(t, err)
		require.Equal(t, "archive-1", meta.Start.ID)
		require.Equal(t, "archive-5", meta.End.ID)
		fields, err := xmpp.Call(t.Context(), a, jid.JID{}, &mam.FormQuery{})
		require.NoError(t, err)
		require.Equal(t, mam.NS, fields.Form.Fields[0].Values[0])

		// it is bounded
		for range 10 {
			srv.Archive("a@example.org", time.Now(), stanza.NewMessage(romeo.JID(), "x"))
		}
		_, fin, err = ask(&mam.Query{})
		require.NoError(t, err)
		require.EqualValues(t, 8, *fin.Set.Count)
		require.Equal(t, "archive-8", fin.Set.First.ID)

		// the owner decides
		prefs, err := xmpp.Call(t.Context(), a, jid.JID{}, &mam.PreferencesQuery{})
		require.NoError(t, err)
		require.Equal(t, mam.DefaultPolicyAlways, prefs.Default)
		srv.RosterItem("a@example.org", roster.Item{JID: nurse, Subscription: roster.SubscriptionBoth})
		for _, c := range []struct {
			prefs mam.Preferences
			kept  bool
		}{
			{mam.Preferences{Default: mam.DefaultPolicyNever}, false},
			{mam.Preferences{Default: mam.DefaultPolicyRoster}, false},
			{mam.Preferences{Default: mam.DefaultPolicyNever, Always: &mam.JIDList{JIDs: []jid.JID{romeo.JID().Bare()}}}, true},
			{mam.Preferences{Default: mam.DefaultPolicyAlways, Never: &mam.JIDList{JIDs: []jid.JID{romeo.JID().Bare()}}}, false},
			{mam.Preferences{Default: mam.DefaultPolicyAlways}, true},
		} {
			applied, err := xmpp.Call(t.Context(), a, jid.JID{}, &c.prefs)
			require.NoError(t, err)
			require.Equal(t, c.prefs.Default, applied.Default)
			got()
			require.NoError(t, romeo.Send(stanza.NewMessage(a.Local(), "?")))
			m := got()
			require.Len(t, m, 1)
			require.Equal(t, c.kept, stanza.Has[stanzaid.ID](mustParse(t, m[0])), "%+v", c.prefs)
		}
		_, err = xmpp.Call(t.Context(), a, jid.JID{}, &mam.Preferences{Default: "sometimes"})
		require.ErrorIs(t, err, stanza.BadRequest)

		_, err = xmpptest.Call(t.Context(), romeo, jid.MustParse("a@example.org"), &mam.Query{})
		require.ErrorIs(t, err, stanza.ServiceUnavailable, "it is not romeo's")
	})
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{Archive: -1})
		romeo := srv.User("romeo@example.org/orchard")
		a, got := online(t, srv, "a@example.org/1")
		require.NoError(t, romeo.Send(stanza.NewMessage(a.Local(), "x")))
		require.NotContains(t, got()[0], "stanza-id")
		_, err := xmpp.Call(t.Context(), a, jid.JID{}, &mam.Query{})
		require.ErrorIs(t, err, stanza.ServiceUnavailable)
	})
}

// What waits for a client that is not there.
func TestOffline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{Offline: 3})
		srv.Account("a@example.org", "secret")
		romeo := srv.User("romeo@example.org/orchard")
		for _, text := range []string{
			"<message to='a@example.org' type='chat'><body>one</body></message>",
			"<message to='a@example.org/gone'><received xmlns='urn:xmpp:receipts' id='1'/></message>",
			"<message to='a@example.org' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
			"<message to='a@example.org' type='chat'><body>never</body><no-store xmlns='urn:xmpp:hints'/></message>",
			"<message to='a@example.org' type='headline'><body>never</body></message>",
			"<message to='a@example.org' type='error'><body>never</body><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
			"<message to='a@example.org' type='chat'><body>two</body></message>",
		} {
			require.NoError(t, romeo.SendXML(text))
		}
		romeo.ExpectNothing(t, time.Minute)
		require.NoError(t, romeo.SendXML("<message to='a@example.org' type='groupchat'><body>x</body></message>"))
		romeo.ExpectMessage(t, xmpptest.Failed(stanza.ServiceUnavailable))
		require.NoError(t, romeo.Send(stanza.NewMessage(jid.MustParse("a@example.org"), "too many")))
		romeo.ExpectMessage(t, xmpptest.Failed(stanza.ServiceUnavailable))

		a := loginAs(t, srv, "a@example.org/1", nil)
		c := a.Stream().Collect(stream.MatchKind(stream.KindMessage))
		require.NoError(t, a.SetPresence(t.Context(), &stanza.Presence{Priority: -1}))
		synctest.Wait()
		require.NoError(t, a.SetPresence(t.Context(), &stanza.Presence{}))
		synctest.Wait()
		all := c.Stop()
		require.Len(t, all, 3)
		for i, want := range []string{"<body>one</body>", "urn:xmpp:receipts", "<body>two</body>"} {
			require.Contains(t, stanza.String(all[i]), want)
			require.Contains(t, stanza.String(all[i]), "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{Offline: -1})
		srv.Account("a@example.org", "secret")
		romeo := srv.User("romeo@example.org/orchard")
		require.NoError(t, romeo.Send(stanza.NewMessage(jid.MustParse("a@example.org"), "x")))
		romeo.ExpectMessage(t, xmpptest.Failed(stanza.ServiceUnavailable))
	})
}
