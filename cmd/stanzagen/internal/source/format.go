package source

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Format is a form in which diagnostics are written.
type Format string

// The forms.
const (
	// Text is for people: file:line:col: message [code], and a hint on a line of its own.
	Text Format = "text"
	// JSON is for programs: one object in each line.
	JSON Format = "json"
	// GitHub is for GitHub's runners, which show them beside the changed lines.
	GitHub Format = "github"
)

// record is a diagnostic as JSON. The names are promised to others: cmd/stanzagen/README.md lists them.
type record struct {
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Col      int    `json:"column,omitempty"`
	Severity string `json:"severity"`
	Code     string `json:"code,omitempty"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

// WriteAs writes all diagnostics in the given form, sorted by place.
func (c *Collector) WriteAs(w io.Writer, f Format) error {
	for _, d := range c.Diagnostics() {
		line := ""
		switch f {
		case JSON:
			data, err := d.json()
			if err != nil {
				return err
			}
			line = data
		case GitHub:
			line = d.annotation()
		default:
			line = d.String()
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// json writes d as an object on a line of its own.
func (d *Diagnostic) json() (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // half of the messages show elements
	err := e.Encode(record{d.Pos.File, d.Pos.Line, d.Pos.Col, d.Severity.String(), d.Code, d.Msg, d.Hint})
	return strings.TrimSuffix(b.String(), "\n"), err
}

// annotation writes d as a command of GitHub's runners.
func (d *Diagnostic) annotation() string {
	command := map[Severity]string{Error: "error", Warning: "warning", Note: "notice"}[d.Severity]
	var fields []string
	field := func(name, value string) {
		if value != "" && value != "0" {
			fields = append(fields, name+"="+escapeField(value))
		}
	}
	field("file", d.Pos.File)
	field("line", strconv.Itoa(d.Pos.Line))
	field("col", strconv.Itoa(d.Pos.Col))
	field("title", d.Code)
	text := d.Msg
	if d.Hint != "" {
		text += "\nhint: " + d.Hint
	}
	head := "::" + command
	if len(fields) > 0 {
		head += " " + strings.Join(fields, ",")
	}
	return head + "::" + escapeText(text)
}

// escapeText writes what would end a runner's command in another way.
func escapeText(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

// escapeField does the same for the fields of a command.
func escapeField(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
