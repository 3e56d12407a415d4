package slowmode_test

import (
	"fmt"

	"stanza.invalid/gen/form"
	"stanza.invalid/gen/slowmode"
)

func ExampleRoomConfig() {
	sent := slowmode.RoomConfig{Seconds: new(uint32(20))}
	config, err := form.Decode[slowmode.RoomConfig](sent.Submit())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*config.Seconds)
	// Output: 20
}
