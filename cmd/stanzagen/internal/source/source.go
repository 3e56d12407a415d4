// Package source knows where things stand in the files that a user wrote, and how to tell him what
// is wrong there: positions, diagnostics, and a collector that holds all of them until the end.
package source

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Pos is a place in a file. The zero Pos means that no place is known.
type Pos struct {
	// File is the path as the user gave it.
	File string
	// Line counts from 1; 0 means the file as a whole.
	Line int
	// Col counts from 1; 0 means the line as a whole.
	Col int
}

// IsValid reports whether p names at least a file.
func (p Pos) IsValid() bool { return p.File != "" }

// String writes p as compilers do: file:line:col, as far as it is known.
func (p Pos) String() string {
	switch {
	case p.File == "":
		return "-"
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Compare orders positions by file, line and column.
func (p Pos) Compare(q Pos) int {
	return cmp.Or(cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Col, q.Col))
}

// Severity says whether a diagnostic stops the compiler.
type Severity uint8

const (
	// Error marks a diagnostic after which nothing is written.
	Error Severity = iota
	// Warning marks a diagnostic that is only told.
	Warning
	// Note marks a diagnostic that finds no fault, but tells what may be worth knowing.
	Note
)

// String returns the name of the severity in small letters.
func (s Severity) String() string {
	switch s {
	case Warning:
		return "warning"
	case Note:
		return "note"
	}
	return "error"
}

// Diagnostic is one thing that is wrong, or odd, at one place.
type Diagnostic struct {
	// Pos is where.
	Pos Pos
	// Severity says whether it stops the compiler.
	Severity Severity
	// Code names the rule that was broken; empty for what no rule can switch off.
	Code string
	// Msg is one line in lower case without a full stop; it names the attribute, the element and the
	// namespace that it is about.
	Msg string
	// Hint says what could be done about it; empty when nothing helpful is known.
	Hint string
}

// Hintf sets the hint of d and returns d, so that it can follow the call that reported it.
func (d *Diagnostic) Hintf(format string, args ...any) *Diagnostic {
	d.Hint = fmt.Sprintf(format, args...)
	return d
}

// Rule sets the code of d and returns d.
func (d *Diagnostic) Rule(code string) *Diagnostic {
	d.Code = code
	return d
}

// String writes d as `file:line:col: message [code]`, with the hint, if there is one, on an indented line of its own.
func (d *Diagnostic) String() string {
	var b strings.Builder
	b.WriteString(d.Pos.String())
	b.WriteString(": ")
	if d.Severity != Error {
		b.WriteString(d.Severity.String() + ": ")
	}
	b.WriteString(d.Msg)
	if d.Code != "" {
		b.WriteString(" [" + d.Code + "]")
	}
	if d.Hint != "" {
		b.WriteString("\n\thint: ")
		b.WriteString(d.Hint)
	}
	return b.String()
}

// Collector gathers the diagnostics of a run. Its zero value is ready for use. It is not safe for
// use by several goroutines at once.
type Collector struct {
	list   []*Diagnostic
	errors int
}

// Errorf reports an error at pos. A hint may be added to what it returns.
func (c *Collector) Errorf(pos Pos, format string, args ...any) *Diagnostic {
	c.errors++
	return c.add(pos, Error, fmt.Sprintf(format, args...))
}

// Warnf reports a warning at pos. A hint may be added to what it returns.
func (c *Collector) Warnf(pos Pos, format string, args ...any) *Diagnostic {
	return c.add(pos, Warning, fmt.Sprintf(format, args...))
}

// Report reports a diagnostic of any severity, which belongs to the collector from then on.
func (c *Collector) Report(d *Diagnostic) *Diagnostic {
	if d.Severity == Error {
		c.errors++
	}
	c.list = append(c.list, d)
	return d
}

func (c *Collector) add(pos Pos, s Severity, msg string) *Diagnostic {
	d := &Diagnostic{Pos: pos, Severity: s, Msg: msg}
	c.list = append(c.list, d)
	return d
}

// Errors returns the number of errors so far; warnings are not counted.
func (c *Collector) Errors() int { return c.errors }

// ErrorsIn reports whether there were errors so far in the file of that path.
func (c *Collector) ErrorsIn(file string) bool {
	return slices.ContainsFunc(c.list, func(d *Diagnostic) bool { return d.Severity == Error && d.Pos.File == file })
}

// Diagnostics returns all that was reported, sorted by position and message, each told once.
func (c *Collector) Diagnostics() []*Diagnostic {
	sorted := slices.Clone(c.list)
	slices.SortStableFunc(sorted, func(a, b *Diagnostic) int {
		return cmp.Or(a.Pos.Compare(b.Pos), cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Msg, b.Msg))
	})
	return slices.CompactFunc(sorted, func(a, b *Diagnostic) bool {
		return a.Pos == b.Pos && a.Severity == b.Severity && a.Msg == b.Msg
	})
}

// WriteTo writes all diagnostics to w, sorted, a line (and perhaps a hint) each.
func (c *Collector) WriteTo(w io.Writer) (int64, error) {
	var n int64
	for _, d := range c.Diagnostics() {
		m, err := fmt.Fprintln(w, d)
		n += int64(m)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
