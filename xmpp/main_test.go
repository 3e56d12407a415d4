package xmpp_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"stanza.invalid/component"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func TestMain(m *testing.M) {
	if plan := os.Getenv(botEnv); plan != "" {
		if err := runBot(plan); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

var bot = jid.MustParse("bot.example.org")

// world is a component that serves handlers, and a user who talks to it.
type world struct {
	*component.Component
	srv     *xmpptest.Server
	romeo   *xmpptest.User
	mallory *xmpptest.User

	mu        sync.Mutex
	failures  []stream.Failure
	unhandled []stanza.Payload
	sent      int // stanzas that the component has sent
}

// play runs a test with a component in a bubble, where time stands still while anybody has
// something to do.
func play(t *testing.T, sc xmpp.SessionConfig, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		w.srv = xmpptest.Start(t, xmpptest.Config{OnStanza: func(d stream.Direction, peer jid.JID, _ stanza.Stanza) {
			if d == stream.In && peer == bot {
				w.mu.Lock()
				w.sent++
				w.mu.Unlock()
			}
		}})
		w.srv.Component(bot.String(), "secret")
		w.romeo = w.srv.User("romeo@example.org/orchard")
		w.mallory = w.srv.User("mallory@example.org/street")
		c, err := component.Dial(t.Context(), bot, component.Config{
			SessionConfig: sc, Addr: "memory", Secret: "secret", Dialer: w.srv.Dialer(),
			Failed: func(f stream.Failure) {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.failures = append(w.failures, f)
			},
			Unhandled: func(p stanza.Payload) {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.unhandled = append(w.unhandled, p)
			},
		})
		require.NoError(t, err)
		w.Component = c
		t.Cleanup(func() { require.NoError(t, c.Close(context.Background())) })
		f(t, w)
	})
}

func serving(routes ...xmpp.Route) xmpp.SessionConfig {
	return xmpp.SessionConfig{Handler: xmpp.NewMux(routes...)}
}

// says lets romeo send a stanza to the bot and waits until it was dealt with.
func (w *world) says(t *testing.T, text string) {
	t.Helper()
	w.by(t, w.romeo, text)
}

func (w *world) by(t *testing.T, u *xmpptest.User, text string) {
	t.Helper()
	st, err := stanza.Parse(text)
	require.NoError(t, err)
	if st.Attributes().To.IsZero() {
		stanza.SetTo(st, bot)
	}
	require.NoError(t, u.Send(st))
	synctest.Wait()
}

// took returns what failed since it was asked last.
func (w *world) took() []stream.Failure {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.failures
	w.failures = nil
	return f
}

// failed returns the one thing that failed.
func (w *world) failed(t *testing.T) stream.Failure {
	t.Helper()
	all := w.took()
	require.Len(t, all, 1)
	return all[0]
}

// silent fails the test if the bot has said anything to anybody.
func (w *world) silent(t *testing.T) {
	t.Helper()
	synctest.Wait()
	w.romeo.ExpectNothing(t, time.Minute)
	w.mallory.ExpectNothing(t, time.Minute)
}

// answering returns a handler of requests that always says the same.
func answering[T, R any](r *R, err error) func(context.Context, *stanza.IQ, *T) (*R, error) {
	return func(context.Context, *stanza.IQ, *T) (*R, error) { return r, err }
}
