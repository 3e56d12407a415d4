package xmpp_test

import (
	"context"
	"encoding/binary"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// However much there is to write at once, no stanza is in two records of TLS: a server gets
// it whole or not at all, wherever the connection breaks.
func TestRecords(t *testing.T) {
	t.Parallel()
	const answer = len("<a xmlns='urn:xmpp:sm:3' h='0'/>")
	for _, way := range []struct {
		name   string
		config func(srv *xmpptest.Server) xmpp.Config
		more   int // what a message is longer by
		answer int // how long an answer is
	}{
		{"TCP", func(srv *xmpptest.Server) xmpp.Config { return srv.ClientConfig("juliet@example.org") }, 0, answer},
		{"websocket", func(srv *xmpptest.Server) xmpp.Config { return srv.WebsocketConfig("juliet@example.org") },
			len(" xmlns='jabber:client'") + 2 + 2 + 4, answer + 2 + 4}, // with length and mask (RFC 6455, section 5.2)
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			srv := xmpptest.Start(t, xmpptest.Config{})
			srv.Account("juliet@example.org", "secret")
			cfg := way.config(srv)
			cfg.Password = "secret"
			cfg.Management.AckEvery, cfg.Management.AckAfter = 1000, time.Hour // nothing but messages
			tap := &recordTap{Dialer: cfg.Dialer}
			cfg.Dialer = tap
			c, err := xmpp.Dial(t.Context(), jid.MustParse("juliet@example.org/balcony"), cfg)
			require.NoError(t, err)
			defer func() { require.NoError(t, c.Close(context.Background())) }()

			for _, ok := c.Stream().Resumable(); !ok; _, ok = c.Stream().Resumable() {
				time.Sleep(time.Millisecond) // what asks for that is a piece of its own
			}
			m := stanza.NewMessage(jid.MustParse("romeo@example.org"), strings.Repeat("x", 200))
			m.ID = "same"
			text := stream.Print(m)
			tap.gate.Lock() // while this write is under way the others gather
			for range 500 {
				require.NoError(t, c.Send(t.Context(), m))
			}
			tap.records = nil
			tap.gate.Unlock()
			require.NoError(t, c.Stream().Flush(t.Context()))
			tap.gate.Lock()
			defer tap.gate.Unlock()
			full := 0
			for _, n := range tap.records {
				n -= 17 // type and tag (RFC 8446, section 5.2)
				if n > len(text)*2 {
					// behind messages there may be one answer about what was handled
					require.Contains(t, []int{0, way.answer, way.answer + 1, way.answer + 2}, n%(len(text)+way.more), "a record of %d bytes, messages of %d", n, len(text)+way.more)
					full++
				}
			}
			require.GreaterOrEqual(t, full, 500*len(text)/(16<<10))
		})
	}
}

// recordTap dials connections whose records of TLS are measured when they are written.
type recordTap struct {
	xmpp.Dialer
	gate    sync.Mutex // held by each write
	records []int      // guarded by gate: their lengths
}

func (d *recordTap) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := d.Dialer.DialContext(ctx, network, addr)
	return &tapped{Conn: c, d: d}, err
}

type tapped struct {
	net.Conn
	d *recordTap
}

func (c *tapped) Write(b []byte) (int, error) {
	c.d.gate.Lock()
	defer c.d.gate.Unlock()
	for p := b; len(p) >= 5 && p[0] == 23; {
		n := int(binary.BigEndian.Uint16(p[3:]))
		c.d.records = append(c.d.records, n)
		p = p[min(5+n, len(p)):]
	}
	return c.Conn.Write(b)
}
