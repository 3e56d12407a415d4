package xmpptest

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"

	"stanza.invalid/internal/wsconn"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
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
	w := s.websockets()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.addr == "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(fmt.Sprintf("xmpptest: no port to listen on: %v", err))
		}
		w.addr = l.Addr().String()
		w.serve(l)
	}
	return w.scheme() + "://" + w.addr + websocketPath
}

// WebsocketConfig is [Server.ClientConfig] for a client that connects by websocket: in
// memory, and found by what the domain says of itself over HTTPS (XEP-0156), unless the
// server has no TLS.
func (s *Server) WebsocketConfig(addr string) xmpp.Config {
	cfg := s.ClientConfig(addr)
	w := s.websockets()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.memory == nil {
		w.memory = &memoryListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		w.serve(w.memory)
	}
	t := &websocket.Transport{}
	if s.cfg.NoTLS {
		t.URL = "ws://" + jid.MustParse(addr).Domain() + websocketPath
	}
	cfg.Transport, cfg.Dialer = t, &Dialer{connect: w.memory.connect, pipe: newPipe}
	cfg.Addr, cfg.DirectTLS = "", false
	return cfg
}

// web is the server's web server.
type web struct {
	srv  *Server
	http *http.Server

	mu     sync.Mutex
	addr   string          // guarded by mu
	memory *memoryListener // guarded by mu
}

func (s *Server) websockets() *web {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.web == nil {
		if s.closed {
			panic(ErrClosed.Error())
		}
		w := &web{srv: s}
		w.http = &http.Server{
			Handler: w, ReadHeaderTimeout: s.cfg.Patience, IdleTimeout: s.cfg.Patience, ErrorLog: log.New(io.Discard, "", 0),
		}
		s.web = w
	}
	return s.web
}

func (w *web) scheme() string {
	if w.srv.cfg.NoTLS {
		return "ws"
	}
	return "wss"
}

// serve takes connections from a listener.
func (w *web) serve(l net.Listener) {
	if !w.srv.cfg.NoTLS {
		l = tls.NewListener(l, &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			name := hello.ServerName
			if domain, err := jid.Parse(name); err != nil || !w.srv.hosts(domain) {
				name = "localhost"
			}
			t := w.srv.tlsConfig(name)
			t.NextProtos = []string{"http/1.1"}
			return t, nil
		}})
	}
	w.srv.running.Go(func() { _ = w.http.Serve(l) })
}

func (w *web) close() { _ = w.http.Close() }

// ServeHTTP answers what clients ask for: where websockets are, and those.
func (w *web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	endpoint := w.scheme() + "://" + r.Host + websocketPath
	const rel = "urn:xmpp:alt-connections:websocket"
	switch r.URL.Path {
	case "/.well-known/host-meta":
		rw.Header().Set("Content-Type", "application/xrd+xml")
		href, _ := wire.AppendValue(nil, endpoint)
		fmt.Fprintf(rw, "<?xml version='1.0' encoding='UTF-8'?>\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n  <Link rel='%s' href='%s'/>\n</XRD>\n", rel, href)
	case "/.well-known/host-meta.json":
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(map[string]any{"links": []map[string]string{{"rel": rel, "href": endpoint}}})
	case websocketPath:
		ws, err := wsconn.Accept(rw, r, w.srv.cfg.Limits)
		if err != nil {
			return
		}
		conn := websocketConn{ws}
		if r.TLS != nil {
			err = w.srv.acceptConn(&securedConn{conn, *r.TLS})
		} else {
			err = w.srv.acceptConn(conn)
		}
		if err != nil {
			ws.Close()
		}
	default:
		http.NotFound(rw, r)
	}
}

// acceptConn serves a connection that has TLS already, if it is to have any.
func (s *Server) acceptConn(nc net.Conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	c := &conn{
		srv: s, raw: nc, nc: nc, id: stream.NewID(), gone: make(chan struct{}), web: true,
		in:  input{r: nc, f: wire.NewFramer(s.cfg.Limits)},
		out: newOutput(nc, s.cfg.QueueBytes, s.cfg.Patience),
	}
	s.conns[c] = struct{}{}
	s.running.Go(c.serve)
	return nil
}

// websocketConn is a websocket as a net.Conn.
type websocketConn struct{ *wsconn.Conn }

// LocalAddr returns something, as every net.Conn does.
func (websocketConn) LocalAddr() net.Addr { return &net.TCPAddr{} }

// securedConn is a websocket over TLS.
type securedConn struct {
	websocketConn
	state tls.ConnectionState
}

// ConnectionState returns the state of TLS.
func (c *securedConn) ConnectionState() tls.ConnectionState { return c.state }

// memoryListener is where connections in memory come in.
type memoryListener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *memoryListener) connect(ctx context.Context, nc net.Conn) error {
	select {
	case l.conns <- nc:
		return nil
	case <-l.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Accept waits for a connection.
func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the waiting.
func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr returns no address of use.
func (l *memoryListener) Addr() net.Addr { return &net.TCPAddr{} }
