package xmpp_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/xmpptest"
)

// records is DNS that knows where clients of example.org go, and no addresses.
type records []*net.SRV

func (r records) LookupSRV(_ context.Context, service, _, _ string) (string, []*net.SRV, error) {
	if service != "xmpp-client" {
		return "", nil, errors.New("no such host")
	}
	return "", r, nil
}

func (records) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, errors.New("no such host")
}

// talking leads to somebody who says something and hangs up.
func talking(text string) xmpp.Dialer {
	return dialFunc(func(context.Context, string, string) (net.Conn, error) {
		a, b := net.Pipe()
		go func() {
			go io.Copy(io.Discard, b)
			if text != "" {
				_, _ = io.WriteString(b, text)
			}
			b.Close()
		}()
		return a, nil
	})
}

const (
	first, second, backup = "first.example:5222", "second.example:5222", "backup.example:5222"
	header                = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' id='1' from='example.org'>"
)

// X7: a place that takes connections and leads to no login is left for the next one within
// the same attempt, and comes last in those of the next minutes.
func TestX7NextPlace(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bad    func(t *testing.T) xmpp.Dialer
		within time.Duration
	}{
		"closes at once": {func(*testing.T) xmpp.Dialer { return talking("") }, 0},
		"no XMPP":        {func(*testing.T) xmpp.Dialer { return talking("SSH-2.0-OpenSSH_9.2\r\n") }, time.Second},
		"host unknown": {func(*testing.T) xmpp.Dialer {
			return talking(header + "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>")
		}, time.Second},
		"says nothing":  {func(t *testing.T) xmpp.Dialer { return mute(t) }, 12 * time.Second},
		"no TLS":        {func(t *testing.T) xmpp.Dialer { return impostor(t, xmpptest.Config{NoTLS: true}).Dialer() }, time.Second},
		"somebody else": {func(t *testing.T) xmpp.Dialer { return impostor(t, xmpptest.Config{}).Dialer() }, 6 * time.Second},
		"STARTTLS fails": {func(*testing.T) xmpp.Dialer {
			return talking(header + "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features><failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
		}, time.Second},
		"no handshake": {func(*testing.T) xmpp.Dialer {
			return talking(header + "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features><proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
		}, time.Second},
		"takes no connection": {func(*testing.T) xmpp.Dialer { return nil }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := xmpptest.Start(t, xmpptest.Config{})
				r := &roads{to: map[string]xmpp.Dialer{backup: srv.Dialer()}}
				if d := tt.bad(t); d != nil {
					r.to[first] = d
				}
				begin := time.Now()
				c := connect(t, srv, func(cfg *xmpp.Config) {
					cfg.Addr, cfg.Dialer, cfg.Idle = "", r, -1
					cfg.Resolver = records{{Target: "first.example.", Port: 5222, Priority: 1}, {Target: "backup.example.", Port: 5222, Priority: 2}}
				})
				require.Equal(t, []string{first, backup}, r.take())
				require.LessOrEqual(t, time.Since(begin), tt.within)
				again := func(want ...string) {
					t.Helper()
					synctest.Wait()
					require.True(t, srv.Disconnect(juliet.String()))
					e, err := stream.WaitEvent[xmpp.SessionStarted](t.Context(), c, nil)
					require.NoError(t, err)
					require.True(t, e.Resumed)
					require.Equal(t, want, r.take())
				}
				again(backup)
				time.Sleep(10 * time.Minute)
				again(first, backup)
				again(backup)
				// another network may lead there
				c.Reconnect()
				_, err := stream.WaitEvent[xmpp.SessionStarted](t.Context(), c, nil)
				require.NoError(t, err)
				require.Equal(t, []string{first, backup}, r.take())
				// once it works again it is the first again
				r.set(first, srv.Dialer())
				time.Sleep(10 * time.Minute)
				again(first)
				again(first)
			})
		})
	}
}

