package bench

import (
	"os"
	"strconv"
	"testing"
)

// TestCount runs one way of decoding so often, for tools that count instructions.
func TestCount(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("COUNT_N"))
	for _, s := range samples() {
		if s.name != os.Getenv("COUNT_NAME") { continue }
		f, text, alone := framer(), []byte(s.text), standalone(s.text)
		for range n {
			if os.Getenv("COUNT_WAY") == "std" { s.std(alone) } else { next(f, text); s.ours(f) }
		}
	}
}
