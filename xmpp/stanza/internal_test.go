package stanza

import (
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/stream/wire"
)

// A presence that is sent again and again with a new payload does not hold on to the old ones.
func TestReplacedPayloadsAreLetGo(t *testing.T) {
	t.Parallel()
	p := NewPresence(Away, "")
	q := NewIQ(Get, p.To, nil)
	name := q.WireName()
	for range 100 {
		p.Replace(NewIQ(Set, p.To, nil))
		q.Add(NewIQ(Set, p.To, nil))
		require.Equal(t, 1, q.Remove(name))
	}
	require.Len(t, p.more.added, 1)
	require.Nil(t, q.more)
	require.Equal(t, 1, p.Len())
	require.Equal(t, wire.Name{}, q.First())
}
