package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
)

func TestAppendNamed(t *testing.T) {
	t.Parallel()
	r, err := wire.Parse("<a xmlns='urn:x'><b/>c</a>")
	require.NoError(t, err)
	b, err := wire.AppendNamed(nil, r, "urn:x", "a", "")
	require.NoError(t, err)
	require.Equal(t, "<a xmlns='urn:x'><b/>c</a>", string(b))
	for _, other := range []wire.Name{{Space: "urn:y", Local: "a"}, {Space: "urn:x", Local: "b"}} {
		_, err = wire.AppendNamed(nil, r, other.Space, other.Local, "")
		require.ErrorContains(t, err, "{urn:x}a in the place of "+other.String())
	}
	_, err = wire.AppendNamed(nil, wire.Raw{}, "urn:x", "a", "")
	require.ErrorContains(t, err, "no element in the place of {urn:x}a")
}
