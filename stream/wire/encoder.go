package wire

import (
	"strconv"
	"unsafe"
)

// Encoder appends elements for generated code. The first error stays, and what is appended behind it does not
// count: so there is nothing to check after each of its methods, and generated code, of which programs have
// much, is short. None of the methods is inlined, for the same reason.
type Encoder struct {
	// Buf is what was appended to.
	Buf []byte
	// Err is the first error.
	Err error
	// Space is the default namespace in force.
	Space string
}

// Start begins an element of this namespace: tag is its start tag so far, with the declaration of the namespace, of
// which the first bare bytes are enough where that is in force. It returns where the element begins.
//
//go:noinline
func (e *Encoder) Start(space, tag string, bare int) int {
	n := len(e.Buf)
	if e.Space == space {
		tag = tag[:bare]
	} else {
		e.Space = space
	}
	e.Buf = append(e.Buf, tag...)
	return n
}

// StartName begins an element with a name that is a value.
//
//go:noinline
func (e *Encoder) StartName(space, local string) int {
	n := len(e.Buf)
	e.Add(AppendOpen(e.Buf, Name{space, local}, e.Space))
	e.Space = space
	return n
}

// Open begins an element of the namespace in force. It returns where the element begins.
//
//go:noinline
func (e *Encoder) Open(tag string) int {
	n := len(e.Buf)
	end := n + len(tag)
	if end > cap(e.Buf) || len(tag) < 4 || len(tag) > 16 {
		e.Buf = append(e.Buf, tag...)
		return n
	}
	from, to := unsafe.Pointer(unsafe.StringData(tag)), unsafe.Add(unsafe.Pointer(unsafe.SliceData(e.Buf)), n)
	if len(tag) >= 8 {
		putLong(to, from, len(tag))
	} else {
		putShort(to, from, len(tag))
	}
	e.Buf = e.Buf[:end]
	return n
}

// OpenIn begins an element of this namespace, whose declaration is in tag if it has to be.
//
//go:noinline
func (e *Encoder) OpenIn(space, tag string) int {
	n := len(e.Buf)
	e.Space = space
	e.Put(tag)
	return n
}

// Put appends what needs no escaping. It returns where that ends.
//
//go:noinline
func (e *Encoder) Put(s string) int {
	n := len(e.Buf)
	end := n + len(s)
	if end > cap(e.Buf) || len(s) < 4 || len(s) > 16 {
		e.Buf = append(e.Buf, s...)
		return end
	}
	// nearly all are as short as this
	from, to := unsafe.Pointer(unsafe.StringData(s)), unsafe.Add(unsafe.Pointer(unsafe.SliceData(e.Buf)), n)
	if len(s) >= 8 {
		putLong(to, from, len(s))
	} else {
		putShort(to, from, len(s))
	}
	e.Buf = e.Buf[:end]
	return end
}

// Add takes what a function appended to Buf.
//
//go:noinline
func (e *Encoder) Add(b []byte, err error) {
	e.Buf = b
	if err != nil && e.Err == nil {
		e.Err = err
	}
}

// Fail is for values that cannot be written.
//
//go:noinline
func (e *Encoder) Fail(reason string) {
	if e.Err == nil {
		e.Err = &EncodeError{Reason: reason}
	}
}

// Inside ends the start tag of the element that begins at tag, behind the attributes in x. It returns where the
// content begins.
//
//go:noinline
func (e *Encoder) Inside(x *Extra, tag int) int {
	if x != nil {
		e.Add(x.AppendAttrs(e.Buf, tag))
	}
	e.Buf = append(e.Buf, '>')
	return len(e.Buf)
}

// OpenInside begins an element of the namespace in force that has no attributes but those in x. It returns where the
// content begins.
//
//go:noinline
func (e *Encoder) OpenInside(x *Extra, tag string) int {
	n := len(e.Buf)
	e.Put(tag)
	if x != nil {
		e.Add(x.AppendAttrs(e.Buf, n))
	}
	e.Buf = append(e.Buf, '>')
	return len(e.Buf)
}

