package datapolicy_test

import (
	"fmt"

	"stanza.invalid/gen/datapolicy"
	"stanza.invalid/gen/form"
)

func ExamplePolicy() {
	sent := datapolicy.Policy{Transmission: new(datapolicy.TransmissionEncrypted), Retention: new("infinite")}
	policy, err := form.Decode[datapolicy.Policy](sent.Result())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*policy.Transmission, *policy.Retention, policy.DeletionOrDefault())
	// Output: encrypted infinite false
}
