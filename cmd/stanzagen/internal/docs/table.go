package docs

import (
	"fmt"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

// Table makes a table of what a project supports, in Markdown.
func Table(packages []*model.Package, project *Project) []byte {
	var b strings.Builder
	b.WriteString("<!-- " + mark + " -->\n\n# Supported specifications\n\n")
	b.WriteString("Versions are those that the schemas were checked against. The statuses are those of XEP-0453.\n")
	var with, without []supportedSpec
	for _, s := range supported(packages, project) {
		if len(s.packages) > 0 {
			with = append(with, s)
		} else {
			without = append(without, s)
		}
	}
	b.WriteString("\n| Spec | Title | Version | Status | Package | Elements | Types | Requests | Forms | Examples |\n|---|---|---|---|---|--:|--:|--:|--:|--:|\n")
	for _, s := range with {
		for _, p := range s.packages {
			payloads, nested := 0, 0
			for _, e := range p.Structs {
				switch e.Role {
				case model.Payload:
					payloads++
				case model.Nested:
					nested++
				}
			}
			fmt.Fprintf(&b, "| [%s](%s) | %s | %s | %s | `%s` | %d | %d | %d | %d | %d |\n", p.Spec, p.Link, cell(p.Title), cell(p.Version), cell(status(s.Support)),
				p.Name, payloads, nested, len(p.Queries), len(p.Forms), len(p.Examples))
		}
	}
	if without != nil {
		b.WriteString("\nWithout elements of their own:\n\n| Spec | Status | Note |\n|---|---|---|\n")
		for _, s := range without {
			fmt.Fprintf(&b, "| [%s](%s) | %s | %s |\n", s.spec, specAddress(s.spec), s.Status, cell(s.Note))
		}
	}
	return []byte(b.String())
}

// status is the status and the note behind it.
func status(s Support) string {
	if s.Note == "" {
		return s.Status
	}
	return s.Status + ": " + s.Note
}

// cell escapes what would be more than text in the cell of a table.
func cell(s string) string {
	return strings.NewReplacer("\\", "\\\\", "|", "\\|", "<", "&lt;", "&", "&amp;", "*", "\\*", "_", "\\_", "`", "\\`", "[", "\\[").Replace(s)
}
