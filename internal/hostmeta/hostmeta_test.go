package hostmeta

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"stanza.invalid/internal/testca"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// domain is a web server for example.org, and for a host that it may point to.
type domain struct {
	ca *testca.Authority
	at string
}

func serve(t *testing.T, h http.HandlerFunc, names ...string) *domain {
	t.Helper()
	d := &domain{ca: testca.New()}
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{d.ca.Issue(testca.Leaf{Names: names})}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	d.at = s.Listener.Addr().String()
	return d
}

func (d *domain) lookup(t *testing.T) ([]string, error) {
	t.Helper()
	all, err := Lookup(t.Context(), Config{
		Domain: "example.org", TLS: &tls.Config{RootCAs: d.ca.Pool(), ServerName: "ignored.example"},
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, d.at)
		},
	}, Websocket, "wss")
	var out []string
	for _, u := range all {
		out = append(out, u.String())
	}
	return out, err
}

const head = "<?xml version='1.0' encoding='utf-8'?><!-- ours --><XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>"

func TestFormats(t *testing.T) {
	t.Parallel()
	xrd := head + "<Subject>x</Subject><Link rel='urn:xmpp:alt-connections:xbosh' href='https://a.example/bosh'/>" +
		"<Link rel='urn:xmpp:alt-connections:websocket' href='wss://a.example/ws'/>" +
		"<Link rel='urn:xmpp:alt-connections:websocket' href='ws://clear.example/ws'/>" +
		"<Link rel='urn:xmpp:alt-connections:websocket' href='https://a.example/ws'/>" +
		"<Link rel='urn:xmpp:alt-connections:websocket' href='wss://user:pass@a.example/ws'/>" +
		"<Link rel='urn:xmpp:alt-connections:websocket' href='wss:///ws'/>" +
		"<x xmlns='urn:x'><Link rel='urn:xmpp:alt-connections:websocket' href='wss://nested.example/ws'/></x>" +
		"<Link xmlns='urn:x' rel='urn:xmpp:alt-connections:websocket' href='wss://foreign.example/ws'/></XRD>"
	jrd := `{"subject": 1, "links":[{"rel":"urn:xmpp:alt-connections:websocket","href":"wss://b.example/ws"},{"rel":"urn:xmpp:alt-connections:websocket","href":"wss://a.example/ws"},{"rel":"lrdd"}]}`
	for name, c := range map[string]struct {
		json, xrd string // "" for not found
		want      []string
		err       string
	}{
		"both":         {jrd, xrd, []string{"wss://b.example/ws", "wss://a.example/ws"}, ""},
		"XRD":          {"", xrd, []string{"wss://a.example/ws"}, ""},
		"JSON":         {jrd, "", []string{"wss://b.example/ws", "wss://a.example/ws"}, ""},
		"broken JSON":  {"{", xrd, []string{"wss://a.example/ws"}, ""},
		"broken XRD":   {jrd, "<XRD", []string{"wss://b.example/ws", "wss://a.example/ws"}, ""},
		"none":         {"{}", head + "</XRD>", nil, ""},
		"nothing":      {"", "", nil, "404"},
		"not an XRD":   {"", "<html/>", nil, "not an XRD"},
		"a DTD":        {"", "<!DOCTYPE XRD [<!ENTITY a 'x'>]>" + head + "</XRD>", nil, "document type"},
		"a long text":  {"", head + strings.Repeat("<Link/>", 20_000) + "</XRD>", nil, "more than 65536 bytes"},
		"a long list":  {`{"links":[` + strings.Repeat("{},", 40_000) + `{}]}`, "", nil, "more than 65536 bytes"},
		"another type": {"[]", "", nil, "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := serve(t, func(w http.ResponseWriter, r *http.Request) {
				text := map[string]string{"/.well-known/host-meta": c.xrd, "/.well-known/host-meta.json": c.json}[r.URL.Path]
				if text == "" || r.Host != "example.org" {
					http.NotFound(w, r)
					return
				}
				fmt.Fprint(w, text)
			}, "example.org")
			got, err := d.lookup(t)
			require.Equal(t, c.want, got)
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.err)
		})
	}
}

