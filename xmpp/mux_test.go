package xmpp_test

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/examples/custom/tea"
	"stanza.invalid/gen/chatstate"
	"stanza.invalid/gen/muc"
	"stanza.invalid/gen/ping"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/gen/version"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// record is what handlers have seen.
type record struct {
	mu    sync.Mutex
	lines []string
}

func (l *record) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// take returns the lines and forgets them.
func (l *record) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

func TestHandlers(t *testing.T) {
	t.Parallel()
	var l record
	oneOf, err := stream.MatchPath("message@type=headline")
	require.NoError(t, err)
	mux := xmpp.NewMux(
		xmpp.OnMessage(func(_ context.Context, m *stanza.Message, r *receipts.Received) error {
			l.add("receipt %s", r.ID)
			return nil
		}),
		xmpp.OnMessage(func(_ context.Context, m *stanza.Message, n *tea.Announcement) error {
			l.add("news %s", n.Kind)
			n.Kind = "changed"
			return nil
		}),
		xmpp.OnMessage(func(_ context.Context, m *stanza.Message, n *tea.Announcement) error {
			l.add("news again %s", n.Kind)
			return nil
		}),
		xmpp.OnMessage(func(_ context.Context, m *stanza.Message, n *chatstate.Notification) error {
			l.add("state %s", n.State)
			return nil
		}),
		xmpp.OnPresence(func(_ context.Context, p *stanza.Presence, u *muc.User) error {
			l.add("occupant %s", u.Items[0].Role)
			return nil
		}),
		xmpp.OnBody(func(_ context.Context, m *stanza.Message, body string) error {
			l.add("body %s", body)
			return nil
		}),
		xmpp.OnAnyMessage(func(_ context.Context, m *stanza.Message) error {
			l.add("message %s", m.Type)
			return nil
		}),
		xmpp.OnAnyPresence(func(_ context.Context, p *stanza.Presence) error {
			l.add("presence %q", p.Type)
			return nil
		}),
		xmpp.OnError(func(_ context.Context, s stanza.Stanza, e *stanza.Error) error {
			l.add("error %s of %s", string(e.Condition), s.WireName().Local)
			return nil
		}),
		xmpp.OnStanza(oneOf, func(_ context.Context, s stanza.Stanza) error {
			l.add("headline")
			return nil
		}),
	)
	const gone = "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
	tests := map[string]struct {
		send string
		want []string
	}{
		"payload":        {"<message><received xmlns='urn:xmpp:receipts' id='7'/></message>", []string{"receipt 7", "message normal"}},
		"two handlers":   {"<message><news xmlns='urn:example:tea' kind='green'/></message>", []string{"news green", "news again green", "message normal"}},
		"two payloads":   {"<message><news xmlns='urn:example:tea' kind='green'/><received xmlns='urn:xmpp:receipts' id='7'/></message>", []string{"receipt 7", "news green", "news again green", "message normal"}},
		"name is value":  {"<message type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>", []string{"state composing", "message chat"}},
		"presence":       {"<presence><x xmlns='http://jabber.org/protocol/muc#user'><item role='visitor'/></x></presence>", []string{"occupant visitor", `presence ""`}},
		"plain presence": {"<presence type='subscribe'/>", []string{`presence "subscribe"`}},
		"body":           {"<message type='chat'><body>hi</body></message>", []string{"body hi", "message chat"}},
		"languages":      {"<message xml:lang='de'><body xml:lang='cs'>ahoj</body><body>hallo</body></message>", []string{"body hallo", "message normal"}},
		"empty body":     {"<message><body/></message>", []string{"message normal"}},
		"other body":     {"<message><body xmlns='urn:example:evil'>hi</body></message>", []string{"message normal"}},
		"headline":       {"<message type='headline'/>", []string{"message headline", "headline"}},
		"bounce":         {"<message type='error'><body>hi</body><received xmlns='urn:xmpp:receipts' id='7'/>" + gone + "</message>", []string{"error gone of message"}},
		"bare error":     {"<message type='error'/>", []string{"error undefined-condition of message"}},
		"bad presence":   {"<presence type='error'><x xmlns='http://jabber.org/protocol/muc#user'/>" + gone + "</presence>", []string{"error gone of presence"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			play(t, xmpp.SessionConfig{Handler: mux}, func(t *testing.T, w *world) {
				w.says(t, tt.send)
				require.Equal(t, tt.want, l.take())
				require.Empty(t, w.took())
				w.silent(t)
			})
		})
	}
}

