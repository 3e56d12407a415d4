package xmpp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp/jid"
)

// zone is DNS.
type zone struct {
	srv map[string][]*net.SRV
	ip  map[string][]string
}

func (z zone) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	all, ok := z.srv["_"+service+"._"+proto+"."+name]
	if !ok {
		return "", nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return "", all, nil
}

func (z zone) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	var all []netip.Addr
	for _, s := range z.ip[host] {
		all = append(all, netip.MustParseAddr(s))
	}
	if all == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return all, nil
}

func clientFor(t *testing.T, addr string, cfg Config) *Client {
	t.Helper()
	cfg.Password = "secret"
	c, err := NewClient(jid.MustParse(addr), cfg)
	require.NoError(t, err)
	return c
}

func places(all []candidate) (s []string) {
	for _, c := range all {
		d := ""
		if c.direct {
			d = " direct"
		}
		s = append(s, c.String()+d)
	}
	return s
}

// X7: where DNS says that the server is.
func TestX7Candidates(t *testing.T) {
	t.Parallel()
	z := zone{
		srv: map[string][]*net.SRV{
			"_xmpp-client._tcp.example.org.":           {{Target: "b.example.net.", Port: 5222, Priority: 20}, {Target: "a.example.net.", Port: 5223, Priority: 10}},
			"_xmpps-client._tcp.example.org.":          {{Target: "a.example.net.", Port: 443, Priority: 15}},
			"_xmpp-client._tcp.none.example.":          {{Target: ".", Port: 0}},
			"_xmpps-client._tcp.none.example.":         {{Target: "."}},
			"_xmpp-client._tcp.half.example.":          {{Target: ".", Port: 0}},
			"_xmpps-client._tcp.half.example.":         {{Target: "a.example.net.", Port: 443}},
			"_xmpp-client._tcp.xn--bcher-kva.example.": {{Target: "a.example.net.", Port: 5222}},
			"_xmpp-client._tcp.lost.example.":          {{Target: "nowhere.example.", Port: 5222}},
		},
		ip: map[string][]string{
			"a.example.net": {"192.0.2.1", "192.0.2.2", "2001:db8::1"},
			"b.example.net": {"192.0.2.3"},
			"plain.example": {"192.0.2.9", "2001:db8::9"},
		},
	}
	for addr, want := range map[string][]string{
		"me@example.org": {
			"[2001:db8::1]:5223", "192.0.2.1:5223", "192.0.2.2:5223", "[2001:db8::1]:443 direct", "192.0.2.1:443 direct", "192.0.2.2:443 direct", "192.0.2.3:5222",
		},
		"me@half.example":    {"[2001:db8::1]:443 direct", "192.0.2.1:443 direct", "192.0.2.2:443 direct"},
		"me@plain.example":   {"[2001:db8::9]:5222", "192.0.2.9:5222"},
		"me@bücher.example":  {"[2001:db8::1]:5222", "192.0.2.1:5222", "192.0.2.2:5222"},
		"me@192.0.2.7":       {"192.0.2.7:5222"},
		"me@[2001:db8::7]":   {"[2001:db8::7]:5222"},
		"me@unknown.example": {"unknown.example:5222"},
		"me@lost.example":    {"nowhere.example:5222"},
	} {
		all, err := clientFor(t, addr, Config{Resolver: z}).candidates(t.Context())
		require.NoError(t, err, addr)
		require.Equal(t, want, places(all), addr)
	}
	_, err := clientFor(t, "me@none.example", Config{Resolver: z}).candidates(t.Context())
	require.ErrorIs(t, err, ErrNoService)
	all, err := clientFor(t, "me@example.org", Config{Resolver: z, Addr: "c.example.com:99", DirectTLS: true}).candidates(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"c.example.com:99 direct"}, places(all))
}

// X7: records of one priority are drawn by weight; a zone without end is cut short.
func TestX7Weights(t *testing.T) {
	t.Parallel()
	first := map[string]int{}
	for range 4000 {
		all := order([]*net.SRV{{Target: "a.", Port: 1, Weight: 30}, {Target: "b.", Port: 1, Weight: 10}, {Target: "z.", Port: 1, Priority: 9, Weight: 65535}},
			[]*net.SRV{{Target: "c.", Port: 1, Weight: 0}})
		require.Len(t, all, 4)
		require.Equal(t, "z", all[3].host)
		first[all[0].host]++
	}
	require.InDelta(t, 3000*40/41, first["a"], 300)
	require.InDelta(t, 1000*40/41, first["b"], 300)
	require.Less(t, first["c"], 300)
	require.Positive(t, first["c"], "no chance is not the same as a small one")
	var many []*net.SRV
	for i := range 1000 {
		many = append(many, &net.SRV{Target: fmt.Sprint(i, "."), Port: 1, Weight: uint16(i * 60)})
	}
	require.Len(t, order(many, many), maxTargets)
}

