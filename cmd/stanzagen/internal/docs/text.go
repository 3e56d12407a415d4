package docs

import (
	"html"
	"html/template"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// mentioned finds what doc texts may mention: specs, and exported names, those of other packages included.
var mentioned = regexp.MustCompile(`XEP-[0-9]{4}\b|\bRFC [1-9][0-9]{0,5}\b|\b(?:[a-z][a-z0-9]*\.)?[A-Z][A-Za-z0-9]*\b`)

// paragraphs makes the paragraphs of a doc text of package p; what they mention becomes links.
func (s *site) paragraphs(p *model.Package, page, subject, doc string) []template.HTML {
	var list []template.HTML
	for text := range strings.SplitSeq(doc, "\n\n") {
		if text != "" {
			list = append(list, s.text(p, page, subject, text))
		}
	}
	return list
}

// predicate makes the text for a name that is shown beside it: "ID is the id." becomes "The id."
func (s *site) predicate(p *model.Package, page, name, doc string) template.HTML {
	doc = strings.ReplaceAll(doc, "\n\n", " ")
	rest, found := strings.CutPrefix(doc, name+" ")
	if !found {
		return s.text(p, page, name, doc)
	}
	for _, verb := range []string{"is ", "are "} {
		if after, found := strings.CutPrefix(rest, verb); found {
			rest = after
			break
		}
	}
	r, size := utf8.DecodeRuneInString(rest)
	return s.text(p, page, name, string(unicode.ToUpper(r))+rest[size:])
}

// text escapes a text and links what it mentions, but for its subject.
func (s *site) text(p *model.Package, page, subject, text string) template.HTML {
	var b strings.Builder
	last := 0
	for _, at := range mentioned.FindAllStringIndex(text, -1) {
		word := text[at[0]:at[1]]
		href := s.mention(p, page, word, sentenceStart(text[:at[0]]))
		if href == "" || word == subject {
			continue
		}
		b.WriteString(html.EscapeString(text[last:at[0]]))
		b.WriteString(`<a href="` + html.EscapeString(href) + `">` + html.EscapeString(word) + `</a>`)
		last = at[1]
	}
	b.WriteString(html.EscapeString(text[last:]))
	return template.HTML(b.String()) // every part of it was escaped
}

// sentenceStart reports whether a sentence begins after a text.
func sentenceStart(before string) bool {
	before = strings.TrimRight(before, " ")
	return before == "" || strings.ContainsAny(before[len(before)-1:], ".:!?")
}

// mention returns where a word leads to, or nothing. At the start of a sentence a plain word is taken for English.
func (s *site) mention(p *model.Package, page, word string, first bool) string {
	if strings.HasPrefix(word, "XEP-") || strings.HasPrefix(word, "RFC ") {
		switch pages := s.specs[word]; {
		case word == p.Spec:
			return ""
		case len(pages) == 1:
			return s.ofPackage(pages[0]).from(page)
		}
		return specAddress(word)
	}
	if pkg, name, found := strings.Cut(word, "."); found {
		for _, imp := range p.Imports {
			if imp.Name == pkg && s.names[imp][name] {
				return where{s.file[imp], name}.from(page)
			}
		}
		return ""
	}
	if !s.names[p][word] || first && strings.IndexFunc(word[1:], unicode.IsUpper) < 0 {
		return ""
	}
	return where{s.file[p], word}.from(page)
}

// specAddress returns the address of a XEP or an RFC.
func specAddress(spec string) string {
	if n, found := strings.CutPrefix(spec, "XEP-"); found {
		return "https://xmpp.org/extensions/xep-" + n + ".html"
	}
	return "https://www.rfc-editor.org/rfc/rfc" + strings.TrimPrefix(spec, "RFC ")
}

// section names the part of a spec that a link leads to.
func section(spec, address string) string {
	_, anchor, found := strings.Cut(address, "#")
	switch {
	case !found:
		return spec
	case strings.HasPrefix(anchor, "section-"), strings.HasPrefix(anchor, "appendix-"):
		return spec + ", " + strings.Replace(anchor, "-", " ", 1)
	}
	return spec + " § " + anchor
}
