// Send sends one message and says whether the server has taken it.
//
//	PASSWORD=... go run ./examples/send me@example.org friend@example.net "Where are you?"
//
// Without arguments it plays against a server in its own process.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"stanza.invalid/stream"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func main() {
	log.SetFlags(0)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string) error {
	cfg := xmpp.Config{Password: os.Getenv("PASSWORD")}
	switch len(args) {
	case 0:
		srv := xmpptest.NewServer(xmpptest.Config{})
		defer srv.Close()
		srv.Account("me@example.org", "secret")
		srv.User("friend@example.org/garden")
		cfg = srv.ClientConfig("me@example.org")
		args = []string{"me@example.org", "friend@example.org", "Where are you?"}
	case 3:
	default:
		return errors.New("usage: send from to text")
	}
	from, err := jid.Parse(args[0])
	if err != nil {
		return err
	}
	to, err := jid.Parse(args[1])
	if err != nil {
		return err
	}
	client, err := xmpp.Dial(ctx, from, cfg)
	if errors.Is(err, xmpp.NotAuthorized) {
		return errors.New("the password is wrong")
	}
	if err != nil {
		return err
	}
	sent, err := client.SendTracked(ctx, stanza.NewMessage(to, args[2]))
	if err != nil {
		return err
	}
	// what was sent is acknowledged before the end
	if err := client.Close(ctx); err != nil {
		return err
	}
	outcome, err := sent.Wait(ctx)
	if err != nil {
		return err
	}
	fmt.Println(outcome)
	if outcome == stream.Lost {
		return errors.New("the server has not said that it has the message")
	}
	return nil
}
