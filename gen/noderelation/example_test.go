package noderelation_test

import (
	"fmt"

	"stanza.invalid/gen/form"
	"stanza.invalid/gen/noderelation"
)

func ExampleNodeConfig() {
	sent := noderelation.NodeConfig{Parent: new("songs")}
	config, err := form.Decode[noderelation.NodeConfig](sent.Submit())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*config.Parent)
	// Output: songs
}
