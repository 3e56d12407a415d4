package xmpp

import "stanza.invalid/internal/mechanism"

// KeysOf returns what a client remembers of its logins by SCRAM.
func KeysOf(c *Client) *mechanism.Keys { return c.scramKeys() }
