package xmpp

import (
	"stanza.invalid/internal/mechanism"
	"stanza.invalid/xmpp/jid"
)

// KeysOf returns what a client remembers of its logins by SCRAM.
func KeysOf(c *Client) *mechanism.Keys { return c.scramKeys() }

// DraftOf returns how the names of files begin that FileStore is about to make of an account.
func DraftOf(account jid.JID) string { return fileStore("").draft(account) }
