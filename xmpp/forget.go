package xmpp

import (
	"context"
	"errors"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp/jid"
)

// ForgetToken ends the use of the token that Config.Store has for an account: it logs in
// with it a last time, to tell the server to take it no more (XEP-0484, section 3.5), and
// removes it from the store. It is for logging out on a device that somebody else may get.
// The token is removed from the store also if the server cannot be told. What stays is what
// the next login is protected with (see [AuthPolicy]), and the id of the installation: nothing
// that anybody could log in with. Save nil for the account to remove that as well.
func ForgetToken(ctx context.Context, addr jid.JID, cfg Config) error {
	if cfg.Store == nil {
		return errors.New("xmpp: there is no Config.Store")
	}
	cfg.Presence, cfg.Carbons, cfg.Handler = nil, false, nil
	cfg.NoManagement, cfg.Management = true, stream.Management{} // a session that is kept is not its own
	c, err := NewClient(addr, cfg)
	if err != nil {
		return err
	}
	k := c.load(ctx)
	if k.Token == nil {
		return nil
	}
	c.forgetting = true
	err = c.Open(ctx)
	refused := err != nil && k.Token == nil // it was of no use any more
	if err == nil {
		err = c.Close(ctx)
	}
	*k = kept{Agent: k.Agent, Hashed: k.Hashed, Bound: k.Bound}
	c.save(ctx)
	if refused {
		return nil
	}
	return err
}
