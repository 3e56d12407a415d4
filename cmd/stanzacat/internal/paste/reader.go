// Package paste finds the elements in what people paste: stanzas one after the other, with or without a stream around
// them, and logs of streams with times, directions and other text in front of them.
package paste

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"strings"
)

// DefaultLimit is how long an element may be, in bytes.
const DefaultLimit = 16 << 20

// Kind is what was found.
type Kind uint8

// What can be found.
const (
	Element Kind = iota
	// Header is the start tag of a stream.
	Header
	// Footer is its end tag.
	Footer
)

// Piece is what was found.
type Piece struct {
	Kind Kind
	// Text is the element, the start tag of the stream, or its end tag, without comments and processing instructions.
	Text string
	// Line is the line on which it begins, from 1.
	Line int
	// Direction is which way it went, and Time when, as the text in front of it has it.
	Direction Direction
	Time      string
	// Err says why it is none, where that is clear without a look inside.
	Err error

	end int // how far Reject goes back
}

// Errors of pieces.
var (
	errEnds  = errors.New("the input ends inside the element")
	errEntry = errors.New("the element does not end before the next entry of the log")
	errStart = errors.New("the log has only the start tag of the element")
	errStray = errors.New("an end tag without its start tag")
	errDepth = fmt.Errorf("more than %d elements inside each other", maxDepth)
)

// Reader finds pieces. It holds no more of the input than the longest element that it may return, and what is read at a time.
type Reader struct {
	src   io.Reader
	limit int
	err   error // of src

	buf  []byte
	pos  int // of the next byte
	line int // that of pos

	prefix    []byte // what stands on the line before pos, as much of it as matters
	direction Direction
	time      string // from comments and lines before

	quiet int     // up to this line end tags are left over from something that was reported
	inner *Reader // reads what was unpacked
	begun int     // the line of that
	whole bool    // nothing is packed in what this reader reads
	last  Piece
	text  bool // there was more than white space
}

// maxPrefix is how much of the text in front of an element is looked at.
const maxPrefix = 512

// NewReader returns a reader of elements that are no longer than limit bytes.
func NewReader(src io.Reader, limit int) *Reader {
	return &Reader{src: &cleaner{src: src, start: true}, limit: limit, line: 1}
}

// more reads more input behind what is there. It reports whether there was any.
func (r *Reader) more() bool {
	if r.err != nil {
		return false
	}
	if cap(r.buf)-len(r.buf) < 4096 {
		r.buf = append(make([]byte, 0, max(2*len(r.buf), 16<<10)), r.buf...)
	}
	n := 0
	for range 100 {
		if n, r.err = r.src.Read(r.buf[len(r.buf):cap(r.buf)]); n > 0 || r.err != nil {
			break
		}
	}
	if n == 0 && r.err == nil {
		r.err = io.ErrNoProgress
	}
	r.buf = r.buf[:len(r.buf)+n]
	return n > 0
}

// drop forgets what was read.
func (r *Reader) drop() {
	n := copy(r.buf, r.buf[r.pos:])
	if cap(r.buf) > 1<<20 && n < 64<<10 { // something large has passed
		r.buf = append(make([]byte, 0, 128<<10), r.buf[:n]...)
	}
	r.buf, r.pos = r.buf[:n], 0
}

// at returns the byte so far behind pos, 0 at the end of the input.
func (r *Reader) at(n int) byte {
	for r.pos+n >= len(r.buf) {
		if !r.more() {
			return 0
		}
	}
	return r.buf[r.pos+n]
}

// follows reports whether the input goes on with s.
func (r *Reader) follows(s string) bool {
	for i := range len(s) {
		if r.at(i) != s[i] {
			return false
		}
	}
	return true
}

// Buffered reports whether input has been read that Next has not looked at.
func (r *Reader) Buffered() bool { return r.pos < len(r.buf) || r.inner != nil && r.inner.Buffered() }

// Text reports whether there has been anything but white space.
func (r *Reader) Text() bool { return r.text }

