package publishing_test

import (
	"context"
	"fmt"

	"stanza.invalid/gen/bookmarks"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/publishing"
	"stanza.invalid/xmpp/xmpptest"
)

func Example() {
	srv := xmpptest.NewServer(xmpptest.Config{})
	defer srv.Close()
	srv.Account("juliet@example.org", "secret")
	ctx := context.Background()
	client, err := xmpp.Dial(ctx, jid.MustParse("juliet@example.org"), srv.ClientConfig("juliet@example.org"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)

	// this server has nothing to publish at, so nothing private leaves the client
	rooms := publishing.New[bookmarks.Conference](client, publishing.Config{Node: bookmarks.NS, Private: true})
	_, err = rooms.Publish(ctx, "balcony@rooms.example", &bookmarks.Conference{Name: "Balcony", Autojoin: true})
	fmt.Println(err)
	// Output: publishing: the service does not check how a node is configured
}
