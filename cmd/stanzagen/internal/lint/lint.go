// Package lint finds what compiles but could be better in a schema: what is not explained, what has no example, what has
// an odd name, what anybody could forge. Each finding has the code of its rule; schemas say with `ignore` which ones
// are meant to be, and why.
package lint

import (
	"fmt"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

// Rule is something that lint looks for.
type Rule struct {
	// Code names the rule.
	Code string
	// Summary says in a few words what the rule finds.
	Summary string
	// Doc says why that is bad, and what to do about it.
	Doc string
	// Severity is that of its findings.
	Severity source.Severity
	// XSD says that it compares with published XSDs, and runs only if there are some.
	XSD bool

	// check finds; nil for rules about exceptions, which the runner sees to.
	check func(*run)
}

// Schema is a schema that compiled without errors.
type Schema struct {
	// File is what was written.
	File *syntax.File
	// Package is what it means.
	Package *model.Package
}

// Options say what to look for.
type Options struct {
	// Only are the codes of the rules to run; all if empty. Exceptions from the others are then not judged.
	Only []string
	// XSDs are published schemas to compare with; nil if that is not wanted, and then exceptions from that are not judged.
	XSDs []*model.Package
	// Compare says that XSDs are given, be they none.
	Compare bool
	// Others are the codes of rules that schemas make exceptions from, but that are judged elsewhere.
	Others []string
}

// Rules returns all rules in the order in which they are explained.
func Rules() []Rule {
	return slices.Concat(docRules(), schemaRules(), nameRules(), typeRules(), senderRules(), ignoreRules(), xsdRules())
}

// Run looks for what the rules find in a schema, and reports it to c.
func Run(s Schema, o Options, c *source.Collector) {
	r := &run{Schema: s, options: o, nodes: walk(s.File)}
	for _, rule := range Rules() {
		if rule.check == nil || rule.XSD && !o.Compare || len(o.Only) > 0 && !slices.Contains(o.Only, rule.Code) {
			continue
		}
		r.rule = rule
		rule.check(r)
	}
	r.except(c)
}

// run is what the checks know, and what they found.
type run struct {
	Schema
	options  Options
	nodes    []node
	rule     Rule
	findings []*finding
}

// finding is one thing that was found.
type finding struct {
	rule Rule
	at   string
	*source.Diagnostic
}

// found adds a finding of the rule that is running.
func (r *run) found(at string, pos source.Pos, format string, args ...any) *source.Diagnostic {
	d := &source.Diagnostic{Pos: pos, Severity: r.rule.Severity, Code: r.rule.Code, Msg: fmt.Sprintf(format, args...)}
	r.findings = append(r.findings, &finding{r.rule, at, d})
	return d
}

func ignoreRules() []Rule {
	return []Rule{
		{
			Code: "ignore-unknown", Summary: "an exception names a rule that there is not",
			Doc: "A misspelt code would except from nothing. `stanzagen explain rules` lists the codes.",
		},
		{
			Code: "ignore-unneeded", Summary: "an exception excepts from nothing",
			Doc: "What the exception was for has been mended, or its place is not named as lint names it. Exceptions that stay behind would hide " +
				"the next finding there. Take it out, or correct `at`. Exceptions from the rules about XSDs are judged only with --xsd.",
		},
		{
			Code: "ignore-reason", Summary: "an exception has no proper reason",
			Doc: "The reason is what the next reader wants to know: a few words at least.",
		},
	}
}

// except takes out what the schema excepts, and reports the rest together with exceptions that are wrong.
func (r *run) except(c *source.Collector) {
	rules := map[string]Rule{}
	var codes []string
	for _, rule := range Rules() {
		rules[rule.Code] = rule
		codes = append(codes, rule.Code)
	}
	used := map[*syntax.Ignore]bool{}
	for _, f := range r.findings {
		excepted := false
		for _, i := range r.File.Ignores {
			if i.Rule.Value == f.rule.Code && covers(i.At, f.at) {
				used[i], excepted = true, true
			}
		}
		if !excepted {
			c.Report(f.Diagnostic)
		}
	}
	for _, i := range r.File.Ignores {
		rule, known := rules[i.Rule.Value]
		ran := known && rule.check != nil && (!rule.XSD || r.options.Compare) &&
			(len(r.options.Only) == 0 || slices.Contains(r.options.Only, rule.Code))
		switch {
		case slices.Contains(r.options.Others, i.Rule.Value) && len(strings.Fields(i.Reason.Value)) >= 2:
		case !known && !slices.Contains(r.options.Others, i.Rule.Value):
			d := c.Errorf(i.Rule.Pos, "there is no rule %q", i.Rule.Value).Rule("ignore-unknown")
			d.Hintf("stanzagen explain rules lists them").DidYouMean(i.Rule.Value, append(codes, r.options.Others...))
		case known && rule.check == nil:
			c.Errorf(i.Rule.Pos, "rule %s knows no exceptions", i.Rule.Value).Rule("ignore-unknown")
		case len(strings.Fields(i.Reason.Value)) < 2:
			c.Errorf(at(i.Reason, i.Pos), "exception from %s has no proper reason", i.Rule.Value).Rule("ignore-reason")
		case ran && !used[i]:
			where := "in this file"
			if i.At.IsSet() {
				where = "at " + i.At.Value
			}
			c.Errorf(i.Pos, "exception from %s is not needed: the rule finds nothing %s", i.Rule.Value, where).
				Rule("ignore-unneeded").DidYouMean(i.At.Value, r.places(i.Rule.Value))
		}
	}
}

// covers reports whether an exception for one place holds for another: the same, or one inside.
func covers(at syntax.String, place string) bool {
	return !at.IsSet() || place == at.Value || strings.HasPrefix(place, at.Value+".")
}

// places are those where a rule found something.
func (r *run) places(code string) []string {
	var all []string
	for _, f := range r.findings {
		if f.rule.Code == code {
			all = append(all, f.at)
		}
	}
	return all
}

// at is the place of a String, or of what surrounds it if it was not given.
func at(s syntax.String, or source.Pos) source.Pos {
	if s.IsSet() {
		return s.Pos
	}
	return or
}
