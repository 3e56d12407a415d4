package wire

import (
	"bytes"
	"unicode/utf8"
)

// failAt records an error at an offset within the top-level element.
func (f *Framer) failAt(c Condition, reason string, p int) { f.fail(c, reason, f.base+p) }

// outside refuses what stands between top-level elements and is no element.
func (f *Framer) outside(c byte, p int) {
	switch {
	case f.closed:
		f.failAt(NotWellFormed, "data behind the end of the stream", p)
	case c == 0:
		f.failAt(NotWellFormed, "a NUL character", p)
	case f.opened:
		f.failAt(BadFormat, "text between top-level elements", p)
	default:
		f.failAt(NotWellFormed, "text outside of an element", p)
	}
}

// char checks the character at p, which is not plain ASCII, and returns its
// length, or 0 if it failed or is not all there.
func (f *Framer) char(buf []byte, p, w int) int {
	r, n := rune(buf[p]), 1
	if r >= utf8.RuneSelf {
		if r, n = utf8.DecodeRune(buf[p:w]); r == utf8.RuneError && n == 1 {
			if utf8.FullRune(buf[p:w]) {
				f.failAt(NotWellFormed, "a byte that is not UTF-8", p)
			}
			return 0
		}
	}
	if !isChar(r) {
		f.failAt(NotWellFormed, "a character that XML forbids", p)
		return 0
	}
	return n
}

func (f *Framer) badReference(code, p int) {
	switch code {
	case refMalformed:
		f.failAt(NotWellFormed, "an ampersand that begins no reference", p)
	case refRestricted:
		f.failAt(RestrictedXML, "a reference to an entity that is not predefined", p)
	case refTooLong:
		f.failAt(PolicyViolation, "a reference longer than the limit", p)
	}
}

// qname reads the qualified name at p. The code is its length; 0 means that it
// failed or that its end is not there.
func (f *Framer) qname(buf []byte, p, w int) (qname, int) {
	q := qname{off: p}
	start := p // of the prefix or local part
	if class[buf[p]]&clsStart != 0 {
		p++
	}
	for {
		for class[buf[p]]&clsName != 0 && p > start {
			p++
		}
		if p >= w {
			if p-q.off > f.lim.Name {
				f.failAt(PolicyViolation, "a name longer than the limit", q.off)
			}
			return q, 0
		}
		c := buf[p]
		switch {
		case c >= utf8.RuneSelf:
			n := f.char(buf, p, w)
			if n == 0 {
				return q, 0
			}
			r, _ := utf8.DecodeRune(buf[p:w])
			if p == start && !isNameStart(r) || p > start && !isNameChar(r) {
				f.failAt(NotWellFormed, "a character that no name may hold", p)
				return q, 0
			}
			p += n
			continue
		case p == start:
			f.failAt(NotWellFormed, "a name that does not begin with a letter", p)
			return q, 0
		case c == ':':
			if q.pre > 0 {
				f.failAt(NotWellFormed, "a name with two colons", p)
				return q, 0
			}
			q.pre = p - start
			p++
			start = p
			if class[buf[p]]&clsStart != 0 {
				p++
			}
			continue
		}
		q.loc = p - start
		if p-q.off > f.lim.Name {
			f.failAt(PolicyViolation, "a name longer than the limit", q.off)
			return q, 0
		}
		return q, p - q.off
	}
}

// declaration reads what begins with <! or <? at b and returns its length if it
// opens a CDATA section inside an element, or 0 if it failed or is not all there.
func (f *Framer) declaration(b []byte, inside bool, p int) int {
	const cdata = "<![CDATA["
	if b[1] == '?' {
		f.failAt(RestrictedXML, "a processing instruction", p)
		return 0
	}
	if len(b) < 3 {
		return 0
	}
	switch c := b[2]; {
	case c == '-':
		f.failAt(RestrictedXML, "a comment", p)
	case c == '[':
		n := min(len(b), len(cdata))
		switch {
		case string(b[:n]) != cdata[:n]:
			f.failAt(NotWellFormed, "a malformed declaration", p)
		case n < len(cdata):
		case !inside && f.opened:
			f.failAt(BadFormat, "text between top-level elements", p)
		case !inside:
			f.failAt(NotWellFormed, "text outside of an element", p)
		default:
			return n
		}
	case class[c]&clsStart != 0:
		f.failAt(RestrictedXML, "a document type declaration", p)
	default:
		f.failAt(NotWellFormed, "a malformed declaration", p)
	}
	return 0
}

