package contacts_test

import (
	"context"
	"fmt"

	"stanza.invalid/gen/roster"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/contacts"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/xmpptest"
)

func Example() {
	srv := xmpptest.NewServer(xmpptest.Config{})
	defer srv.Close()
	srv.Account("juliet@example.org", "secret")
	srv.RosterItem("juliet@example.org", roster.Item{JID: jid.MustParse("nurse@example.org"), Name: "Nurse"})

	ctx := context.Background()
	client, err := xmpp.NewClient(jid.MustParse("juliet@example.org"), srv.ClientConfig("juliet@example.org"))
	if err != nil {
		fmt.Println(err)
		return
	}
	friends := contacts.New(client, contacts.Config{})
	loaded := make(chan struct{}, 1)
	xmpp.On(client, func(contacts.Loaded) { loaded <- struct{}{} })
	if err := client.Open(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)
	<-loaded
	for _, item := range friends.Items() {
		fmt.Println(item.JID, item.Name)
	}
	// Output: nurse@example.org Nurse
}
