// Package xmpp is what programs are written against: typed handlers in a [Mux],
// typed requests with [Call], events with [On], and a [Session] that serves them.
// [Dial] connects a session as a client's; package component does as a component's of a
// server (XEP-0114).
//
//	mux := xmpp.NewMux(
//		xmpp.OnMessage(func(ctx context.Context, m *stanza.Message, r *receipts.Request) error {
//			reply := m.Reply("")
//			reply.Body = nil
//			reply.Add(&receipts.Received{ID: m.ID})
//			return xmpp.Send(ctx, reply)
//		}),
//		xmpp.OnIQ(func(ctx context.Context, iq *stanza.IQ, q *version.Query) (*version.Info, error) {
//			return &version.Info{Name: "echo", Version: "1.0"}, nil
//		}),
//	)
//
//	bot, err := xmpp.Dial(ctx, jid.MustParse("bot@example.org"), xmpp.Config{
//		SessionConfig: xmpp.SessionConfig{Handler: mux},
//		Password:      password,
//		Presence:      &stanza.Presence{},
//	})
//
// # Clients
//
// A [Client] insists on TLS, with a certificate for the domain of its address, and on a
// server that proves that it knows the password, where the mechanism lets it
// ([AuthPolicy]). When the connection is lost it makes another, after a random while
// (stream.Backoff), and goes on with its session if the server has kept it (XEP-0198):
// nothing is lost then, nothing comes twice, and requests that wait for an answer go on
// waiting. Otherwise a new session begins, in which [Session.Restore] sets up again what
// the program has asked for; [SessionStarted] tells which it was.
//
// What became of a stanza is known to whom sends it with [Session.SendTracked].
//
// # Handlers
//
// Handlers run one after the other, in the order in which stanzas arrive, on the
// session's dispatcher: what a handler needs no lock for among handlers. One that
// waits for long should be registered with [stream.Concurrent].
package xmpp
