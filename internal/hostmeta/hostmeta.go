// Package hostmeta asks the web server of a domain where else than at DNS's places its XMPP
// server is (XEP-0156, RFC 6415).
package hostmeta

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// The relations of links.
const (
	Websocket = "urn:xmpp:alt-connections:websocket"
	BOSH      = "urn:xmpp:alt-connections:xbosh"
)

// What an answer may cost.
const (
	maxBytes     = 64 << 10
	maxLinks     = 8
	maxRedirects = 3
	answerTime   = 15 * time.Second
	patience     = time.Second // for the second answer, once the first has told all that is needed
)

// Config is how to ask.
type Config struct {
	// Domain is that of the service, as DNS has it.
	Domain string
	// TLS is how TLS is made. The name to verify is that of the host that is asked.
	TLS *tls.Config
	// Dial makes connections.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Lookup returns the URLs of the links of one relation whose scheme is scheme, without
// others than those. It asks for both formats at once, over HTTPS and nothing else, and does
// not wait long for the second answer. That the domain has none is no error.
func Lookup(ctx context.Context, cfg Config, rel, scheme string) ([]*url.URL, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	// the transport's own contexts outlive the request, and so would what waits for a server
	// that says nothing
	t := &http.Transport{
		DialTLSContext: func(_ context.Context, network, addr string) (net.Conn, error) {
			conn, err := cfg.Dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			secure := tls.Client(conn, tlsConfig(cfg.TLS, addr))
			if err := secure.HandshakeContext(ctx); err != nil {
				conn.Close()
				return nil, err
			}
			return secure, nil
		},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: 16 << 10,
	}
	client := &http.Client{Transport: t, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if r.URL.Scheme != "https" || len(via) > maxRedirects {
			return fmt.Errorf("a redirection to %s is not followed", r.URL.Redacted())
		}
		return nil
	}}
	host := cfg.Domain
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	formats := []struct {
		path  string
		parse func(b []byte) ([]link, error)
	}{{"host-meta.json", parseJSON}, {"host-meta", parseXRD}}
	type answer struct {
		i   int
		all []*url.URL
		err error
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	answers := make(chan answer, len(formats))
	found, errs := make([][]*url.URL, len(formats)), make([]error, len(formats))
	for i, f := range formats {
		errs[i] = context.DeadlineExceeded
		wg.Go(func() {
			var links []link
			b, err := get(ctx, client, "https://"+host+"/.well-known/"+f.path)
			if err == nil {
				links, err = f.parse(b)
			}
			answers <- answer{i, usable(links, rel, scheme), err}
		})
	}
	var late <-chan time.Time
	for n := 0; n < len(formats); n++ {
		select {
		case a := <-answers:
			found[a.i], errs[a.i] = a.all, a.err
			if len(a.all) > 0 && late == nil {
				late = time.After(patience)
			}
		case <-late:
			n = len(formats)
		}
	}
	var all []*url.URL
	for _, u := range slices.Concat(found...) {
		if len(all) < maxLinks && !slices.ContainsFunc(all, func(o *url.URL) bool { return o.String() == u.String() }) {
			all = append(all, u)
		}
	}
	if len(all) == 0 && errs[0] != nil && errs[1] != nil {
		return nil, fmt.Errorf("host-meta: %w", errors.Join(errs...))
	}
	return all, nil
}

// usable returns the URLs of the links that a client may follow.
func usable(links []link, rel, scheme string) (all []*url.URL) {
	for _, l := range links {
		u, err := url.Parse(strings.TrimSpace(l.Href))
		if l.Rel == rel && err == nil && u.Scheme == scheme && u.Host != "" && u.User == nil {
			all = append(all, u)
		}
	}
	return all
}

// tlsConfig returns how TLS is made with the web server at addr.
func tlsConfig(t *tls.Config, addr string) *tls.Config {
	if t = t.Clone(); t == nil {
		t = &tls.Config{}
	}
	// the web server is another one than that which the user's pins and certificates are for
	t.Certificates, t.GetClientCertificate = nil, nil
	t.ServerName, _, _ = net.SplitHostPort(addr)
	if !t.InsecureSkipVerify {
		t.VerifyConnection = nil // else it may be all the verification that there is
	}
	t.NextProtos = []string{"http/1.1"}
	t.MinVersion = max(t.MinVersion, tls.VersionTLS12)
	return t
}

func get(ctx context.Context, client *http.Client, u string) ([]byte, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, err
	}
	a, err := client.Do(q)
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", u, a.Status)
	}
	b, err := io.ReadAll(io.LimitReader(a.Body, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u, err)
	}
	if len(b) > maxBytes {
		return nil, fmt.Errorf("%s: more than %d bytes", u, maxBytes)
	}
	return b, nil
}

// link is a link in either format.
type link struct {
	Rel  string `json:"rel" xml:"rel,attr"`
	Href string `json:"href" xml:"href,attr"`
}

func parseJSON(b []byte) ([]link, error) {
	var doc struct {
		Links []link `json:"links"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("host-meta.json: %w", err)
	}
	return doc.Links, nil
}

// nsXRD is the namespace of XRD 1.0.
const nsXRD = "http://docs.oasis-open.org/ns/xri/xrd-1.0"

func parseXRD(b []byte) ([]link, error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	var all []link
	for depth := 0; ; {
		t, err := d.Token()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("host-meta: %w", err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, errors.New("host-meta: a document type, which no XRD has")
		case xml.EndElement:
			depth--
		case xml.StartElement:
			depth++
			if depth == 1 && (t.Name.Space != nsXRD || t.Name.Local != "XRD") {
				return nil, errors.New("host-meta: not an XRD")
			}
			if depth != 2 || t.Name.Space != nsXRD || t.Name.Local != "Link" {
				continue
			}
			l := link{}
			for _, a := range t.Attr {
				switch a.Name {
				case xml.Name{Local: "rel"}:
					l.Rel = a.Value
				case xml.Name{Local: "href"}:
					l.Href = a.Value
				}
			}
			all = append(all, l)
		}
	}
}
