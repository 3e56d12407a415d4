package roomactivity_test

import (
	"fmt"

	"stanza.invalid/gen/form"
	"stanza.invalid/gen/roomactivity"
)

func ExampleRoomInfo() {
	sent := roomactivity.RoomInfo{MessagesPerHour: new(12.5)}
	info, err := form.Decode[roomactivity.RoomInfo](sent.Result())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*info.MessagesPerHour)
	// Output: 12.5
}
