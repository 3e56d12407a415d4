package jid

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEightAtOnce holds the words to what their bytes say, at every length and place.
func TestEightAtOnce(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	odd := []byte{0, 1, 0x1F, ' ', '@', '/', '`', '{', '~', 0x7F, 0x80, 0xFF, 'A', 'Z', '0', '.', '-'}
	for n := range 40 {
		for range 200 {
			b := make([]byte, n)
			for i := range b {
				if b[i] = 'a' + byte(r.IntN(26)); r.IntN(12) == 0 {
					b[i] = odd[r.IntN(len(odd))]
				}
			}
			s := string(b)
			for from := range n + 1 {
				want := from
				for want < n && s[want] >= 'a' && s[want] <= 'z' {
					want++
				}
				require.Equal(t, want, skipLetters(s, from), "%q from %d", s, from)
			}
			want := true
			for i := range n {
				want = want && s[i] >= ' ' && s[i] <= '~'
			}
			require.Equal(t, want, isPrintable(s), "%q", s)
		}
	}
}