// dialerFunc is a Dialer.
type dialerFunc func(ctx context.Context, addr string) (net.Conn, error)

func (f dialerFunc) DialContext(ctx context.Context, _, addr string) (net.Conn, error) {
	return f(ctx, addr)
}

// closing counts that a connection is closed.
type closing struct {
	net.Conn
	closed func()
}

func (c closing) Close() error { c.closed(); return nil }

// Happy eyeballs: a place that does not answer costs a moment, not a timeout.
func TestRace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var tried []string
		closed := 0
		begin := time.Now()
		c := clientFor(t, "me@example.org", Config{Dialer: dialerFunc(func(ctx context.Context, addr string) (net.Conn, error) {
			mu.Lock()
			tried = append(tried, fmt.Sprint(addr, " ", time.Since(begin)))
			mu.Unlock()
			switch addr {
			case "silent:1":
				<-ctx.Done()
				return nil, ctx.Err()
			case "refuses:1":
				return nil, errors.New("refused")
			case "slow:1":
				time.Sleep(400 * time.Millisecond)
			}
			return closing{closed: func() { mu.Lock(); closed++; mu.Unlock() }}, nil
		})})
		_, _, err := c.race(t.Context(), []candidate{{host: "silent", port: 1}, {host: "refuses", port: 1}, {host: "slow", port: 1}, {host: "good", port: 1}, {host: "spare", port: 1}})
		require.NoError(t, err)
		require.Equal(t, []string{"silent:1 0s", "refuses:1 250ms", "slow:1 250ms", "good:1 500ms"}, tried)
		require.Equal(t, 1, closed, "the slow one came too late")

		_, _, err = c.race(t.Context(), []candidate{{host: "refuses", port: 1}, {host: "refuses", port: 1}})
		require.ErrorContains(t, err, "refuses:1: refused")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin = time.Now()
		_, _, err = c.race(ctx, []candidate{{host: "silent", port: 1}})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Minute, time.Since(begin))
	})
}

func TestSplitHostPort(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"example.org": "example.org:5222", "example.org:1": "example.org:1", "[2001:db8::1]:9": "[2001:db8::1]:9", "2001:db8::1": "[2001:db8::1]:5222",
		"[2001:db8::1]": "[2001:db8::1]:5222", "192.0.2.1": "192.0.2.1:5222", "bücher.example:7": "xn--bcher-kva.example:7",
	} {
		host, port, err := splitHostPort(s, 5222)
		require.NoError(t, err, s)
		require.Equal(t, want, candidate{host: host, port: port}.String())
	}
	for _, s := range []string{"", ":", ":1", "a:0", "a:65536", "a:b", "a b", "a/b", "[::1", "a:1:2", "\x00", strings.Repeat("a", 300)} {
		_, _, err := splitHostPort(s, 5222)
		require.Error(t, err, "%q", s)
	}
}

// proxyServer plays a proxy once.
func proxyServer(script func(r *bufio.Reader, w net.Conn)) Dialer {
	return dialerFunc(func(context.Context, string) (net.Conn, error) {
		a, b := net.Pipe()
		go func() {
			defer b.Close()
			script(bufio.NewReader(b), b)
		}()
		return a, nil
	})
}

