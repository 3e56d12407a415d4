package xmpptest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"stanza.invalid/gen/limits"
	"stanza.invalid/internal/testca"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Config says how a [Server] behaves. The zero Config is useful.
type Config struct {
	// TLS makes the server expect TLS from the first byte of each connection, with a
	// certificate of its own that [Server.TLSConfig] trusts. Without it, clients get
	// STARTTLS, with a certificate for their domain that [Server.Roots] trusts.
	TLS bool
	// NoTLS lets clients log in without TLS, and offers them none.
	NoTLS bool
	// Certificate is shown in place of the server's own; nil for that.
	Certificate *tls.Certificate
	// MaxTLS is the highest version of TLS; 0 means the highest that there is.
	MaxTLS uint16
	// Mechanisms are what clients may log in with: SCRAM with SHA-512, 256 and 1, with and
	// without channel binding, and PLAIN if nil. ANONYMOUS, EXTERNAL (with a certificate
	// whose common name is the account's) and OAUTHBEARER (with the password for a token)
	// work as well.
	Mechanisms []string
	// Bindings are the channel bindings that the server announces (XEP-0440): tls-exporter
	// and tls-server-end-point if nil. An empty list announces nothing.
	Bindings []string
	// ProveOffer makes the server prove in SCRAM what it has offered (XEP-0474), so that clients
	// find out if somebody in between has taken something away.
	ProveOffer bool
	// NoSASL2 turns SASL 2 (XEP-0388) off, and with it Bind 2 and tokens.
	NoSASL2 bool
	// Tokens are the mechanisms of tokens (XEP-0484): HT-SHA-256-EXPR, -ENDP and -NONE if nil.
	// With an empty list there are no tokens.
	Tokens []string
	// TokenLife is how long tokens last (default 21 days). When half of it is over the next
	// one is given.
	TokenLife time.Duration
	// Upgrades are the tasks that give the server salted passwords for other mechanisms
	// (XEP-0480), such as UPGR-SCRAM-SHA-512. See [Server.Upgraded].
	Upgrades []string
	// Registration lets people make accounts themselves (XEP-0077).
	Registration bool
	// NoManagement turns stream management (XEP-0198) off.
	NoManagement bool
	// Resumption is how long a client's session lasts without a connection (default 5 min).
	Resumption time.Duration
	// Location is where the server wants sessions to be resumed, host:port (XEP-0198); "" for
	// anywhere.
	Location string
	// AckEvery is after how many stanzas to a client it is asked for an acknowledgement
	// (default 5).
	AckEvery int
	// Archive is how many messages the archive of an account has (XEP-0313; default 1,000; negative
	// for none). The oldest go first.
	Archive int
	// Offline is how many messages wait for a client of an account that has none (default 100;
	// negative for none). More of them are refused.
	Offline int
	// OnStanza is called for each stanza that the server gets from a component or user
	// (stream.In) and for each that it hands to one (stream.Out); peer is that component
	// or user. It must not change the stanza, not block, and not call the server; several
	// goroutines may call it at once. It may be nil.
	OnStanza func(d stream.Direction, peer jid.JID, st stanza.Stanza)
	// Limits bound what one stanza may cost.
	Limits wire.Limits
	// Announced are limits that clients are told of (XEP-0478); nil announces nothing.
	Announced *limits.Limits
	// QueueBytes is how much may wait to be written to one component (default 4 MiB).
	// Whoever sends it more waits.
	QueueBytes int
	// Inbox is how many stanzas may wait for a user to receive them (default 10,000).
	// Further ones are dropped, which the user's Receive reports.
	Inbox int
	// BOSH is how clients are taken by BOSH.
	BOSH BOSHOptions
	// Patience is how long the server waits for a component that does not read, or that
	// does not negotiate, before it cuts it off, and how long the expectations of a [User]
	// or [Peer] wait (default 5 s).
	Patience time.Duration
}

func (c Config) withDefaults() Config {
	if c.QueueBytes <= 0 {
		c.QueueBytes = 4 << 20
	}
	if c.Inbox <= 0 {
		c.Inbox = 10_000
	}
	if c.Patience <= 0 {
		c.Patience = 5 * time.Second
	}
	if c.Mechanisms == nil {
		c.Mechanisms = mechanisms()
	}
	if c.Bindings == nil {
		c.Bindings = []string{"tls-exporter", "tls-server-end-point"}
	}
	if c.Tokens == nil {
		c.Tokens = []string{"HT-SHA-256-EXPR", "HT-SHA-256-ENDP", "HT-SHA-256-NONE"}
	}
	if c.TokenLife <= 0 {
		c.TokenLife = 21 * 24 * time.Hour
	}
	if c.Resumption <= 0 {
		c.Resumption = 5 * time.Minute
	}
	if c.Archive == 0 {
		c.Archive = 1000
	}
	if c.Offline == 0 {
		c.Offline = 100
	}
	if c.AckEvery <= 0 {
		c.AckEvery = 5
	}
	return c
}

