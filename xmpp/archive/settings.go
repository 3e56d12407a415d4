package archive

import (
	"context"

	"stanza.invalid/gen/mam"
	"stanza.invalid/gen/stanzaid"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Metadata returns the first and the last message of an archive; the zero JID
// is the own account's. Both ends are nil if it is empty.
func Metadata(ctx context.Context, l xmpp.Link, archive jid.JID) (*mam.Metadata, error) {
	return xmpp.Call(ctx, l, archive, &mam.MetadataQuery{})
}

// Preferences returns what the server archives for the account (XEP-0441).
func Preferences(ctx context.Context, l xmpp.Link) (*mam.Preferences, error) {
	return xmpp.Call(ctx, l, jid.JID{}, &mam.PreferencesQuery{})
}

// SetPreferences says what the server shall archive, and returns what it will.
func SetPreferences(ctx context.Context, l xmpp.Link, p *mam.Preferences) (*mam.Preferences, error) {
	return xmpp.Call(ctx, l, jid.JID{}, p)
}

// IDOf returns under which id a live message is archived (XEP-0359), "" if it does not say: by
// the own account's server, or, for a message in a room, by the room. What anybody else claims
// is not believed. Servers that announce urn:xmpp:sid:0 remove what others put there in their
// name.
//
// A program that reads [After] the last id that it has seen gets what it has missed; it can
// tell by the ids what came twice.
func IDOf(m *stanza.Message) string {
	by := m.From.Bare()
	if m.Type != stanza.Groupchat {
		o := m.Origin()
		if o == nil {
			return ""
		}
		by = o.Account.Bare()
	}
	ids, _ := stanza.FindAll[stanzaid.ID](m)
	for _, id := range ids {
		if id.By == by && !by.IsZero() {
			return id.ID
		}
	}
	return ""
}
