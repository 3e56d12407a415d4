package messages

import (
	"time"

	"stanza.invalid/gen/delay"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// TimeOf returns when a message or presence was sent, as far as it can be known: now, unless
// somebody who can be believed says that it was held up (XEP-0203). These are the own server
// and account, whose name servers take off what others send, and, for what a room sends, the
// room. Of several the earliest counts, and none is later than now.
//
// What stands in another stanza, such as a copy or a result of an archive, has the time that
// comes with it there.
func TimeOf(st stanza.Stanza) (at time.Time, delayed bool) {
	at = time.Now()
	if nested(st) {
		return at, false
	}
	account, server := who(st)
	room := jid.JID{}
	if a := st.Attributes(); a.Type == string(stanza.Groupchat) {
		room = a.From.Bare()
	}
	all, _ := stanza.FindAll[delay.Delay](st)
	for _, d := range all {
		if d.From.IsZero() || d.From != account && d.From != server && d.From != room {
			continue
		}
		delayed = true
		if d.Stamp.Before(at) {
			at = d.Stamp.Time
		}
	}
	return at, delayed
}

func nested(st stanza.Stanza) bool {
	n, ok := st.(interface{ Nested() bool })
	return ok && n.Nested()
}