// X9: HTTP CONNECT and SOCKS5.
func TestX9Proxies(t *testing.T) {
	t.Parallel()
	get := func(proxy string, script func(r *bufio.Reader, w net.Conn)) (string, error) {
		d, err := ProxyDialer(proxy, proxyServer(script))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		conn, err := d.DialContext(ctx, "tcp", "xmpp.example.org:5222")
		if err != nil {
			return "", err
		}
		defer conn.Close()
		b := make([]byte, 5)
		_, err = io.ReadFull(conn, b)
		return string(b), err
	}
	connect := func(answer string) func(r *bufio.Reader, w net.Conn) {
		return func(r *bufio.Reader, w net.Conn) {
			head := ""
			for !strings.HasSuffix(head, "\r\n\r\n") {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				head += line
			}
			if head != "CONNECT xmpp.example.org:5222 HTTP/1.1\r\nHost: xmpp.example.org:5222\r\nProxy-Authorization: Basic dTpw\r\n\r\n" {
				answer = "HTTP/1.1 400 Bad Request\r\n\r\n"
			}
			_, _ = io.WriteString(w, answer)
		}
	}
	const url = "http://u:p@proxy.example:3128"
	got, err := get(url, connect("HTTP/1.1 200 OK\r\nVia: x\r\n\r\nhello"))
	require.NoError(t, err)
	require.Equal(t, "hello", got, "not a byte of the server's is swallowed")
	for answer, want := range map[string]string{
		"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n": ErrProxyAuth.Error(),
		"HTTP/1.1 502 Bad Gateway\r\n\r\n":                   "502",
		"SSH-2.0-x\r\n\r\n":                                  "not HTTP",
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("x", 9000):    "too long",
		"HTTP/1.1": "EOF",
	} {
		_, err := get(url, connect(answer))
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "u:p")
	}
	got, err = get("socks5://u:p@proxy.example", func(r *bufio.Reader, w net.Conn) {
		expect := func(want string) {
			b := make([]byte, len(want))
			if _, err := io.ReadFull(r, b); err != nil || string(b) != want {
				w.Close()
			}
		}
		expect("\x05\x02\x00\x02")
		_, _ = io.WriteString(w, "\x05\x02")
		expect("\x01\x01u\x01p")
		_, _ = io.WriteString(w, "\x01\x00")
		expect("\x05\x01\x00\x03\x10xmpp.example.org\x14\x66")
		_, _ = io.WriteString(w, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00hello")
	})
	require.NoError(t, err)
	require.Equal(t, "hello", got)
	for _, bad := range []string{"", "proxy", "ftp://proxy", "http://", "socks4://x", "http://%zz"} {
		_, err := ProxyDialer(bad, nil)
		require.Error(t, err, bad)
	}
	// a proxy that does not answer
	synctest.Test(t, func(t *testing.T) {
		for _, url := range []string{url, "socks5://u:p@proxy.example"} {
			for name, script := range map[string]func(r *bufio.Reader, w net.Conn){
				"silence": func(r *bufio.Reader, _ net.Conn) { _, _ = io.Copy(io.Discard, r) },
				"drops": func(r *bufio.Reader, w net.Conn) {
					go io.Copy(io.Discard, r)
					for _, c := range []byte("HTTP/1.1 200 OK, and so on") {
						time.Sleep(10 * time.Second)
						if strings.HasPrefix(url, "socks") {
							c = 5
						}
						if _, err := w.Write([]byte{c}); err != nil {
							return
						}
					}
				},
			} {
				d, err := ProxyDialer(url, proxyServer(script))
				require.NoError(t, err)
				ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
				begin := time.Now()
				_, err = d.DialContext(ctx, "tcp", "xmpp.example.org:5222")
				require.Error(t, err, name)
				if strings.HasPrefix(url, "http") {
					require.ErrorIs(t, err, context.DeadlineExceeded, "%s %s", name, url)
				}
				require.LessOrEqual(t, time.Since(begin), 20*time.Second, name)
				require.NotContains(t, err.Error(), "u:p")
				cancel()
				time.Sleep(time.Minute)
			}
		}
	})
}

// B7: the server may send the client elsewhere, a few times, and only to what is a host.
func TestB7Redirections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		say := func(host string) string {
			return "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' id='1'>" +
				"<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>" + host + "</see-other-host></stream:error></stream:stream>"
		}
		for start, want := range map[string][]string{
			"once":  {"start:5222", "second.example:99"},
			"loop":  {"start:5222", "loop.example:5222", "loop.example:5222", "loop.example:5222", "loop.example:5222"},
			"wrong": {"start:5222"},
			"dead":  {"start:5222", "dead.example:1", "start:5222", "dead.example:1", "start:5222", "dead.example:1", "start:5222", "dead.example:1", "start:5222"},
		} {
			var mu sync.Mutex
			var tried []string
			c := clientFor(t, "me@example.org", Config{Addr: "start:5222", Dialer: dialerFunc(func(_ context.Context, addr string) (net.Conn, error) {
				mu.Lock()
				tried = append(tried, addr)
				mu.Unlock()
				if addr == "dead.example:1" {
					return nil, errors.New("refused")
				}
				a, b := net.Pipe()
				go func() {
					defer b.Close()
					go io.Copy(io.Discard, b)
					switch {
					case addr == "second.example:99":
						_, _ = io.WriteString(b, strings.Replace(say(""), "see-other-host", "host-unknown", 2))
					case start == "once":
						_, _ = io.WriteString(b, say("second.example:99"))
					case start == "loop":
						_, _ = io.WriteString(b, say("loop.example"))
					case start == "dead":
						_, _ = io.WriteString(b, say("dead.example:1"))
					default:
						_, _ = io.WriteString(b, say("no host at all"))
					}
					time.Sleep(time.Second)
				}()
				return a, nil
			})})
			err := c.Open(t.Context())
			var e *stream.Error
			require.ErrorAs(t, err, &e, start)
			require.Equal(t, want, tried, start)
			time.Sleep(time.Minute)
		}
	})
}
