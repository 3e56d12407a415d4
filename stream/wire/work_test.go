package wire

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// inputs are what the work for must grow no faster than their length.
var inputs = map[string]func(n int) string{
	"text":         func(n int) string { return "<a>" + strings.Repeat("lorem ipsum ", n/12) + "</a>" },
	"children":     func(n int) string { return "<a>" + strings.Repeat("<item jid='x@y'>lorem ipsum</item>", n/34) + "</a>" },
	"cdata":        func(n int) string { return "<a><![CDATA[" + strings.Repeat("]]lorem ipsum", n/13) + "]]></a>" },
	"references":   func(n int) string { return "<a>" + strings.Repeat("lorem &amp; ipsum &#x41;", n/24) + "</a>" },
	"wide":         func(n int) string { return "<a>" + strings.Repeat("ипсум 日本", n/17) + "</a>" },
	"prefixes":     func(n int) string { return "<p:a xmlns:p='u'>" + strings.Repeat("<p:b p:c='' d=''/>", n/18) + "</p:a>" },
	"declarations": func(n int) string { return "<a>" + strings.Repeat("<p:b xmlns:p='urn:u' p:c=''/>", n/29) + "</a>" },
	"value":        func(n int) string { return "<a b='" + strings.Repeat("lorem ipsum ", n/12) + "'/>" },
	"attributes": func(n int) string {
		var b strings.Builder
		for i := range 60 {
			fmt.Fprintf(&b, " a%d='%d'", i, i)
		}
		one := "<b" + b.String() + "/>"
		return "<a>" + strings.Repeat(one, n/len(one)) + "</a>"
	},
}

// TestWorkload is what TestThreatVX9Work counts: one input, cut into pieces.
func TestWorkload(t *testing.T) {
	name := os.Getenv("XMPP_WORK_INPUT")
	if name == "" {
		t.Skip("is run by TestThreatVX9Work")
	}
	size, err := strconv.Atoi(os.Getenv("XMPP_WORK_SIZE"))
	require.NoError(t, err)
	piece, err := strconv.Atoi(os.Getenv("XMPP_WORK_PIECE"))
	require.NoError(t, err)
	input := inputs[name](size)
	f := NewBareFramer(Limits{Bytes: 2 * size, Elements: size}, nil)
	moved := 0 // bytes that a single statement copied
	for i := 0; i < len(input); i += piece {
		buf, base, pending := unsafe.SliceData(f.buf), f.base, f.w-f.base
		f.FeedString(input[i:min(len(input), i+piece)])
		if unsafe.SliceData(f.buf) != buf || f.base != base {
			moved += pending
		}
		k, err := f.Next()
		require.NoError(t, err)
		require.Equal(t, i+piece >= len(input), k == Element)
	}
	require.LessOrEqual(t, moved, 2*size)
	d := f.Take()
	require.False(t, d.IsZero())
}

// TestThreatVX9Work counts the statements that are executed for an input, and for one that
// is twice as long: they are at most 2.3 times as many, and in pieces of 1 kB hardly more
// than for the whole. Unlike time, that is the same on every machine.
func TestThreatVX9Work(t *testing.T) {
	t.Parallel()
	if testing.Short() || raceEnabled {
		t.Skip("builds this package again, in which nothing is concurrent")
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "wire.test")
	out, err := exec.Command("go", "test", "-c", "-cover", "-covermode=count", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	statements := func(name string, size, piece int) int {
		profile := filepath.Join(dir, "profile")
		cmd := exec.Command(binary, "-test.run", "^TestWorkload$", "-test.coverprofile", profile)
		cmd.Env = append(os.Environ(), "XMPP_WORK_INPUT="+name, fmt.Sprint("XMPP_WORK_SIZE=", size), fmt.Sprint("XMPP_WORK_PIECE=", piece))
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		f, err := os.Open(profile)
		require.NoError(t, err)
		defer f.Close()
		sum := 0
		for s := bufio.NewScanner(f); s.Scan(); {
			// file.go:1.2,3.4 statements executions
			fields := strings.Fields(s.Text())
			if len(fields) != 3 {
				continue
			}
			n, err := strconv.Atoi(fields[1])
			require.NoError(t, err)
			times, err := strconv.Atoi(fields[2])
			require.NoError(t, err)
			sum += n * times
		}
		return sum
	}
	const size = 64 << 10
	for name := range inputs {
		base := statements(name, 100, 1<<30) // what is executed before there is any input
		short, long := statements(name, size, 1000)-base, statements(name, 2*size, 1000)-base
		whole := statements(name, 2*size, 1<<30) - base
		t.Logf("%s: %d, twice as long %d, in one piece %d", name, short, long, whole)
		require.Positive(t, short)
		require.Less(t, float64(long), 2.3*float64(short), "%s, twice as long", name)
		require.Less(t, float64(long), 1.5*float64(whole), "%s in pieces of 1 kB", name)
	}
}
