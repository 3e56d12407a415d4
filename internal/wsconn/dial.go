package wsconn

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"

	"github.com/coder/websocket"

	"stanza.invalid/internal/webdial"
	"stanza.invalid/stream/wire"
)

// Config is how a websocket is opened.
type Config struct {
	// URL is where, with the scheme ws or wss.
	URL *url.URL
	// TLS is how TLS is made. The name to verify is the URL's.
	TLS *tls.Config
	// Dial makes connections.
	Dial webdial.Func
	// Limits bound the messages from the server.
	Limits wire.Limits
}

// headerBytes is how long the header of an answer may be.
const headerBytes = 16 << 10

// Dial opens a websocket. It follows no redirections, uses no proxies of the environment,
// and no compression.
func Dial(ctx context.Context, cfg Config) (io.ReadWriteCloser, error) {
	var raw *corked
	var state *tls.ConnectionState
	// the transport's own contexts outlive the request, and so would what waits for a server
	// that says nothing
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t := &http.Transport{
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: headerBytes,
		ReadBufferSize:         1 << 10, // for one request and its answer
		WriteBufferSize:        1 << 10,
		DialContext: func(_ context.Context, network, addr string) (net.Conn, error) {
			conn, err := cfg.Dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			raw = &corked{Conn: conn}
			return raw, nil
		},
		DialTLSContext: func(_ context.Context, network, addr string) (net.Conn, error) {
			conn, err := cfg.Dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			secure, err := webdial.TLS(ctx, conn, cfg.TLS, cfg.URL.Hostname())
			if err != nil {
				return nil, err
			}
			cs := secure.ConnectionState()
			raw, state = &corked{Conn: secure}, &cs
			return raw, nil
		},
	}
	ws, _, err := websocket.Dial(ctx, cfg.URL.String(), &websocket.DialOptions{
		HTTPClient: &http.Client{
			Transport:     t,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Subprotocols: []string{Subprotocol},
	})
	if err != nil {
		return nil, err
	}
	if ws.Subprotocol() != Subprotocol {
		_ = raw.Close()
		_ = ws.CloseNow()
		return nil, errors.New("the server does not speak XMPP over websockets")
	}
	c := newConn(ws, raw, cfg.Limits)
	if state != nil {
		return &secured{c, *state}, nil
	}
	return c, nil
}

// Accept takes the request of a client for a websocket. What it returns is not over when
// the handler of the request returns.
func Accept(w http.ResponseWriter, r *http.Request, l wire.Limits) (*Conn, error) {
	h := &hijacker{ResponseWriter: w}
	ws, err := websocket.Accept(h, r, &websocket.AcceptOptions{Subprotocols: []string{Subprotocol}})
	if err != nil {
		return nil, err
	}
	if ws.Subprotocol() != Subprotocol {
		_ = ws.Close(websocket.StatusPolicyViolation, "the subprotocol is xmpp")
		return nil, errors.New("a client that does not speak XMPP over websockets")
	}
	return newConn(ws, h.raw, l), nil
}

// hijacker gets at the connection that is taken over.
type hijacker struct {
	http.ResponseWriter
	raw *corked
}

// Hijack takes the connection over.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if err := rw.Flush(); err != nil {
		conn.Close()
		return nil, nil, err
	}
	h.raw = &corked{Conn: conn}
	return h.raw, bufio.NewReadWriter(rw.Reader, bufio.NewWriter(h.raw)), nil
}