// A Server is an XMPP server in the process. Its methods may be called from any goroutine.
type Server struct {
	cfg Config // immutable

	mu           sync.Mutex
	components   map[string]*component       // guarded by mu, by domain
	users        map[jid.JID]*User           // guarded by mu
	accounts     map[jid.JID]*account        // guarded by mu
	ca           *testca.Authority           // guarded by mu: made when it is first needed
	certs        map[string]*tls.Certificate // guarded by mu, by domain
	refuseResume int                         // guarded by mu
	ignoreResume int                         // guarded by mu
	dropAcks     bool                        // guarded by mu
	slowness     time.Duration               // guarded by mu
	conns        map[*conn]struct{}          // guarded by mu
	listener     net.Listener                // guarded by mu: nil until Addr is asked for
	direct       net.Listener                // guarded by mu: nil until DirectAddr is asked for
	web          *web                        // guarded by mu: nil until it is asked for
	changed      chan struct{}               // guarded by mu: closed when a component comes or goes
	closed       bool                        // guarded by mu

	network network
	running sync.WaitGroup // connections and the listener
}

// component is what the server knows of one component.
type component struct {
	domain jid.JID
	secret string // immutable
	conn   *conn  // guarded by Server.mu: nil while it is not connected
	refuse int    // guarded by Server.mu: how many handshakes are still refused
}

// ErrClosed is returned for what needs a server that was closed.
var ErrClosed = errors.New("xmpptest: the server is closed")

// NewServer returns a running server, which the caller should close. It opens no socket
// until [Server.Addr] is called. See [Start] for tests.
func NewServer(cfg Config) *Server {
	s := &Server{
		cfg:        cfg.withDefaults(),
		components: map[string]*component{},
		users:      map[jid.JID]*User{},
		accounts:   map[jid.JID]*account{},
		certs:      map[string]*tls.Certificate{},
		conns:      map[*conn]struct{}{},
		changed:    make(chan struct{}),
	}
	return s
}

// Start returns a running server that is closed when the test ends.
func Start(t TB, cfg Config) *Server {
	t.Helper()
	s := NewServer(cfg)
	t.Cleanup(s.Close)
	return s
}

