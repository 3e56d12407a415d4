package conformance

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"

	"stanza.invalid/schema"
)

// coveredSpecs are the specifications that a schema is for: 0184, RFC6120.
func coveredSpecs(t *testing.T) map[string]bool {
	t.Helper()
	files, err := schema.FS.ReadDir(".")
	require.NoError(t, err)
	specs := map[string]bool{}
	pattern := regexp.MustCompile(`(?m)^spec: "?(?:XEP-(\d{4})|(RFC) (\d+))\b`)
	for _, f := range files {
		b, err := schema.FS.ReadFile(f.Name())
		require.NoError(t, err)
		if m := pattern.FindSubmatch(b); m != nil {
			specs[string(m[1])+string(m[2])+string(m[3])] = true
		}
	}
	require.NotEmpty(t, specs)
	return specs
}

// tiers says in which tier an XEP is. RFCs are tier 0.
func tiers(t *testing.T) map[string]int {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(shared(t), "tiers.md"))
	require.NoError(t, err)
	found := map[string]int{}
	tier, row, head := 0, regexp.MustCompile(`^\| (\d{4}) \|`), regexp.MustCompile(`^## Tier (\d)`)
	for _, line := range strings.Split(string(b), "\n") {
		if m := head.FindStringSubmatch(line); m != nil {
			tier = int(m[1][0] - '0')
		} else if m := row.FindStringSubmatch(line); m != nil {
			found[m[1]] = tier
		}
	}
	require.NotEmpty(t, found)
	return found
}

// score counts fragments.
type score struct{ passed, all int }

func (s *score) add(v verdict) {
	s.all++
	if v.passes() {
		s.passed++
	}
}

func (s score) percent() float64 {
	if s.all == 0 {
		return 100
	}
	return 100 * float64(s.passed) / float64(s.all)
}

func (s score) String() string {
	return fmt.Sprintf("%d\tof %d\t%.1f %%", s.passed, s.all, s.percent())
}

// enough is from how many fragments on a percentage means something.
const enough = 100

// group is some of the tiers.
type group struct {
	name    string
	goal    float64 // how many percent shall pass
	least   float64 // how many of those of covered specifications have to, so far
	covered score
	total   score // those without schema, too
	missing []string
}

// report is what all fragments came to.
type report struct {
	tiers  map[string]int
	groups [3]*group
	rows   map[string]*row
	// untyped are the fragments of covered specifications in which something has no schema.
	untyped []string
}

type row struct {
	passed, noSchema, unknown, wrong int
	covered                          bool
}

func newReport(t *testing.T) *report {
	return &report{
		tiers:  tiers(t),
		rows:   map[string]*row{},
		groups: [3]*group{{name: "tiers 0 to 2", goal: 98, least: 98}, {name: "tier 3", goal: 95, least: 95}, {name: "others"}},
	}
}

func (r *report) group(spec string) *group {
	tier, known := r.tiers[spec]
	switch {
	case strings.HasPrefix(spec, "RFC"), known && tier <= 2:
		return r.groups[0]
	case known:
		return r.groups[1]
	}
	return r.groups[2]
}

func (r *report) add(spec, id string, covered bool, v verdict) {
	g := r.group(spec)
	g.total.add(v)
	if covered {
		g.covered.add(v)
	} else if !slices.Contains(g.missing, spec) {
		g.missing = append(g.missing, spec)
	}
	if r.rows[spec] == nil {
		r.rows[spec] = &row{covered: covered}
	}
	switch n := r.rows[spec]; {
	case v.passes():
		n.passed++
	case v.fault == nil:
		n.noSchema++
		if covered {
			r.untyped = append(r.untyped, id)
		}
	case v.unknown:
		n.unknown++
	default:
		n.wrong++
	}
}

// String lists the specifications of which not all fragments pass, and the sums.
func (r *report) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "spec\tpass\tunknown parts\tinvalid\tno schema\t")
	for _, spec := range slices.Sorted(maps.Keys(r.rows)) {
		if n := r.rows[spec]; n.covered && n.noSchema+n.unknown+n.wrong > 0 {
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t\n", spec, n.passed, n.unknown, n.wrong, n.noSchema)
		}
	}
	w.Flush()
	fmt.Fprintln(&b, "\nfragments that pass: typed, nothing unknown, nothing invalid, written again the same")
	w = tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, g := range r.groups {
		goal := ""
		if g.goal > 0 {
			goal = fmt.Sprintf("goal %.0f %%", g.goal)
		}
		fmt.Fprintf(w, "%s\tof covered specifications\t%s\t%s\n\tof all\t%s\n", g.name, g.covered, goal, g.total)
	}
	w.Flush()
	fmt.Fprintf(&b, "no schema for something in: %s\n", strings.Join(r.untyped, " "))
	for _, g := range r.groups[:2] {
		if slices.SortFunc(g.missing, cmp.Compare); len(g.missing) > 0 {
			fmt.Fprintf(&b, "%s without schema: %s\n", g.name, strings.Join(g.missing, " "))
		}
	}
	return b.String()
}
