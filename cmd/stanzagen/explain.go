package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/breaking"
	"stanza.invalid/cmd/stanzagen/internal/explain"
	"stanza.invalid/cmd/stanzagen/internal/lint"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/rule"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/stanzaxml"
	"stanza.invalid/cmd/stanzagen/internal/xsdfile"
)

type explainCommand struct {
	Words  []string `arg:"" optional:"" name:"WORD" help:"The code of a rule; a Go name, an element, a namespace, a package, a XEP or an RFC; or: rules. The standard input is XML if there is none."`
	Schema []string `short:"s" placeholder:"FILE" help:"Schemas beside those of this project: files, or directories of them."`
}

// Help describes the command.
func (explainCommand) Help() string {
	return `    stanzagen explain wire-required        what a rule is about, and what to do
    stanzagen explain rules                all rules
    stanzagen explain receipts.Received    a Go type, with its fields
    stanzagen explain received             every element of that name
    stanzagen explain urn:xmpp:receipts    a namespace, or a package, XEP-0184, RFC 6121
    stanzagen explain <stanza.xml          each part of pasted XML, and what is wrong with it

Exit codes: 0, it was explained; 1, the XML has something that the schemas do not allow; 2, nothing is called so, or the
input is not well-formed.`
}

// Run explains.
func (cmd *explainCommand) Run(sys *system) error {
	if len(cmd.Words) == 0 {
		return cmd.xml(sys)
	}
	for i, word := range cmd.Words {
		if i > 0 {
			fmt.Fprintln(sys.out)
		}
		if word == "rules" {
			ruleList(sys.out)
			continue
		}
		if text, ok := ruleText(word); ok {
			fmt.Fprint(sys.out, text)
			continue
		}
		index, err := cmd.index(sys)
		if err != nil {
			return err
		}
		text, err := index.Word(word)
		if err != nil {
			if better, ok := source.Suggest(word, ruleCodes()); ok && !strings.Contains(err.Error(), "did you mean") {
				return fmt.Errorf("nothing is called %q, did you mean the rule %q?", word, better)
			}
			return err
		}
		fmt.Fprint(sys.out, text)
	}
	return nil
}

// xml explains what stands on the standard input.
func (cmd *explainCommand) xml(sys *system) error {
	if sys.inTerminal {
		fmt.Fprintln(sys.err, "paste XML, and end it with Ctrl-D:")
	}
	data, err := io.ReadAll(io.LimitReader(sys.in, stanzaxml.MaxSize+1))
	if err != nil {
		return err
	}
	elements, err := stanzaxml.Parse("stdin", string(data))
	if err != nil {
		return sys.malformed(err)
	}
	index, err := cmd.index(sys)
	if err != nil {
		return err
	}
	c := &source.Collector{}
	fmt.Fprint(sys.out, index.XML(elements, c))
	if err := sys.tell(sys.err, c, ""); err != nil {
		return err
	}
	n := 0
	for _, d := range c.Diagnostics() {
		if d.Severity == source.Warning {
			n++
		}
	}
	if n > 0 {
		return found(count(n, "thing") + " that the schemas do not allow")
	}
	return nil
}

// malformed tells what is wrong with XML from the standard input.
func (s *system) malformed(err error) error {
	bad, ok := errors.AsType[*stanzaxml.Error](err)
	if !ok {
		return err
	}
	c := &source.Collector{}
	c.Errorf(bad.Pos, "%s", bad.Msg)
	return s.tell(s.err, c, "")
}

// index has the schemas of the project, and those of the command line, which come first.
func (cmd *explainCommand) index(sys *system) (*explain.Index, error) {
	c := &source.Collector{}
	var packages []*model.Package
	if files := expand(cmd.Schema); len(files) > 0 {
		for _, p := range sys.compile(files, c) {
			if !p.Imported {
				p.ImportPath = "" // it depends on where they will be generated
				packages = append(packages, p)
			}
		}
	}
	own := sys.compiler.Own(c)
	if err := sys.tell(sys.err, c, ""); err != nil {
		return nil, err
	}
	for _, p := range own {
		// a schema of the command line may be one of the project's, in another state
		if !slices.ContainsFunc(packages, func(q *model.Package) bool { return q.Name == p.Name }) {
			packages = append(packages, p)
		}
	}
	return explain.NewIndex(packages), nil
}

// entry is what is known of a rule, whichever command it belongs to.
type entry struct {
	code, summary, doc, by string
}

func ruleEntries() []entry {
	var all []entry
	for _, r := range lint.Rules() {
		by := "Found by stanzagen lint"
		if r.XSD {
			by += " --xsd"
		}
		all = append(all, entry{r.Code, r.Summary, r.Doc, by + ", as " + article(r.Severity.String()) + "."})
	}
	for _, r := range breaking.Rules() {
		all = append(all, entry{r.Code, r.Summary, r.Doc, "Found by stanzagen breaking; it breaks " + map[breaking.Kind]string{breaking.Wire: "the wire", breaking.Go: "Go code"}[r.Kind()] + "."})
	}
	for _, r := range xsdfile.Rules() {
		by := "Found by stanzagen generate, and by whatever else reads XSDs; it is repaired, with a warning."
		if r.Refused {
			by = "Found by stanzagen generate, and by whatever else reads XSDs; an XSD that breaks it is refused."
		}
		all = append(all, entry{r.Code, r.Summary, r.Doc, by})
	}
	for _, r := range rule.Rules() {
		all = append(all, entry{r.Code, r.Summary, r.Doc, "Found by stanzagen generate, and by whatever else reads schemas, as an error."})
	}
	return append(all,
		entry{"missing", "a generated file is not there yet", "A schema was added, or generate was not run. Run it.", "Found by stanzagen check."},
		entry{"stale", "a generated file is not what its schema says", "The schema, or stanzagen, has changed since the file was generated. Run generate.", "Found by stanzagen check."},
		entry{"orphaned", "a generated file is left from a schema that is gone", "No schema makes the file any more. Generate removes it.", "Found by stanzagen check."},
		entry{"unformatted", "a schema is not in its canonical form", "Run stanzagen fmt.", "Found by stanzagen fmt -l."},
	)
}

func article(noun string) string {
	if noun == "error" {
		return "an error"
	}
	return "a " + noun
}

func ruleCodes() []string {
	var codes []string
	for _, e := range ruleEntries() {
		codes = append(codes, e.code)
	}
	return codes
}

// ruleText explains a rule.
func ruleText(code string) (string, bool) {
	for _, e := range ruleEntries() {
		if e.code == code {
			return fmt.Sprintf("%s: %s\n\n%s\n\n%s\n", e.code, e.summary, explain.Wrap(e.doc), e.by), true
		}
	}
	return "", false
}

func ruleList(w io.Writer) {
	for _, e := range ruleEntries() {
		fmt.Fprintf(w, "%-24s%s\n", e.code, e.summary)
	}
}
