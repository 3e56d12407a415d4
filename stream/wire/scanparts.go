package wire

import (
	"bytes"
	"unicode/utf8"
	"unsafe"
)

// failAt records an error at an offset within the top-level element. Inlined, it
// would make up a third of the scanner.
//
//go:noinline
func (f *Framer) failAt(c Condition, reason string, p int) { f.fail(c, reason, f.base+p) }

// outside refuses what stands between top-level elements and is no element.
func (f *Framer) outside(c byte, p int) {
	switch {
	case f.closed:
		f.failAt(NotWellFormed, "data behind the end of the stream", p)
	case c < ' ' || c >= utf8.RuneSelf && c < 0xC2 || c > 0xF4:
		f.failAt(NotWellFormed, "a byte that begins no character", p)
	case f.opened:
		f.failAt(BadFormat, "text between top-level elements", p)
	default:
		f.failAt(NotWellFormed, "text outside of an element", p)
	}
}

// wrongEnd deals with an end tag at p whose name is not that of the open
// element, which stands at name and has n bytes. It reports whether more bytes
// may change that.
func (f *Framer) wrongEnd(name, n, p int) bool {
	b := f.buf[f.base:f.w]
	if have := len(b) - p; have < n && string(b[p:]) == string(b[name:name+have]) {
		return true
	}
	f.failAt(NotWellFormed, "an end tag that does not match its start tag", p)
	return false
}

// char checks the character at p, which is not plain ASCII, and returns its
// length, or 0 if it failed or is not all there.
func (f *Framer) char(p int) int {
	b := f.buf[f.base+p : f.w]
	r, n := rune(b[0]), 1
	if r >= utf8.RuneSelf {
		if r, n = utf8.DecodeRune(b); r == utf8.RuneError && n == 1 {
			if utf8.FullRune(b) {
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

// wide checks the characters beyond ASCII from p on and returns how many bytes
// they are, or 0 if the first one failed or is not all there.
func (f *Framer) wide(b unsafe.Pointer, p int) int {
	start := p
	for {
		// Most are of two or three bytes. The NUL at w continues no character.
		v := uint32(wordAt(b, p))
		switch {
		case plainTwo(v):
			p += 2
		case plainThree(v):
			p += 3
		case p > start:
			return p - start
		default:
			return f.char(p)
		}
	}
}

// reference returns the length of the reference at p, or 0 if it failed or is
// not all there.
func (f *Framer) reference(p int) int {
	_, n := reference(f.buf[f.base+p : f.w])
	switch n {
	case refMalformed:
		f.failAt(NotWellFormed, "an ampersand that begins no reference", p)
	case refRestricted:
		f.failAt(RestrictedXML, "a reference to an entity that is not predefined", p)
	case refTooLong:
		f.failAt(PolicyViolation, "a reference longer than the limit", p)
	}
	return max(n, 0)
}

// qname goes on at p with the qualified name that began at f.name.off. It returns
// where it stopped, and whether the name is complete.
func (f *Framer) qname(p int) (int, bool) {
	var (
		q     = &f.name
		b     = f.buf[f.base : f.w+1]
		start = q.local() // of the prefix or local part
		most  = q.off + f.lim.Name
	)
	for {
		if class[b[p]]&clsStart != 0 || p > start && class[b[p]]&clsName != 0 {
			for p++; class[b[p]]&clsName != 0 && p <= most; p++ {
			}
		}
		if p > most {
			f.failAt(PolicyViolation, "a name longer than the limit", most)
			return most, false
		}
		if p >= len(b)-1 {
			return p, false
		}
		switch c := b[p]; {
		case c >= utf8.RuneSelf:
			n := f.char(p)
			if n == 0 {
				return p, false
			}
			r, _ := utf8.DecodeRune(b[p:])
			if p == start && !isNameStart(r) || p > start && !isNameChar(r) {
				f.failAt(NotWellFormed, "a character that no name may hold", p)
				return p, false
			}
			p += n
		case p == start:
			f.failAt(NotWellFormed, "a name that does not begin with a letter", p)
			return p, false
		case c == ':':
			if q.pre > 0 {
				f.failAt(NotWellFormed, "a name with two colons", p)
				return p, false
			}
			q.pre = p - start
			p++
			start = p
		default:
			q.loc = p - start
			return p, true
		}
	}
}

// declaration reads what begins with <! or <? at p and returns its length if it
// opens a CDATA section inside an element, or 0 if it failed or is not all there.
func (f *Framer) declaration(p int, inside bool) int {
	const cdata = "<![CDATA["
	b := f.buf[f.base+p : f.w]
	if len(b) < 2 {
		return 0
	}
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

// cdata checks a CDATA section from p on and returns how far it comes: to its end,
// or else the state is stCData or it failed.
func (f *Framer) cdata(p int) int {
	b := f.buf[f.base+p : f.w]
	f.state = stMarkup
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == ']':
			switch rest := b[i+1:]; {
			case len(rest) >= 2 && rest[0] == ']' && rest[1] == '>':
				return i
			case len(rest) < 2 && (len(rest) == 0 || rest[0] == ']'):
				f.state = stCData
				return i
			}
		case c >= 0x20 && c < utf8.RuneSelf || class[c]&clsSpace != 0:
		default:
			n := f.char(p + i)
			if n == 0 {
				f.state = stCData
				return i
			}
			i += n - 1
		}
	}
	f.state = stCData
	return len(b)
}

// attrWords sets the words of the attribute f.name, which follow n others.
func (f *Framer) attrWords(n int) {
	var (
		q   = f.name
		b   = f.buf[f.base:]
		loc = q.local()
	)
	if string(b[q.off:q.off+q.loc]) == "xmlns" && q.pre == 0 || q.pre == 5 && string(b[q.off:q.off+5]) == "xmlns" {
		f.tape[n], f.tape[n+1] = 0, flagDecl
		return
	}
	f.tape[n], f.tape[n+1] = uint32(loc), uint32(q.loc)
	if q.pre > 0 {
		f.tape[n+1] |= flagLong
		f.odd = 1
		return
	}
	bit := uint64(1) << (attrHash(uint32(q.loc), b[loc]) & 63)
	f.odd |= f.seen & bit
	f.seen |= bit
}

// longAttr completes the words of an attribute that need more than the usual place: name, flags
// and namespace are w, the value has l bytes. It returns how many words they are.
func (f *Framer) longAttr(n int, w, l uint32) int {
	if name, gap := w&^flagEscaped, f.tape[n]-f.attrEnd; w&flagEscaped != 0 && name <= maxShortName && gap <= maxGap && l <= maxShort {
		f.tape[n] = gap<<gapShift | shortEscaped | name<<nameShift | l
		return 1
	}
	f.tape[n] |= kindLong
	f.tape[n+2] = l
	return attrWords
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
	if c := b[len(decl)]; c != '?' && class[c]&clsSpace == 0 {
		f.failAt(RestrictedXML, "a processing instruction", 0)
		return 0, false
	}
	end := bytes.IndexByte(b[:min(len(b), maxDeclaration)], '>')
	if end < 0 {
		if len(b) >= maxDeclaration {
			f.failAt(PolicyViolation, "an XML declaration longer than the limit", 0)
		}
		return 0, false
	}
	if b[end-1] != '?' {
		f.failAt(NotWellFormed, "a malformed XML declaration", 0)
		return 0, false
	}
	if c, reason := checkDecl(b[len(decl) : end-1]); reason != "" {
		f.failAt(c, reason, 0)
		return 0, false
	}
	return end + 1, true
}

// maxDeclaration bounds the XML declaration, which is looked at as a whole.
const maxDeclaration = 256

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
