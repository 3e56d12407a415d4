package messages_test

import (
	"context"
	"fmt"
	"time"

	"stanza.invalid/gen/receipts"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/messages"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func Example() {
	srv := xmpptest.NewServer(xmpptest.Config{})
	defer srv.Close()
	srv.Account("juliet@example.org", "secret")
	ctx := context.Background()
	copied := make(chan *messages.Copy, 1)
	login := func(resource string, mux *xmpp.Mux) *xmpp.Client {
		cfg := srv.ClientConfig("juliet@example.org")
		cfg.Handler, cfg.Resource, cfg.Carbons, cfg.Presence = mux, resource, true, &stanza.Presence{}
		c, err := xmpp.NewClient(jid.MustParse("juliet@example.org"), cfg)
		if err != nil {
			panic(err)
		}
		ready := make(chan struct{}, 1)
		xmpp.On(c, func(xmpp.Restored) { ready <- struct{}{} })
		if err := c.Open(ctx); err != nil {
			panic(err)
		}
		<-ready
		return c
	}
	phone := login("phone", xmpp.NewMux(messages.OnCopy(func(_ context.Context, c *messages.Copy) error {
		copied <- c
		return nil
	})))
	defer phone.Close(ctx)
	desk := login("desk", nil)
	defer desk.Close(ctx)

	m := stanza.NewMessage(jid.MustParse("romeo@example.net"), "Good night!")
	m.Type = stanza.Chat
	if err := desk.Send(ctx, m); err != nil {
		fmt.Println(err)
		return
	}
	c := <-copied
	fmt.Println(c.Sent, c.Message.To, c.Message.Body)
	// Output: true romeo@example.net Good night!
}

func ExampleConfirms() {
	sent := &stanza.Message{ID: "m1", To: jid.MustParse("romeo@example.net"), Body: stanza.Plain("Good night!")}
	sent.Add(&receipts.Request{})
	for _, from := range []string{"romeo@example.net/phone", "mallory@example.com"} {
		m := &stanza.Message{From: jid.MustParse(from)}
		m.Add(&receipts.Received{ID: "m1"})
		fmt.Println(messages.Confirms(m, sent) == messages.Delivered)
	}
	// Output:
	// true
	// false
}

func ExampleTimeOf() {
	at, delayed := messages.TimeOf(stanza.NewMessage(jid.JID{}, "now"))
	fmt.Println(time.Since(at) < time.Minute, delayed)
	// Output: true false
}
