package xmpp_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/examples/custom/tea"
	"stanza.invalid/gen/version"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

const ns = "urn:ietf:params:xml:ns:xmpp-stanzas"

// handlerErrors are what handlers return, and the error that the sender is to see.
var handlerErrors = map[string]struct {
	err  error
	want string // "" if messages and presences get none
}{
	"stanza error": {
		&stanza.Error{Type: stanza.Wait, Condition: stanza.ResourceConstraint, Text: stanza.Plain("come back at five")},
		"<error type='wait'><resource-constraint xmlns='" + ns + "'/><text xmlns='" + ns + "'>come back at five</text></error>",
	},
	"wrapped stanza error": {
		fmt.Errorf("the kettle: %w", stanza.NewError(stanza.Forbidden, "")),
		"<error type='auth'><forbidden xmlns='" + ns + "'/></error>",
	},
	"condition": {
		stanza.ItemNotFound,
		"<error type='cancel'><item-not-found xmlns='" + ns + "'/></error>",
	},
	"wrapped condition": {
		fmt.Errorf("the kettle: %w", stanza.NotAllowed),
		"<error type='cancel'><not-allowed xmlns='" + ns + "'/></error>",
	},
}

func TestRequestErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want string
	}{}
	for name, tt := range handlerErrors {
		tests[name] = tt
	}
	tests["any other error tells no details"] = struct {
		err  error
		want string
	}{errors.New("the password of the database is hunter2"), "<error type='cancel'><internal-server-error xmlns='" + ns + "'/></error>"}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, serving(xmpp.OnIQ(answering[version.Query, version.Info](nil, tt.err))), func(t *testing.T, w *world) {
				w.says(t, "<iq type='get' id='1'><query xmlns='jabber:iq:version'/></iq>")
				w.romeo.Expect(t, xmpptest.Exactly(
					"<iq type='error' id='1' from='bot.example.org' to='romeo@example.org/orchard'>"+tt.want+"</iq>"))
				f := w.failed(t)
				require.ErrorIs(t, f.Err, tt.err)
				require.Regexp(t, `^xmpp/errors_test\.go:\d+$`, f.Handler)
				require.Equal(t, "1", f.Stanza.Attributes().ID)
			})
		})
	}
}

func TestMessageAndPresenceErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want string
	}{}
	for name, tt := range handlerErrors {
		tests[name] = tt
	}
	tests["any other error is not the sender's business"] = struct {
		err  error
		want string
	}{errors.New("the password of the database is hunter2"), ""}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, serving(
				xmpp.OnAnyMessage(func(context.Context, *stanza.Message) error { return tt.err }),
				xmpp.OnAnyPresence(func(context.Context, *stanza.Presence) error { return tt.err }),
			), func(t *testing.T, w *world) {
				for _, kind := range []string{"message", "presence"} {
					w.says(t, "<"+kind+" id='1'/>")
					require.ErrorIs(t, w.failed(t).Err, tt.err)
					if tt.want == "" {
						w.silent(t)
						continue
					}
					w.romeo.Expect(t, xmpptest.Exactly(
						"<"+kind+" type='error' id='1' from='bot.example.org' to='romeo@example.org/orchard'>"+tt.want+"</"+kind+">"))
				}
			})
		})
	}
}