// A payload that does not fit its type is kept from its handler and reported; the others
// get the message with the payload as it came.
func TestMalformedPayload(t *testing.T) {
	t.Parallel()
	var l record
	play(t, serving(
		xmpp.OnMessage(func(context.Context, *stanza.Message, *receipts.Received) error {
			l.add("never")
			return nil
		}),
		xmpp.OnAnyMessage(func(_ context.Context, m *stanza.Message) error {
			for p := range m.All() {
				l.add("%s", p)
			}
			return nil
		}),
	), func(t *testing.T, w *world) {
		w.says(t, "<message><received xmlns='urn:xmpp:receipts'/></message>")
		require.Equal(t, []string{"<received xmlns='urn:xmpp:receipts'/>"}, l.take())
		f := w.failed(t)
		var bad *stanza.DecodeError
		require.ErrorAs(t, f.Err, &bad)
		require.EqualError(t, f.Err, "attribute \"id\" of <received xmlns='urn:xmpp:receipts'/> is missing")
		require.Regexp(t, `^xmpp/mux_test\.go:\d+$`, f.Handler)
		w.silent(t)
		w.says(t, "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>") // the stream goes on
		w.romeo.ExpectIQ(t, xmpptest.Mask("<iq type='result' id='1'/>"))
	})
}

func TestOptions(t *testing.T) {
	t.Parallel()
	var l record
	var release chan struct{} // of the bubble
	body := func(name string, opts ...stream.Option) xmpp.Route {
		return xmpp.OnBody(func(context.Context, *stanza.Message, string) error {
			l.add("%s", name)
			return nil
		}, opts...)
	}
	play(t, serving(
		body("first"),
		body("once", stream.Once()),
		body("direct", stream.Direct()),
		body("with errors", stream.WithErrors()),
		xmpp.OnMessage(func(ctx context.Context, m *stanza.Message, _ *receipts.Request) error {
			l.add("waiting")
			time.Sleep(time.Hour)
			l.add("waited")
			return nil
		}, stream.Concurrent()),
		xmpp.OnIQ(func(context.Context, *stanza.IQ, *version.Query) (*version.Info, error) {
			<-release
			time.Sleep(time.Hour)
			return &version.Info{Name: "slow"}, nil
		}, stream.Concurrent()),
	), func(t *testing.T, w *world) {
		release = make(chan struct{}, 1)
		w.says(t, "<message><body>1</body></message>")
		require.Equal(t, []string{"direct", "first", "once", "with errors"}, l.take())
		w.says(t, "<message><body>2</body></message>")
		require.Equal(t, []string{"direct", "first", "with errors"}, l.take())
		w.says(t, "<message type='error'><body>3</body></message>")
		require.Equal(t, []string{"with errors"}, l.take())

		// what waits holds nobody up
		w.says(t, "<message id='x'><request xmlns='urn:xmpp:receipts'/></message>")
		w.says(t, "<iq type='get' id='v'><query xmlns='jabber:iq:version'/></iq>")
		w.says(t, "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>")
		require.Equal(t, "p", w.romeo.ExpectIQ(t).ID)
		require.Equal(t, []string{"waiting"}, l.take())
		release <- struct{}{}
		time.Sleep(2 * time.Hour)
		require.Equal(t, "v", w.romeo.ExpectIQ(t).ID)
		require.Equal(t, []string{"waited"}, l.take())
	})
}

