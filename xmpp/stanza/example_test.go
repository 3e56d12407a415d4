package stanza_test

import (
	"errors"
	"fmt"
	"time"

	"stanza.invalid/xmpp/jid"
	"stanza.invalid/xmpp/stanza"
)

// note stands for a type of a generated package.
func Example() {
	m := stanza.NewMessage(jid.MustParse("juliet@example.com"), "Wherefore art thou?")
	m.Add(&note{ID: "1", Text: "by night"})
	fmt.Println(m)

	received, err := stanza.Parse(m.String())
	if err != nil {
		fmt.Println(err)
		return
	}
	n, err := stanza.Find[note](received)
	fmt.Println(n.Text, err)
	// Output:
	// <message xmlns='jabber:client' to='juliet@example.com' type='chat'><body>Wherefore art thou?</body><note xmlns='urn:example:note' id='1'>by night</note></message>
	// by night <nil>
}

func ExampleFind() {
	s, _ := stanza.Parse(`<message from='romeo@example.net/orchard'>
		<note xmlns='urn:example:note' id='1'>first</note>
		<note xmlns='urn:example:note'>second</note></message>`)
	if n, err := stanza.Find[note](s); err == nil && n != nil {
		fmt.Println(n.Text)
	}
	all, err := stanza.FindAll[note](s)
	fmt.Println(len(all), err)
	// Output:
	// first
	// 1 attribute "id" of <note xmlns='urn:example:note'/> is missing
}

func ExampleText() {
	s, _ := stanza.Parse(`<message xml:lang='en'><body>hello</body><body xml:lang='de-AT'>servus</body></message>`)
	m := s.(*stanza.Message)
	fmt.Println(m.Body)
	fmt.Println(m.Body.In("cs", "de"))
	m.Body = m.Body.Set("cs", "ahoj")
	fmt.Println(m.Body.In("cs", "de"))
	// the language of the message counts as well
	fmt.Println(m.Body.Tagged(m.Lang).In("en-GB", "cs"))
	// Output:
	// hello
	// servus
	// ahoj
	// hello
}

func ExampleError() {
	s, _ := stanza.Parse(`<iq type='error' id='7' from='example.com'><error type='cancel'>
		<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
		<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>no such node</text></error></iq>`)
	var err error = s.(*stanza.IQ).Err
	err = fmt.Errorf("asking example.com: %w", err)
	fmt.Println(err)
	fmt.Println(errors.Is(err, stanza.ItemNotFound))
	var e *stanza.Error
	if errors.As(err, &e) {
		fmt.Println(e.Type, e.Text)
	}
	// Output:
	// asking example.com: stanza error: item not found: no such node
	// true
	// cancel no such node
}

func ExampleMessage_Reply() {
	s, _ := stanza.Parse(`<message from='coven@chat.example/hag' to='macbeth@example.com/heath' type='groupchat'><body>All hail!</body></message>`)
	fmt.Println(s.(*stanza.Message).Reply("Stay, you imperfect speakers"))
	// Output: <message xmlns='jabber:client' to='coven@chat.example' from='macbeth@example.com/heath' type='groupchat'><body>Stay, you imperfect speakers</body></message>
}

func ExampleIQ_Fail() {
	s, _ := stanza.Parse(`<iq type='get' id='7' from='romeo@example.net/orchard'><note xmlns='urn:example:note' id='1'/></iq>`)
	q := s.(*stanza.IQ)
	fmt.Println(q.Fail(stanza.Forbidden))
	fmt.Println(q.Result(nil))
	// Output:
	// <iq xmlns='jabber:client' to='romeo@example.net/orchard' id='7' type='error'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
	// <iq xmlns='jabber:client' to='romeo@example.net/orchard' id='7' type='result'/>
}

func ExampleDateTime() {
	t, err := stanza.ParseDateTime("1969-07-20T21:56:15-05:00")
	fmt.Println(t, err)
	fmt.Println(t.Equal(time.Date(1969, 7, 21, 2, 56, 15, 0, time.UTC)))
	fmt.Println(stanza.At(t.UTC()))
	// Output:
	// 1969-07-20T21:56:15-05:00 <nil>
	// true
	// 1969-07-21T02:56:15Z
}
