package xmpp

import (
	"context"
	"fmt"
	"sync"

	"stanza.invalid/internal/mechanism"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// session is embedded by another name than its own, which is that of a method.
type session = Session

// Client is a user's session with a server. It has the methods of [Session], and connects
// again by itself until it is closed, or until trying again is of no use.
type Client struct {
	*session
	cfg    Config  // immutable
	addr   jid.JID // immutable: the address that it was made for
	domain string  // immutable: the domain as DNS and TLS know it
	login  login
	hooks  *Trace // immutable: Config.Trace, guarded; nil for none

	redirect redirect
	places   targets
	shown    shown

	storing sync.Mutex // held while Config.Store is written

	mine     sync.Mutex
	password *string          // guarded by mine: in place of Config.Password
	keys     *mechanism.Keys  // guarded by mine: made for the first login
	presence *stanza.Presence // guarded by mine: the last; each session begins with it if it is available
	inactive bool             // guarded by mine: nobody is looking
	server   ServerFeatures   // guarded by mine: of the last session that was new
	carbons  bool             // guarded by mine: the session has begun with them
	deleted  bool             // guarded by mine: there is no account any more
	// spoke says that the server was told whether somebody is looking since the session has
	// begun, or will be in the next: what was sent at its end may go out there. It is guarded
	// by mine.
	spoke bool
	// saidInactive says that the session has begun so. It is guarded by mine.
	saidInactive bool
	forgetting   bool // immutable: see ForgetToken
}

var _ Link = (*Client)(nil)

// NewClient returns a client that is not connected: handlers of events can be registered
// with it before [Client.Open] connects it. The address is that of an account, with or
// without a resource, or, for an anonymous login, a domain.
func NewClient(addr jid.JID, cfg Config) (*Client, error) {
	return newClient(addr, cfg, (*Client).negotiators)
}

// newClient returns a client that gets to its session by steps of its own.
func newClient(addr jid.JID, cfg Config, steps func(c *Client) []stream.Negotiator) (*Client, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(addr); err != nil {
		return nil, err
	}
	domain, err := asciiDomain(addr.Domain())
	if err != nil {
		return nil, fmt.Errorf("xmpp: the domain %q: %w", addr.Domain(), err)
	}
	if cfg.Resource == "" {
		cfg.Resource = addr.Resource()
	}
	c := &Client{cfg: cfg, addr: addr, domain: domain} // no closure takes cfg: once is enough of it
	c.hooks = c.guarded(cfg.Trace)
	var management *stream.Management
	if !cfg.NoManagement {
		management = &c.cfg.Management
		if management.Save != nil {
			management.Save = c.addPeers(management.Save)
		}
		if err := c.takeSuspended(management.Resume); err != nil {
			return nil, err
		}
	}
	c.session = NewSession(stream.Config{
		Management:  management,
		Idle:        max(cfg.Idle, 0),
		IdleTimeout: cfg.IdleTimeout,
		Probe:       c.probe,
		Dial:        c.dial,
		Redirect:    c.follow,
		Elsewhere:   c.elsewhere,
		Header: stream.Header{
			To: addr.DomainJID(), Version: "1.0", Lang: cfg.Lang,
		},
		Negotiators:    steps(c),
		Opening:        c.opening,
		Trusted:        c.trusted,
		Limits:         cfg.Limits,
		Queue:          cfg.Queue,
		KeepAlive:      cfg.KeepAlive,
		Backoff:        cfg.Backoff,
		SessionTimeout: cfg.SessionTimeout,
		Logger:         cfg.Logger,
		XML:            c.trace().XML,
		Features:       c.trace().Features,
		Failed:         cfg.Failed,
		Unhandled:      cfg.Unhandled,
	}, cfg.SessionConfig)
	if cfg.Presence != nil {
		c.presence = cfg.Presence.Clone()
	}
	if t := c.hooks; t != nil && t.Session != nil {
		stream.On(c, func(_ context.Context, e SessionStarted) error {
			t.session(e.Local, e.Resumed)
			return nil
		}, stream.Direct(), stream.At("Config.Trace"))
	}
	c.restoreOwn()
	c.sayInactive()
	return c, nil
}

// Dial connects a client and returns when it is logged in. ctx bounds this call only. An
// error that more attempts cannot mend is told apart by errors.Is and errors.As: an
// [*AuthError], [ErrNoTLS], a *tls.CertificateVerificationError, a *[stream.Error]. Later, what
// is said before there is TLS ends nothing for good: it may be anybody who says it.
func Dial(ctx context.Context, addr jid.JID, cfg Config) (*Client, error) {
	c, err := NewClient(addr, cfg)
	if err != nil {
		return nil, err
	}
	if err := c.Open(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Open connects, and returns when the first session has started, or with why there is none:
// it tries each place of the server's once at most, and a client that could not be opened is
// closed. The errors are those of [Dial]. It may be called once; ctx bounds this call only.
func (c *Client) Open(ctx context.Context) error { return c.stream.Open(ctx) }

// trusted reports whether what is said over a connection comes from the server.
func (c *Client) trusted(conn *stream.Conn) bool {
	return c.cfg.InsecureNoTLS || tlsState(conn) != nil
}

// negotiators are the steps to a session, in the order of XEP-0170.
func (c *Client) negotiators() []stream.Negotiator {
	return []stream.Negotiator{
		{Name: "TLS", Run: c.startTLS},
		{Name: "authentication", Run: c.authenticate},
		{Name: "resumption", Run: c.resume},
		{Name: "resource binding", Run: c.bind},
	}
}
