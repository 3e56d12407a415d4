package wire

import (
	"encoding/binary"
	"slices"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// AppendText appends s as character data. Text that is not UTF-8, or that holds
// a character which XML cannot carry, is an [*EncodeError].
func AppendText(b []byte, s string) ([]byte, error) {
	from := 0
	for i := nextStop(s, 0, '<'); i < len(s); i = nextStop(s, i, '<') {
		var ref string
		switch c := s[i]; c {
		case '<':
			ref = "&lt;"
		case '>':
			ref = "&gt;"
		case '&':
			ref = "&amp;"
		case '\n', '\t':
			i++
			continue
		case '\r':
			ref = "&#xD;"
		default:
			n := wideRun(s[i:])
			if n == 0 {
				return b, badText(s[i:])
			}
			i += n
			continue
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
	from := 0
	for i := nextStop(s, 0, '\''); i < len(s); i = nextStop(s, i, '\'') {
		var ref string
		switch c := s[i]; c {
		case '\'':
			ref = "&apos;"
		case '>':
			ref = "&gt;"
		case '<':
			ref = "&lt;"
		case '&':
			ref = "&amp;"
		case '\n':
			ref = "&#xA;"
		case '\t':
			ref = "&#x9;"
		case '\r':
			ref = "&#xD;"
		default:
			n := wideRun(s[i:])
			if n == 0 {
				return b, badText(s[i:])
			}
			i += n
			continue
		}
		b = append(append(b, s[from:i]...), ref...)
		i++
		from = i
	}
	return append(b, s[from:]...), nil
}

// nextStop returns the index of the next byte from i on that writing has to look
// at: one of those of textStops, or quote. It is len(s) if there is none.
func nextStop(s string, i int, quote byte) int {
	q := uint64(quote) * ones
	b := unsafe.Pointer(unsafe.StringData(s))
	for ; i+16 <= len(s); i += 16 {
		v, w := wordAt(b, i), wordAt(b, i+8)
		m, n := textStops(v)|((v^q)-ones)&highs, textStops(w)|((w^q)-ones)&highs
		if m|n != 0 {
			if m == 0 {
				i, m = i+8, n
			}
			return i + firstStop(m)
		}
	}
	if i+8 <= len(s) {
		v := wordAt(b, i)
		if m := textStops(v) | ((v^q)-ones)&highs; m != 0 {
			return i + firstStop(m)
		}
		i += 8
	}
	// The last bytes come into a word with zeros behind them, which are controls.
	v := lastBytes(s, i)
	return i + firstStop(textStops(v)|((v^q)-ones)&highs)
}

// putPlain copies s to where there is room for it, and reports whether it is written as it is, as
// text and as a value in single quotes: it has neither markup nor quotes nor controls, and only
// ASCII. If not, what it wrote is to be written again.
func putPlain(to unsafe.Pointer, s string) bool {
	from, n := unsafe.Pointer(unsafe.StringData(s)), len(s)
	switch {
	case n >= 8:
		two, greater, one, quote, blank := every.two, every.greater, every.one, every.quote, every.blank
		last := n - 8
		v := wordAt(from, last)
		m := (((v | two) ^ greater) - one) | (((v | one) ^ quote) - one) | (v - blank) | v
		putWord(to, last, v)
		for i := 0; i < last; i += 8 {
			v = wordAt(from, i)
			m |= (((v | two) ^ greater) - one) | (((v | one) ^ quote) - one) | (v - blank) | v
			putWord(to, i, v)
		}
		return m&every.high == 0
	case n >= 4:
		first, last := halfAt(from, 0), halfAt(from, n-4)
		putHalf(to, 0, first)
		putHalf(to, n-4, last)
		return plainStops(uint64(first)|uint64(last)<<32)&highs == 0
	case n > 0:
		b := unsafe.Slice((*byte)(to), n)
		b[0], b[n>>1], b[n-1] = s[0], s[n>>1], s[n-1]
		return plainStops(uint64(s[0])|uint64(s[n>>1])<<8|uint64(s[n-1])<<16|0x2020202020000000)&highs == 0 // and spaces
	}
	return true
}

// plainStops marks < > & ' controls and everything beyond ASCII; other than the high bits
// of its bytes nothing in it counts. < and > differ in one bit, and so do & and '.
func plainStops(v uint64) uint64 {
	return (((v | 0x02*ones) ^ '>'*ones) - ones) | (((v | ones) ^ '\''*ones) - ones) | (v - 0x20*ones) | v
}

// put copies s to where there is room for it. Most of what is written is short: two words that
// overlap are sooner done than a call.
func put(to unsafe.Pointer, s string) {
	from, n := unsafe.Pointer(unsafe.StringData(s)), len(s)
	switch {
	case n > 16 || n < 4:
		copy(unsafe.Slice((*byte)(to), n), s)
	case n >= 8:
		first, last := wordAt(from, 0), wordAt(from, n-8)
		putWord(to, 0, first)
		putWord(to, n-8, last)
	default:
		first, last := halfAt(from, 0), halfAt(from, n-4)
		putHalf(to, 0, first)
		putHalf(to, n-4, last)
	}
}

// putLong copies 8 to 16 bytes, and putShort 4 to 8: unlike put they are inlined.
func putLong(to, from unsafe.Pointer, n int) {
	first, last := *(*[8]byte)(from), *(*[8]byte)(unsafe.Add(from, n-8))
	*(*[8]byte)(to), *(*[8]byte)(unsafe.Add(to, n-8)) = first, last
}

func putShort(to, from unsafe.Pointer, n int) {
	first, last := *(*[4]byte)(from), *(*[4]byte)(unsafe.Add(from, n-4))
	*(*[4]byte)(to), *(*[4]byte)(unsafe.Add(to, n-4)) = first, last
}

func putWord(b unsafe.Pointer, i int, v uint64) {
	binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(b, i))[:], v)
}

func putHalf(b unsafe.Pointer, i int, v uint32) {
	binary.LittleEndian.PutUint32((*[4]byte)(unsafe.Add(b, i))[:], v)
}

func halfAt(b unsafe.Pointer, i int) uint32 {
	return binary.LittleEndian.Uint32((*[4]byte)(unsafe.Add(b, i))[:])
}

// lastBytes returns what is left of s at i, less than eight bytes.
func lastBytes(s string, i int) uint64 {
	n := len(s) - i
	if len(s) >= 8 {
		return loads(s, len(s)-8) >> ((64 - 8*n) & 63) & (1<<(8*n) - 1)
	}
	var v uint64
	for k := n - 1; k >= 0; k-- {
		v = v<<8 | uint64(s[i+k])
	}
	return v
}

// wideRun returns the length of the characters beyond ASCII at the start of s, or
// 0 if XML cannot carry the first.
func wideRun(s string) int {
	i := 0
	for {
		if i+4 <= len(s) {
			v := uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
			if plainTwo(v) {
				i += 2
				continue
			}
			if plainThree(v) {
				i += 3
				continue
			}
		}
		if i > 0 || s == "" {
			return i
		}
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n <= 1 || !isChar(r) {
			return 0
		}
		return n
	}
}

func badText(s string) error {
	return &EncodeError{Reason: "text that XML cannot carry", Value: clip(s)}
}

// AppendAttr appends an attribute: open is its beginning (" id='"), to which the
// value and the closing quote are added.
func AppendAttr(b []byte, open, value string) ([]byte, error) {
	n := len(b)
	if end := n + len(open) + len(value) + 1; end <= cap(b) {
		// as nearly always, there is room, and nothing to escape
		to := unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), n)
		put(to, open)
		if putPlain(unsafe.Add(to, len(open)), value) {
			b = b[:end]
			b[end-1] = '\''
			return b, nil
		}
	}
	b, err := AppendValue(append(b, open...), value)
	return append(b, '\''), err
}

