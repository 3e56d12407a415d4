package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" name:"SHELL" help:"The shell: bash, zsh or fish."`
}

// Help describes the command.
func (completionCommand) Help() string {
	return `Writes a script that completes commands, flags, their values, rules and files:

    source <(stanzagen completion bash)                                       in ~/.bashrc
    stanzagen completion zsh >"${fpath[1]}/_stanzagen"                         once
    stanzagen completion fish >~/.config/fish/completions/stanzagen.fish      once

With go tool stanzagen, make an alias first: alias stanzagen='go tool stanzagen'.`
}

// Run writes the script.
func (cmd *completionCommand) Run(sys *system) error {
	m := menu(sys.model)
	switch cmd.Shell {
	case "bash":
		return m.bash(sys.out)
	case "zsh":
		return m.zsh(sys.out)
	}
	return m.fish(sys.out)
}

// command is what can be completed of a command.
type command struct {
	name, help string
	flags      []option
	// words are what stands instead of files; files says that there are files, too.
	words []string
	files bool
}

type option struct {
	long, short, help string
	takes             bool     // a value
	values            []string // those that there are, or none for files
}

// completions are all commands, and the flags that each of them has.
type completions struct {
	commands []command
	global   []option
}

// menu gathers the commands from the command line itself.
func menu(app *kong.Application) *completions {
	m := &completions{}
	for _, f := range app.Flags {
		if !f.Hidden {
			m.global = append(m.global, describeFlag(f))
		}
	}
	for _, node := range app.Children {
		c := command{name: node.Name, help: node.Help, files: true}
		for _, f := range node.Flags {
			c.flags = append(c.flags, describeFlag(f))
		}
		switch node.Name {
		case "completion":
			c.words, c.files = []string{"bash", "zsh", "fish"}, false
		case "explain":
			c.words, c.files = append([]string{"rules"}, ruleCodes()...), false
		}
		m.commands = append(m.commands, c)
	}
	return m
}

func describeFlag(f *kong.Flag) option {
	d := option{long: f.Name, help: f.Help, takes: !f.IsBool()}
	if f.Short != 0 {
		d.short = string(f.Short)
	}
	if f.Enum != "" {
		for v := range strings.SplitSeq(f.Enum, ",") {
			if v != "" {
				d.values = append(d.values, v)
			}
		}
	}
	if f.Name == "only" && len(d.values) == 0 {
		d.values = ruleCodes()
	}
	return d
}

// names returns the flags as they are typed.
func names(flags []option) []string {
	var all []string
	for _, f := range flags {
		all = append(all, "--"+f.long)
		if f.short != "" {
			all = append(all, "-"+f.short)
		}
	}
	return all
}

