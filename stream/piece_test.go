package stream

import (
	"math/rand/v2"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// A write has whole elements, as many as a record of TLS takes, or one that is longer.
func TestPieces(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		n, c := 1+r.IntN(50), &chunk{}
		for range 1 + r.IntN(40) {
			c.add(make([]byte, 1+r.IntN(80)))
		}
		for ends := c.ends; c.left() > 0; {
			b := c.piece(n)
			i := 0
			for ends[i] < c.gone+len(b) {
				i++
			}
			require.Equal(t, c.gone+len(b), ends[i], "a piece ends with an element")
			require.True(t, len(b) <= n || i == 0, "only one element is longer")
			if i+1 < len(ends) && len(b) <= n {
				require.Greater(t, ends[i+1]-c.gone, n, "another one has no room")
			}
			c.gone, ends = ends[i], ends[i+1:]
		}
	}
	require.Equal(t, pieceBytes, pieceFor(&net.TCPConn{}))
	require.Equal(t, recordBytes, pieceFor(plain{}))
}
