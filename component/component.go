package component

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"stanza.invalid/gen/handshake"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Config is how a component connects and what it serves. Addr and Secret are required.
type Config struct {
	xmpp.SessionConfig

	// Addr is the server's address for components, host:port.
	Addr string
	// Secret is what the server knows the component by. It is in no log and no error.
	Secret string
	// Namespace is the content namespace of the stream: jabber:component:accept if empty.
	// Some servers want jabber:client.
	Namespace string
	// TLS makes the connection with TLS from the first byte; nil is plain TCP, which suits a
	// server on the same machine. Without a ServerName the host of Addr is verified.
	TLS *tls.Config
	// Socket is called for each new connection before anything is sent, to set options on
	// it. It may be nil.
	Socket func(c net.Conn) error
	// Dialer makes connections; nil is a net.Dialer.
	Dialer Dialer

	// Limits bound what one stanza may cost.
	Limits wire.Limits
	// Queue bounds how far handlers may fall behind.
	Queue stream.QueueLimits
	// KeepAlive is after how much silence of this side a space is sent; 0 means never.
	KeepAlive time.Duration
	// Backoff says when to connect again.
	Backoff stream.Backoff
	// SessionTimeout is how long connecting may take (default 45 s).
	SessionTimeout time.Duration
	// Logger gets what goes wrong; nil means silence.
	Logger *slog.Logger
	// XML is called with each piece of what goes over the connection, without secrets; see
	// stream.Config.
	XML func(d stream.Direction, text string)
	// Failed is called for what a handler did not catch; see stream.Config.
	Failed func(f stream.Failure)
	// Unhandled is called for what no handler took; see stream.Config.
	Unhandled func(p stanza.Payload)
}

// A Dialer makes connections. *net.Dialer is one.
type Dialer interface {
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}

// String returns the configuration without the secret.
func (c Config) String() string {
	return fmt.Sprintf("component.Config{Addr: %q, Secret: [redacted]}", c.Addr)
}

// Format prints nothing but String, whatever the verb, so that none shows the secret.
func (c Config) Format(f fmt.State, verb rune) { fmt.Fprintf(f, fmt.FormatString(f, verb), c.String()) }

// LogValue returns the configuration without the secret.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// session is embedded by another name than its own, which is that of a method.
type session = xmpp.Session

// Component is a component's session with its server. It has the methods of
// [xmpp.Session], and reconnects by itself until it is closed.
type Component struct {
	*session
}

var _ xmpp.Link = (*Component)(nil)

// String says whose component it is.
func (c Component) String() string { return fmt.Sprintf("component.Component(%s)", c.Local()) }

// Format prints nothing but String, whatever the verb: what is inside changes meanwhile, and some is secret.
func (c Component) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), c.String())
}

// LogValue says whose component it is.
func (c Component) LogValue() slog.Value { return slog.StringValue(c.String()) }

// ErrHandshake is returned when the server refuses the secret. It is final.
var ErrHandshake = errors.New("component: the server refused the handshake")

// New returns a component that is not connected: events can be registered with it before
// [Component.Open] connects it.
func New(domain jid.JID, cfg Config) (*Component, error) {
	switch {
	case domain.IsZero() || domain.Local() != "" || domain.Resource() != "":
		return nil, fmt.Errorf("component: %q is no domain", domain)
	case cfg.Addr == "":
		return nil, errors.New("component: Config.Addr is missing")
	case cfg.Secret == "":
		return nil, errors.New("component: Config.Secret is missing")
	}
	if cfg.Namespace == "" {
		cfg.Namespace = wire.NSComponent
	}
	peer := &server{addr: cfg.Addr, secret: cfg.Secret, tls: cfg.TLS, socket: cfg.Socket, dialer: cfg.Dialer}
	s := xmpp.NewSession(stream.Config{
		Dial:           peer.dial,
		Header:         stream.Header{To: domain, Content: cfg.Namespace},
		StampFrom:      true,
		Negotiators:    []stream.Negotiator{peer.handshake(domain)},
		Limits:         cfg.Limits,
		Queue:          cfg.Queue,
		KeepAlive:      cfg.KeepAlive,
		Backoff:        cfg.Backoff,
		SessionTimeout: cfg.SessionTimeout,
		Logger:         cfg.Logger,
		XML:            cfg.XML,
		Failed:         cfg.Failed,
		Unhandled:      cfg.Unhandled,
	}, cfg.SessionConfig)
	return &Component{session: s}, nil
}

// Dial connects a component and returns when its session has started. ctx bounds this
// call only. A secret that the server refuses is [ErrHandshake].
func Dial(ctx context.Context, domain jid.JID, cfg Config) (*Component, error) {
	c, err := New(domain, cfg)
	if err != nil {
		return nil, err
	}
	if err := c.Open(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Open connects. It may be called once.
func (c *Component) Open(ctx context.Context) error { return c.Stream().Open(ctx) }

// server is what a component needs of its configuration to connect again: the rest of it is not kept twice.
type server struct {
	addr, secret string
	tls          *tls.Config
	socket       func(c net.Conn) error
	dialer       Dialer
}

func (s *server) dial(ctx context.Context) (stream.Transport, error) {
	var d Dialer = &net.Dialer{}
	if s.dialer != nil {
		d = s.dialer
	}
	conn, err := d.DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return nil, err
	}
	if s.socket != nil {
		if err := s.socket(conn); err != nil {
			conn.Close()
			return nil, err
		}
	}
	if s.tls == nil {
		return conn, nil
	}
	tc := s.tls.Clone()
	if tc.ServerName == "" && !tc.InsecureSkipVerify {
		if tc.ServerName, _, err = net.SplitHostPort(s.addr); err != nil {
			conn.Close()
			return nil, err
		}
	}
	tc.DynamicRecordSizingDisabled = true // as for clients: stanzas are whole in records
	t := tls.Client(conn, tc)
	if err := t.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return t, nil
}

// handshake is XEP-0114, section 3.
func (s *server) handshake(domain jid.JID) stream.Negotiator {
	return stream.Negotiator{Name: "handshake", Run: func(_ context.Context, conn *stream.Conn) (stream.Outcome, error) {
		peer := conn.Peer()
		if peer.ID == "" {
			// servers leave it out where a stream error follows
			err := errors.New("the server gave the stream no id")
			if _, why := conn.Read(); why != nil {
				err = fmt.Errorf("%w: %w", err, why)
			}
			return 0, err
		}
		sum := sha1.Sum([]byte(peer.ID + s.secret))
		b := append([]byte("<handshake>"), hex.EncodeToString(sum[:])...)
		if err := conn.WriteBytes(append(b, "</handshake>"...)); err != nil {
			return 0, err
		}
		r, err := conn.Read()
		var e *stream.Error
		if errors.As(err, &e) && e.Condition == stream.NotAuthorized {
			return 0, stream.Permanent(fmt.Errorf("%w: %w", ErrHandshake, err))
		}
		if err != nil {
			return 0, err
		}
		// the element is in the content namespace, which reads as jabber:client
		if r.Local() != "handshake" || r.Space() != wire.NSClient && r.Space() != handshake.NS {
			return 0, fmt.Errorf("%s in place of the handshake's answer", r.Name())
		}
		conn.SetLocal(domain)
		remote := peer.From
		if remote.IsZero() {
			remote = domain
		}
		conn.SetRemote(remote)
		return stream.Done, nil
	}}
}
