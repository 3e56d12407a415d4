package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRun(t *testing.T) {
	t.Parallel()
	require.NoError(t, run(t.Context(), nil))
	require.Error(t, run(t.Context(), []string{"a", "b"}))
	require.Error(t, run(t.Context(), []string{"@"}))
}
