package draft

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// Widths, in characters: those of the canonical form.
const (
	flowWidth = 140
	textWidth = 120
)

// mapping is a mapping of YAML in the making.
type mapping []pair

// pair is a key with one of the kinds of values.
type pair struct {
	key string
	// value is a scalar or a list on one line.
	value string
	// entries is a list of mappings, sub a mapping.
	entries []mapping
	sub     mapping
	// comment stands beside it.
	comment string
}

func (m *mapping) text(key string, s syntax.String) {
	if s.IsSet() {
		*m = append(*m, pair{key: key, value: quote(s.Value)})
	}
}

func (m *mapping) truth(key string, b syntax.Bool) {
	if b.IsSet() {
		*m = append(*m, pair{key: key, value: strconv.FormatBool(b.Value)})
	}
}

func (m *mapping) list(key string, list []syntax.String) {
	var quoted []string
	for _, s := range list {
		quoted = append(quoted, quote(s.Value))
	}
	*m = append(*m, pair{key: key, value: "[" + strings.Join(quoted, ", ") + "]"})
}

func (m *mapping) maps(key string, entries []mapping) {
	if len(entries) > 0 {
		*m = append(*m, pair{key: key, entries: entries})
	}
}

func (m *mapping) mapping(key string, sub mapping) {
	*m = append(*m, pair{key: key, sub: sub})
}

// flow returns m on one line.
func (m mapping) flow() string {
	var parts []string
	for _, p := range m {
		parts = append(parts, p.key+": "+p.value)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// comment returns the comment of a mapping on one line.
func (m mapping) comment() string {
	for _, p := range m {
		if p.comment != "" {
			return " # " + p.comment
		}
	}
	return ""
}

// fits reports whether m can stand on one line behind some others.
func (m mapping) fits(before int) bool {
	for _, p := range m {
		if p.entries != nil || p.sub != nil {
			return false
		}
	}
	return before+utf8.RuneCountInString(m.flow()) <= flowWidth
}

// entry writes m as a member of a list.
func (w *writer) entry(indent int, m mapping) {
	w.b.WriteString(strings.Repeat(" ", indent) + "- ")
	if m.fits(indent + 2) {
		w.b.WriteString(m.flow() + m.comment() + "\n")
		return
	}
	w.rest(indent, m)
}

// entryLines writes m as a member of a list, a line for each pair, as is usual at the top level.
func (w *writer) entryLines(indent int, m mapping) {
	w.b.WriteString(strings.Repeat(" ", indent) + "- ")
	w.rest(indent, m)
}

func (w *writer) rest(indent int, m mapping) {
	for i, p := range m {
		if i > 0 {
			w.b.WriteString(strings.Repeat(" ", indent+2))
		}
		w.pair(indent+2, p)
	}
}

// block writes the pairs of m, one a line.
func (w *writer) block(indent int, m mapping) {
	for _, p := range m {
		w.b.WriteString(strings.Repeat(" ", indent))
		w.pair(indent, p)
	}
}

// pair writes one pair, whose line is indented already.
func (w *writer) pair(indent int, p pair) {
	w.b.WriteString(p.key + ":")
	switch {
	case p.entries != nil:
		w.b.WriteByte('\n')
		for _, e := range p.entries {
			w.entry(indent+2, e)
		}
		return
	case p.sub != nil && p.sub.fits(indent+len(p.key)+2):
		w.b.WriteString(" " + p.sub.flow() + p.sub.comment())
	case p.sub != nil:
		w.b.WriteByte('\n')
		w.block(indent+2, p.sub)
		return
	default:
		w.b.WriteString(" " + p.value)
	}
	if p.comment != "" {
		w.b.WriteString(" # " + p.comment)
	}
	w.b.WriteByte('\n')
}

// fold parts a text into lines.
func fold(text string, width int) []string {
	var lines []string
	line, n := "", 0
	for _, word := range strings.Fields(text) {
		length := utf8.RuneCountInString(word)
		if line != "" && n+1+length > width {
			lines = append(lines, line)
			line, n = "", 0
		}
		if line != "" {
			line += " "
			n++
		}
		line += word
		n += length
	}
	return append(lines, line)
}

// quote writes a scalar. What Go escapes, YAML escapes in the same way. Quotes that are not needed go when the draft is
// formatted, but for those of numbers and truth values, which it takes for meant.
func quote(s string) string {
	if n, ok := new(big.Int).SetString(s, 10); ok && n.String() == s || s == "true" || s == "false" {
		return s
	}
	return strconv.Quote(s)
}
