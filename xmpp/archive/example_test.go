package archive_test

import (
	"context"
	"fmt"
	"time"

	"stanza.invalid/gen/delay"
	"stanza.invalid/gen/forward"
	"stanza.invalid/gen/mam"
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
	ctx := context.Background()
	client, err := xmpp.Dial(ctx, jid.MustParse("juliet@example.org"), srv.ClientConfig("juliet@example.org"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)
	go aRoom(srv.User("rooms.example"))

	room := jid.MustParse("balcony@rooms.example")
	for m, err := range archive.Query(ctx, client, archive.In(room), archive.Backward(), archive.Limit(10)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(m.Time.Format(time.TimeOnly), m.Stanza.From.Resource(), m.Stanza.Body)
	}
	// Output:
	// 08:00:02 nurse Madam!
	// 08:00:01 romeo She speaks.
}

// aRoom answers one query as a room does that has seen two messages.
func aRoom(service *xmpptest.User) {
	st, err := service.Receive(context.Background())
	if err != nil {
		return
	}
	q := st.(*stanza.IQ)
	query, err := stanza.Find[mam.Query](q)
	if err != nil {
		return
	}
	for i, words := range []string{"She speaks.", "Madam!"} {
		said := stanza.NewMessage(jid.JID{}, words)
		said.Type, said.From = stanza.Groupchat, jid.MustParse("balcony@rooms.example/"+[]string{"romeo", "nurse"}[i])
		m := &stanza.Message{From: q.To, To: q.From}
		m.Add(&mam.Result{QueryID: query.QueryID, ID: fmt.Sprint(i), Forwarded: forward.Forwarded{
			Delay:   &delay.Delay{Stamp: stanza.At(time.Date(2026, 11, 26, 8, 0, i+1, 0, time.UTC))},
			Message: said,
		}})
		_ = service.Send(m)
	}
	_ = service.Send(q.Result(&mam.Fin{Complete: true}))
}
