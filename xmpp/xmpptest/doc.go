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
// A [Peer] is the other side of a single stream, played by hand byte for byte: for what
// no server would ever send.
//
// The server is a test double, small and strict. It routes stanzas between its components
// and users, checks their addresses, and answers what cannot be delivered. It keeps no
// accounts, no rosters, no presence and no messages for later, and speaks to no other
// server.
package xmpptest
