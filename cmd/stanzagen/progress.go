package main

import (
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// progress is a line on a terminal that says how far long work is. Where nobody looks it is silent, and so is work that is
// done soon.
type progress struct {
	w       io.Writer // nil if nobody looks
	what    string
	n, of   int
	started time.Time
	shown   time.Time
}

// patience is how long work may take without a word, and pace how often the line is written anew.
const (
	patience = 300 * time.Millisecond
	pace     = 100 * time.Millisecond
)

// progress begins the line.
func (s *system) progress(what string, of int) *progress {
	p := &progress{what: what, of: of, started: time.Now()}
	if s.terminal {
		p.w = s.err
	}
	return p
}

// step says what is being done now.
func (p *progress) step(name string) {
	p.n++
	now := time.Now()
	if p.w == nil || now.Sub(p.started) < patience || now.Sub(p.shown) < pace {
		return
	}
	p.shown = now
	line := fmt.Sprintf("%s: %d of %d, %s", p.what, p.n, p.of, name)
	if utf8.RuneCountInString(line) > 79 {
		line = string([]rune(line)[:79])
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", line)
}

// done takes the line away.
func (p *progress) done() {
	if p.w != nil && !p.shown.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
