package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"stanza.invalid/cmd/stanzagen/internal/infer"
	"stanza.invalid/cmd/stanzagen/internal/model"
	"stanza.invalid/cmd/stanzagen/internal/source"
	"stanza.invalid/cmd/stanzagen/internal/stanzaxml"
	"stanza.invalid/cmd/stanzagen/internal/yamlfile"
)

type inferCommand struct {
	Out     string `short:"o" placeholder:"FILE" help:"Write the draft to FILE, which must not be there yet, and not to the standard output."`
	Package string `placeholder:"NAME" help:"Package name. Default: the last word of the namespace."`
	Spec    string `placeholder:"SPEC" help:"Name of the spec, as in XEP-0184. Default: the namespace."`
}

// Help describes the command.
func (inferCommand) Help() string {
	return `Reads stanzas, payloads, or whole logs of them: as many as there are, one after the other. Examples of the same element are
merged. What is in all of at least two is required; what stands twice in one may be repeated; addresses, times, numbers,
encoded data and small sets of words are recognized by their values. Requests and answers find each other by the ids of
their stanzas. Payloads that this project has types for are left out, or become imports where they stand inside others.

    stanzagen infer <examples.xml >tea/tea.yaml

Exit codes: 0, there is a draft; 1, nothing in the input needs a schema; 2, the input is not well-formed.`
}

// Run writes a draft.
func (cmd *inferCommand) Run(sys *system) error {
	data, err := io.ReadAll(io.LimitReader(sys.in, stanzaxml.MaxSize+1))
	if err != nil {
		return err
	}
	elements, err := stanzaxml.Parse("stdin", string(data))
	if err != nil {
		return sys.malformed(err)
	}
	c := &source.Collector{}
	own := sys.compiler.Own(c)
	if err := sys.tell(sys.err, c, ""); err != nil {
		return err
	}
	draft := infer.Infer(elements, infer.Options{Package: cmd.Package, Spec: cmd.Spec, Known: known(own, elements)})
	for _, name := range sortedNames(draft.Skipped) {
		why := "element %s is left out: package %s has it"
		if draft.Skipped[name] == "" {
			why = "element %s is left out: it is in no namespace%s"
		}
		c.Report(&source.Diagnostic{Pos: source.Pos{File: "stdin"}, Severity: source.Note, Msg: fmt.Sprintf(why, name, draft.Skipped[name])})
	}
	if err := sys.tell(sys.err, c, ""); err != nil {
		return err
	}
	if draft.YAML == "" {
		return found("nothing in the input needs a schema")
	}
	file := cmd.Out
	if file == "" {
		file = "draft"
	}
	c = &source.Collector{}
	out := yamlfile.Format(file, []byte(draft.YAML), c)
	if err := sys.tell(sys.err, c, ""); err != nil {
		return err
	}
	if cmd.Out == "" {
		_, err := sys.out.Write(out)
		return err
	}
	return create(cmd.Out, out)
}

// known finds elements of the project's own packages. A type is left out if the input has elements of its name
// that it would refuse: some names mean something else inside of others.
func known(packages []*model.Package, input []*stanzaxml.Element) func(model.Name) (pkg, typeName string) {
	types := map[model.Name][2]string{}
	required := map[model.Name][]model.Name{}
	for _, p := range packages {
		for _, e := range p.Structs {
			if e.Role != model.Payload || e.Local == "" || e.Namespace == nil {
				continue
			}
			name := model.Name{Space: e.Namespace.URI, Local: e.Local}
			types[name] = [2]string{p.Name, e.GoName}
			required[name] = nil
			for _, f := range e.Fields {
				if f.Kind == model.FieldAttr && f.Required {
					required[name] = append(required[name], f.Name)
				}
			}
		}
	}
	var refuse func(elements []*stanzaxml.Element)
	refuse = func(elements []*stanzaxml.Element) {
		for _, e := range elements {
			for _, a := range required[e.Name] {
				if !slices.ContainsFunc(e.Attrs, func(has stanzaxml.Attr) bool { return has.Name == a }) {
					delete(types, e.Name)
				}
			}
			refuse(e.Children)
		}
	}
	refuse(input)
	return func(n model.Name) (string, string) { return types[n][0], types[n][1] }
}

func sortedNames(m map[model.Name]string) []model.Name {
	var names []model.Name
	for n := range m {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b model.Name) int { return strings.Compare(a.String(), b.String()) })
	return names
}

// create writes a new file, and refuses to overwrite one.
func create(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and is not overwritten", file)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
