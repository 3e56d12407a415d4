package yamlfile

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// printer writes blocks.
type printer struct {
	b strings.Builder
}

func (p *printer) line(indent int, text string) {
	if text != "" {
		p.b.WriteString(strings.Repeat(" ", indent))
	}
	p.b.WriteString(text)
	p.b.WriteByte('\n')
}

// file writes the outermost mapping: before lists of several lines stands a blank line.
func (p *printer) file(b *block) {
	for i, e := range b.entries {
		section := e.sub != nil && e.sub.isList() && p.flow(e, 0) == ""
		if i > 0 && (section || e.blank) {
			p.line(0, "")
		}
		p.entry(e, 0, "")
	}
	if len(b.entries) == 0 {
		p.line(0, "{}")
	}
}

// block writes the entries of a mapping or a list. The first line of a mapping that is a member of a list begins
// behind the dash, which lead is.
func (p *printer) block(b *block, indent int, lead string) {
	for i, e := range b.entries {
		if i > 0 && e.blank {
			p.line(0, "")
		}
		p.entry(e, indent, lead)
		lead = ""
	}
}

// entry writes an entry with its comments.
func (p *printer) entry(e *entry, indent int, lead string) {
	flow := p.flow(e, indent)
	p.comments(e.head, indent)
	if e.key == nil && e.sub != nil && !e.sub.isList() && flow == "" && e.tail != "" {
		p.line(indent, e.tail) // it stood beside a member that is no longer on one line
	}
	start := lead
	if start == "" {
		start = strings.Repeat(" ", indent)
	}
	tail := ""
	if e.tail != "" {
		tail = " " + e.tail
	}
	if e.key == nil {
		start += "- "
	} else {
		start += inline(e.key, false) + ":"
	}
	switch {
	case e.sub == nil:
		p.scalar(e, indent, start, tail)
	case flow != "" && e.key == nil:
		p.line(0, start+flow+tail)
	case flow != "":
		p.line(0, start+" "+flow+tail)
	case e.key != nil:
		p.line(0, start+tail)
		p.block(e.sub, indent+2, "")
	case e.sub.isList():
		p.line(0, strings.TrimRight(start, " ")+tail)
		p.block(e.sub, indent+2, "")
	default:
		p.block(e.sub, indent+2, start)
	}
	p.comments(e.foot, indent)
}

func (p *printer) comments(lines []string, indent int) {
	for _, l := range lines {
		p.line(indent, l)
	}
}

// flow returns a mapping or a list as it stands on a single line, empty if it does not.
func (p *printer) flow(e *entry, indent int) string {
	if e.sub == nil {
		return ""
	}
	text, ok := flow(e.sub)
	width := indent + utf8.RuneCountInString(text) + 2
	if e.key != nil {
		width += utf8.RuneCountInString(inline(e.key, false))
	}
	if !ok || width > flowWidth && len(e.sub.entries) > 0 {
		return ""
	}
	return text
}

func flow(b *block) (text string, ok bool) {
	var parts []string
	for _, e := range b.entries {
		if b.tall || e.tail != "" || len(e.head)+len(e.foot) > 0 {
			return "", false
		}
		part := ""
		switch {
		case e.sub != nil && !(e.sub.isList() && allScalars(e.sub)):
			return "", false
		case e.sub != nil:
			if part, ok = flow(e.sub); !ok {
				return "", false
			}
		case strings.Contains(e.value.Value, "\n"):
			return "", false
		default:
			part = inline(e.value, true)
		}
		if e.key != nil {
			part = strings.TrimSuffix(inline(e.key, true)+": "+part, " ")
		}
		parts = append(parts, part)
	}
	if b.isList() {
		return "[" + strings.Join(parts, ", ") + "]", true
	}
	return "{" + strings.Join(parts, ", ") + "}", true
}

func allScalars(b *block) bool {
	for _, e := range b.entries {
		if e.sub != nil {
			return false
		}
	}
	return true
}

// scalar writes a scalar behind start: on the same line, or as a block below it. Members of lists are not folded: they are
// pieces of XML.
func (p *printer) scalar(e *entry, indent int, start, tail string) {
	v := e.value
	if e.key != nil && !(isNull(v) && v.Value == "") {
		start += " "
	}
	one := inline(v, false)
	multi := strings.Contains(v.Value, "\n")
	if !multi && (e.key == nil || utf8.RuneCountInString(start+one) <= textWidth) {
		p.line(0, strings.TrimRight(start+one, " ")+tail)
		return
	}
	body, chomp, ok := blockText(v.Value)
	lines, folds := fold(body, textWidth-indent-2)
	switch {
	case ok && folds && (len(lines) > 1 && !multi || v.Style&yaml.FoldedStyle != 0):
		start += ">"
	case ok && multi:
		start += "|"
		lines = strings.Split(body, "\n")
	default:
		p.line(0, start+one+tail)
		return
	}
	p.line(0, start+chomp+tail)
	for _, l := range lines {
		p.line(indent+2, l)
	}
}

