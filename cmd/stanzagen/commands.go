package main

import (
	"github.com/alecthomas/kong"

	"stanza.invalid/cmd/stanzagen/internal/source"
)

// commands is the command line. Each command is a struct of its flags with a method Run, in a file of its own.
type commands struct {
	Format source.Format `enum:"text,json,github" default:"text" placeholder:"FORM" help:"Form of diagnostics: text, json (an object a line), or github (annotations of its runners)."`

	Init   initCommand   `cmd:"" group:"writing" help:"Write a first schema and the go:generate line."`
	Infer  inferCommand  `cmd:"" group:"writing" help:"Draft a schema from example stanzas on the standard input."`
	Import importCommand `cmd:"" group:"writing" help:"Write first drafts of schemas, made of published XSDs."`
	Fmt    fmtCommand    `cmd:"" group:"writing" help:"Write schemas in their canonical form."`
	Lint   lintCommand   `cmd:"" group:"writing" help:"Find what compiles but could be better."`

	Generate generateCommand `cmd:"" group:"generating" help:"Write the Go packages of schemas."`
	Check    checkCommand    `cmd:"" group:"generating" help:"Tell whether generated packages are up to date."`

	Explain    explainCommand    `cmd:"" group:"looking" help:"Say what a rule, a type, an element, a namespace, a XEP or pasted XML is."`
	Breaking   breakingCommand   `cmd:"" group:"looking" help:"List the changes between two states of schemas that break something."`
	IR         irCommand         `cmd:"" name:"ir" group:"looking" help:"Show what the compiler makes of schemas, as JSON for other tools."`
	Docs       docsCommand       `cmd:"" group:"looking" help:"Write a site of schemas: a browser for elements, types and examples."`
	Completion completionCommand `cmd:"" group:"looking" help:"Write a script for a shell that completes the command line."`
}

// Help is what stands between the description and the list of commands.
func (commands) Help() string {
	return `Exit codes: 0, all is well; 1, something was found: stale files, unformatted schemas, findings of lint, breaking changes;
2, the command could not do its work: errors in schemas, unknown flags, unreadable files.`
}

// groups are the headings under which --help lists the commands, in their order; the keys stand in the tags above.
func groups() []kong.Group {
	return []kong.Group{
		{Key: "writing", Title: "Writing schemas:"},
		{Key: "generating", Title: "Generating code:"},
		{Key: "looking", Title: "Looking things up:"},
	}
}
