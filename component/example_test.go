package component_test

import (
	"context"
	"fmt"
	"log"

	"stanza.invalid/component"
	"stanza.invalid/gen/version"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

// A component that echoes what it is told.
func Example() {
	// In place of a real server.
	srv := xmpptest.NewServer(xmpptest.Config{})
	defer srv.Close()
	srv.Component("echo.example.org", "secret")

	ctx := context.Background()
	c, err := component.Dial(ctx, jid.MustParse("echo.example.org"), component.Config{
		Addr:   srv.Addr(),
		Secret: "secret",
		SessionConfig: xmpp.SessionConfig{
			Software: &version.Info{Name: "Echo", Version: "1.0"},
			Handler: xmpp.NewMux(
				xmpp.OnBody(func(ctx context.Context, m *stanza.Message, body string) error {
					return xmpp.Send(ctx, m.Reply("You said: "+body))
				}),
			),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close(ctx)

	// Somebody talks to it.
	romeo := srv.User("romeo@example.org/orchard")
	if err := romeo.Send(stanza.NewMessage(c.Local(), "hello")); err != nil {
		log.Fatal(err)
	}
	answer, err := romeo.Receive(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.(*stanza.Message).Body)
	info, err := xmpptest.Call(ctx, romeo, c.Local(), &version.Query{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Name, info.Version)
	// Output:
	// You said: hello
	// Echo 1.0
}
