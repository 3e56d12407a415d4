package mixadmin_test

import (
	"fmt"

	"stanza.invalid/gen/form"
	"stanza.invalid/gen/mixadmin"
	"stanza.invalid/xmpp/jid"
)

func ExampleConfiguration() {
	change := mixadmin.Configuration{
		Owners:         []jid.JID{jid.MustParse("olivia@illyria.example")},
		MandatoryNicks: new(false),
	}
	config, err := form.Decode[mixadmin.Configuration](change.Submit())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(config.Owners, config.MandatoryNicksOrDefault(), config.PrivateMessagesOrDefault())
	// Output: [olivia@illyria.example] false true
}
