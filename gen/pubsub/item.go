package pubsub

import (
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
)

// NewItem returns an item to publish. An empty id leaves the choice to the service. What is inside of an item
// is read with [stanza.Decode].
//
// It fails if the payload cannot be written as XML.
func NewItem(id string, payload stanza.Payload) (Item, error) {
	text, err := payload.AppendXML(nil, "")
	if err != nil {
		return Item{}, err
	}
	raw, err := wire.Parse(string(text))
	if err != nil {
		return Item{}, err
	}
	return Item{ID: id, Payload: []stanza.Raw{raw}}, nil
}
