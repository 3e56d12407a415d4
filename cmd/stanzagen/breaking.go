package main

import (
	"fmt"
	"os"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/breaking"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/syntax"
)

type breakingCommand struct {
	Old  string `arg:"" name:"OLD" help:"The schemas as they were: a directory, a file, or REVISION:PATH of the git repository, as in v1.0.0:schema."`
	New  string `arg:"" name:"NEW" help:"The schemas as they are: likewise."`
	Only string `enum:",wire,go" default:"" placeholder:"KIND" help:"Look only for what breaks the wire, or only for what breaks Go code."`
}

// Help describes the command.
func (breakingCommand) Help() string {
	return `Lists the changes that break programs which talk to each other, one compiled from the old schemas and one from the new
(wire-...), and those that break code which uses the generated packages (go-...). stanzagen explain CODE says what breaks,
and what to do instead. A change that is meant to be is excepted in the new schema, with its reason:

    ignore:
      - {rule: wire-required, at: Received.id, reason: "Without an id it was never valid, see section 5.3."}

Once the change is part of OLD the exception is no longer needed; that is noted, but is no error.

    stanzagen breaking v1.0.0:schema schema

Exit codes: 0, nothing breaks; 1, something does; 2, some schemas have errors or cannot be read.`
}

// Run compares the schemas.
func (cmd *breakingCommand) Run(sys *system) error {
	progress := sys.progress("reading schemas", 2)
	c := &source.Collector{}
	old, err := cmd.side(sys, progress, cmd.Old, c)
	if err != nil {
		return err
	}
	now, err := cmd.side(sys, progress, cmd.New, c)
	if err != nil {
		return err
	}
	progress.done()
	if err := sys.tell(sys.out, c, ""); err != nil {
		return err
	}
	changes, unneeded := breaking.Except(breaking.Compare(old.packages, now.packages), now.files)
	counts := map[breaking.Kind]int{}
	byKind := map[breaking.Kind]*source.Collector{breaking.Wire: {}, breaking.Go: {}}
	for _, change := range changes {
		kind := change.Rule.Kind()
		byKind[kind].Errorf(change.Pos, "%s", change.Msg).Rule(change.Rule.Code)
	}
	for _, kind := range []breaking.Kind{breaking.Wire, breaking.Go} {
		if cmd.Only != "" && cmd.Only != string(kind) {
			continue
		}
		counts[kind] = len(byKind[kind].Diagnostics())
		if counts[kind] > 0 && sys.format == source.Text {
			fmt.Fprintf(sys.out, "%s:\n", map[breaking.Kind]string{breaking.Wire: "Breaks the wire", breaking.Go: "Breaks Go code"}[kind])
		}
		if err := byKind[kind].WriteAs(sys.out, sys.format); err != nil {
			return err
		}
	}
	notes := &source.Collector{}
	for _, i := range unneeded {
		notes.Report(&source.Diagnostic{
			Pos: i.Pos, Severity: source.Note, Code: "ignore-unneeded", Msg: "exception from " + i.Rule.Value + " is no longer needed: there is no such change",
		})
	}
	if err := notes.WriteAs(sys.out, sys.format); err != nil {
		return err
	}
	if n := counts[breaking.Wire] + counts[breaking.Go]; n > 0 {
		return found(fmt.Sprintf("%s: %d on the wire, %d in Go", count(n, "breaking change"), counts[breaking.Wire], counts[breaking.Go]))
	}
	return nil
}

// state is one side of the comparison.
type state struct {
	packages []*model.Package
	files    map[*model.Package]*syntax.File
}

// side compiles one side: files of the disk, or of a revision.
func (cmd *breakingCommand) side(sys *system, p *progress, arg string, c *source.Collector) (*state, error) {
	p.step(arg)
	dir := arg
	rename := func(file string) string { return file }
	if _, err := os.Stat(arg); err != nil {
		revision, path, ok := strings.Cut(arg, ":")
		if !ok || revision == "" {
			return nil, fmt.Errorf("%s is neither a file nor a directory, nor REVISION:PATH", arg)
		}
		tmp, err := os.MkdirTemp("", "stanzagen-*")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(tmp)
		if dir, err = checkout(revision, path, tmp); err != nil {
			return nil, err
		}
		rename = func(file string) string {
			if rest, ok := strings.CutPrefix(file, dir); ok {
				return arg + rest
			}
			return file
		}
	}
	files := expand([]string{dir})
	if len(files) == 0 {
		return nil, fmt.Errorf("there are no schemas in %s", arg)
	}
	own := &source.Collector{}
	schemas := sys.schemas(files, own)
	for _, d := range own.Diagnostics() {
		d.Pos.File = rename(d.Pos.File)
		c.Report(d)
	}
	s := &state{files: map[*model.Package]*syntax.File{}}
	for _, schema := range schemas {
		s.packages = append(s.packages, schema.Package)
		s.files[schema.Package] = schema.File
		relocate(schema.Package, rename)
	}
	return s, nil
}

// relocate makes the places in a package those that the user knows.
func relocate(p *model.Package, rename func(string) string) {
	at := func(pos *source.Pos) { pos.File = rename(pos.File) }
	at(&p.Pos)
	for _, ns := range p.Namespaces {
		at(&ns.Pos)
	}
	for _, e := range p.Enums {
		at(&e.Pos)
		for _, v := range e.Values {
			at(&v.Pos)
		}
	}
	for _, e := range p.Structs {
		at(&e.Pos)
		for _, f := range e.Fields {
			at(&f.Pos)
			if f.Choice != nil {
				for _, a := range f.Choice.Alternatives {
					at(&a.Pos)
				}
			}
		}
	}
	for _, q := range p.Queries {
		at(&q.Pos)
	}
	for _, f := range p.Forms {
		at(&f.Pos)
		for _, g := range f.Fields {
			at(&g.Pos)
		}
	}
}
