package xmpp

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/proxy"
)

// ErrProxyAuth is returned for a proxy that wants other credentials, or some at all.
var ErrProxyAuth = errors.New("xmpp: the proxy wants other credentials")

// ProxyDialer returns a dialer that goes through a proxy: http://user:password@host:port
// (by CONNECT) or socks5://user:password@host:port. The proxy looks names up. forward
// makes the connections to the proxy; nil is a net.Dialer. A proxy that refuses the
// credentials of the URL is [ErrProxyAuth]. The dialer may be used from any goroutine, by any
// number of clients; what connects to the proxy itself is in clear text, and TLS with the server
// goes through it.
func ProxyDialer(proxyURL string, forward Dialer) (Dialer, error) {
	u, err := url.Parse(proxyURL)
	if err != nil {
		return nil, errors.New("xmpp: the URL of the proxy is none") // the error would show its password
	}
	if forward == nil {
		forward = &net.Dialer{}
	}
	if u.Hostname() == "" {
		return nil, errors.New("xmpp: the URL of the proxy has no host")
	}
	addr := func(port string) string {
		if u.Port() != "" {
			port = u.Port()
		}
		return net.JoinHostPort(u.Hostname(), port)
	}
	switch u.Scheme {
	case "http":
		return &httpProxy{addr: addr("8080"), user: u.User, forward: forward}, nil
	case "socks5", "socks5h":
		var auth *proxy.Auth
		if u.User != nil {
			auth = &proxy.Auth{User: u.User.Username()}
			auth.Password, _ = u.User.Password()
		}
		d, err := proxy.SOCKS5("tcp", addr("1080"), auth, contextDialer{forward})
		if err != nil {
			return nil, err
		}
		return d.(proxy.ContextDialer), nil
	}
	return nil, fmt.Errorf("xmpp: proxies of the kind %q are not known", u.Scheme)
}

// contextDialer is a Dialer as package proxy wants it.
type contextDialer struct{ Dialer }

// Dial is not called where there is DialContext.
func (d contextDialer) Dial(network, addr string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, addr)
}

// httpProxy dials by CONNECT (RFC 9110, section 9.3.6).
type httpProxy struct {
	addr    string
	user    *url.Userinfo
	forward Dialer
}

// DialContext connects through the proxy.
func (p *httpProxy) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := p.forward.DialContext(ctx, network, p.addr)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	err = p.connect(conn, addr)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("proxy %s: %w", p.addr, err)
	}
	return conn, nil
}

func (p *httpProxy) connect(conn net.Conn, addr string) error {
	if strings.ContainsAny(addr, "\r\n ") {
		return errors.New("the address is none")
	}
	request := "CONNECT " + addr + " HTTP/1.1\r\nHost: " + addr + "\r\n"
	if p.user != nil {
		password, _ := p.user.Password()
		request += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(p.user.Username()+":"+password)) + "\r\n"
	}
	if _, err := conn.Write([]byte(request + "\r\n")); err != nil {
		return err
	}
	// byte by byte: what comes behind the header is the server's
	var head []byte
	one := make([]byte, 1)
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		if len(head) >= 8<<10 {
			return errors.New("its answer is too long")
		}
		if _, err := conn.Read(one); err != nil {
			return err
		}
		head = append(head, one[0])
	}
	line, _, _ := strings.Cut(string(head), "\r\n")
	version, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(code)
	switch {
	case err != nil || !strings.HasPrefix(version, "HTTP/1."):
		return errors.New("its answer is not HTTP")
	case status == 407:
		return ErrProxyAuth
	case status < 200 || status > 299:
		return fmt.Errorf("it answers %d", status)
	}
	return nil
}
