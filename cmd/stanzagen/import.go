package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/draft"
	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

type importCommand struct {
	Files   []string `arg:"" name:"FILE" help:"XSDs, or directories of them. They find each other by namespace; nothing else is read."`
	Out     string   `short:"o" default:"schema" placeholder:"DIR" help:"Directory of the drafts: DIR/<name of the XSD>.yaml."`
	Package string   `placeholder:"NAME" help:"Package name, for a single XSD. Default: from the file name."`
	Spec    string   `placeholder:"SPEC" help:"Name of the spec, as in XEP-0184, for a single XSD. Default: from the file name, or the target namespace."`
	Plain   bool     `help:"Guess no types: what is xs:string in the XSD is string in the draft."`
	Force   bool     `help:"Overwrite files that are there already."`
}

// Help describes the command.
func (importCommand) Help() string {
	return `A draft says in YAML what the XSD says: names, types, values, docs. Addresses and times are xs:string in most XSDs; where
a name looks like one of them (jid, from, stamp...), the draft has the type jid or datetime, with the comment "guess". What no
XSD says is for people to add: where elements may stand, which are IQ requests and what answers them, who may send
them. Until then, a draft compiles into the same package as the XSD, apart from the guesses.

    stanzagen import -o schema xep-0184.xsd
    stanzagen generate schema/xep-0184.yaml

Nothing is written if there are errors in any of the XSDs, or if a file is there already that says something else.`
}

// Run writes the drafts.
func (cmd *importCommand) Run(sys *system) error {
	const outcome = ", nothing was written"
	c := &source.Collector{}
	files := expand(cmd.Files, ".xsd")
	for _, file := range files {
		if filepath.Ext(file) != ".xsd" {
			c.Errorf(source.Pos{File: file}, "only XSDs can be imported").Hintf("schemas in YAML are what import makes")
		}
	}
	if len(files) == 0 {
		c.Errorf(source.Pos{File: cmd.Files[0]}, "there are no XSDs in it").Hintf("their names end in .xsd")
	}
	if c.Errors() > 0 {
		return sys.tell(sys.err, c, outcome)
	}
	drafts := cmd.drafts(sys, files, c)
	if err := sys.tell(sys.err, c, outcome); err != nil {
		return err
	}
	if err := os.MkdirAll(cmd.Out, 0o755); err != nil {
		return err
	}
	for _, d := range drafts {
		if err := d.write(); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(sys.out, "wrote %s\n", d.Path); err != nil {
			return err
		}
	}
	return nil
}

// newDraft is a draft that is to be written.
type newDraft struct {
	source.File
	replaces bool
}

func (d newDraft) write() error {
	if d.replaces {
		return rewrite(d.Path, d.Data)
	}
	return os.WriteFile(d.Path, d.Data, 0o644)
}

// drafts returns the drafts that are not there yet.
func (cmd *importCommand) drafts(sys *system, files []string, c *source.Collector) []newDraft {
	trees := sys.compiler.Trees(generate.Options{Files: files, ImportPath: nowhere, Package: cmd.Package, Spec: cmd.Spec}, c)
	if c.Errors() > 0 {
		return nil
	}
	var all []newDraft
	for _, f := range trees {
		var guesses draft.Guesses
		if !cmd.Plain {
			guesses = draft.Guess(f)
		}
		name := strings.TrimSuffix(filepath.Base(f.Path), filepath.Ext(f.Path)) + ".yaml"
		d := newDraft{File: source.File{Path: filepath.Join(cmd.Out, name), Data: draft.Write(f, guesses, c)}}
		switch old, err := os.ReadFile(d.Path); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			c.Errorf(source.Pos{File: d.Path}, "file cannot be read: %v", plain(err))
		case bytes.Equal(old, d.Data):
			continue
		case !cmd.Force:
			c.Errorf(source.Pos{File: d.Path}, "file is there already, and says something else than the draft").
				Hintf("--force overwrites it, -o names another directory")
		default:
			d.replaces = true
		}
		all = append(all, d)
	}
	return all
}
