package wire

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The index of an element has a limit of its own, whatever Bytes allows: what is beyond it is refused, and what is not is read right.
func TestIndexLimit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, piece string
		fits, more  int
	}{
		{"elements", "<b>0123456789</b>", 80_000, 90_000},
		{"texts", "<![CDATA[x]]>", 500_000, 530_000},
	} {
		r, err := Parse("<a>" + strings.Repeat(tt.piece, tt.fits) + "</a>")
		require.NoError(t, err, tt.name)
		require.Len(t, r.Text(), strings.Count(tt.piece, "x")*tt.fits, tt.name)
		n := 0
		for c := r.Children(); c.Next(); {
			n++
		}
		require.Equal(t, strings.Count(tt.piece, "<b")*tt.fits, n, tt.name)

		_, err = Parse("<a>" + strings.Repeat(tt.piece, tt.more) + "</a>")
		var bad *SyntaxError
		require.True(t, errors.As(err, &bad), "%s: %v", tt.name, err)
		require.Equal(t, PolicyViolation, bad.Condition, tt.name)
	}
}
