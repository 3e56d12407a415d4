package soak

import (
	"context"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/websocket"
	"stanza.invalid/xmpp/xmpptest"
)

// VF12: clients that log in over real sockets, and end in each of the ways in which a client
// ends, leave no descriptor, no goroutine and no memory behind.
func TestVF12Connects(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	const keep = 300 * time.Millisecond // sessions whose connection is lost
	plain := xmpptest.Start(t, xmpptest.Config{NoTLS: true, Mechanisms: []string{"PLAIN"}, Bindings: []string{}, Resumption: keep})
	secure := xmpptest.Start(t, xmpptest.Config{Mechanisms: []string{"PLAIN"}, Bindings: []string{}, Resumption: keep})
	for _, s := range []*xmpptest.Server{plain, secure} {
		s.Account(juliet.Bare().String(), "secret")
	}
	clear := plain.ClientConfig(juliet.String())
	clear.Addr, clear.Dialer, clear.InsecureNoTLS, clear.Auth.InsecurePlain = plain.Addr(), nil, true, true
	tls := secure.ClientConfig(juliet.String())
	tls.Addr, tls.Dialer = secure.Addr(), nil
	web := clear
	web.Addr, web.Transport = "", &websocket.Transport{URL: plain.WebsocketURL()}

	var resumed, connections atomic.Int64
	flat(t, times(10_000), 1200*time.Millisecond, func(i int) {
		cfg, srv := clear, plain
		switch i % 10 {
		case 4:
			cfg, srv = tls, secure
		case 9:
			cfg = web
		}
		cfg.Backoff = stream.Backoff{Min: time.Millisecond, Spread: time.Millisecond}
		cfg.Socket = func(c net.Conn) error { // or there would be no ports left
			connections.Add(1)
			return c.(*net.TCPConn).SetLinger(0)
		}
		c, err := xmpp.NewClient(juliet.Bare(), cfg)
		if err != nil {
			t.Error(err)
			return
		}
		came := make(chan bool, 2)
		xmpp.On(c, func(e xmpp.SessionStarted) { came <- e.Resumed })
		if err := c.Open(t.Context()); err != nil {
			t.Error(err)
			return
		}
		<-came
		switch i / 10 % 4 {
		case 0: // the network ends, and the client comes back before it ends itself
			srv.Disconnect(c.Local().String())
			if <-came {
				resumed.Add(1)
			}
			c.Abort()
		case 1:
			c.Abort()
		case 2:
			srv.Expel(c.Local().String(), stream.Conflict) // for good
		default:
			if err := c.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
		<-c.Done()
	})
	require.Positive(t, resumed.Load())
	require.GreaterOrEqual(t, connections.Load(), int64(times(10_000)))
	t.Logf("%d connections, %d sessions resumed", connections.Load(), resumed.Load())
}
