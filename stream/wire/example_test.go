package wire_test

import (
	"fmt"
	"strings"

	"stanza.invalid/stream/wire"
)

// A stream, however it arrives, becomes a header, elements and a footer.
func ExampleReader() {
	in := strings.NewReader(`<?xml version='1.0'?>
<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='capulet.example'>
	<message from='juliet@capulet.example'><body>Wherefore art thou?</body></message>
</stream:stream>`)
	r := wire.NewReader(in, wire.Limits{Bytes: 10_000})
	for {
		kind, err := r.Next()
		if err != nil {
			fmt.Println(err)
			return
		}
		switch kind {
		case wire.Header:
			header := r.Take()
			from, _ := header.Root().Attr("from")
			fmt.Println("stream from", from, "with", r.Context().Content())
		case wire.Element:
			d := r.Take()
			fmt.Println(d.Root().Name(), d.Root().Child(wire.NSClient, "body").Text())
		case wire.Footer:
			fmt.Println("end of the stream")
		}
	}
	// Output:
	// stream from capulet.example with jabber:client
	// {jabber:client}message Wherefore art thou?
	// end of the stream
	// EOF
}

// Whoever reads by other means feeds a Framer with what came.
func ExampleFramer() {
	f := wire.NewBareFramer(wire.Limits{}, wire.NewContext(wire.NSClient, ""))
	for _, piece := range []string{"<presence/><mess", "age><body>Hi</bo", "dy></message>", "<!-- no -->"} {
		n := copy(f.Space(), piece)
		f.Commit(n)
		for {
			kind, err := f.Next()
			if err != nil {
				fmt.Println(err)
				return
			}
			if kind == wire.More {
				break
			}
			d := f.Take()
			fmt.Println(d.Text())
		}
	}
	// Output:
	// <presence/>
	// <message><body>Hi</body></message>
	// xml: restricted-xml: a comment at byte 45
}

func ExampleParse() {
	r, err := wire.Parse(`<query xmlns='jabber:iq:roster'><item jid='romeo@montague.example' name='Romeo &amp; co'/></query>`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for c := r.Children(); c.Next(); {
		for a := c.Raw().Attrs(); a.Next(); {
			fmt.Println(c.Local(), a.Name(), a.Value())
		}
	}
	// Output:
	// item jid romeo@montague.example
	// item name Romeo & co
}

// What an element inherits from where it stood is declared where it goes.
func ExampleAppendRaw() {
	r, err := wire.Parse(`<x xmlns='urn:a' xmlns:b='urn:b'><b:y b:id='1'>text</b:y></x>`)
	if err != nil {
		fmt.Println(err)
		return
	}
	y := r.Child("urn:b", "y")
	fmt.Println(y.Source())
	fmt.Println(string(wire.AppendRaw(nil, y, wire.NSClient)))
	// Output:
	// <b:y b:id='1'>text</b:y>
	// <y xmlns='urn:b' xmlns:ns0='urn:b' ns0:id='1'>text</y>
}
