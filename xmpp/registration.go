package xmpp

import (
	"context"
	"errors"
	"fmt"

	"stanza.invalid/gen/captcha"
	"stanza.invalid/gen/form"
	"stanza.invalid/gen/register"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// A Fill answers what a server wants to know of who registers an account (XEP-0077): in
// the form that it sends, or else in the fields that are not nil. The pictures of a CAPTCHA
// (XEP-0158) are among the children that Extra keeps, as *bob.Data.
type Fill func(ctx context.Context, asked *register.Registration) (*register.Register, error)

// ErrMoreWanted is returned by [FillAccount] for a server that wants to know more than name
// and password.
var ErrMoreWanted = errors.New("xmpp: the server wants to know more than a name and a password")

// FillAccount fills in a name and a password, and nothing else.
func FillAccount(username, password string) Fill {
	return func(_ context.Context, asked *register.Registration) (*register.Register, error) {
		if asked.Form != nil {
			return fillForm(asked, username, password)
		}
		if asked.Username == nil || asked.Password == nil {
			return nil, moreWanted(asked, "")
		}
		for _, more := range []*string{asked.Nick, asked.Name, asked.First, asked.Last, asked.Email, asked.Address, asked.City, asked.State, asked.PostalCode, asked.Phone} {
			if more != nil {
				return nil, moreWanted(asked, "")
			}
		}
		return &register.Register{Username: &username, Password: &password, Key: asked.Key}, nil
	}
}

func fillForm(asked *register.Registration, username, password string) (*register.Register, error) {
	f := asked.Form
	for _, field := range f.Fields {
		if field.Required && field.Var != "username" && field.Var != "password" {
			return nil, moreWanted(asked, field.Var)
		}
	}
	if f.FormType() == captcha.NS {
		return nil, moreWanted(asked, "")
	}
	answer, err := form.Decode[register.RegistrationForm](f)
	if err != nil {
		return nil, err
	}
	answer.Username, answer.Password = &username, &password
	return &register.Register{Form: answer.Submit()}, nil
}

// moreWanted is ErrMoreWanted with what the server says about it.
func moreWanted(asked *register.Registration, field string) error {
	text := asked.Instructions
	if asked.Link != nil {
		text = asked.Link.URL + " " + text // whatever is cut off
	}
	err := ErrMoreWanted
	if field != "" {
		err = fmt.Errorf("%w: %.60q", err, field)
	}
	if text != "" {
		err = fmt.Errorf("%w: %.200q", err, text)
	}
	return err
}

// Register makes an account on a server that lets people do so themselves (XEP-0077). The
// address is that of the account; fill nil is [FillAccount] with its localpart and
// Config.Password. It connects as a client does, with the same demands on TLS, and hangs up
// when it has the answer. That the account exists already is stanza.Conflict; that the
// server does not do this, stanza.ServiceUnavailable or something like it.
func Register(ctx context.Context, addr jid.JID, cfg Config, fill Fill) error {
	if fill == nil {
		fill = FillAccount(addr.Local(), cfg.Password)
	}
	cfg.Presence, cfg.Carbons, cfg.NoManagement, cfg.Idle, cfg.Store = nil, false, true, -1, nil
	cfg.SessionConfig, cfg.Management = SessionConfig{NoDefaults: true}, stream.Management{}
	c, err := newClient(addr, cfg, func(c *Client) []stream.Negotiator {
		return []stream.Negotiator{
			{Name: "TLS", Run: c.startTLS},
			{Name: "registration", Run: func(ctx context.Context, conn *stream.Conn) (stream.Outcome, error) {
				return stream.Done, c.register(ctx, conn, fill)
			}},
		}
	})
	if err != nil {
		return err
	}
	if err := c.Open(ctx); err != nil {
		return err
	}
	return c.Close(ctx)
}

// register is section 3.1.
func (c *Client) register(ctx context.Context, conn *stream.Conn, fill Fill) error {
	c.places.reached()
	answer, err := ask(conn, stanza.Get, c.addr.DomainJID(), &register.RegistrationGet{})
	if err != nil {
		return stream.Permanent(err)
	}
	asked, err := stanza.Find[register.Registration](answer)
	if err != nil {
		return err
	}
	if asked == nil {
		return errors.New("the server asks nothing")
	}
	var reply *register.Register
	err = c.call("Fill", func() (err error) {
		reply, err = fill(ctx, asked)
		return err
	})
	if err != nil {
		return stream.Permanent(err)
	}
	if tlsState(conn) == nil && !c.cfg.Auth.InsecurePlain {
		return stream.Permanent(fmt.Errorf("%w: the password is not sent in clear text", ErrNoTLS))
	}
	if _, err := ask(conn, stanza.Set, c.addr.DomainJID(), reply); err != nil {
		return stream.Permanent(err)
	}
	return nil
}

// ChangePassword gives the client's account another password (XEP-0077, section 3.3). The
// client itself uses it from then on, unless Config.Credentials is there to. A server that does
// not do this, or not for this password, answers with a *[stanza.Error]. With
// Config.InsecureNoTLS it takes Auth.InsecurePlain, too: nobody knows over which connection
// the password would go.
func (c *Client) ChangePassword(ctx context.Context, password string) error {
	if c.cfg.InsecureNoTLS && !c.cfg.Auth.InsecurePlain {
		return fmt.Errorf("%w, perhaps: the password is not sent in clear text", ErrNoTLS)
	}
	name := c.Local().Local()
	if _, err := Call(ctx, c, c.addr.DomainJID(), &register.Register{Username: &name, Password: &password}); err != nil {
		return err
	}
	c.mine.Lock()
	defer c.mine.Unlock()
	c.password = &password
	if c.keys != nil {
		c.keys.Forget()
	}
	return nil
}

// ErrDeleted is why a client ends whose account was deleted.
var ErrDeleted = errors.New("xmpp: the account was deleted")

// deleteAttempts is how often a deletion is asked for whose answer got lost.
const deleteAttempts = 3

// DeleteAccount deletes the client's account (XEP-0077, section 3.2). The server ends the
// session, perhaps before it has answered: a client that can log in again then asks once
// more. Nothing of the account stays in Config.Store, and the client does not connect again:
// [Session.Err] is [ErrDeleted], or what the server has said.
func (c *Client) DeleteAccount(ctx context.Context) error {
	for attempt := 1; ; attempt++ {
		_, err := Call(ctx, c, c.addr.DomainJID(), &register.Unregister{})
		lost := errors.Is(err, stream.ErrDisconnected) || errors.Is(err, stream.ErrClosed)
		switch {
		case err == nil, lost && c.expelled():
			return c.forgetAccount(ctx)
		case !lost, c.Err() != nil, attempt == deleteAttempts:
			return err
		}
	}
}

// expelled reports whether the server has ended the client for good, as it does with one whose
// account is gone.
func (c *Client) expelled() bool {
	var e *stream.Error
	err := c.Err()
	return errors.As(err, &e) && !e.Sent || errors.Is(err, NotAuthorized)
}

// forgetAccount removes what is kept of the account, and keeps it from coming back.
func (c *Client) forgetAccount(ctx context.Context) error {
	c.mine.Lock()
	c.deleted, c.password, c.presence = true, nil, nil
	if c.keys != nil {
		c.keys.Forget()
	}
	c.mine.Unlock()
	if c.cfg.Store == nil {
		return nil
	}
	if err := c.store(context.WithoutCancel(ctx), nil); err != nil { // ctx may be a handler's, which ends with the session
		return fmt.Errorf("xmpp: the account is deleted; what is stored of it is not: %w", err)
	}
	return nil
}

// isDeleted reports whether there is no account any more.
func (c *Client) isDeleted() bool {
	c.mine.Lock()
	defer c.mine.Unlock()
	return c.deleted
}
