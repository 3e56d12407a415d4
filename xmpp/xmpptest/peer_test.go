package xmpptest_test

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/component"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/xmpptest"
)

func TestPeer(t *testing.T) {
	t.Parallel()
	p := xmpptest.NewPeer()
	defer p.Close()
	c, err := component.New(echo, component.Config{
		SessionConfig: xmpp.SessionConfig{Handler: echoBot()},
		Addr:          "memory", Secret: "secret", Dialer: p.Dialer(),
		Backoff: stream.Backoff{Off: true},
	})
	require.NoError(t, err)
	opened := make(chan error, 1)
	go func() { opened <- c.Open(context.Background()) }()
	pc, err := p.Accept(short(t))
	require.NoError(t, err)
	defer pc.Close()
	domain, err := pc.AcceptComponent("secret")
	require.NoError(t, err)
	require.Equal(t, echo, domain)
	require.NoError(t, <-opened)

	require.NoError(t, pc.Send("<message from='a@b' to='echo.example.org'><body>o"))
	require.NoError(t, pc.Send("ne</body></message>"))
	pc.Expect(t, xmpptest.Exactly(`<message from='echo.example.org' to='a@b'><body>one</body></message>`))
	require.NoError(t, pc.Send("<message><!-- not on a stream --></message>"))
	pc.ExpectStreamError(t, stream.RestrictedXML)
	<-c.Done()
}

func TestPeerRefuses(t *testing.T) {
	t.Parallel()
	p := xmpptest.NewPeer()
	c, err := component.New(echo, component.Config{Addr: "memory", Secret: "guess", Dialer: p.Dialer(), Backoff: stream.Backoff{Off: true}})
	require.NoError(t, err)
	opened := make(chan error, 1)
	go func() { opened <- c.Open(context.Background()) }()
	pc, err := p.Accept(short(t))
	require.NoError(t, err)
	_, err = pc.AcceptComponent("secret")
	require.ErrorContains(t, err, "does not know the secret")
	pc.Close()
	require.Error(t, <-opened)

	d := p.Dialer()
	left, err := d.DialContext(t.Context(), "tcp", "x")
	require.NoError(t, err)
	p.Close()
	_, err = left.Read(make([]byte, 1))
	require.Error(t, err, "nobody accepted it")
	_, err = d.DialContext(t.Context(), "tcp", "x")
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = p.Accept(t.Context())
	require.ErrorIs(t, err, net.ErrClosed)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = xmpptest.NewPeer().Accept(ctx)
	require.ErrorIs(t, err, context.Canceled)
	_, err = d.DialContext(ctx, "tcp", "x")
	require.ErrorIs(t, err, context.Canceled)
}
