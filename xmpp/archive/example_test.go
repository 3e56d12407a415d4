package archive_test

import (
	"context"
	"fmt"
	"time"

	"stanza.invalid/xmpp"
	"stanza.invalid/xmpp/archive"
	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
	"stanza.invalid/xmpp/xmpptest"
)

func Example() {
	srv := xmpptest.NewServer(xmpptest.Config{})
	defer srv.Close()
	srv.Account("juliet@example.org", "secret")
	romeo, nurse := jid.MustParse("romeo@example.net/orchard"), jid.MustParse("nurse@example.org/chamber")
	for i, m := range []*stanza.Message{
		{From: romeo, Body: stanza.Plain("She speaks.")}, {From: nurse, Body: stanza.Plain("Madam!")}, {From: romeo, Body: stanza.Plain("O blessed, blessed night!")},
	} {
		srv.Archive("juliet@example.org", time.Date(2026, 11, 26, 22, i, 0, 0, time.UTC), m)
	}

	ctx := context.Background()
	client, err := xmpp.Dial(ctx, jid.MustParse("juliet@example.org"), srv.ClientConfig("juliet@example.org"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)
	for m, err := range archive.Query(ctx, client, archive.With(romeo.Bare()), archive.Backward(), archive.Limit(10)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(m.Time.Format(time.TimeOnly), m.Stanza.Body)
	}
	// Output:
	// 22:02:00 O blessed, blessed night!
	// 22:00:00 She speaks.
}
