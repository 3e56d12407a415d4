package xmpp_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// roads leads to different places, and notes which were gone to.
type roads struct {
	to   map[string]xmpp.Dialer // nobody is where none leads
	mu   sync.Mutex
	went []string
}

func (r *roads) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	r.mu.Lock()
	r.went = append(r.went, addr)
	d := r.to[addr]
	r.mu.Unlock()
	if d != nil {
		return d.DialContext(ctx, network, addr)
	}
	return nil, errors.New("nobody there")
}

// set makes a road lead to somebody else.
func (r *roads) set(addr string, to xmpp.Dialer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.to[addr] = to
}

func (r *roads) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.went
	r.went = nil
	return w
}

// The location at which a server wants its sessions to be resumed (XEP-0198) is asked first,
// with all that TLS has to show anywhere else. Where nothing comes of it, be it that nobody
// is there, that somebody is there who says nothing, or that it is somebody else, the
// session is resumed where the client always goes.
func TestResumeLocation(t *testing.T) {
	t.Parallel()
	const home, away = "memory:5222", "other.example:99"
	for name, tt := range map[string]struct {
		other func(t *testing.T, srv *xmpptest.Server) xmpp.Dialer
		want  []string
	}{
		"the server": {func(_ *testing.T, srv *xmpptest.Server) xmpp.Dialer { return srv.Dialer() }, []string{away}},
		"nobody":     {func(*testing.T, *xmpptest.Server) xmpp.Dialer { return nil }, []string{away, home}},
		"somebody who says nothing": {func(t *testing.T, _ *xmpptest.Server) xmpp.Dialer {
			return mute(t)
		}, []string{away, home}},
		"somebody without TLS": {func(t *testing.T, _ *xmpptest.Server) xmpp.Dialer {
			return impostor(t, xmpptest.Config{NoTLS: true}).Dialer()
		}, []string{away, home}},
		"somebody else": {func(t *testing.T, _ *xmpptest.Server) xmpp.Dialer {
			return impostor(t, xmpptest.Config{}).Dialer()
		}, []string{away, home}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.Start(t, xmpptest.Config{Location: away})
				r := &roads{to: map[string]xmpp.Dialer{home: srv.Dialer()}}
				if d := tt.other(t, srv); d != nil {
					r.to[away] = d
				}
				c := connect(t, srv, func(cfg *xmpp.Config) { cfg.Dialer = r })
				synctest.Wait()
				require.Equal(t, []string{home}, r.take())
				require.True(t, srv.Disconnect(juliet.String()))
				e, err := stream.WaitEvent[xmpp.SessionStarted](t.Context(), c, nil)
				require.NoError(t, err)
				require.True(t, e.Resumed)
				require.Equal(t, tt.want, r.take())
			})
		})
	}
}

// impostor is a server that has the account, and no certificate that is worth anything. It
// fails the test if anybody logs in.
func impostor(t *testing.T, cfg xmpptest.Config) *xmpptest.Server {
	cfg.OnStanza = func(_ stream.Direction, peer jid.JID, _ stanza.Stanza) { t.Errorf("%s has logged in", peer) }
	s := xmpptest.Start(t, cfg)
	s.Account(juliet.Bare().String(), "secret")
	t.Cleanup(func() {
		if s.Online(juliet.String()) {
			t.Error("the client has logged in to somebody else")
		}
	})
	return s
}

// mute leads to somebody who listens and says nothing.
func mute(t *testing.T) xmpp.Dialer {
	p := xmpptest.NewPeer()
	t.Cleanup(p.Close)
	go func() {
		for {
			c, err := p.Accept(t.Context())
			if err != nil {
				return
			}
			go func() {
				c.Patience = time.Hour
				_, _ = c.ReadHeader()
				_, _ = c.Read()
				c.Close()
			}()
		}
	}()
	return p.Dialer()
}

// A server to which clients were redirected, and which then says nothing, is given up.
func TestB7MuteRedirection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		r := &roads{to: map[string]xmpp.Dialer{"memory:5222": srv.Dialer(), "mute.example:5222": mute(t)}}
		c := connect(t, srv, func(cfg *xmpp.Config) {
			cfg.Dialer = r
			cfg.Backoff = stream.Backoff{Min: time.Second, Spread: time.Second}
		})
		synctest.Wait()
		r.take()
		require.True(t, srv.Redirect(juliet.String(), "mute.example"))
		_, err := stream.WaitEvent[xmpp.SessionStarted](t.Context(), c, nil)
		require.NoError(t, err)
		require.Equal(t, []string{"mute.example:5222", "memory:5222"}, r.take())
	})
}
