package xmpptest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/ping"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/gen/version"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func TestChecks(t *testing.T) {
	t.Parallel()
	const text = `<message from='a@example.org' to='b@example.org' id='x7' type='chat'>
		<body>hi</body><p:received xmlns:p='urn:xmpp:receipts' id='9'/></message>`
	tests := map[string]struct {
		check xmpptest.Check
		want  string // part of the failure, "" if it passes
	}{
		"exactly":            {xmpptest.Exactly(`<message xmlns='jabber:client' type='chat' to='b@example.org' from='a@example.org' id='x7'><body>hi</body><received xmlns='urn:xmpp:receipts' id='9'/></message>`), ""},
		"exactly, any id":    {xmpptest.Exactly(`<message type='chat' to='b@example.org' from='a@example.org'><body>hi</body><received xmlns='urn:xmpp:receipts' id='9'/></message>`), ""},
		"exactly, other id":  {xmpptest.Exactly(`<message id='x8' type='chat' to='b@example.org' from='a@example.org'><body>hi</body><received xmlns='urn:xmpp:receipts' id='9'/></message>`), "not exactly"},
		"exactly, less":      {xmpptest.Exactly(`<message type='chat' to='b@example.org' from='a@example.org'><body>hi</body></message>`), "not exactly"},
		"exactly, other":     {xmpptest.Exactly(`<message type='chat' to='b@example.org' from='a@example.org'><body>ho</body><received xmlns='urn:xmpp:receipts' id='9'/></message>`), "not exactly"},
		"path":               {xmpptest.Path("message@type=chat/{urn:xmpp:receipts}received@id=9"), ""},
		"path, other":        {xmpptest.Path("message@type=chat/{urn:xmpp:receipts}request"), "no\n  message@type=chat"},
		"mask":               {xmpptest.Mask(`<message><received xmlns='urn:xmpp:receipts'/></message>`), ""},
		"mask, other":        {xmpptest.Mask(`<message type='headline'/>`), "does not match"},
		"failed, but it did": {xmpptest.Failed(stanza.Conflict), "no error with the condition conflict"},
	}
	st, err := stanza.Parse(text)
	require.NoError(t, err)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := failure(func(t xmpptest.TB) { xmpptest.Verify(t, st, tt.check) })
			if tt.want == "" {
				require.Empty(t, said)
				return
			}
			require.Contains(t, said, tt.want)
			require.Contains(t, said, "got\n  <message", "the failure shows the stanza")
		})
	}
	for _, bad := range []func(){
		func() { xmpptest.Exactly("<message") },
		func() { xmpptest.Exactly("<foo/>") },
		func() { xmpptest.Path("/") },
		func() { xmpptest.Mask("<foo/>") },
	} {
		require.Panics(t, bad)
	}
	p, err := stanza.Parse(`<presence type='error'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>`)
	require.NoError(t, err)
	xmpptest.Verify(t, p, xmpptest.Failed(stanza.Gone))
}

func TestExpect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{Patience: time.Second})
		r, j := srv.User(romeo), srv.User("juliet@example.org/balcony")
		send := func(text string) { require.NoError(t, r.SendXML(text)) }
		const to = " to='juliet@example.org/balcony'"

		send("<message" + to + "><received xmlns='urn:xmpp:receipts' id='9'/></message>")
		require.Equal(t, "9", xmpptest.Expect[receipts.Received](t, j).ID)

		send("<message" + to + "><received xmlns='urn:xmpp:receipts'/></message>")
		require.Contains(t, failure(func(t xmpptest.TB) { xmpptest.Expect[receipts.Received](t, j) }), "id")
		send("<message" + to + "/>")
		require.Contains(t, failure(func(t xmpptest.TB) { xmpptest.Expect[receipts.Received](t, j) }), "no payload receipts.Received")
		send("<message" + to + "/>")
		require.Contains(t, failure(func(t xmpptest.TB) { j.ExpectIQ(t) }), "want a IQ")
		send("<message" + to + "/>")
		require.Contains(t, failure(func(t xmpptest.TB) { j.ExpectNothing(t, time.Second) }), "expects nothing")

		start := time.Now()
		require.Contains(t, failure(func(t xmpptest.TB) { j.Expect(t) }), "deadline exceeded")
		require.Equal(t, time.Second, time.Since(start))
		j.ExpectNothing(t, time.Hour)
	})
}

func TestCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		dial(t, srv, echo, xmpp.NewMux(
			xmpp.OnIQ(func(context.Context, *stanza.IQ, *version.Query) (*version.Info, error) {
				return &version.Info{Name: "echo", Version: "1"}, nil
			})))
		r, j := srv.User(romeo), srv.User("juliet@example.org/balcony")
		info, err := xmpptest.Call(t.Context(), r, echo, &version.Query{})
		require.NoError(t, err)
		require.Equal(t, "echo", info.Name)
		_, err = xmpptest.Call(t.Context(), r, echo, &ping.Ping{})
		require.NoError(t, err)
		_, err = xmpptest.Call(t.Context(), r, jid.MustParse("nowhere.example"), &ping.Ping{})
		require.ErrorIs(t, err, stanza.RemoteServerNotFound)
		require.Zero(t, r.Pending(), "answers go to who asked")

		// answers from elsewhere do not count
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() { _ = j.SendXML(`<iq type='result' id='q' to='romeo@example.org/orchard'/>`) }()
		other := srv.User("nurse@example.org")
		_, err = r.Request(ctx, &stanza.IQ{ID: "q", Type: stanza.Get, To: other.JID()})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, j.JID(), r.ExpectIQ(t).From)
		_, err = r.Request(ctx, &stanza.IQ{ID: "q", Type: stanza.Result, To: other.JID()})
		require.Error(t, err)

		// an answer that does not fit, and one without a payload
		answer := func(text string) error {
			q := other.ExpectIQ(t)
			if q.ID == "q" { // of the request above
				q = other.ExpectIQ(t)
			}
			return other.SendXML("<iq type='result' to='romeo@example.org/orchard' id='" + q.ID + "'>" + text + "</iq>")
		}
		go func() { _ = answer(``) }()
		_, err = xmpptest.Call(t.Context(), r, other.JID(), &version.Query{})
		require.ErrorIs(t, err, xmpp.ErrEmptyResult)

		// the server ends
		go func() {
			other.ExpectIQ(t)
			go srv.Close()
		}()
		_, err = xmpptest.Call(t.Context(), r, other.JID(), &version.Query{})
		require.True(t, errors.Is(err, xmpptest.ErrClosed), err)
	})
}
