package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
)

func TestParseNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text     string
		signed   int64
		isInt    bool
		unsigned uint64
		isUint   bool
	}{
		{"7", 7, true, 7, true},
		{" +07\n", 7, true, 7, true},
		{"-3", -3, true, 0, false},
		{"200", 0, false, 200, true},
		{"256", 0, false, 0, false},
		{"", 0, false, 0, false},
		{"max", 0, false, 0, false},
		{"1_0", 0, false, 0, false},
	} {
		n, ok := wire.ParseInt(c.text, 8)
		require.Equal(t, c.isInt, ok, c.text)
		require.Equal(t, c.signed, n, c.text)
		u, ok := wire.ParseUint(c.text, 8)
		require.Equal(t, c.isUint, ok, c.text)
		require.Equal(t, c.unsigned, u, c.text)
	}
}
