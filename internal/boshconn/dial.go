package boshconn

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"stanza.invalid/internal/webdial"
	"stanza.invalid/stream/wire"
)

// Config is how a client connects.
type Config struct {
	// URL is where, with the scheme http or https.
	URL *url.URL
	// TLS is how TLS is made. The name to verify is the URL's.
	TLS *tls.Config
	// Dial makes connections.
	Dial webdial.Func
	// Wait is how long the server may hold a request open (default 50 s).
	Wait time.Duration
	// Limits bound the elements from the server.
	Limits wire.Limits
}

// defaultWait is less than the minute after which proxies often give up.
const defaultWait = 50 * time.Second

const (
	headerBytes = 16 << 10         // of the header of an answer
	idleTimeout = 2 * time.Minute  // of a connection that no request is on
	dialTimeout = 30 * time.Second // of a connection that is made for a request
	maxConns    = 6                // of one session
	mostBusy    = maxConns - 1     // without the one that ends it
)

// Dial makes the first connection for a session, which begins with the header of a stream.
// It follows no redirections, uses no proxies of the environment, and no compression.
// The connection is the session, which over TLS can say so.
func Dial(ctx context.Context, cfg Config) (io.ReadWriteCloser, *Conn, error) {
	if cfg.Wait <= 0 {
		cfg.Wait = defaultWait
	}
	l := &lines{dial: cfg.Dial, tls: cfg.TLS, host: cfg.URL.Hostname(), secure: cfg.URL.Scheme == "https"}
	port := cfg.URL.Port()
	if port == "" {
		port = "80"
		if l.secure {
			port = "443"
		}
	}
	first, err := l.connect(ctx, "tcp", net.JoinHostPort(l.host, port))
	if err != nil {
		return nil, nil, err
	}
	l.first = first
	c := newConn(cfg, l)
	if t, ok := first.(*line); ok {
		return &secured{c, t.ConnectionState()}, c, nil
	}
	return c, c, nil
}

// lines makes the connections of one session.
type lines struct {
	dial   webdial.Func
	tls    *tls.Config
	host   string
	secure bool

	mu    sync.Mutex
	ctx   context.Context   // guarded by mu: of the session
	first net.Conn          // guarded by mu: made before there was a request for it
	leaf  [sha256.Size]byte // guarded by mu: the server's certificate
	known bool              // guarded by mu: there is one
}

// errCertificate ends a session whose server shows another certificate than before
// (XEP-0124, section 22.1).
var errCertificate = errors.New("the server shows another certificate than at the beginning of the session")

// connect makes a connection.
func (l *lines) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := l.dial(ctx, network, addr)
	if err != nil || !l.secure {
		return conn, err
	}
	t, err := webdial.TLS(ctx, conn, l.tls, l.host)
	if err != nil {
		if isNetwork(err) {
			return nil, err
		}
		return nil, &final{err}
	}
	sum := sha256.Sum256(t.ConnectionState().PeerCertificates[0].Raw)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known && l.leaf != sum {
		conn.Close()
		return nil, &final{errCertificate}
	}
	l.leaf, l.known = sum, true
	return &line{t}, nil
}

// isNetwork reports whether TLS failed because of what is below it.
func isNetwork(err error) bool {
	var op *net.OpError
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, os.ErrDeadlineExceeded, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, e) {
			return true
		}
	}
	return errors.As(err, &op)
}

// get is connect for a request; it ends with the session.
func (l *lines) get(ctx context.Context, network, addr string) (net.Conn, error) {
	l.mu.Lock()
	first, session := l.first, l.ctx
	l.first = nil
	l.mu.Unlock()
	if first != nil {
		return first, nil
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	defer context.AfterFunc(session, cancel)()
	return l.connect(ctx, network, addr)
}

// drop closes the first connection if no request came for it.
func (l *lines) drop() {
	l.mu.Lock()
	first := l.first
	l.first = nil
	l.mu.Unlock()
	if first != nil {
		_ = first.Close()
	}
}

// line is a connection with TLS that is closed without waiting for long.
type line struct{ *tls.Conn }

// Close closes the connection.
func (l *line) Close() error { return webdial.Close(l.Conn) }

// bufferBytes is how long the buffers of a connection are. They are for headers: bodies are longer, and pass them by, or
// fit. An idle session has two connections.
const bufferBytes = 1 << 10

// client returns what makes the requests of a session.
func (l *lines) client(session context.Context) *http.Client {
	l.ctx = session
	t := &http.Transport{
		DisableCompression:     true,
		MaxResponseHeaderBytes: headerBytes,
		ReadBufferSize:         bufferBytes,
		WriteBufferSize:        bufferBytes,
		MaxConnsPerHost:        maxConns,
		MaxIdleConnsPerHost:    maxConns,
		IdleConnTimeout:        idleTimeout,
		DialContext:            l.get,
		DialTLSContext:         l.get,
	}
	return &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
