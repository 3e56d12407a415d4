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
	"time"

	"stanza.invalid/internal/boshconn"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
)

// web is the server's web server.
type web struct {
	srv  *Server
	http *http.Server
	bosh *boshconn.Server

	mu     sync.Mutex
	addr   string          // guarded by mu
	memory *memoryListener // guarded by mu
}

// webServer returns the web server, which it makes if need be.
func (s *Server) webServer() *web {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.web == nil {
		if s.closed {
			panic(ErrClosed.Error())
		}
		w := &web{srv: s, bosh: s.newBOSH()}
		w.http = &http.Server{
			Handler: w, ReadHeaderTimeout: s.cfg.Patience, IdleTimeout: s.cfg.Patience, ErrorLog: log.New(io.Discard, "", 0),
		}
		s.web = w
	}
	return s.web
}

// scheme returns the scheme of URLs: one that ends in s over TLS.
func (w *web) scheme(plain string) string {
	if w.srv.cfg.NoTLS {
		return plain
	}
	return plain + "s"
}

// listen opens a port on loopback, once, and returns its address.
func (w *web) listen() string {
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
	return w.addr
}

// webConfig returns how a client connects over the web, in memory.
func (s *Server) webConfig(addr string, t xmpp.Transport) xmpp.Config {
	cfg := s.ClientConfig(addr)
	w := s.webServer()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.memory == nil {
		w.memory = &memoryListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		w.serve(w.memory)
	}
	cfg.Transport, cfg.Dialer = t, &Dialer{connect: w.connect, pipe: newPipe}
	cfg.Addr, cfg.DirectTLS = "", false
	return cfg
}

// serve takes connections from a listener.
func (w *web) serve(l net.Listener) {
	l = roads{l, w.srv}
	if !w.srv.cfg.NoTLS {
		l = tls.NewListener(l, &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			t := w.srv.tlsConfig(w.srv.shown(hello.ServerName))
			t.NextProtos = []string{"http/1.1"}
			return t, nil
		}})
	}
	w.srv.running.Go(func() { _ = w.http.Serve(l) })
}

// shown returns for which name there is a certificate for who asks for name.
func (s *Server) shown(name string) string {
	if domain, err := jid.Parse(name); err != nil || !s.hosts(domain) {
		return "localhost"
	}
	return name
}

// close ends the web server, once requests that are answered by now have their answers.
func (w *web) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if w.http.Shutdown(ctx) != nil {
		_ = w.http.Close()
	}
}

// ServeHTTP answers what clients ask for: where connections over the web are made, and those.
func (w *web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	type link struct {
		Rel  string `json:"rel"`
		Href string `json:"href"`
	}
	links := []link{
		{"urn:xmpp:alt-connections:websocket", w.scheme("ws") + "://" + r.Host + websocketPath},
		{"urn:xmpp:alt-connections:xbosh", w.scheme("http") + "://" + r.Host + boshPath},
	}
	switch r.URL.Path {
	case "/.well-known/host-meta":
		rw.Header().Set("Content-Type", "application/xrd+xml")
		fmt.Fprint(rw, "<?xml version='1.0' encoding='UTF-8'?>\n<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n")
		for _, l := range links {
			href, _ := wire.AppendValue(nil, l.Href)
			fmt.Fprintf(rw, "  <Link rel='%s' href='%s'/>\n", l.Rel, href)
		}
		fmt.Fprint(rw, "</XRD>\n")
	case "/.well-known/host-meta.json":
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(map[string]any{"links": links})
	case websocketPath:
		w.serveWebsocket(rw, r)
	case boshPath:
		w.bosh.ServeHTTP(rw, r)
	default:
		http.NotFound(rw, r)
	}
}

// acceptWeb serves a connection that has come over the web, with TLS below it if it is to
// have any. shared says that TLS is that of several connections.
func (s *Server) acceptWeb(nc net.Conn, r *http.Request, shared bool) error {
	shown := ""
	if r.TLS != nil {
		nc, shown = &securedConn{nc, *r.TLS}, s.shown(r.TLS.ServerName)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.network.down():
		return errOffline
	}
	c := &conn{
		srv: s, raw: nc, nc: nc, id: stream.NewID(), gone: make(chan struct{}), web: true, shared: shared, shown: shown,
		in:  input{r: nc, f: wire.NewFramer(s.cfg.Limits)},
		out: newOutput(nc, s.cfg.QueueBytes, s.cfg.Patience),
	}
	s.conns[c] = struct{}{}
	s.running.Go(c.serve)
	return nil
}

// securedConn is a connection of the web over TLS.
type securedConn struct {
	net.Conn
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

func (w *web) connect(ctx context.Context, nc net.Conn) error {
	if w.srv.network.down() {
		return errOffline
	}
	return w.memory.connect(ctx, nc)
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