// Close ends the element whose content begins at inner, behind the text and the children in x.
//
//go:noinline
func (e *Encoder) Close(x *Extra, inner int, end string) {
	if x != nil {
		e.Add(x.AppendChildren(e.Buf, e.Space))
	}
	if len(e.Buf) == inner {
		e.Buf[inner-1] = '/'
		e.Buf = append(e.Buf, '>')
		return
	}
	n := len(e.Buf)
	if len(end) < 8 || len(end) > 16 || n+len(end) > cap(e.Buf) {
		e.Put(end)
		return
	}
	putLong(unsafe.Add(unsafe.Pointer(unsafe.SliceData(e.Buf)), n), unsafe.Pointer(unsafe.StringData(end)), len(end))
	e.Buf = e.Buf[:n+len(end)]
}

// Content ends the element that begins at tag: it has this text.
//
//go:noinline
func (e *Encoder) Content(x *Extra, tag int, text, end string) {
	if x == nil && text == "" {
		e.Buf = append(e.Buf, "/>"...)
		return
	}
	n := len(e.Buf)
	if last := n + 1 + len(text) + len(end); x == nil && last <= cap(e.Buf) {
		to := unsafe.Add(unsafe.Pointer(unsafe.SliceData(e.Buf)), n)
		*(*byte)(to) = '>'
		to = unsafe.Add(to, 1)
		if putPlain(to, text) {
			put(unsafe.Add(to, len(text)), end)
			e.Buf = e.Buf[:last]
			return
		}
	}
	inner := e.Inside(x, tag)
	e.Text(text)
	e.Close(x, inner, end)
}

// CloseName is Close for an element with a name that is a value.
//
//go:noinline
func (e *Encoder) CloseName(x *Extra, inner int, local string) {
	if x != nil {
		e.Add(x.AppendChildren(e.Buf, e.Space))
	}
	if len(e.Buf) == inner {
		e.Buf = CloseEmpty(e.Buf, inner, "")
		return
	}
	e.Buf = append(append(append(e.Buf, "</"...), local...), '>')
}

// Empty ends an element, which begins at tag, that has no content other than that in x.
//
//go:noinline
func (e *Encoder) Empty(x *Extra, tag int, end string) {
	if x == nil {
		e.Buf = append(e.Buf, "/>"...)
		return
	}
	e.Close(x, e.Inside(x, tag), end)
}

// AppendEmpty appends an element that has neither attributes nor content other than that in x: tag is its start tag so
// far, as for [Encoder.Start].
func AppendEmpty(b []byte, ns, space, tag string, bare int, x *Extra) ([]byte, error) {
	if x != nil {
		e := &Encoder{Buf: b, Space: ns}
		e.Empty(x, e.Start(space, tag, bare), "</"+tag[1:bare]+">")
		return e.Buf, e.Err
	}
	if ns == space {
		tag = tag[:bare]
	}
	return append(append(b, tag...), "/>"...), nil
}

// Back returns to the namespace that was in force outside.
//
//go:noinline
func (e *Encoder) Back(outer string) { e.Space = outer }

// Attr appends an attribute: open is its beginning (" id='").
//
//go:noinline
func (e *Encoder) Attr(open, value string) {
	n := len(e.Buf)
	if end := n + len(open) + len(value) + 1; end <= cap(e.Buf) {
		// as nearly always, there is room, and nothing to escape
		from, to := unsafe.Pointer(unsafe.StringData(open)), unsafe.Add(unsafe.Pointer(unsafe.SliceData(e.Buf)), n)
		switch k := len(open); {
		case k < 4 || k > 16:
			put(to, open)
		case k >= 8:
			putLong(to, from, k)
		default:
			putShort(to, from, k)
		}
		if putPlain(unsafe.Add(to, len(open)), value) {
			e.Buf = e.Buf[:end]
			e.Buf[end-1] = '\''
			return
		}
	}
	e.Add(AppendAttr(e.Buf, open, value))
}

