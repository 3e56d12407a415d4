package xmpp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/sasl"
	"stanza.invalid/internal/realserver"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

const smOffer = "<sm xmlns='urn:xmpp:sm:3'/>"

// resumingServer is a server that is played by hand, over many connections.
type resumingServer struct {
	peer *xmpptest.Peer
	mu   sync.Mutex
	down string   // guarded by mu: an address where nobody is
	went []string // guarded by mu: the addresses that were dialled
}

// DialContext notes where the client goes.
func (s *resumingServer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	s.mu.Lock()
	s.went = append(s.went, addr)
	down := s.down == addr
	s.mu.Unlock()
	if down {
		return nil, errors.New("nobody there")
	}
	return s.peer.Dialer().DialContext(ctx, network, addr)
}

func (s *resumingServer) places() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	went := s.went
	s.went = nil
	return went
}

// login plays the server's side up to what the client wants then, and returns that.
func (s *resumingServer) login(t *testing.T) (*xmpptest.PeerConn, string) {
	t.Helper()
	c, err := s.peer.Accept(t.Context())
	require.NoError(t, err)
	_, err = c.OpenClient(offerSASL("PLAIN"))
	require.NoError(t, err)
	r, err := c.Read()
	require.NoError(t, err)
	require.True(t, r.Is(sasl.NS, "auth"))
	require.NoError(t, c.Send("<success xmlns='"+sasl.NS+"'/>"))
	_, err = c.OpenClient(bindOffer + smOffer)
	require.NoError(t, err)
	return c, wants(t, c)
}

// wants reads what the client says next, and tells it in short.
func wants(t *testing.T, c *xmpptest.PeerConn) string {
	t.Helper()
	r, err := c.Read()
	require.NoError(t, err)
	switch {
	case r.Local() == "resume":
		id, _ := r.Attr("previd")
		return "resume " + id
	case !r.Child("urn:ietf:params:xml:ns:xmpp-bind", "bind").IsZero():
		id, _ := r.Attr("id")
		return "bind " + id
	}
	return r.Local()
}

// bindTo gives the client its address, and a session that can be resumed.
func bindTo(t *testing.T, c *xmpptest.PeerConn, wish, session string) {
	t.Helper()
	require.Regexp(t, "^bind ", wish)
	require.NoError(t, c.Send("<iq type='result' id='"+wish[len("bind "):]+"'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>juliet@example.org/balcony</jid></bind></iq>"))
	require.Equal(t, "enable", wants(t, c))
	require.NoError(t, c.Send("<enabled xmlns='urn:xmpp:sm:3' resume='true' "+session+"/>"))
}

// VF5: a client resumes before it binds and never after, where the server says, and if
// nobody is there, where it always goes.
func TestVF5Order(t *testing.T) {
	t.Parallel()
	for _, dead := range []bool{false, true} {
		t.Run(fmt.Sprint("dead ", dead), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &resumingServer{peer: xmpptest.NewPeer()}
				defer s.peer.Close()
				if dead {
					s.down = "other.example:99"
				}
				c, err := xmpp.NewClient(juliet, xmpp.Config{
					Password: "secret", Addr: "memory:5222", Dialer: s, InsecureNoTLS: true, Auth: xmpp.AuthPolicy{InsecurePlain: true},
					Backoff: stream.Backoff{Min: time.Second, Spread: time.Second},
				})
				require.NoError(t, err)
				opened := make(chan error, 1)
				go func() { opened <- c.Open(t.Context()) }()
				conn, wish := s.login(t)
				bindTo(t, conn, wish, "id='one' location='other.example:99'")
				require.NoError(t, <-opened)
				synctest.Wait()
				require.Equal(t, []string{"memory:5222"}, s.places())

				// the session is gone: binding comes next, and no second attempt to resume
				conn.Close()
				conn, wish = s.login(t)
				require.Equal(t, "resume one", wish)
				want := []string{"other.example:99"}
				if dead {
					want = append(want, "memory:5222")
				}
				require.Equal(t, want, s.places())
				require.NoError(t, conn.Send("<failed xmlns='urn:xmpp:sm:3'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>"))
				bindTo(t, conn, wants(t, conn), "id='two'")
				synctest.Wait()

				// the session is there: no binding
				conn.Close()
				conn, wish = s.login(t)
				require.Equal(t, "resume two", wish)
				require.Equal(t, []string{"memory:5222"}, s.places(), "the old place was that of the old session")
				require.NoError(t, conn.Send("<resumed xmlns='urn:xmpp:sm:3' previd='two' h='0'/>"))
				require.NoError(t, conn.Send("<iq type='get' id='p' from='example.org'><ping xmlns='urn:xmpp:ping'/></iq>"))
				require.Equal(t, "iq", wants(t, conn))
				require.Equal(t, juliet, c.Local())
				go func() { _ = c.Close(context.Background()) }()
				for err == nil {
					_, err = conn.Read()
				}
				conn.Close()
				<-c.Done()
			})
		})
	}
}

