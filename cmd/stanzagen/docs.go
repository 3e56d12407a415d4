package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"stanza.invalid/cmd/stanzagen/internal/docs"
	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

type docsCommand struct {
	Files      []string `arg:"" name:"FILE" help:"Schemas: .yaml or .xsd, or directories of them."`
	Out        string   `short:"o" placeholder:"DIR" help:"Directory of the site. Default: docs/site, unless only --doap or --table are asked for."`
	ImportPath string   `placeholder:"PATH" help:"Go import path of the directory with the packages. Default: that of gen in the module of the nearest go.mod."`
	Flat       bool     `help:"The package of the only FILE is in the directory of FILE, as generate --flat writes it there."`
	Package    string   `placeholder:"NAME" help:"Package name, for an XSD. Default: from the file name."`
	Spec       string   `placeholder:"SPEC" help:"Name of the spec, as in XEP-0184, for an XSD. Default: the target namespace."`
	Project    string   `placeholder:"FILE" help:"What the project says about itself: its name, its licence, how far it supports which XEP."`
	DOAP       string   `name:"doap" placeholder:"FILE" help:"Write a description of the project (XEP-0453) to FILE. It needs --project."`
	Table      string   `placeholder:"FILE" help:"Write a table of what is supported, in Markdown, to FILE. It needs --project."`
}

// Help describes the command.
func (docsCommand) Help() string {
	return `Writes a site of the schemas: every element with its namespace, its Go type and its examples, on the wire and in Go, and a
search over all of them. It is made of files, needs no server and no network: open index.html in a browser. Files
that are up to date are not touched; files that stanzagen has not made are never overwritten or removed.

    stanzagen docs -o docs/site schema

A project file is YAML:

    name: Tea house
    description: Serves tea over XMPP.
    license: https://example.org/licence
    default: {status: partial}
    support:
      XEP-0030: complete
      XEP-0045: {status: planned, note: next year}

Exit codes: 0, it was written; 2, there are errors in schemas, or something is in the way.`
}

// Run writes what is asked for.
func (cmd *docsCommand) Run(sys *system) error {
	if cmd.Project == "" && cmd.DOAP+cmd.Table != "" {
		return errors.New("--doap and --table need --project: schemas do not say what a project is called")
	}
	c := &source.Collector{}
	var project *docs.Project
	if cmd.Project != "" {
		data, err := os.ReadFile(cmd.Project)
		if err != nil {
			return fmt.Errorf("project file cannot be read: %w", err)
		}
		project = docs.ReadProject(cmd.Project, data, c)
	}
	packages := sys.compiler.Compile(cmd.options(), c)
	if err := sys.tell(sys.err, c, ", nothing was written"); err != nil {
		return err
	}
	return cmd.write(packages, project)
}

// options say where the packages are, so that their import paths can be shown.
func (cmd *docsCommand) options() generate.Options {
	o := generate.Options{
		Files: expand(cmd.Files), Out: "gen", ImportPath: cmd.ImportPath, Flat: cmd.Flat, Package: cmd.Package, Spec: cmd.Spec,
	}
	if cmd.Flat && len(o.Files) == 1 {
		o.Out = filepath.Dir(o.Files[0])
	}
	return o
}

// write writes the site and the files beside it.
func (cmd *docsCommand) write(packages []*model.Package, project *docs.Project) error {
	out := cmd.Out
	if out == "" && cmd.DOAP+cmd.Table == "" {
		out = filepath.Join("docs", "site")
	}
	if out != "" {
		site, err := docs.Site(packages, project)
		if err != nil {
			return err
		}
		if err := docs.Write(out, site); err != nil {
			return err
		}
	}
	if cmd.DOAP != "" {
		if err := docs.WriteFile(cmd.DOAP, docs.DOAP(packages, project)); err != nil {
			return err
		}
	}
	if cmd.Table != "" {
		return docs.WriteFile(cmd.Table, docs.Table(packages, project))
	}
	return nil
}