// bash writes the script for bash.
func (m *completions) bash(w io.Writer) error {
	var b strings.Builder
	b.WriteString(`# bash completion for stanzagen
_stanzagen() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd= i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
`)
	var commands []string
	for _, c := range m.commands {
		commands = append(commands, c.name)
	}
	fmt.Fprintf(&b, "\t\t%s) cmd=${COMP_WORDS[i]}; break ;;\n\t\tesac\n\tdone\n", strings.Join(commands, "|"))
	// what stands behind --flag=
	b.WriteString("\t[[ $cur == = ]] && cur=\n\t[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n\tcase $cmd$prev in\n")
	for _, c := range m.commands {
		for _, f := range append(c.flags, m.global...) {
			if !f.takes {
				continue
			}
			for _, name := range names([]option{f}) {
				fmt.Fprintf(&b, "\t%s%s) %s; return ;;\n", c.name, name, bashReply(f.values))
			}
		}
	}
	for _, f := range m.global {
		if f.takes {
			fmt.Fprintf(&b, "\t--%s) %s; return ;;\n", f.long, bashReply(f.values))
		}
	}
	b.WriteString("\tesac\n\tcase $cmd in\n")
	for _, c := range m.commands {
		fmt.Fprintf(&b, "\t%s)\n\t\tif [[ $cur == -* ]]; then %s\n", c.name, bashReply(names(append(c.flags, m.global...))))
		fmt.Fprintf(&b, "\t\telse %s; fi ;;\n", bashReply(c.words))
	}
	fmt.Fprintf(&b, "\t*)\n\t\tif [[ $cur == -* ]]; then %s\n\t\telse %s; fi ;;\n\tesac\n}\n", bashReply(names(m.global)), bashReply(commands))
	b.WriteString("complete -o filenames -F _stanzagen stanzagen\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// bashReply completes words, or files if there are none.
func bashReply(words []string) string {
	if len(words) == 0 {
		return `mapfile -t COMPREPLY < <(compgen -f -- "$cur")`
	}
	return fmt.Sprintf(`mapfile -t COMPREPLY < <(compgen -W '%s' -- "$cur")`, strings.Join(words, " "))
}

// zsh writes the script for zsh.
func (m *completions) zsh(w io.Writer) error {
	var b strings.Builder
	b.WriteString("#compdef stanzagen\n_stanzagen() {\n\tlocal -a commands\n\tcommands=(\n")
	for _, c := range m.commands {
		fmt.Fprintf(&b, "\t\t%s\n", zshQuote(c.name+":"+firstSentence(c.help)))
	}
	b.WriteString("\t)\n\tif ((CURRENT == 2)); then\n\t\t_describe command commands\n\t\treturn\n\tfi\n\tlocal cmd=$words[2]\n\tshift words\n\t((CURRENT--))\n\tcase $cmd in\n")
	for _, c := range m.commands {
		fmt.Fprintf(&b, "\t%s)\n\t\t_arguments", c.name)
		for _, f := range append(c.flags, m.global...) {
			b.WriteString(zshFlag(f))
		}
		if len(c.words) > 0 {
			fmt.Fprintf(&b, " \\\n\t\t\t%s", zshQuote("*:word:("+strings.Join(c.words, " ")+")"))
		} else if c.files {
			fmt.Fprintf(&b, " \\\n\t\t\t%s", zshQuote("*:file:_files"))
		}
		b.WriteString("\n\t\t;;\n")
	}
	b.WriteString("\tesac\n}\nif [ \"$funcstack[1]\" = _stanzagen ]; then _stanzagen \"$@\"; else compdef _stanzagen stanzagen; fi\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func zshFlag(f option) string {
	help := strings.NewReplacer("[", "(", "]", ")", ":", `\:`).Replace(firstSentence(f.help))
	value, sign := "", ""
	if f.takes {
		sign = "="
		value = ":value:_files"
		if len(f.values) > 0 {
			value = ":value:(" + strings.Join(f.values, " ") + ")"
		}
	}
	text := " \\\n\t\t\t" + zshQuote("--"+f.long+sign+"["+help+"]"+value)
	if f.short != "" {
		text += " \\\n\t\t\t" + zshQuote("-"+f.short+"["+help+"]"+value)
	}
	return text
}

func zshQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// fish writes the script for fish.
func (m *completions) fish(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# fish completion for stanzagen\ncomplete -c stanzagen -f\n")
	for _, c := range m.commands {
		fmt.Fprintf(&b, "complete -c stanzagen -n __fish_use_subcommand -a %s -d %s\n", c.name, fishQuote(firstSentence(c.help)))
	}
	for _, f := range m.global {
		fmt.Fprintf(&b, "complete -c stanzagen%s\n", fishFlag(f))
	}
	for _, c := range m.commands {
		when := fmt.Sprintf("complete -c stanzagen -n '__fish_seen_subcommand_from %s'", c.name)
		for _, f := range c.flags {
			b.WriteString(when + fishFlag(f) + "\n")
		}
		if len(c.words) > 0 {
			fmt.Fprintf(&b, "%s -a %s\n", when, fishQuote(strings.Join(c.words, " ")))
		} else if c.files {
			b.WriteString(when + " -F\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func fishFlag(f option) string {
	text := " -l " + f.long
	if f.short != "" {
		text += " -s " + f.short
	}
	switch {
	case f.takes && len(f.values) > 0:
		text += " -x -a " + fishQuote(strings.Join(f.values, " "))
	case f.takes:
		text += " -r -F"
	}
	return text + " -d " + fishQuote(firstSentence(f.help))
}

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

// firstSentence is what has room beside a completion.
func firstSentence(s string) string {
	for _, end := range []string{". ", ": ", "; "} {
		s, _, _ = strings.Cut(s, end)
	}
	return strings.TrimSuffix(s, ".")
}