// X7: of several places each has its turn, those of the same priority before those of a
// lower one; where all fail, the error says why for each, and later attempts take turns.
func TestX7AllPlacesFail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		noTLS := impostor(t, xmpptest.Config{NoTLS: true}).Dialer()
		r := &roads{to: map[string]xmpp.Dialer{first: noTLS, second: impostor(t, xmpptest.Config{}).Dialer(), backup: talking("")}}
		change := func(cfg *xmpp.Config) {
			cfg.Addr, cfg.Dialer, cfg.Idle = "", r, -1
			cfg.Backoff = stream.Backoff{Min: time.Second, Spread: time.Second}
			cfg.Resolver = records{
				{Target: "first.example.", Port: 5222, Priority: 1}, {Target: "second.example.", Port: 5222, Priority: 1}, {Target: "backup.example.", Port: 5222, Priority: 2},
			}
		}
		_, err := tryConnect(t, srv, change)
		require.ErrorIs(t, err, io.ErrClosedPipe)
		require.ErrorIs(t, err, xmpp.ErrNoTLS)
		var e *tls.CertificateVerificationError
		require.ErrorAs(t, err, &e)
		went := r.take()
		require.ElementsMatch(t, []string{first, second}, went[:2])
		require.Equal(t, []string{backup}, went[2:])

		// a session, and then nobody serves any more
		r.set(backup, srv.Dialer())
		c := connect(t, srv, change)
		r.take()
		r.set(backup, talking(""))
		require.True(t, srv.Disconnect(juliet.String()))
		time.Sleep(time.Minute)
		synctest.Wait()
		went = r.take()
		require.GreaterOrEqual(t, len(went), 4)
		require.Equal(t, backup, went[0])
		require.ElementsMatch(t, []string{first, second, backup}, went[1:4], "each in its turn")
		r.set(first, srv.Dialer())
		_, err = stream.WaitEvent[xmpp.SessionStarted](t.Context(), c, nil)
		require.NoError(t, err)
	})
}

// X7: what fails behind the login is no reason to bother the next place at once: it would say
// the same. The next attempt begins there, though.
func TestX7LoginFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		r := &roads{to: map[string]xmpp.Dialer{first: srv.Dialer(), backup: srv.Dialer()}}
		change := func(cfg *xmpp.Config) {
			cfg.Addr, cfg.Dialer, cfg.Idle = "", r, -1
			cfg.Resolver = records{{Target: "first.example.", Port: 5222, Priority: 1}, {Target: "backup.example.", Port: 5222, Priority: 2}}
		}
		_, err := tryConnect(t, srv, func(cfg *xmpp.Config) { change(cfg); cfg.Password = "guess" })
		require.ErrorIs(t, err, xmpp.NotAuthorized)
		require.Equal(t, []string{first}, r.take())
		fail := false
		cfg := srv.ClientConfig(juliet.String())
		change(&cfg)
		cfg.Password, cfg.Backoff = "", stream.Backoff{Min: time.Second}
		cfg.Credentials = func(context.Context) (xmpp.Credentials, error) {
			if fail {
				return xmpp.Credentials{}, errors.New("not now")
			}
			return xmpp.Credentials{Password: "secret"}, nil
		}
		c, err := xmpp.Dial(t.Context(), jid.MustParse("juliet@example.org"), cfg)
		require.NoError(t, err)
		defer hangUp(t, c)
		r.take()
		fail = true
		attempts := -1 // the first is the end of the session
		xmpp.On(c, func(xmpp.Disconnected) { attempts++ })
		require.True(t, srv.Disconnect(c.Local().String()))
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		went := r.take()
		require.Len(t, went, attempts)
		require.Equal(t, []string{first, backup, first, backup}, went[:4], "each in its turn")
	})
}

// X7: a zone full of places that lead nowhere costs an attempt a few connections, not all of them.
func TestX7ManyPlaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		r := &roads{to: map[string]xmpp.Dialer{}}
		var all records
		for i := range 12 {
			host := fmt.Sprintf("s%d.example", i)
			all = append(all, &net.SRV{Target: host + ".", Port: 5222, Priority: uint16(i)})
			r.to[host+":5222"] = talking("")
		}
		_, err := tryConnect(t, srv, func(cfg *xmpp.Config) { cfg.Addr, cfg.Dialer, cfg.Resolver = "", r, all })
		require.Error(t, err)
		require.Equal(t, []string{"s0.example:5222", "s1.example:5222", "s2.example:5222", "s3.example:5222", "s4.example:5222"}, r.take())
	})
}
