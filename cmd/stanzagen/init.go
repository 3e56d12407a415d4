package main

import (
	"fmt"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/model"
)

type initCommand struct {
	Dir       string `arg:"" optional:"" default:"." name:"DIR" help:"Directory of the package; made if it is not there."`
	Package   string `placeholder:"NAME" help:"Package name. Default: the name of the directory."`
	Namespace string `placeholder:"URI" help:"Namespace of the protocol. Default: one below urn:example, to be replaced."`
}

// Help describes the command.
func (initCommand) Help() string {
	return `Writes a first schema, NAME.yaml, with a message payload and an IQ request to change and build on, and generate.go with the
go:generate line. Nothing is ever overwritten: if one of the files is there, nothing is written.

    stanzagen init tea && go generate ./tea

Exit codes: 0, the files were written; 2, they were not.`
}

// Run writes the files.
func (cmd *initCommand) Run(sys *system) error {
	name := cmd.Package
	if name == "" {
		abs, err := filepath.Abs(cmd.Dir)
		if err != nil {
			return err
		}
		name = filepath.Base(abs)
	}
	if why := badPackage(name); why != "" {
		err := fmt.Errorf("%q cannot be the name of a package: %s", name, why)
		if cmd.Package == "" {
			err = fmt.Errorf("%w; say --package=NAME", err)
		}
		return err
	}
	namespace := cmd.Namespace
	if namespace == "" {
		namespace = "urn:example:" + name
	}
	if strings.ContainsAny(namespace, " \t\n<>\",") {
		return fmt.Errorf("%q cannot be a namespace: it has characters that no URI has", namespace)
	}
	schema, line := filepath.Join(cmd.Dir, name+".yaml"), filepath.Join(cmd.Dir, "generate.go")
	for _, file := range []string{schema, line} {
		if _, err := os.Stat(file); err == nil {
			return fmt.Errorf("%s is there already, and is not overwritten", file)
		}
	}
	replace := strings.NewReplacer("PACKAGE", name, "NAMESPACE", namespace)
	for _, f := range [][2]string{{schema, firstSchema}, {line, generateLine}} {
		if err := create(f[0], []byte(replace.Replace(f[1]))); err != nil {
			return err
		}
		fmt.Fprintf(sys.out, "wrote %s\n", f[0])
	}
	fmt.Fprintf(sys.out, "next: change the schema, then go generate %s\n", packagePattern(cmd.Dir))
	return nil
}

// packagePattern names a directory as the go command wants it.
func packagePattern(dir string) string {
	if dir = filepath.ToSlash(filepath.Clean(dir)); filepath.IsAbs(dir) || strings.HasPrefix(dir, "..") || dir == "." {
		return dir
	}
	return "./" + dir
}

var packageName = regexp.MustCompile(`^[a-z][a-z0-9]*$`)

// badPackage says why a package cannot have a name; nothing if it can.
func badPackage(name string) string {
	switch {
	case !packageName.MatchString(name):
		return "it is not made of small letters and digits"
	case token.IsKeyword(name), types.Universe.Lookup(name) != nil, name == "main", name == "init":
		return "it has a meaning in Go"
	case slices.Contains(model.ReservedPackages(), name):
		return "the generated code uses a package of that name"
	}
	return ""
}

// In two pieces, or go generate would take it for a line of this package.
const generateLine = "package PACKAGE\n\n//go:" + "generate go tool stanzagen generate --flat -o . PACKAGE.yaml\n"

const firstSchema = `# The schema of package PACKAGE. The language is described in schema/README.md of stanzagen's module; stanzagen lint says
# what is missing.
spec: The protocol of PACKAGE
doc: >-
  A sender attaches Note to a message. Whoever wants to know how many notes there are asks with Count, and gets a Total.
package: PACKAGE
namespace: NAMESPACE
features: [NAMESPACE]

elements:
  # the payload of a message
  - name: note
    type: Note
    in: [message]
    doc: is a remark about the message that carries it.
    attrs:
      - {name: author, type: jid, required: true, doc: is who made the remark.}
      - {name: at, type: datetime, doc: is when it was made.}
    text: {type: string, doc: is the remark itself.}

  # a request and its answer
  - name: count
    type: Count
    in: [iq]
    doc: asks how many notes there are.
    attrs:
      - {name: author, type: jid, doc: "is whose notes are meant, everybody's if it is missing."}
    iq:
      get: {type: Count, result: Total}
  - name: total
    type: Total
    in: [iq]
    doc: answers Count.
    attrs:
      - {name: notes, type: uint32, required: true, doc: is how many notes there are.}

# each is decoded and encoded by a test
examples:
  - <note xmlns='NAMESPACE' author='juliet@capulet.example' at='2026-01-31T20:00:00Z'>Wherefore?</note>
  - <iq type='get' id='c1'><count xmlns='NAMESPACE'/></iq>
  - <iq type='result' id='c1'><total xmlns='NAMESPACE' notes='1'/></iq>
`
