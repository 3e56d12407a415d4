package xmpp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"stanza.invalid/internal/mechanism"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Config is how a [Client] connects, logs in, and what it serves. A Password, or another
// kind of credentials, is all that most programs give.
type Config struct {
	SessionConfig

	// Password is that of the account. It is in no log and no error.
	Password string
	// Credentials is asked for credentials at each login, once, in place of Password. It may
	// wait for a user until ctx ends.
	Credentials func(ctx context.Context) (Credentials, error)
	// Anonymous asks for an account that lasts as long as the session (SASL ANONYMOUS); the
	// client is made for a domain.
	Anonymous bool
	// Auth bounds how the client may log in.
	Auth AuthPolicy

	// Store keeps what the client learns at one login for the next. With it the client gets
	// tokens from servers that have them (XEP-0484), and logs in with them: quicker, and
	// without the password. See [FileStore]. Nil remembers only what the server has offered,
	// for as long as the client lasts.
	Store Store
	// UserAgent is what the server is told about the client (XEP-0388).
	UserAgent UserAgent

	// Resource is the resource to ask for, if the address has none; the server may choose
	// another. Without any it makes one, which saves a round trip where it has Bind 2
	// (XEP-0386).
	Resource string
	// Tag is a short name for the client that servers with Bind 2 make a part of the
	// resource. Others see it.
	Tag string
	// Lang is the language of what is sent, where stanzas do not say.
	Lang string

	// Presence is sent at the beginning of each session; nil sends none. See
	// [Client.SetPresence].
	Presence *stanza.Presence
	// Carbons asks for copies of what the account's other clients send and get (XEP-0280).
	Carbons bool

	// Addr is the server's address, host:port, where it is not to be looked up. The
	// certificate has to be for the domain of the client's address nevertheless.
	Addr string
	// DirectTLS starts TLS with the first byte at Addr, in place of STARTTLS.
	DirectTLS bool
	// Transport connects by other means than TCP: see packages xmpp/websocket and xmpp/bosh.
	// Nil is TCP.
	Transport Transport
	// TLS is how TLS is made: roots, client certificates, versions (at least 1.2). The
	// name to verify is the domain of the client's address, whatever ServerName says.
	TLS *tls.Config
	// Pins are SHA-256 hashes of public keys (of their SubjectPublicKeyInfo), one of which
	// must be among those of the server's verified chain. Nil pins nothing.
	Pins [][]byte
	// InsecureNoTLS lets a session, and what is said in it, go over the network in clear
	// text if the server does not offer TLS, or does not answer with it. Passwords are still
	// not sent as such, unless Auth.InsecurePlain says so too. It is for tests on loopback.
	InsecureNoTLS bool
	// Dialer makes connections, and resolves names; nil is a net.Dialer. See [ProxyDialer]. Which
	// names there are to resolve is still asked of Resolver, unless Addr says it. Several
	// goroutines may call it at once.
	Dialer Dialer
	// Resolver looks the server up in DNS; nil is that of package net. Several goroutines may
	// call it at once.
	Resolver Resolver
	// Socket is called for each new connection before anything is sent, to set options on
	// it, and may refuse it; several goroutines may call it at once. It may be nil.
	Socket func(c net.Conn) error

	// Management is how stream management (XEP-0198) is used, if the server has it. With it
	// a session outlives its connection, and [Session.SendTracked] tells what the server has
	// got.
	Management stream.Management
	// NoManagement does without it.
	NoManagement bool
	// Idle is after how much silence the server is asked for a sign of life (default 2 min;
	// negative for never), IdleTimeout how long it has to give one before the connection is
	// given up for dead (default 30 s), and a quarter of how long it has to acknowledge what it
	// gets while it says other things.
	Idle, IdleTimeout time.Duration

	// Limits bound what one stanza may cost.
	Limits wire.Limits
	// Queue bounds how far handlers may fall behind.
	Queue stream.QueueLimits
	// KeepAlive is after how much silence of this side a space is sent; 0 means never.
	KeepAlive time.Duration
	// Backoff says when to connect again.
	Backoff stream.Backoff
	// SessionTimeout is how long connecting and logging in may take (default 45 s).
	SessionTimeout time.Duration
	// Logger gets what goes wrong; nil means silence.
	Logger *slog.Logger
	// Trace has hooks that see what the client does; it may be nil. See [LogTrace].
	Trace *Trace
	// Failed is called for what a handler did not catch, and for panics of the functions in this
	// configuration; see stream.Config. Several goroutines may call it at once.
	Failed func(f stream.Failure)
	// Unhandled is called for what no handler took; see stream.Config.
	Unhandled func(p stanza.Payload)
}

