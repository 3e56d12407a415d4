package wire

import "sync"

// Read buffers come in two sizes: small ones for the trickle of a chat, large
// ones once reads fill them. They are shared by all framers, so that an idle
// stream owns none.
const (
	smallBuffer = 4 << 10
	largeBuffer = 64<<10 + slack
	smallTape   = 256
)

// scratch is what a framer borrows while bytes are pending.
type scratch struct {
	buf   []byte
	tape  []uint32 // the index; how much of it is in use the scanner knows
	decls []uint32
	names []uint32 // offset and length of the prefix of each declaration
	// attrNames is for looking at the attributes of a tag more closely.
	attrNames []attrName
	binds     []bind
	stack     []open // the bottom is no element
}

func newScratch(n int) *scratch {
	return &scratch{buf: make([]byte, n), tape: make([]uint32, smallTape), stack: make([]open, 16)}
}

var (
	smallScratch = sync.Pool{New: func() any { return newScratch(smallBuffer) }}
	largeScratch = sync.Pool{New: func() any { return newScratch(largeBuffer) }}
)

func borrow(big bool) *scratch {
	if big {
		return largeScratch.Get().(*scratch)
	}
	return smallScratch.Get().(*scratch)
}

// giveBack returns a scratch to its pool; one that an unusual element has made
// large is left to the collector.
func giveBack(s *scratch) {
	if len(s.tape) > 16<<10 || cap(s.decls) > 4<<10 || len(s.stack) > 1<<10 {
		return
	}
	switch len(s.buf) {
	case smallBuffer:
		smallScratch.Put(s)
	case largeBuffer:
		largeScratch.Put(s)
	}
}