// VF8: a server that has forgotten the session, and does not say what it got: each stanza
// that it has not acknowledged is reported as lost, none as acknowledged, and what was
// never written goes out in the new session.
func TestVF8Forgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := xmpptest.Start(t, xmpptest.Config{})
		romeo := srv.User("romeo@example.org/orchard")
		c := connect(t, srv, nil)
		synctest.Wait()
		srv.DropAcks(true)
		var written, later []*stream.Delivery
		for i := range 20 {
			d, err := c.SendTracked(t.Context(), stanza.NewMessage(romeo.JID(), fmt.Sprint(i)))
			require.NoError(t, err)
			written = append(written, d)
		}
		for range 20 {
			romeo.ExpectMessage(t)
		}
		srv.RefuseResume(1)
		srv.Disconnect(juliet.String())
		synctest.Wait()
		for i := range 5 {
			d, err := c.SendTracked(t.Context(), stanza.NewMessage(romeo.JID(), fmt.Sprint("later ", i)))
			require.NoError(t, err)
			later = append(later, d)
		}
		srv.DropAcks(false)
		for _, d := range written {
			outcome, err := d.Wait(t.Context())
			require.NoError(t, err)
			require.Equal(t, stream.Lost, outcome)
		}
		for i, d := range later {
			outcome, err := d.Wait(t.Context())
			require.NoError(t, err)
			require.Equal(t, stream.Acked, outcome)
			require.Equal(t, fmt.Sprint("later ", i), romeo.ExpectMessage(t).Body.String())
		}
		romeo.ExpectNothing(t, time.Minute)
	})
}

// VF8: the same with a Prosody that is killed.
func TestVF8ForgottenProsody(t *testing.T) {
	t.Parallel()
	s := realserver.Prosody(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cfg := onServer(s, realserver.JulietPassword)
	cfg.Backoff = stream.Backoff{Min: 50 * time.Millisecond}
	c := login(t, s, "juliet@localhost/forgotten", cfg)
	first, err := c.SendTracked(ctx, stanza.NewMessage(jid.MustParse("romeo@localhost"), "before"))
	require.NoError(t, err)
	outcome, err := first.Wait(ctx)
	require.NoError(t, err)
	require.Equal(t, stream.Acked, outcome)
	var all []*stream.Delivery
	for range 20 {
		d, err := c.SendTracked(ctx, stanza.NewMessage(jid.MustParse("romeo@localhost"), "during"))
		require.NoError(t, err)
		all = append(all, d)
	}
	s.Kill()
	s.Start()
	for _, d := range all {
		outcome, err := d.Wait(ctx)
		require.NoError(t, err, "nobody is left in doubt")
		require.Contains(t, []stream.DeliveryOutcome{stream.Acked, stream.Lost}, outcome)
	}
	last, err := c.SendTracked(ctx, stanza.NewMessage(jid.MustParse("romeo@localhost"), "after"))
	require.NoError(t, err)
	outcome, err = last.Wait(ctx)
	require.NoError(t, err)
	require.Equal(t, stream.Acked, outcome)
}

// descriptors returns how many files the process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(all)
}

// VF12: clients that log in, lose their connection, come back and end, over TCP and over
// websockets, leave no descriptor and no goroutine behind. It is not parallel: it counts
// those of the process.
func TestVF12Descriptors(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	srv := xmpptest.NewServer(xmpptest.Config{Mechanisms: []string{"PLAIN"}, Bindings: []string{}})
	srv.Account(juliet.Bare().String(), "secret")
	once := func(cfg xmpp.Config, i int) {
		cfg.Backoff = stream.Backoff{Min: time.Millisecond, Spread: time.Millisecond}
		c, err := xmpp.Dial(t.Context(), juliet, cfg)
		require.NoError(t, err)
		if i%4 < 2 {
			srv.Disconnect(juliet.String())
		}
		if i%2 == 0 {
			c.Abort()
		} else {
			require.NoError(t, c.Close(context.Background()))
		}
		<-c.Done()
	}
	tcp, web := srv.ClientConfig(juliet.String()), srv.WebsocketConfig(juliet.String())
	tcp.Addr, tcp.Dialer = srv.Addr(), nil
	web.Transport, web.Dialer = overURL(srv.WebsocketURL()), nil
	for i := range 8 {
		once([]xmpp.Config{tcp, web}[i%2], i/2)
	}
	quiet := func() (files, goroutines int) {
		for range 100 { // the last connections end a moment later
			files, goroutines = descriptors(t), runtime.NumGoroutine()
			time.Sleep(10 * time.Millisecond)
			if f, g := descriptors(t), runtime.NumGoroutine(); f == files && g == goroutines {
				break
			}
		}
		return files, goroutines
	}
	time.Sleep(1200 * time.Millisecond) // the server's farewells
	files, goroutines := quiet()
	for i := range 200 {
		once([]xmpp.Config{tcp, web}[i%2], i/2)
	}
	time.Sleep(1200 * time.Millisecond)
	f, g := quiet()
	require.LessOrEqual(t, f, files)
	require.LessOrEqual(t, g, goroutines)
	srv.Close()
}
