package websocket_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ws "github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/testca"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/websocket"
	"stanza.invalid/xmpp/xmpptest"
)

// webServer is a web server on loopback that shows a certificate for names.
func webServer(t *testing.T, ca *testca.Authority, h http.Handler, names ...string) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Issue(testca.Leaf{Names: names})}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// scripted returns a handler that plays the server's side of a websocket by hand.
func scripted(play func(ctx context.Context, c *ws.Conn)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, &ws.AcceptOptions{Subprotocols: []string{"xmpp"}})
		if err != nil {
			return
		}
		defer c.CloseNow()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		play(ctx, c)
		_, _, _ = c.Read(ctx) // what the client says last
	})
}

func wss(s *httptest.Server) string { return "wss" + strings.TrimPrefix(s.URL, "https") + "/ws" }

// try dials a client of juliet's that expects the server at a URL.
func try(t *testing.T, ca *testca.Authority, url string, change func(cfg *xmpp.Config)) error {
	t.Helper()
	cfg := xmpp.Config{
		Password: "secret", Transport: &websocket.Transport{URL: url}, TLS: &tls.Config{RootCAs: ca.Pool()},
		SessionTimeout: 10 * time.Second, Backoff: stream.Backoff{Off: true},
	}
	if change != nil {
		change(&cfg)
	}
	c, err := xmpp.Dial(t.Context(), juliet, cfg)
	if err == nil {
		_ = c.Close(context.Background())
	}
	return err
}

// reason returns the condition that the peer is told for what is wrong with its XML, or err.
func reason(err error) error {
	var e *wire.SyntaxError
	if errors.As(err, &e) {
		return stream.Condition(e.Condition)
	}
	return err
}

const opened = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.org' id='1' version='1.0'/>"

// say reads what the client says first, and answers with messages.
func say(texts ...string) http.Handler {
	return scripted(func(ctx context.Context, c *ws.Conn) {
		if _, _, err := c.Read(ctx); err != nil {
			return
		}
		for _, text := range texts {
			_ = c.Write(ctx, ws.MessageText, []byte(text))
		}
	})
}

// VT11: what comes in a message is bounded and checked as on TCP.
func TestVT11Messages(t *testing.T) {
	t.Parallel()
	ca := testca.New()
	features := func(inner string) string {
		return "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>" + inner + "</stream:features>"
	}
	for name, c := range map[string]struct {
		say  []string
		want error
	}{
		"huge":                {[]string{opened, features(strings.Repeat("<x xmlns='urn:x'/>", 2000))}, stream.PolicyViolation},
		"deep":                {[]string{opened, features(strings.Repeat("<x xmlns='urn:x'>", 200) + strings.Repeat("</x>", 200))}, stream.PolicyViolation},
		"two elements":        {[]string{opened, features("") + features("")}, stream.BadFormat},
		"half an element":     {[]string{opened, "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>", "</stream:features>"}, stream.BadFormat},
		"nothing":             {[]string{""}, stream.BadFormat},
		"white space":         {[]string{opened, " "}, stream.BadFormat},
		"a stream of TCP":     {[]string{"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"}, nil},
		"the end of TCP":      {[]string{opened, "</stream:stream>"}, stream.NotWellFormed},
		"no namespace":        {[]string{opened, "<message/>"}, stream.InvalidNamespace},
		"undeclared":          {[]string{opened, "<stream:features/>"}, nil},
		"a comment":           {[]string{opened, "<!-- x -->" + features("")}, stream.RestrictedXML},
		"a document type":     {[]string{opened, "<!DOCTYPE a [<!ENTITY e 'x'>]><a/>"}, stream.RestrictedXML},
		"open twice":          {[]string{opened, opened}, nil},
		"not open":            {[]string{features("")}, stream.InvalidNamespace},
		"not UTF-8":           {[]string{opened, "<a xmlns='urn:x'>\xff</a>"}, nil},
		"an error":            {[]string{opened, "<error xmlns='http://etherx.jabber.org/streams'><host-gone xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>"}, stream.HostGone},
		"closed":              {[]string{opened, "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"}, stream.ErrEnded},
		"closed at once":      {[]string{"<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"}, stream.ErrEnded},
		"TLS is offered":      {[]string{opened, features("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")}, nil},
		"elsewhere, in clear": {[]string{"<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='ws://127.0.0.1:1/ws'/>"}, stream.SeeOtherHost},
		"elsewhere, by BOSH":  {[]string{"<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='https://127.0.0.1:1/bosh'/>"}, stream.SeeOtherHost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webServer(t, ca, say(c.say...), "127.0.0.1")
			err := try(t, ca, wss(s), nil)
			require.Error(t, err)
			require.NotErrorIs(t, err, context.DeadlineExceeded)
			if c.want != nil {
				require.ErrorIs(t, reason(err), c.want)
			}
		})
	}
	t.Run("binary", func(t *testing.T) {
		t.Parallel()
		s := webServer(t, ca, scripted(func(ctx context.Context, c *ws.Conn) { _ = c.Write(ctx, ws.MessageBinary, []byte(opened)) }), "127.0.0.1")
		require.ErrorIs(t, try(t, ca, wss(s), nil), stream.BadFormat)
	})
}

