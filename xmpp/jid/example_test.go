package jid_test

import (
	"errors"
	"fmt"

	"stanza.invalid/xmpp/jid"
)

func Example() {
	j, err := jid.Parse("Romeo@XN--BCHER-KVA.example/Orchard")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(j)
	fmt.Println(j.Local(), j.Domain(), j.Resource())
	fmt.Println(j.Bare() == jid.MustParse("romeo@bücher.example"))
	// Output:
	// romeo@bücher.example/Orchard
	// romeo bücher.example Orchard
	// true
}

func ExampleParse_error() {
	_, err := jid.Parse("foo bar@example.org")
	fmt.Println(err)
	var e *jid.Error
	if errors.As(err, &e) {
		fmt.Println(e.Part)
	}
	fmt.Println(errors.Is(err, jid.ErrCharacter))
	// Output:
	// jid: localpart "foo bar" contains a character that is not allowed there
	// localpart
	// true
}

func ExampleJID_WithResource() {
	room := jid.MustParse("coven@chat.shakespeare.example")
	occupant, err := room.WithResource("Third Witch")
	fmt.Println(occupant, err)
	// Output: coven@chat.shakespeare.example/Third Witch <nil>
}

func ExampleEscape() {
	local, err := jid.Escape("d'artagnan@musketeers.example")
	if err != nil {
		fmt.Println(err)
		return
	}
	j, err := jid.New(local, "smtp.gascon.example", "")
	fmt.Println(j, err)
	fmt.Println(jid.Unescape(j.Local()))
	// Output:
	// d\27artagnan\40musketeers.example@smtp.gascon.example <nil>
	// d'artagnan@musketeers.example
}

func ExampleParseLenient() {
	// a nickname with a variation selector, as a room delivers it
	from := "coven@chat.shakespeare.example/Hecate\u2764\ufe0f"
	_, err := jid.Parse(from)
	fmt.Println(errors.Is(err, jid.ErrCharacter))
	j, err := jid.ParseLenient(from)
	fmt.Println(j.Bare(), j.IsFull(), err)
	// Output:
	// true
	// coven@chat.shakespeare.example true <nil>
}
