// Package show writes elements for people and for programs: as XML, as Go, as JSON.
package show

import (
	"io"

	"stanza.invalid/cmd/stanzacat/internal/paste"
	"stanza.invalid/internal/typed"
	"stanza.invalid/stream/wire"
)

// Record is one thing that was read.
type Record struct {
	// N counts the records, from 1.
	N int
	// Kind is what it is.
	Kind paste.Kind
	// Line is where it begins in its file, 0 if that means nothing; File is the name of the file if there are several.
	Line int
	File string
	// Direction and Time are which way it went and when.
	Direction paste.Direction
	Time      string
	// Element is what the types make of it; nil with an error and for the end of a stream.
	Element *typed.Element
	// Err says why it is no element, and Text is the beginning of what is none.
	Err  error
	Text string
}

// Clean reports whether nothing about it is unknown or invalid.
func (r *Record) Clean() bool { return r.Err == nil && (r.Element == nil || r.Element.Clean()) }

// Format writes a record.
type Format func(w io.Writer, r *Record) error

// Formats returns the formats by their names.
func Formats(colour bool) map[string]Format {
	c := palette(colour)
	return map[string]Format{
		"text":  c.text,
		"go":    c.goCode,
		"json":  c.json,
		"jsonl": jsonLine,
	}
}

// typeName is the name of a payload's Go type, as programs write it.
func typeName(t *typed.Type) *string {
	if t == nil {
		return nil
	}
	return &t.Name
}

// attrName is an attribute's name as messages have it.
func attrName(n wire.Name) string {
	if n.Space == wire.NSXML {
		return "xml:" + n.Local
	}
	return n.String()
}
