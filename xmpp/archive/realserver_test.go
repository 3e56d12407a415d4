package archive_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/mam"
	"stanza.invalid/internal/realserver"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/archive"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

func TestProsody(t *testing.T) {
	t.Parallel()
	onServer(t, realserver.Prosody(t), true)
}

func TestEJabberd(t *testing.T) {
	t.Parallel()
	onServer(t, realserver.EJabberd(t), false)
}

// onServer reads the archive that a real server keeps. That of ejabberd 23.01 compares ids as
// numbers, whether it has them or not, reads one's own archive whomever one asks, and has no
// metadata.
func onServer(t *testing.T, s *realserver.Server, strict bool) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	live := make(chan *stanza.Message, 100)
	login := func(who, password string, mux *xmpp.Mux) *xmpp.Client {
		c, err := xmpp.Dial(ctx, jid.MustParse(who+"@localhost/archive"), xmpp.Config{
			SessionConfig: xmpp.SessionConfig{Handler: mux}, Password: password, Addr: s.Addr(),
			TLS: &tls.Config{RootCAs: s.CA.Pool()}, Presence: &stanza.Presence{},
		})
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close(context.Background()) })
		return c
	}
	juliet := login(realserver.Juliet, realserver.JulietPassword, nil)
	prefs, err := archive.SetPreferences(ctx, juliet, &mam.Preferences{Default: mam.DefaultPolicyAlways})
	require.NoError(t, err)
	require.Equal(t, mam.DefaultPolicyAlways, prefs.Default)
	prefs, err = archive.Preferences(ctx, juliet)
	require.NoError(t, err)
	require.Equal(t, mam.DefaultPolicyAlways, prefs.Default)
	xmpp.Handle(juliet, xmpp.OnBody(func(_ context.Context, m *stanza.Message, _ string) error {
		live <- m
		return nil
	}))
	romeo := login(realserver.Romeo, realserver.RomeoPassword, nil)

	const n = 12
	var ids []string
	for i := range n {
		m := stanza.NewMessage(juliet.Local(), fmt.Sprint("message ", i))
		m.Type = stanza.Chat
		require.NoError(t, romeo.Send(ctx, m))
		got := <-live
		require.Equal(t, fmt.Sprint("message ", i), got.Body.String())
		id := archive.IDOf(got)
		require.NotEmpty(t, id)
		ids = append(ids, id)
	}
	read := func(opts ...archive.Option) (found []string) {
		for m, err := range archive.Query(ctx, juliet, append(opts, archive.With(romeo.Local().Bare()), archive.PageSize(5))...) {
			require.NoError(t, err)
			require.WithinDuration(t, time.Now(), m.Time, time.Hour)
			require.Equal(t, romeo.Local(), m.Stanza.From)
			found = append(found, m.ID)
			require.Equal(t, fmt.Sprint("message ", indexOf(ids, m.ID)), m.Stanza.Body.String())
		}
		return found
	}
	require.Equal(t, ids, read())
	require.Equal(t, backward(ids), read(archive.Backward()))
	require.Equal(t, ids[4:], read(archive.After(ids[3])))
	require.Equal(t, backward(ids[:4]), read(archive.Backward(), archive.Before(ids[4])))
	require.Equal(t, backward(ids)[:3], read(archive.Backward(), archive.Limit(3)))
	require.Equal(t, ids, read(archive.In(juliet.Local().Bare())))
	require.Empty(t, read(archive.Since(time.Now().Add(time.Hour))))
	require.Equal(t, ids, read(archive.Since(time.Now().Add(-time.Hour)), archive.Until(time.Now().Add(time.Hour))))

	if strict {
		for _, err := range archive.Query(ctx, juliet, archive.After("no-such-id")) {
			require.ErrorIs(t, err, stanza.ItemNotFound)
		}
		for _, err := range archive.Query(ctx, juliet, archive.In(romeo.Local().Bare())) {
			var e *stanza.Error
			require.ErrorAs(t, err, &e, "somebody else's is not told")
		}
	}
	meta, err := archive.Metadata(ctx, juliet, jid.JID{})
	if strict {
		require.NoError(t, err)
		require.Equal(t, ids[0], meta.Start.ID)
		require.Equal(t, ids[n-1], meta.End.ID)
	} else {
		require.ErrorIs(t, err, stanza.BadRequest)
	}
}

func indexOf(all []string, id string) int {
	for i, s := range all {
		if s == id {
			return i
		}
	}
	return -1
}

func backward(all []string) (b []string) {
	for i := len(all); i > 0; i-- {
		b = append(b, all[i-1])
	}
	return b
}
