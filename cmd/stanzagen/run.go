package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"stanza.invalid/cmd/stanzagen/internal/generate"
	"stanza.invalid/cmd/stanzagen/internal/source"
)

// Exit codes. They are told by --help and promised in README.md.
const (
	exitWell   = 0
	exitFound  = 1
	exitErrors = 2
)

// system is what a command has around it.
type system struct {
	in       io.Reader
	out, err io.Writer
	// terminal says that a person looks at err, who may like to see progress.
	terminal bool
	// inTerminal says that a person types what is read from in.
	inTerminal bool
	compiler   *generate.Compiler
	// format is the form of diagnostics.
	format source.Format
	// model is the command line itself, for completion.
	model *kong.Application
}

// found is the error of commands that worked, but found something to complain about.
type found string

func (f found) Error() string { return string(f) }

// errTold is the error of commands whose diagnostics have said it all.
var errTold = errors.New("")

// exit is what the parser's wish to end the program is turned into.
type exit int

// run executes a command line and returns the exit code.
func run(args []string, sys *system) (code int) {
	defer func() {
		if r := recover(); r != nil {
			wish, ok := r.(exit)
			if !ok {
				panic(r)
			}
			if code = int(wish); len(args) == 0 {
				code = exitErrors // nothing was asked for
			}
		}
	}()
	var cmd commands
	parser, err := kong.New(&cmd,
		kong.Name("stanzagen"),
		kong.Description("Compiles schemas of XMPP extensions into Go packages, and helps to write them."),
		kong.ExplicitGroups(groups()),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.Writers(sys.out, sys.err),
		kong.Exit(func(code int) { panic(exit(code)) }),
	)
	if err != nil {
		panic(err) // the command line above is wrong
	}
	if len(args) == 0 {
		parser.Stdout = sys.err
		_, _ = parser.Parse([]string{"--help"}) // it ends by way of the exit above
		return exitErrors
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		text := err.Error()
		if rest, ok := strings.CutPrefix(text, "unexpected argument "+args[0]); ok {
			text = "there is no command " + args[0] + rest
		}
		fmt.Fprintf(sys.err, "stanzagen: %s\n", text)
		return exitErrors
	}
	sys.format, sys.model = cmd.Format, parser.Model
	err = ctx.Run(sys)
	var complaint found
	switch {
	case err == nil:
		return exitWell
	case errors.As(err, &complaint):
		if sys.format == source.Text && complaint != "" {
			fmt.Fprintf(sys.err, "stanzagen: %v\n", err)
		}
		return exitFound
	case !errors.Is(err, errTold):
		fmt.Fprintf(sys.err, "stanzagen: %v\n", err)
	}
	return exitErrors
}

// tell writes diagnostics to w. If there are errors among them it says how many, and what became of the
// command's work, and returns errTold.
func (s *system) tell(w io.Writer, c *source.Collector, outcome string) error {
	if err := c.WriteAs(w, s.format); err != nil {
		return err
	}
	if c.Errors() == 0 {
		return nil
	}
	if s.format == source.Text {
		fmt.Fprintf(s.err, "stanzagen: %s%s\n", count(c.Errors(), "error"), outcome)
	}
	return errTold
}

// count says how many there are of something.
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
