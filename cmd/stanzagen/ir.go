package main

import (
	"encoding/json"
	"fmt"
	"io"

	"stanza.invalid/cmd/stanzagen/internal/explain"
	"stanza.invalid/cmd/stanzagen/internal/ir"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

type irCommand struct {
	Files []string `arg:"" optional:"" name:"FILE" help:"Schemas: .yaml or .xsd, or directories of them; those of this project if there are none."`
	JSON  bool     `name:"json" help:"Write JSON for other tools; its form is described in cmd/stanzagen/README.md."`
}

// Help describes the command.
func (irCommand) Help() string {
	return `Shows what the compiler makes of schemas: packages, types, fields, with all names decided and all references resolved.

With --json, one document for other tools. Its field "version" changes when a field goes away or changes its
meaning; fields may be added at any time.

Exit codes: 0, all is well; 2, there are errors in schemas.`
}

// Run shows the packages.
func (cmd *irCommand) Run(sys *system) error {
	c := &source.Collector{}
	var packages []*model.Package
	if len(cmd.Files) == 0 {
		packages = sys.compiler.Own(c)
		for _, p := range packages {
			p.Imported = false
		}
	} else {
		packages = sys.compile(expand(cmd.Files), c)
	}
	if err := sys.tell(sys.err, c, ""); err != nil {
		return err
	}
	for _, p := range packages {
		if !p.Imported && len(cmd.Files) > 0 {
			p.ImportPath = "" // it depends on where they will be generated
		}
	}
	if cmd.JSON {
		return writeJSON(sys.out, ir.Make(packages))
	}
	index, first := explain.NewIndex(packages), true
	for _, p := range packages {
		if p.Imported {
			continue
		}
		if !first {
			fmt.Fprintln(sys.out)
		}
		first = false
		fmt.Fprint(sys.out, index.Package(p))
	}
	return nil
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
