package xmpp_test

import (
	"context"
	"errors"
	"fmt"
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

// What the user has set up is there again in a new session, and only there.
func TestRestore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d diary
		srv := xmpptest.Start(t, xmpptest.Config{OnStanza: func(dir stream.Direction, peer jid.JID, st stanza.Stanza) {
			if p, ok := st.(*stanza.Presence); ok && dir == stream.In && peer == juliet {
				d.add("presence %s%s", p.Type, p.Status)
			}
			if q, ok := st.(*stanza.IQ); ok && dir == stream.In && peer == juliet && q.IsRequest() {
				d.add("iq %s", q.First().Space)
			}
		}})
		srv.User("room@example.org/us")
		c := connect(t, srv, func(cfg *xmpp.Config) {
			cfg.Presence = &stanza.Presence{Status: stanza.Plain("here")}
			cfg.Carbons = true
		})
		failures := 0
		remove := c.Restore(5, func(ctx context.Context) error {
			d.add("room")
			if failures++; failures == 2 {
				return errors.New("the room is full")
			}
			return c.Send(ctx, &stanza.Presence{To: jid.MustParse("room@example.org/us"), Status: stanza.Plain("joining")})
		})
		xmpp.On(c, func(xmpp.Restored) { d.add("restored") })
		synctest.Wait()
		d.take() // the first session may have begun before all was registered

		srv.Disconnect(juliet.String())
		require.NoError(t, srv.WaitOnline(t.Context(), juliet.String()))
		time.Sleep(time.Second)
		require.Empty(t, d.take(), "a session that goes on has everything")

		anew := func() {
			srv.RefuseResume(1)
			srv.Disconnect(juliet.String())
			_, err := stream.WaitEvent[xmpp.Restored](t.Context(), c, nil)
			require.NoError(t, err)
			synctest.Wait()
		}
		again := func(presence string) []string {
			return []string{"iq urn:xmpp:carbons:2", presence, "room", "presence joining", "restored"}
		}
		require.NoError(t, c.SetPresence(t.Context(), &stanza.Presence{Status: stanza.Plain("busy")}))
		synctest.Wait()
		require.Equal(t, []string{"presence busy"}, d.take())
		failures = 5
		anew()
		require.ElementsMatch(t, again("presence busy"), d.take())
		failures = 1
		anew()
		require.ElementsMatch(t, []string{"iq urn:xmpp:carbons:2", "presence busy", "room", "restored"}, d.take(), "one failure keeps nobody else from running")
		remove()
		require.NoError(t, c.SetPresence(t.Context(), &stanza.Presence{Type: stanza.Unavailable}))
		synctest.Wait()
		d.take()
		anew()
		require.Equal(t, []string{"iq urn:xmpp:carbons:2", "restored"}, d.take())
	})
}

// What more attempts cannot mend ends the client; all else is tried again.
func TestTerminalErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		happen   func(srv *xmpptest.Server)
		terminal error
	}{
		"conflict":  {func(srv *xmpptest.Server) { srv.Expel(juliet.String(), stream.Conflict) }, stream.Conflict},
		"host gone": {func(srv *xmpptest.Server) { srv.Expel(juliet.String(), stream.HostGone) }, stream.HostGone},
		"new password": {func(srv *xmpptest.Server) {
			srv.Account(juliet.Bare().String(), "another")
			srv.Expel(juliet.String(), stream.Reset)
		}, xmpp.NotAuthorized},
		"shutdown": {func(srv *xmpptest.Server) { srv.Expel(juliet.String(), stream.SystemShutdown) }, nil},
		"internal": {func(srv *xmpptest.Server) { srv.Expel(juliet.String(), stream.InternalServerError) }, nil},
		"lost":     {func(srv *xmpptest.Server) { srv.Disconnect(juliet.String()) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.Start(t, xmpptest.Config{})
				client := connect(t, srv, nil)
				c.happen(srv)
				if c.terminal == nil {
					require.NoError(t, srv.WaitOnline(t.Context(), juliet.String()))
					return
				}
				<-client.Done()
				require.ErrorIs(t, client.Err(), c.terminal)
			})
		})
	}
}

