package invite_test

import (
	"fmt"

	"stanza.invalid/gen/form"
	"stanza.invalid/gen/invite"
)

func ExampleInvitation() {
	answer := invite.Invitation{URI: "xmpp:illyria.example?register;preauth=wq7Yk2", LandingURL: new("https://illyria.example/i/wq7Yk2")}
	invitation, err := form.Decode[invite.Invitation](answer.Result())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(invitation.URI, *invitation.LandingURL, invitation.Expires)
	// Output: xmpp:illyria.example?register;preauth=wq7Yk2 https://illyria.example/i/wq7Yk2 <nil>
}