// SpelledAttr appends an attribute that may have been spelled in another way, as addresses may. One that is optional
// and empty is only written if it was received so.
//
//go:noinline
func (e *Encoder) SpelledAttr(x *Extra, slot Slot, open, value string, required bool) {
	switch {
	case value == "" && !required:
		if x != nil {
			e.Buf = x.RestoreAttr(e.Buf, slot, open)
		}
	case x == nil || len(x.spellings) == 0:
		e.Attr(open, value)
	default:
		mark := e.Put(open)
		e.Add(AppendValue(e.Buf, value))
		e.EndAttr(x, mark, slot)
	}
}

// UintAttr appends an attribute that is a number.
//
//go:noinline
func (e *Encoder) UintAttr(x *Extra, slot Slot, open string, n uint64) {
	from := len(e.Buf)
	mark := from + len(open)
	if x != nil || mark+maxDigits >= cap(e.Buf) {
		e.Put(open)
		e.Buf = strconv.AppendUint(e.Buf, n, 10)
		e.EndAttr(x, mark, slot)
		return
	}
	b := e.Buf[:mark+maxDigits+1]
	switch k, to := len(open), unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), from); {
	case k < 4 || k > 16:
		put(to, open)
	case k >= 8:
		putLong(to, unsafe.Pointer(unsafe.StringData(open)), k)
	default:
		putShort(to, unsafe.Pointer(unsafe.StringData(open)), k)
	}
	end := mark + 1
	switch {
	case n < 10:
		b[mark] = '0' + byte(n)
	case n < 100:
		ten := n / 10
		b[mark], b[mark+1] = '0'+byte(ten), '0'+byte(n-10*ten)
		end++
	default:
		end = putUint(b, mark, n)
	}
	b[end] = '\''
	e.Buf = b[:end+1]
}

// maxDigits is the length of the greatest number.
const maxDigits = len("18446744073709551615")

// putUint writes n at i, where there is room for it, and returns where it ends.
func putUint(b []byte, i int, n uint64) int {
	end := i + 1
	for m := n; m >= 10; m /= 10 {
		end++
	}
	for k := end - 1; ; k-- {
		b[k] = '0' + byte(n%10)
		if n /= 10; n == 0 {
			return end
		}
	}
}

// IntAttr appends an attribute that is a number with a sign.
//
//go:noinline
func (e *Encoder) IntAttr(x *Extra, slot Slot, open string, n int64) {
	mark := e.Put(open)
	e.Buf = strconv.AppendInt(e.Buf, n, 10)
	e.EndAttr(x, mark, slot)
}

// BoolAttr appends an attribute that is true or false.
//
//go:noinline
func (e *Encoder) BoolAttr(x *Extra, slot Slot, open string, is bool) {
	mark := e.Put(open)
	e.Buf = strconv.AppendBool(e.Buf, is)
	e.EndAttr(x, mark, slot)
}

// EndAttr ends the attribute whose value begins at mark.
//
//go:noinline
func (e *Encoder) EndAttr(x *Extra, mark int, slot Slot) {
	if x != nil {
		e.Buf = x.Respell(e.Buf, mark, slot)
	}
	e.Buf = append(e.Buf, '\'')
}

// RestoreAttr appends an attribute that has no value if it was received so.
//
//go:noinline
func (e *Encoder) RestoreAttr(x *Extra, slot Slot, open string) {
	if x != nil {
		e.Buf = x.RestoreAttr(e.Buf, slot, open)
	}
}

// Text appends character data.
//
//go:noinline
func (e *Encoder) Text(s string) {
	if s == "" {
		return // there may be no room to point at
	}
	n := len(e.Buf)
	if end := n + len(s); end <= cap(e.Buf) && putPlain(unsafe.Add(unsafe.Pointer(unsafe.SliceData(e.Buf)), n), s) {
		e.Buf = e.Buf[:end]
		return
	}
	e.Add(AppendText(e.Buf, s))
}

// Respell gives text that begins at mark the spelling that it was received with.
//
//go:noinline
func (e *Encoder) Respell(x *Extra, mark int, slot Slot) {
	if x != nil {
		e.Buf = x.Respell(e.Buf, mark, slot)
	}
}