// VT11: a frame without end costs a limit's worth of memory.
func TestVT11EndlessFrame(t *testing.T) {
	t.Parallel()
	ca := testca.New()
	var sent atomic.Int64
	s := webServer(t, ca, scripted(func(ctx context.Context, c *ws.Conn) {
		w, err := c.Writer(ctx, ws.MessageText)
		if err != nil {
			return
		}
		_, _ = io.WriteString(w, "<a xmlns='urn:x'>")
		for b := make([]byte, 64<<10); sent.Load() < 64<<20; {
			for i := range b {
				b[i] = 'x'
			}
			n, err := w.Write(b)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	}), "127.0.0.1")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	require.ErrorIs(t, reason(try(t, ca, wss(s), nil)), stream.PolicyViolation)
	runtime.ReadMemStats(&after)
	require.Less(t, sent.Load(), int64(16<<20), "the client has hung up")
	require.Less(t, int64(after.HeapSys)-int64(before.HeapSys), int64(32<<20))
}

// VT11, VT3: the certificate has to be for the host of the URL, and what the client did not
// ask for is not followed.
func TestVT11WrongHost(t *testing.T) {
	t.Parallel()
	ca := testca.New()
	good := webServer(t, ca, say(opened), "127.0.0.1", "localhost")
	var e *tls.CertificateVerificationError
	for name, s := range map[string]*httptest.Server{
		"another host":        webServer(t, ca, say(opened), "other.example"),
		"the address's own":   webServer(t, ca, say(opened), "example.org"),
		"another authority's": webServer(t, testca.New(), say(opened), "127.0.0.1"),
	} {
		require.ErrorAs(t, try(t, ca, wss(s), nil), &e, name)
		err := try(t, ca, wss(s), func(cfg *xmpp.Config) { cfg.TLS.ServerName = "127.0.0.1" })
		require.ErrorAs(t, err, &e, name)
	}
	require.ErrorIs(t, try(t, ca, wss(good), func(cfg *xmpp.Config) { cfg.Pins = [][]byte{make([]byte, 32)} }), xmpp.ErrPin)
	elsewhere := webServer(t, ca, http.RedirectHandler(good.URL+"/ws", http.StatusFound), "127.0.0.1")
	require.ErrorContains(t, try(t, ca, wss(elsewhere), nil), "302")
	page := webServer(t, ca, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 1<<20)) }), "127.0.0.1")
	require.ErrorContains(t, try(t, ca, wss(page), nil), "200")
	header := webServer(t, ca, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }), "127.0.0.1")
	require.Error(t, try(t, ca, wss(header), nil))
	chat := webServer(t, ca, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := ws.Accept(w, r, nil); err == nil {
			_, _, _ = c.Read(context.Background())
		}
	}), "127.0.0.1")
	require.ErrorContains(t, try(t, ca, wss(chat), nil), "does not speak XMPP")
}

