package xmpp

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"stanza.invalid/gen/sasl"
	"stanza.invalid/internal/mechanism"
	"stanza.invalid/stream"
	"stanza.invalid/stream/wire"
)

// Credentials are what a client proves who it is with.
type Credentials struct {
	// Username is the name of the account; if empty, the localpart of the client's address.
	Username string
	// Password is for SCRAM and PLAIN.
	Password string
	// Bearer is an OAuth 2.0 access token, for OAUTHBEARER.
	Bearer string
	// Authzid is the address to act as, if that is not the account's own.
	Authzid string
}

// AuthPolicy bounds how a client may log in. The zero policy takes the strongest
// mechanism that the server offers, and sends passwords as such only over TLS.
//
// From strong to weak the mechanisms are EXTERNAL (with a client certificate in
// Config.TLS), SCRAM-SHA-512-PLUS, SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, SCRAM-SHA-512,
// SCRAM-SHA-256, SCRAM-SHA-1, OAUTHBEARER, PLAIN, ANONYMOUS. The -PLUS ones bind the login
// to the TLS channel; they are used if it is known that the server takes a binding which
// exists here: by XEP-0440, or up to TLS 1.2. Once a client has logged in so, it does not
// log in with less any more, unless the server proves that it offers no more (XEP-0474); nor
// with PLAIN, once it has with SCRAM. Config.Store keeps that for processes to come: if a
// server has changed for a good reason, remove what is stored for the account (Save nil).
//
// A token (Config.Store) is used before all of these. RequireChannelBinding holds for it
// too; the other bounds have held for the login that it came from.
type AuthPolicy struct {
	// Minimum is the weakest mechanism that may be used.
	Minimum string
	// Mechanisms are those that may be used; nil means all.
	Mechanisms []string
	// RequireChannelBinding refuses to log in without a channel binding.
	RequireChannelBinding bool
	// MaxIterations is the most work for a password that a server may ask for in SCRAM
	// (default 1,000,000 iterations). Less than 4,096 iterations are always refused.
	MaxIterations int
	// NoSASL2 does without SASL 2 (XEP-0388), and with it without tokens.
	NoSASL2 bool
	// NoPipelining waits for the server's offer at each login, also where it is remembered.
	NoPipelining bool
	// InsecurePlain lets a password or token be sent without TLS.
	InsecurePlain bool
}

// AuthCondition is why a server refuses a login (RFC 6120, section 6.5). It is an error
// itself, so that errors.Is(err, xmpp.NotAuthorized) works.
type AuthCondition string

// The conditions.
const (
	Aborted              AuthCondition = "aborted"                // this side has ended it
	AccountDisabled      AuthCondition = "account-disabled"       // by an administrator
	CredentialsExpired   AuthCondition = "credentials-expired"    // the password or token is too old
	EncryptionRequired   AuthCondition = "encryption-required"    // not without TLS
	IncorrectEncoding    AuthCondition = "incorrect-encoding"     // of base64
	InvalidAuthzid       AuthCondition = "invalid-authzid"        // one may not act as whom one wants to
	InvalidMechanism     AuthCondition = "invalid-mechanism"      // not one that is offered
	MalformedRequest     AuthCondition = "malformed-request"      // a mistake of this side
	MechanismTooWeak     AuthCondition = "mechanism-too-weak"     // a stronger one is required
	NotAuthorized        AuthCondition = "not-authorized"         // a wrong name or password
	TemporaryAuthFailure AuthCondition = "temporary-auth-failure" // later, perhaps
)

// Error returns the condition in words.
func (c AuthCondition) Error() string { return strings.ReplaceAll(string(c), "-", " ") }

// AuthError is a login that failed. Trying again is of no use, unless the condition is
// [TemporaryAuthFailure] or the server was at fault.
type AuthError struct {
	// Mechanism is what was tried; "" if nothing came in question.
	Mechanism string
	// Condition is what the server says; "" if this side has ended it.
	Condition AuthCondition
	// Text says more, for people, in the language of Config.Lang if the server has it.
	Text string
	// Err is why this side has ended it.
	Err error
}

