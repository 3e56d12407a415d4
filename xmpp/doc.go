// Package xmpp is what programs are written against: typed handlers in a [Mux],
// typed requests with [Call], events with [On], and a [Session] that serves them.
// Package component dials a session as a component of a server (XEP-0114).
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
// Handlers run one after the other, in the order in which stanzas arrive, on the
// session's dispatcher: what a handler needs no lock for among handlers. One that
// waits for long should be registered with [stream.Concurrent].
package xmpp
