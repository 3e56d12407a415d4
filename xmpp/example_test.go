package xmpp_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"stanza.invalid/component"
	"stanza.invalid/gen/disco"
	"stanza.invalid/gen/receipts"
	"stanza.invalid/gen/version"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// connected returns a component on a server within the process, with a user who answers
// requests for the version.
func connected(mux *xmpp.Mux) (c *component.Component, romeo *xmpptest.User, end func()) {
	srv := xmpptest.NewServer(xmpptest.Config{})
	srv.Component("bot.example.org", "secret")
	c, err := component.Dial(context.Background(), jid.MustParse("bot.example.org"), component.Config{
		SessionConfig: xmpp.SessionConfig{Handler: mux}, Addr: srv.Addr(), Secret: "secret",
	})
	if err != nil {
		log.Fatal(err)
	}
	return c, srv.User("romeo@example.org/orchard"), func() {
		_ = c.Close(context.Background())
		srv.Close()
	}
}

// Handlers name the payload that they are for; the answer to a request has the type that
// the request knows.
func ExampleNewMux() {
	mux := xmpp.NewMux(
		xmpp.OnMessage(func(ctx context.Context, m *stanza.Message, _ *receipts.Request) error {
			ack := &stanza.Message{To: m.From, From: m.To, Type: m.Type}
			ack.Add(&receipts.Received{ID: m.ID})
			return xmpp.Send(ctx, ack)
		}),
		xmpp.OnIQ(func(_ context.Context, _ *stanza.IQ, _ *version.Query) (*version.Info, error) {
			return &version.Info{Name: "bot", Version: "1.0"}, nil
		}),
	)
	for _, f := range mux.Features() {
		fmt.Println(f)
	}
	// Output:
	// jabber:iq:version
	// urn:xmpp:receipts
}

// A request and its typed answer.
func ExampleCall() {
	c, romeo, end := connected(nil)
	defer end()
	go func() { // somebody who answers one request and no other
		q, _ := romeo.Receive(context.Background())
		_ = romeo.Send(q.(*stanza.IQ).Result(&version.Info{Name: "Orchard", Version: "1.595"}))
		q, _ = romeo.Receive(context.Background())
		_ = romeo.Send(q.(*stanza.IQ).Fail(stanza.ServiceUnavailable))
	}()

	info, err := xmpp.Call(context.Background(), c, romeo.JID(), &version.Query{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Name, info.Version)
	_, err = xmpp.Call(context.Background(), c, romeo.JID(), &disco.InfoQuery{})
	fmt.Println(errors.Is(err, stanza.ServiceUnavailable))
	// Output:
	// Orchard 1.595
	// true
}

// joined is an event of a program's own.
type joined struct{ who string }

// Events of one's own types go through the queue of the session, so that their handlers
// need no lock among themselves and the handlers of stanzas.
func ExampleEmit() {
	c, romeo, end := connected(xmpp.NewMux(
		xmpp.OnAnyPresence(func(ctx context.Context, p *stanza.Presence) error {
			return xmpp.Emit(xmpp.FromContext(ctx), joined{who: p.From.Local()})
		}),
	))
	defer end()
	done := make(chan struct{})
	xmpp.On(c, func(e joined) {
		fmt.Println(e.who, "is here")
		close(done)
	})
	if err := romeo.SendXML("<presence to='bot.example.org'/>"); err != nil {
		log.Fatal(err)
	}
	<-done
	// Output: romeo is here
}

// A client of an account, here of one on a server within the process: elsewhere an address
// and a password are enough.
func ExampleDial() {
	srv := xmpptest.NewServer(xmpptest.Config{})
	defer srv.Close()
	srv.Account("bot@example.org", "secret")
	cfg := srv.ClientConfig("bot@example.org")
	cfg.Presence = &stanza.Presence{}
	cfg.Handler = xmpp.NewMux(xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
		return xmpp.Send(ctx, m.Reply("hello, "+m.From.Local()))
	}))
	ctx := context.Background()
	bot, err := xmpp.Dial(ctx, jid.MustParse("bot@example.org/here"), cfg)
	if err != nil {
		log.Fatal(err)
	}
	defer bot.Close(ctx)

	romeo := srv.User("romeo@example.org/orchard")
	if err := romeo.Send(stanza.NewMessage(bot.Local(), "hi")); err != nil {
		log.Fatal(err)
	}
	st, err := romeo.Receive(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(st.(*stanza.Message).Body)

	_, err = xmpp.Dial(ctx, bot.Local(), xmpp.Config{Password: "guess", Addr: cfg.Addr, Dialer: cfg.Dialer, TLS: cfg.TLS})
	fmt.Println(errors.Is(err, xmpp.NotAuthorized))
	// Output:
	// hello, romeo
	// true
}
