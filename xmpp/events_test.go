package xmpp_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
)

type (
	brewed struct{ cups int }
	spilt  struct{}
)

// Events of one's own types go through the queue of the session, in order with its stanzas.
func TestEmit(t *testing.T) {
	t.Parallel()
	var l record
	sc := serving(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
		l.add("body %s", body)
		return xmpp.Emit(xmpp.FromContext(ctx), brewed{cups: len(body)})
	}))
	play(t, sc, func(t *testing.T, w *world) {
		remove := xmpp.On(w, func(e brewed) { l.add("brewed %d", e.cups) })
		xmpp.On(w, func(e brewed) { l.add("once %d", e.cups) }, stream.Once())
		xmpp.On(w, func(e brewed) { l.add("direct %d", e.cups) }, stream.Direct())
		w.says(t, "<message><body>x</body></message>")
		require.Equal(t, []string{"body x", "direct 1", "brewed 1", "once 1"}, l.take())
		w.says(t, "<message><body>xy</body></message>")
		require.Equal(t, []string{"body xy", "direct 2", "brewed 2"}, l.take())
		remove()
		for i := range 3 {
			require.NoError(t, xmpp.Emit(w, brewed{i}))
		}
		require.NoError(t, xmpp.Emit(w, spilt{})) // which nobody waits for
		synctest.Wait()
		require.Equal(t, []string{"direct 0", "direct 1", "direct 2"}, l.take())

		xmpp.On(w, func(e fmt.Stringer) { l.add("never") }) // events are matched by type, not by interface
		require.NoError(t, xmpp.Emit(w, brewed{}))
		synctest.Wait()
		require.Equal(t, []string{"direct 0"}, l.take())
	})
}

// An event that fails is reported with the place where its handler was registered.
func TestEventSite(t *testing.T) {
	t.Parallel()
	play(t, xmpp.SessionConfig{}, func(t *testing.T, w *world) {
		xmpp.On(w, func(spilt) { panic("everywhere") })
		require.NoError(t, xmpp.Emit(w, spilt{}))
		synctest.Wait()
		f := w.failed(t)
		require.Regexp(t, `^xmpp/events_test\.go:\d+$`, f.Handler)
		require.Nil(t, f.Stanza)
	})
}

func TestSessionEvents(t *testing.T) {
	t.Parallel()
	play(t, xmpp.SessionConfig{}, func(t *testing.T, w *world) {
		started, stop := stream.ExpectEvent[xmpp.SessionStarted](w, nil)
		defer stop()
		ended, stop2 := stream.ExpectEvent[xmpp.SessionEnded](w, nil)
		defer stop2()
		w.srv.Expel(bot.String(), stream.Reset)
		e, err := ended(t.Context())
		require.NoError(t, err)
		require.ErrorIs(t, e.Err, stream.Reset)
		s, err := started(t.Context())
		require.NoError(t, err)
		require.Equal(t, bot, s.Local)
		require.Equal(t, stream.Established, w.State())
	})
}
