// Package websocket connects clients over websockets (RFC 7395), which get through where
// nothing but the web does.
//
//	client, err := xmpp.Dial(ctx, jid.MustParse("bot@example.org"), xmpp.Config{
//		Password:  password,
//		Transport: &websocket.Transport{},
//	})
//
// Without a URL the web server of the address's domain is asked for one (XEP-0156). All else
// is as over TCP: logins, channel binding, stream management and resumption, limits,
// proxies. Config.KeepAlive sends pings of the websocket. Servers that send the client
// elsewhere (see-other-uri) are followed, a few times, but never to where there is no TLS.
//
// The certificate has to be for the host of the URL. It comes from the user, or, over
// HTTPS, from the domain itself; so DNS has no say in it.
package websocket
