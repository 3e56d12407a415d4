package spaces_test

import (
	"fmt"

	"stanza.invalid/gen/form"
	"stanza.invalid/gen/spaces"
)

func ExampleMembership() {
	sent := spaces.Membership{Parent: new("xmpp:pubsub.illyria.example?;node=court")}
	membership, err := form.Decode[spaces.Membership](sent.Result())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*membership.Parent)
	// Output: xmpp:pubsub.illyria.example?;node=court
}
