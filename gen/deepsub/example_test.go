package deepsub_test

import (
	"fmt"

	"stanza.invalid/gen/deepsub"
	"stanza.invalid/gen/form"
)

func ExampleSubscribeOptions() {
	sent := deepsub.SubscribeOptions{Subjects: []deepsub.Subject{deepsub.SubjectItems, deepsub.SubjectLinkedItems}}
	options, err := form.Decode[deepsub.SubscribeOptions](sent.Submit())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(options.Subjects, options.DepthOrDefault())
	// Output: [items linked items] 0
}
