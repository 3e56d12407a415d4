package mucavatar_test

import (
	"fmt"

	"stanza.invalid/gen/form"
	"stanza.invalid/gen/mucavatar"
)

func ExampleRoomInfo() {
	sent := mucavatar.RoomInfo{AvatarHashes: []string{"a31c4bd04de69663cfd7f424a8453f4674da37ff"}}
	info, err := form.Decode[mucavatar.RoomInfo](sent.Result())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(info.AvatarHashes)
	// Output: [a31c4bd04de69663cfd7f424a8453f4674da37ff]
}
