package deepdisco_test

import (
	"fmt"

	"stanza.invalid/gen/deepdisco"
	"stanza.invalid/gen/form"
)

func ExampleRequest() {
	sent := deepdisco.Request{Kinds: []deepdisco.Kind{deepdisco.KindNodes}, Depth: new(int32(1))}
	request, err := form.Decode[deepdisco.Request](sent.Submit())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(request.Kinds, *request.Depth, request.LinkedOrDefault())
	// Output: [nodes] 1 false
}