// AppendLeaf appends an element that has only text: open is its start tag, end
// its end tag.
func AppendLeaf(b []byte, open, value, end string) ([]byte, error) {
	n := len(b)
	if last := n + len(open) + len(value) + len(end); last <= cap(b) {
		to := unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), n)
		put(to, open)
		to = unsafe.Add(to, len(open))
		if putPlain(to, value) {
			put(unsafe.Add(to, len(value)), end)
			return b[:last], nil
		}
	}
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
	if name.Space == ns {
		return append(append(b, '<'), name.Local...), nil
	}
	if !validSpace(name.Space) || name.Space == NSXML {
		return b, badSpace(name.Space)
	}
	return AppendAttr(append(append(b, '<'), name.Local...), " xmlns='", name.Space)
}

// validSpace reports whether a namespace can be declared, or is that of xml, and
// will be read again.
func validSpace(s string) bool {
	for i := range len(s) {
		if class[s[i]]&clsSpace != 0 {
			return false
		}
	}
	return s != NSXMLNS
}

func badSpace(s string) error {
	return &EncodeError{Reason: "a namespace that cannot be declared", Value: clip(s)}
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
	if r.d.word(r.at+1)&flagInherits == 0 {
		return append(b, r.Source()...)
	}
	return r.rewrite(b, ns)
}

// rewrite appends the element with default namespaces in place of prefixes. All
// of it was checked on the way in, so nothing can fail.
func (r Raw) rewrite(b []byte, ns string) []byte {
	name, space := r.Local(), r.Space()
	if space == NSXML {
		// nothing else may be bound to it; the default namespace stays
		name, space = "xml:"+name, ns
	}
	b = append(append(b, '<'), name...)
	if space != ns {
		b, _ = AppendAttr(b, " xmlns='", space)
	}
	var others foreign
	for a := r.Attrs(); a.Next(); {
		n := a.Name()
		if n == "" {
			b = others.append(b, a.Expanded(), a.Value())
			continue
		}
		b = append(append(b, ' '), n...)
		b, _ = AppendAttr(b, "='", a.Value())
	}
	b = append(b, '>')
	mark := len(b)
	for i, end := r.content(), r.d.next(r.at); i < end; {
		if r.d.word(i)&kindText != 0 {
			b, _ = AppendText(b, r.d.textAt(i))
			i += textWords
			continue
		}
		b = AppendRaw(b, Raw{d: r.d, at: i}, space)
		i = r.d.next(i)
	}
	if len(b) == mark {
		return CloseEmpty(b, mark, "")
	}
	return append(append(append(b, "</"...), name...), '>')
}

// foreign are the namespaces for which a start tag has declared prefixes so far:
// ns0, ns1...
type foreign []string

// append appends an attribute in a namespace.
func (f *foreign) append(b []byte, name Name, value string) []byte {
	i := slices.Index(*f, name.Space)
	if i < 0 {
		i = len(*f)
		*f = append(*f, name.Space)
		b = strconv.AppendInt(append(b, " xmlns:ns"...), int64(i), 10)
		b, _ = AppendAttr(b, "='", name.Space)
	}
	b = append(strconv.AppendInt(append(b, " ns"...), int64(i), 10), ':')
	b = append(b, name.Local...)
	b, _ = AppendAttr(b, "='", value)
	return b
}
