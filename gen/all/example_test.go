package all_test

import (
	"fmt"

	"stanza.invalid/gen/all"
	"stanza.invalid/stream/wire"
)

// A tool finds the type for an element that it knows only by name.
func ExampleTypes() {
	r, err := wire.Parse(`<received xmlns='urn:xmpp:receipts' id='m1'/>`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range all.Types() {
		if v := e.New(); v.Matches(r.Name()) {
			if err := v.DecodeXML(r); err != nil {
				fmt.Println(err)
				return
			}
			fmt.Printf("%s in %s\n", e.GoName, e.In)
		}
	}
	// Output: Received in [message]
}
