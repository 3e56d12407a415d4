// Stanzagen compiles schemas of XMPP extensions into Go packages, and helps to write them.
//
// A schema says once what an extension looks like on the wire; the package has a struct for each of its elements, the
// constants, and the codecs. The language of the schemas is described in schema/README.md; published XSDs are read, too.
// The commands are described in cmd/stanzagen/README.md and by their --help.
//
//	stanzagen generate [flags] FILE...   writes the packages
//	stanzagen check [flags] FILE...      tells whether they are up to date
//
// Every command exits with 0 if all is well, 1 if it found something to complain about, and 2 if it could not do
// its work. In a module that has schemas of its own, a line like this one keeps the package up to date:
//
//	//go:generate go tool stanzagen generate --flat -o . schema.yaml
package main

import (
	"os"

	"stanza.invalid/cmd/stanzagen/internal/emit"
	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/xsdfile"
	"stanza.invalid/cmd/stanzagen/internal/yamlfile"
	"stanza.invalid/schema"
)

func main() {
	os.Exit(run(os.Args[1:], &system{
		in: os.Stdin, out: os.Stdout, err: os.Stderr, compiler: compiler(),
		terminal: isTerminal(os.Stderr), inTerminal: isTerminal(os.Stdin),
	}))
}

// compiler puts the parts together.
func compiler() *generate.Compiler {
	return &generate.Compiler{
		Readers: map[string]generate.Reader{
			".yaml": yamlfile.Read,
			".yml":  yamlfile.Read,
			".xsd":  xsdfile.Read,
		},
		SetReaders: map[string]generate.SetReader{".xsd": xsdfile.ReadAll},
		Emit:       emit.Generate,
		Table:      emit.Table,
		BuiltIn:    schema.FS,
	}
}

// isTerminal reports whether a person may be at the other end of f.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
