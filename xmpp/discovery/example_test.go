package discovery_test

import (
	"context"
	"fmt"

	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/discovery"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func Example() {
	srv := xmpptest.NewServer(xmpptest.Config{})
	defer srv.Close()
	srv.Account("juliet@example.org", "secret")
	ctx := context.Background()
	client, err := xmpp.NewClient(jid.MustParse("juliet@example.org"), srv.ClientConfig("juliet@example.org"))
	if err != nil {
		fmt.Println(err)
		return
	}
	others := discovery.New(client, discovery.Config{Node: "https://balcony.example"})
	if err := client.Open(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)

	romeo := srv.User("romeo@example.org/orchard")
	go answer(romeo)
	ok, err := others.Supports(ctx, romeo.JID(), receipts.NS)
	fmt.Println(ok, err)
	// Output: true <nil>
}

// answer answers one question as romeo's client would.
func answer(romeo *xmpptest.User) {
	st, err := romeo.Receive(context.Background())
	if err != nil {
		return
	}
	if q, ok := st.(*stanza.IQ); ok {
		_ = romeo.Send(q.Result(&disco.Info{
			Identities: []disco.Identity{{Category: "client", Type: "phone"}},
			Features:   []disco.Feature{{Var: receipts.NS}},
		}))
	}
}

func ExampleHash() {
	info := &disco.Info{
		Identities: []disco.Identity{{Category: "client", Type: "phone"}},
		Features:   []disco.Feature{{Var: receipts.NS}},
	}
	h, err := discovery.Hash(info, "sha-256")
	fmt.Println(discovery.NodeOf(h), err)
	// Output: urn:xmpp:caps#sha-256.QToJpBGNIxXbzGxxQPkLk7GWmA3dVz/RTCY5zL2HV+g= <nil>
}
