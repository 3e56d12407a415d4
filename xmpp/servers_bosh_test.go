package xmpp_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// bare makes requests of BOSH by hand, for a session that is not logged in.
type bare struct {
	url, sid string
	c        *http.Client
}

func newBare(t *testing.T, s *tested) *bare {
	t.Helper()
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.roots}}
	t.Cleanup(tr.CloseIdleConnections)
	b := &bare{url: s.bosh(true), c: &http.Client{Transport: tr}}
	answer, err := b.post(limited(t), "<body xmlns='http://jabber.org/protocol/httpbind' rid='100' to='localhost' wait='20' hold='1' ver='1.11' xml:lang='en'"+
		" xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0'/>")
	require.NoError(t, err)
	sid := regexp.MustCompile(` sid=['"]([^'"]*)`).FindStringSubmatch(answer)
	require.NotNil(t, sid, answer)
	b.sid = sid[1]
	return b
}

func (b *bare) post(ctx context.Context, body string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	a, err := b.c.Do(r)
	if err != nil {
		return "", err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	return string(text), err
}

// send makes a request, and hands over the answer, or "" if there is none.
func (b *bare) send(ctx context.Context, rid int, inner string) <-chan string {
	answer := make(chan string, 1)
	go func() {
		text, _ := b.post(ctx, fmt.Sprintf("<body xmlns='http://jabber.org/protocol/httpbind' rid='%d' sid='%s'>%s</body>", rid, b.sid, inner))
		answer <- text
	}()
	return answer
}

// Two requests that come in the wrong order are to be handled in the right one (XEP-0124,
// section 14.2). Where they are not, the transport sees to it that they don't come so.
func wrongOrder(t *testing.T, s *tested) {
	b := newBare(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	later := b.send(ctx, 102, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='NONE'/>")
	time.Sleep(300 * time.Millisecond)
	earlier := b.send(ctx, 101, "")
	if s.stops {
		select {
		case text := <-earlier:
			t.Fatal(text)
		case text := <-later:
			t.Fatal(text)
		case <-time.After(2 * time.Second):
		}
		return
	}
	// the refusal comes in the first answer that there may be
	require.Contains(t, <-earlier+<-later, "<failure ")
}
