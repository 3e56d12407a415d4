package conformance

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"stanza.invalid/internal/typed"
	"stanza.invalid/stream/wire"
)

// shared finds the folder with the published examples, which are not part of this project.
func shared(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("XMPP_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "examples")); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no published examples at %s; XMPP_SHARED can name another folder", dir)
	}
	return dir
}

type example struct {
	ID        string
	Fragments []struct{ Local, NS, Kind, XML string }
}

func examples(t *testing.T) []example {
	t.Helper()
	var list []example
	files, err := filepath.Glob(filepath.Join(shared(t), "examples", "*.jsonl"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		f, err := os.Open(name)
		require.NoError(t, err)
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 16<<20)
		for lines.Scan() {
			if len(strings.TrimSpace(lines.Text())) == 0 {
				continue
			}
			var e example
			require.NoError(t, json.Unmarshal(lines.Bytes(), &e), name)
			list = append(list, e)
		}
		require.NoError(t, lines.Err())
	}
	return list
}

// exceptions reads a list of fragments with their reasons.
func exceptions(t *testing.T, file string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(t, err)
	m := map[string]string{}
	for _, line := range strings.Split(string(b), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		id, why, ok := strings.Cut(line, " ")
		require.True(t, ok, "%q has no reason", line)
		m[id] = strings.TrimSpace(why)
	}
	return m
}

// TestExamples reads every published example through the types and writes it again from the typed values: nothing may be
// lost or changed, and nothing be unknown or invalid where a schema claims to know the specification. It prints how many
// fragments pass, and fails where that is too few of them.
func TestExamples(t *testing.T) {
	t.Parallel()
	table, covered := typed.NewTable(), coveredSpecs(t)
	excused, uncounted := exceptions(t, "contradictions.txt"), exceptions(t, "uncounted.txt")
	report := newReport(t)
	for _, e := range examples(t) {
		spec, _, _ := strings.Cut(e.ID, "/")
		for i, f := range e.Fragments {
			id := fmt.Sprintf("%s#%d", e.ID, i)
			v := judge(table, f.XML)
			if uncounted[id] != "" && !v.passes() {
				delete(uncounted, id)
				continue
			}
			switch {
			case v.fault == nil || v.unknown && !covered[spec]:
			case excused[id] != "":
				delete(excused, id)
			default:
				t.Errorf("%s: %v\n%s", id, v.fault, f.XML)
			}
			report.add(spec, id, covered[spec], v)
		}
	}
	for id := range excused {
		t.Errorf("contradictions.txt: %s is not needed", id)
	}
	for id := range uncounted {
		t.Errorf("uncounted.txt: %s is not needed", id)
	}
	t.Log("\n" + report.String())
	for _, g := range report.groups {
		if got := g.covered.percent(); g.covered.all >= enough && got < g.least {
			t.Errorf("%s: %.1f %% of the fragments of covered specifications pass, less than %.1f %%", g.name, got, g.least)
		}
	}
}

// verdict is what was found of a fragment.
type verdict struct {
	fault   error // what is wrong; nil also for one that holds something of which there is no schema
	unknown bool  // nothing is, but that something is unknown
	raw     bool  // a payload has no schema
}

func (v verdict) passes() bool { return v.fault == nil && !v.raw }

// judge reads a fragment and writes it again.
func judge(table *typed.Table, text string) verdict {
	r, err := wire.Parse(text)
	if err != nil {
		return verdict{fault: err}
	}
	e := table.Read(r)
	var v verdict
	for _, p := range e.Payloads {
		v.raw = v.raw || p.Type == nil
	}
	again, err := wire.Parse(e.XML)
	switch {
	case len(e.Invalid) > 0:
		v.fault = e.Invalid[0].Err
	case err != nil:
		v.fault = fmt.Errorf("what was written is malformed: %w\n%s", err, e.XML)
	case !wire.Equal(r, again):
		v.fault = fmt.Errorf("what was written differs:\n%s", e.XML)
	case len(e.Unknown) > 0:
		v.unknown = true
		paths := make([]string, len(e.Unknown))
		for i, x := range e.Unknown {
			paths[i] = x.Path
		}
		v.fault = fmt.Errorf("unknown: %s", strings.Join(paths, ", "))
	}
	return v
}
