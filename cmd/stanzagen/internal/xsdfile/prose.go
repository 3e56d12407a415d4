package xsdfile

import (
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// prose returns the documentation of n, blank lines between its paragraphs, and where it stands.
func (b *builder) prose(n *node) (string, source.Pos) {
	if s, ok := b.proses[n]; ok {
		return s.Value, s.Pos
	}
	var paragraphs []string
	var pos source.Pos
	for _, a := range n.elements("annotation") {
		for _, d := range a.elements("documentation") {
			lines := strings.ReplaceAll(strings.Join(d.texts, ""), "\r\n", "\n")
			for p := range strings.SplitSeq(lines, "\n\n") {
				if p = strings.Join(strings.Fields(p), " "); p != "" {
					paragraphs = append(paragraphs, p)
				}
			}
			if !pos.IsValid() {
				pos = d.pos
			}
		}
	}
	text := strings.Join(paragraphs, "\n\n")
	if text != "" && !strings.ContainsAny(text[len(text)-1:], ".!?:") {
		text += "."
	}
	b.proses[n] = syntax.String{Pos: pos, Value: text}
	return text, pos
}

// docText makes a doc text. It continues the sentence that begins with a Go name, which prose does not: so it says first
// what the thing is. Without prose or notes there is no doc text, and the compiler writes one.
func (b *builder) docText(what string, notes []string, sources ...*node) syntax.String {
	var text string
	var pos source.Pos
	for _, n := range sources {
		if text, pos = b.prose(n); text != "" {
			break
		}
	}
	if text == "" && len(notes) == 0 {
		return syntax.String{}
	}
	if !pos.IsValid() {
		pos = sources[0].pos
	}
	b.spend(sources[0], len(text)/100)
	for _, s := range append([]string{text}, notes...) {
		if s != "" {
			what += " " + s
		}
	}
	return syntax.String{Pos: pos, Value: what}
}
