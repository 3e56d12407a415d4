// Package messages tells what can be believed of messages: which are copies of what the
// account's other clients send and get (XEP-0280), when one was really sent (XEP-0203), and
// whether one has arrived and was seen (XEP-0184, XEP-0333).
//
//	mux := xmpp.NewMux(
//		messages.OnCopy(func(ctx context.Context, c *messages.Copy) error {
//			log.Print(c.Message.From, " to ", c.Message.To, ": ", c.Message.Body)
//			return nil
//		}),
//	)
//	client, err := xmpp.Dial(ctx, addr, xmpp.Config{Carbons: true, ...})
package messages

import (
	"context"
	"fmt"
	"time"

	"stanza.invalid/gen/carbons"
	"stanza.invalid/gen/forward"
	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// Copy is a copy of a message that another client of the account has sent or got.
type Copy struct {
	// Message is the message. What has a sender rule is refused in it: there are no copies of
	// copies.
	Message *stanza.Message
	// Sent says that another client has sent it, not got it.
	Sent bool
	// Time is when the server has got the message, zero if it does not say.
	Time time.Time
}

// ErrCopy is returned for a copy that says of itself that it is none.
var ErrCopy = fmt.Errorf("messages: the copy is not of a message of the account: %w", stanza.ErrSender)

// CopyOf returns the message of which a message is a copy, nil if it is none. A copy comes
// from the account's own bare address, or it is [stanza.ErrSender]; what it holds was sent by
// the account, or to it, or it is [ErrCopy], which is an [stanza.ErrSender], too.
func CopyOf(m *stanza.Message) (*Copy, error) {
	isSent, isReceived := stanza.Has[carbons.Sent](m), stanza.Has[carbons.Received](m)
	var f *forward.Forwarded
	switch {
	case isSent && isReceived:
		return nil, ErrCopy
	case isSent:
		c, err := stanza.Find[carbons.Sent](m)
		if err != nil {
			return nil, err
		}
		f = &c.Forwarded
	case isReceived:
		c, err := stanza.Find[carbons.Received](m)
		if err != nil {
			return nil, err
		}
		f = &c.Forwarded
	default:
		return nil, nil
	}
	if f.Message == nil {
		return nil, ErrCopy
	}
	own := f.Message.To
	if isSent {
		own = f.Message.From
	}
	if o := m.Origin(); o != nil && !own.IsZero() && own.Bare() != o.Account.Bare() {
		return nil, ErrCopy
	}
	f.Message.SetOrigin(m.Origin())
	c := &Copy{Message: f.Message, Sent: isSent}
	if f.Delay != nil {
		c.Time = f.Delay.Stamp.Time
	}
	return c, nil
}

// OnCopy handles copies. Forged ones are reported to the session's Failed hook.
func OnCopy(h func(ctx context.Context, c *Copy) error, opts ...stream.Option) xmpp.Route {
	either := stream.MatchAny(
		stream.MatchPayload(stream.KindMessage, (*carbons.Sent)(nil).WireName()),
		stream.MatchPayload(stream.KindMessage, (*carbons.Received)(nil).WireName()),
	)
	return xmpp.OnStanza(either, func(ctx context.Context, st stanza.Stanza) error {
		c, err := CopyOf(st.(*stanza.Message))
		if err != nil || c == nil {
			return err
		}
		return h(ctx, c)
	}, append([]stream.Option{stream.At(stream.Site(1))}, opts...)...)
}

// who returns whose session a stanza was received in: the account and its server.
func who(st stanza.Stanza) (account, server jid.JID) {
	o := st.Origin()
	if o == nil {
		return jid.JID{}, jid.JID{}
	}
	return o.Account.Bare(), o.Server
}
