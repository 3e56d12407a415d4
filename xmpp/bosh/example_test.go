package bosh_test

import (
	"context"
	"fmt"

	"stanza.invalid/gen/ping"
	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/bosh"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/xmpptest"
)

// A client that connects by BOSH, to a server in the process. Some answers of the server get
// lost on the way, which it does not notice.
func Example() {
	srv := xmpptest.NewServer(xmpptest.Config{})
	defer srv.Close()
	srv.Account("bot@example.org", "secret")

	cfg := srv.BOSHConfig("bot@example.org") // trusts the server's certificate
	cfg.Transport = &bosh.Transport{}        // the domain says where
	bot, err := xmpp.Dial(context.Background(), jid.MustParse("bot@example.org/x"), cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bot.Close(context.Background())

	srv.LoseAnswers(3)
	_, err = xmpp.Call(context.Background(), bot, jid.MustParse("bot@example.org"), &ping.Ping{})
	fmt.Println(bot.Local(), srv.Online("bot@example.org/x"), err)
	// Output: bot@example.org/x true <nil>
}