// Leaf appends a child that has only text: tags are its start tag, so many bytes of them, and its end tag.
//
//go:noinline
func (e *Encoder) Leaf(x *Extra, slot Slot, tags string, open int, value string) {
	mark := len(e.Buf)
	if last := mark + len(tags) + len(value); last <= cap(e.Buf) {
		to := unsafe.Add(unsafe.Pointer(unsafe.SliceData(e.Buf)), mark)
		put(to, tags[:open])
		to = unsafe.Add(to, open)
		if putPlain(to, value) {
			put(unsafe.Add(to, len(value)), tags[open:])
			e.Buf = e.Buf[:last]
			e.RespellChild(x, mark, slot, tags[:open])
			return
		}
	}
	e.Add(AppendLeaf(e.Buf, tags[:open], value, tags[open:]))
	e.RespellChild(x, mark, slot, tags[:open])
}

// OptionalLeaf is Leaf for a child that is not written if it is empty, unless it was received so.
//
//go:noinline
func (e *Encoder) OptionalLeaf(x *Extra, slot Slot, tags string, open int, value string) {
	if value != "" {
		e.Leaf(x, slot, tags, open, value)
	} else if x != nil {
		e.Buf = x.RespellChild(e.Buf, len(e.Buf), slot, tags[:open], e.Space)
	}
}

// UintLeaf appends a child that is a number.
//
//go:noinline
func (e *Encoder) UintLeaf(x *Extra, slot Slot, tags string, open int, n uint64) {
	mark := e.Open(tags[:open])
	e.Buf = strconv.AppendUint(e.Buf, n, 10)
	e.Put(tags[open:])
	e.RespellChild(x, mark, slot, tags[:open])
}

// IntLeaf appends a child that is a number with a sign.
//
//go:noinline
func (e *Encoder) IntLeaf(x *Extra, slot Slot, tags string, open int, n int64) {
	mark := e.Open(tags[:open])
	e.Buf = strconv.AppendInt(e.Buf, n, 10)
	e.Put(tags[open:])
	e.RespellChild(x, mark, slot, tags[:open])
}

// RespellChild replaces the child that begins at mark, of which open is the start tag, by the one that was received,
// if its field still has that value.
func (e *Encoder) RespellChild(x *Extra, mark int, slot Slot, open string) {
	if x != nil {
		e.Buf = x.RespellChild(e.Buf, mark, slot, open, e.Space)
	}
}

// Flag appends a child that has only a name, with this start tag.
//
//go:noinline
func (e *Encoder) Flag(x *Extra, slot Slot, open string) {
	mark := e.Open(open[:len(open)-1])
	e.Put("/>")
	e.RespellChild(x, mark, slot, open)
}

// Name appends a child that has only a name, which is a value.
//
//go:noinline
func (e *Encoder) Name(x *Extra, slot Slot, space, local string) {
	mark, n := len(e.Buf), Name{space, local}
	e.Add(AppendName(e.Buf, n, e.Space))
	if x != nil {
		e.Buf = x.RespellName(e.Buf, mark, slot, n, e.Space)
	}
}

// Raw appends an element as it was received.
//
//go:noinline
func (e *Encoder) Raw(r Raw) { e.Buf = AppendRaw(e.Buf, r, e.Space) }

// Named appends an element as it was received, which has to have this name.
//
//go:noinline
func (e *Encoder) Named(r Raw, space, local string) {
	e.Add(AppendNamed(e.Buf, r, space, local, e.Space))
}

// Uint appends a number.
//
//go:noinline
func (e *Encoder) Uint(n uint64) { e.Buf = strconv.AppendUint(e.Buf, n, 10) }

// Int appends a number with a sign.
//
//go:noinline
func (e *Encoder) Int(n int64) { e.Buf = strconv.AppendInt(e.Buf, n, 10) }

// Bool appends true or false.
//
//go:noinline
func (e *Encoder) Bool(is bool) { e.Buf = strconv.AppendBool(e.Buf, is) }

// Float appends a number as [AppendFloat] does.
//
//go:noinline
func (e *Encoder) Float(n float64) { e.Buf = AppendFloat(e.Buf, n) }

// Decimal appends a number as [AppendDecimal] does.
//
//go:noinline
func (e *Encoder) Decimal(n float64) { e.Add(AppendDecimal(e.Buf, n)) }