// UserAgent is for the eyes of the server, and of the account's owner who wants to know
// what is logged in. Others do not see it.
type UserAgent struct {
	// ID is a UUID of version 4 that belongs to this installation of the program. If it is
	// empty and there is a Store, one is made and kept there.
	ID string
	// Software is the name of the program, Device that of what it runs on.
	Software, Device string
}

// A Dialer makes connections. *net.Dialer is one.
type Dialer interface {
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}

func (c Config) withDefaults() Config {
	if c.SessionTimeout <= 0 {
		c.SessionTimeout = 45 * time.Second
	}
	if c.Idle == 0 {
		c.Idle = defaultIdle
	}
	if c.IdleTimeout <= 0 {
		c.IdleTimeout = defaultIdleTimeout
	}
	return c
}

func (c *Config) dialer() Dialer {
	if c.Dialer != nil {
		return c.Dialer
	}
	return &net.Dialer{}
}

func (c *Config) resolver() Resolver {
	if c.Resolver != nil {
		return c.Resolver
	}
	return net.DefaultResolver
}

// address returns the host and the port of Addr.
func (c *Config) address() (host string, port uint16, err error) {
	host, p, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("%q is no port", p)
	}
	return host, uint16(n), nil
}

// check finds what cannot be meant.
func (c *Config) check(addr jid.JID) error {
	switch {
	case addr.IsZero():
		return errors.New("xmpp: a client needs an address")
	case addr.Local() == "" && !c.Anonymous:
		return fmt.Errorf("xmpp: %q is no account", addr)
	case c.Anonymous && (c.Password != "" || c.Credentials != nil):
		return errors.New("xmpp: Config.Anonymous excludes other credentials")
	case c.Password != "" && c.Credentials != nil:
		return errors.New("xmpp: Config.Password and Config.Credentials exclude each other")
	case c.DirectTLS && c.Addr == "":
		return errors.New("xmpp: Config.DirectTLS is about Config.Addr, which is missing")
	}
	if m := &c.Management; c.NoManagement && (m.Resume != nil || m.Save != nil) {
		return errors.New("xmpp: Config.NoManagement excludes Management.Resume and Save")
	}
	if id := c.UserAgent.ID; id != "" && !isUUID(id) {
		return fmt.Errorf("xmpp: Config.UserAgent.ID %q is no UUID", id)
	}
	if c.Transport != nil && c.Addr != "" {
		return errors.New("xmpp: Config.Addr is about TCP, and Config.Transport something else")
	}
	if c.Addr != "" {
		if _, _, err := c.address(); err != nil {
			return fmt.Errorf("xmpp: Config.Addr: %w", err)
		}
	}
	for what, text := range map[string]string{"Lang": c.Lang, "Tag": c.Tag, "UserAgent.Software": c.UserAgent.Software, "UserAgent.Device": c.UserAgent.Device} {
		if wire.CleanText(text) != text {
			return fmt.Errorf("xmpp: Config.%s %q cannot be sent as XML", what, text)
		}
	}
	if _, err := addr.WithResource(c.Resource); err != nil {
		return fmt.Errorf("xmpp: Config.Resource: %w", err)
	}
	for _, p := range c.Pins {
		if len(p) != 32 {
			return errors.New("xmpp: a pin in Config.Pins is no SHA-256 hash")
		}
	}
	if c.Auth.Minimum != "" {
		if _, err := mechanism.Strength(c.Auth.Minimum); err != nil {
			return fmt.Errorf("xmpp: Config.Auth.Minimum: %w", err)
		}
	}
	for _, name := range c.Auth.Mechanisms {
		if _, err := mechanism.Strength(name); err != nil {
			return fmt.Errorf("xmpp: Config.Auth.Mechanisms: %w", err)
		}
	}
	return nil
}
