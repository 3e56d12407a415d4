package wire

import (
	"strings"
	"unsafe"
)

// Kind is what [Framer.Next] found.
type Kind uint8

const (
	// More means that the next piece is not complete: feed more bytes.
	More Kind = iota
	// Header is the stream's opening tag.
	Header
	// Element is a complete top-level element.
	Element
	// Footer is the stream's closing tag.
	Footer
)

// A Framer cuts a stream into its header, top-level elements and footer, and
// checks every byte on the way. Its work is linear in the input, however that is
// split. Its buffer is borrowed: while nothing is pending it owns none.
//
// Fill it through [Framer.Space] and [Framer.Commit], then call [Framer.Next]
// until it returns [More]; after Header and Element call [Framer.Take] for the
// document. A Framer belongs to one goroutine.
type Framer struct {
	lim      Limits
	maxIndex int // words of index at most
	room     int // words that one element and its attributes may need

	// an element fits if no more words than these are in use, and it is no deeper
	lastWord, lastDepth int

	bare     bool // top-level elements stand alone, without a stream around them
	ctx      *Context
	unopened bool   // the header is still to come
	opened   bool   // it was read
	closed   bool   // the footer was read
	root     string // qualified name of the stream element

	buf    []byte // borrowed; slack bytes are kept free at its end
	w      int    // end of the input in buf
	base   int    // start of the current top-level element
	p      int    // next byte to look at
	offset int64  // offset of buf[0] in the input
	big    bool   // the last read filled its space: borrow a large buffer next
	err    error

	// what stands in buf[base:end] after Next
	kind Kind
	end  int

	scanner
}

// slack is kept free behind the input: words, and four of them at once, are loaded without
// looking at the end, and a NUL behind it ends names and white space.
const slack = 48

// NewFramer returns a Framer for a stream, whose first element is its header.
func NewFramer(l Limits) *Framer {
	f := &Framer{unopened: true}
	f.SetLimits(l)
	return f
}

// NewBareFramer returns a Framer for top-level elements without a stream around
// them, as in the messages of a websocket (RFC 7395) or a log: each inherits
// from ctx, which may be nil.
func NewBareFramer(l Limits, ctx *Context) *Framer {
	f := NewFramer(l)
	f.bare, f.unopened, f.ctx = true, false, ctx
	return f
}

// SetLimits replaces the limits for what is read from here on, the rest of an
// incomplete piece included: streams allow less before authentication (RFC 6120,
// section 13.12).
func (f *Framer) SetLimits(l Limits) {
	f.lim = l.withDefaults()
	f.maxIndex = f.lim.index()
	f.room = elemWords + f.lim.Attrs*attrWords + spareWords
	if f.scratch != nil {
		f.grow(f.words, f.depth) // the current tag may have more attributes than before
	}
}

// Context returns what top-level elements inherit; nil before the header was read.
func (f *Framer) Context() *Context { return f.ctx }

// Pending reports whether bytes are buffered behind the piece that Next found
// last: after [More], whether a piece is incomplete.
func (f *Framer) Pending() bool { return f.w > f.next() }

// Buffered returns the bytes behind the piece that Next found last. What a peer
// sent too early, behind a point where the protocol changes (STARTTLS), shows
// here. It shares the framer's memory: it is valid until more is fed.
func (f *Framer) Buffered() []byte { return f.buf[f.next():f.w] }

// Consumed returns the number of input bytes up to the end of the piece that Next
// found last; white space behind it may be counted.
func (f *Framer) Consumed() int64 { return f.offset + int64(f.next()) }

// next is where the piece behind the one that was found last begins.
func (f *Framer) next() int {
	if f.kind != More {
		return f.end
	}
	return f.base
}

// Restart makes f expect a new stream header, as after STARTTLS or SASL
// (RFC 6120, section 4.3.3). Pending bytes are dropped.
func (f *Framer) Restart() {
	f.base = f.w
	f.release()
	fresh := Framer{lim: f.lim, maxIndex: f.maxIndex, room: f.room, bare: f.bare, unopened: !f.bare, big: f.big, offset: f.offset}
	if f.bare {
		fresh.ctx = f.ctx
	}
	*f = fresh
}

// Space returns room to read at least one byte into; tell [Framer.Commit] how
// many were.
func (f *Framer) Space() []byte { return f.space(1) }

// space returns room for n bytes, or for a good part of them if they are many.
func (f *Framer) space(n int) []byte {
	f.drop()
	if f.err != nil {
		f.base = f.w // nobody will look at it
	}
	if f.base == f.w && f.buf != nil {
		f.offset += int64(f.w)
		f.base, f.w, f.p = 0, 0, 0
		if f.big && len(f.buf) == smallBuffer {
			f.release()
		}
	}
	if f.buf == nil {
		f.scratch = borrow(f.big || n > smallBuffer-slack)
		f.buf = f.scratch.buf
	}
	if len(f.buf)-slack-f.w < n {
		f.moveOn(n)
	}
	return f.buf[f.w : len(f.buf)-slack]
}

