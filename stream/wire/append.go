package wire

import "unicode/utf8"

// AppendText appends s as character data. Text that is not UTF-8, or that holds
// a character which XML cannot carry, is an [*EncodeError].
func AppendText(b []byte, s string) ([]byte, error) {
	from := 0
	for i := 0; i < len(s); {
		if i+8 <= len(s) {
			m := textStops(loads(s, i))
			if m == 0 {
				i += 8
				continue
			}
			i += firstStop(m)
		}
		var ref string
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			n := runeLen(s[i:])
			if n == 0 {
				return b, badText(s[i:])
			}
			i += n
			continue
		case c == '<':
			ref = "&lt;"
		case c == '>':
			ref = "&gt;"
		case c == '&':
			ref = "&amp;"
		case c >= 0x20 || c == '\n' || c == '\t':
			i++
			continue
		case c == '\r':
			ref = "&#xD;"
		default:
			return b, badText(s[i:])
		}
		b = append(append(b, s[from:i]...), ref...)
		i++
		from = i
	}
	return append(b, s[from:]...), nil
}

// AppendValue appends s as the inside of an attribute value in single quotes.
// The errors are those of [AppendText].
func AppendValue(b []byte, s string) ([]byte, error) {
	const quotes = '\'' * ones
	from := 0
	for i := 0; i < len(s); {
		if i+8 <= len(s) {
			v := loads(s, i)
			m := textStops(v) | zeros(v^quotes)
			if m == 0 {
				i += 8
				continue
			}
			i += firstStop(m)
		}
		var ref string
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			n := runeLen(s[i:])
			if n == 0 {
				return b, badText(s[i:])
			}
			i += n
			continue
		case c == '\'':
			ref = "&apos;"
		case c == '>':
			ref = "&gt;"
		case c == '<':
			ref = "&lt;"
		case c == '&':
			ref = "&amp;"
		case c >= 0x20:
			i++
			continue
		case c == '\n':
			ref = "&#xA;"
		case c == '\t':
			ref = "&#x9;"
		case c == '\r':
			ref = "&#xD;"
		default:
			return b, badText(s[i:])
		}
		b = append(append(b, s[from:i]...), ref...)
		i++
		from = i
	}
	return append(b, s[from:]...), nil
}

// runeLen returns the length of the character at the start of s, or 0 if XML
// cannot carry it.
func runeLen(s string) int {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n <= 1 || !isChar(r) {
		return 0
	}
	return n
}

func badText(s string) error {
	return &EncodeError{Reason: "text that XML cannot carry", Value: clip(s)}
}

// AppendAttr appends an attribute: open is its beginning (" id='"), to which the
// value and the closing quote are added.
func AppendAttr(b []byte, open, value string) ([]byte, error) {
	b, err := AppendValue(append(b, open...), value)
	return append(b, '\''), err
}

// AppendLeaf appends an element that has only text: open is its start tag, end
// its end tag.
func AppendLeaf(b []byte, open, value, end string) ([]byte, error) {
	b, err := AppendText(append(b, open...), value)
	return append(b, end...), err
}

// AppendOpen appends "<name" and, if the element's namespace differs from the
// one that is in force, its declaration. The attributes and the end of the tag
// are left to the caller.
func AppendOpen(b []byte, name Name, ns string) ([]byte, error) {
	if !ValidName(name.Local) {
		return b, &EncodeError{Reason: "a name that XML does not allow", Value: clip(name.Local)}
	}
	b = append(append(b, '<'), name.Local...)
	if name.Space == ns {
		return b, nil
	}
	return AppendAttr(b, " xmlns='", name.Space)
}

// CloseEmpty ends the element whose start tag ended at mark, with its '>' there:
// if nothing was appended since, the tag becomes an empty-element tag, else the
// end tag is appended.
func CloseEmpty(b []byte, mark int, end string) []byte {
	if len(b) == mark {
		b[mark-1] = '/'
		return append(b, '>')
	}
	return append(b, end...)
}

// AppendRaw appends an element where ns is the default namespace in force. What
// depends on nothing outside of it is copied as it was received; anything else
// is written anew, with the namespaces it needs.
func AppendRaw(b []byte, r Raw, ns string) []byte {
	if r.d == nil {
		return b
	}
	if r.d.tape[r.at+1]&flagInherits == 0 {
		return append(b, r.Source()...)
	}
	return r.rewrite(b, ns)
}

// rewrite appends the element with default namespaces in place of prefixes. All
// of it was checked on the way in, so nothing can fail.
func (r Raw) rewrite(b []byte, ns string) []byte {
	local, space := r.Local(), r.Space()
	b = append(append(b, '<'), local...)
	if space != ns {
		b, _ = AppendAttr(b, " xmlns='", space)
	}
	prefixes := 0
	for a := r.Attrs(); a.Next(); {
		n := a.Name()
		if n == "" {
			b = appendForeign(b, a.Expanded(), a.Value(), &prefixes)
			continue
		}
		b = append(append(b, ' '), n...)
		b, _ = AppendAttr(b, "='", a.Value())
	}
	b = append(b, '>')
	mark := len(b)
	for i, end := r.content(), r.d.tape[r.at+3]; i < end; {
		if r.d.tape[i]&kindText != 0 {
			b, _ = AppendText(b, r.d.textAt(i))
			i += textWords
			continue
		}
		b = AppendRaw(b, Raw{d: r.d, at: i}, space)
		i = r.d.tape[i+3]
	}
	if len(b) == mark {
		return CloseEmpty(b, mark, "")
	}
	return append(append(append(b, "</"...), local...), '>')
}

// appendForeign appends an attribute in a namespace, with a prefix of its own.
func appendForeign(b []byte, name Name, value string, prefixes *int) []byte {
	prefix := []byte{'n', 's', byte('0' + *prefixes/10%10), byte('0' + *prefixes%10)}
	*prefixes++
	b = append(append(b, " xmlns:"...), prefix...)
	b, _ = AppendAttr(b, "='", name.Space)
	b = append(append(append(b, ' '), prefix...), ':')
	b = append(b, name.Local...)
	b, _ = AppendAttr(b, "='", value)
	return b
}
