package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"stanza.invalid/cmd/stanzagen/internal/breaking"
	"stanza.invalid/cmd/stanzagen/internal/lint"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

type lintCommand struct {
	Files []string `arg:"" name:"FILE" help:"Schemas in YAML, or directories of them."`
	XSD   []string `name:"xsd" placeholder:"DIR" help:"Compare with the published XSDs in DIR that have the same namespaces, and list each difference."`
	Only  []string `placeholder:"RULE" help:"Run only these rules (separated by commas)."`
	Notes bool     `help:"Show notes, too: what is more precise here than in an XSD."`
}

// Help describes the command.
func (lintCommand) Help() string {
	return `Finds what compiles but could be better: what is not explained, what no example shows, odd names, strings that look
like addresses, payloads that anybody could forge. Each finding has the code of its rule; stanzagen explain CODE says
why it matters. A schema excepts what is meant to be, and says why:

    ignore:
      - {rule: type-guess, at: Item.to, reason: It is a name for people.}

An exception that is not needed is a finding, too.

Exit codes: 0, nothing was found (notes do not count); 1, something was; 2, there are errors in schemas.`
}

// Run looks for what could be better.
func (cmd *lintCommand) Run(sys *system) error {
	var codes []string
	for _, r := range lint.Rules() {
		codes = append(codes, r.Code)
	}
	for _, code := range cmd.Only {
		if !slices.Contains(codes, code) {
			return unknown("rule", code, codes, "stanzagen explain rules lists them")
		}
	}
	c := &source.Collector{}
	files := expand(cmd.Files, ".yaml", ".yml")
	for _, file := range files {
		if filepath.Ext(file) == ".xsd" {
			c.Errorf(source.Pos{File: file}, "lint is for schemas in YAML").Hintf("XSDs to compare with are given with --xsd")
		}
	}
	if err := sys.tell(sys.out, c, ""); err != nil {
		return err
	}
	schemas := sys.schemas(files, c)
	if err := sys.tell(sys.out, c, ""); err != nil {
		return err
	}
	o := lint.Options{Only: cmd.Only, Compare: len(cmd.XSD) > 0, Others: breakingCodes()}
	if o.Compare {
		published, err := sys.published(cmd.XSD, schemas, c)
		if err != nil {
			return err
		}
		o.XSDs = published
	}
	for _, s := range schemas {
		lint.Run(s, o, c)
	}
	shown, n := &source.Collector{}, 0
	for _, d := range c.Diagnostics() {
		if d.Severity != source.Note {
			n++
		}
		if d.Severity != source.Note || cmd.Notes {
			shown.Report(d)
		}
	}
	if err := shown.WriteAs(sys.out, sys.format); err != nil {
		return err
	}
	if n > 0 {
		return found(count(n, "finding") + " in " + count(len(files), "schema"))
	}
	return nil
}

// breakingCodes are the codes of breaking changes, which schemas make exceptions from, too.
func breakingCodes() []string {
	var codes []string
	for _, r := range breaking.Rules() {
		codes = append(codes, r.Code)
	}
	return codes
}

// unknown is the error of a name that there is not, with what was probably meant.
func unknown(what, name string, known []string, otherwise string) error {
	if better, ok := source.Suggest(name, known); ok {
		return fmt.Errorf("there is no %s %q, did you mean %q?", what, name, better)
	}
	return fmt.Errorf("there is no %s %q: %s", what, name, otherwise)
}