// advance goes on by n bytes that are in the buffer.
func (r *Reader) advance(n int) {
	skipped := r.buf[r.pos : r.pos+n]
	r.text = r.text || len(bytes.TrimSpace(skipped)) > 0
	r.line += bytes.Count(skipped, []byte("\n"))
	if i := bytes.LastIndexByte(skipped, '\n'); i >= 0 {
		r.prefix = r.prefix[:0]
		skipped = skipped[i+1:]
	}
	if room := maxPrefix - len(r.prefix); len(skipped) > room {
		// the end is what matters
		skipped = skipped[max(0, len(skipped)-maxPrefix):]
		r.prefix = r.prefix[:copy(r.prefix, r.prefix[max(0, len(r.prefix)+len(skipped)-maxPrefix):])]
	}
	r.prefix = append(r.prefix, skipped...)
	r.pos += n
}

// Next returns the next piece. At the end of the input the error is io.EOF; others are those of the source.
func (r *Reader) Next() (Piece, error) {
	for {
		if r.inner != nil {
			p, err := r.inner.Next()
			if err == nil {
				p.Line += r.begun - 1
				return p, nil
			}
			r.inner = nil
		}
		if r.pos == len(r.buf) || r.pos > 32<<10 && r.pos > len(r.buf)/2 {
			r.drop()
		}
		c := r.at(0)
		if r.pos >= len(r.buf) {
			return Piece{}, r.err
		}
		switch {
		case c == '\n':
			r.endOfLine()
			r.advance(1)
		case c == '&' && !r.whole && r.follows("&lt;") && (startsName(r.at(4)) || r.at(4) == '?'):
			r.unescape()
		case c != '<':
			r.advance(1)
		case r.follows("<!--"):
			r.comment()
		case r.follows("<?") && startsName(r.at(2)):
			r.skipTo("?>")
		case !r.whole && r.follows(`<<"<`):
			r.binary()
		case r.at(1) == '/' && startsName(r.at(2)):
			if p, ok := r.endTag(); ok {
				return p, nil
			}
		case startsName(r.at(1)):
			if p, ok := r.element(); ok {
				r.last = p
				return p, nil
			}
		default:
			r.advance(1)
		}
	}
}

// endOfLine remembers what a line without an element says of the next.
func (r *Reader) endOfLine() {
	if s := string(bytes.TrimSpace(r.prefix)); s != "" {
		alone := len(s) <= len("- out -")
		if r.direction, r.time = directionOf(s, alone), ""; r.direction != Unknown {
			r.time = stamp.FindString(s)
		}
	}
}

// described fills in what the text in front of a piece says of it.
func (r *Reader) described(p Piece) Piece {
	s := string(r.prefix)
	p.Direction, p.Time = directionOf(s, false), stamp.FindString(s)
	if p.Direction != Unknown {
		r.direction, r.time = Unknown, ""
	} else if p.Direction = r.direction; p.Time == "" {
		p.Time = r.time
	}
	p.Line = r.line
	return p
}

// skipTo goes on behind what ends so, or to the end of the input. What it returns is the beginning of what was passed.
func (r *Reader) skipTo(end string) string {
	var head []byte
	for {
		if i := bytes.Index(r.buf[r.pos:], []byte(end)); i >= 0 {
			head = append(head, r.buf[r.pos:r.pos+min(i, maxPrefix)]...)
			r.advance(i + len(end))
			return string(head)
		}
		if n := len(r.buf) - r.pos - len(end); n > 0 {
			if len(head) < maxPrefix {
				head = append(head, r.buf[r.pos:r.pos+min(n, maxPrefix)]...)
			}
			r.advance(n)
			r.drop()
		}
		if !r.more() {
			r.advance(len(r.buf) - r.pos)
			return string(head)
		}
	}
}

// comment passes over a comment, in which consoles write when and which way the next stanza went.
func (r *Reader) comment() {
	r.advance(len("<!--"))
	s := r.skipTo("-->")
	if d := directionOf(s, true); d != Unknown {
		r.direction, r.time = d, stamp.FindString(s)
	}
	r.prefix = r.prefix[:0]
}