// start looks at the beginning of the input: its encoding, and the XML
// declaration if there is one, whose length it returns. It is not ok while it
// has seen too little, or if it failed.
func (f *Framer) start(b []byte) (n int, ok bool) {
	const decl = "<?xml"
	// UTF-16 and UTF-32 show in the first bytes, with or without a byte-order mark
	if len(b) >= 2 && (b[0] == 0xFE && b[1] == 0xFF || b[0] == 0xFF && b[1] == 0xFE || b[0] == '<' && b[1] == 0 || b[0] == 0 && b[1] == '<' || b[0] == 0 && b[1] == 0) {
		f.failAt(UnsupportedEncoding, "the input is not UTF-8", 0)
		return 0, false
	}
	if len(b) < 2 && (b[0] == '<' || b[0] == 0 || b[0] >= 0xFE) {
		return 0, false
	}
	if k := min(len(b), len(decl)); string(b[:k]) != decl[:k] {
		return 0, true
	}
	if len(b) <= len(decl) {
		return 0, false
	}
	if class[b[len(decl)]]&clsSpace == 0 {
		f.failAt(RestrictedXML, "a processing instruction", 0)
		return 0, false
	}
	end := bytes.Index(b, []byte("?>"))
	if end < 0 {
		if i := bytes.IndexByte(b, '>'); i >= 0 || len(b) > 256 {
			f.failAt(NotWellFormed, "a malformed XML declaration", 0)
		}
		return 0, false
	}
	if c, reason := checkDecl(b[len(decl):end]); reason != "" {
		f.failAt(c, reason, 0)
		return 0, false
	}
	return end + 2, true
}

// checkDecl checks the inside of an XML declaration (XML 1.0, production 23).
func checkDecl(b []byte) (Condition, string) {
	const malformed = "a malformed XML declaration"
	for i := 0; ; i++ {
		rest := bytes.TrimLeft(b, " \t\r\n")
		if len(rest) == 0 {
			if i == 0 {
				return NotWellFormed, malformed
			}
			return "", ""
		}
		if len(rest) == len(b) {
			return NotWellFormed, malformed
		}
		name, after, found := bytes.Cut(rest, []byte("="))
		after = bytes.TrimLeft(after, " \t\r\n")
		if !found || len(after) == 0 || after[0] != '\'' && after[0] != '"' {
			return NotWellFormed, malformed
		}
		end := bytes.IndexByte(after[1:], after[0])
		if end < 0 {
			return NotWellFormed, malformed
		}
		value := string(after[1 : end+1])
		b = after[end+2:]
		switch string(bytes.TrimRight(name, " \t\r\n")) {
		case "version":
			if i != 0 || len(value) < 3 || value[:2] != "1." || !digits(value[2:]) {
				return NotWellFormed, "an XML declaration without version 1"
			}
		case "encoding":
			if i != 1 || value == "" || class[value[0]]&clsStart == 0 || value[0] == '_' || !ValidName(value) {
				return NotWellFormed, malformed
			}
			if !bytes.EqualFold([]byte(value), []byte("utf-8")) {
				return UnsupportedEncoding, "an encoding other than UTF-8"
			}
		case "standalone":
			if i == 0 || value != "yes" && value != "no" {
				return NotWellFormed, malformed
			}
			return RestrictedXML, "a standalone document declaration"
		default:
			return NotWellFormed, malformed
		}
	}
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
