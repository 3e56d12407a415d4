package conformance

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"

	"stanza.invalid/gen/all"
	"stanza.invalid/stream/wire"
	"stanza.invalid/xmpp/stanza"
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

// types finds the type for an element.
type types map[wire.Name][]all.Entry

func tableOfTypes() types {
	t := types{}
	for _, e := range all.Types() {
		for _, n := range e.Names {
			t[n] = append(t[n], e)
		}
	}
	return t
}

// find returns the type for a payload. Where several share the name, it is that of the request if
// there is one for the IQ type, or else the element's own, and among several of those one that fits.
func (t types) find(r wire.Raw, typ string) (all.Entry, bool) {
	entries := t[r.Name()]
	fits := func(e all.Entry) bool { return stanza.Fits(e.New(), r) }
	for _, wanted := range []func(all.Entry) bool{
		func(e all.Entry) bool { return e.IQType != "" && string(e.IQType) == typ && fits(e) },
		func(e all.Entry) bool { return e.IQType == "" && fits(e) },
		fits,
		func(e all.Entry) bool { return e.IQType == "" },
		func(all.Entry) bool { return true },
	} {
		if i := slices.IndexFunc(entries, wanted); i >= 0 {
			return entries[i], true
		}
	}
	return all.Entry{}, false
}

// tally is a row of the report.
type tally struct{ typed, raw, ok, bad int }

// contradictions are the examples that break their own specification, and how.
func contradictions(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "contradictions.txt"))
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

// TestExamples decodes every payload that a schema knows to its type and writes the whole
// again from the typed values: nothing may be lost or changed.
func TestExamples(t *testing.T) {
	t.Parallel()
	known, excused := tableOfTypes(), contradictions(t)
	rows, used := map[string]*tally{}, map[string]bool{}
	for _, e := range examples(t) {
		xep, _, _ := strings.Cut(e.ID, "/")
		for i, f := range e.Fragments {
			if f.Kind == "stream" && f.Local == "stream" {
				continue // a header, not an element
			}
			id := fmt.Sprintf("%s#%d", e.ID, i)
			typed, err := roundTrip(known, f.XML)
			row := rows[xep]
			if row == nil {
				row = &tally{}
				rows[xep] = row
			}
			switch {
			case err != nil && excused[id] != "":
				used[id] = true
				row.bad++
			case err != nil:
				t.Errorf("%s: %v\n%s", id, err, f.XML)
				row.bad++
			case typed == 0:
				row.raw++
			default:
				row.typed++
				row.ok++
			}
		}
	}
	for id := range excused {
		if !used[id] {
			t.Errorf("contradictions.txt: %s is not needed", id)
		}
	}
	report(t, rows)
}

// roundTrip returns how many payloads were typed.
func roundTrip(known types, text string) (typed int, err error) {
	r, err := wire.Parse(text)
	if err != nil {
		return 0, err
	}
	var out []byte
	if r.Space() == wire.NSClient && (r.Local() == "message" || r.Local() == "presence" || r.Local() == "iq") {
		s, err := stanza.Parse(text)
		if err != nil {
			return 0, err
		}
		if typed, err = replace(known, s); err != nil {
			return typed, err
		}
		if out, err = s.AppendXML(nil, ""); err != nil {
			return typed, err
		}
	} else if e, ok := known.find(r, ""); ok {
		v := e.New()
		if err := v.DecodeXML(r); err != nil {
			return 0, fmt.Errorf("as %s.%s: %w", e.Package, e.GoName, err)
		}
		typed = 1
		if out, err = v.AppendXML(nil, ""); err != nil {
			return typed, err
		}
	} else {
		return 0, nil
	}
	again, err := wire.Parse(string(out))
	if err != nil {
		return typed, fmt.Errorf("what was written is malformed: %w\n%s", err, out)
	}
	if !wire.Equal(r, again) {
		return typed, fmt.Errorf("what was written differs:\n%s", out)
	}
	return typed, nil
}

// replace puts typed values in the place of the payloads that have a type.
func replace(known types, s stanza.Stanza) (typed int, err error) {
	var list *stanza.Payloads
	switch s := s.(type) {
	case *stanza.Message:
		list = &s.Payloads
	case *stanza.Presence:
		list = &s.Payloads
	case *stanza.IQ:
		list = &s.Payloads
	}
	var next []stanza.Payload
	for p := range list.All() {
		r := p.(wire.Raw)
		e, ok := known.find(r, s.Attributes().Type)
		if !ok {
			next = append(next, r)
			continue
		}
		v := e.New()
		if err := v.DecodeXML(r); err != nil {
			return typed, fmt.Errorf("as %s.%s: %w", e.Package, e.GoName, err)
		}
		typed++
		next = append(next, v)
	}
	list.Clear()
	list.Add(next...)
	return typed, nil
}

func report(t *testing.T, rows map[string]*tally) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "spec\ttyped\tunchanged\tcontradict\tno schema\t")
	names := make([]string, 0, len(rows))
	for n := range rows {
		names = append(names, n)
	}
	slices.Sort(names)
	total := tally{}
	for _, n := range names {
		r := rows[n]
		total.typed, total.ok, total.bad, total.raw = total.typed+r.typed, total.ok+r.ok, total.bad+r.bad, total.raw+r.raw
		if r.typed+r.bad > 0 {
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t\n", n, r.typed+r.bad, r.ok, r.bad, r.raw)
		}
	}
	fmt.Fprintf(w, "all\t%d\t%d\t%d\t%d\t\n", total.typed+total.bad, total.ok, total.bad, total.raw)
	require.NoError(t, w.Flush())
	t.Log("\n" + b.String())
}