// endTag finds the end of a stream. Other end tags have no start.
func (r *Reader) endTag() (Piece, bool) {
	n := 2
	for n < maxPrefix && r.at(n) != 0 && r.at(n) != '>' && r.at(n) != '<' && r.at(n) != '\n' {
		n++
	}
	if r.at(n) == '>' {
		n++
	}
	text := string(r.buf[r.pos : r.pos+n])
	p := r.described(Piece{Kind: Footer, Text: text})
	r.advance(n)
	r.prefix = r.prefix[:0]
	name := strings.TrimRight(strings.Trim(text, "</>"), " \t\r")
	if name == "stream:stream" || name == "stream" {
		return p, true
	}
	if p.Line <= r.quiet {
		return Piece{}, false
	}
	r.quiet = p.Line
	p.Kind, p.Err = Element, errStray
	return p, true
}

// element finds the end of the element at pos. It reports false if it is rather some text.
func (r *Reader) element() (Piece, bool) {
	p := r.described(Piece{})
	var o outline
	var asides [][2]int // comments and instructions
	rejoin := -1        // where to go on if the element is none
	lineStart, tag := 0, 0
	sole := len(bytes.TrimSpace(r.prefix)) == 0
	indent := len(r.prefix)
	for i := 0; ; i++ {
		if r.pos+i >= len(r.buf) && !r.more() {
			if r.prose(&o, i) {
				r.advance(1)
				return Piece{}, false
			}
			return r.broken(p, errEnds, rejoin, i), true
		}
		if i >= r.limit {
			return r.tooLong(p, &o, rejoin, i), true
		}
		c := r.buf[r.pos+i]
		ends := o.feed(c)
		switch {
		case o.started:
			tag = i
		case o.aside:
			if n := len(asides); n > 0 && asides[n-1][1] == i {
				asides[n-1][1] = i + 1
			} else if o.state == inComment {
				asides = append(asides, [2]int{i - len("!--"), i + 1})
			} else {
				asides = append(asides, [2]int{i - len("?"), i + 1})
			}
		}
		if o.opened && lineStart > 0 && tag-lineStart <= maxPrefix {
			before, name := string(r.buf[r.pos+lineStart:r.pos+tag]), string(o.name)
			switch {
			case entry(before, name):
				if r.prose(&o, i) {
					r.advance(1)
					return Piece{}, false
				}
				return r.broken(p, r.openEnd(tag), tag, tag), true
			case rejoin < 0 && topLevel(name) && strings.TrimSpace(before) == "" && (!sole || len(before) <= indent):
				// as far out as the element itself: if that turns out not to end, this is the next one
				rejoin = tag
			}
		}
		if o.opened && (len(o.stack) == 1 || ends) && isHeader(o.name, r.buf[r.pos:r.pos+i+1]) {
			p.Kind = Header
			return r.found(p, i+1, nil, -1), true
		}
		if c == '\n' {
			if lineStart == 0 && r.prose(&o, i) {
				r.advance(1)
				return Piece{}, false
			}
			lineStart = i + 1
		}
		if len(o.stack) > maxDepth {
			return r.broken(p, errDepth, rejoin, i), true
		}
		if ends {
			return r.found(p, i+1, asides, rejoin), true
		}
	}
}

// openEnd says what is wrong with an element that does not end in its first n bytes, before the next entry.
func (r *Reader) openEnd(n int) error {
	b := r.buf[r.pos : r.pos+n]
	line, _, _ := bytes.Cut(b, []byte("\n"))
	if bytes.HasSuffix(bytes.TrimSpace(line), []byte(">")) && bytes.Count(line, []byte("<")) == 1 {
		return errStart
	}
	return errEntry
}

// isHeader reports whether a start tag is that of a stream.
func isHeader(name, tag []byte) bool {
	return string(name) == "stream:stream" || bytes.HasSuffix(name, []byte(":stream")) && bytes.Contains(tag, []byte("http://etherx.jabber.org/streams")) ||
		string(name) == "stream" && bytes.Contains(tag, []byte("http://etherx.jabber.org/streams"))
}

// prose reports whether what looked like an element is more likely text in a log, such as <user>: a tag without
// attributes in the middle of a line that nothing closes.
func (r *Reader) prose(o *outline, n int) bool {
	if len(bytes.TrimSpace(r.prefix)) == 0 || directionOf(string(r.prefix), false) != Unknown {
		return false
	}
	i := bytes.IndexAny(r.buf[r.pos:r.pos+n], "> \t\r\n/")
	return i > 0 && r.buf[r.pos+i] == '>' && !topLevel(string(r.buf[r.pos+1:r.pos+i]))
}

