package source

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPosString(t *testing.T) {
	t.Parallel()
	require.Equal(t, "-", Pos{}.String())
	require.Equal(t, "a", Pos{File: "a"}.String())
	require.Equal(t, "a:2", Pos{File: "a", Line: 2}.String())
	require.Equal(t, "a:2:3", Pos{"a", 2, 3}.String())
	require.False(t, Pos{Line: 1}.IsValid())
}

func TestCollector(t *testing.T) {
	t.Parallel()
	c := &Collector{}
	c.Errorf(Pos{"b", 1, 1}, "last")
	c.Errorf(Pos{"a", 10, 1}, "third")
	c.Warnf(Pos{"a", 9, 2}, "second %d", 2).Hintf("try %s", "this")
	c.Errorf(Pos{"a", 9, 1}, "first")
	c.Errorf(Pos{"a", 9, 1}, "first")
	require.Equal(t, 4, c.Errors())
	require.True(t, c.ErrorsIn("b"))
	require.False(t, c.ErrorsIn("c"))
	var b strings.Builder
	n, err := c.WriteTo(&b)
	require.NoError(t, err)
	require.Equal(t, "a:9:1: first\na:9:2: warning: second 2\n\thint: try this\na:10:1: third\nb:1:1: last\n", b.String())
	require.EqualValues(t, b.Len(), n)

	_, err = c.WriteTo(broken{})
	require.ErrorIs(t, err, errBroken)
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestSuggest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		of   []string
		want string
	}{
		{"atrs", []string{"any", "attrs"}, "attrs"},
		{"nmae", []string{"names", "name"}, "name"},
		{"dateTime", []string{"date", "datetime"}, "datetime"},
		{"Xqz", []string{"string", "bool"}, ""},
		{"affilation", []string{"affiliation"}, "affiliation"},
		{"", []string{"abc"}, ""},
		{"x", nil, ""},
	}
	for _, tt := range tests {
		got, ok := Suggest(tt.name, tt.of)
		require.Equal(t, tt.want, got, tt.name)
		require.Equal(t, tt.want != "", ok, tt.name)
	}
}
