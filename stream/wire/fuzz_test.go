package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzFramer feeds anything, cut anyhow: the outcome is that of the whole, and what
// is accepted comes back when it is written and read again.
func FuzzFramer(f *testing.F) {
	for _, s := range readSamples(f, "elements.txt") {
		if len(s.input) < 1000 {
			f.Add(s.input, true, []byte{1})
		}
	}
	for _, s := range readSamples(f, "streams.txt") {
		if len(s.input) < 1000 {
			f.Add(s.input, false, []byte{3, 7})
		}
	}
	f.Fuzz(func(t *testing.T, input string, element bool, cuts []byte) {
		whole := run(element, input)
		var ends []int
		for i, k := 0, 0; len(cuts) > 0; k++ {
			if i += 1 + int(cuts[k%len(cuts)]); i >= len(input) {
				break
			}
			ends = append(ends, i)
		}
		require.Equal(t, whole, run(element, input, ends...), "cut at %v", ends)
		if r, err := Parse(input); err == nil {
			checkRoundTrip(t, r)
		}
	})
}

// FuzzAppend writes anything: it comes back, or it is an EncodeError.
func FuzzAppend(f *testing.F) {
	for _, s := range []string{"", "a", "<&>'\"", "\r\n\t", "日本語😀", "\xff", "\x00", "xmlns", "a:b", "http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkAppend(t, s) })
}
