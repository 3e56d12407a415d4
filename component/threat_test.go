package component_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/component"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp/xmpptest"
)

// notes is a log that may be written by several goroutines.
type notes struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write notes.
func (n *notes) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(b)
}

// VT9: neither the secret nor the hash that proves it is in a log, an error, or the
// configuration as it prints; the hash is for one stream id only.
func TestVT9Secret(t *testing.T) {
	t.Parallel()
	srv := start(t, xmpptest.Config{})
	var log notes
	cfg := inMemory(srv)
	cfg.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg.Backoff = stream.Backoff{Off: true}
	cfg.Logger.Info("configured", "config", cfg)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&log, verb, cfg)
	}
	c, err := component.New(domain, cfg)
	require.NoError(t, err)
	require.NoError(t, c.Open(t.Context()))
	require.True(t, srv.Disconnect(domain.String()))
	<-c.Done()
	fmt.Fprintln(&log, c.Err())

	// a server that shows what it was given
	p := xmpptest.NewPeer()
	t.Cleanup(p.Close)
	cfg.Dialer = p.Dialer()
	hashes := map[string]bool{}
	for _, id := range []string{"one", "two"} {
		bad, err := component.New(domain, cfg)
		require.NoError(t, err)
		opened := make(chan error, 1)
		go func() { opened <- bad.Open(t.Context()) }()
		pc, err := p.Accept(t.Context())
		require.NoError(t, err)
		_, err = pc.Open(id)
		require.NoError(t, err)
		r, err := pc.Read()
		require.NoError(t, err)
		require.Equal(t, digest(id+secret), r.Text())
		hashes[r.Text()] = true
		require.NoError(t, pc.Send("<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"))
		for err == nil {
			_, err = pc.Read() // its farewell
		}
		err = <-opened
		require.ErrorIs(t, err, component.ErrHandshake)
		fmt.Fprintln(&log, err)
		pc.Close()
	}
	require.Len(t, hashes, 2)
	log.mu.Lock()
	defer log.mu.Unlock()
	text := log.b.String()
	require.Contains(t, text, "configured")
	require.NotContains(t, text, secret)
	for h := range hashes {
		require.NotContains(t, text, h)
	}
}