// found returns a piece of n bytes.
func (r *Reader) found(p Piece, n int, asides [][2]int, rejoin int) Piece {
	b := r.buf[r.pos : r.pos+n]
	if len(asides) == 0 {
		p.Text = string(b)
	} else {
		var text strings.Builder
		from := 0
		for _, a := range asides {
			text.Write(b[from:a[0]])
			from = a[1]
		}
		text.Write(b[from:])
		p.Text = text.String()
	}
	p.end = n
	if rejoin >= 0 {
		p.end = rejoin
	}
	r.advance(n)
	p.end = n - p.end // how far to go back
	r.prefix = r.prefix[:0]
	return p
}

// Reject says that the piece which Next returned last is no element after all. If another one seems to begin inside of it, the
// reader goes back to that.
func (r *Reader) Reject() {
	r.quiet = r.line
	if r.inner != nil {
		r.inner.Reject()
		return
	}
	if n := r.last.end; n > 0 && n <= r.pos {
		r.line -= bytes.Count(r.buf[r.pos-n:r.pos], []byte("\n"))
		r.pos -= n
		r.last.end = 0
	}
}

// broken returns a piece that is none, of which n bytes were looked at, and goes on at rejoin or behind it.
func (r *Reader) broken(p Piece, err error, rejoin, n int) Piece {
	p.Err = err
	r.quiet = r.line + bytes.Count(r.buf[r.pos:r.pos+n], []byte("\n"))
	if rejoin < 0 {
		rejoin = n
	}
	lead := r.buf[r.pos : r.pos+rejoin]
	r.advance(rejoin)
	r.prefix = append(r.prefix[:0], lead[bytes.LastIndexByte(lead, '\n')+1:]...)
	if len(r.prefix) > maxPrefix {
		r.prefix = r.prefix[:0]
	}
	return p
}

// tooLong passes over an element beyond the limit, without keeping it.
func (r *Reader) tooLong(p Piece, o *outline, rejoin, n int) Piece {
	err := fmt.Errorf("an element longer than %d bytes", r.limit)
	if rejoin >= 0 {
		return r.broken(p, err, rejoin, n)
	}
	p.Err = err
	r.advance(n)
	defer func() { r.quiet = r.line }()
	for {
		r.drop()
		if len(r.buf) == 0 && !r.more() {
			return p
		}
		for i, c := range r.buf {
			if o.feed(c) || len(o.stack) > maxDepth {
				r.advance(i + 1)
				r.prefix = r.prefix[:0]
				return p
			}
		}
		r.advance(len(r.buf))
	}
}

// binary unpacks <<"...">>, as Erlang writes binaries.
func (r *Reader) binary() {
	var b []byte
	i := len(`<<"`)
	for quoted := true; i < r.limit; i++ {
		c := r.at(i)
		if c == 0 && r.pos+i >= len(r.buf) {
			break
		}
		switch {
		case quoted && c == '\\':
			i++
			b = append(b, erlang(r.at(i))...)
		case c == '"':
			quoted = !quoted
		case quoted:
			b = append(b, c)
		case c == '>' && r.at(i+1) == '>':
			r.unpacked(string(b), i+2)
			return
		}
	}
	r.unpacked(string(b), min(i, len(r.buf)-r.pos))
}

// erlang returns what an escaped character stands for.
func erlang(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case 't':
		return "\t"
	case 0:
		return ""
	}
	return string(rune(c))
}

// unescape unpacks a line in which markup is escaped as in HTML.
func (r *Reader) unescape() {
	n := 0
	for r.at(n) != '\n' && n < r.limit && (r.pos+n < len(r.buf) || r.err == nil) {
		n++
	}
	n = min(n, len(r.buf)-r.pos)
	r.unpacked(html.UnescapeString(string(r.buf[r.pos:r.pos+n])), n)
}

// unpacked goes on with a text that stands for the next n bytes.
func (r *Reader) unpacked(text string, n int) {
	p := r.described(Piece{})
	r.inner = NewReader(strings.NewReader(text), r.limit)
	r.begun = r.line
	r.inner.direction, r.inner.time, r.inner.whole = p.Direction, p.Time, true
	r.advance(n)
	r.prefix = r.prefix[:0]
}
