package xmpptest

import (
	"net"
	"net/http"

	"stanza.invalid/internal/wsconn"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/websocket"
)

// websocketPath is where clients connect by websocket.
const websocketPath = "/xmpp-websocket"

// WebsocketURL returns where clients connect by websocket (RFC 7395) over loopback. The
// first call opens a port on 127.0.0.1 that is free, with TLS and a certificate for it that
// [Server.Roots] trusts, or without TLS if the server has none; it panics if there is no
// port, or if the server is closed. See [Server.WebsocketConfig] for connections in memory.
func (s *Server) WebsocketURL() string {
	w := s.webServer()
	return w.scheme("ws") + "://" + w.listen() + websocketPath
}

// WebsocketConfig is [Server.ClientConfig] for a client that connects by websocket: in
// memory, and found by what the domain says of itself over HTTPS (XEP-0156), unless the
// server has no TLS.
func (s *Server) WebsocketConfig(addr string) xmpp.Config {
	t := &websocket.Transport{}
	if s.cfg.NoTLS {
		t.URL = "ws://" + jid.MustParse(addr).Domain() + websocketPath
	}
	return s.webConfig(addr, t)
}

// serveWebsocket takes a request for a websocket.
func (w *web) serveWebsocket(rw http.ResponseWriter, r *http.Request) {
	ws, err := wsconn.Accept(rw, r, w.srv.cfg.Limits)
	if err != nil {
		return
	}
	if w.srv.acceptWeb(websocketConn{ws}, r, false) != nil {
		ws.Close()
	}
}

// websocketConn is a websocket as a net.Conn.
type websocketConn struct{ *wsconn.Conn }

// LocalAddr returns something, as every net.Conn does.
func (websocketConn) LocalAddr() net.Addr { return &net.TCPAddr{} }
