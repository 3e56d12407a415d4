package stanza

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBase64 holds the coding to the standard library's.
func TestBase64(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		want := base64.StdEncoding.EncodeToString(b)
		require.Equal(t, "x"+want, string(appendBase64([]byte("x"), b)))
		got, canonical, ok := decodeBase64(want)
		require.True(t, ok)
		require.True(t, canonical)
		require.Equal(t, b, got)
		// one wrong character anywhere
		for i := range want {
			s := want[:i] + string(rune(r.Uint32()%128)) + want[i+1:]
			d, err := base64.StdEncoding.DecodeString(s)
			if strings.ContainsAny(s, "\r\n") {
				continue
			}
			got, canonical, ok := decodeBase64(s)
			require.Equal(t, err == nil, ok, "%q", s)
			if ok {
				require.Equal(t, d, got)
				require.Equal(t, base64.StdEncoding.EncodeToString(d) == s, canonical, "%q", s)
			}
		}
	}
	for _, s := range []string{"=", "==", "===", "====", "A===", "AA=A", "AA=", "A", "AA", "AAA", "=AAA", "AA==AAAA", "AAA=AAAA"} {
		_, _, ok := decodeBase64(s)
		require.False(t, ok, "%q", s)
	}
}

func BenchmarkBase64(b *testing.B) {
	data := make([]byte, 40_000)
	text := base64.StdEncoding.EncodeToString(data)
	buf := make([]byte, 0, 60_000)
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			_, _, _ = decodeBase64(text)
		}
	})
	b.Run("decode-std", func(b *testing.B) {
		for b.Loop() {
			_, _ = base64.StdEncoding.DecodeString(text)
		}
	})
	b.Run("encode", func(b *testing.B) {
		for b.Loop() {
			buf = appendBase64(buf[:0], data)
		}
	})
	b.Run("encode-std", func(b *testing.B) {
		for b.Loop() {
			buf = base64.StdEncoding.AppendEncode(buf[:0], data)
		}
	})
}
