package snippet

import "strings"

// expr is a Go expression: a plain one, or a composite literal with its members.
type expr struct {
	// text is the expression, or what stands before the brace.
	text string
	// composite says that there are braces.
	composite bool
	members   []member
	// after is what follows the brace.
	after string
}

// member is one part of a composite literal; its key is empty in slices.
type member struct {
	key   string
	value expr
}

func plain(text string) expr { return expr{text: text} }

// lineWidth is how long a literal on a single line may become.
const lineWidth = 68

// String writes the expression. gofmt sees to indentation and alignment.
func (e expr) String() string {
	if flat, ok := e.flat(); ok && len(flat) <= lineWidth {
		return flat
	}
	if !e.composite {
		return e.text
	}
	var b strings.Builder
	b.WriteString(e.text + "{\n")
	for _, m := range e.members {
		b.WriteString(m.prefix() + m.value.String() + ",\n")
	}
	b.WriteString("}" + e.after)
	return b.String()
}

func (m member) prefix() string {
	if m.key == "" {
		return ""
	}
	return m.key + ": "
}

// flat writes the expression on one line, if it is simple enough for that.
func (e expr) flat() (string, bool) {
	if !e.composite {
		return e.text, !strings.Contains(e.text, "\n")
	}
	var parts []string
	for _, m := range e.members {
		s, ok := m.value.flat()
		if !ok {
			return "", false
		}
		parts = append(parts, m.prefix()+s)
	}
	return e.text + "{" + strings.Join(parts, ", ") + "}" + e.after, true
}