// moveOn moves the pending piece to the front, or into a larger buffer once
// that would gain less than half of it, so that the work stays linear. Nothing
// longer than the limit is kept from one read to the next, so that there is a size
// beyond which the buffer need not double, and which it better has at once than
// after some that are left to the collector.
func (f *Framer) moveOn(n int) {
	pending := f.buf[f.base:f.w]
	if f.base >= len(f.buf)/2 || f.base > 0 && len(pending)+n+slack <= len(f.buf)/2 {
		copy(f.buf, pending)
	} else {
		size := max(2*len(f.buf), largeBuffer)
		if most := f.lim.Bytes + largeBuffer; size > largeBuffer && 4*size > most && len(f.buf) < most {
			size = most
		}
		size = max(size, min(len(pending)+n+slack, 4*size))
		f.exchange(size, pending)
	}
	f.offset += int64(f.base)
	f.w -= f.base
	f.p -= f.base
	f.base = 0
}

// exchange copies what is pending into a buffer of another size.
func (f *Framer) exchange(size int, pending []byte) {
	if size != largeBuffer {
		f.buf = make([]byte, size)
		copy(f.buf, pending)
		f.scratch.buf = f.buf
		return
	}
	other := borrow(true)
	copy(other.buf, pending)
	f.scratch.buf, other.buf = other.buf, f.scratch.buf
	f.buf = f.scratch.buf
	giveBack(other)
}

// Commit says that n bytes were read into what Space returned.
func (f *Framer) Commit(n int) {
	f.big = f.w+n+slack == len(f.buf)
	f.w += n
	f.buf[f.w] = 0
	if f.w == f.base {
		f.release()
	}
}

// Feed copies b in. It is Space and Commit for callers that hold their bytes.
func (f *Framer) Feed(b []byte) { f.FeedString(text(b)) }

// FeedString is Feed for a string.
func (f *Framer) FeedString(s string) {
	for len(s) > 0 {
		n := copy(f.space(len(s)), s)
		f.Commit(n)
		s = s[n:]
	}
}

// Next looks for the next piece. An error is final and is returned ever after.
func (f *Framer) Next() (Kind, error) {
	if f.err != nil {
		return More, f.err
	}
	f.drop()
	if f.p >= f.w {
		f.release()
		return More, nil
	}
	if f.state <= stMisc && !f.between() {
		return More, f.failed()
	}
	k := More
	if end := f.base + f.lim.Bytes; f.w <= end {
		f.buf[f.w] = 0
		k = f.scan()
	} else {
		k = f.scanUpTo(end)
	}
	if k != More {
		f.kind, f.end = k, f.p
		return k, nil
	}
	return More, f.failed()
}

// failed returns the error, if there is one, and then gives the buffer back.
func (f *Framer) failed() error {
	if f.err != nil {
		f.base = f.w
		f.release()
	}
	return f.err
}

// scanUpTo is scan with an input that ends at the limit: what lies behind it must
// not be looked at, or the verdict would depend on how much of it is there.
func (f *Framer) scanUpTo(end int) Kind {
	if f.p > end { // the limit was higher
		f.fail(PolicyViolation, "an element longer than the limit", end)
		return More
	}
	w, c := f.w, f.buf[end]
	f.w, f.buf[end] = end, 0
	k := f.scan()
	f.w, f.buf[end] = w, c
	if k == More {
		f.fail(PolicyViolation, "an element longer than the limit", end)
	}
	return k
}

// between passes over what stands between top-level elements and is not kept. It
// reports whether one begins.
func (f *Framer) between() bool {
	if f.state == stStart {
		n, ok := f.start(f.buf[f.base:f.w])
		if !ok {
			return false
		}
		f.p += n
		f.state = stMisc
	}
	start := f.p
	for f.p < f.w && class[f.buf[f.p]]&clsSpace != 0 {
		f.p++
	}
	f.base = f.p
	if f.blank += f.p - start; f.blank > f.lim.Bytes {
		f.fail(PolicyViolation, "more white space between elements than the limit", f.p-(f.blank-f.lim.Bytes))
		return false
	}
	if f.p == f.w {
		f.release()
		return false
	}
	if c := f.buf[f.p]; c != '<' || f.closed {
		f.outside(c, 0)
		return false
	}
	f.blank, f.elements = 0, 0
	f.words, f.depth, f.decls, f.names, f.binds = 0, 0, f.decls[:0], f.names[:0], f.binds[:0]
	f.grow(0, 0)
	f.def, f.defDepth, f.prefixes = f.ctx.defaultID(), 0, 0
	f.state = stMarkup
	return true
}

