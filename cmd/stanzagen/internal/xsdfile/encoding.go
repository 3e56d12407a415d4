package xsdfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/net/html/charset"

	"stanza.invalid/cmd/stanzagen/internal/source"
)

// errTooLarge says that a file became longer than maxSize when it was turned into UTF-8.
var errTooLarge = fmt.Errorf("schema has more than %d bytes as UTF-8", maxSize)

// utf8Text returns data as UTF-8 without a byte-order mark. A byte-order mark decides (XML 1.0, appendix F), then the
// label of the XML declaration, and without either it is UTF-8.
func utf8Text(path string, data []byte, c *source.Collector) ([]byte, bool) {
	start := source.Pos{File: path, Line: 1, Col: 1}
	if text, wide, err := wideText(data); wide {
		if err != nil {
			c.Errorf(start, "not XML: %v", err).Rule(string(ruleEncoding)).Hintf("save the file as UTF-8")
			return nil, false
		}
		return text, true
	}
	text, marked := bytes.CutPrefix(data, []byte("\xEF\xBB\xBF"))
	label, at := declaredEncoding(text)
	pos := start
	pos.Col += at
	switch encoding, name := charset.Lookup(label); {
	case marked || label == "" || name == "utf-8":
	case name == "utf-16le" || name == "utf-16be":
		c.Warnf(pos, "encoding is declared as %s, but the declaration itself is not: read as UTF-8", label).Rule(string(ruleEncoding))
	case encoding == nil || name == "replacement":
		c.Errorf(pos, "encoding %q is not known", label).Rule(string(ruleEncoding)).Hintf("save the file as UTF-8")
		return nil, false
	default:
		converted, err := convert(label, text)
		if err != nil {
			c.Errorf(pos, "not XML: %v", err).Rule(string(ruleEncoding)).Hintf("save the file as UTF-8")
			return nil, false
		}
		return converted, true
	}
	if bad := invalidUTF8(text); bad >= 0 {
		p := newCursor(path, text)
		c.Errorf(p.at(bad), "schema is not UTF-8").Rule(string(ruleEncoding)).Hintf("if it has another encoding, its XML declaration has to say so")
		return nil, false
	}
	return text, true
}

// convert turns text into UTF-8. charset.NewReader would look at the first kilobyte and take a file that has only ASCII
// there for windows-1252; NewReaderLabel believes the label.
func convert(label string, text []byte) ([]byte, error) {
	r, err := charset.NewReaderLabel(label, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	converted, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err == nil && len(converted) > maxSize {
		err = errTooLarge
	}
	return converted, err
}

// wideText decodes UTF-16, with a byte-order mark or without one: no XML begins with a zero byte beside "<" otherwise.
func wideText(data []byte) (text []byte, wide bool, err error) {
	var big bool
	switch {
	case bytes.HasPrefix(data, []byte("\xFE\xFF")):
		big, data = true, data[2:]
	case bytes.HasPrefix(data, []byte("\xFF\xFE")):
		data = data[2:]
	case bytes.HasPrefix(data, []byte("\x00<")):
		big = true
	case bytes.HasPrefix(data, []byte("<\x00")):
	default:
		return nil, false, nil
	}
	if len(data)%2 != 0 {
		return nil, true, errors.New("UTF-16 with half a character at the end")
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 0; i < len(data); i += 2 {
		hi, lo := data[i+1], data[i]
		if big {
			hi, lo = lo, hi
		}
		units = append(units, uint16(hi)<<8|uint16(lo))
	}
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if utf16.IsSurrogate(r) {
			if i++; i < len(units) {
				r = utf16.DecodeRune(r, rune(units[i]))
			}
			if r == utf8.RuneError || utf16.IsSurrogate(r) {
				return nil, true, errors.New("UTF-16 with half a surrogate pair")
			}
		}
		text = utf8.AppendRune(text, r)
	}
	if len(text) > maxSize {
		return nil, true, errTooLarge
	}
	return text, true, nil
}

// declaredEncoding returns the label in the XML declaration and its offset, or nothing.
func declaredEncoding(text []byte) (label string, at int) {
	if !bytes.HasPrefix(text, []byte("<?xml")) {
		return "", 0
	}
	end := bytes.Index(text, []byte("?>"))
	if end < 0 {
		return "", 0
	}
	declaration := string(text[:end])
	const key = "encoding"
	i := strings.Index(declaration, key)
	if i < 0 {
		return "", 0
	}
	rest := strings.TrimLeft(declaration[i+len(key):], " \t\r\n")
	rest, ok := strings.CutPrefix(rest, "=")
	rest = strings.TrimLeft(rest, " \t\r\n")
	if !ok || rest == "" || rest[0] != '"' && rest[0] != '\'' {
		return "", 0
	}
	label, _, ok = strings.Cut(rest[1:], rest[:1])
	if !ok {
		return "", 0
	}
	return label, end - len(rest) + 1
}

// invalidUTF8 returns where text stops being UTF-8, -1 if it does not.
func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
