package source

// Suggest returns the candidate that name was most likely meant to be, and whether there is one: the
// nearest by edit distance, as long as it is near. Of equally near ones the first wins.
func Suggest(name string, candidates []string) (string, bool) {
	limit := 1 + len(name)/4
	best, found := "", false
	for _, c := range candidates {
		if d := distance(name, c, limit); d <= limit {
			best, found, limit = c, true, d-1
		}
	}
	return best, found
}

// DidYouMean sets the hint of d to the candidate that name was most likely meant to be; without a
// likely one it leaves d as it is.
func (d *Diagnostic) DidYouMean(name string, candidates []string) *Diagnostic {
	if s, ok := Suggest(name, candidates); ok {
		d.Hintf("did you mean %q?", s)
	}
	return d
}

// distance returns the number of letters to insert, drop, change or swap with a neighbour that make b of a,
// or any number above limit. Case does not count.
func distance(a, b string, limit int) int {
	x, y := []rune(fold(a)), []rune(fold(b))
	if len(x)-len(y) > limit || len(y)-len(x) > limit {
		return limit + 1
	}
	var before []int
	last := make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row := make([]int, len(y)+1)
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}

func fold(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
