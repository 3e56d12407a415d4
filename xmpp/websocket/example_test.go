package websocket_test

import (
	"context"
	"fmt"

	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/websocket"
	"stanza.invalid/xmpp/xmpptest"
)

// A client that connects by websocket, to a server in the process.
func Example() {
	srv := xmpptest.NewServer(xmpptest.Config{})
	defer srv.Close()
	srv.Account("bot@example.org", "secret")

	cfg := srv.WebsocketConfig("bot@example.org") // trusts the server's certificate
	cfg.Transport = &websocket.Transport{}        // the domain says where
	bot, err := xmpp.Dial(context.Background(), jid.MustParse("bot@example.org/x"), cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bot.Close(context.Background())
	fmt.Println(bot.Local(), srv.Online("bot@example.org/x"))
	// Output: bot@example.org/x true
}
