package bosh_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/testca"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/bosh"
)

// webServer is a web server on loopback that shows a certificate for names.
func webServer(t *testing.T, ca *testca.Authority, h http.Handler, names ...string) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Issue(testca.Leaf{Names: names})}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// try dials a client of juliet's that expects the server at a URL.
func try(t *testing.T, ca *testca.Authority, url string, change func(cfg *xmpp.Config)) error {
	t.Helper()
	cfg := xmpp.Config{
		Password: "secret", Transport: &bosh.Transport{URL: url}, TLS: &tls.Config{RootCAs: ca.Pool()},
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

const (
	ns       = " xmlns='http://jabber.org/protocol/httpbind' xmlns:stream='http://etherx.jabber.org/streams'"
	created  = "<body" + ns + " xmlns:xmpp='urn:xmpp:xbosh' sid='s-1' wait='50' requests='2' hold='1' ver='1.11' xmpp:version='1.0' xmpp:restartlogic='true'"
	features = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>"
	empty    = "<body" + ns + "/>"
)

// terminated ends a session.
func terminated(condition, inner string) string {
	return "<body" + ns + " type='terminate' condition='" + condition + "'>" + inner + "</body>"
}

// say answers the first requests with texts, and the others with the last of them. A request
// to end the session is answered as it should be.
func say(texts ...string) http.Handler {
	var n atomic.Int32
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		if strings.Contains(string(b), "type='terminate'") {
			fmt.Fprint(w, terminated("", ""))
			return
		}
		fmt.Fprint(w, texts[min(int(n.Add(1)), len(texts))-1])
	})
}

// VT11: what comes in a body is bounded and checked as on TCP.
func TestVT11Bodies(t *testing.T) {
	t.Parallel()
	ca := testca.New()
	in := func(inner string) string { return created + ">" + inner + "</body>" }
	lost := errors.New("a session that is lost, not ended")
	for name, c := range map[string]struct {
		say  []string
		want error
	}{
		"a long element":       {[]string{in("<stream:features>" + strings.Repeat("<x xmlns='urn:x'/>", 2000) + "</stream:features>")}, stream.PolicyViolation},
		"a long start tag":     {[]string{created + " x='" + strings.Repeat("x", 20_000) + "'/>"}, stream.PolicyViolation},
		"deep":                 {[]string{in("<stream:features>" + strings.Repeat("<x xmlns='urn:x'>", 200) + strings.Repeat("</x>", 200) + "</stream:features>")}, stream.PolicyViolation},
		"not a body":           {[]string{"<html xmlns='http://www.w3.org/1999/xhtml'/>"}, stream.InvalidNamespace},
		"another namespace":    {[]string{"<body xmlns='jabber:client' sid='s-1'/>"}, stream.InvalidNamespace},
		"no namespace":         {[]string{"<body sid='s-1'/>"}, stream.InvalidNamespace},
		"not well-formed":      {[]string{in("<stream:features></x>")}, stream.NotWellFormed},
		"half a body":          {[]string{created + ">" + features}, stream.BadFormat},
		"half a start tag":     {[]string{created}, stream.BadFormat},
		"nothing":              {[]string{""}, stream.BadFormat},
		"text":                 {[]string{"It works!"}, stream.NotWellFormed},
		"text in a body":       {[]string{in("x" + features)}, stream.BadFormat},
		"a second body":        {[]string{in("") + in(features)}, stream.NotWellFormed},
		"more behind it":       {[]string{in(features) + "x"}, stream.NotWellFormed},
		"behind an empty one":  {[]string{created + "/>" + features}, stream.NotWellFormed},
		"a stream inside":      {[]string{in("<stream:stream xmlns='jabber:client' version='1.0'>" + features + "</stream:stream>")}, stream.InvalidXML},
		"undeclared":           {[]string{"<body xmlns='http://jabber.org/protocol/httpbind' sid='s-1'><stream:features/></body>"}, stream.NotWellFormed},
		"a comment":            {[]string{in("<!-- x -->" + features)}, stream.RestrictedXML},
		"a document type":      {[]string{"<!DOCTYPE a [<!ENTITY e 'x'>]>" + in(features)}, stream.RestrictedXML},
		"an entity":            {[]string{in("<stream:features>&e;</stream:features>")}, stream.RestrictedXML},
		"not UTF-8":            {[]string{in("<a xmlns='urn:x'>\xff</a>")}, nil},
		"no session":           {[]string{empty}, nil},
		"no features":          {[]string{in("<message xmlns='jabber:client'/>")}, stream.InvalidXML},
		"asks again, for ever": {[]string{"<body" + ns + " type='error'/>"}, nil},
		"an error":             {[]string{in(features), terminated("remote-stream-error", "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>")}, stream.Conflict},
		"an error of old":      {[]string{in(features), terminated("remote-stream-error", "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>")}, stream.Conflict},
		"an error, untold":     {[]string{in(features), terminated("remote-stream-error", "")}, stream.UndefinedCondition},
		"an error at once":     {[]string{terminated("host-unknown", "")}, stream.HostUnknown},
		"the end":              {[]string{in(features), "<body" + ns + " type='terminate'/>"}, stream.ErrEnded},
		"the end at once":      {[]string{"<body" + ns + " type='terminate'/>"}, stream.ErrEnded},
		"bad-request":          {[]string{in(features), terminated("bad-request", "")}, stream.BadFormat},
		"host-gone":            {[]string{in(features), terminated("host-gone", "")}, stream.HostGone},
		"improper-addressing":  {[]string{in(features), terminated("improper-addressing", "")}, stream.ImproperAddressing},
		"a fault":              {[]string{in(features), terminated("internal-server-error", "")}, lost},
		"policy-violation":     {[]string{in(features), terminated("policy-violation", "")}, stream.PolicyViolation},
		"system-shutdown":      {[]string{in(features), terminated("system-shutdown", "")}, stream.SystemShutdown},
		"anything else":        {[]string{in(features), terminated("&lt;x/>", "")}, stream.UndefinedCondition},
		"a wrong session":      {[]string{in(features), terminated("item-not-found", "")}, lost},
		"another request":      {[]string{in(features), terminated("other-request", "")}, lost},
		"no server behind it":  {[]string{in(features), terminated("remote-connection-failed", "")}, lost},
		"TLS is offered":       {[]string{in("<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>")}, nil},
		"elsewhere, in clear":  {[]string{terminated("see-other-uri", "<uri>http://127.0.0.1:1/bosh</uri>")}, stream.SeeOtherHost},
		"elsewhere, nowhere":   {[]string{terminated("see-other-uri", "")}, stream.UndefinedCondition},
		"by websocket":         {[]string{terminated("see-other-uri", "<uri>wss://127.0.0.1:1/ws</uri>")}, stream.SeeOtherHost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := webServer(t, ca, say(c.say...), "127.0.0.1")
			err := try(t, ca, s.URL+"/bosh", nil)
			require.Error(t, err)
			require.NotErrorIs(t, err, context.DeadlineExceeded)
			var e *stream.Error
			switch {
			case c.want == lost:
				require.False(t, errors.As(err, &e), "%v", err)
				require.ErrorContains(t, err, "the server has ended the session of BOSH")
			case c.want != nil:
				require.ErrorIs(t, reason(err), c.want)
			}
		})
	}
}

