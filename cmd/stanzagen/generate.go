package main

import (
	"fmt"
	"path/filepath"

	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// output are the flags of generate and check.
type output struct {
	Files      []string `arg:"" name:"FILE" help:"Schemas: .yaml or .xsd, or directories of them."`
	Out        string   `short:"o" placeholder:"DIR" help:"Directory of the output: each package is written to DIR/<package>. Default: gen, or the current directory with --flat."`
	Flat       bool     `help:"Write the package of the only FILE to the output directory itself."`
	ImportPath string   `placeholder:"PATH" help:"Go import path of the output directory. Default: from the nearest go.mod."`
	Package    string   `placeholder:"NAME" help:"Package name, for an XSD. Default: from the file name."`
	Spec       string   `placeholder:"SPEC" help:"Name of the spec, as in XEP-0184, for an XSD. Default: the target namespace."`
	All        bool     `help:"Write the package all, too: a table of the types and examples of all FILEs, for tools."`
	Prune      bool     `help:"Take FILEs for all there are: generated files of other schemas in the output directory are orphans, too."`
}

func (f output) options() generate.Options {
	out := f.Out
	switch {
	case out == "" && f.Flat:
		out = "."
	case out == "":
		out = "gen"
	}
	return generate.Options{
		Files: expand(f.Files), Out: out, Flat: f.Flat, ImportPath: f.ImportPath, Package: f.Package, Spec: f.Spec, All: f.All, Prune: f.Prune,
	}
}

type generateCommand struct {
	output
}

// Help describes the command.
func (generateCommand) Help() string {
	return `Nothing is written if there are errors in any of the schemas. Files that are up to date are not touched, and
generated files that no schema makes any longer are removed; files that stanzagen has not generated are never
overwritten or removed. What was written is listed.

    //go:generate go tool stanzagen generate --flat -o . tea.yaml

Exit codes: 0, all files are up to date now; 2, there are errors, and nothing was written.`
}

// Run writes the packages.
func (cmd *generateCommand) Run(sys *system) error {
	plan, err := sys.plan(cmd.options(), ", nothing was written")
	if err != nil {
		return err
	}
	if err := plan.Apply(); err != nil {
		return err
	}
	done := map[generate.ChangeKind]string{generate.Missing: "wrote", generate.Stale: "wrote", generate.Orphaned: "removed"}
	for _, change := range plan.Changes {
		if _, err := fmt.Fprintf(sys.out, "%s %s\n", done[change.Kind], change.Path); err != nil {
			return err
		}
	}
	return nil
}

type checkCommand struct {
	output
}

// Help describes the command.
func (checkCommand) Help() string {
	return `Compares what generate would write with what is there, and lists the files that are missing, stale or orphaned.
Give it the same flags as generate.

Exit codes: 0, all are up to date; 1, some are not; 2, there are errors in schemas.`
}

// Run compares the packages with the disk.
func (cmd *checkCommand) Run(sys *system) error {
	o := cmd.options()
	plan, err := sys.plan(o, "")
	if err != nil {
		return err
	}
	if len(plan.Changes) == 0 {
		return nil
	}
	c := &source.Collector{}
	for _, change := range plan.Changes {
		if sys.format != source.Text {
			file := filepath.Join(o.Out, filepath.FromSlash(change.Path))
			c.Errorf(source.Pos{File: file}, "generated file is %s", change.Kind).Rule(string(change.Kind)).Hintf("run stanzagen generate")
		} else if _, err := fmt.Fprintf(sys.out, "%s %s\n", change.Kind, change.Path); err != nil {
			return err
		}
	}
	if err := c.WriteAs(sys.out, sys.format); err != nil {
		return err
	}
	return found("generated files are not up to date")
}

// plan compiles, and tells what is wrong with the schemas.
func (s *system) plan(o generate.Options, outcome string) (*generate.Plan, error) {
	c := &source.Collector{}
	plan := s.compiler.Plan(o, c)
	if err := s.tell(s.err, c, outcome); err != nil {
		return nil, err
	}
	return plan, nil
}
