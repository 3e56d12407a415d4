package docs

import (
	"fmt"
	"go/scanner"
	"go/token"
	"html"
	"html/template"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// span writes a piece of code with a class.
func span(b *strings.Builder, class, text string) {
	if text == "" {
		return
	}
	b.WriteString(`<span class="` + class + `">` + html.EscapeString(text) + `</span>`)
}

// highlightGo marks up statements. Types of the site's packages become links.
func (s *site) highlightGo(page, code string, packages []*model.Package) template.HTML {
	src := []byte(code)
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(src))
	var sc scanner.Scanner
	sc.Init(file, src, nil, scanner.ScanComments)
	byName := map[string]*model.Package{}
	for _, p := range packages {
		byName[p.Name] = p
	}
	var b strings.Builder
	last := 0
	var path [2]string // the identifier and the dot before this token
	for {
		pos, tok, lit := sc.Scan()
		if tok == token.EOF {
			break
		}
		at := file.Offset(pos)
		if tok == token.SEMICOLON && lit == "\n" {
			continue // the scanner's own
		}
		text := lit
		if text == "" {
			text = tok.String()
		}
		b.WriteString(html.EscapeString(string(src[last:at])))
		last = at + len(text)
		switch p := byName[path[0]]; {
		case tok == token.IDENT && path[1] == "." && p != nil && s.names[p][text]:
			b.WriteString(`<a href="` + html.EscapeString(where{s.file[p], text}.from(page)) + `">` + html.EscapeString(text) + `</a>`)
		case tok == token.COMMENT:
			span(&b, "c", text)
		case tok == token.STRING || tok == token.CHAR:
			span(&b, "s", text)
		case tok == token.INT || tok == token.FLOAT:
			span(&b, "n", text)
		case tok.IsKeyword():
			span(&b, "k", text)
		default:
			b.WriteString(html.EscapeString(text))
		}
		switch {
		case tok == token.PERIOD:
			path[1] = "."
		case tok == token.IDENT:
			path = [2]string{text, ""}
		default:
			path = [2]string{}
		}
	}
	b.WriteString(html.EscapeString(string(src[last:])))
	return template.HTML(b.String()) // every part of it was escaped
}

// highlightXML marks up an element, line by line: names, attributes, values. A line knows how far in it begins, so that what
// does not fit can go on below it. types are those of the elements, in the order of their start tags, which become links.
func (s *site) highlightXML(page, text string, types []*model.Element) template.HTML {
	m := &xmlMarkup{site: s, page: page, types: types}
	for line := range strings.Lines(text) {
		class := "line"
		const deepest = 6
		if in := min((len(line)-len(strings.TrimLeft(line, " ")))/2, deepest); in > 0 {
			class += fmt.Sprintf(" in%d", in)
		}
		m.WriteString(`<span class="` + class + `">`)
		m.line(line)
		m.WriteString("</span>")
	}
	return template.HTML(m.String()) // every part of it was escaped
}

// xmlMarkup is XML with marks.
type xmlMarkup struct {
	strings.Builder
	site *site
	page string
	// types are those of the elements to come.
	types []*model.Element
	// inTag says that a tag goes on on the next line.
	inTag bool
}

// line marks up a line.
func (m *xmlMarkup) line(text string) {
	if m.inTag {
		text, m.inTag = attributes(&m.Builder, text)
	}
	for text != "" {
		open := strings.IndexByte(text, '<')
		if open < 0 {
			open = len(text)
		}
		m.WriteString(html.EscapeString(text[:open]))
		text = text[open:]
		if text == "" {
			break
		}
		n := 1
		for n < len(text) && text[n] != ' ' && text[n] != '\n' && text[n] != '\t' && text[n] != '>' && (text[n] != '/' || n == 1) {
			n++
		}
		mark := 1
		if n > 1 && text[1] == '/' {
			mark = 2
		}
		m.WriteString(html.EscapeString(text[:mark]))
		m.name(text[mark:n], mark == 1)
		text, m.inTag = attributes(&m.Builder, text[n:])
	}
}

// name marks up the name of an element; at its start it leads to the type.
func (m *xmlMarkup) name(name string, start bool) {
	var typ *model.Element
	if start && len(m.types) > 0 {
		typ, m.types = m.types[0], m.types[1:]
	}
	if typ == nil {
		span(&m.Builder, "t", name)
		return
	}
	m.WriteString(`<a class="t" href="` + html.EscapeString(m.site.ofStruct(typ).from(m.page)) + `">` + html.EscapeString(name) + `</a>`)
}

// attributes writes what stands in a tag after its name, and returns what follows the tag, or that it does not end here.
func attributes(b *strings.Builder, text string) (rest string, open bool) {
	start := 0
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case '>':
			b.WriteString(html.EscapeString(text[start : i+1]))
			return text[i+1:], false
		case '\'', '"':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 {
				end = len(text) - i - 2
			}
			name := strings.TrimRight(text[start:i], "= \n\t")
			gap := len(name) - len(strings.TrimLeft(name, " \n\t"))
			b.WriteString(html.EscapeString(name[:gap]))
			span(b, "a", name[gap:])
			b.WriteString(html.EscapeString(text[start+len(name) : i]))
			i += end + 2
			span(b, "s", text[i-end-2:i])
			start = i
		default:
			i++
		}
	}
	b.WriteString(html.EscapeString(text[start:]))
	return "", true
}
