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
// ([AuthPolicy]). Where DNS knows several places of the server, one that takes connections and
// gets no further than that is left for the next at once, and comes last for five minutes; a
// place that says nothing has a quarter of Config.SessionTimeout. When the connection is lost it makes another, after a random while
// (stream.Backoff), and goes on with its session if the server has kept it (XEP-0198):
// nothing is lost then, nothing comes twice, and requests that wait for an answer go on
// waiting. Otherwise a new session begins, in which [Session.Restore] sets up again what
// the program has asked for; [SessionStarted] tells which it was.
//
// What became of a stanza is known to whom sends it with [Session.SendTracked].
//
// A session may outlive its program: [Client.Suspend] returns its state to one that ends in
// order, and Config.Management.Save gets it as it changes, for the case of one that is
// killed. Behind a kill some stanzas come twice; stream.Redelivered tells which those may be.
//
// # Handlers
//
// Handlers run one after the other, in the order in which stanzas arrive, on the
// session's dispatcher: what a handler needs no lock for among handlers. One that
// waits for long should be registered with [stream.Concurrent].
//
// While handlers are behind by more than the queue takes, reading stops, and TCP holds up
// the server: memory stays bounded. The client still says that it is there
// (Config.KeepAlive), and takes no silence for the server's then; what the server asks
// meanwhile waits behind what it has sent. Below that, what was handled is acknowledged
// within a second of being asked for, whatever handlers do (XEP-0198); a ping is a request
// like others, and has its turn.
//
// # Functions that a client calls
//
// What a program gives a client to call runs on goroutines of the client's. Config.Credentials, Store
// and Transport, a [Fill], and those hooks of [Trace] that are about the login are called by the one
// that connects; Dialer, Socket, Resolver, the functions in TLS, and the hooks about connections
// by several at once; Trace.XML by those that read and write. What [Session.Restore] registers
// has a goroutine of its own. None may block for long, but Credentials, which may ask somebody,
// and what gets a context, as long as that lasts.
//
// One that panics ends neither the program nor the client. The panic is reported to
// Config.Failed and the log, as a *[stream.PanicError] with the stack, under the name of the
// field. It counts as an error where one can be returned: no connection, no login, and
// [Dial] returns it; later the client tries again. A Store that panics has nothing stored, a
// Resolver knows nothing, a hook of Trace has just not been told. Methods of the connections
// that a Dialer returns, and a slog.Handler, are none of these functions.
//
// # Many clients
//
// A client that waits for stanzas is one goroutine and no buffers: some 13 kB of memory, 4 kB
// of it stack, and with TLS 21 kB. That is for small certificates; crypto/tls keeps room
// for the longest record that came in, up to 34 kB. Logins by SCRAM leave 1 kB, so that the
// next one need not do the work again; a websocket adds the buffers of its library, 17 kB.
// Handlers, what is remembered of a server, and what a program itself keeps come on top.
package xmpp
