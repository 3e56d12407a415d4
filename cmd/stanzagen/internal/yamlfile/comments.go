package yamlfile

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// comment is a comment of a file. The YAML library's own notion of where comments belong loses some.
type comment struct {
	line, col int
	// own says that nothing else stands on its line.
	own bool
	// text begins with the #.
	text string
}

// comments finds the comments of a file. What they must not be looked for in are the scalars of its tree that are
// quoted or blocks; in a plain one, a # behind white space ends it.
func comments(text string, root *yaml.Node) []comment {
	lines := strings.Split(text, "\n")
	skip := newExtents(lines, root)
	var all []comment
	for i, line := range lines {
		line = strings.TrimSuffix(line, "\r")
		parts := skip[i]
		for j := 0; j < len(line); j++ {
			for len(parts) > 0 && parts[0][1] <= j {
				parts = parts[1:]
			}
			if len(parts) > 0 && parts[0][0] <= j {
				j = parts[0][1] - 1
				continue
			}
			if line[j] != '#' || j > 0 && line[j-1] != ' ' && line[j-1] != '\t' {
				continue
			}
			all = append(all, comment{i + 1, j + 1, strings.TrimSpace(line[:j]) == "", strings.TrimRight(line[j:], " \t")})
			break
		}
	}
	return all
}

// extents are the parts of lines that belong to scalars, as pairs of bytes by the index of the line, in their order.
type extents map[int][][2]int

func newExtents(lines []string, root *yaml.Node) extents {
	e := extents{}
	at := &columns{line: -1}
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode {
			for _, sub := range n.Content {
				walk(sub)
			}
			return
		}
		line := n.Line - 1
		if line < 0 || line >= len(lines) {
			return
		}
		start := at.byteOf(lines, line, n.Column)
		switch {
		case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
			e.quoted(lines, line, start)
		case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
			e.block(lines, line+1, n.Value)
		}
	}
	walk(root)
	return e
}

// columns turns columns that count characters from 1 into byte offsets, going on from the last one on the same line.
type columns struct {
	line, col, offset int
}

func (c *columns) byteOf(lines []string, line, col int) int {
	if c.line != line || col < c.col {
		*c = columns{line: line, col: 1}
	}
	for text := lines[line]; c.col < col && c.offset < len(text); c.col++ {
		_, n := utf8.DecodeRuneInString(text[c.offset:])
		c.offset += n
	}
	return c.offset
}

// quoted enters a scalar in quotes, which may go on over lines.
func (e extents) quoted(lines []string, line, start int) {
	if start >= len(lines[line]) {
		return
	}
	quote := lines[line][start]
	for i, j := line, start+1; i < len(lines); i, j, start = i+1, 0, 0 {
		for ; j < len(lines[i]); j++ {
			switch c := lines[i][j]; {
			case c == '\\' && quote == '"':
				j++
			case c == quote && quote == '\'' && j+1 < len(lines[i]) && lines[i][j+1] == '\'':
				j++
			case c == quote:
				e[i] = append(e[i], [2]int{start, j + 1})
				return
			}
		}
		e[i] = append(e[i], [2]int{start, len(lines[i])})
	}
}

// block enters a literal or folded scalar: the lines that are indented as its first one, and blank ones between them.
func (e extents) block(lines []string, first int, value string) {
	if strings.TrimSpace(value) == "" {
		return
	}
	for first < len(lines) && strings.TrimSpace(lines[first]) == "" {
		first++
	}
	if first >= len(lines) {
		return
	}
	indent := indentation(lines[first])
	if lead := len(value) - len(strings.TrimLeft(value, " \n")); lead > 0 {
		// the first line of the value begins with spaces of its own
		indent -= min(indent, lead-strings.Count(value[:lead], "\n"))
	}
	for i := first; i < len(lines); i++ {
		if strings.TrimSpace(lines[i]) != "" && indentation(lines[i]) < max(indent, 1) {
			return
		}
		e[i] = append(e[i], [2]int{0, len(lines[i])})
	}
}

func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