// Requests that reach no handler are answered all the same.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	never := xmpp.OnIQ(func(context.Context, *stanza.IQ, *tea.Order) (*tea.Receipt, error) {
		panic("the handler must not see it")
	})
	tests := map[string]struct {
		payload string
		want    stanza.Condition
		text    string
	}{
		"unknown namespace":    {"<q xmlns='urn:example:unknown'/>", stanza.ServiceUnavailable, ""},
		"unknown name":         {"<refund xmlns='urn:example:tea'/>", stanza.FeatureNotImplemented, ""},
		"missing attribute":    {"<order xmlns='urn:example:tea'/>", stanza.BadRequest, `attribute "kind" of <order xmlns='urn:example:tea'/> is missing`},
		"wrong type":           {"<order xmlns='urn:example:tea' kind='green' cups='many'/>", stanza.BadRequest, `attribute "cups" of <order xmlns='urn:example:tea'/> is no number from 0 to 255: "many"`},
		"out of range":         {"<order xmlns='urn:example:tea' kind='green' cups='13'/>", stanza.BadRequest, `attribute "cups" of <order xmlns='urn:example:tea'/> is not from 1 to 12: "13"`},
		"no payload":           {"", stanza.BadRequest, "an IQ request has exactly one payload"},
		"two payloads":         {"<order xmlns='urn:example:tea' kind='green'/><ping xmlns='urn:xmpp:ping'/>", stanza.BadRequest, "an IQ request has exactly one payload"},
		"the answer's payload": {"<receipt xmlns='urn:example:tea' number='1' ready='2026-11-24T16:30:00Z'/>", stanza.FeatureNotImplemented, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, serving(never), func(t *testing.T, w *world) {
				w.says(t, "<iq type='set' id='1'>"+tt.payload+"</iq>")
				iq := w.romeo.ExpectIQ(t, xmpptest.Failed(tt.want))
				require.Equal(t, tt.text, iq.Err.Text.String())
				require.Equal(t, "1", iq.ID)
				require.Equal(t, tt.want.Type(), iq.Err.Type)
				if tt.want == stanza.BadRequest && tt.text[0] == 'a' && tt.text[1] == 't' {
					var bad *stanza.DecodeError
					require.ErrorAs(t, w.failed(t).Err, &bad)
				}
				// the same thing again, asked for with get
				if tt.want == stanza.BadRequest && tt.payload != "" && name != "two payloads" {
					w.says(t, "<iq type='get' id='2'>"+tt.payload+"</iq>")
					w.romeo.Expect(t, xmpptest.Failed(stanza.FeatureNotImplemented))
				}
			})
		})
	}
}

// VS13: a panic in a handler ends neither the process nor the stream; it is reported, and
// answered where an answer is due, without details.
func TestVS13Panic(t *testing.T) {
	t.Parallel()
	type tick struct{}
	play(t, serving(
		xmpp.OnIQ(func(context.Context, *stanza.IQ, *version.Query) (*version.Info, error) { panic("hunter2") }),
		xmpp.OnBody(func(context.Context, *stanza.Message, string) error {
			panic(fmt.Errorf("hunter2: %w", stanza.ItemNotFound))
		}),
		xmpp.OnAnyPresence(func(context.Context, *stanza.Presence) error {
			var none *stanza.Error
			none.By = bot
			return nil
		}),
		xmpp.OnError(func(context.Context, stanza.Stanza, *stanza.Error) error { panic("in a handler of errors") }),
		xmpp.OnIQ(func(context.Context, *stanza.IQ, *tea.Order) (*tea.Receipt, error) { panic("concurrent") }, stream.Concurrent()),
	), func(t *testing.T, w *world) {
		xmpp.On(w, func(tick) { panic("in an event") })
		xmpp.On(w, func(tick) { panic("in a direct event") }, stream.Direct())
		const internal = "<error type='cancel'><internal-server-error xmlns='" + ns + "'/></error></iq>"
		for _, tt := range []struct{ send, want string }{
			{"<iq type='get' id='1'><query xmlns='jabber:iq:version'/></iq>", "<iq type='error' id='1' from='bot.example.org' to='romeo@example.org/orchard'>" + internal},
			{"<iq type='set' id='2'><order xmlns='urn:example:tea' kind='green'/></iq>", "<iq type='error' id='2' from='bot.example.org' to='romeo@example.org/orchard'>" + internal},
			{"<message id='3'><body>hi</body></message>", ""},
			{"<presence id='4'/>", ""},
			{"<message type='error' id='5'><body>hi</body></message>", ""},
		} {
			w.says(t, tt.send)
			if tt.want != "" {
				w.romeo.Expect(t, xmpptest.Exactly(tt.want))
			}
			w.silent(t)
			var p *stream.PanicError
			require.ErrorAs(t, w.failed(t).Err, &p, tt.send)
			require.NotEmpty(t, p.Stack)
		}
		require.NoError(t, xmpp.Emit(w, tick{}))
		w.silent(t)
		require.Len(t, w.took(), 2)
		w.says(t, "<iq type='get' id='9'><ping xmlns='urn:xmpp:ping'/></iq>")
		w.romeo.Expect(t, xmpptest.Mask("<iq type='result' id='9'/>"))
	})
}
