package wire

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// testdata is where the inputs of this package's tests are.
const testdata = "../../testdata/wire"

// streamStart is what $ stands for in streams.txt.
const streamStart = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='a' version='1.0'>"

// sample is one line of a file of inputs.
type sample struct {
	name    string
	verdict string
	offset  int64 // of the error; -1 for none
	input   string
}

// readSamples reads one of the files of inputs; elements.txt says what they look like.
func readSamples(t testing.TB, file string) []sample {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testdata, file))
	require.NoError(t, err)
	var all []sample
	for n, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.SplitN(line, " ", 4)
		require.Len(t, f, 4, "%s:%d", file, n+1)
		s := sample{name: f[0], verdict: f[1], offset: -1}
		if f[2] != "-" {
			s.offset, err = strconv.ParseInt(f[2], 10, 64)
			require.NoError(t, err, "%s:%d", file, n+1)
		}
		s.input, err = expand(f[3])
		require.NoError(t, err, "%s:%d", file, n+1)
		all = append(all, s)
	}
	return all
}

// expand reads quoted strings, $ and repetitions.
func expand(s string) (string, error) {
	var b strings.Builder
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		if s[0] == '$' {
			b.WriteString(streamStart)
			s = s[1:]
			continue
		}
		times := 1
		if n, rest, ok := strings.Cut(s, "*"); ok && s[0] != '"' {
			var err error
			if times, err = strconv.Atoi(n); err != nil {
				return "", err
			}
			s = rest
		}
		q, err := strconv.QuotedPrefix(s)
		if err != nil {
			return "", err
		}
		text, err := strconv.Unquote(q)
		if err != nil {
			return "", err
		}
		b.WriteString(strings.Repeat(text, times))
		s = s[len(q):]
	}
	return b.String(), nil
}

// outcome is all that a Framer makes of an input.
type outcome struct {
	verdict string
	offset  int64
	dump    string
}

// runner collects the outcome of an input that comes in pieces.
type runner struct {
	f       *Framer
	element bool // one element stands alone
	count   int
	closed  bool
	dump    strings.Builder
	outcome
}

func newRunner(element bool, l Limits) *runner {
	r := &runner{element: element, outcome: outcome{offset: -1}}
	if r.f = NewFramer(l); element {
		r.f = NewBareFramer(l, nil)
	}
	return r
}

// feed takes a piece and reports whether it was acceptable so far.
func (r *runner) feed(piece string) bool {
	for r.f.FeedString(piece); ; {
		k, err := r.f.Next()
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				panic(err)
			}
			r.verdict, r.offset = string(syntax.Condition), syntax.Offset
			return false
		}
		switch k {
		case More:
			return true
		case Footer:
			r.closed = true
			r.dump.WriteString("\x05")
			continue
		case Header:
			r.closed = r.f.closed
		}
		if r.count++; r.element && r.count > 1 {
			r.verdict, r.offset = string(NotWellFormed), r.f.offset+int64(r.f.base)
			return false
		}
		start := r.f.offset + int64(r.f.base)
		d := r.f.Take()
		r.dump.WriteString(fmt.Sprintf("\x06%d-%d", start, r.f.Consumed()))
		dumpRaw(&r.dump, d.Root())
	}
}

// end is the end of the input.
func (r *runner) end() outcome {
	r.outcome.dump = r.dump.String()
	if r.verdict == "" {
		switch {
		case r.element && r.count == 1 && !r.f.Pending():
			r.verdict = "ok"
		case r.element && r.count == 1:
			r.verdict, r.offset = string(NotWellFormed), r.f.Consumed()
		case r.f.Pending() || r.count == 0:
			r.verdict = "truncated"
		case r.closed:
			r.verdict = "ok"
		default:
			r.verdict = "open"
		}
	}
	return r.outcome
}

// run feeds the input in pieces that end at these offsets.
func run(element bool, input string, ends ...int) outcome {
	r := newRunner(element, Limits{})
	from := 0
	for _, end := range append(ends, len(input)) {
		if !r.feed(input[from:end]) {
			break
		}
		from = end
	}
	return r.end()
}

// dumpRaw writes all that is in an element, in the form of expat.py.
func dumpRaw(b *strings.Builder, r Raw) {
	b.WriteString("\x01{" + r.Space() + "}" + r.Local())
	var attrs []string
	for a := r.Attrs(); a.Next(); {
		n := a.Expanded()
		attrs = append(attrs, "{"+n.Space+"}"+n.Local+"="+a.Value())
	}
	slices.Sort(attrs)
	for _, a := range attrs {
		b.WriteString("\x02" + a)
	}
	b.WriteString("\x03")
	for i, end := r.content(), r.d.next(r.at); i < end; {
		if r.d.word(i)&kindText != 0 {
			b.WriteString(r.d.textAt(i))
			i += textWords
			continue
		}
		dumpRaw(b, Raw{d: r.d, at: i})
		i = r.d.next(i)
	}
	b.WriteString("\x04")
}

// TestThreatVX1SplitInvariance shows that the verdict, where the error is, and all
// that comes out before it do not depend on how the input is cut.
func TestThreatVX1SplitInvariance(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"elements.txt", "streams.txt"} {
		element := file == "elements.txt"
		for _, s := range readSamples(t, file) {
			t.Run(strings.TrimSuffix(file, "s.txt")+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				whole := run(element, s.input)
				require.Equal(t, s.verdict, whole.verdict)
				require.Equal(t, s.offset, whole.offset)

				var every []int
				for i := 1; i < len(s.input); i++ {
					every = append(every, i)
				}
				require.Equal(t, whole, run(element, s.input, every...), "byte by byte")
				step := 1
				if len(s.input) > 2000 {
					step = len(s.input)/20 + 1
				}
				for i := 1; i < len(s.input); i += step {
					if got := run(element, s.input, i); got != whole {
						require.Equal(t, whole, got, "cut at %d", i)
					}
				}
			})
		}
	}
}

// TestSamplesParse shows that Parse agrees with a Framer.
func TestSamplesParse(t *testing.T) {
	t.Parallel()
	for _, s := range readSamples(t, "elements.txt") {
		_, err := Parse(s.input)
		var syntax *SyntaxError
		switch {
		case strings.HasPrefix(s.name, "depth-") || strings.HasPrefix(s.name, "attributes-") ||
			strings.HasPrefix(s.name, "elements-") || strings.HasPrefix(s.name, "bytes-"):
			require.NoError(t, err, "%s: Parse has wider limits", s.name)
		case s.verdict == "ok":
			require.NoError(t, err, s.name)
		case s.verdict == "truncated":
			require.ErrorIs(t, err, ErrTruncated, s.name)
		default:
			require.ErrorAs(t, err, &syntax, s.name)
			require.Equal(t, s.verdict, string(syntax.Condition), s.name)
			require.Equal(t, s.offset, syntax.Offset, s.name)
		}
	}
}

// TestTruncation ends well-formed input at every byte.
func TestTruncation(t *testing.T) {
	t.Parallel()
	for _, s := range readSamples(t, "elements.txt") {
		if s.verdict != "ok" || len(s.input) > 500 {
			continue
		}
		last := strings.TrimRight(s.input, " \t\r\n")
		for i := range len(last) {
			_, err := Parse(s.input[:i])
			require.ErrorIs(t, err, ErrTruncated, "%q", s.input[:i])
		}
	}
}