// Component lets a component connect that knows the secret. Calling it again for the same
// domain changes the secret for connections that are made from then on. It panics if
// domain is no domain, or one that has users.
func (s *Server) Component(domain, secret string) {
	addr := jid.MustParse(domain)
	if addr.IsZero() || addr.Domain() != addr.String() {
		panic(fmt.Sprintf("xmpptest: %q is no domain", domain))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for a := range s.accounts {
		if a.Domain() == addr.Domain() {
			panic(fmt.Sprintf("xmpptest: the domain of the component %s has the account %s", addr, a))
		}
	}
	for u := range s.users {
		if u.Domain() == addr.Domain() {
			panic(fmt.Sprintf("xmpptest: the domain of the component %s has the user %s", addr, u))
		}
	}
	c := &component{domain: addr, secret: secret}
	if old := s.components[addr.Domain()]; old != nil {
		c.conn = old.conn
		if c.conn != nil {
			c.conn.account = c
		}
	}
	s.components[addr.Domain()] = c
}

// User adds a user with an address, usually a full one, or returns the one who has it.
// A user whose address is a domain stands for a whole service: it gets all that is sent
// to the domain and is for nobody else, and may send from every address of it. User
// panics if addr is no address, or one of a component's domain.
func (s *Server) User(addr string) *User {
	j := jid.MustParse(addr)
	if j.IsZero() {
		panic("xmpptest: a user needs an address")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.components[j.Domain()] != nil {
		panic(fmt.Sprintf("xmpptest: the user %s has the domain of a component", j))
	}
	if u := s.users[j]; u != nil {
		return u
	}
	u := &User{srv: s, addr: j, more: make(chan struct{}, 1), closed: s.closed}
	s.users[j] = u
	return u
}

// Connected reports whether a component is connected.
func (s *Server) Connected(domain string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.components[domain]
	return c != nil && c.conn != nil
}

// WaitConnected waits until a component is connected.
func (s *Server) WaitConnected(ctx context.Context, domain string) error {
	return s.wait(ctx, domain, true)
}

// WaitGone waits until a component is not connected.
func (s *Server) WaitGone(ctx context.Context, domain string) error {
	return s.wait(ctx, domain, false)
}

func (s *Server) wait(ctx context.Context, domain string, connected bool) error {
	return s.waitFor(ctx, func() bool {
		c := s.components[domain]
		return (c != nil && c.conn != nil) == connected
	})
}

// waitFor waits until ok, which is called with mu held, returns true.
func (s *Server) waitFor(ctx context.Context, ok func() bool) error {
	for {
		s.mu.Lock()
		there, changed, closed := ok(), s.changed, s.closed
		s.mu.Unlock()
		if there {
			return nil
		}
		if closed {
			return ErrClosed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Disconnect cuts a component's connection, or that of a client with this full address,
// without a word, as a broken network does, and reports whether there was one.
func (s *Server) Disconnect(addr string) bool {
	c := s.connection(addr)
	if c == nil {
		return false
	}
	c.raw.Close()
	<-c.gone
	return true
}

// Expel ends the stream of a component or client with a stream error, and reports whether
// there was one.
func (s *Server) Expel(addr string, why stream.Condition) bool {
	c := s.connection(addr)
	if c == nil {
		return false
	}
	c.expel(why)
	<-c.gone
	return true
}

// Redirect ends the stream of a component or client with the stream error see-other-host,
// which sends it to another host, host or host:port (RFC 6120, section 4.9.3.19), and reports
// whether there was one. For clients over websockets it is a URI.
func (s *Server) Redirect(addr, host string) bool {
	c := s.connection(addr)
	if c == nil {
		return false
	}
	c.hangUp(&stream.Error{Condition: stream.SeeOtherHost, Host: host})
	<-c.gone
	return true
}

// Refuse makes the server answer the next n handshakes of a component with the stream
// error resource-constraint, after which trying again is of use. It panics if there is no
// such component.
func (s *Server) Refuse(domain string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.components[domain]
	if c == nil {
		panic(fmt.Sprintf("xmpptest: there is no component %q", domain))
	}
	c.refuse = n
}

func (s *Server) connection(addr string) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.components[addr]; c != nil {
		return c.conn
	}
	if j, err := jid.Parse(addr); err == nil {
		if r := s.resource(j); r != nil {
			return r.conn
		}
	}
	return nil
}

// SlowReads makes the server wait before it reads each thing that a client sends.
func (s *Server) SlowReads(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slowness = d
}

func (s *Server) slow() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slowness
}

// hosts reports whether there are accounts of a domain, or clients may get one.
func (s *Server) hosts(domain jid.JID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.components[domain.Domain()] != nil {
		return false
	}
	for a := range s.accounts {
		if a.Domain() == domain.Domain() {
			return true
		}
	}
	return len(s.accounts) == 0 && slices.Contains(s.cfg.Mechanisms, "ANONYMOUS")
}

// takesCertificates reports whether clients may log in by certificate.
func (s *Server) takesCertificates() bool { return slices.Contains(s.cfg.Mechanisms, "EXTERNAL") }

// hasComponent reports whether a domain is a component's.
func (s *Server) hasComponent(domain jid.JID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.components[domain.Domain()] != nil
}

// hasUser reports whether somebody stands for an address.
func (s *Server) hasUser(addr jid.JID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[addr] != nil
}

// notify wakes whoever waits for components to come or go. The caller holds mu.
func (s *Server) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Close ends the server: it tells its components that it shuts down, closes every
// connection, and returns when nothing of it is left running. Users can still receive
// what they got before. Closing twice is harmless.
func (s *Server) Close() {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	var conns []*conn
	for c := range s.conns {
		conns = append(conns, c)
	}
	var users []*User
	for _, u := range s.users {
		users = append(users, u)
	}
	var sessions []*resource
	for _, a := range s.accounts {
		sessions = append(sessions, a.list(func(r *resource) bool { return r.conn == nil })...)
	}
	listeners, w := []net.Listener{s.listener, s.direct}, s.web
	if first {
		s.notify()
	}
	s.mu.Unlock()
	for _, l := range listeners {
		if l != nil {
			l.Close()
		}
	}
	for _, c := range conns {
		c.expel(stream.SystemShutdown)
	}
	if w != nil {
		w.close()
	}
	for _, u := range users {
		u.close()
	}
	for _, r := range sessions {
		s.endResource(r)
	}
	s.running.Wait()
}
