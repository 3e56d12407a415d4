package check

import (
	"regexp"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// spec checks the name of the spec and writes the package comment.
func (l *linker) spec() {
	spec := l.file.Spec
	upper := strings.ToUpper(spec.Value)
	if (strings.HasPrefix(upper, "XEP") || strings.HasPrefix(upper, "RFC")) && specLink(spec.Value) == "" {
		l.c.Errorf(spec.Pos, "spec %q looks like a XEP or an RFC, but is not written like one", spec.Value).Rule(rule.Ref).
			Hintf("write XEP-0184 or RFC 6120")
	}
	l.pkg.Link = specLink(spec.Value)

	title := spec.Value
	if l.file.Title.IsSet() {
		title += ": " + strings.Join(strings.Fields(l.file.Title.Value), " ")
	}
	if l.file.Version.IsSet() {
		title += " (" + l.file.Version.Value + ")"
	}
	l.pkg.Doc = "Package " + l.pkg.Name + " holds the types of " + title + "."
	if doc := cleanDoc(l.file.Doc.Value); doc != "" {
		l.pkg.Doc += "\n\n" + doc
	}
}

var (
	xepName   = regexp.MustCompile(`^XEP-([0-9]{4})$`)
	rfcName   = regexp.MustCompile(`^RFC ([1-9][0-9]*)$`)
	rfcAnchor = regexp.MustCompile(`^(section|appendix)-[A-Z0-9]+(\.[0-9]+)*$`)
	xepAnchor = regexp.MustCompile(`^[^\s#<>"]+$`)
)

// specLink returns the address of a spec, empty if it is neither XEP nor RFC.
func specLink(spec string) string {
	if m := xepName.FindStringSubmatch(spec); m != nil {
		return "https://xmpp.org/extensions/xep-" + m[1] + ".html"
	}
	if m := rfcName.FindStringSubmatch(spec); m != nil {
		return "https://www.rfc-editor.org/rfc/rfc" + m[1]
	}
	return ""
}

// link returns the address of the section that ref names. Without ref it is empty.
func (l *linker) link(ref syntax.String) string {
	if !ref.IsSet() {
		return ""
	}
	base := specLink(l.file.Spec.Value)
	switch {
	case base == "":
		l.c.Errorf(ref.Pos, "ref %q has no spec to point into", ref.Value).Rule(rule.Ref).Hintf("only XEPs and RFCs have links; this spec is %q", l.file.Spec.Value)
		return ""
	case rfcName.MatchString(l.file.Spec.Value) && !rfcAnchor.MatchString(ref.Value):
		l.c.Errorf(ref.Pos, "ref %q is not a section of an RFC", ref.Value).Rule(rule.Ref).Hintf("write section-8.3 or appendix-A.2")
		return ""
	case !xepAnchor.MatchString(ref.Value):
		l.c.Errorf(ref.Pos, "ref %q is not an anchor", ref.Value).Rule(rule.Ref).Hintf("write what follows the # in the link of the section")
		return ""
	}
	return base + "#" + ref.Value
}

// linkOrSpec is link, but without ref the address of the spec.
func (l *linker) linkOrSpec(ref syntax.String) string {
	if !ref.IsSet() {
		return l.pkg.Link
	}
	return l.link(ref)
}

// sentence makes the doc text of goName from what the schema says, or from otherwise if it says nothing.
func (l *linker) sentence(doc syntax.String, goName, otherwise string) string {
	text := cleanDoc(doc.Value)
	if text == "" {
		return goName + " " + otherwise
	}
	if first, _, _ := strings.Cut(text, " "); first == goName {
		l.c.Errorf(doc.Pos, "doc repeats the name %s", goName).Rule(rule.DocRepeats).
			Hintf("doc continues the sentence that begins with the name: `doc: is ...`")
	}
	return goName + " " + text
}

// cleanDoc makes paragraphs of single lines, parted by blank ones, and sees to the full stop.
func cleanDoc(doc string) string {
	var paragraphs []string
	for _, p := range strings.Split(strings.ReplaceAll(doc, "\r\n", "\n"), "\n\n") {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			paragraphs = append(paragraphs, p)
		}
	}
	text := strings.Join(paragraphs, "\n\n")
	if text != "" && !strings.ContainsAny(text[len(text)-1:], ".!?:") {
		text += "."
	}
	return text
}