// VT11: answers of HTTP that are none of BOSH's.
func TestVT11Answers(t *testing.T) {
	t.Parallel()
	ca := testca.New()
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "https://127.0.0.1:1/")
			w.WriteHeader(code)
			fmt.Fprint(w, strings.Repeat("x", 1<<20))
		}
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"301": {status(301), "301"}, "307": {status(307), "307"}, "401": {status(401), "401"}, "403": {status(403), "403"},
		"404": {status(404), "404"}, "407": {status(407), "407"}, "500": {status(500), "500"}, "503": {status(503), "503"},
		"a page": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html><body>Please log in to the network of the hotel.</body></html>")
		}, "text/html"},
		"a long header": {func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, "exceeded"},
		"compressed": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			fmt.Fprint(z, created+">"+features+"</body>")
			_ = z.Close()
		}, "compressed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int32
			s := webServer(t, ca, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n.Add(1)
				require.Empty(t, r.Header.Get("Accept-Encoding"))
				c.answer(w, r)
			}), "127.0.0.1")
			require.ErrorContains(t, try(t, ca, s.URL+"/bosh", nil), c.want)
			require.EqualValues(t, 1, n.Load(), "there is no session that could be repaired")
		})
	}
}

// VT11: a body without end costs a limit's worth of memory, and an element of it, too.
func TestVT11EndlessBody(t *testing.T) {
	t.Parallel()
	ca := testca.New()
	for name, piece := range map[string]string{
		"an element": strings.Repeat("x", 64<<10),
		"a start":    strings.Repeat("x='' ", 10<<10),
		"space":      strings.Repeat(" ", 64<<10),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int64
			s := webServer(t, ca, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch name {
				case "a start":
					fmt.Fprint(w, created+" ")
				case "space":
					fmt.Fprint(w, created+">")
				default:
					fmt.Fprint(w, created+"><a xmlns='urn:x'>")
				}
				for sent.Load() < 64<<20 {
					n, err := io.WriteString(w, piece)
					if sent.Add(int64(n)); err != nil {
						return
					}
				}
			}), "127.0.0.1")
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			require.Error(t, try(t, ca, s.URL+"/bosh", nil))
			runtime.ReadMemStats(&after)
			require.Less(t, sent.Load(), int64(16<<20), "the client has hung up")
			require.Less(t, int64(after.HeapSys)-int64(before.HeapSys), int64(64<<20))
		})
	}
}