// VT11: a page of somebody else's cannot connect a browser to the server of package
// xmpptest, nor can what speaks another protocol.
func TestVT11CrossOrigin(t *testing.T) {
	t.Parallel()
	srv := xmpptest.Start(t, xmpptest.Config{NoTLS: true})
	dial := func(origin, protocol string) error {
		c, _, err := ws.Dial(t.Context(), srv.WebsocketURL(), &ws.DialOptions{
			HTTPHeader: http.Header{"Origin": {origin}}, Subprotocols: []string{protocol},
		})
		if err != nil {
			return err
		}
		defer c.CloseNow()
		_, _, err = c.Read(t.Context())
		return err
	}
	require.ErrorContains(t, dial("https://evil.example", "xmpp"), "403")
	require.Equal(t, ws.StatusPolicyViolation, ws.CloseStatus(dial("http"+strings.TrimPrefix(srv.WebsocketURL()[:strings.LastIndex(srv.WebsocketURL(), "/")], "ws"), "chat")))
}

// B7: a server may send the client to another endpoint, a few times.
func TestB7SeeOtherURI(t *testing.T) {
	t.Parallel()
	ca := testca.New()
	elsewhere := func(uri string) http.Handler {
		return say("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='" + uri + "'/>")
	}
	last := webServer(t, ca, say(opened, "<error xmlns='http://etherx.jabber.org/streams'><host-gone xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>"), "127.0.0.1")
	first := webServer(t, ca, elsewhere(wss(last)), "127.0.0.1")
	require.ErrorIs(t, try(t, ca, wss(first), nil), stream.HostGone)

	wrong := webServer(t, ca, say(opened), "other.example")
	first = webServer(t, ca, elsewhere(wss(wrong)), "127.0.0.1")
	require.ErrorIs(t, try(t, ca, wss(first), nil), stream.SeeOtherHost, "nobody but the one who has the name")

	var visits atomic.Int32
	var loop *httptest.Server
	loop = webServer(t, ca, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visits.Add(1)
		elsewhere(wss(loop)).ServeHTTP(w, r)
	}), "127.0.0.1")
	require.ErrorIs(t, try(t, ca, wss(loop), nil), stream.SeeOtherHost)
	require.EqualValues(t, 5, visits.Load())
}

// Limits of the configuration count as they do on TCP, once there is a session.
func TestLimits(t *testing.T) {
	t.Parallel()
	srv := xmpptest.Start(t, xmpptest.Config{})
	romeo := srv.User("romeo@example.org/orchard")
	got := make(chan int, 1)
	c := connect(t, srv, func(cfg *xmpp.Config) {
		cfg.Limits = wire.Limits{Bytes: 100 << 10}
		cfg.Backoff = stream.Backoff{Off: true}
		cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(_ context.Context, _ *stanza.Message, body string) error {
			got <- len(body)
			return nil
		}))
	})
	require.NoError(t, romeo.Send(message(juliet, 90<<10)))
	require.Equal(t, 90<<10, <-got, "more than what is allowed before the login")
	require.NoError(t, romeo.Send(message(juliet, 110<<10)))
	<-c.Done()
	require.ErrorIs(t, reason(c.Err()), stream.PolicyViolation)
}

func message(to jid.JID, n int) *stanza.Message { return stanza.NewMessage(to, strings.Repeat("x", n)) }

// An endpoint that does not answer leaves time for the others.
func TestSilentEndpoint(t *testing.T) {
	t.Parallel()
	ca := testca.New()
	var meta *httptest.Server
	mute, err := net.Listen("tcp", "127.0.0.1:0") // it accepts connections and says nothing
	require.NoError(t, err)
	defer mute.Close()
	good := webServer(t, ca, say(opened), "localhost")
	_, port, err := net.SplitHostPort(good.Listener.Addr().String())
	require.NoError(t, err)
	meta = webServer(t, ca, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		const link = `{"rel":"urn:xmpp:alt-connections:websocket","href":"wss://%s/ws"}`
		fmt.Fprintf(w, `{"links":[`+link+`,`+link+`,`+link+`]}`, "silent.example", "mute.example", "localhost:"+port)
	}), "example.org")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	conn, err := (&websocket.Transport{}).Connect(ctx, xmpp.Service{
		Domain: "example.org", TLS: &tls.Config{RootCAs: ca.Pool()},
		Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			switch addr {
			case "silent.example:443":
				<-ctx.Done()
				return nil, ctx.Err()
			case "mute.example:443":
				addr = mute.Addr().String()
			case "example.org:443":
				addr = meta.Listener.Addr().String()
			}
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		},
	})
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}