// Error says what failed and why.
func (e *AuthError) Error() string {
	s := "login failed"
	if e.Mechanism != "" {
		s += " (" + e.Mechanism + ")"
	}
	if e.Condition != "" {
		s += ": " + e.Condition.Error()
	}
	if e.Text != "" {
		s += ": " + strconv.Quote(e.Text)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Is reports whether target is the error's [AuthCondition].
func (e *AuthError) Is(target error) bool {
	c, ok := target.(AuthCondition)
	return ok && c == e.Condition
}

// Unwrap returns the cause.
func (e *AuthError) Unwrap() error { return e.Err }

// asked is what Config.Credentials has said for a connection.
type asked struct {
	conn *stream.Conn
	mechanism.Credentials
	err error
}

// credentials asks for what the client can prove, once for each connection.
func (c *Client) credentials(ctx context.Context, conn *stream.Conn) (mechanism.Credentials, error) {
	a := &c.login.asked
	if a.conn != conn {
		*a = asked{conn: conn}
		a.Credentials, a.err = c.askUser(ctx)
		a.Credentials.Certificate = c.gaveCertificate(conn)
	}
	return a.Credentials, a.err
}

func (c *Client) askUser(ctx context.Context) (mechanism.Credentials, error) {
	m := mechanism.Credentials{Anonymous: c.cfg.Anonymous, Identity: c.addr.Bare().String()}
	cr := Credentials{Password: c.cfg.Password}
	c.mine.Lock()
	if c.password != nil {
		cr.Password = *c.password
	}
	c.mine.Unlock()
	if c.cfg.Credentials != nil {
		err := c.call("Config.Credentials", func() (err error) {
			cr, err = c.cfg.Credentials(ctx)
			return err
		})
		if err != nil {
			return m, fmt.Errorf("credentials: %w", err)
		}
	}
	m.Username, m.Password, m.Bearer, m.Authzid = cr.Username, cr.Password, cr.Bearer, cr.Authzid
	if m.Username == "" {
		m.Username = c.addr.Local()
	}
	return m, nil
}

// policy returns the bounds of the choice.
func (c *Client) policy() mechanism.Policy {
	a := c.cfg.Auth
	p := mechanism.Policy{
		Only: a.Mechanisms, PlainText: a.InsecurePlain && c.cfg.InsecureNoTLS, Iterations: a.MaxIterations,
		RequireBinding: a.RequireChannelBinding, Bound: c.login.kept.Bound, NoPlain: c.login.kept.Hashed, Keys: c.scramKeys(),
	}
	if a.Minimum != "" {
		p.Minimum, _ = mechanism.Strength(a.Minimum) // checked before
	}
	return p
}

// scramKeys returns what remembers the work for the client's password from login to login.
func (c *Client) scramKeys() *mechanism.Keys {
	c.mine.Lock()
	defer c.mine.Unlock()
	if c.keys == nil {
		c.keys = new(mechanism.Keys)
	}
	return c.keys
}

// offer returns what the server offers, by SASL 2 or without.
func (c *Client) offer(conn *stream.Conn, from *offered, extensible bool) mechanism.Offer {
	o := mechanism.Offer{Mechanisms: from.Mechanisms, Bindings: from.Bindings, Extensible: extensible, TLS: tlsState(conn), Host: c.domain}
	if t, ok := conn.Transport().(interface{ ChannelBindings() []string }); ok {
		o.Possible = t.ChannelBindings()
	}
	if a, ok := conn.Transport().(interface{ RemoteAddr() net.Addr }); ok {
		if tcp, ok := a.RemoteAddr().(*net.TCPAddr); ok {
			o.Port = uint16(tcp.Port)
		}
	}
	return o
}

// authenticate logs in: by SASL 2 (XEP-0388) where there is TLS, the server has it, and
// there is a way to; else as RFC 6120, section 6, has it.
func (c *Client) authenticate(ctx context.Context, conn *stream.Conn) (stream.Outcome, error) {
	c.places.reached()
	c.loadFor(ctx, conn)
	var classic sasl.Mechanisms
	if r := conn.Features().Child(sasl.NS, "mechanisms"); !r.IsZero() {
		if err := classic.DecodeXML(r); err != nil {
			return 0, err
		}
	}
	o := readOffer(conn.Features())
	if c.login.ready != nil && o == nil {
		// it has got a login of a kind that it does not have any more
		c.trace().authDone(c.login.ready.m.Name(), errMismatch)
		c.login.ready, c.login.kept.Flying, c.login.kept.Offer = nil, false, nil
		c.save(ctx)
		return 0, stream.AtOnce(errMismatch)
	}
	if o != nil && tlsState(conn) != nil && !c.cfg.Auth.NoSASL2 {
		out, err := c.extensible(ctx, conn, o)
		var e *AuthError
		if err == nil || len(classic.Mechanisms) == 0 || !errors.As(err, &e) || e.Mechanism != "" {
			return out, err
		}
		// nothing was tried
	}
	cr, err := c.credentials(ctx, conn)
	if err != nil {
		return 0, err
	}
	m, err := mechanism.Choose(c.offer(conn, &offered{Mechanisms: classic.Mechanisms, Bindings: bindings(conn.Features())}, false), cr, c.policy())
	if err != nil {
		return 0, c.refused(&AuthError{Err: err})
	}
	c.trace().authStart(m.Name())
	err = c.exchange(ctx, conn, m)
	c.trace().authDone(m.Name(), err)
	if err != nil {
		return 0, err
	}
	c.loggedIn(m)
	c.login.inside = conn
	c.save(ctx)
	return stream.Restart, nil
}

// maxRounds is how many challenges a login may have; no mechanism has as many.
const maxRounds = 4

// exchange logs in with a mechanism.
func (c *Client) exchange(ctx context.Context, conn *stream.Conn, m mechanism.Mechanism) error {
	initial, err := m.Start()
	if err != nil {
		return c.refused(&AuthError{Mechanism: m.Name(), Err: err})
	}
	if err := conn.Write(&sasl.Auth{Mechanism: m.Name(), Data: encode64(initial)}); err != nil {
		return err
	}
	for round := 0; ; round++ {
		r, err := conn.Read()
		if err != nil {
			return err
		}
		switch {
		case r.Is(sasl.NS, "challenge"):
			answer, err := respond(ctx, m, r.Text())
			if err == nil && round == maxRounds {
				err = mechanism.ErrChallenge
			}
			if err != nil {
				_ = conn.Write(&sasl.Abort{})
				return c.refused(&AuthError{Mechanism: m.Name(), Err: err})
			}
			if err := conn.Write(&sasl.Response{Data: base64.StdEncoding.EncodeToString(answer)}); err != nil {
				return err
			}
		case r.Is(sasl.NS, "success"):
			if err := finish(m, r.Text(), r.Text() != ""); err != nil {
				return c.refused(&AuthError{Mechanism: m.Name(), Err: err})
			}
			return nil
		case r.Is(sasl.NS, "failure"):
			return c.refused(c.readFailure(m, r))
		default:
			return fmt.Errorf("%s in the middle of authentication", r.Name())
		}
	}
}

// refused marks a failed login as final where it is.
func (c *Client) refused(e *AuthError) error {
	if c.login.kept.Bound && errors.Is(e.Err, mechanism.ErrDowngrade) {
		e.Err = fmt.Errorf("an earlier login was bound to its TLS channel (Config.Store): %w", e.Err)
	}
	switch {
	case e.Condition == TemporaryAuthFailure, e.Condition == Aborted:
		return e
	case e.Condition == "" && !errors.Is(e.Err, mechanism.ErrNone):
		return e // perhaps another server answers next time
	}
	return stream.Permanent(e)
}

// respond answers a challenge.
func respond(ctx context.Context, m mechanism.Mechanism, text string) ([]byte, error) {
	b, err := decode64(text)
	if err != nil {
		return nil, err
	}
	return m.Next(ctx, b)
}

// finish judges a success.
func finish(m mechanism.Mechanism, text string, has bool) error {
	b, err := decode64(text)
	if err != nil {
		return err
	}
	return m.Finish(b, has)
}

func (c *Client) readFailure(m mechanism.Mechanism, r wire.Raw) *AuthError {
	e := &AuthError{Mechanism: m.Name(), Err: explained(m)}
	var f sasl.Failure
	if err := f.DecodeXML(r); err != nil {
		e.Err = err
	}
	e.Condition = AuthCondition(f.Condition)
	if !f.Condition.Known() {
		// from drafts and extensions: what is not known is a refusal
		e.Condition = NotAuthorized
	}
	e.Text = f.Text.In(c.cfg.Lang)
	return e
}

// encode64 is the base64 of an initial response: nothing for no data, = for empty data (RFC
// 6120, section 6.4.2).
func encode64(b []byte) string {
	switch {
	case b == nil:
		return ""
	case len(b) == 0:
		return "="
	}
	return base64.StdEncoding.EncodeToString(b)
}

func decode64(s string) ([]byte, error) {
	if s == "=" || s == "" {
		return []byte{}, nil
	}
	return base64.StdEncoding.Strict().DecodeString(s)
}