// grow makes place for another element behind an index of n words, and on the
// stack for one deeper.
func (f *Framer) grow(n, depth int) {
	if n+f.room > len(f.tape) {
		tape := make([]uint32, max(4*len(f.tape), n+f.room))
		copy(tape, f.tape)
		f.tape = tape
	}
	if depth+2 > len(f.stack) {
		stack := make([]open, 2*len(f.stack))
		copy(stack, f.stack)
		f.stack = stack
	}
	f.lastWord = min(f.maxIndex, len(f.tape)-f.room)
	f.lastDepth = min(f.lim.Depth-1, len(f.stack)-2)
}

// extend makes place for another element at p, behind an index of n words and one deeper than
// depth, unless that is more than the limits allow.
func (f *Framer) extend(n, depth, p int) bool {
	switch {
	case f.elements > f.lim.Elements || n > f.maxIndex:
		f.failAt(PolicyViolation, "more elements and attributes than the limit", p)
		return false
	case depth >= f.lim.Depth:
		f.failAt(PolicyViolation, "elements nested deeper than the limit", p)
		return false
	}
	f.grow(n, depth)
	return true
}

// drop forgets the piece that Next found last.
func (f *Framer) drop() {
	if f.kind != More {
		f.base, f.kind = f.end, More
	}
}

// release gives the buffer back if nothing is in it.
func (f *Framer) release() {
	if f.buf != nil && f.base >= f.w {
		f.offset += int64(f.w)
		f.base, f.w, f.p = 0, 0, 0
		giveBack(f.scratch)
		f.buf, f.scratch = nil, nil
	}
}

// Peek returns the name of the piece that Next found. It shares the framer's
// memory: it is valid until more is fed.
func (f *Framer) Peek() (n Name) {
	if f.kind != Header && f.kind != Element {
		return Name{}
	}
	off, w := f.tape[0], f.tape[1]
	n.Local = text(f.buf[f.base+int(off) : f.base+int(off+w&lenMask)])
	if id := w >> nsShift; id != nsNone {
		n.Space = f.spaceOf(f.buf[f.base:f.end], id)
	}
	return n
}

// Take returns the piece that Next found: an element, or the header as an
// element without content. It is one allocation. Between Next and Take nothing
// may be fed.
func (f *Framer) Take() (d Doc) {
	f.TakeInto(&d)
	return d
}

// TakeInto is [Framer.Take] into a Doc that is part of something larger.
func (f *Framer) TakeInto(d *Doc) {
	if f.kind != Header && f.kind != Element {
		*d = Doc{}
		return
	}
	// Index and text share one block of memory, which holds no pointers.
	src := f.buf[f.base:f.end]
	t, n := f.words, f.words+len(f.decls)
	b := block(n*4 + len(src))
	d.tape = unsafe.Pointer(unsafe.SliceData(b))
	d.text = unsafe.Add(d.tape, n*4)
	d.decls, d.size = uint32(t), uint32(len(src))
	copy(b, octets(f.tape[:t]))
	if t < n {
		copy(b[t*4:], octets(f.decls))
	}
	copy(b[n*4:], src)
	d.ctx = f.ctx
	if f.kind == Header {
		d.ctx = nil
	}
}

// block returns n bytes. They are aligned for words, since they come from the allocator and are too
// many for its tiny objects. If they are many, a Builder makes them without clearing them first.
func block(n int) []byte {
	if n <= 1<<10 {
		return make([]byte, n)
	}
	var b strings.Builder
	b.Grow(n)
	b.WriteByte(0) // only then does it say where they are
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}

// octets returns the memory of words.
func octets(v []uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), len(v)*4)
}

// fail records the error that ends the stream.
func (f *Framer) fail(c Condition, reason string, at int) {
	if f.err == nil {
		f.err = &SyntaxError{Condition: c, Offset: f.offset + int64(at), Reason: reason}
	}
}

// open makes the context from the header that was just read.
func (f *Framer) open() {
	d := f.Take()
	f.opened, f.unopened = true, false
	f.root = string(f.buf[f.base+1 : f.base+1+f.rootName])
	c := &Context{}
	r := d.Root()
	for a := r.Attrs(); a.Next(); {
		if a.Name() == "xml:lang" {
			c.lang = kept(a.Value())
		}
	}
	for i := 0; i < len(f.names); i += declWords {
		if f.names[i+1] == 0 {
			c.content = kept(d.space(uint32(nsCtx + i/declWords)))
		}
	}
	for i := 0; i < len(f.names); i += declWords {
		c.bind(kept(d.cut(f.names[i], f.names[i+1])), kept(d.space(uint32(nsCtx+i/declWords))))
	}
	f.ctx = c
}

// kept returns a string of the header for the context, which does not keep the header.
func kept(s string) string {
	switch s {
	case "stream":
		return "stream"
	case NSClient:
		return NSClient
	case NSStream:
		return NSStream
	case NSServer:
		return NSServer
	case NSComponent:
		return NSComponent
	}
	return strings.Clone(s)
}
