package wire

import "unsafe"

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
// checks every byte on the way. It never looks at a byte twice, however the
// input is split. Its buffer is borrowed: while nothing is pending it owns none.
//
// Fill it through [Framer.Space] and [Framer.Commit], then call [Framer.Next]
// until it returns [More]; after Header and Element call [Framer.Take] for the
// document. A Framer belongs to one goroutine.
type Framer struct {
	lim      Limits
	maxIndex int
	bare     bool // top-level elements stand alone, without a stream around them
	ctx      *Context
	opened   bool   // the header was read
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

// slack is kept free behind the input: words are loaded without looking at the
// end, and a NUL behind it ends names and white space.
const slack = 8

// NewFramer returns a Framer for a stream, whose first element is its header.
func NewFramer(l Limits) *Framer {
	f := &Framer{}
	f.SetLimits(l)
	f.state = stStart
	return f
}

// NewBareFramer returns a Framer for top-level elements without a stream around
// them, as in the messages of a websocket (RFC 7395) or a log: each inherits
// from ctx, which may be nil.
func NewBareFramer(l Limits, ctx *Context) *Framer {
	f := NewFramer(l)
	f.bare, f.ctx = true, ctx
	return f
}

// SetLimits replaces the limits for what is read from here on: streams allow
// less before authentication (RFC 6120, section 13.12).
func (f *Framer) SetLimits(l Limits) {
	f.lim = l.withDefaults()
	f.maxIndex = f.lim.index()
}

// Context returns what top-level elements inherit; nil before the header was read.
func (f *Framer) Context() *Context { return f.ctx }

// Pending reports whether bytes are buffered that belong to an incomplete piece.
func (f *Framer) Pending() bool { return f.w > f.base }

// Buffered returns the bytes that were fed and not taken. What a peer sent
// behind a point where the protocol changes (STARTTLS) shows here.
func (f *Framer) Buffered() []byte { return f.buf[f.base:f.w] }

// Consumed returns the number of input bytes in front of the current piece.
func (f *Framer) Consumed() int64 { return f.offset + int64(f.base) }

// Restart makes f expect a new stream header, as after STARTTLS or SASL
// (RFC 6120, section 4.3.3). Pending bytes are dropped.
func (f *Framer) Restart() {
	f.base = f.w
	f.release()
	next := Framer{lim: f.lim, bare: f.bare, big: f.big, offset: f.offset}
	if f.bare {
		next.ctx = f.ctx
	}
	next.SetLimits(f.lim)
	next.state = stStart
	*f = next
}

// Space returns room to read at least one byte into; tell [Framer.Commit] how
// many were.
func (f *Framer) Space() []byte {
	if f.drop(); f.base == f.w {
		f.release()
	}
	switch {
	case f.buf == nil:
		f.scratch = borrow(f.big)
		f.buf = f.scratch.buf
	case f.w+slack >= len(f.buf):
		f.makeRoom()
	}
	return f.buf[f.w : len(f.buf)-slack]
}

// makeRoom moves the pending piece to the front, or doubles the buffer once
// that would gain less than half of it, so that the work stays linear.
func (f *Framer) makeRoom() {
	pending := f.buf[f.base:f.w]
	if f.base >= len(f.buf)/2 {
		copy(f.buf, pending)
	} else {
		buf := make([]byte, 2*len(f.buf))
		copy(buf, pending)
		f.buf, f.scratch.buf = buf, buf
	}
	f.offset += int64(f.base)
	f.w -= f.base
	f.p -= f.base
	f.base = 0
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
func (f *Framer) Feed(b []byte) {
	for len(b) > 0 {
		n := copy(f.Space(), b)
		f.Commit(n)
		b = b[n:]
	}
}

// FeedString is Feed for a string.
func (f *Framer) FeedString(s string) {
	for len(s) > 0 {
		n := copy(f.Space(), s)
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
	if k := f.scan(); k != More {
		f.kind, f.end = k, f.p
		return k, nil
	}
	if f.err == nil && f.p-f.base > f.lim.Bytes {
		f.fail(PolicyViolation, "an element longer than the limit", f.p)
	}
	if f.err == nil && f.state == stMisc && f.p == f.w {
		// white space between elements is not kept
		f.blank += f.p - f.base
		if f.base = f.p; f.blank > f.lim.Bytes {
			f.fail(PolicyViolation, "more white space between elements than the limit", f.p)
		} else {
			f.release()
		}
	}
	return More, f.err
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
	off, w := f.tape[0]&offMask, f.tape[1]
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
	src := f.buf[f.base:f.end]
	t, n := len(f.tape), len(f.tape)+len(f.decls)
	// index and text share one block of memory that holds no pointers
	block := make([]uint32, n+(len(src)+3)/4)
	copy(block, f.tape)
	copy(block[t:], f.decls)
	p := (*byte)(unsafe.Pointer(&block[n]))
	copy(unsafe.Slice(p, len(src)), src)
	d.text = unsafe.String(p, len(src))
	d.tape = block[:n:n]
	d.decls = uint32(t)
	d.ctx = f.ctx
	if f.kind == Header {
		d.ctx = nil
	}
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
	f.opened = true
	f.root = string(f.buf[f.base+1 : f.base+1+f.rootName])
	c := &Context{}
	r := d.Root()
	for a := r.Attrs(); a.Next(); {
		if a.Name() == "xml:lang" {
			c.lang = a.Value()
		}
	}
	for i := int(d.decls); i < len(d.tape); i += declWords {
		if d.tape[i+3] == 0 {
			c.content = d.space(uint32(nsCtx + (i-int(d.decls))/declWords))
		}
	}
	for i := int(d.decls); i < len(d.tape); i += declWords {
		off, n := d.tape[i+2], d.tape[i+3]
		c.bind(d.text[off:off+n], d.space(uint32(nsCtx+(i-int(d.decls))/declWords)))
	}
	f.ctx = c
}
