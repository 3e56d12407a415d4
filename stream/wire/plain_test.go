package wire

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// TestPlain puts each byte at each place of texts of many lengths: what is said to need no
// escaping is written as it is, and the short way writes what the long one does.
func TestPlain(t *testing.T) {
	t.Parallel()
	for n := range 40 {
		text := strings.Repeat("x", n)
		room := make([]byte, n+4)
		plain := func(s string) bool {
			copy(room[n:], "....")
			ok := putPlain(unsafe.Pointer(&room[0]), s)
			require.Equal(t, s+"....", string(room))
			return ok
		}
		require.True(t, plain(text))
		for i := range n {
			for c := range 256 {
				s := text[:i] + string([]byte{byte(c)}) + text[i+1:]
				want := c >= 0x20 && c < 0x80 && !strings.ContainsRune("<>&'", rune(c))
				require.Equal(t, want, plain(s), "%q", s)
			}
		}
		b := []byte(strings.Repeat(".", n+4))
		put(unsafe.Pointer(&b[0]), text)
		require.Equal(t, text+"....", string(b))
		roomy, err := AppendAttr(make([]byte, 0, 100), " a='", text)
		require.NoError(t, err)
		tight, err := AppendAttr(nil, " a='", text)
		require.NoError(t, err)
		require.Equal(t, " a='"+text+"'", string(roomy))
		require.Equal(t, roomy, tight)
		leaf, err := AppendLeaf(make([]byte, 0, 100), "<a>", text, "</a>")
		require.NoError(t, err)
		require.Equal(t, "<a>"+text+"</a>", string(leaf))
	}
}