// VF10: the clients of a server that goes down do not come back all at once, and slow down
// while it stays away.
func TestVF10Storm(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		clients int
		flaps   bool // the server lets clients in and ends their sessions at once
	}{"down": {1000, false}, "flapping": {100, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.Start(t, xmpptest.Config{NoTLS: true, Mechanisms: []string{"PLAIN"}})
				var mu sync.Mutex
				var attempts []time.Time
				down := false
				dialer := srv.Dialer()
				var clients []*xmpp.Client
				for i := range c.clients {
					addr := fmt.Sprintf("user%d@example.org/x", i)
					srv.Account(jid.MustParse(addr).Bare().String(), "secret")
					cfg := srv.ClientConfig(addr)
					cfg.InsecureNoTLS, cfg.Auth.InsecurePlain = true, true
					cfg.Dialer = dialFunc(func(ctx context.Context, network, a string) (net.Conn, error) {
						mu.Lock()
						defer mu.Unlock()
						if down {
							attempts = append(attempts, time.Now())
							if !c.flaps {
								return nil, errors.New("refused")
							}
						}
						return dialer.DialContext(ctx, network, a)
					})
					client, err := xmpp.Dial(t.Context(), jid.MustParse(addr), cfg)
					require.NoError(t, err)
					clients = append(clients, client)
					if c.flaps {
						xmpp.On(client, func(xmpp.SessionStarted) { go srv.Expel(addr, stream.SystemShutdown) })
					}
				}
				synctest.Wait()
				mu.Lock()
				down = true
				mu.Unlock()
				for _, c := range clients {
					srv.Expel(c.Local().String(), stream.SystemShutdown)
				}
				time.Sleep(10 * time.Minute)
				mu.Lock()
				most, first := 0, 0
				for i, at := range attempts { // in any second, wherever it begins
					for at.Sub(attempts[first]) >= time.Second {
						first++
					}
					most = max(most, i-first+1)
				}
				total := len(attempts)
				mu.Unlock()
				require.LessOrEqual(t, most, total/20, "of %d attempts", total)
				require.Less(t, total, c.clients*20, "each slows down")
				require.Greater(t, total, c.clients*4, "none gives up")
				for _, c := range clients {
					c.Abort()
				}
			})
		})
	}
}

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

func (f dialFunc) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	return f(ctx, network, addr)
}

// A program that learns of another network need not wait.
func TestReconnect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		c := connect(t, srv, func(cfg *xmpp.Config) { cfg.Backoff = stream.Backoff{Min: time.Hour} })
		synctest.Wait()
		for range 3 {
			begin := time.Now()
			c.Reconnect()
			e, err := stream.WaitEvent[xmpp.SessionStarted](t.Context(), c, nil)
			require.NoError(t, err)
			require.True(t, e.Resumed)
			require.Less(t, time.Since(begin), time.Second)
		}
		// in the middle of a wait
		srv.Disconnect(juliet.String())
		time.Sleep(time.Second)
		require.Equal(t, stream.Waiting, c.State())
		c.Reconnect()
		_, err := stream.WaitEvent[xmpp.SessionStarted](t.Context(), c, nil)
		require.NoError(t, err)
	})
}

// VT1: whoever can put words into a connection before there is TLS cannot end a client for
// good: what is final is said over TLS.
func TestVT1FinalWordsInClearText(t *testing.T) {
	t.Parallel()
	for _, cond := range []string{"host-unknown", "host-gone", "not-authorized", "conflict", "unsupported-version", "see-other-host"} {
		t.Run(cond, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.Start(t, xmpptest.Config{})
				evil := xmpptest.NewPeer()
				defer evil.Close()
				conns := 0
				c := connect(t, srv, func(cfg *xmpp.Config) {
					good := cfg.Dialer
					cfg.Dialer = dialFunc(func(ctx context.Context, network, addr string) (net.Conn, error) {
						if conns++; conns == 2 {
							return evil.Dialer().DialContext(ctx, network, addr)
						}
						return good.DialContext(ctx, network, addr)
					})
				})
				require.True(t, srv.Disconnect(juliet.String()))
				p, err := evil.Accept(t.Context())
				require.NoError(t, err)
				_, err = p.ReadHeader()
				require.NoError(t, err)
				require.NoError(t, p.Send("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' id='1'><stream:error><"+cond+" xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"))
				require.NoError(t, srv.WaitOnline(t.Context(), juliet.String()))
				require.NoError(t, c.Err())
				require.Equal(t, 3, conns)
			})
		})
	}
}
