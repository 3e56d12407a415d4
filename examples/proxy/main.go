// Proxy logs in through an HTTP or SOCKS5 proxy and says under which address.
//
//	PASSWORD=... go run ./examples/proxy me@example.org socks5://localhost:9050
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
)

func main() {
	log.SetFlags(0)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, os.Args[1:], xmpp.Config{Password: os.Getenv("PASSWORD")}); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, args []string, cfg xmpp.Config) error {
	if len(args) != 2 {
		return errors.New("usage: proxy address proxy-url")
	}
	addr, err := jid.Parse(args[0])
	if err != nil {
		return err
	}
	// the proxy looks up the server, too: nothing is said to anybody else
	if cfg.Dialer, err = xmpp.ProxyDialer(args[1], cfg.Dialer); err != nil {
		return err
	}
	client, err := xmpp.Dial(ctx, addr, cfg)
	if err != nil {
		return err
	}
	fmt.Println("logged in as", client.Local())
	return client.Close(ctx)
}
