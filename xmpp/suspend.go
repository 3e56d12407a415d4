package xmpp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp/jid"
)

// Suspend ends the client without ending its session, which another client for the same
// account goes on with, in this process or a later one, if it gets what is returned for its
// Config.Management.Resume in time: what was sent to the account meanwhile arrives there,
// once. Whether that client has the session is told by [SessionStarted]; functions of
// [Session.Restore] do not run for it, because the server still has what they made.
//
// ctx bounds the wait for handlers that run; no handler can call Suspend. The error is
// stream.ErrNotResumable for a session that the server does not keep. See
// [stream.Stream.Suspend].
func (c *Client) Suspend(ctx context.Context) (*stream.Suspended, error) {
	saved, err := c.stream.Suspend(ctx) // what Save says of it is an error, too
	if saved != nil {
		err = errors.Join(err, c.addPeer(saved))
	}
	return saved, err
}

// addPeer adds what the client knows of the server to a state.
func (c *Client) addPeer(v *stream.Suspended) (err error) {
	v.Peer, err = json.Marshal(c.Server())
	return err
}

// addPeers makes Save get states with what the client knows of the server.
func (c *Client) addPeers(save func(v *stream.Suspended) error) func(v *stream.Suspended) error {
	return func(v *stream.Suspended) error {
		if v != nil {
			if err := c.addPeer(v); err != nil {
				return err
			}
		}
		return save(v)
	}
}

// takeSuspended takes up what is known of the server of a session that was suspended. That
// the session is another account's is a mistake of the program: what was not sent yet
// would go out in this one's name.
func (c *Client) takeSuspended(saved *stream.Suspended) error {
	if saved == nil || saved.Local.IsZero() {
		return nil
	}
	if !c.owns(saved.Local) {
		return fmt.Errorf("xmpp: Config.Management.Resume is a session of %s", saved.Local.Bare())
	}
	// one without it is from somebody else, or older
	_ = json.Unmarshal(saved.Peer, &c.server)
	return nil
}

// owns reports whether an address can be that of the client's session.
func (c *Client) owns(addr jid.JID) bool {
	if c.cfg.Anonymous || c.cfg.Credentials != nil {
		return addr.Domain() == c.addr.Domain() // the credentials may be another account's
	}
	return addr.Bare() == c.addr.Bare()
}