// VT11: a server that answers at once, with nothing, is not asked without end.
func TestVT11Flood(t *testing.T) {
	t.Parallel()
	ca := testca.New()
	var n atomic.Int32
	answer := say(created+"/>", empty)
	s := webServer(t, ca, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		answer.ServeHTTP(w, r)
	}), "127.0.0.1")
	err := try(t, ca, s.URL+"/bosh", func(cfg *xmpp.Config) { cfg.SessionTimeout = 3 * time.Second })
	require.ErrorIs(t, err, stream.ErrTimeout)
	require.Less(t, n.Load(), int32(8))
}

// VT11: a server that never answers is not waited for for ever.
func TestVT11Silence(t *testing.T) {
	t.Parallel()
	ca := testca.New()
	done := make(chan struct{})
	defer close(done)
	s := webServer(t, ca, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-done:
		}
	}), "127.0.0.1")
	began := time.Now()
	err := try(t, ca, s.URL+"/bosh", func(cfg *xmpp.Config) { cfg.SessionTimeout = time.Second })
	require.ErrorIs(t, err, stream.ErrTimeout)
	require.Less(t, time.Since(began), 8*time.Second)
}

// VT11, VT3: the certificate has to be for the host of the URL, and stay the same.
func TestVT11WrongHost(t *testing.T) {
	t.Parallel()
	ca := testca.New()
	good := webServer(t, ca, say(created+">"+features+"</body>"), "127.0.0.1", "localhost")
	var e *tls.CertificateVerificationError
	for name, s := range map[string]*httptest.Server{
		"another host":        webServer(t, ca, say(empty), "other.example"),
		"the address's own":   webServer(t, ca, say(empty), "example.org"),
		"another authority's": webServer(t, testca.New(), say(empty), "127.0.0.1"),
	} {
		require.ErrorAs(t, try(t, ca, s.URL, nil), &e, name)
		err := try(t, ca, s.URL, func(cfg *xmpp.Config) { cfg.TLS.ServerName = "127.0.0.1" })
		require.ErrorAs(t, err, &e, name)
	}
	require.ErrorIs(t, try(t, ca, good.URL, func(cfg *xmpp.Config) { cfg.Pins = [][]byte{make([]byte, 32)} }), xmpp.ErrPin)

	// another certificate for the same name, by the same authority
	var shown atomic.Int32
	certs := []tls.Certificate{ca.Issue(testca.Leaf{Names: []string{"127.0.0.1"}}), ca.Issue(testca.Leaf{Names: []string{"127.0.0.1"}})}
	answer := say(created+">"+features+"</body>", empty)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		answer.ServeHTTP(w, r)
	}))
	s.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return &tls.Config{Certificates: certs[min(shown.Add(1), 2)-1:]}, nil
	}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	require.ErrorContains(t, try(t, ca, s.URL, nil), "another certificate")
}

// B7: a server may send the client to another place, a few times.
func TestB7SeeOtherURI(t *testing.T) {
	t.Parallel()
	ca := testca.New()
	elsewhere := func(uri string) http.Handler {
		return say(terminated("see-other-uri", "<uri>"+uri+"</uri>"))
	}
	last := webServer(t, ca, say(terminated("host-gone", "")), "127.0.0.1")
	first := webServer(t, ca, elsewhere(last.URL), "127.0.0.1")
	require.ErrorIs(t, try(t, ca, first.URL, nil), stream.HostGone)

	wrong := webServer(t, ca, say(empty), "other.example")
	first = webServer(t, ca, elsewhere(wrong.URL), "127.0.0.1")
	require.ErrorIs(t, try(t, ca, first.URL, nil), stream.SeeOtherHost, "nobody but the one who has the name")

	var visits atomic.Int32
	var loop *httptest.Server
	loop = webServer(t, ca, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visits.Add(1)
		elsewhere(loop.URL).ServeHTTP(w, r)
	}), "127.0.0.1")
	require.ErrorIs(t, try(t, ca, loop.URL, nil), stream.SeeOtherHost)
	require.EqualValues(t, 5, visits.Load())
}