// blockText returns a text without its last line break, the indicator that says whether it has one, and whether the text can
// stand as a block at all.
func blockText(s string) (body, chomp string, ok bool) {
	body, chomp = s, "-"
	if cut, has := strings.CutSuffix(s, "\n"); has {
		body, chomp = cut, ""
	}
	if body == "" || strings.HasPrefix(body, " ") || strings.HasPrefix(body, "\n") || strings.HasSuffix(body, "\n") {
		return body, chomp, false
	}
	for _, l := range strings.Split(body, "\n") {
		if strings.TrimRight(l, " \t") != l || strings.HasPrefix(l, "\t") {
			return body, chomp, false
		}
	}
	for _, r := range body {
		if !printable(r) && r != '\n' && r != '\t' {
			return body, chomp, false
		}
	}
	return body, chomp, true
}

// fold breaks a text into lines of a folded block, if it has none that begin with white space or have several in a row.
func fold(text string, width int) ([]string, bool) {
	var lines []string
	paragraphs := strings.Split(text, "\n")
	for i, paragraph := range paragraphs {
		if strings.HasPrefix(paragraph, " ") || strings.HasPrefix(paragraph, "\t") {
			return nil, false
		}
		if i > 0 && paragraphs[i-1] != "" {
			lines = append(lines, "") // a single line break would be read as a space
		}
		if paragraph == "" {
			lines = append(lines, "")
			continue
		}
		line := ""
		for _, word := range strings.Split(paragraph, " ") {
			// an empty word is a further space, which must not stand at the beginning of a line
			if line != "" && word != "" && !strings.HasSuffix(line, " ") && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > max(width, 20) {
				lines = append(lines, line)
				line = word
				continue
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		lines = append(lines, line)
	}
	return lines, true
}

// inline writes a scalar on a single line: plain if it can be, in a flow or outside of one, or else in quotes.
func inline(n *yaml.Node, inFlow bool) string {
	s := n.Value
	if isNull(n) && s == "" {
		return ""
	}
	quoted := n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	if isPlain(s, inFlow) && !(quoted && !readsAsText(s)) {
		return s
	}
	if strings.ContainsAny(s, `"\`) && !strings.ContainsFunc(s, func(r rune) bool { return !printable(r) }) {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case printable(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// readsAsText reports whether YAML takes a plain scalar for a text, and not for a number, a date or the like.
func readsAsText(s string) bool {
	if !strings.ContainsAny(s[:1], "0123456789+-.~tTfFnNyYoO<") {
		return true // the other first letters make nothing but texts, and asking takes its time
	}
	var n yaml.Node
	return yaml.Unmarshal([]byte(s), &n) == nil && len(n.Content) == 1 && n.Content[0].ShortTag() == "!!str"
}

// printable reports whether a character may stand in YAML as it is, and means no line break.
func printable(r rune) bool {
	return r >= 0x20 && r < 0x7F || r >= 0xA0 && r != 0x2028 && r != 0x2029 && r != 0xFEFF && r < 0xD800 ||
		r >= 0xE000 && r != 0xFEFF && r < 0xFFFE || r >= 0x10000
}

// isPlain reports whether a text can stand without quotes.
func isPlain(s string, inFlow bool) bool {
	if s == "" || strings.TrimSpace(s) != s || strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") {
		return false
	}
	for i, r := range s {
		next := ' '
		if i+utf8.RuneLen(r) < len(s) {
			next, _ = utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		}
		switch {
		case !printable(r):
			return false
		case i == 0 && strings.ContainsRune(",[]{}#&*!|>'\"%@`", r):
			return false
		case i == 0 && strings.ContainsRune("?:", r) && (next == ' ' || inFlow):
			return false
		case i == 0 && r == '-' && (next == ' ' || inFlow && strings.ContainsRune(",[]{}", next)):
			return false
		case r == ':' && (next == ' ' || inFlow && strings.ContainsRune(",[]{}", next)):
			return false
		case r == '#' && i > 0 && s[i-1] == ' ':
			return false
		case inFlow && strings.ContainsRune(",[]{}", r):
			return false
		}
	}
	return true
}