// Requests find their handler by type and payload.
func TestOnIQ(t *testing.T) {
	t.Parallel()
	var later *stanza.IQ
	play(t, serving(
		xmpp.OnIQ(answering[muc.AdminGet](&muc.AdminQuery{Items: []muc.AdminItem{{Nick: "got"}}}, nil)),
		xmpp.OnIQ(answering[muc.AdminSet, stanza.Empty](nil, nil)),
		xmpp.OnIQ(answering[ping.Ping](&stanza.Empty{}, nil)), // in place of the default
		xmpp.OnIQ(func(ctx context.Context, iq *stanza.IQ, _ *version.Query) (*version.Info, error) {
			later = iq
			return nil, xmpp.ErrReplied
		}),
	), func(t *testing.T, w *world) {
		w.says(t, "<iq type='get' id='1'><query xmlns='http://jabber.org/protocol/muc#admin'><item/></query></iq>")
		w.romeo.Expect(t, xmpptest.Exactly("<iq type='result' id='1' from='bot.example.org' to='romeo@example.org/orchard'><query xmlns='http://jabber.org/protocol/muc#admin'><item nick='got'/></query></iq>"))
		w.says(t, "<iq type='set' id='2'><query xmlns='http://jabber.org/protocol/muc#admin'><item/></query></iq>")
		w.romeo.Expect(t, xmpptest.Exactly("<iq type='result' id='2' from='bot.example.org' to='romeo@example.org/orchard'/>"))
		w.says(t, "<iq type='get' id='3' to='x@bot.example.org/y'><ping xmlns='urn:xmpp:ping'/></iq>")
		w.romeo.Expect(t, xmpptest.Exactly("<iq type='result' id='3' from='x@bot.example.org/y' to='romeo@example.org/orchard'/>"))

		w.says(t, "<iq type='get' id='4'><query xmlns='jabber:iq:version'/></iq>")
		w.silent(t)
		require.NoError(t, w.Send(t.Context(), later.Result(&version.Info{Name: "late", Version: "1"})))
		require.Equal(t, "4", w.romeo.ExpectIQ(t, xmpptest.Path("iq@type=result/query/name")).ID)
	})
}

func TestConflict(t *testing.T) {
	t.Parallel()
	at := func(f func()) string {
		t.Helper()
		var said any
		func() {
			defer func() { said = recover() }()
			f()
		}()
		require.IsType(t, "", said)
		return said.(string)
	}
	both := regexp.MustCompile(`^xmpp: (xmpp/mux_test\.go:\d+) registers a second handler for iq get \{jabber:iq:version\}query; the first is at (xmpp/mux_test\.go:\d+)$`)
	for name, f := range map[string]func(){
		"in NewMux": func() {
			xmpp.NewMux(
				xmpp.OnIQ(answering[version.Query, version.Info](nil, nil)),
				xmpp.OnIQ(answering[version.Query, version.Info](nil, nil)),
			)
		},
		"in Handle": func() {
			m := xmpp.NewMux(xmpp.OnIQ(answering[version.Query, version.Info](nil, nil)))
			m.Handle(
				xmpp.OnIQ(answering[version.Query, version.Info](nil, nil)))
		},
	} {
		m := both.FindStringSubmatch(at(f))
		require.NotNil(t, m, "%s: %s", name, at(f))
		require.NotEqual(t, m[1], m[2], name)
	}
	// get and set are two requests, and messages have no conflicts
	receipt := func(context.Context, *stanza.Message, *receipts.Request) error { return nil }
	xmpp.NewMux(
		xmpp.OnIQ(answering[muc.AdminGet, muc.AdminQuery](nil, nil)),
		xmpp.OnIQ(answering[muc.AdminSet, stanza.Empty](nil, nil)),
		xmpp.OnMessage(receipt), xmpp.OnMessage(receipt),
	)
}

// One Mux serves several sessions, and a handler knows its own.
func TestMuxIsShared(t *testing.T) {
	t.Parallel()
	mux := xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, _ string) error {
		return xmpp.Send(ctx, m.Reply(xmpp.FromContext(ctx).Local().String()+" "+string(fmt.Sprint(ctx.Err()))))
	}))
	for range 2 {
		play(t, xmpp.SessionConfig{Handler: mux}, func(t *testing.T, w *world) {
			w.says(t, "<message><body>who?</body></message>")
			require.Equal(t, "bot.example.org <nil>", w.romeo.ExpectMessage(t).Body.String())
			require.Same(t, w.Session(), w.Session().Session())
			require.Same(t, w.Stream(), w.Events())
		})
	}
	require.Nil(t, xmpp.FromContext(t.Context()))
	require.ErrorIs(t, xmpp.Send(t.Context(), stanza.NewMessage(bot, "x")), xmpp.ErrNoSession)
}

// What no handler takes is shown to the Unhandled hook.
func TestUnhandled(t *testing.T) {
	t.Parallel()
	play(t, xmpp.SessionConfig{}, func(t *testing.T, w *world) {
		for _, text := range []string{
			"<message><body>1</body></message>", "<presence/>", "<message type='error'/>",
			"<iq type='result' id='nobody-asked'/>", "<iq type='error' id='nobody-asked'/>",
		} {
			w.says(t, text)
		}
		w.silent(t)
		synctest.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		require.Len(t, w.unhandled, 5)
	})
}