// A domain that names a thousand places names eight.
func TestManyLinks(t *testing.T) {
	t.Parallel()
	var list []string
	for i := range 500 {
		list = append(list, fmt.Sprintf(`{"rel":%q,"href":"wss://h%d.example/"}`, Websocket, i))
	}
	d := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"links":[`+strings.Join(list, ",")+`]}`) }, "example.org")
	got, err := d.lookup(t)
	require.NoError(t, err)
	require.Len(t, got, maxLinks)
}

// VT3: only who has the domain's certificate says where its server is, and redirections do
// not leave HTTPS.
func TestVT3HostMeta(t *testing.T) {
	t.Parallel()
	answer := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"links":[{"rel":"`+Websocket+`","href":"wss://a.example/"}]}`)
	}
	var e *tls.CertificateVerificationError
	_, err := serve(t, answer, "other.example").lookup(t)
	require.ErrorAs(t, err, &e)
	_, err = serve(t, answer, "ignored.example").lookup(t)
	require.ErrorAs(t, err, &e)

	redirect := func(to string, names ...string) *domain {
		return serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Host == "www.example.net" {
				answer(w, r)
				return
			}
			http.Redirect(w, r, to, http.StatusFound)
		}, names...)
	}
	got, err := redirect("https://www.example.net/x", "example.org", "www.example.net").lookup(t)
	require.NoError(t, err)
	require.Equal(t, []string{"wss://a.example/"}, got)
	_, err = redirect("https://www.example.net/x", "example.org").lookup(t)
	require.ErrorAs(t, err, &e, "whose certificate counts on every step")
	for _, to := range []string{"http://www.example.net/x", "ftp://www.example.net/x", "https://example.org/again"} {
		_, err = redirect(to, "example.org", "www.example.net").lookup(t)
		require.ErrorContains(t, err, "not followed", to)
	}
	// pins and client certificates of the XMPP server are none of the web server's business
	d := serve(t, answer, "example.org")
	all, err := Lookup(t.Context(), Config{Domain: "example.org", Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, d.at)
	}, TLS: &tls.Config{RootCAs: d.ca.Pool(), VerifyConnection: func(tls.ConnectionState) error { return io.ErrNoProgress }}}, Websocket, "wss")
	require.NoError(t, err)
	require.Len(t, all, 1)
}

// A web server that drips, in either format, holds nobody up who has been told in the other.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	for name, slow := range map[string]string{"XRD": "/.well-known/host-meta", "JSON": "/.well-known/host-meta.json"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != slow {
					if slow == "/.well-known/host-meta" {
						fmt.Fprint(w, `{"links":[{"rel":"`+Websocket+`","href":"wss://a.example/"}]}`)
					} else {
						fmt.Fprint(w, head+"<Link rel='"+Websocket+"' href='wss://a.example/'/></XRD>")
					}
					return
				}
				for r.Context().Err() == nil {
					_, _ = io.WriteString(w, " ")
					w.(http.Flusher).Flush()
					time.Sleep(10 * time.Millisecond)
				}
			}, "example.org")
			begin := time.Now()
			got, err := d.lookup(t)
			require.NoError(t, err)
			require.Equal(t, []string{"wss://a.example/"}, got)
			require.Less(t, time.Since(begin), 5*time.Second)
		})
	}
}

// A web server that accepts connections and says nothing costs no connection for ever.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		_, err := Lookup(ctx, Config{Domain: "example.org", Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, l.Addr().String())
		}}, Websocket, "wss")
		failed <- err
	}()
	var conns []net.Conn
	for range 2 {
		conn, err := l.Accept()
		require.NoError(t, err)
		conns = append(conns, conn)
	}
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	for _, conn := range conns {
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
		_, err = io.Copy(io.Discard, conn)
		require.NoError(t, err, "the client has hung up")
		conn.Close()
	}
}
