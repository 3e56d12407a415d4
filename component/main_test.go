package component_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"stanza.invalid/component"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var domain = jid.MustParse("echo.example.org")

const (
	secret = "Hoi5-correct-horse"
	romeo  = "romeo@example.org/orchard"
)

// echo answers every body with the same body.
func echo() *xmpp.Mux {
	return xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
		return xmpp.Send(ctx, m.Reply(body))
	}))
}

// start returns a server that knows the component.
func start(t *testing.T, cfg xmpptest.Config) *xmpptest.Server {
	t.Helper()
	srv := xmpptest.Start(t, cfg)
	srv.Component(domain.String(), secret)
	return srv
}

// inMemory is the configuration of an echo component without a socket.
func inMemory(srv *xmpptest.Server) component.Config {
	return component.Config{
		SessionConfig: xmpp.SessionConfig{Handler: echo()},
		Addr:          "memory:5347",
		Secret:        secret,
		Dialer:        srv.Dialer(),
	}
}

// dial connects a component that is closed with the test.
func dial(t *testing.T, cfg component.Config) *component.Component {
	t.Helper()
	c, err := component.Dial(t.Context(), domain, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.Background())) })
	return c
}

// echoes fails the test unless the component answers the user.
func echoes(t *testing.T, u *xmpptest.User) {
	t.Helper()
	require.NoError(t, u.Send(stanza.NewMessage(domain, "is there anybody?")))
	u.Expect(t, xmpptest.Exactly(`<message from='echo.example.org' to='romeo@example.org/orchard' type='chat'><body>is there anybody?</body></message>`))
}

// counting counts the connections that are made, and the time of each.
type counting struct {
	component.Dialer
	n     atomic.Int32
	times []time.Time // of one goroutine
}

func (d *counting) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	d.n.Add(1)
	d.times = append(d.times, time.Now())
	return d.Dialer.DialContext(ctx, network, addr)
}

// digest is the hash of XEP-0114, section 3.
func digest(s string) string {
	sum := sha1.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}
