// Package bosh connects clients over requests of HTTP (BOSH: XEP-0124, XEP-0206), which get
// through where not even websockets do.
//
//	client, err := xmpp.Dial(ctx, jid.MustParse("bot@example.org"), xmpp.Config{
//		Password:  password,
//		Transport: &bosh.Transport{},
//	})
//
// Without a URL the web server of the address's domain is asked for one (XEP-0156). There is
// always a request that the server holds until it has something to say; what is sent goes into
// another. A request whose connection breaks is sent again for a while, and with a server that
// keeps to XEP-0124 nothing is lost or doubled by that: the stream does not notice. Prosody 0.12
// and ejabberd 23.01 do not always, when several connections in a row are cut. Once the server has given up or forgotten the session, the
// stream is resumed if the server can do that by BOSH (Prosody 0.12 cannot), else made anew.
//
// Limits, proxies, and errors are those of TCP. What the server says when it ends a session of
// BOSH comes as the [stream.Condition] that means the same. A server that wants to be asked
// elsewhere (see-other-uri) is followed, a few times, but never to where there is no TLS.
//
// The certificate has to be for the host of the URL, and the same on all connections of a
// session. Logins are bound to it, if at all (tls-server-end-point), since none of the
// connections is the stream's own.
package bosh
