// Register makes an account on a server that lets people do so themselves, and logs in to it.
//
//	PASSWORD=... go run ./examples/register me@example.org
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
		srv := xmpptest.NewServer(xmpptest.Config{Registration: true})
		defer srv.Close()
		srv.Account("somebody@example.org", "") // the server is theirs
		cfg = srv.ClientConfig("somebody@example.org")
		cfg.Password = "put money in thy purse"
		args = []string{"me@example.org"}
	case 1:
	default:
		return errors.New("usage: register account")
	}
	addr, err := jid.Parse(args[0])
	if err != nil {
		return err
	}
	switch err := xmpp.Register(ctx, addr, cfg, nil); {
	case errors.Is(err, stanza.Conflict):
		return fmt.Errorf("%s is taken", addr)
	case errors.Is(err, stanza.ServiceUnavailable), errors.Is(err, stanza.FeatureNotImplemented), errors.Is(err, stanza.NotAllowed):
		return fmt.Errorf("%s lets nobody make an account so", addr.Domain())
	case errors.Is(err, xmpp.ErrMoreWanted):
		return fmt.Errorf("that takes a person: %w", err)
	case err != nil:
		return err
	}
	fmt.Println("there is an account", addr)
	client, err := xmpp.Dial(ctx, addr, cfg)
	if err != nil {
		return err
	}
	fmt.Println("logged in as", client.Local().Bare())
	return client.Close(ctx)
}
