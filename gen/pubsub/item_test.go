package pubsub_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/pubsub"
	"stanza.invalid/gen/tune"
	"stanza.invalid/xmpp/stanza"
)

func ExampleNewItem() {
	item, err := pubsub.NewItem("current", &tune.Tune{Title: "Heigh ho", Artist: "Feste"})
	if err != nil {
		fmt.Println(err)
		return
	}
	publish := &pubsub.PublishSet{Publish: pubsub.Publish{Node: tune.NS, Items: []pubsub.Item{item}}}
	fmt.Println(stanza.String(publish))
	// Output: <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='http://jabber.org/protocol/tune'><item id='current'><tune xmlns='http://jabber.org/protocol/tune'><artist>Feste</artist><title>Heigh ho</title></tune></item></publish></pubsub>
}

func ExampleEvent() {
	m, err := stanza.Parse(`<message from='feste@illyria.example'>
  <event xmlns='http://jabber.org/protocol/pubsub#event'>
    <items node='http://jabber.org/protocol/tune'>
      <item id='current'><tune xmlns='http://jabber.org/protocol/tune'><title>Heigh ho</title></tune></item>
    </items>
  </event>
</message>`)
	if err != nil {
		fmt.Println(err)
		return
	}
	event, err := stanza.Find[pubsub.Event](m)
	if err != nil {
		fmt.Println(err)
		return
	}
	switch change := event.Change.(type) {
	case *pubsub.EventItems:
		for _, item := range change.Items {
			for _, payload := range item.Payload {
				if t, err := stanza.Decode[tune.Tune](payload); err == nil {
					fmt.Println(t.Title)
				}
			}
		}
	case *pubsub.EventPurge:
		fmt.Println(change.Node, "is empty")
	}
	// Output: Heigh ho
}

// TestNewItemRefuses checks that what XML cannot carry is an error, and not an item.
func TestNewItemRefuses(t *testing.T) {
	t.Parallel()
	item, err := pubsub.NewItem("x", &tune.Tune{Title: "\x00"})
	require.Error(t, err)
	require.Empty(t, item.Payload)
}
