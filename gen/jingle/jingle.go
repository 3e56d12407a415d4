package jingle

import (
	"stanza.invalid/xmpp/stanza"
)

// Find returns the first of the elements that is of type T, or nil if there is none. It looks for a
// description or a transport among the parts of a content:
//
//	description, err := jingle.Find[rtp.Description](content.Parts)
//
// An element of the right name that cannot be decoded is an error.
func Find[T any, P stanza.PayloadOf[T]](parts []stanza.Raw) (*T, error) {
	for _, r := range parts {
		if !stanza.Fits(P(new(T)), r) {
			continue
		}
		return stanza.Decode[T, P](r)
	}
	return nil, nil
}
