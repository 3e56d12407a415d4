package messages

import (
	"stanza.invalid/gen/marker"
	"stanza.invalid/gen/muc"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/gen/stanzaid"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Confirmation is how far a message has come, as its recipient says.
type Confirmation uint8

const (
	// Unconfirmed is all that is not one of the others.
	Unconfirmed Confirmation = iota
	// Delivered has arrived at a client.
	Delivered
	// Displayed was shown to somebody.
	Displayed
)

// Confirms returns what a message says about another one that was sent: whether it was
// delivered (XEP-0184) or displayed (XEP-0333). It counts only if it comes from whom the
// message went to: one of the clients of that account; in a room, and for messages to one
// occupant, the occupants of the room, or that one.
//
// For a room, sent may be the message as the room has sent it back, whose id there is what
// confirmations name. Receipts do not count in rooms.
func Confirms(m, sent *stanza.Message) Confirmation {
	if m.Type == stanza.MessageError || m.From.IsZero() || !by(m.From, m.Type, sent) {
		return Unconfirmed
	}
	if d, err := stanza.Find[marker.Displayed](m); err == nil && d != nil && named(d.ID, sent) {
		return Displayed
	}
	if sent.Type == stanza.Groupchat {
		return Unconfirmed
	}
	if r, err := stanza.Find[receipts.Received](m); err == nil && r != nil && named(r.ID, sent) {
		return Delivered
	}
	return Unconfirmed
}

// by reports whether an address is one that may confirm.
func by(from jid.JID, typ stanza.MessageType, sent *stanza.Message) bool {
	if sent.Type == stanza.Groupchat {
		return typ == stanza.Groupchat && from.Resource() != "" && from.Bare() == room(sent)
	}
	if typ == stanza.Groupchat {
		return false
	}
	if stanza.Has[muc.User](sent) { // to one occupant: the others of the room share the bare address
		return from == sent.To
	}
	return from.Bare() == sent.To.Bare()
}

// room returns the room of a message to one, or of the message that it has sent back.
func room(sent *stanza.Message) jid.JID {
	if sent.Received() {
		return sent.From.Bare()
	}
	return sent.To.Bare()
}

// named reports whether an id is that of a message.
func named(id string, sent *stanza.Message) bool {
	if id == "" {
		return false
	}
	if sent.Type == stanza.Groupchat && sent.Received() {
		all, _ := stanza.FindAll[stanzaid.ID](sent)
		for _, s := range all {
			if s.By == room(sent) {
				return s.ID == id
			}
		}
	}
	return id == sent.ID
}
