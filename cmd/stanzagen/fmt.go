package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/diff"

	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/yamlfile"
)

type fmtCommand struct {
	Files []string `arg:"" optional:"" name:"FILE" help:"Schemas in YAML, or directories of them; the standard input if there are none."`
	Diff  bool     `short:"d" help:"Show what would change; write nothing."`
	List  bool     `short:"l" help:"List the files that would change; write nothing."`
}

// Help describes the command.
func (fmtCommand) Help() string {
	return `Keys come in the order of the reference, what fits on a line is on one line, quotes stand only where they are needed, and
long texts are folded. Comments stay with what they stand above or beside, and so do blank lines between entries. What
a schema says never changes. Schemas on the standard input are written to the standard output.

Exit codes: 0, all files are formatted now, or were; 1, with -d or -l, some are not; 2, some are not YAML.`
}

// Run formats the files.
func (cmd *fmtCommand) Run(sys *system) error {
	c := &source.Collector{}
	if len(cmd.Files) == 0 {
		data, err := io.ReadAll(io.LimitReader(sys.in, 1<<21)) // the formatter says what is too much
		if err != nil {
			return err
		}
		return cmd.finish(sys, c, cmd.one(sys, "stdin", data, c))
	}
	changed := 0
	for _, file := range expand(cmd.Files, ".yaml", ".yml") {
		switch data, err := os.ReadFile(file); {
		case filepath.Ext(file) == ".xsd":
			c.Errorf(source.Pos{File: file}, "XSDs are not formatted").Hintf("stanzagen import makes a schema in YAML of them")
		case err != nil:
			c.Errorf(source.Pos{File: file}, "schema cannot be read: %v", plain(err))
		default:
			changed += cmd.one(sys, file, data, c)
		}
	}
	return cmd.finish(sys, c, changed)
}

// one formats a schema, and returns 1 if that changes it.
func (cmd *fmtCommand) one(sys *system, file string, data []byte, c *source.Collector) int {
	out := yamlfile.Format(file, data, c)
	same := bytes.Equal(out, data)
	switch {
	case out == nil:
		return 0
	case cmd.Diff:
		if _, err := sys.out.Write(diff.Diff(file, data, file+" (formatted)", out)); err != nil {
			c.Errorf(source.Pos{File: file}, "%v", err)
		}
	case cmd.List:
		if !same && sys.format == source.Text {
			fmt.Fprintln(sys.out, file)
		} else if !same {
			c.Warnf(source.Pos{File: file}, "schema is not formatted").Rule("unformatted").Hintf("run stanzagen fmt")
		}
	case len(cmd.Files) == 0:
		if _, err := sys.out.Write(out); err != nil {
			c.Errorf(source.Pos{File: file}, "%v", err)
		}
	case !same:
		if err := rewrite(file, out); err != nil {
			c.Errorf(source.Pos{File: file}, "schema cannot be written: %v", plain(err))
		}
	}
	if same {
		return 0
	}
	return 1
}

func (cmd *fmtCommand) finish(sys *system, c *source.Collector, changed int) error {
	w := sys.err
	if cmd.List {
		w = sys.out
	}
	if err := sys.tell(w, c, ""); err != nil {
		return err
	}
	if changed > 0 && (cmd.Diff || cmd.List) {
		return found(count(changed, "schema") + " not formatted")
	}
	return nil
}
