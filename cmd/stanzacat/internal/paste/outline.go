package paste

import (
	"bytes"
	"slices"
)

// outline follows the tags of one element without judging them: it tells where the element ends, also that of one which is
// not well-formed, as far as that can be said.
type outline struct {
	state
	stack [][]byte // names of the open elements
	name  []byte   // the one that is being read
	ended bool     // that is the name of an end tag
	quote byte
	last  byte // the byte before, where that matters
	last2 byte // and the one before that

	// started says that the byte was the '<' of a tag, opened that it ended a start tag.
	started, opened bool
	// aside says that the byte belongs to a comment or processing instruction.
	aside bool
}

type state uint8

const (
	inText state = iota
	inMarkup
	inName
	inTag
	inValue
	inBang
	inComment
	inCData
	inDeclaration
	inInstruction
)

// maxDepth is how deep elements may be nested. It is more than wire allows.
const maxDepth = 2000

// feed looks at the next byte. It reports whether the element ends with it.
func (o *outline) feed(c byte) bool {
	o.started, o.opened, o.aside = false, false, false
	switch o.state {
	case inText:
		if c == '<' {
			o.state, o.started = inMarkup, true
		}
	case inMarkup:
		switch {
		case c == '!':
			o.state, o.name = inBang, o.name[:0]
		case c == '?':
			o.state, o.last, o.aside = inInstruction, 0, true
		case c == '/':
			o.state, o.name, o.ended = inName, o.name[:0], true
		case startsName(c):
			o.state, o.name, o.ended = inName, append(o.name[:0], c), false
		case c == '<':
			o.started = true
		default:
			o.state = inText
		}
	case inName:
		switch {
		case c == '>':
			return o.tagEnds(false)
		case c == '/' && !o.ended, space(c):
			o.state, o.last = inTag, c
		case c == '<':
			o.cutShort()
		case len(o.name) < 4000:
			o.name = append(o.name, c)
		}
	case inTag:
		switch c {
		case '>':
			return o.tagEnds(o.last == '/')
		case '\'', '"':
			o.state, o.quote = inValue, c
		case '<':
			o.cutShort()
		}
		o.last = c
	case inValue:
		switch c {
		case o.quote:
			o.state, o.last = inTag, c
		case '<': // nobody closed the quote
			o.cutShort()
		}
	case inBang:
		o.name = append(o.name, c)
		switch {
		case bytes.Equal(o.name, []byte("--")):
			o.state, o.last, o.last2, o.aside = inComment, 0, 0, true
		case bytes.Equal(o.name, []byte("[CDATA[")):
			o.state, o.last, o.last2 = inCData, 0, 0
		case !bytes.HasPrefix([]byte("--"), o.name) && !bytes.HasPrefix([]byte("[CDATA["), o.name):
			o.state = inDeclaration
		}
	case inComment:
		o.aside = true
		if c == '>' && o.last == '-' && o.last2 == '-' {
			o.state = inText
		}
		o.last2, o.last = o.last, c
	case inCData:
		if c == '>' && o.last == ']' && o.last2 == ']' {
			o.state = inText
		}
		o.last2, o.last = o.last, c
	case inInstruction:
		o.aside = true
		if c == '>' && o.last == '?' {
			o.state = inText
		}
		o.last = c
	case inDeclaration:
		if c == '>' {
			o.state = inText
		}
	}
	return false
}

// cutShort begins a tag where another should have ended.
func (o *outline) cutShort() {
	if !o.ended {
		o.stack = append(o.stack, bytes.Clone(o.name))
	}
	o.state, o.started = inMarkup, true
}

// tagEnds reports whether the element ends with the tag.
func (o *outline) tagEnds(empty bool) bool {
	o.state = inText
	switch {
	case !o.ended && empty:
		o.opened = true
		return len(o.stack) == 0
	case !o.ended:
		o.opened = true
		o.stack = append(o.stack, bytes.Clone(o.name))
		return false
	}
	// an end tag closes what was left open inside of its element; one of nothing that is open closes nothing
	for i := len(o.stack) - 1; i >= 0; i-- {
		if bytes.Equal(o.stack[i], o.name) {
			o.stack = slices.Delete(o.stack, i, len(o.stack))
			return i == 0
		}
	}
	return false
}

func startsName(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
