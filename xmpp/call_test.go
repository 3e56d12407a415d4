package xmpp_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/examples/custom/tea"
	"stanza.invalid/gen/ping"
	"stanza.invalid/gen/version"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// called is what a Call came to.
type called[R any] struct {
	r    *R
	err  error
	took time.Duration
}

// call lets the bot call romeo on a goroutine of its own.
func call[R any](ctx context.Context, w *world, q stanza.Query[R]) <-chan called[R] {
	done := make(chan called[R], 1)
	go func() {
		begin := time.Now()
		r, err := xmpp.Call(ctx, w, w.romeo.JID(), q)
		done <- called[R]{r, err, time.Since(begin)}
	}()
	return done
}

// answer lets romeo answer the next request.
func (w *world) answer(t *testing.T, typ, payload string) {
	t.Helper()
	q := w.romeo.ExpectIQ(t)
	w.says(t, fmt.Sprintf("<iq type='%s' id='%s'>%s</iq>", typ, q.ID, payload))
}

func TestCall(t *testing.T) {
	t.Parallel()
	play(t, xmpp.SessionConfig{}, func(t *testing.T, w *world) {
		ctx := t.Context()
		done := call(ctx, w, &version.Query{})
		w.answer(t, "result", "<query xmlns='jabber:iq:version'><name>r</name><version>1</version></query>")
		got := <-done
		require.NoError(t, got.err)
		require.Equal(t, "r", got.r.Name)

		pinged := call(ctx, w, &ping.Ping{})
		w.answer(t, "result", "")
		require.NoError(t, (<-pinged).err)

		// an error reply
		done = call(ctx, w, &version.Query{})
		w.answer(t, "error", "<query xmlns='jabber:iq:version'/><error type='auth' by='example.org'><forbidden xmlns='"+ns+"'/><text xmlns='"+ns+"'>not you</text></error>")
		got = <-done
		require.Nil(t, got.r)
		require.ErrorIs(t, got.err, stanza.Forbidden)
		require.NotErrorIs(t, got.err, stanza.ItemNotFound)
		var e *stanza.Error
		require.ErrorAs(t, got.err, &e)
		require.Equal(t, "not you", e.Text.String())
		require.Equal(t, "example.org", e.By.String())

		// one that says nothing
		done = call(ctx, w, &version.Query{})
		w.answer(t, "error", "")
		require.ErrorIs(t, (<-done).err, stanza.UndefinedCondition)

		// answers that are not what was asked for
		done = call(ctx, w, &version.Query{})
		w.answer(t, "result", "")
		require.ErrorIs(t, (<-done).err, xmpp.ErrEmptyResult)
		done = call(ctx, w, &version.Query{})
		w.answer(t, "result", "<query xmlns='jabber:iq:roster'/>")
		require.ErrorIs(t, (<-done).err, xmpp.ErrEmptyResult)
		done = call(ctx, w, &version.Query{})
		w.answer(t, "result", "<query xmlns='jabber:iq:version'><name>r</name></query>")
		got = <-done
		var bad *stanza.DecodeError
		require.ErrorAs(t, got.err, &bad)
		require.Nil(t, got.r, "half a value is none")
		require.Empty(t, w.took(), "the caller knows; nobody else needs to")
	})
}

func TestCallEnds(t *testing.T) {
	t.Parallel()
	play(t, xmpp.SessionConfig{}, func(t *testing.T, w *world) {
		// a minute without a deadline
		got := <-call(context.Background(), w, &version.Query{})
		require.ErrorIs(t, got.err, stream.ErrTimeout)
		require.Equal(t, time.Minute, got.took)

		// what comes late is nobody's
		w.answer(t, "result", "<query xmlns='jabber:iq:version'><name>r</name><version>1</version></query>")
		w.silent(t)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		got = <-call(ctx, w, &version.Query{})
		require.ErrorIs(t, got.err, context.DeadlineExceeded)
		require.ErrorIs(t, got.err, stream.ErrTimeout)
		require.Equal(t, time.Second, got.took)

		ctx, cancel = context.WithCancel(t.Context())
		done := call(ctx, w, &version.Query{})
		synctest.Wait()
		cancel()
		got = <-done
		require.ErrorIs(t, got.err, context.Canceled)
		require.NotErrorIs(t, got.err, stream.ErrTimeout)
		require.Zero(t, got.took)
		got = <-call(ctx, w, &version.Query{})
		require.ErrorIs(t, got.err, context.Canceled)

		// a connection that is lost takes the answer with it
		done = call(t.Context(), w, &version.Query{})
		synctest.Wait()
		w.srv.Disconnect(bot.String())
		got = <-done
		require.ErrorIs(t, got.err, stream.ErrDisconnected)
		require.NoError(t, w.srv.WaitConnected(t.Context(), bot.String()))

		w.romeo.Drain()
		done = call(t.Context(), w, &version.Query{})
		synctest.Wait()
		require.NoError(t, w.Close(t.Context()))
		require.Error(t, (<-done).err)
		require.Error(t, (<-call(t.Context(), w, &version.Query{})).err)
	})
}

