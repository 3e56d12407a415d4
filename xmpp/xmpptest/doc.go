// Package xmpptest is to package xmpp what net/http/httptest is to net/http: a server
// in the test's own process, against which bots, gateways and components are tested.
//
// A [Server] accepts components (XEP-0114) over loopback TCP, with TLS if asked, or over
// connections in memory ([Server.Dialer]), with which whole tests run in a bubble of
// testing/synctest. It has users that live in the process and need no client: a [User]
// sends stanzas and expects others.
//
//	srv := xmpptest.Start(t, xmpptest.Config{})
//	srv.Component("echo.example.org", "secret")
//	romeo := srv.User("romeo@example.org/orchard")
//	... dial the component with Addr: srv.Addr(), or Dialer: srv.Dialer() ...
//	romeo.Send(stanza.NewMessage(jid.MustParse("echo.example.org"), "hello"))
//	romeo.Expect(t, xmpptest.Mask(`<message><body>hello</body></message>`))
//
// Clients log in to accounts of the server, with STARTTLS or TLS from the first byte, SCRAM
// and all else that they are used to; certificates are made as they are needed:
//
//	srv.Account("bot@example.org", "secret")
//	bot, err := xmpp.Dial(ctx, jid.MustParse("bot@example.org/x"), srv.ClientConfig("bot@example.org"))
//
// Networks and servers fail when a test wants them to: a connection is cut
// ([Server.Disconnect]), the network is down for a while ([Server.Offline]), dead without a
// sign ([Server.Swallow]), or slow ([Server.Delay], [Server.SlowReads]); the server throws
// somebody out ([Server.Expel], [Server.Redirect]), has forgotten a session
// ([Server.RefuseResume]) or does not say whether it has ([Server.IgnoreResume]), does not say
// what it has got ([Server.DropAcks]), or shows a certificate that is none ([Server.BadCertificate]). See the
// example of a network that goes down.
//
// A client waits before it connects again, for up to a minute: in a bubble of testing/synctest
// that takes no time. Elsewhere set xmpp.Config.Backoff.
//
// A [Peer] is the other side of a single stream, played by hand byte for byte: for what
// no server would ever send.
//
// An account has a roster and subscriptions (RFC 6121), an archive of its messages (XEP-0313;
// [Server.Archive] fills it), and keeps what comes while it has no client. Its clients get
// copies (XEP-0280), are spared while nobody looks (XEP-0352), and have sessions that
// outlive their connections (XEP-0198).
//
// The server is a test double, small and strict. It routes stanzas between its components,
// clients and users, checks their addresses, and answers what cannot be delivered. What it
// does for clients, Prosody and ejabberd do in the same tests. All of it is in memory, and
// bounded; it speaks to no other server.
package xmpptest