func TestCallUndeliverable(t *testing.T) {
	t.Parallel()
	play(t, xmpp.SessionConfig{}, func(t *testing.T, w *world) {
		_, err := xmpp.Call(t.Context(), w, jid.MustParse("nobody@nowhere.example"), &version.Query{})
		require.ErrorIs(t, err, stanza.RemoteServerNotFound)
		_, err = xmpp.Call(t.Context(), w, w.romeo.JID(), &tea.Order{Kind: "\x00"})
		require.ErrorContains(t, err, "xml", "what cannot be written is not sent")
		require.Zero(t, w.romeo.Pending())
	})
}

// A handler may call, and call what it is called by: the reader goes on meanwhile.
func TestCallInHandler(t *testing.T) {
	t.Parallel()
	play(t, serving(
		xmpp.OnIQ(func(ctx context.Context, iq *stanza.IQ, _ *version.Query) (*version.Info, error) {
			info, err := xmpp.Call(ctx, xmpp.FromContext(ctx), iq.From, &version.Query{})
			if err != nil {
				return nil, err
			}
			info.Name = "behind " + info.Name
			return info, nil
		}),
		xmpp.OnIQ(func(ctx context.Context, iq *stanza.IQ, _ *ping.Ping) (*stanza.Empty, error) {
			// to itself, through the server; the queue is held up by this very handler
			short, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := xmpp.Call(short, xmpp.FromContext(ctx), bot, &tea.Order{Kind: tea.KindGreen})
			if errors.Is(err, stream.ErrTimeout) {
				err = stanza.RemoteServerTimeout
			}
			return nil, err
		}),
	), func(t *testing.T, w *world) {
		asked := make(chan string, 1)
		go func() {
			info, err := xmpptest.Call(t.Context(), w.romeo, bot, &version.Query{})
			if err != nil {
				asked <- err.Error()
				return
			}
			asked <- info.Name
		}()
		w.answer(t, "result", "<query xmlns='jabber:iq:version'><name>romeo</name><version>1</version></query>")
		require.Equal(t, "behind romeo", <-asked)
		_, err := xmpptest.Call(t.Context(), w.romeo, bot, &ping.Ping{})
		require.ErrorIs(t, err, stanza.RemoteServerTimeout)
	})
}

// VS1: an answer counts only if it comes from whom was asked.
func TestVS1ForgedAnswer(t *testing.T) {
	t.Parallel()
	play(t, xmpp.SessionConfig{}, func(t *testing.T, w *world) {
		others := []*xmpptest.User{
			w.mallory,
			w.srv.User("romeo@example.org"), // the account, without the resource
			w.srv.User("romeo@example.org/other"),
			w.srv.User("romeo@example.com/orchard"),
			w.srv.User("example.com"),
		}
		done := call(t.Context(), w, &version.Query{})
		q := w.romeo.ExpectIQ(t)
		for _, u := range others {
			for _, typ := range []string{"result", "error"} {
				w.by(t, u, "<iq type='"+typ+"' id='"+q.ID+"'><query xmlns='jabber:iq:version'><name>forged</name><version>1</version></query></iq>")
			}
		}
		select {
		case got := <-done:
			t.Fatalf("a forged answer was taken: %v", got)
		default:
		}
		w.says(t, "<iq type='result' id='"+q.ID+"'><query xmlns='jabber:iq:version'><name>true</name><version>1</version></query></iq>")
		got := <-done
		require.NoError(t, got.err)
		require.Equal(t, "true", got.r.Name)
		// nor does a second one
		w.says(t, "<iq type='result' id='"+q.ID+"'/>")
		w.silent(t)
	})
}

// VS1: a request to one's own domain may be answered by it; others still may not.
func TestVS1OwnServer(t *testing.T) {
	t.Parallel()
	play(t, xmpp.SessionConfig{}, func(t *testing.T, w *world) {
		// the server routes what is for the component's own domain back to it
		info, err := xmpp.Call(t.Context(), w, bot, &ping.Ping{})
		require.NoError(t, err)
		require.NotNil(t, info)
	})
}

// VS2: a message or presence with the id of a request, or another request, answers nothing.
func TestVS2OtherStanza(t *testing.T) {
	t.Parallel()
	play(t, xmpp.SessionConfig{}, func(t *testing.T, w *world) {
		done := call(t.Context(), w, &version.Query{})
		id := w.romeo.ExpectIQ(t).ID
		const payload = "<query xmlns='jabber:iq:version'><name>no</name><version>1</version></query>"
		for _, kind := range []string{
			"message", "message type='error'", "message type='result'", "presence", "presence type='error'", "iq type='get'", "iq type='set'",
		} {
			name, _, _ := strings.Cut(kind, " ")
			w.says(t, fmt.Sprintf("<%s id='%s'>%s</%s>", kind, id, payload, name))
		}
		select {
		case got := <-done:
			t.Fatalf("taken for an answer: %v", got)
		default:
		}
		w.romeo.ExpectIQ(t, xmpptest.Failed(stanza.ServiceUnavailable))
		w.romeo.ExpectIQ(t, xmpptest.Failed(stanza.ServiceUnavailable))
		w.says(t, "<iq type='result' id='"+id+"'><query xmlns='jabber:iq:version'><name>yes</name><version>1</version></query></iq>")
		require.Equal(t, "yes", (<-done).r.Name)
	})
}
